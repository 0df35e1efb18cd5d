//! What the web asks of the node behind it. The node implements this; no actor, store or client type shows through.
//!
//! Invariant: everything that changes a conversation goes through here or through the tracker, never through a read model.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use machine::Context;
use machine::conversation::attempts::Attempts;
use machine::conversation::transcript::Transcript;
use machine::conversation::{Reply, Resolution, State};
use machine::outbound::PartId;
use model::{MachineId, PageId, Timestamp};
use serde::Serialize;

/// The node as the web sees it.
pub trait Node: Send + Sync + 'static {
    /// Keeps a signed delivery. `Ok` only when it is durable: 200 is answered after nothing less.
    fn accept(&self, body: Bytes) -> BoxFuture<'_, Result<(), NotAccepted>>;

    /// Counts a refused webhook request by a stable reason; nothing of it is stored.
    fn refused(&self, reason: &'static str);

    /// Asks the actors, the stores and the follower; slow or dead parts are named.
    fn ready(&self) -> BoxFuture<'_, Readiness>;

    /// A conversation rebuilt from its journal; `None` where nothing was ever journaled.
    fn conversation(&self, id: &MachineId) -> BoxFuture<'_, Result<Option<ConversationNow>, Unavailable>>;

    /// A person's decision about a part that is failed, refused or in doubt. `false`: it does not apply (any more).
    fn resolve(
        &self,
        id: &MachineId,
        part: PartId,
        resolution: Resolution,
        by: String,
    ) -> BoxFuture<'_, Result<bool, Unavailable>>;

    /// A script's answer to a customer; one from a source that is known changes nothing. Resolves when it is durable.
    fn reply(&self, id: &MachineId, reply: Reply) -> BoxFuture<'_, Result<(), Unavailable>>;

    /// The one clock.
    fn now(&self) -> Timestamp;

    /// The one source of chance: fills the bytes with what nobody can guess.
    fn entropy(&self, bytes: &mut [u8]);
}

/// Why a delivery was not kept; Meta sends it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAccepted {
    /// The inbox holds too much or too old.
    #[error("the inbox holds too much or too old")]
    Overloaded,
    /// The commit failed.
    #[error("the commit failed")]
    StoreFailed,
}

/// A part of the node cannot answer now. The text says which and why, without full stop and free of customer text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not available now: {0}")]
pub struct Unavailable(pub String);

/// Whether the node does its work.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Readiness {
    /// All parts answered in time.
    pub ready: bool,
    /// Each of them.
    pub parts: Vec<PartHealth>,
    /// What an operator should know of, counted since the node's start.
    pub since_start: SinceStart,
    /// Pages whose messages wait, in order of their ids; the node is ready all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paused: Vec<PausedPage>,
}

/// A Page whose messages wait, for what Meta or the way to it said of all of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PausedPage {
    /// Its id.
    pub page: PageId,
    /// Stable name of the reason: a row of the error table, `graph-unreachable`, `graph-failing` or `calls-used-up`.
    pub reason: String,
    /// From then on one message at a time asks whether the others may follow.
    pub until: Timestamp,
}

/// What came to the webhook and reached no conversation, since the node's start.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct SinceStart {
    /// Requests that were refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Items that nobody understood, by reason. They are kept.
    pub anomalies: BTreeMap<String, u64>,
    /// Items that were understood and set aside, by cause. They are kept.
    pub quarantined: BTreeMap<String, u64>,
}

/// How one part of the node is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PartHealth {
    /// Its name, stable.
    pub name: String,
    /// It answered in time.
    pub ok: bool,
    /// What it said, or what is wrong.
    pub detail: String,
}

/// A conversation at this moment.
#[derive(Clone, Debug)]
pub struct ConversationNow {
    /// What the machine knows.
    pub state: State,
    /// What was said, in order.
    pub transcript: Transcript,
    /// The attempts to send each part.
    pub attempts: Attempts,
    /// The settings and Page facts that a decision would use now.
    pub context: Context,
}
