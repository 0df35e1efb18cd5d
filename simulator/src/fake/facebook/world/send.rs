//! Calls of the Send API: taken or not, and what follows them: echo and receipts.
//!
//! Invariant: equal calls are equal to nobody; each accepted one is a bubble of its own.

use std::time::Duration;

use model::{Mid, PageId, Psid, Timestamp};
use oracle::{Attached, Attempt, CustomerAction, Rejection, send_rules};

use super::customer::keep;
use super::{World, line};
use crate::fake::facebook::control::Attachment;
use crate::fake::facebook::courier::Item;
use crate::fake::facebook::draw::Stream;
use crate::fake::facebook::fault::take_one;
use crate::fake::facebook::graph_error::GraphError;
use crate::fake::facebook::limits::{BUBBLES_MAX, HELD_MAX, VIOLATIONS_MAX};
use crate::fake::facebook::magic::Magic;
use crate::fake::facebook::state::{Bubble, Choice, Line, Violation, Writer};
use crate::fake::facebook::wire::List;
use crate::fake::facebook::wire::messaging::Between;

/// A Send API call whose token was good.
#[derive(Clone, Debug)]
pub(in crate::fake::facebook) struct Call {
    pub(in crate::fake::facebook) page: PageId,
    pub(in crate::fake::facebook) psid: Psid,
    pub(in crate::fake::facebook) messaging_type: String,
    pub(in crate::fake::facebook) tag: Option<String>,
    pub(in crate::fake::facebook) text: Option<String>,
    pub(in crate::fake::facebook) attachment: Option<(String, String)>,
    pub(in crate::fake::facebook) metadata: Option<String>,
    /// Quick replies, and buttons of a template.
    pub(in crate::fake::facebook) choices: Vec<Choice>,
    pub(in crate::fake::facebook) reply_to: Option<Mid>,
}

/// A sign instead of a message.
#[derive(Clone, Debug)]
pub(in crate::fake::facebook) struct Act {
    pub(in crate::fake::facebook) page: PageId,
    pub(in crate::fake::facebook) psid: Psid,
    pub(in crate::fake::facebook) action: SenderAction,
}

/// `sender_action` (*Sender actions*, read 2026-11-23).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::fake::facebook) enum SenderAction {
    TypingOn,
    TypingOff,
    MarkSeen,
    React(Mid, String),
    Unreact(Mid),
}

/// What becomes of a call.
#[derive(Debug)]
pub(in crate::fake::facebook) enum Taken {
    /// It is a bubble now; with `lose_answer` nobody is told.
    Accepted {
        /// What was sent.
        bubble: Bubble,
        /// Whether the connection is closed without an answer.
        lose_answer: bool,
    },
    /// Nothing was sent.
    Refused(GraphError),
    /// It never arrived, as it were.
    Lost,
}

impl World {
    /// How long answers to sends to somebody are delayed, and whether the echo comes before the answer.
    pub(in crate::fake::facebook) fn manners(&self, magic: Option<&Magic>) -> (Duration, bool) {
        let slow = Duration::from_millis(self.faults.slow_ms);
        let slow = if let Some(Magic::Slow(more)) = magic { slow.max(*more) } else { slow };
        (slow, self.faults.echo_first || magic == Some(&Magic::EchoFirst))
    }

    /// What the header says of how much a Page has used up; `None` where no such limit is set.
    pub(in crate::fake::facebook) fn usage(&self, page: &PageId, now: Timestamp) -> Option<String> {
        self.counts.header(&self.faults.rates, page, self.people(page), now)
    }

    /// How many people a Page can message.
    fn people(&self, page: &PageId) -> usize {
        let from = (page.clone(), Psid::new(""));
        self.customers
            .range(from..)
            .take_while(|((of, _), _)| of == page)
            .filter(|(_, known)| known.has_acted())
            .count()
    }

    /// Takes a send, or not.
    pub(in crate::fake::facebook) fn take(&mut self, call: Call, magic: Option<&Magic>, now: Timestamp) -> Taken {
        if take_one(&mut self.faults.lose_requests) || magic == Some(&Magic::LosesRequest) {
            return Taken::Lost;
        }
        self.sends_asked += 1;
        if let Some(Magic::Fails(error)) = magic {
            return Taken::Refused(error.clone());
        }
        if self.faults.restricted.contains(&call.page) {
            return Taken::Refused(GraphError::new(10, Some(1_893_063)));
        }
        if let Some(fail) = self.faults.fail_now() {
            return Taken::Refused(GraphError { on_200: fail.on_200, ..GraphError::new(fail.code, fail.subcode) });
        }
        if !self.faults.rates.is_off() {
            let is_media = call.attachment.as_ref().is_some_and(|(kind, _)| matches!(kind.as_str(), "audio" | "video"));
            let people = self.people(&call.page);
            if let Err(error) = self.counts.count(&self.faults.rates, (&call.page, &call.psid), is_media, people, now) {
                self.forgotten += keep(&mut self.violations, violation(&call, now, &error), VIOLATIONS_MAX);
                return Taken::Refused(error);
            }
        }
        if let Err(rejection) = self.rules(&call, now) {
            let error = GraphError::from(rejection);
            self.forgotten += keep(&mut self.violations, violation(&call, now, &error), VIOLATIONS_MAX);
            return Taken::Refused(error);
        }
        match self.say(call, now) {
            Ok(bubble) => {
                let lose_answer = take_one(&mut self.faults.lose_answers) || magic == Some(&Magic::LosesAnswer);
                Taken::Accepted { bubble, lose_answer }
            }
            Err(_) => Taken::Refused(GraphError::new(100, Some(2_018_001))),
        }
    }

    /// Takes a sign, where Meta would.
    pub(in crate::fake::facebook) fn signal(&mut self, act: Act, now: Timestamp) -> Result<(), GraphError> {
        let Act { page, psid, action } = act;
        if !self.customers.contains_key(&(page.clone(), psid.clone())) {
            return Err(GraphError::new(100, Some(2_018_001)));
        }
        let known = self.meet(&page, &psid, None).map_err(|_| GraphError::new(100, Some(2_018_001)))?;
        match action {
            SenderAction::TypingOn => known.starts_typing(now),
            SenderAction::TypingOff => known.typing_until = None,
            SenderAction::MarkSeen => known.seen_at = known.seen_at.max(Some(now)),
            SenderAction::React(mid, sign) => {
                known.line_mut(&mid).ok_or_else(|| GraphError::new(100, None))?.page_reaction = Some(sign);
            }
            SenderAction::Unreact(mid) => {
                known.line_mut(&mid).ok_or_else(|| GraphError::new(100, None))?.page_reaction = None;
            }
        }
        Ok(())
    }

    fn rules(&self, call: &Call, now: Timestamp) -> Result<(), Rejection> {
        let known = self.customers.get(&(call.page.clone(), call.psid.clone()));
        let attempt = Attempt {
            messaging_type: &call.messaging_type,
            tag: call.tag.as_deref(),
            text: call.text.as_deref(),
            attachment: call.attachment.as_ref().map(|(kind, _)| Attached { kind, bytes: None }),
            quick_replies: 0,
            template: None,
            now,
            human_agent_feature: self.human_agent,
            utility_feature: false,
            privacy_limited: false,
            controlled_elsewhere: known.is_some_and(|known| known.owned_elsewhere(&self.app, now).is_some()),
            dates: self.dates,
        };
        send_rules(known.map_or(&[], |known| &known.actions), &attempt)
    }

    fn say(&mut self, call: Call, now: Timestamp) -> Result<Bubble, String> {
        let Call { page, psid, messaging_type, tag, text, attachment, metadata, choices, reply_to } = call;
        let mid = self.mid();
        let bubble = Bubble { page, psid, mid, text, attachment, metadata, at: now, messaging_type, tag };
        let (receipts, at_once) = (self.receipts, self.reads_at_once);
        let known = self.meet(&bubble.page, &bubble.psid, None)?;
        known.says(Line { choices, reply_to, ..line(&bubble) });
        if receipts {
            known.delivered_at = known.delivered_at.max(Some(now));
            if at_once {
                known.read_at = known.read_at.max(Some(now));
            }
        }
        self.forgotten += keep(&mut self.bubbles, bubble.clone(), BUBBLES_MAX);
        Ok(bubble)
    }

    /// The echo of a bubble with its delay; `None` where echoes are off or held back.
    pub(in crate::fake::facebook) fn echo(&mut self, bubble: &Bubble) -> Option<(Item, Duration)> {
        if !self.echoes {
            return None;
        }
        let Bubble { page, psid, mid, at, .. } = bubble;
        let attachments: Vec<Attachment> = line(bubble).attachments;
        let (text, mark) = (bubble.text.as_deref(), bubble.metadata.as_deref());
        let text = Between { page, psid, at: *at }.echo(mid, text, &attachments, Some(&self.app), mark);
        let item = Item::new(page, List::Messaging, text);
        if self.faults.hold_echoes {
            keep(&mut self.held, item, HELD_MAX);
            return None;
        }
        Some((item, self.delay(Stream::Echo)))
    }

    /// The receipts of a bubble with their delays: arrived, then read where customers read at once.
    pub(in crate::fake::facebook) fn receipts(&mut self, bubble: &Bubble) -> Vec<(Item, Duration)> {
        if !self.receipts {
            return Vec::new();
        }
        let Bubble { page, psid, mid, at, .. } = bubble;
        let between = Between { page, psid, at: *at };
        let (arrived, read) = (self.delay(Stream::Delivered), self.delay(Stream::Read));
        let delivery = between.delivery(core::slice::from_ref(mid), *at);
        let mut items = vec![(Item::new(page, List::Messaging, delivery), arrived)];
        if self.reads_at_once {
            items.push((Item::new(page, List::Messaging, between.read(*at)), arrived + read));
        }
        items
    }

    /// A customer did something that nobody is to be told of; what is known already is ignored, and without an id and a
    /// text it is no line.
    pub(in crate::fake::facebook) fn witness(
        &mut self,
        page: &PageId,
        psid: &Psid,
        deed: CustomerAction,
        mid: Option<&Mid>,
        text: Option<String>,
    ) {
        let drawn = self.mid();
        let Ok(known) = self.meet(page, psid, None) else { return };
        if mid.is_some_and(|mid| known.line(mid).is_some()) {
            return;
        }
        let is_line = mid.is_some() || text.is_some();
        let line =
            is_line.then(|| Line { text, ..Line::new(Writer::Customer, mid.cloned().unwrap_or(drawn), deed.at) });
        known.acts(deed, line);
    }
}

fn violation(call: &Call, at: Timestamp, error: &GraphError) -> Violation {
    let Call { page, psid, messaging_type, tag, metadata, .. } = call.clone();
    Violation { page, psid, at, code: error.code, subcode: error.subcode, messaging_type, tag, metadata }
}
