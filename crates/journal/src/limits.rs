//! What the store refuses to take, with names and reasons. No logic.
//!
//! Invariant: whatever passes these limits fits the row layouts, so encoding cannot overflow a field.

/// Bytes of one record's body, before sealing. A decision is small; what is larger belongs beside the journal.
pub const RECORD_BODY_MAX: usize = 1 << 20;

/// Bytes of a whole state: a snapshot, or a record of a baseline batch.
pub const STATE_BODY_MAX: usize = 16 << 20;

/// Records of one batch. One decision makes few events.
pub const RECORDS_MAX: usize = 1024;

/// Effects that one batch may settle.
pub const CLOSES_MAX: usize = 1024;

/// Bytes of a machine's key. Page id plus PSID need less than 64.
pub const KEY_LENGTH_MAX: usize = 512;

/// Bytes of all bodies of one batch together, snapshot included.
pub const BATCH_BYTES_MAX: usize = 48 << 20;

/// Bytes of one delivery's body. The ingress has its own, smaller limit; this one protects the file.
pub const DELIVERY_BODY_MAX: usize = 16 << 20;

/// Bytes of each half of `inbox.wal`: room for the longest delivery, and for half a second of the fastest traffic.
pub(crate) const WAL_HALF_BYTES: u64 = 24 << 20;

/// Bytes of deliveries in the log alone after which they get their rows, in one commit: a row in a big commit costs a
/// fraction of what it costs in a small one.
pub(crate) const SHELVE_BYTES: usize = 1 << 20;

/// Machines whose heads are kept in memory once they are stored; twice as many at the worst.
pub(crate) const HEAD_CACHE_MAX: usize = 64 << 10;

/// Sealing keys kept in memory; twice as many at the worst.
pub(crate) const KEY_CACHE_MAX: usize = 64 << 10;

/// Keys made ahead in one durable step, so that a new machine costs no sync of its own.
pub(crate) const KEY_BLOCK: u64 = 4096;

/// Parts in which the dirty heads are stored: one commit stores one part.
pub(crate) const SWEEP_PARTS: usize = 64;

/// Rows that one commit drops while pruning, so that appends behind it wait little.
pub(crate) const PRUNE_STEP_MAX: usize = 1024;

/// Forgotten deliveries that are remembered in memory alone before they cause a commit of their own.
pub(crate) const FORGETS_UNSTORED_MAX: u64 = 1024;

/// Forgotten deliveries that go along with the next commit; fewer wait, they cost a row write each time.
pub(crate) const FORGETS_ALONG_MIN: u64 = 64;

/// Ranges of forgotten deliveries above the watermark that are stored; what is beyond is offered again after a crash.
pub(crate) const FORGOTTEN_RANGES_MAX: usize = 256;
