//! The conversation as people read it, folded from its events: every message once, in Meta's order.
//!
//! Invariants: the order of arrival does not show (promise P19); a send is one bubble, whichever of its answer and its
//! echo came first (promise P6). For pages and for properties; decisions never read it.

use std::collections::{BTreeMap, BTreeSet};

use model::{Attachment, AttachmentKind, EffectId, Inbound, ItemKey, Kind, Mid, Redacted, Timestamp, address};
use policy::Openers;
use sabotage::{Defect, on};

use super::ad::AdVisits;
use super::event::Event;
use super::evolve::evolve_queue;
use super::evolve::open_window;
use super::line::{TAKEN_BACK, notice, ordered, pressed, readable, written};
use super::marks::Marks;
pub use super::marks::Reacted;
use super::projection::{Receipts, Window, window_of};
use crate::outbound::{Content, Part, PartId, PartState, Queue};

/// A conversation as people read it. Grows by [`Transcript::apply`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transcript {
    seq: u64,
    written: BTreeMap<ItemKey, Bubble>,
    notices: BTreeMap<ItemKey, Bubble>,
    marks: Marks,
    echoes: BTreeMap<Mid, SeenEcho>,
    origins: BTreeMap<PartId, Asked>,
    queue: Queue,
    openers: Openers,
    ads: AdVisits,
    receipts: Receipts,
    delivered: BTreeSet<Mid>,
}

/// One message of the conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Meta's time; of our own message, until its echo came, the time it was started or asked for.
    pub at: Timestamp,
    /// Decides between messages of one millisecond.
    pub tie: Tie,
    /// Who wrote it.
    pub who: Who,
    /// The readable line.
    pub text: Redacted<String>,
    /// What was attached.
    pub attachments: Vec<Attachment>,
    /// Meta's id, as far as known.
    pub mid: Option<Mid>,
    /// Where our own message stands; `None` for everyone else's.
    pub state: Option<PartState>,
    /// How far a message of the Page got; `None` for the customer's, and for ours while it is not sent.
    pub reach: Option<Reach>,
    /// The reactions that stand on it.
    pub reactions: Vec<Reacted>,
    /// Its text was changed; what is shown is the newest.
    pub edited: bool,
    /// It was taken back; its content is not shown any more.
    pub unsent: bool,
}

/// Tie-breaker of the order: what Meta sent comes before what it has not confirmed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tie {
    /// The item's key.
    Item(ItemKey),
    /// The part's number.
    Part(PartId),
}

/// Who wrote a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// The customer.
    Customer,
    /// We, as this part.
    Us {
        /// Which.
        part: PartId,
        /// Who asked for it, as shown in the tracker.
        by: String,
    },
    /// The Page, but not through us.
    Outside,
    /// Nobody: the line says what somebody did, or what happened.
    Notice,
}

/// How far a message of the Page got.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// Meta has it.
    Sent,
    /// It arrived.
    Delivered,
    /// It was read.
    Read,
}

/// What an item of Meta shows.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Bubble {
    at: Timestamp,
    key: ItemKey,
    text: Redacted<String>,
    attachments: Vec<Attachment>,
    mid: Option<Mid>,
}

/// An echo, and what is known of its sender.
#[derive(Clone, PartialEq, Eq, Debug)]
struct SeenEcho {
    bubble: Bubble,
    /// The part that its metadata names.
    part: Option<PartId>,
    /// It was decided that another sent it.
    outside: bool,
}

/// Where a part comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Asked {
    by: String,
    at: Timestamp,
}

impl Transcript {
    /// The transcript of all events of a conversation, from its first.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut transcript = Self::default();
        events.into_iter().for_each(|event| transcript.apply(event));
        transcript
    }

    /// The next event of the conversation.
    pub fn apply(&mut self, event: &Event) {
        self.seq += 1;
        match event {
            Event::Received { inbound } => self.received(inbound),
            Event::ReplyAsked { reply } => {
                let first = self.queue.next_id().0;
                for (id, _) in (first..).zip(&reply.contents) {
                    self.origins.insert(PartId(id), Asked { by: reply.by.clone(), at: reply.at });
                }
            }
            Event::SendStarted { part, at, .. } => {
                if let Some(asked) = self.origins.get_mut(part) {
                    asked.at = *at;
                }
            }
            Event::SentOutside { mid } => {
                if let Some(echo) = self.echoes.get_mut(mid) {
                    echo.outside = true;
                }
            }
            Event::DispatchGranted { .. }
            | Event::Settled { .. }
            | Event::Woke { .. }
            | Event::Resolved { .. }
            | Event::ProfileAsked { .. }
            | Event::ProfileAskedAgain { .. }
            | Event::ContactNamed { .. }
            | Event::ContactNaming { .. }
            | Event::TaskOpening { .. }
            | Event::TaskBound { .. }
            | Event::CommentsAdding { .. }
            | Event::EchoHeld { .. }
            | Event::ThreadOwned { .. }
            | Event::PartRefused { .. }
            | Event::PartHeld { .. }
            | Event::PartSent { .. }
            | Event::PartDelayed { .. }
            | Event::PartFailed { .. }
            | Event::PartInDoubt { .. }
            | Event::ThreadAsked { .. }
            | Event::ControlAsked { .. }
            | Event::DoubtRemained { .. }
            | Event::AdWindowRefused { .. }
            | Event::PrivacyRefused { .. }
            | Event::WindowClosed { .. } => {}
        }
        evolve_queue(&mut self.queue, self.seq, event);
    }

    /// Every message once, in Meta's order.
    pub fn entries(&self) -> Vec<Entry> {
        let mut echo_of: BTreeMap<PartId, &Bubble> = BTreeMap::new();
        let mut entries: Vec<Entry> = self.written.values().map(|bubble| entry(bubble, Who::Customer, None)).collect();
        for echo in self.echoes.values() {
            match echo.part.or_else(|| echo.bubble.mid.as_ref().and_then(|mid| self.queue.part_of_mid(mid))) {
                Some(part) => {
                    let first = echo_of.entry(part).or_insert(&echo.bubble);
                    if (echo.bubble.at, echo.bubble.key) < (first.at, first.key) {
                        *first = &echo.bubble;
                    }
                }
                None if echo.outside => {
                    let reach = self.reach(echo.bubble.at, echo.bubble.mid.as_ref());
                    entries.push(entry(&echo.bubble, Who::Outside, Some(reach)));
                }
                None => {}
            }
        }
        entries.extend(self.queue.parts().map(|(id, part)| self.ours(id, part, echo_of.get(&id).copied())));
        self.mark(&mut entries);
        entries.extend(self.notices.values().map(|bubble| entry(bubble, Who::Notice, None)));
        entries.sort_by_key(|entry| (entry.at, entry.tie));
        entries
    }

    /// Puts on each message what is known of it; what stands on a message that is not known has a line of its own.
    fn mark(&self, entries: &mut Vec<Entry>) {
        for entry in entries.iter_mut() {
            let Some(mark) = entry.mid.as_ref().and_then(|mid| self.marks.of(mid)) else { continue };
            entry.reactions = mark.reactions();
            if let Some(text) = mark.text() {
                (entry.edited, entry.text) = (true, text.clone());
            }
            if mark.is_unsent() {
                (entry.unsent, entry.text, entry.attachments) = (true, TAKEN_BACK.into(), Vec::new());
            }
        }
        let known: BTreeSet<&Mid> = entries.iter().filter_map(|entry| entry.mid.as_ref()).collect();
        let astray = self.marks.astray(|mid| known.contains(mid));
        drop(known);
        entries.extend(astray.into_iter().map(|mark| {
            let (at, key, text) = (mark.at, mark.key, mark.text.into());
            entry(&Bubble { at, key, text, attachments: Vec::new(), mid: None }, Who::Notice, None)
        }));
    }

    /// How far the customer got.
    pub fn receipts(&self) -> Receipts {
        self.receipts
    }

    /// The window as the customer's actions made it.
    pub fn window(&self) -> Window {
        window_of(self.openers)
    }

    fn received(&mut self, inbound: &Inbound) {
        let bubble = |mid, text: String, attachments: &[Attachment]| Bubble {
            at: inbound.at,
            key: inbound.key,
            text: text.into(),
            attachments: attachments.to_vec(),
            mid,
        };
        open_window(&mut self.openers, &mut self.ads, &inbound.kind, inbound.at);
        self.marks.apply(inbound);
        match &inbound.kind {
            Kind::Message(message) => {
                let text = written(message);
                self.written.insert(inbound.key, bubble(Some(message.mid.clone()), text, &message.attachments));
            }
            Kind::Postback(postback) => {
                self.written.insert(inbound.key, bubble(postback.mid.clone(), pressed(postback), &[]));
            }
            Kind::Order(order) => {
                self.written.insert(inbound.key, bubble(None, ordered(order), &[]));
            }
            Kind::Referral(_)
            | Kind::Optin(_)
            | Kind::Handover(_)
            | Kind::AccountLink(_)
            | Kind::Feedback(_)
            | Kind::Notice(_) => {
                if let Some(text) = notice(&inbound.kind) {
                    self.notices.insert(inbound.key, bubble(None, text, &[]));
                }
            }
            Kind::Edit(edit) if on(Defect::EditDuplicates) => {
                let text = edit.text.clone().unwrap_or_default().reveal().clone();
                self.written.insert(inbound.key, bubble(None, text, &[]));
            }
            Kind::Reaction(_) | Kind::Edit(_) | Kind::Unsend(_) | Kind::Legacy(_) => {}
            Kind::Echo(echo) => {
                let named = echo.metadata.as_deref().and_then(|metadata| metadata.parse::<EffectId>().ok());
                let part = named
                    .filter(|effect| effect.machine == address(inbound))
                    .and_then(|effect| self.queue.part_of_send(effect.seq));
                let text = readable(echo.text.as_ref(), &echo.attachments);
                let bubble = bubble(Some(echo.mid.clone()), text, &echo.attachments);
                self.echoes.insert(echo.mid.clone(), SeenEcho { bubble, part, outside: false });
            }
            Kind::Delivered(receipt) if on(Defect::ReceiptsBackwards) => {
                self.receipts.delivered = Some(receipt.watermark);
            }
            Kind::Delivered(receipt) => {
                self.receipts.delivered = self.receipts.delivered.max(Some(receipt.watermark));
                self.delivered.extend(receipt.mids.iter().cloned());
            }
            Kind::Read(receipt) => self.receipts.read = self.receipts.read.max(Some(receipt.watermark)),
        }
    }

    fn ours(&self, id: PartId, part: &Part, echo: Option<&Bubble>) -> Entry {
        let (text, attachments) = match &part.content {
            Content::Text { text } => (text.clone(), Vec::new()),
            Content::Prompt { text, buttons, reply_to: _ } => {
                let buttons: String = buttons.iter().map(|button| format!("\n[{}]", button.title().reveal())).collect();
                (Redacted::new(format!("{}{buttons}", text.reveal())), Vec::new())
            }
            Content::Template { name, language, parameters } => {
                let parameters: Vec<&str> = parameters.iter().map(|text| text.reveal().as_str()).collect();
                (Redacted::new(format!("[template {name}, {language}] {}", parameters.join("; "))), Vec::new())
            }
            Content::Attachment { kind, url } => {
                let attachment = Attachment { kind: attachment_kind(kind), url: Some(url.clone()), title: None };
                (Redacted::new(readable(None, std::slice::from_ref(&attachment))), vec![attachment])
            }
        };
        let (sent_at, mid) = match &part.state {
            PartState::Sent { mid, at } => (Some(*at), mid.clone()),
            PartState::Queued { .. }
            | PartState::Held { .. }
            | PartState::InFlight { .. }
            | PartState::InDoubt { .. }
            | PartState::Refused { .. }
            | PartState::Failed { .. } => (None, None),
        };
        let asked = self.origins.get(&id);
        let (at, tie) = match (echo, asked) {
            (Some(echo), _) => (echo.at, Tie::Item(echo.key)),
            (None, Some(asked)) => (asked.at, Tie::Part(id)),
            (None, None) => (Timestamp::default(), Tie::Part(id)),
        };
        let by = asked.map(|asked| asked.by.clone()).unwrap_or_default();
        let reach = sent_at.map(|sent_at| self.reach(echo.map_or(sent_at, |echo| echo.at), mid.as_ref()));
        let state = Some(part.state.clone());
        let who = Who::Us { part: id, by };
        let (reactions, edited, unsent) = (Vec::new(), false, false);
        Entry { at, tie, who, text, attachments, mid, state, reach, reactions, edited, unsent }
    }

    fn reach(&self, at: Timestamp, mid: Option<&Mid>) -> Reach {
        if self.receipts.read.is_some_and(|watermark| at <= watermark) {
            Reach::Read
        } else if self.receipts.delivered.is_some_and(|watermark| at <= watermark)
            || mid.is_some_and(|mid| self.delivered.contains(mid))
        {
            Reach::Delivered
        } else {
            Reach::Sent
        }
    }
}

fn entry(bubble: &Bubble, who: Who, reach: Option<Reach>) -> Entry {
    Entry {
        at: bubble.at,
        tie: Tie::Item(bubble.key),
        who,
        text: bubble.text.clone(),
        attachments: bubble.attachments.clone(),
        mid: bubble.mid.clone(),
        state: None,
        reach,
        reactions: Vec::new(),
        edited: false,
        unsent: false,
    }
}

fn attachment_kind(name: &str) -> AttachmentKind {
    match name {
        "image" => AttachmentKind::Image,
        "audio" => AttachmentKind::Audio,
        "video" => AttachmentKind::Video,
        "file" => AttachmentKind::File,
        other => AttachmentKind::Other(other.to_owned()),
    }
}
