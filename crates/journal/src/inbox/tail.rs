//! What is durable in `inbox.wal` and not in `inbox.redb` yet, in memory: the halves' contents as the readers need them.
//!
//! Filled by the log's writer, emptied by the shelf's. Invariant: a delivery leaves only after the commit that put its
//! row into `inbox.redb`, so whoever looks here first and there later misses none.

use std::collections::VecDeque;

use super::Delivery;
use crate::limits::SHELVE_BYTES;

/// Deliveries on their way from the log to the shelf.
#[derive(Debug)]
pub(super) struct Tail {
    waiting: VecDeque<Delivery>,
    bytes: usize,
    /// Every delivery up to here has its row.
    shelved: u64,
    /// Bytes at which the shelf is asked next; after a failure further on, so that it is not asked with every group.
    ask_at: usize,
}

impl Tail {
    pub(super) fn new(shelved: u64) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, shelved, ask_at: SHELVE_BYTES }
    }

    /// Notes one that became durable in the log. Their numbers grow.
    pub(super) fn push(&mut self, delivery: Delivery) {
        self.bytes += delivery.body.len();
        self.waiting.push_back(delivery);
    }

    /// Whether the shelf should be asked now; then not again before it answered or as much more has come.
    pub(super) fn ask(&mut self) -> bool {
        let ask = self.bytes >= self.ask_at;
        if ask {
            self.ask_at = self.bytes + SHELVE_BYTES;
        }
        ask
    }

    /// Whether enough waits for a commit of its own.
    pub(super) fn is_much(&self) -> bool {
        self.bytes >= SHELVE_BYTES
    }

    /// All that waits, in order. Clones share the bodies.
    pub(super) fn all(&self) -> Vec<Delivery> {
        self.waiting.iter().cloned().collect()
    }

    /// One that waits.
    pub(super) fn get(&self, seq: u64) -> Option<Delivery> {
        let index = self.waiting.binary_search_by_key(&seq, |delivery| delivery.seq).ok()?;
        self.waiting.get(index).cloned()
    }

    /// Everything up to here has its row now.
    pub(super) fn shelve(&mut self, last_seq: u64) {
        while self.waiting.front().is_some_and(|oldest| oldest.seq <= last_seq) {
            self.bytes -= self.waiting.pop_front().map_or(0, |delivery| delivery.body.len());
        }
        self.shelved = self.shelved.max(last_seq);
        self.ask_at = SHELVE_BYTES;
    }

    /// Whether everything up to here has its row.
    pub(super) fn is_shelved(&self, seq: u64) -> bool {
        seq <= self.shelved || self.waiting.front().is_none_or(|oldest| oldest.seq > seq)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn delivery(seq: u64, bytes: usize) -> Delivery {
        Delivery { seq, received_at: 0, body: Bytes::from(vec![b'x'; bytes]) }
    }

    #[test]
    fn asks_when_much_waits_and_again_only_after_as_much_more_or_an_answer() {
        let mut tail = Tail::new(0);
        tail.push(delivery(1, SHELVE_BYTES - 1));
        assert!(!tail.ask());
        tail.push(delivery(2, 1));
        assert!(tail.ask() && !tail.ask());
        tail.push(delivery(3, SHELVE_BYTES));
        assert!(tail.ask());
        tail.shelve(3);
        assert!(!tail.ask() && !tail.is_much());
        tail.push(delivery(9, SHELVE_BYTES));
        assert!(tail.ask());
    }

    #[test]
    fn a_delivery_is_found_until_it_is_shelved_and_holes_count_as_shelved() {
        let mut tail = Tail::new(4);
        for seq in [5, 7, 8] {
            tail.push(delivery(seq, 3));
        }
        assert_eq!(tail.get(7).map(|found| found.seq), Some(7));
        assert!(tail.get(6).is_none() && tail.is_shelved(4) && !tail.is_shelved(5));
        tail.shelve(5);
        assert!(tail.get(5).is_none() && tail.is_shelved(6) && !tail.is_shelved(7));
        tail.shelve(8);
        assert!(tail.is_shelved(8) && tail.all().is_empty());
    }
}
