//! Stored bytes read and written again without a store: for whoever holds the layouts to what they promise.
//!
//! Nothing is decided here and no table is known. Invariant: what a layout reads is everything that it holds, so writing
//! it again gives the same bytes.

use std::sync::Arc;

use bytes::Bytes;

use crate::api::{Batch, ReadFault};
use crate::inbox::{Delivery, half_again, half_with_checksums};
use crate::row::{self, Placement, Row};
use crate::seal::Entropy;

/// Reads a row of the log as it would lie at `position` and writes it again from what was read.
///
/// # Errors
/// [`ReadFault::Damaged`] where it is no such row; [`ReadFault::KeyGone`] where it is one with a sealed record, which
/// nobody can write again without the machine's key.
pub fn row_again(position: u64, bytes: &[u8]) -> Result<Vec<u8>, ReadFault> {
    let row = Row::parse(position, bytes)?;
    let stored = row.open(None)?;
    let batch = Batch {
        key: Arc::clone(&stored.key),
        expected: row.first_seq - 1,
        at: stored.at,
        records: stored.records.into_iter().map(|stored| stored.record).collect(),
        closes: row.closes().collect(),
        armed: stored.armed,
        baseline: stored.baseline,
        snapshot: None,
    };
    let placement = Placement { position, previous: row.previous, key_id: row.key_id, seal_key: None };
    let mut out = vec![0; row::length(&batch)];
    row::encode(&batch, &placement, &mut Unasked, &mut out);
    Ok(out)
}

/// The same bytes with the checksum that a row at `position` has; those too short for one stay as they are.
pub fn row_with_checksum(position: u64, bytes: &[u8]) -> Vec<u8> {
    row::with_checksum(position, bytes.to_vec())
}

/// The frames of a half of `inbox.wal`, the places between them that hold none, and the half written again from its
/// generation and frames; `None` where no half begins there.
pub fn frames_again(half: &Bytes) -> Option<(Vec<Delivery>, Vec<usize>, Vec<u8>)> {
    half_again(half)
}

/// The same bytes with the checksums that a half's head and whatever looks like a frame would have.
pub fn frames_with_checksums(bytes: &[u8]) -> Bytes {
    half_with_checksums(bytes.to_vec()).into()
}

/// Nothing is sealed here.
struct Unasked;

impl Entropy for Unasked {
    fn fill(&mut self, _bytes: &mut [u8]) {
        unreachable!("a row with a sealed record was not opened");
    }
}
