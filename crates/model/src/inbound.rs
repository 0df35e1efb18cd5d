//! What Meta delivered, after parsing: [`Inbound`] is one item, [`Anomaly`] is one that could not be understood.

use serde::{Deserialize, Serialize};

use crate::{AppId, ItemKey, MachineId, Mid, PageId, Psid, Redacted, Timestamp};

/// One HTTP POST of Meta as parsed: every item of it is in exactly one of the two lists.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Delivery {
    /// Understood items in the order of the body.
    pub inbounds: Vec<Inbound>,
    /// Everything else, each with its place.
    pub anomalies: Vec<Anomaly>,
}

/// Where in a body an item stood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Index in `entry`.
    pub entry: u32,
    /// Key of the list inside the entry: `messaging`, `standby`, `changes` or an odd one.
    pub list: String,
    /// Index in that list.
    pub item: u32,
}

/// An item that is kept raw because nobody knows what it means.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Anomaly {
    /// Where it stood; `None` where the body as a whole could not be read.
    pub place: Option<Place>,
    /// The Page of its entry, where one was named.
    pub page: Option<PageId>,
    /// What is wrong, in one stable word or two: `unknown-kind`, `not-json`, `no-page`, …
    pub reason: String,
    /// The kind's key as found (`game_play`, `field:parking`), free of customer text.
    pub kind: Option<String>,
    /// The JSON text of the item (or the bytes, lossily), cut at the parser's limit.
    pub raw: Redacted<String>,
}

/// The list an item came in: as the owner of the thread, or as a bystander.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// `entry[].messaging`
    Messaging,
    /// `entry[].standby`: another app owns the thread.
    Standby,
}

/// One understood item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Inbound {
    /// The Page of the entry.
    pub page: PageId,
    /// The customer: sender of a message, recipient of an echo.
    pub psid: Psid,
    /// Meta's time of the item: the item's `timestamp`, else the entry's `time`, else the receipt of the delivery.
    pub at: Timestamp,
    /// The list it came in.
    pub channel: Channel,
    /// Two items with one key are one item.
    pub key: ItemKey,
    /// What happened.
    pub kind: Kind,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// The customer wrote (text, attachments or both).
    Message(Message),
    /// The Page wrote: by us, another app, or a person in Meta's inbox.
    Echo(Echo),
    /// The customer pressed a button.
    Postback(Postback),
    /// Everything the Page sent up to the watermark has arrived.
    Delivered(Receipt),
    /// Everything the Page sent up to the watermark was read.
    Read(Receipt),
}

/// A message of the customer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Meta's id of the message.
    pub mid: Mid,
    /// The text, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Redacted<String>>,
    /// What was attached, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The message this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Mid>,
}

/// A message of the Page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Echo {
    /// Meta's id of the message.
    pub mid: Mid,
    /// The sending app; missing when a person or Facebook itself wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
    /// The sender's own mark; on our sends the effect id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// The text, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Redacted<String>>,
    /// What was attached, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// A pressed button.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Postback {
    /// Meta's id, in newer API versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<Mid>,
    /// What the button says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Redacted<String>>,
    /// What the button stands for; missing on standby.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

/// A delivery or read receipt: a watermark in Meta's time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// Everything sent up to here.
    pub watermark: Timestamp,
    /// Messages named one by one, where Meta does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mids: Vec<Mid>,
}

/// Something attached to a message. The link expires.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// Where it lay when the delivery came; `None` where Meta sent none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Redacted<String>>,
    /// A title or file name, where Meta sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Redacted<String>>,
}

/// What kind of thing is attached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture, animated or not.
    Image,
    /// A sound or voice message.
    Audio,
    /// A film.
    Video,
    /// Any other file.
    File,
    /// A type this build does not know, by its name.
    Other(String),
}

/// The machine an item is for.
pub fn address(inbound: &Inbound) -> MachineId {
    MachineId::Conversation(inbound.page.clone(), inbound.psid.clone())
}
