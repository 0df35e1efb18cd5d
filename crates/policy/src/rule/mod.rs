//! The rules of Meta, one per file. An edition lists the ones that hold and the order in which they are asked.
//!
//! A rule sees the facts, the instant and the edition, and either answers or passes. It never changes once an edition
//! lists it; another wording of Meta's is another rule.

mod ad_window;
mod content_limits;
mod human_agent;
mod never_wrote;
mod no_templates;
mod privacy_limit;
mod retired_tags;
mod standard_window;
mod thread_control;
mod update_tags;
mod utility_template;

use core::fmt;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Edition, Facts, ForbidReason, MessagingType};

/// The name of a rule, as stored with a verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleId {
    /// Only the app that owns the thread sends.
    ThreadControl,
    /// A Page only answers.
    NeverWrote,
    /// Sizes and counts that Meta takes.
    ContentLimits,
    /// What Meta refused for privacy rules is not tried again for a while.
    PrivacyLimit,
    /// Approved templates go in and outside of every window.
    UtilityTemplate,
    /// There are no templates yet.
    NoTemplates,
    /// 24 hours from the customer's last opening action.
    StandardWindow,
    /// Seven days from the first message after a Click-to-Messenger ad.
    AdWindow,
    /// Three tags for news, outside the window.
    UpdateTags,
    /// The three tags are no longer accepted.
    RetiredTags,
    /// A person answers up to seven days after the message.
    HumanAgent,
}

impl RuleId {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ThreadControl,
        Self::NeverWrote,
        Self::ContentLimits,
        Self::PrivacyLimit,
        Self::UtilityTemplate,
        Self::NoTemplates,
        Self::StandardWindow,
        Self::AdWindow,
        Self::UpdateTags,
        Self::RetiredTags,
        Self::HumanAgent,
    ];

    /// A stable word for interfaces.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ThreadControl => "thread-control",
            Self::NeverWrote => "never-wrote",
            Self::ContentLimits => "content-limits",
            Self::PrivacyLimit => "privacy-limit",
            Self::UtilityTemplate => "utility-template",
            Self::NoTemplates => "no-templates",
            Self::StandardWindow => "standard-window",
            Self::AdWindow => "ad-window",
            Self::UpdateTags => "update-tags",
            Self::RetiredTags => "retired-tags",
            Self::HumanAgent => "human-agent",
        }
    }

    /// What the rule says, in a sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ThreadControl => "Only the app that owns the thread sends; others are refused.",
            Self::NeverWrote => {
                "A Page only answers: who never did anything that opens a conversation is not written to."
            }
            Self::ContentLimits => {
                "A text has at most 2,000 characters, a message at most 13 buttons, an image at most 8 MB and any other \
                 attachment at most 25 MB."
            }
            Self::PrivacyLimit => {
                "For 30 days after Meta refused something in a conversation for the privacy rules of Europe and Japan, \
                 audio, video and files are refused in it."
            }
            Self::UtilityTemplate => {
                "A utility template is permitted in and outside of every window, as UTILITY, if Meta granted the \
                 permission."
            }
            Self::NoTemplates => "A utility template is refused: Meta does not know any yet.",
            Self::StandardWindow => {
                "Within 24 hours of the customer's last opening action anything is permitted, as RESPONSE."
            }
            Self::AdWindow => {
                "Past that, anything is permitted within 7 days of the first message that followed a click on a \
                 Click-to-Messenger ad, as RESPONSE, unless Meta refused one that rested on it."
            }
            Self::UpdateTags => {
                "Past that, a message that asks for CONFIRMED_EVENT_UPDATE, ACCOUNT_UPDATE or POST_PURCHASE_UPDATE is \
                 permitted under that tag."
            }
            Self::RetiredTags => {
                "Past that, a message that asks for CONFIRMED_EVENT_UPDATE, ACCOUNT_UPDATE or POST_PURCHASE_UPDATE is \
                 refused: Meta no longer accepts these tags."
            }
            Self::HumanAgent => {
                "Past that, what a person wrote is permitted within 7 days of the customer's message, as HUMAN_AGENT, if \
                 Meta granted the feature."
            }
        }
    }
}

/// Why a rule has nothing to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pass {
    /// No other app owns the thread.
    OwnThread,
    /// The customer did something that opens a conversation, last at this instant.
    Opened {
        /// When.
        at: Timestamp,
    },
    /// The rule's window is over.
    Over {
        /// First instant outside of it, guard included.
        ended_at: Timestamp,
    },
    /// Nothing that the customer did counts towards the rule's window.
    NothingCounts,
    /// Meta refused a message that rested on this window: it does not hold here.
    RefusedByMeta,
    /// It is no larger than Meta takes.
    WithinLimits,
    /// Meta refused nothing in this conversation for privacy rules.
    NothingRefused,
    /// Meta refused something in this conversation for privacy rules, but takes this kind.
    KindAllowed,
    /// It is no template.
    NoTemplate,
    /// The message asks for no tag.
    NoTagAsked,
    /// No person wrote it.
    NoPersonWrote,
}

impl Pass {
    /// A stable word for interfaces.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OwnThread => "own-thread",
            Self::Opened { .. } => "opened",
            Self::Over { .. } => "over",
            Self::NothingCounts => "nothing-counts",
            Self::RefusedByMeta => "refused-by-meta",
            Self::WithinLimits => "within-limits",
            Self::NothingRefused => "nothing-refused",
            Self::KindAllowed => "kind-allowed",
            Self::NoTemplate => "no-template",
            Self::NoTagAsked => "no-tag-asked",
            Self::NoPersonWrote => "no-person-wrote",
        }
    }
}

/// What a rule says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Nothing, because of this; the next rule is asked.
    Pass(Pass),
    /// Yes.
    Permit {
        /// Marked in this way.
        messaging_type: MessagingType,
        /// First instant at which this no longer holds.
        until: Timestamp,
    },
    /// No.
    Forbid(ForbidReason),
}

/// The end of what has no end.
pub(crate) const NEVER: Timestamp = Timestamp(i64::MAX);

/// A rule with its name.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) id: RuleId,
    pub(crate) ask: fn(&Facts, Timestamp, &Edition) -> Answer,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id.code())
    }
}

pub(crate) const THREAD_CONTROL: Rule = Rule { id: RuleId::ThreadControl, ask: thread_control::ask };
pub(crate) const NEVER_WROTE: Rule = Rule { id: RuleId::NeverWrote, ask: never_wrote::ask };
pub(crate) const CONTENT_LIMITS: Rule = Rule { id: RuleId::ContentLimits, ask: content_limits::ask };
pub(crate) const PRIVACY_LIMIT: Rule = Rule { id: RuleId::PrivacyLimit, ask: privacy_limit::ask };
pub(crate) const UTILITY_TEMPLATE: Rule = Rule { id: RuleId::UtilityTemplate, ask: utility_template::ask };
pub(crate) const NO_TEMPLATES: Rule = Rule { id: RuleId::NoTemplates, ask: no_templates::ask };
pub(crate) const STANDARD_WINDOW: Rule = Rule { id: RuleId::StandardWindow, ask: standard_window::ask };
pub(crate) const AD_WINDOW: Rule = Rule { id: RuleId::AdWindow, ask: ad_window::ask };
pub(crate) const UPDATE_TAGS: Rule = Rule { id: RuleId::UpdateTags, ask: update_tags::ask };
pub(crate) const RETIRED_TAGS: Rule = Rule { id: RuleId::RetiredTags, ask: retired_tags::ask };
pub(crate) const HUMAN_AGENT: Rule = Rule { id: RuleId::HumanAgent, ask: human_agent::ask };
