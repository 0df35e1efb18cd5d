//! Heads: where each machine's newest batch lies. Kept in memory while dirty, stored lazily, rebuilt from the log.
//!
//! Writing a machine's head with each of its batches would scatter writes over the whole file. Instead each commit
//! stores one 64th of the dirty heads, in key order; when the cursor has passed the last key, every head up to the
//! position where that pass began is stored, and `meta.heads_from` says so. Invariant: a head that is not in memory
//! is in the table; after a crash the log after `heads_from` gives back what memory held.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::api::Key;
use crate::limits::SWEEP_PARTS;
use crate::row::{Eye, Short};

/// The end of one machine's chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Head {
    /// Its newest batch, 0 for an unknown machine.
    pub(crate) position: u64,
    /// Number of its last record.
    pub(crate) seq: u64,
    /// Id of its sealing key, 0 for none yet.
    pub(crate) key_id: u64,
    /// Its deadline row.
    pub(crate) armed: Option<i64>,
}

/// Bytes of a stored head: position u64, seq u64, key id u64, armed flag u8, armed i64; all little-endian.
pub(crate) const HEAD_BYTES: usize = 33;

impl Head {
    /// The stored form.
    pub(crate) fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..8].copy_from_slice(&self.position.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.seq.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.key_id.to_le_bytes());
        bytes[24] = u8::from(self.armed.is_some());
        bytes[25..].copy_from_slice(&self.armed.unwrap_or(0).to_le_bytes());
        bytes
    }

    /// Reads the stored form.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Short> {
        let mut eye = Eye { bytes, at: 0 };
        let position = u64::from_le_bytes(eye.array()?);
        let seq = u64::from_le_bytes(eye.array()?);
        let key_id = u64::from_le_bytes(eye.array()?);
        let [armed] = eye.array()?;
        let at = i64::from_le_bytes(eye.array()?);
        Ok(Self { position, seq, key_id, armed: (armed != 0).then_some(at) })
    }
}

/// What writer and readers share: everything in it is committed.
#[derive(Debug, Default)]
pub(crate) struct Shared(RwLock<Committed>);

/// Heads that are not in the table yet, and the newest position.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    /// Heads newer than their row.
    pub(crate) dirty: BTreeMap<Key, Head>,
    /// The newest durable batch.
    pub(crate) last: u64,
    /// How often the store was restored.
    pub(crate) incarnation: u32,
}

impl Shared {
    /// For looking.
    pub(crate) fn look(&self) -> RwLockReadGuard<'_, Committed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the writer, after a commit.
    pub(crate) fn publish(&self) -> RwLockWriteGuard<'_, Committed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the sweep stands. The writer's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sweep {
    cursor: Option<Key>,
    began_at: u64,
}

/// What one commit stores of the dirty heads.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// The heads to store.
    pub(crate) heads: Vec<(Key, Head)>,
    /// Set when this part ends a pass: the new `heads_from`.
    pub(crate) heads_from: Option<u64>,
    next: Sweep,
}

impl Sweep {
    /// A sweep that begins its first pass behind `last`.
    pub(crate) fn begin(last: u64) -> Self {
        Self { cursor: None, began_at: last }
    }

    /// Chooses the next part. `newer` holds what the running group adds, up to position `last`; it is stored instead
    /// of an older head of the same machine.
    pub(crate) fn part(&self, dirty: &BTreeMap<Key, Head>, newer: &BTreeMap<Key, Head>, last: u64) -> Part {
        self.choose(dirty, newer, last, dirty.len().div_ceil(SWEEP_PARTS))
    }

    /// Chooses everything, for an orderly end.
    pub(crate) fn all(&self, dirty: &BTreeMap<Key, Head>, last: u64) -> Part {
        Sweep::begin(last).choose(dirty, &BTreeMap::new(), last, usize::MAX)
    }

    fn choose(&self, dirty: &BTreeMap<Key, Head>, newer: &BTreeMap<Key, Head>, last: u64, count: usize) -> Part {
        let from = self.cursor.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = dirty.range::<Key, _>((from, Bound::Unbounded));
        let heads: Vec<_> =
            rest.by_ref().take(count).map(|(key, head)| (key.clone(), *newer.get(key).unwrap_or(head))).collect();
        if rest.next().is_some() {
            let cursor = heads.last().map(|(key, _)| key.clone()).or_else(|| self.cursor.clone());
            return Part { heads, heads_from: None, next: Sweep { cursor, began_at: self.began_at } };
        }
        Part { heads, heads_from: Some(self.began_at), next: Sweep::begin(last) }
    }

    /// Moves on, after the part was committed.
    pub(crate) fn advance(&mut self, part: &Part) {
        self.clone_from(&part.next);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn key(number: u64) -> Key {
        Arc::from(number.to_be_bytes())
    }

    fn head(position: u64) -> Head {
        Head { position, seq: position, key_id: 0, armed: None }
    }

    #[test]
    fn a_head_comes_back_as_it_was_stored() {
        for armed in [None, Some(0), Some(-7)] {
            let head = Head { position: 1, seq: 2, key_id: 3, armed };
            assert_eq!(Head::decode(&head.encode()).ok(), Some(head));
        }
        assert!(Head::decode(&[0; HEAD_BYTES - 1]).is_err());
    }

    /// The invariant, over many commits of random machines: what the table lacks lies after `heads_from`.
    #[test]
    fn whatever_the_table_lacks_lies_after_heads_from() {
        let (mut dirty, mut table) = (BTreeMap::new(), BTreeMap::new());
        let (mut sweep, mut heads_from, mut passes) = (Sweep::begin(0), 0, 0);
        let mut truth = BTreeMap::new();
        let mut position = 0;
        for commit in 0..2000u64 {
            let mut newer = BTreeMap::new();
            for step in 0..commit % 9 {
                position += 1;
                newer.insert(key((commit * 31 + step * 17) % 300), head(position));
            }
            let part = sweep.part(&dirty, &newer, position);
            sweep.advance(&part);
            truth.extend(newer.clone());
            dirty.extend(newer);
            for (key, head) in &part.heads {
                table.insert(key.clone(), *head);
                dirty.remove(key);
            }
            if let Some(from) = part.heads_from {
                heads_from = from;
                passes += 1;
            }
            for (key, head) in &truth {
                assert!(table.get(key) == Some(head) || head.position > heads_from, "{key:?} {head:?} {heads_from}");
                assert!(table.get(key) == Some(head) || dirty.get(key) == Some(head));
            }
        }
        assert!(passes > 10, "{passes} passes");
        assert!(heads_from + 1500 > position, "the tail to scan stays short: {heads_from} of {position}");
    }

    #[test]
    fn an_orderly_end_leaves_nothing_dirty() {
        let dirty: BTreeMap<_, _> = (0..500).map(|number| (key(number), head(number))).collect();
        let part = Sweep::begin(3).all(&dirty, 499);
        assert_eq!(part.heads.len(), 500);
        assert_eq!(part.heads_from, Some(499));
    }
}
