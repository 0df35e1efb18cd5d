//! A conversation as its page shows it, made from what the node rebuilt from the journal.
//!
//! Reads only; every answer about sending comes from the policy through the machine.

use machine::conversation::{attachment_words, transcript, verdict_now};
use machine::outbound::PartId;
use model::{AppId, Attachment, CommentId, PageId, Psid, TaskId, Timestamp};
use policy::Author;

use crate::apps;
use crate::port::ConversationNow;
use crate::present::{Composer, PartWords, reached};

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
    /// Another app owns the thread, and the composer does not say so already.
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
    /// Names it within its page, whatever becomes of it.
    pub(crate) id: String,
    /// When, by Meta's time where it is known.
    pub(crate) at: Timestamp,
    /// By whom.
    pub(crate) who: Who,
    /// What, without the marks of what was attached; may be empty then.
    pub(crate) text: String,
    /// What was attached.
    pub(crate) attached: Vec<Attached>,
    /// The reactions that stand on it.
    pub(crate) reactions: Vec<String>,
    /// Its text was changed; what is shown is the newest.
    pub(crate) edited: bool,
    /// It was taken back.
    pub(crate) unsent: bool,
}

/// Something attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attached {
    /// What it is, in the words of the transcript: `image`, `audio`, `video`, `file`, `Instagram reel` or another.
    pub(crate) kind: String,
    /// Its title or file name, and what else is known of it.
    pub(crate) title: Option<String>,
    /// Where it lay, if a browser may be sent there.
    pub(crate) link: Option<String>,
}

/// Who said something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    /// The customer.
    Customer,
    /// The Page, but not through us; how far it got.
    Outside {
        /// `sent`, `delivered` or `read`.
        reach: &'static str,
    },
    /// Nobody: the line says what somebody did, or what happened.
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
        let ConversationNow { state, transcript, attempts: _, context } = found;
        let mut said: Vec<Said> =
            transcript.entries().iter().map(|entry| Said::of(entry, context.account.app.as_ref(), now)).collect();
        let soon = written.into_iter().filter(|answer| !state.has_replied(&answer.comment.clone().into()));
        said.extend(soon.map(|Written { comment, by, text, at }| Said {
            id: format!("soon-{comment}"),
            at,
            who: Who::Soon { by },
            text,
            attached: Vec::new(),
            reactions: Vec::new(),
            edited: false,
            unsent: false,
        }));
        let composer = composer(found, now);
        let page_name = Some(context.page.name.clone()).filter(|name| !name.is_empty());
        Self {
            page: page.clone(),
            page_name,
            psid: psid.clone(),
            name: state.name().map(|name| name.reveal().clone()),
            task: state.task().cloned(),
            standby: state.standby() && !composer.tells_of_owner(),
            tracker_refusal: state.tracker_refusal().map(str::to_owned),
            composer,
            said,
        }
    }
}

/// What an agent can do about a conversation now.
pub(crate) fn composer(found: &ConversationNow, now: Timestamp) -> Composer {
    let ConversationNow { state, context, .. } = found;
    if state.task().is_none() {
        return Composer::without_task();
    }
    let composer = Composer::of(&verdict_now(state, context, Author::Agent, None, now).0, now);
    if !composer.tells_of_owner() {
        return composer;
    }
    let owner = state.owner().map(|app| apps::called(app.as_str(), context.account.app.as_ref()));
    let denied = state.control().is_some_and(|control| control.denied.is_some());
    composer.elsewhere(owner, context.account.take_control && !denied)
}

impl Said {
    /// `app`: the node's own, where it is known.
    fn of(entry: &transcript::Entry, app: Option<&AppId>, now: Timestamp) -> Self {
        let who = match (&entry.who, &entry.state) {
            (transcript::Who::Us { part, by }, Some(state)) => {
                Who::Us { part: *part, by: by.clone(), words: PartWords::of(state, entry.reach, now) }
            }
            (transcript::Who::Us { by, .. }, None) => Who::Soon { by: by.clone() },
            (transcript::Who::Customer, _) => Who::Customer,
            (transcript::Who::Outside, _) => Who::Outside { reach: reached(entry.reach) },
            (transcript::Who::Notice, _) => Who::Notice,
        };
        let id = match (&who, &entry.tie) {
            (Who::Us { part, .. }, _) | (_, transcript::Tie::Part(part)) => format!("part-{part}"),
            (_, transcript::Tie::Item(key)) => format!("item-{}", hex::encode(key.0)),
        };
        let (text, attached) = parted(entry.text.reveal(), &entry.attachments);
        let text = if who == Who::Notice { apps::named(&text, app) } else { text };
        let reactions = entry.reactions.iter().map(|reacted| reacted.sign.clone()).collect();
        Self { id, at: entry.at, who, text, attached, reactions, edited: entry.edited, unsent: entry.unsent }
    }
}

/// The text without the marks that a readable line has for attachments: the page shows those as what they are. A mark
/// that reads otherwise stays, and so does what a customer typed: of several alike the last is the mark.
pub(crate) fn parted(line: &str, attachments: &[Attachment]) -> (String, Vec<Attached>) {
    let mut lines: Vec<&str> = line.split('\n').collect();
    let mut attached = Vec::new();
    for attachment in attachments.iter().rev() {
        let (kind, title) = attachment_words(attachment);
        let mark = match &title {
            Some(title) => format!("[{kind}: {title}]"),
            None => format!("[{kind}]"),
        };
        if let Some(at) = lines.iter().rposition(|line| *line == mark) {
            lines.remove(at);
        }
        attached.push(Attached { kind, title, link: openable(attachment).map(str::to_owned) });
    }
    attached.reverse();
    (lines.join("\n"), attached)
}

/// The attachment's address, if a browser may be sent there: a link of another scheme stays text.
pub(crate) fn openable(attachment: &Attachment) -> Option<&str> {
    let url = attachment.url.as_ref()?.reveal();
    (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
}

#[cfg(test)]
mod tests {
    use model::AttachmentKind;

    use super::*;

    #[test]
    fn an_attachment_is_shown_as_what_it_is_and_not_by_its_mark_too() {
        let image = Attachment { kind: AttachmentKind::Image, url: Some("https://cdn.example/a".into()), title: None };
        let offer = Attachment { kind: AttachmentKind::File, url: None, title: Some("offer.pdf".into()) };
        let (text, attached) = parted("[image]\nlook\n[image]\n[file: offer.pdf]", &[image.clone(), offer.clone()]);
        assert_eq!(text, "[image]\nlook", "what was typed stays");
        assert_eq!(attached[0].link.as_deref(), Some("https://cdn.example/a"));
        assert_eq!((attached[1].kind.as_str(), attached[1].title.as_deref()), ("file", Some("offer.pdf")));
        assert_eq!(parted("[image]", std::slice::from_ref(&image)).0, "");
        assert_eq!(parted("look\n[a picture]", &[image]).0, "look\n[a picture]");
        let thumb = AttachmentKind::Sticker(model::Sticker { id: Some("369239263222822".to_owned()) });
        let thumb = Attachment { kind: thumb, url: None, title: None };
        let (text, attached) = parted("[thumb up]", &[thumb]);
        assert_eq!((text.as_str(), attached[0].kind.as_str()), ("", "thumb up"), "the machine's words are the page's");
        let script = Attachment { url: Some("javascript:alert(1)".into()), ..offer };
        assert_eq!(parted("x", &[script]).1[0].link, None);
    }

    #[test]
    fn what_stands_on_a_line_is_told_apart_from_its_text() {
        let reacted = transcript::Reacted { sign: "❤".to_owned(), by_page: false };
        let line = transcript::Entry {
            at: Timestamp(1),
            tie: transcript::Tie::Item(model::ItemKey([7; 16])),
            who: transcript::Who::Notice,
            text: "The customer came through an ad".into(),
            attachments: Vec::new(),
            mid: None,
            state: None,
            reach: None,
            reactions: vec![reacted],
            edited: true,
            unsent: true,
        };
        let said = Said::of(&line, None, Timestamp(2));
        assert_eq!((said.who, said.text.as_str()), (Who::Notice, "The customer came through an ad"));
        assert_eq!((said.reactions, said.edited, said.unsent), (vec!["❤".to_owned()], true, true));
    }
}
