//! Items that belong to a Page as a whole, not to one customer: its wall, its leads, its standing at Meta.
//!
//! Shapes follow Meta's references for `changes` and the Page's own messaging events (read 2026-11-23).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Activity;
use crate::{AppId, ItemKey, PageId, Redacted, Timestamp};

/// One understood item of a Page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PageInbound {
    /// The Page of the entry; where the delivery is not about a Page, the id that its entry has.
    pub page: PageId,
    /// Meta's time of it: its own, else the entry's `time`, else the receipt of the delivery.
    pub at: Timestamp,
    /// Two items with one key are one item.
    pub key: ItemKey,
    /// What happened.
    pub kind: PageKind,
}

/// What happened to a Page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PageKind {
    /// Something on the wall: feed, group, mention, rating.
    Activity(Box<Activity>),
    /// Somebody filled in a lead form.
    Lead(Lead),
    /// Which app has which part in the Page's conversations.
    AppRoles(AppRoles),
    /// Meta warns, blocks or unblocks the Page's messages.
    Policy(Policy),
    /// Meta's judgement of the Page changed.
    Integrity(Integrity),
    /// Meta looked at a message template.
    TemplateStatus(TemplateStatus),
    /// Something of the Page changed; Meta says no more, or it means nothing here.
    Changed(Changed),
    /// Somebody who has no id on this Page yet did something.
    Stranger(Stranger),
    /// A delivery that is not about a Page: the app's installation, a person's permissions.
    Installation(Installation),
}

impl PageKind {
    /// The kind in one stable word, for counts; free of customer text.
    pub fn word(&self) -> Cow<'static, str> {
        match self {
            Self::Activity(activity) => {
                let (field, item, verb) = (activity.field.word(), activity.item.word(), activity.verb.word());
                Cow::Owned(format!("{field}.{item}.{verb}"))
            }
            Self::Lead(_) => Cow::Borrowed("leadgen"),
            Self::AppRoles(_) => Cow::Borrowed("handover.app_roles"),
            Self::Policy(_) => Cow::Borrowed("policy_enforcement"),
            Self::Integrity(_) => Cow::Borrowed("business_integrity"),
            Self::TemplateStatus(_) => Cow::Borrowed("message_template_status_update"),
            Self::Changed(changed) => Cow::Owned(format!("change.{}", changed.field)),
            Self::Stranger(stranger) => Cow::Owned(format!("stranger.{}", stranger.deed)),
            Self::Installation(installation) => {
                Cow::Owned(format!("object.{}.{}", installation.object, installation.field))
            }
        }
    }
}

/// A filled-in lead form. Its answers are fetched by its id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lead {
    /// Meta's id of the lead.
    pub lead: String,
    /// The form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The ad; `None` for one that no ad brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad: Option<String>,
    /// The ad's group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_group: Option<String>,
    /// When it was filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// Apps and their parts in the Page's conversations.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AppRoles {
    /// Each app with its roles: `primary_receiver`, `secondary_receiver`.
    pub roles: Vec<(AppId, Vec<String>)>,
}

/// Meta's policy strikes, or lets go.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// What it does.
    pub act: PolicyAct,
    /// Why, in Meta's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What Meta's policy does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyAct {
    /// Nothing yet.
    Warning,
    /// The Page may not send.
    Block,
    /// The Page may send again.
    Unblock,
    /// Something that this build does not know.
    Other(String),
}

/// Meta's judgement of the Page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Integrity {
    /// Meta's word for the standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Kinds of violations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<String>,
    /// What is restricted, each with its state: `messaging: ACTIVE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restrictions: Vec<String>,
}

/// Meta looked at a message template.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateStatus {
    /// The template's name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Its language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// `APPROVED`, `REJECTED`, `PAUSED`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Why, in Meta's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Something of the Page changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Changed {
    /// Meta's field: `hours`, `phone`, `picture`.
    pub field: String,
}

/// Somebody who has no id on this Page yet: a plugin on a web page knows them by a reference of its own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stranger {
    /// What they did: `optin`, `postback`, `message`, `referral`, …
    pub deed: String,
    /// The plugin's reference.
    pub reference: Redacted<String>,
    /// The Page's own mark on the plugin, or the button's payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Redacted<String>>,
}

/// What happened to the app's installation, or to a person's permissions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Installation {
    /// Meta's `object`: `application`, `permissions`, `user`.
    pub object: String,
    /// What changed: `business_integration_uninstall`, `email`.
    pub field: String,
    /// `granted`, `revoked`, `update`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
}
