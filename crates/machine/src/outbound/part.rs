//! One message to the customer and what became of it.

use core::fmt;

use model::{Mid, Timestamp};
use policy::{Author, DeferReason, ForbidReason, RuleId, UpdateTag};
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::source::Source;

/// Number of a part within its conversation, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartId(pub u32);

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One message to the customer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// The comment or the call it comes from.
    #[serde(flatten)]
    pub source: Source,
    /// Who wrote it.
    pub author: Author,
    /// A special message's tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<UpdateTag>,
    /// What it carries.
    pub content: Content,
    /// When it was written.
    pub queued_at: Timestamp,
    /// How often it was started.
    pub attempts: u32,
    /// At so many starts a passing trouble is no longer waited out; a person's retry raises it.
    pub attempts_max: u32,
    /// The rule that permitted its newest start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// When its newest start was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Where it stands.
    pub state: PartState,
}

/// Where a part stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PartState {
    /// Waits for its turn, or until `not_before`.
    Queued {
        /// Not tried before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<Timestamp>,
    },
    /// Waits for something a person or Meta must mend.
    Held {
        /// What.
        reason: DeferReason,
        /// Looked at last.
        since: Timestamp,
    },
    /// The call is under way.
    InFlight {
        /// Number of the event that named the effect.
        effect: u64,
        /// Since.
        since: Timestamp,
    },
    /// Sent or not: unknown.
    InDoubt {
        /// Number of the event that named the effect.
        effect: u64,
        /// The queue waits for the echo until then.
        until: Timestamp,
        /// A person was told; the queue goes on.
        told: bool,
        /// It is looked for in the thread then; `None`: that is done, or is not to be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read_at: Option<Timestamp>,
    },
    /// Meta has it.
    Sent {
        /// Meta's id; `None` where a person said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mid: Option<Mid>,
        /// When we learned of it.
        at: Timestamp,
    },
    /// Not sent: the rules forbid it.
    Refused {
        /// Which.
        reason: ForbidReason,
    },
    /// Not sent: Meta refused it.
    Failed {
        /// Stable name of the error table's row.
        reason: String,
    },
}
