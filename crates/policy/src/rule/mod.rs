//! The rules of Meta, one per file. An edition lists the ones that hold and the order in which they are asked.
//!
//! A rule sees the facts, the instant and the edition, and either answers or passes. It never changes once an edition
//! lists it; another wording of Meta's is another rule.

mod human_agent;
mod never_wrote;
mod retired_tags;
mod standard_window;
mod thread_control;
mod update_tags;

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
    /// 24 hours from the customer's last opening action.
    StandardWindow,
    /// Three tags for news, outside the window.
    UpdateTags,
    /// The three tags are no longer accepted.
    RetiredTags,
    /// A person answers up to seven days after the message.
    HumanAgent,
}

impl RuleId {
    /// A stable word for interfaces.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ThreadControl => "thread-control",
            Self::NeverWrote => "never-wrote",
            Self::StandardWindow => "standard-window",
            Self::UpdateTags => "update-tags",
            Self::RetiredTags => "retired-tags",
            Self::HumanAgent => "human-agent",
        }
    }
}

/// What a rule says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// Nothing; the next rule is asked.
    Pass,
    /// Yes, marked so, before `until`.
    Permit { messaging_type: MessagingType, until: Timestamp },
    /// No.
    Forbid(ForbidReason),
}

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
pub(crate) const STANDARD_WINDOW: Rule = Rule { id: RuleId::StandardWindow, ask: standard_window::ask };
pub(crate) const UPDATE_TAGS: Rule = Rule { id: RuleId::UpdateTags, ask: update_tags::ask };
pub(crate) const RETIRED_TAGS: Rule = Rule { id: RuleId::RetiredTags, ask: retired_tags::ask };
pub(crate) const HUMAN_AGENT: Rule = Rule { id: RuleId::HumanAgent, ask: human_agent::ask };
