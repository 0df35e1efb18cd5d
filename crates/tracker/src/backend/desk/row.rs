//! The desk's tables and the stored form of each row. No rules: who may change what stands in `apply`.
//!
//! What comes with every message goes to append-only tables (`comments`, `effects`, `feed`); what it must touch besides
//! is one short row of the task and one of the machine, so that a commit of hundreds of messages dirties few pages.
//! Ids are never used twice: the counters stand in `meta` and only grow.
//!
//! ```text
//! meta       name              "version" -> u32 LE; "counters" -> JSON
//! statuses   u32               JSON
//! contacts   u64               JSON
//! tasks      u64               JSON: what seldom changes; only standing tasks have one
//! standings  u64               version u8=1 | kind u8 | flags u8 | depth u8 | status u32 | count u32 | last u64 | updated_at i64 | into u64
//! machines   machine id text   version u8=1 | contact u64 | task u64 | effects head u64 | newest incarnation u32 | newest seq u64
//! comments   u64               version u8=1 | origin u8 | flags u8 | task u64 | previous of the task u64 | at i64 | JSON
//! effects    u64               version u8=1 | incarnation u32 | seq u64 | previous of the machine u64 |
//!                              newest among older: incarnation u32, seq u64 | request hash 32 B | answer 17 B
//! feed       u64 comment id    nothing
//! keys       idempotency key   request hash 32 B | answer 17 B
//! ```
//! Numbers are little-endian; id 0 means none.

mod bytes;

use model::{Attachment, MachineId, Redacted, TaskId, Timestamp};
use redb::TableDefinition;
use serde::{Deserialize, Serialize};

pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
pub(super) const STATUSES: TableDefinition<u32, &[u8]> = TableDefinition::new("statuses");
pub(super) const CONTACTS: TableDefinition<u64, &[u8]> = TableDefinition::new("contacts");
pub(super) const TASKS: TableDefinition<u64, &[u8]> = TableDefinition::new("tasks");
pub(super) const STANDINGS: TableDefinition<u64, &[u8]> = TableDefinition::new("standings");
pub(super) const MACHINES: TableDefinition<&str, &[u8]> = TableDefinition::new("machines");
pub(super) const COMMENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("comments");
pub(super) const EFFECTS: TableDefinition<u64, &[u8]> = TableDefinition::new("effects");
pub(super) const FEED: TableDefinition<u64, ()> = TableDefinition::new("feed");
pub(super) const KEYS: TableDefinition<&str, &[u8]> = TableDefinition::new("keys");

/// The layout that this build writes. A file with a greater one is refused.
pub(super) const LAYOUT_VERSION: u32 = 1;

/// Bytes that most JSON rows stay below: one allocation.
const JSON_USUAL: usize = 256;

/// A row is not what was written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the desk's {table} row {id} is damaged")]
pub(super) struct Damaged {
    /// The table.
    pub(super) table: &'static str,
    /// Its key.
    pub(super) id: u64,
}

/// What the next ids are, and what the pages count.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Counters {
    /// Last task id given.
    pub(super) task: u64,
    /// Last contact id given.
    pub(super) contact: u64,
    /// Last comment id given.
    pub(super) comment: u64,
    /// Last number of an effect's row.
    pub(super) effect: u64,
    /// Last comment of a person: where the feed ends, even if that comment was purged since.
    pub(super) fed: u64,
    /// Tasks that stand, in the trash or not.
    pub(super) standing: u64,
    /// Tasks that are active.
    pub(super) active: u64,
    /// Tasks in the trash.
    pub(super) trashed: u64,
    /// Tasks merged away.
    pub(super) merged: u64,
    /// Tasks gone for good.
    pub(super) purged: u64,
}

/// A status.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct StatusRow {
    /// Its name.
    pub(super) name: String,
    /// Whether a task in it takes the customer's next message.
    pub(super) active: bool,
}

/// A contact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct ContactRow {
    /// Whose it is.
    pub(super) key: MachineId,
    /// The name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Redacted<String>>,
    /// A person typed the name: no profile overwrites it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(super) typed: bool,
    /// A person said that this is the same human as that contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) merged_into: Option<u64>,
    /// When it was changed last.
    pub(super) at: Timestamp,
}

/// What of a standing task seldom changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct TaskRow {
    /// Its name.
    pub(super) name: Redacted<String>,
    /// The machine whose messages it collects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binding: Option<MachineId>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<u64>,
    /// The task before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) previous: Option<TaskId>,
    /// When it was opened.
    pub(super) opened_at: Timestamp,
    /// Newest comments of the tasks merged into this one; their comments are read with its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) absorbed: Vec<u64>,
}

/// Where a task stands: the row that every message touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    /// What it is.
    pub(super) kind: StandingKind,
    /// How many merges the longest way to this task has.
    pub(super) depth: u8,
    /// Its own comments and the absorbed ones.
    pub(super) count: u32,
    /// Its newest own comment.
    pub(super) last: u64,
    /// Time of the newest change.
    pub(super) updated_at: Timestamp,
}

/// What a task id stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StandingKind {
    /// A task.
    Stands {
        /// Its status.
        status: u32,
        /// Whether it lies in the trash.
        trashed: bool,
    },
    /// Another task took it in.
    Merged {
        /// That task.
        into: u64,
    },
    /// Gone for good.
    Purged,
}

/// Which (incarnation, seq) an effect has within its machine.
pub(super) type EffectNumber = (u32, u64);

/// What the desk keeps per machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct MachineRow {
    /// The contact with this key.
    pub(super) contact: u64,
    /// The newest task bound to it.
    pub(super) task: u64,
    /// The newest row of its effects.
    pub(super) effects: u64,
    /// The greatest number among its effects.
    pub(super) newest: EffectNumber,
}

/// A comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CommentRow {
    /// Who wrote it.
    pub(super) origin: Origin,
    /// It is the first of its task.
    pub(super) description: bool,
    /// The task it was written on.
    pub(super) task: u64,
    /// The comment of that task before it.
    pub(super) prev: u64,
    /// When.
    pub(super) at: Timestamp,
    /// The rest.
    pub(super) body: CommentBody,
}

/// Who wrote a comment, as stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// The customer.
    Customer,
    /// The Page, but not through us.
    Outside,
    /// A person in the desk, for the customer.
    AgentToCustomer,
    /// A person in the desk, for colleagues.
    AgentInternal,
    /// The desk itself.
    System,
}

/// The part of a comment that is JSON.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct CommentBody {
    /// The text.
    pub(super) text: Redacted<String>,
    /// Which person wrote it, as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
    /// What was attached, by reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) attachments: Vec<Attachment>,
    /// A person's comment: what the task was bound to when it was written, so that a later merge cannot redirect it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binding: Option<MachineId>,
}

/// An effect that was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct EffectRow {
    /// Its number.
    pub(super) number: EffectNumber,
    /// The row of the same machine before it.
    pub(super) prev: u64,
    /// The greatest number among the rows before it.
    pub(super) below: EffectNumber,
    /// SHA-256 of the request's canonical JSON.
    pub(super) hash: [u8; 32],
    /// What it was answered.
    pub(super) answer: Answer,
}

/// What a request was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// A task was opened for a contact.
    Opened {
        /// The task.
        task: u64,
        /// The contact.
        contact: u64,
    },
    /// Comments were added.
    Added {
        /// Where.
        task: u64,
    },
    /// Nothing was added to a task that is not active.
    Inactive,
    /// Nothing was added to a task that is gone.
    Gone,
    /// A person's comment stands.
    Commented {
        /// Its id.
        comment: u64,
    },
    /// It is so now.
    Settled,
}

impl Answer {
    /// The task that it gave to whoever asked.
    pub(super) fn task(self) -> Option<u64> {
        match self {
            Self::Opened { task, .. } | Self::Added { task } => Some(task),
            Self::Inactive | Self::Gone | Self::Commented { .. } | Self::Settled => None,
        }
    }
}

/// A JSON row's bytes.
pub(super) fn json(row: &impl Serialize) -> Vec<u8> {
    json_in(Vec::with_capacity(JSON_USUAL), row)
}

/// A JSON row's bytes, after what stands in `bytes`.
pub(super) fn json_in(mut bytes: Vec<u8>, row: &impl Serialize) -> Vec<u8> {
    serde_json::to_writer(&mut bytes, row).expect("a row is plain words and numbers, which JSON can always say");
    bytes
}
