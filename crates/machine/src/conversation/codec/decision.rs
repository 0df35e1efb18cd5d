//! Stored forms of what a conversation decided. Kinds 30 to 56, and from 71 on.
//!
//! A verdict and a content are stored as they are, tags included; they stand in few records and are read seldom.

use std::borrow::Cow;

use model::{ContactId, ItemKey, Mid, Redacted, TaskId, Timestamp};
use policy::{DeferReason, ForbidReason, Verdict};
use sabotage::{Defect, on};
use serde::{Deserialize, Serialize};

use crate::codec::{CodecFault, Encoded, VERSION, read, write};
use crate::conversation::event::{Event, Line};
use crate::outbound::{Content, PartId};

/// Text by reference on writing, owned on reading.
type Text<'a> = Cow<'a, Redacted<String>>;

#[derive(Serialize, Deserialize)]
struct ProfileAsked {
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct ProfileAskedAgain {
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct ContactNamed<'a> {
    name: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct ContactNaming<'a> {
    contact: Cow<'a, ContactId>,
    name: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct TaskOpening<'a> {
    name: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<Text<'a>>,
    lines: Cow<'a, [Line]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Cow<'a, TaskId>>,
}

#[derive(Serialize, Deserialize)]
struct TaskBound<'a> {
    task: Cow<'a, TaskId>,
    contact: Cow<'a, ContactId>,
}

#[derive(Serialize, Deserialize)]
struct CommentsAdding<'a> {
    task: Cow<'a, TaskId>,
    lines: Cow<'a, [Line]>,
    if_active: bool,
}

#[derive(Serialize, Deserialize)]
struct SentOutside<'a> {
    mid: Cow<'a, Mid>,
}

#[derive(Serialize, Deserialize)]
struct ThreadOwned {
    ours: bool,
    at: Timestamp,
    key: ItemKey,
}

#[derive(Serialize, Deserialize)]
struct EchoHeld<'a> {
    mid: Cow<'a, Mid>,
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct PartRefused {
    part: PartId,
    reason: ForbidReason,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct PartHeld {
    part: PartId,
    reason: DeferReason,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct SendStarted<'a> {
    part: PartId,
    attempt: u32,
    verdict: Verdict,
    content: Cow<'a, Content>,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct PartSent<'a> {
    part: PartId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mid: Option<Cow<'a, Mid>>,
    at: Timestamp,
}

/// A part and an instant.
#[derive(Serialize, Deserialize)]
struct PartDelayed {
    part: PartId,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct PartFailed<'a> {
    part: PartId,
    reason: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<(i64, Option<i64>)>,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct PartInDoubt<'a> {
    part: PartId,
    why: Cow<'a, str>,
    until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct ThreadAsked<'a> {
    part: PartId,
    content: Cow<'a, Content>,
    since: Timestamp,
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct ControlAsked {
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct DoubtRemained {
    part: PartId,
}

#[derive(Serialize, Deserialize)]
struct WindowClosed {
    at: Timestamp,
}

pub(super) fn encode(event: &Event) -> Encoded {
    match event {
        Event::ProfileAsked { until } => {
            let over = if on(Defect::StoredRounded) { until.0.rem_euclid(1_000) } else { 0 };
            write(30, false, &ProfileAsked { until: Timestamp(until.0 - over) })
        }
        Event::ContactNamed { name } => write(31, true, &ContactNamed { name: Cow::Borrowed(name) }),
        Event::ContactNaming { contact, name } => {
            write(32, true, &ContactNaming { contact: Cow::Borrowed(contact), name: Cow::Borrowed(name) })
        }
        Event::TaskOpening { name, customer, lines, previous } => {
            let (name, lines) = (Cow::Borrowed(name), Cow::Borrowed(lines.as_slice()));
            let (customer, previous) = (customer.as_ref().map(Cow::Borrowed), previous.as_ref().map(Cow::Borrowed));
            write(33, true, &TaskOpening { name, customer, lines, previous })
        }
        Event::TaskBound { task, contact } => {
            write(34, false, &TaskBound { task: Cow::Borrowed(task), contact: Cow::Borrowed(contact) })
        }
        Event::CommentsAdding { task, lines, if_active } => {
            let (task, lines) = (Cow::Borrowed(task), Cow::Borrowed(lines.as_slice()));
            write(35, true, &CommentsAdding { task, lines, if_active: *if_active })
        }
        Event::SentOutside { mid } => write(36, false, &SentOutside { mid: Cow::Borrowed(mid) }),
        Event::ThreadOwned { ours, at, key } => write(38, false, &ThreadOwned { ours: *ours, at: *at, key: *key }),
        Event::EchoHeld { mid, until } => write(37, false, &EchoHeld { mid: Cow::Borrowed(mid), until: *until }),
        Event::ProfileAskedAgain { at } => write(39, false, &ProfileAskedAgain { at: *at }),
        Event::PartRefused { part, reason, at } => {
            write(40, false, &PartRefused { part: *part, reason: *reason, at: *at })
        }
        Event::PartHeld { part, reason, at } => write(41, false, &PartHeld { part: *part, reason: *reason, at: *at }),
        Event::SendStarted { part, attempt, verdict, content, at } => {
            let (part, attempt, verdict, at, content) = (*part, *attempt, *verdict, *at, Cow::Borrowed(content));
            write(42, true, &SendStarted { part, attempt, verdict, content, at })
        }
        Event::PartSent { part, mid, at } => {
            write(43, false, &PartSent { part: *part, mid: mid.as_ref().map(Cow::Borrowed), at: *at })
        }
        Event::PartDelayed { part, at } => write(44, false, &PartDelayed { part: *part, at: *at }),
        Event::PartFailed { part, reason, code, at } => {
            write(45, false, &PartFailed { part: *part, reason: reason.into(), code: *code, at: *at })
        }
        Event::PartInDoubt { part, why, until, read_at } => {
            write(46, false, &PartInDoubt { part: *part, why: why.into(), until: *until, read_at: *read_at })
        }
        Event::ThreadAsked { part, content, since, until } => {
            let (part, content, since, until) = (*part, Cow::Borrowed(content), *since, *until);
            write(55, true, &ThreadAsked { part, content, since, until })
        }
        Event::ControlAsked { until } => write(56, false, &ControlAsked { until: *until }),
        Event::AdWindowRefused { part, at } => write(48, false, &PartDelayed { part: *part, at: *at }),
        Event::DoubtRemained { part } => write(47, false, &DoubtRemained { part: *part }),
        Event::WindowClosed { at } => write(50, false, &WindowClosed { at: *at }),
        Event::PrivacyRefused { at } => write(71, false, &WindowClosed { at: *at }),
        Event::Received { .. }
        | Event::ReplyAsked { .. }
        | Event::DispatchGranted { .. }
        | Event::Settled { .. }
        | Event::Woke { .. }
        | Event::Resolved { .. } => unreachable!("facts are stored by their own module"),
    }
}

pub(super) fn decode(kind: u16, body: &[u8]) -> Result<Event, CodecFault> {
    match kind {
        40..50 => decode_part(kind, body),
        30 => read(kind, body).map(|ProfileAsked { until }| Event::ProfileAsked { until }),
        31 => read(kind, body).map(|ContactNamed { name }| Event::ContactNamed { name: name.into_owned() }),
        32 => {
            let ContactNaming { contact, name } = read(kind, body)?;
            Ok(Event::ContactNaming { contact: contact.into_owned(), name: name.into_owned() })
        }
        33 => {
            let TaskOpening { name, customer, lines, previous } = read(kind, body)?;
            let (customer, previous) = (customer.map(Cow::into_owned), previous.map(Cow::into_owned));
            Ok(Event::TaskOpening { name: name.into_owned(), customer, lines: lines.into_owned(), previous })
        }
        34 => {
            let TaskBound { task, contact } = read(kind, body)?;
            Ok(Event::TaskBound { task: task.into_owned(), contact: contact.into_owned() })
        }
        35 => {
            let CommentsAdding { task, lines, if_active } = read(kind, body)?;
            Ok(Event::CommentsAdding { task: task.into_owned(), lines: lines.into_owned(), if_active })
        }
        36 => read(kind, body).map(|SentOutside { mid }| Event::SentOutside { mid: mid.into_owned() }),
        38 => read(kind, body).map(|ThreadOwned { ours, at, key }| Event::ThreadOwned { ours, at, key }),
        37 => read(kind, body).map(|EchoHeld { mid, until }| Event::EchoHeld { mid: mid.into_owned(), until }),
        39 => read(kind, body).map(|ProfileAskedAgain { at }| Event::ProfileAskedAgain { at }),
        55 => {
            let ThreadAsked { part, content, since, until } = read(kind, body)?;
            Ok(Event::ThreadAsked { part, content: content.into_owned(), since, until })
        }
        56 => read(kind, body).map(|ControlAsked { until }| Event::ControlAsked { until }),
        50 => read(kind, body).map(|WindowClosed { at }| Event::WindowClosed { at }),
        71 => read(kind, body).map(|WindowClosed { at }| Event::PrivacyRefused { at }),
        _ => Err(CodecFault::Unknown { kind, version: VERSION }),
    }
}

fn decode_part(kind: u16, body: &[u8]) -> Result<Event, CodecFault> {
    match kind {
        40 => read(kind, body).map(|PartRefused { part, reason, at }| Event::PartRefused { part, reason, at }),
        41 => read(kind, body).map(|PartHeld { part, reason, at }| Event::PartHeld { part, reason, at }),
        42 => {
            let SendStarted { part, attempt, verdict, content, at } = read(kind, body)?;
            Ok(Event::SendStarted { part, attempt, verdict, content: content.into_owned(), at })
        }
        43 => {
            let PartSent { part, mid, at } = read(kind, body)?;
            Ok(Event::PartSent { part, mid: mid.map(Cow::into_owned), at })
        }
        44 => read(kind, body).map(|PartDelayed { part, at }| Event::PartDelayed { part, at }),
        45 => {
            let PartFailed { part, reason, code, at } = read(kind, body)?;
            Ok(Event::PartFailed { part, reason: reason.into_owned(), code, at })
        }
        46 => {
            let PartInDoubt { part, why, until, read_at } = read(kind, body)?;
            Ok(Event::PartInDoubt { part, why: why.into_owned(), until, read_at })
        }
        48 => read(kind, body).map(|PartDelayed { part, at }| Event::AdWindowRefused { part, at }),
        47 => read(kind, body).map(|DoubtRemained { part }| Event::DoubtRemained { part }),
        _ => Err(CodecFault::Unknown { kind, version: VERSION }),
    }
}
