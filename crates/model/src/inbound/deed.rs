//! What is done in a conversation beside writing: reactions, edits, unsends, ways in, consent, hand-over, judgement.
//!
//! Shapes follow Meta's event references (read 2026-11-23); what Meta may leave out is optional.

use serde::{Deserialize, Serialize};

use crate::{AppId, Mid, Redacted, Timestamp};

/// A reaction on a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reaction {
    /// The message.
    pub mid: Mid,
    /// `true`: put on it; `false`: taken back.
    pub added: bool,
    /// The Page reacted, not the customer.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub by_page: bool,
    /// Meta's word for it: `love`, `smile`, `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The sign itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
}

/// A changed text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Edit {
    /// The message.
    pub mid: Mid,
    /// The Page changed its own message.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub by_page: bool,
    /// The text as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Redacted<String>>,
    /// Which change of this message it is, from 1; at most 5 by Meta's clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
}

/// A message that was taken back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unsend {
    /// The message.
    pub mid: Mid,
    /// The Page took back its own message.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub by_page: bool,
}

/// A way into the conversation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Referral {
    /// The Page's own mark on the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Redacted<String>>,
    /// `SHORTLINK`, `ADS`, …; withheld in Europe and Japan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Meta's `type`: `OPEN_THREAD`, `LEAD_COMPLETE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// The ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad: Option<String>,
    /// The ad's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_title: Option<Redacted<String>>,
    /// The post that the ad shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// The product that the customer looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The page of the web the customer came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<Redacted<String>>,
    /// What the customer answered to a form on the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
}

impl Referral {
    /// Whether it leads from an ad. In Europe and Japan the source is withheld; the ad's own number tells, where it is there.
    pub fn is_ad(&self) -> bool {
        self.ad.is_some() || self.source.as_deref() == Some("ADS")
    }
}

/// One answer to a form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The question, or its id.
    pub question: Redacted<String>,
    /// What the customer answered.
    pub answer: Redacted<String>,
}

/// What the customer allowed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Optin {
    /// How.
    pub way: OptinWay,
    /// The Page's own mark on the plugin or message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Redacted<String>>,
    /// What the customer read when allowing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Redacted<String>>,
    /// The right to send that comes with it; a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Redacted<String>>,
    /// When that right ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// How the customer allowed something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptinWay {
    /// By a plugin on a web page: *Send to Messenger*, a checkbox.
    Plugin,
    /// Notifications on a topic.
    Notifications,
    /// No more notifications.
    Stopped,
    /// Notifications again.
    Resumed,
    /// One message, once.
    Once,
    /// Some other way, by Meta's word.
    Other(String),
}

/// The thread goes from app to app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handover {
    /// What happened.
    pub act: HandoverAct,
    /// Who has it now, or asks for it; `None`: nobody, or Meta does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<AppId>,
    /// Who had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AppId>,
    /// What the other app says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Redacted<String>>,
}

/// What happens to a thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverAct {
    /// Its owner gave it away.
    Passed,
    /// It was taken from its owner.
    Taken,
    /// An app asks its owner for it.
    Requested,
}

/// The customer's account in the company's own service. The code with which it is linked is a credential and not kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountLink {
    /// `true`: linked; `false`: not any more.
    pub linked: bool,
}

/// What the customer thinks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Feedback {
    /// How it was asked.
    pub way: FeedbackWay,
    /// The message that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<Mid>,
    /// What the customer answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
}

/// How the customer was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackWay {
    /// By a feedback form.
    Form,
    /// By a thumb up under a message.
    Good,
    /// By a thumb down under a message.
    Bad,
    /// By a mark under a message that this build does not know.
    Unclear,
}

/// A cart. Meta does not document its content for Messenger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The products.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<super::Product>,
    /// What the customer wrote on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Redacted<String>>,
}

/// Meta itself says something in the thread, for example that its own assistant hands the chat back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// What it says.
    pub text: Redacted<String>,
}

/// A kind of old days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Legacy {
    /// Its key at Meta: `game_play`, `payment`.
    pub name: String,
}
