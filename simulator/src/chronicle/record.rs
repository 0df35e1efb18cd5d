//! A journaled event in the oracle's words.
//!
//! Each event has its own row; a new one does not compile until somebody said what it is to the oracle.

use machine::conversation::{Event, Line, Outcome, Resolution, SendOutcome};
use machine::outbound::Content;
use machine::page;
use oracle::history::{Digest, Item, Journaled, SendAnswer, TrackerAnswer, Word};
use policy::{Author, Verdict};

/// An event that the oracle only counts.
pub(super) fn other(word: &'static str) -> Journaled {
    Journaled::Other { word: Word::Borrowed(word) }
}

/// The digest of a text that is sent.
pub(super) fn of_text(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// The digest of something attached that is sent.
pub(super) fn of_attachment(kind: &str, url: &str) -> Digest {
    Digest::of(format!("{kind}\n{url}").as_bytes())
}

/// An event of a Page.
pub(super) fn of_page(event: &page::Event) -> Journaled {
    match event {
        page::Event::Received { inbound } => Journaled::Received { key: inbound.key },
        page::Event::Configured { facts } => Journaled::PageConfigured { token: facts.token },
        page::Event::ItemQuarantined { key: Some(key), cause, .. } => {
            Journaled::SetAside { key: *key, odd: false, cause: Word::Owned(cause.clone()) }
        }
        page::Event::ItemQuarantined { key: None, .. } => other("delivery-set-aside"),
        page::Event::AnomalyKept { anomaly, delivery: _ } => Journaled::SetAside {
            key: Item::key_of_anomaly(anomaly),
            odd: true,
            cause: Word::Owned(anomaly.reason.clone()),
        },
        page::Event::TokenRefused { code, subcode } => Journaled::TokenRefused { code: (*code, *subcode) },
        page::Event::Restricted => Journaled::Restricted { is: true },
        page::Event::RestrictionLifted => Journaled::Restricted { is: false },
        page::Event::SendsPaused { .. } => other("sends-paused"),
        page::Event::SendsResumed => other("sends-resumed"),
    }
}

/// An event of a conversation.
pub(super) fn of_conversation(event: &Event) -> Journaled {
    match event {
        Event::Received { inbound } => Journaled::Received { key: inbound.key },
        Event::ReplyAsked { reply } => Journaled::AnswerAsked {
            comment: reply.source.comment().cloned().unwrap_or_else(|| model::CommentId::new(reply.source.to_string())),
            parts: u32::try_from(reply.contents.len()).unwrap_or(u32::MAX),
            author: match reply.author {
                Author::Agent => oracle::history::Author::Person,
                Author::Automation => oracle::history::Author::Automation,
            },
            tag: reply.tag.map(|tag| Word::Borrowed(policy::Tag::from(tag).wire())),
        },
        Event::DispatchGranted { .. } => other("dispatch-granted"),
        Event::Settled { effect, outcome } => settled(*effect, outcome),
        Event::Woke { .. } => other("woke"),
        Event::Resolved { part, resolution, by: _ } => Journaled::Resolved {
            part: part.0,
            resolution: match resolution {
                Resolution::Retry => oracle::history::Resolution::Retry,
                Resolution::WasSent => oracle::history::Resolution::WasSent,
                Resolution::GiveUp => oracle::history::Resolution::GiveUp,
            },
        },
        Event::ProfileAsked { .. } => other("profile-asked"),
        Event::ProfileAskedAgain { .. } => other("profile-asked-again"),
        Event::ContactNamed { .. } => other("contact-named"),
        Event::ContactNaming { .. } => other("contact-naming"),
        Event::TaskOpening { lines: asked, .. } => Journaled::TaskAsked { lines: lines(asked) },
        Event::TaskBound { task, .. } => Journaled::TaskBound { task: task.clone() },
        Event::CommentsAdding { task, lines: asked, .. } => {
            Journaled::LinesAsked { task: task.clone(), lines: lines(asked) }
        }
        Event::EchoHeld { mid, until } => Journaled::EchoHeld { mid: mid.clone(), until: *until },
        Event::SentOutside { mid } => Journaled::SentOutside { mid: mid.clone() },
        Event::ThreadOwned { ours, .. } => Journaled::ThreadOwned { ours: *ours },
        Event::PartRefused { part, reason, .. } => {
            Journaled::PartRefused { part: part.0, reason: Word::Borrowed(reason.code()) }
        }
        Event::PartHeld { part, reason, .. } => {
            Journaled::PartHeld { part: part.0, reason: Word::Borrowed(reason.code()) }
        }
        Event::SendStarted { part, attempt, verdict, content, at: _ } => {
            let ((messaging_type, tag), rule) = match verdict {
                Verdict::Permit { messaging_type, rule, .. } => (messaging_type.wire(), rule.code()),
                Verdict::Defer { .. } | Verdict::Forbid { .. } => (("without a permit", None), "none"),
            };
            Journaled::PartStarted {
                part: part.0,
                attempt: *attempt,
                rule: Word::Borrowed(rule),
                messaging_type: Word::Borrowed(messaging_type),
                tag: tag.map(Word::Borrowed),
                content: match content {
                    Content::Text { text } | Content::Prompt { text, .. } => of_text(text.reveal()),
                    Content::Template { name, .. } => of_attachment("template", name),
                    Content::Attachment { kind, url } => of_attachment(kind, url.reveal()),
                },
            }
        }
        Event::PartSent { part, mid, .. } => Journaled::PartSent { part: part.0, mid: mid.clone() },
        // Surely not sent, and tried again under what is left.
        Event::PartDelayed { part, at } | Event::AdWindowRefused { part, at } => {
            Journaled::PartDelayed { part: part.0, until: *at }
        }
        Event::PartFailed { part, reason, code, .. } => {
            Journaled::PartFailed { part: part.0, reason: Word::Owned(reason.clone()), code: *code }
        }
        Event::PartInDoubt { part, until, .. } => Journaled::PartInDoubt { part: part.0, until: *until },
        Event::ThreadAsked { .. } => other("thread-asked"),
        Event::ControlAsked { .. } => other("control-asked"),
        Event::DoubtRemained { part } => Journaled::DoubtTold { part: part.0 },
        Event::PrivacyRefused { .. } => other("privacy-refused"),
        Event::WindowClosed { at } => Journaled::WindowClosed { ended_at: *at },
    }
}

fn lines(lines: &[Line]) -> Vec<oracle::history::Line> {
    let told = lines.iter().map(|line| oracle::history::Line {
        key: line.key,
        text: Digest::of_line(line.text.reveal()),
        late: line.late,
    });
    told.collect()
}

fn settled(effect: u64, outcome: &Outcome) -> Journaled {
    let tracker = |answer| Journaled::TrackerAnswered { asked: effect, answer };
    match outcome {
        Outcome::TaskOpened { task, contact: _ } => tracker(TrackerAnswer::Opened { task: task.clone() }),
        Outcome::CommentsAdded { task } => tracker(TrackerAnswer::Added { task: task.clone() }),
        Outcome::TaskInactive => tracker(TrackerAnswer::Inactive),
        Outcome::TaskGone => tracker(TrackerAnswer::Gone),
        Outcome::TrackerRefused { .. } => tracker(TrackerAnswer::Refused),
        Outcome::Send { send } => Journaled::SendAnswered {
            started: effect,
            answer: match send {
                SendOutcome::Sent { mid } => SendAnswer::Sent { mid: mid.clone() },
                SendOutcome::Later { .. } => SendAnswer::Later,
                SendOutcome::Failed { code, .. } => SendAnswer::Failed { code: *code },
                SendOutcome::InDoubt { .. } => SendAnswer::InDoubt,
            },
        },
        Outcome::ControlTaken => Journaled::ControlTaken,
        Outcome::Profile { .. }
        | Outcome::NoProfile { .. }
        | Outcome::ContactNamed
        | Outcome::ThreadRead { .. }
        | Outcome::ThreadUnread { .. }
        | Outcome::ControlDenied { .. } => other("settled"),
    }
}
