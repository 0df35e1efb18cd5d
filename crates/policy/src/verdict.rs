//! The answer of a decision, in words that can be stored, shown to an agent and put on the wire.
//!
//! A verdict is a record, not a right: it can be cloned, stored and read back. The right to send is
//! [`Permit`](crate::Permit), made from it by [`confirm`](crate::confirm).

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{EditionId, RuleId, UpdateTag};

/// What the Send API wants to hear about why a message may be sent. *Send API reference*, read 2026-11-23.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessagingType {
    /// An answer inside the standard window.
    Response,
    /// A message outside it, under a tag.
    MessageTag(Tag),
    /// A utility template, whatever the window.
    Utility,
}

impl MessagingType {
    /// The values of `messaging_type` and `tag` in a Send API call.
    pub const fn wire(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Response => ("RESPONSE", None),
            Self::MessageTag(tag) => ("MESSAGE_TAG", Some(tag.wire())),
            Self::Utility => ("UTILITY", None),
        }
    }
}

/// A message tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// A person answers the customer's inquiry within seven days.
    HumanAgent,
    /// See [`UpdateTag::ConfirmedEventUpdate`].
    ConfirmedEventUpdate,
    /// See [`UpdateTag::AccountUpdate`].
    AccountUpdate,
    /// See [`UpdateTag::PostPurchaseUpdate`].
    PostPurchaseUpdate,
}

impl Tag {
    /// The value of `tag` in a Send API call.
    pub const fn wire(self) -> &'static str {
        match self {
            Self::HumanAgent => "HUMAN_AGENT",
            Self::ConfirmedEventUpdate => "CONFIRMED_EVENT_UPDATE",
            Self::AccountUpdate => "ACCOUNT_UPDATE",
            Self::PostPurchaseUpdate => "POST_PURCHASE_UPDATE",
        }
    }
}

impl From<UpdateTag> for Tag {
    fn from(tag: UpdateTag) -> Self {
        match tag {
            UpdateTag::ConfirmedEventUpdate => Self::ConfirmedEventUpdate,
            UpdateTag::AccountUpdate => Self::AccountUpdate,
            UpdateTag::PostPurchaseUpdate => Self::PostPurchaseUpdate,
        }
    }
}

/// May it be sent?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Yes, in this way, before `until`.
    Permit {
        /// How it must be marked.
        messaging_type: MessagingType,
        /// First instant at which this answer no longer holds.
        until: Timestamp,
        /// The rules it rests on.
        edition: EditionId,
        /// The rule that permits.
        rule: RuleId,
    },
    /// Not yet: it is held and asked about again when the reason ends, and at `until` at the latest.
    Defer {
        /// First instant at which the window that would permit it is over; another may still be open then.
        until: Option<Timestamp>,
        /// What it waits for.
        reason: DeferReason,
    },
    /// No.
    Forbid {
        /// Why not.
        reason: ForbidReason,
    },
}

/// Why something is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeferReason {
    /// The Page has no live token.
    NeedsReconnect,
    /// Meta restricts the Page from sending for a while.
    PageRestricted,
}

impl DeferReason {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::NeedsReconnect, Self::PageRestricted];

    /// A stable word for interfaces.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NeedsReconnect => "needs-reconnect",
            Self::PageRestricted => "page-restricted",
        }
    }

    /// Plain English for the agent, with what to do.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NeedsReconnect => {
                "The Page has lost its connection to Facebook, so the answer waits. Ask an admin to reconnect the Page; \
                 the answer then goes out by itself if the window is still open."
            }
            Self::PageRestricted => {
                "Facebook has restricted the Page from sending for now, so the answer waits. An admin finds the cause \
                 under Page Quality on Facebook; the answer goes out by itself when the restriction ends in time."
            }
        }
    }
}

/// Why something may not be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForbidReason {
    /// Every window that this author could use is over.
    WindowClosed,
    /// The customer never did anything that opens a window.
    NeverWrote,
    /// Past the standard window, and the installation lacks the Human Agent feature.
    HumanAgentNotGranted,
    /// The tag asked for is no longer accepted by Meta.
    TagRetired,
    /// Another app owns the thread.
    Standby,
    /// More than 2,000 characters.
    TextTooLong,
    /// More than 13 quick-reply buttons.
    TooManyButtons,
    /// More bytes than Meta takes of this kind.
    AttachmentTooLarge,
    /// Meta refused this kind in this conversation for privacy rules.
    PrivacyLimited,
    /// The installation lacks the permission for utility templates.
    UtilityNotGranted,
    /// Meta has no utility templates yet.
    TemplateUnknown,
}

impl ForbidReason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::WindowClosed,
        Self::NeverWrote,
        Self::HumanAgentNotGranted,
        Self::TagRetired,
        Self::Standby,
        Self::TextTooLong,
        Self::TooManyButtons,
        Self::AttachmentTooLarge,
        Self::PrivacyLimited,
        Self::UtilityNotGranted,
        Self::TemplateUnknown,
    ];

    /// A stable word for interfaces.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WindowClosed => "window-closed",
            Self::NeverWrote => "never-wrote",
            Self::HumanAgentNotGranted => "human-agent-not-granted",
            Self::TagRetired => "tag-retired",
            Self::Standby => "standby",
            Self::TextTooLong => "text-too-long",
            Self::TooManyButtons => "too-many-buttons",
            Self::AttachmentTooLarge => "attachment-too-large",
            Self::PrivacyLimited => "privacy-limited",
            Self::UtilityNotGranted => "utility-not-granted",
            Self::TemplateUnknown => "template-unknown",
        }
    }

    /// Plain English for the agent, with what to do.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::WindowClosed => {
                "The time in which Facebook lets the Page answer this customer is over. Wait until the customer writes \
                 again, or reach them in another way."
            }
            Self::NeverWrote => {
                "This customer has not written to the Page yet, and Facebook lets a Page only answer. Wait until the \
                 customer writes, or reach them in another way."
            }
            Self::HumanAgentNotGranted => {
                "More than 24 hours have passed, and Facebook has not granted this installation the Human Agent feature \
                 that allows answers for up to 7 days. Wait until the customer writes again; an admin can apply for the \
                 feature in the app's review at Meta."
            }
            Self::TagRetired => {
                "Facebook no longer accepts this kind of special message outside the 24 hours (since 27 April 2026). \
                 Wait until the customer writes again, or write a personal answer without the tag."
            }
            Self::Standby => {
                "Another app or the Page's own inbox holds this conversation. Answer there, or have the conversation \
                 handed over to this app, then send again."
            }
            Self::TextTooLong => {
                "Facebook takes at most 2,000 characters in one message. Shorten the text, or send it in two answers."
            }
            Self::TooManyButtons => {
                "Facebook shows at most 13 buttons under one message. Leave some out, and send again."
            }
            Self::AttachmentTooLarge => {
                "Facebook takes images of up to 8 MB and other files of up to 25 MB. Make the file smaller, or send a \
                 link to it instead."
            }
            Self::PrivacyLimited => {
                "Facebook refuses audio, video and files in this conversation because of the privacy rules of Europe \
                 and Japan. Text and images do arrive: write the answer, or send a link to the file instead. Files can be \
                 tried again 30 days after the refusal."
            }
            Self::UtilityNotGranted => {
                "Facebook has not granted this installation utility templates. Wait until the customer writes again; an \
                 admin can apply for the permission pages_utility_messaging in the app's review at Meta."
            }
            Self::TemplateUnknown => {
                "Facebook had no utility templates under the rules of this day (they came on 27 April 2026). Write a \
                 plain answer while the window is open."
            }
        }
    }
}
