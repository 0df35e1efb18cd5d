//! A conversation as its page shows it, made from what the node rebuilt from the journal.
//!
//! Reads only; every answer about sending comes from the policy through the machine.

use machine::conversation::{transcript, verdict_now};
use machine::outbound::PartId;
use model::{Attachment, CommentId, PageId, Psid, TaskId, Timestamp};
use policy::Author;

use crate::port::ConversationNow;
use crate::present::{Composer, PartWords};

/// A conversation as shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Talk {
    /// The Page.
    pub(crate) page: PageId,
    /// The Page's name, if configured.
    pub(crate) page_name: Option<String>,
    /// The customer.
    pub(crate) psid: Psid,
    /// The customer's name, if known.
    pub(crate) name: Option<String>,
    /// The bound task.
    pub(crate) task: Option<TaskId>,
    /// Another app owns the thread.
    pub(crate) standby: bool,
    /// Why the tracker refused the last lines.
    pub(crate) tracker_refusal: Option<String>,
    /// Whether an agent may send now.
    pub(crate) composer: Composer,
    /// Everything said, in order.
    pub(crate) said: Vec<Said>,
}

/// One entry of the transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    /// When, by Meta's time where it is known.
    pub(crate) at: Timestamp,
    /// By whom.
    pub(crate) who: Who,
    /// What, attachments named.
    pub(crate) text: String,
    /// Where the attachments lay.
    pub(crate) links: Vec<String>,
}

/// Who said something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    /// The customer.
    Customer,
    /// The Page, but not through us.
    Outside,
    /// Nobody: something happened.
    Notice,
    /// We; a part of an answer.
    Us {
        /// Which.
        part: PartId,
        /// Who wrote it, as shown.
        by: String,
        /// Where it stands.
        words: PartWords,
    },
    /// We: a comment that the conversation has not taken from the tracker yet.
    Soon {
        /// Who wrote it, as shown.
        by: String,
    },
}

/// An answer that stands in the tracker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    /// The comment.
    pub(crate) comment: CommentId,
    /// Who wrote it, as shown.
    pub(crate) by: String,
    /// The text.
    pub(crate) text: String,
    /// When.
    pub(crate) at: Timestamp,
}

impl Talk {
    /// The conversation now. `written`: the newest answers on its task, so that one that was just written shows even
    /// before the conversation took it.
    pub(crate) fn of(
        page: &PageId,
        psid: &Psid,
        found: &ConversationNow,
        written: Vec<Written>,
        now: Timestamp,
    ) -> Self {
        let ConversationNow { state, transcript, context } = found;
        let mut said: Vec<Said> = transcript.entries().iter().map(|entry| Said::of(entry, now)).collect();
        let soon = written.into_iter().filter(|answer| !state.has_replied(&answer.comment));
        said.extend(soon.map(|Written { by, text, at, .. }| Said {
            at,
            who: Who::Soon { by },
            text,
            links: Vec::new(),
        }));
        let composer = match state.task() {
            Some(_) => Composer::of(&verdict_now(state, context, Author::Agent, None, now).0, now),
            None => Composer::without_task(),
        };
        let page_name = Some(context.page.name.clone()).filter(|name| !name.is_empty());
        Self {
            page: page.clone(),
            page_name,
            psid: psid.clone(),
            name: state.name().map(|name| name.reveal().clone()),
            task: state.task().cloned(),
            standby: state.standby(),
            tracker_refusal: state.tracker_refusal().map(str::to_owned),
            composer,
            said,
        }
    }
}

impl Said {
    fn of(entry: &transcript::Entry, now: Timestamp) -> Self {
        let who = match (&entry.who, &entry.state) {
            (transcript::Who::Us { part, by }, Some(state)) => {
                Who::Us { part: *part, by: by.clone(), words: PartWords::of(state, entry.reach, now) }
            }
            (transcript::Who::Us { by, .. }, None) => Who::Soon { by: by.clone() },
            (transcript::Who::Customer, _) => Who::Customer,
            (transcript::Who::Outside, _) => Who::Outside,
            (transcript::Who::Notice, _) => Who::Notice,
        };
        let links = entry.attachments.iter().filter_map(openable).map(str::to_owned).collect();
        let mut text = entry.text.reveal().clone();
        if entry.edited && !entry.unsent {
            text.push_str("\n[edited]");
        }
        for reacted in &entry.reactions {
            let whose = if reacted.by_page { "the Page" } else { "the customer" };
            text.push_str(&format!("\n[{} by {whose}]", reacted.sign));
        }
        Self { at: entry.at, who, text, links }
    }
}

/// The attachment's address, if a browser may be sent there: a link of another scheme stays text.
pub(crate) fn openable(attachment: &Attachment) -> Option<&str> {
    let url = attachment.url.as_ref()?.reveal();
    (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
}
