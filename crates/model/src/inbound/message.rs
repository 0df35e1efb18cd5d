//! What is said in a conversation: messages of both sides with what is attached, buttons, receipts.

use serde::{Deserialize, Serialize};

use super::Referral;
use crate::{AppId, Mid, Redacted, Timestamp};

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
    /// The payload of the quick-reply button that the customer chose; the text is the button's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick_reply: Option<String>,
    /// The ad or product page through which the customer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Box<Referral>>,
    /// Commands that the customer typed, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Meta does not show the content to apps.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub unsupported: bool,
}

impl Message {
    /// A message that shows nothing but its id.
    pub const fn new(mid: Mid) -> Self {
        Self {
            mid,
            text: None,
            attachments: Vec::new(),
            reply_to: None,
            quick_reply: None,
            referral: None,
            commands: Vec::new(),
            unsupported: false,
        }
    }
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
    /// Through which link or ad the customer came to the button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Box<Referral>>,
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
    /// A sticker.
    Sticker(Sticker),
    /// A page of the web, or something that Meta shows as a link.
    Fallback,
    /// A short film of Facebook or Instagram.
    Reel(Shared),
    /// A post of Facebook or Instagram.
    Post(Shared),
    /// A place on earth.
    Location(Point),
    /// Cards, buttons, products.
    Template(Vec<Product>),
    /// A booking of a time with the Page.
    Appointment(Appointment),
    /// A type this build does not know, by its name.
    Other(String),
}

/// A sticker.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sticker {
    /// Meta's id of the picture; 369239263222822 is the small thumb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// A post or reel that was shared into the conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shared {
    /// Meta's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// It lies on Instagram.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub instagram: bool,
}

/// A place on earth, in degrees as Meta wrote them: latitude, longitude.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Point {
    /// `None` where Meta told no coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degrees: Option<Redacted<(String, String)>>,
}

/// One element of a template.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Product {
    /// Its id in the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Redacted<String>>,
}

/// A booking of a time with the Page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Appointment {
    /// Meta's id of the booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<String>,
    /// `requested`, `confirmed`, `declined`, `cancelled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// From when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// The name of the time zone in which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}
