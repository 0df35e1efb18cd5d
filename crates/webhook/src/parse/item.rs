//! One item: which kind it is, whose, and when.
//!
//! Kinds that this build knows become inbounds, each read in its own file; everything else names its kind in an anomaly.
//! Source of the common fields: Meta, event references of the Messenger Platform, read 2026-11-23.

use model::{Channel, Inbound, PageId, Psid, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::anomaly::Reason;
use super::json::{self, Maybe};
use super::message::MessageForm;
use super::postback::PostbackForm;
use super::receipt::ReceiptForm;
use super::{Surroundings, envelope, message, postback, receipt};

/// Keys that say nothing about the kind.
const COMMON: [&str; 6] = ["sender", "recipient", "timestamp", "time", "seq", "id"];

/// The `field`s of `changes` whose `value` is an item as in `messaging`: the form in which the App Dashboard sends its
/// tests.
const MESSAGING_FIELDS: [&str; 5] =
    ["messages", "message_echoes", "messaging_postbacks", "message_deliveries", "message_reads"];

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Item<'a> {
    #[serde(default)]
    sender: Maybe<Party<'a>>,
    #[serde(default)]
    recipient: Maybe<Party<'a>>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(default)]
    message: Maybe<MessageForm<'a>>,
    #[serde(default)]
    postback: Maybe<PostbackForm<'a>>,
    #[serde(default)]
    delivery: Maybe<ReceiptForm<'a>>,
    #[serde(default)]
    read: Maybe<ReceiptForm<'a>>,
}

/// `sender` or `recipient`.
#[derive(Deserialize)]
struct Party<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

/// What a kind's file needs to know about its item.
pub(super) struct Frame {
    pub(super) page: PageId,
    pub(super) channel: Channel,
    /// The customer if the customer acted: the sender.
    pub(super) sender: Option<Psid>,
    /// The customer if the Page acted: the recipient.
    pub(super) recipient: Option<Psid>,
    /// Meta's time of the item: its own, else the entry's.
    pub(super) told_at: Option<Timestamp>,
    received_at: Timestamp,
}

impl Frame {
    /// When it happened, as far as anybody told.
    pub(super) fn at(&self) -> Timestamp {
        self.told_at.unwrap_or(self.received_at)
    }

    /// The customer who acted.
    pub(super) fn customer(&self) -> Result<Psid, Reason> {
        self.person(self.sender.as_ref())
    }

    /// The customer for whom the Page acted.
    pub(super) fn addressee(&self) -> Result<Psid, Reason> {
        self.person(self.recipient.as_ref())
    }

    /// A Page does not talk with itself: such an item would answer its own answers.
    fn person(&self, psid: Option<&Psid>) -> Result<Psid, Reason> {
        match psid {
            None => Err(Reason::plain("no-customer")),
            Some(psid) if psid.as_str() == self.page.as_str() => Err(Reason::plain("page-as-customer")),
            Some(psid) => Ok(psid.clone()),
        }
    }
}

/// An item of `messaging`, `standby`, or an odd list of the same shape.
pub(super) fn messaging(raw: &str, channel: Channel, around: &Surroundings<'_>) -> Result<Inbound, Reason> {
    let Ok(item) = serde_json::from_str::<Item<'_>>(raw) else {
        return Err(unknown(raw, "odd-shape"));
    };
    let kinds = [item.message.is_absent(), item.postback.is_absent(), item.delivery.is_absent(), item.read.is_absent()];
    match kinds.iter().filter(|absent| !**absent).count() {
        0 => return Err(unknown(raw, "unknown-kind")),
        1 => {}
        _ => return Err(unknown(raw, "several-kinds")),
    }
    let frame = frame(&item, channel, around)?;
    if let Some(form) = item.message.here() {
        message::read(form, frame)
    } else if let Some(form) = item.postback.here() {
        postback::read(form, frame)
    } else if let Some(form) = item.delivery.here() {
        receipt::delivered(form, frame)
    } else if let Some(form) = item.read.here() {
        receipt::read(form, frame)
    } else {
        Err(unknown(raw, "odd-shape"))
    }
}

/// An item of `changes`: `{field, value}`.
pub(super) fn change(raw: &str, around: &Surroundings<'_>) -> Result<Inbound, Reason> {
    #[derive(Deserialize)]
    struct Change<'a> {
        #[serde(borrow, default)]
        field: Option<&'a RawValue>,
        #[serde(borrow, default)]
        value: Option<&'a RawValue>,
    }
    let Ok(change) = serde_json::from_str::<Change<'_>>(raw) else {
        return Err(Reason::plain("odd-shape"));
    };
    let Some(field) = change.field.and_then(json::string) else {
        return Err(Reason::plain("no-kind"));
    };
    match change.value {
        Some(value) if MESSAGING_FIELDS.contains(&&*field) && envelope::is_object(value) => {
            messaging(value.get(), Channel::Messaging, around)
        }
        Some(_) | None => Err(Reason::of_kind("unknown-kind", format!("field:{field}"))),
    }
}

fn frame(item: &Item<'_>, channel: Channel, around: &Surroundings<'_>) -> Result<Frame, Reason> {
    let psid = |party: &Maybe<Party<'_>>| party.here().and_then(|party| json::id(party.id?)).map(Psid::new);
    Ok(Frame {
        page: around.page.clone().ok_or(Reason::plain("no-page"))?,
        channel,
        sender: psid(&item.sender),
        recipient: psid(&item.recipient),
        told_at: item.timestamp.and_then(json::time).or(around.entry_time),
        received_at: around.received_at,
    })
}

/// Names the kind of an item by its first key that is not common to all.
fn unknown(raw: &str, word: &'static str) -> Reason {
    let members = json::members(raw).unwrap_or_default();
    let kind = members.into_iter().map(|(key, _)| json::key(key)).find(|key| !COMMON.contains(&&**key));
    match kind {
        Some(kind) => Reason::of_kind(word, kind),
        None => Reason::plain("no-kind"),
    }
}
