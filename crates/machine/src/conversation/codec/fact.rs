//! Stored forms of what came in: items, replies, outcomes, wakes, decisions of people. Kinds 1 to 29, and 81.
//!
//! One shape per kind, without nested tags, so that reading needs no second look at the text.

use std::borrow::Cow;

use model::{
    AppId, Attachment, Channel, ContactId, Echo, Inbound, ItemKey, Kind, Message, Mid, PageId, Postback, Psid, Receipt,
    Redacted, Referral, Span, TaskId, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::deed;
use crate::codec::{CodecFault, Encoded, VERSION, read, write};
use crate::conversation::command::{Outcome, Reply, Resolution, SendOutcome};
use crate::conversation::event::{Event, WakeReason};
use crate::outbound::{PartId, Source};

/// Text by reference on writing, owned on reading.
type Text<'a> = Cow<'a, Redacted<String>>;

#[derive(Serialize, Deserialize)]
struct ReceivedMessage<'a> {
    page: Cow<'a, PageId>,
    psid: Cow<'a, Psid>,
    at: Timestamp,
    channel: Channel,
    key: ItemKey,
    mid: Cow<'a, Mid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    attachments: Cow<'a, [Attachment]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<Cow<'a, Mid>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quick_reply: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    referral: Option<Cow<'a, Referral>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    commands: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    unsupported: bool,
}

#[derive(Serialize, Deserialize)]
struct ReceivedEcho<'a> {
    page: Cow<'a, PageId>,
    psid: Cow<'a, Psid>,
    at: Timestamp,
    channel: Channel,
    key: ItemKey,
    mid: Cow<'a, Mid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<Cow<'a, AppId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    attachments: Cow<'a, [Attachment]>,
}

#[derive(Serialize, Deserialize)]
struct ReceivedPostback<'a> {
    page: Cow<'a, PageId>,
    psid: Cow<'a, Psid>,
    at: Timestamp,
    channel: Channel,
    key: ItemKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mid: Option<Cow<'a, Mid>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    referral: Option<Cow<'a, Referral>>,
}

#[derive(Serialize, Deserialize)]
struct ReceivedReceipt<'a> {
    page: Cow<'a, PageId>,
    psid: Cow<'a, Psid>,
    at: Timestamp,
    channel: Channel,
    key: ItemKey,
    watermark: Timestamp,
    #[serde(default, skip_serializing_if = "is_empty")]
    mids: Cow<'a, [Mid]>,
}

#[derive(Serialize, Deserialize)]
struct Part {
    part: PartId,
}

#[derive(Serialize, Deserialize)]
struct Woke {
    reason: WakeReason,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Resolved<'a> {
    part: PartId,
    resolution: Resolution,
    by: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct SettledTaskOpened<'a> {
    effect: u64,
    task: Cow<'a, TaskId>,
    contact: Cow<'a, ContactId>,
}

#[derive(Serialize, Deserialize)]
struct SettledCommentsAdded<'a> {
    effect: u64,
    task: Cow<'a, TaskId>,
}

#[derive(Serialize, Deserialize)]
struct SettledPlainly {
    effect: u64,
}

/// Also of an unclear send, whose reason is its why.
#[derive(Serialize, Deserialize)]
struct SettledReason<'a> {
    effect: u64,
    reason: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct SettledProfile<'a> {
    effect: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SettledSent<'a> {
    effect: u64,
    mid: Cow<'a, Mid>,
}

#[derive(Serialize, Deserialize)]
struct SettledLater {
    effect: u64,
    after: Span,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<(i64, Option<i64>)>,
}

#[derive(Serialize, Deserialize)]
struct SettledControlDenied<'a> {
    effect: u64,
    reason: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Cow<'a, AppId>>,
}

#[derive(Serialize, Deserialize)]
struct SettledThreadRead<'a> {
    effect: u64,
    #[serde(default, skip_serializing_if = "is_empty")]
    mids: Cow<'a, [Mid]>,
}

#[derive(Serialize, Deserialize)]
struct SettledFailed<'a> {
    effect: u64,
    code: (i64, Option<i64>),
    row: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<Cow<'a, str>>,
}

fn is_empty<T>(list: &[T]) -> bool {
    list.is_empty()
}

pub(super) fn encode_received(inbound: &Inbound) -> Encoded {
    let (at, channel, key) = (inbound.at, inbound.channel, inbound.key);
    let (page, psid) = (Cow::Borrowed(&inbound.page), Cow::Borrowed(&inbound.psid));
    match &inbound.kind {
        Kind::Message(message) => {
            let stored = ReceivedMessage {
                page,
                psid,
                at,
                channel,
                key,
                mid: Cow::Borrowed(&message.mid),
                text: message.text.as_ref().map(Cow::Borrowed),
                attachments: Cow::Borrowed(message.attachments.as_slice()),
                reply_to: message.reply_to.as_ref().map(Cow::Borrowed),
                quick_reply: message.quick_reply.as_deref().map(Cow::Borrowed),
                referral: message.referral.as_deref().map(Cow::Borrowed),
                commands: Cow::Borrowed(message.commands.as_slice()),
                unsupported: message.unsupported,
            };
            write(1, true, &stored)
        }
        Kind::Echo(Echo { mid, app, metadata, text, attachments }) => {
            let (mid, text) = (Cow::Borrowed(mid), text.as_ref().map(Cow::Borrowed));
            let (app, metadata) = (app.as_ref().map(Cow::Borrowed), metadata.as_deref().map(Cow::Borrowed));
            let attachments = Cow::Borrowed(attachments.as_slice());
            write(2, true, &ReceivedEcho { page, psid, at, channel, key, mid, app, metadata, text, attachments })
        }
        Kind::Postback(Postback { mid, title, payload, referral }) => {
            let (mid, title) = (mid.as_ref().map(Cow::Borrowed), title.as_ref().map(Cow::Borrowed));
            let (payload, referral) = (payload.as_deref().map(Cow::Borrowed), referral.as_deref().map(Cow::Borrowed));
            write(3, true, &ReceivedPostback { page, psid, at, channel, key, mid, title, payload, referral })
        }
        Kind::Delivered(Receipt { watermark, mids }) => {
            let (watermark, mids) = (*watermark, Cow::Borrowed(mids.as_slice()));
            write(4, false, &ReceivedReceipt { page, psid, at, channel, key, watermark, mids })
        }
        Kind::Read(Receipt { watermark, mids }) => {
            let (watermark, mids) = (*watermark, Cow::Borrowed(mids.as_slice()));
            write(5, false, &ReceivedReceipt { page, psid, at, channel, key, watermark, mids })
        }
        Kind::Reaction(_)
        | Kind::Edit(_)
        | Kind::Unsend(_)
        | Kind::Referral(_)
        | Kind::Optin(_)
        | Kind::Handover(_)
        | Kind::AccountLink(_)
        | Kind::Feedback(_)
        | Kind::Order(_)
        | Kind::Notice(_)
        | Kind::Legacy(_) => deed::encode(inbound),
    }
}

pub(super) fn encode_reply(reply: &Reply) -> Encoded {
    match reply.source {
        Source::Comment(_) => write(6, true, reply),
        // Its own kind: a build that knows no scripts says so, and takes no call for a broken comment.
        Source::Script(_) => write(81, true, reply),
    }
}

pub(super) fn encode_dispatch(part: PartId) -> Encoded {
    write(7, false, &Part { part })
}

pub(super) fn encode_woke(reason: WakeReason, at: Timestamp) -> Encoded {
    write(8, false, &Woke { reason, at })
}

pub(super) fn encode_resolved(part: PartId, resolution: Resolution, by: &str) -> Encoded {
    write(9, false, &Resolved { part, resolution, by: by.into() })
}

pub(super) fn encode_settled(effect: u64, outcome: &Outcome) -> Encoded {
    match outcome {
        Outcome::TaskOpened { task, contact } => {
            let (task, contact) = (Cow::Borrowed(task), Cow::Borrowed(contact));
            write(10, false, &SettledTaskOpened { effect, task, contact })
        }
        Outcome::CommentsAdded { task } => {
            write(11, false, &SettledCommentsAdded { effect, task: Cow::Borrowed(task) })
        }
        Outcome::TaskInactive => write(12, false, &SettledPlainly { effect }),
        Outcome::TaskGone => write(13, false, &SettledPlainly { effect }),
        Outcome::TrackerRefused { reason } => write(14, false, &SettledReason { effect, reason: reason.into() }),
        Outcome::Profile { name } => {
            write(15, true, &SettledProfile { effect, name: name.as_ref().map(Cow::Borrowed) })
        }
        Outcome::NoProfile { reason } => write(16, false, &SettledReason { effect, reason: reason.into() }),
        Outcome::ContactNamed => write(17, false, &SettledPlainly { effect }),
        Outcome::ThreadRead { mids } => {
            write(25, false, &SettledThreadRead { effect, mids: Cow::Borrowed(mids.as_slice()) })
        }
        Outcome::ThreadUnread { reason } => write(26, false, &SettledReason { effect, reason: reason.into() }),
        Outcome::ControlTaken => write(27, false, &SettledPlainly { effect }),
        Outcome::ControlDenied { reason, owner } => {
            let (reason, owner) = (reason.into(), owner.as_ref().map(Cow::Borrowed));
            write(28, false, &SettledControlDenied { effect, reason, owner })
        }
        Outcome::Send { send } => match send {
            SendOutcome::Sent { mid } => write(18, false, &SettledSent { effect, mid: Cow::Borrowed(mid) }),
            SendOutcome::Later { after, code } => {
                write(19, false, &SettledLater { effect, after: *after, code: *code })
            }
            SendOutcome::Failed { code, row, trace } => {
                let trace = trace.as_deref().map(Cow::Borrowed);
                write(20, false, &SettledFailed { effect, code: *code, row: row.into(), trace })
            }
            SendOutcome::InDoubt { why } => write(21, false, &SettledReason { effect, reason: why.into() }),
        },
    }
}

pub(super) fn decode(kind: u16, body: &[u8]) -> Result<Event, CodecFault> {
    match kind {
        1..=5 => decode_received(kind, body),
        6 | 81 => Ok(Event::ReplyAsked { reply: read(kind, body)? }),
        7 => read(kind, body).map(|Part { part }| Event::DispatchGranted { part }),
        8 => read(kind, body).map(|Woke { reason, at }| Event::Woke { reason, at }),
        9 => {
            let Resolved { part, resolution, by } = read(kind, body)?;
            Ok(Event::Resolved { part, resolution, by: by.into_owned() })
        }
        10..=21 | 25..=28 => decode_settled(kind, body),
        _ => Err(CodecFault::Unknown { kind, version: VERSION }),
    }
}

fn decode_received(kind: u16, body: &[u8]) -> Result<Event, CodecFault> {
    let inbound = match kind {
        1 => {
            let stored: ReceivedMessage<'_> = read(kind, body)?;
            let message = Message {
                mid: stored.mid.into_owned(),
                text: stored.text.map(Cow::into_owned),
                attachments: stored.attachments.into_owned(),
                reply_to: stored.reply_to.map(Cow::into_owned),
                quick_reply: stored.quick_reply.map(Cow::into_owned),
                referral: stored.referral.map(|referral| Box::new(referral.into_owned())),
                commands: stored.commands.into_owned(),
                unsupported: stored.unsupported,
            };
            let (page, psid) = (stored.page.into_owned(), stored.psid.into_owned());
            let (at, channel, key) = (stored.at, stored.channel, stored.key);
            Inbound { page, psid, at, channel, key, kind: Kind::Message(message) }
        }
        2 => {
            let ReceivedEcho { page, psid, at, channel, key, mid, app, metadata, text, attachments } =
                read(kind, body)?;
            let (app, metadata) = (app.map(Cow::into_owned), metadata.map(Cow::into_owned));
            let (text, attachments) = (text.map(Cow::into_owned), attachments.into_owned());
            let echo = Echo { mid: mid.into_owned(), app, metadata, text, attachments };
            let (page, psid) = (page.into_owned(), psid.into_owned());
            Inbound { page, psid, at, channel, key, kind: Kind::Echo(echo) }
        }
        3 => {
            let ReceivedPostback { page, psid, at, channel, key, mid, title, payload, referral } = read(kind, body)?;
            let (mid, title) = (mid.map(Cow::into_owned), title.map(Cow::into_owned));
            let (payload, referral) = (payload.map(Cow::into_owned), referral.map(|way| Box::new(way.into_owned())));
            let postback = Postback { mid, title, payload, referral };
            let (page, psid) = (page.into_owned(), psid.into_owned());
            Inbound { page, psid, at, channel, key, kind: Kind::Postback(postback) }
        }
        _ => {
            let ReceivedReceipt { page, psid, at, channel, key, watermark, mids } = read(kind, body)?;
            let receipt = Receipt { watermark, mids: mids.into_owned() };
            let what = if kind == 4 { Kind::Delivered(receipt) } else { Kind::Read(receipt) };
            Inbound { page: page.into_owned(), psid: psid.into_owned(), at, channel, key, kind: what }
        }
    };
    Ok(Event::Received { inbound })
}

fn decode_settled(kind: u16, body: &[u8]) -> Result<Event, CodecFault> {
    let (effect, outcome) = match kind {
        10 => {
            let SettledTaskOpened { effect, task, contact } = read(kind, body)?;
            (effect, Outcome::TaskOpened { task: task.into_owned(), contact: contact.into_owned() })
        }
        11 => {
            let SettledCommentsAdded { effect, task } = read(kind, body)?;
            (effect, Outcome::CommentsAdded { task: task.into_owned() })
        }
        12 | 13 | 17 | 27 => {
            let SettledPlainly { effect } = read(kind, body)?;
            let outcome = match kind {
                12 => Outcome::TaskInactive,
                13 => Outcome::TaskGone,
                27 => Outcome::ControlTaken,
                _ => Outcome::ContactNamed,
            };
            (effect, outcome)
        }
        15 => {
            let SettledProfile { effect, name } = read(kind, body)?;
            (effect, Outcome::Profile { name: name.map(Cow::into_owned) })
        }
        25 => {
            let SettledThreadRead { effect, mids } = read(kind, body)?;
            (effect, Outcome::ThreadRead { mids: mids.into_owned() })
        }
        28 => {
            let SettledControlDenied { effect, reason, owner } = read(kind, body)?;
            (effect, Outcome::ControlDenied { reason: reason.into_owned(), owner: owner.map(Cow::into_owned) })
        }
        14 | 16 | 21 | 26 => {
            let SettledReason { effect, reason } = read(kind, body)?;
            let reason = reason.into_owned();
            let outcome = match kind {
                14 => Outcome::TrackerRefused { reason },
                16 => Outcome::NoProfile { reason },
                26 => Outcome::ThreadUnread { reason },
                _ => Outcome::Send { send: SendOutcome::InDoubt { why: reason } },
            };
            (effect, outcome)
        }
        18 => {
            let SettledSent { effect, mid } = read(kind, body)?;
            (effect, Outcome::Send { send: SendOutcome::Sent { mid: mid.into_owned() } })
        }
        19 => {
            let SettledLater { effect, after, code } = read(kind, body)?;
            (effect, Outcome::Send { send: SendOutcome::Later { after, code } })
        }
        20 => {
            let SettledFailed { effect, code, row, trace } = read(kind, body)?;
            let (row, trace) = (row.into_owned(), trace.map(Cow::into_owned));
            (effect, Outcome::Send { send: SendOutcome::Failed { code, row, trace } })
        }
        _ => return Err(CodecFault::Unknown { kind, version: VERSION }),
    };
    Ok(Event::Settled { effect, outcome })
}
