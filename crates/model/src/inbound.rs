//! What Meta delivered, after parsing: [`Inbound`] is one item of a conversation, [`PageInbound`] one of a Page as a
//! whole, [`Anomaly`] is one that could not be understood.
//!
//! Invariant: an item is in exactly one of the three lists of its [`Delivery`].

mod activity;
mod deed;
mod message;
mod notice;

use serde::{Deserialize, Serialize};

pub use activity::{Activity, ActivityField, ActivityItem, Author, Verb};
pub use deed::{
    AccountLink, Answer, Edit, Feedback, FeedbackWay, Handover, HandoverAct, Legacy, Notice, Optin, OptinWay, Order,
    Reaction, Referral, Unsend,
};
pub use message::{
    Appointment, Attachment, AttachmentKind, Echo, Message, Point, Postback, Product, Receipt, Shared, Sticker,
};
pub use notice::{
    AppRoles, Changed, Installation, Integrity, Lead, PageInbound, PageKind, Policy, PolicyAct, Stranger,
    TemplateStatus,
};

use crate::{ItemKey, MachineId, PageId, Psid, Redacted, Timestamp};

/// One HTTP POST of Meta as parsed: every item of it is in exactly one of the three lists.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Delivery {
    /// Understood items of conversations in the order of the body.
    pub inbounds: Vec<Inbound>,
    /// Understood items that belong to a Page and not to one customer, in the order of the body.
    pub page_inbounds: Vec<PageInbound>,
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

/// One understood item of a conversation.
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
    /// Somebody put a reaction on a message or took it back.
    Reaction(Reaction),
    /// Somebody changed the text of a message.
    Edit(Edit),
    /// Somebody took a message back.
    Unsend(Unsend),
    /// The customer came back into the conversation through a link or an ad.
    Referral(Box<Referral>),
    /// The customer allowed something: a plugin, notifications.
    Optin(Optin),
    /// The thread goes from app to app.
    Handover(Handover),
    /// The customer linked or unlinked an account of theirs.
    AccountLink(AccountLink),
    /// The customer judged: a feedback form, or thumbs under a message.
    Feedback(Feedback),
    /// The customer sent a cart.
    Order(Order),
    /// Meta itself says something in the thread.
    Notice(Notice),
    /// A kind of old days that means nothing here: games, payments.
    Legacy(Legacy),
}

impl Kind {
    /// The kind in one stable word, for counts; free of customer text.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Echo(_) => "echo",
            Self::Postback(_) => "postback",
            Self::Delivered(_) => "delivery",
            Self::Read(_) => "read",
            Self::Reaction(_) => "reaction",
            Self::Edit(_) => "edit",
            Self::Unsend(_) => "unsend",
            Self::Referral(_) => "referral",
            Self::Optin(_) => "optin",
            Self::Handover(_) => "handover",
            Self::AccountLink(_) => "account_linking",
            Self::Feedback(_) => "feedback",
            Self::Order(_) => "order",
            Self::Notice(_) => "admin_text",
            Self::Legacy(_) => "legacy",
        }
    }
}

/// The machine an item is for.
pub fn address(inbound: &Inbound) -> MachineId {
    MachineId::Conversation(inbound.page.clone(), inbound.psid.clone())
}

/// The machine an item of a Page is for.
pub fn page_address(inbound: &PageInbound) -> MachineId {
    MachineId::Page(inbound.page.clone())
}
