//! How much of one delivery is read: every limit of the parser with its name and reason.
//!
//! What lies beyond a limit is not lost: the raw delivery is stored, and an anomaly says what was left out.

/// Items read from one delivery. Meta promises at most 1,000 updates per POST (read 2026-11-23); ten times that is read,
/// so that a body of tiny items cannot fill the memory.
pub const ITEMS_MAX: usize = 10_000;

/// Bytes of raw text kept with an anomaly: enough for every item seen in the wild.
pub const RAW_BYTES_MAX: usize = 64 * 1024;

/// Bytes kept of a kind's key: keys are short words, and nothing longer belongs in a metric.
pub const KIND_BYTES_MAX: usize = 64;

/// Levels of nesting in an item that is kept raw; serde_json reads no deeper, so nobody could read it back.
pub const DEPTH_MAX: usize = 127;

/// Bytes of an id of a Page or a person. Meta's have 15 to 17 digits.
pub const ID_BYTES_MAX: usize = 128;
