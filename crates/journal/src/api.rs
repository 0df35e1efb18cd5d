//! The contract of a journal: what a batch is, and what may come back.
//!
//! Written so that an adapter on another log (one subject per machine, compare-and-set) can keep it too.

use std::sync::Arc;

/// A machine's name as bytes. Ordered; the journal never looks inside.
pub type Key = Arc<[u8]>;

/// Where a batch lies in the journal as a whole. Opaque: comparable, may be sparse, never "the next one is + 1".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Position(pub u64);

/// One stored event of a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Kind number of the machine's codec.
    pub kind: u16,
    /// Version of that kind's body.
    pub version: u8,
    /// Holds what a customer said or is called: sealed at rest with the machine's own key.
    pub sealed: bool,
    /// This event named an effect, which stays open until a later batch closes it.
    pub opens: bool,
    /// The codec's bytes.
    pub body: Vec<u8>,
}

/// An effect that is not settled yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpenEffect {
    /// The batch that named it.
    pub position: Position,
    /// Index of the record in that batch.
    pub index: u16,
}

/// A cached state: deleting every one of them changes only how long a start takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The state holds every record up to and including this one.
    pub seq: u64,
    /// Version of the body.
    pub version: u8,
    /// The codec's bytes; always sealed at rest.
    pub body: Vec<u8>,
}

/// What one decision makes true.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Whose.
    pub key: Key,
    /// Number of this machine's last record before this batch; 0 where there is none. Another number is a [`AppendFault::Conflict`].
    pub expected: u64,
    /// When it was decided, milliseconds since 1970.
    pub at: i64,
    /// The events; the first is the fact. Their numbers are `expected + 1 …`, dense per machine. Empty only to move the
    /// deadline row of a machine that was woken and found nothing due.
    pub records: Vec<Record>,
    /// Effects this batch settles.
    pub closes: Vec<OpenEffect>,
    /// The machine's deadline row after this batch (ms since 1970), if it has one. The caller moves it only when it must
    /// become earlier or when it has fired; the same value as before writes nothing.
    pub armed: Option<i64>,
    /// This batch is a baseline: its first record holds the whole state, readers need nothing older, and what is older may be dropped.
    pub baseline: bool,
    /// A cached state to keep beside it.
    pub snapshot: Option<Snapshot>,
}

/// A batch is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Where it lies.
    pub position: Position,
}

/// A batch is not, or perhaps not, durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppendFault {
    /// The machine's last record is not the expected one: somebody else wrote, or an earlier batch of ours failed.
    #[error("the machine's last record is {head}, not the expected one")]
    Conflict {
        /// The number of the machine's last record.
        head: u64,
    },
    /// It may or may not have happened: read again before anything else.
    #[error("the commit's outcome is unknown")]
    Unknown,
    /// It can never be stored (too large, empty).
    #[error("the batch breaks a limit: {0}")]
    Refused(&'static str),
    /// Not now: disk full, store being reopened, queue full. Nothing of it is stored.
    #[error("the store cannot take it now")]
    Unavailable,
}

/// Reading failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadFault {
    /// The bytes are not what was written: checksum, gap, unknown layout. A person must look.
    #[error("the journal is damaged at position {position}: {what}")]
    Damaged {
        /// Where.
        position: u64,
        /// What is wrong, in words.
        what: String,
    },
    /// The customer's key is gone, as after an erasure without a baseline.
    #[error("the key of a sealed record at position {position} is gone")]
    KeyGone {
        /// Where.
        position: u64,
    },
    /// The file cannot be read now.
    #[error("the store cannot be read: {0}")]
    Unavailable(String),
}

/// One record as read back, opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Its dense number in its machine, from 1.
    pub seq: u64,
    /// Its index in its batch.
    pub index: u16,
    /// As appended.
    pub record: Record,
}

/// One batch as read back, opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredBatch {
    /// Where it lies.
    pub position: Position,
    /// Whose.
    pub key: Key,
    /// When it was decided.
    pub at: i64,
    /// The machine's deadline row after it.
    pub armed: Option<i64>,
    /// Whether it is a baseline.
    pub baseline: bool,
    /// Its records.
    pub records: Vec<Stored>,
}

/// Everything needed to rebuild one machine.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// The newest usable snapshot, if any was asked for.
    pub snapshot: Option<Snapshot>,
    /// Batches after it (or since the newest baseline), oldest first.
    pub batches: Vec<StoredBatch>,
    /// Number of the machine's last record, 0 for an unknown machine.
    pub head: u64,
    /// The machine's deadline row.
    pub armed: Option<i64>,
}

/// A machine whose deadline has come.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Due {
    /// The deadline row, ms since 1970.
    pub at: i64,
    /// Whose.
    pub key: Key,
}

/// Called once when an append's fate is known; runs on the writer, so it must only pass the word on.
pub type Done<T, E> = Box<dyn FnOnce(Result<T, E>) + Send>;

/// An ordered, durable journal of many machines.
pub trait Journal: Send + Sync {
    /// Hands a batch over. Returns at once; `done` is called exactly once. Batches of one machine keep their order.
    fn append(&self, batch: Batch, done: Done<Appended, AppendFault>);

    /// Everything of one machine since its newest baseline, or since its snapshot if `use_snapshot`. Sees every batch whose `done` was called.
    fn read(&self, key: &[u8], use_snapshot: bool) -> Result<History, ReadFault>;

    /// Up to `limit` batches of all machines after `after`, in order. For read models.
    fn tail(&self, after: Position, limit: usize) -> Result<Vec<StoredBatch>, ReadFault>;

    /// One batch.
    fn batch(&self, position: Position) -> Result<Option<StoredBatch>, ReadFault>;

    /// Up to `limit` unsettled effects after `after`, in order.
    fn open_effects(&self, after: Option<OpenEffect>, limit: usize) -> Result<Vec<OpenEffect>, ReadFault>;

    /// Up to `limit` machines whose deadline row is at or before `until`, earliest first, after `after`.
    fn due(&self, until: i64, after: Option<&Due>, limit: usize) -> Result<Vec<Due>, ReadFault>;

    /// The earliest deadline row of all.
    fn next_due(&self) -> Result<Option<i64>, ReadFault>;

    /// The position of the newest durable batch.
    fn last(&self) -> Position;
}
