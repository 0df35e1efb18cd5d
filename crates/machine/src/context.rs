//! What a decision may know beside its own state: settings and Page facts, each with the version it had.
//!
//! Made by the account and Page machines from their own journaled events, never from configuration directly.

use model::{AppId, Span};
use policy::{Calendar, EditionId, Guards, HumanAgentBase};
use serde::{Deserialize, Serialize};

/// Settings, Page facts and the rules in force.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Context {
    /// The account's settings.
    pub account: AccountFacts,
    /// Number of the account's last settings change.
    pub account_version: u64,
    /// The Page's facts.
    pub page: PageFacts,
    /// Number of the Page's last change of facts.
    pub page_version: u64,
    /// Replays may fix the edition; `None` takes the one in force at `now`.
    pub edition: Option<EditionId>,
}

/// Settings of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountFacts {
    /// On: a message to a task that is not active opens a new one. Off: only a task that is gone is replaced.
    pub new_task_if_none_active: bool,
    /// Whether this installation was granted Meta's Human Agent feature.
    pub human_agent: bool,
    /// Whether this installation may send utility templates.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub utility: bool,
    /// Whether an agent's answer takes a conversation over from another app, where Meta lets this installation do that.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub take_control: bool,
    /// From which action the 7 days of HUMAN_AGENT count.
    pub human_agent_base: HumanAgentBase,
    /// Safety distance before each window edge.
    pub guards: Guards,
    /// Whether profiles are asked for names.
    pub profiles: bool,
    /// How long a new task waits for the customer's name.
    pub gather: Span,
    /// How long an unclear send waits for its echo before a person is told and the queue goes on.
    pub doubt: Span,
    /// From which day on each edition of the policy is in force.
    #[serde(skip_serializing_if = "Calendar::is_as_named")]
    pub effective_from: Calendar,
    /// Our own app, so that an echo can be told from another app's.
    pub app: Option<AppId>,
}

impl Default for AccountFacts {
    fn default() -> Self {
        Self {
            new_task_if_none_active: true,
            human_agent: false,
            utility: false,
            take_control: false,
            human_agent_base: HumanAgentBase::default(),
            guards: Guards::default(),
            profiles: true,
            gather: Span::seconds(5),
            doubt: Span::minutes(10),
            effective_from: Calendar::default(),
            app: None,
        }
    }
}

/// Facts of a Page.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PageFacts {
    /// Configured on this node; items of other Pages are quarantined.
    pub known: bool,
    /// The Page's name, public.
    pub name: String,
    /// There is a token that Meta did not refuse.
    pub token: bool,
    /// Tells one token from another without being one (a short hash), so that a refused token stays refused after a
    /// restart and a new one does not. Empty where there is none.
    pub token_mark: String,
    /// Meta forbids the Page to send for now.
    pub restricted: bool,
}
