//! The account of what is done: which deliveries wait, how many bytes, since when. Memory only, no file, no clock.
//!
//! Invariants: everything up to the watermark is forgotten; `bytes` is the sum over what waits; 16 bytes are kept for
//! each delivery above the watermark, nothing for those below.

use std::collections::VecDeque;

use super::{InboxOptions, InboxStats};
use crate::limits::{FORGETS_ALONG_MIN, FORGETS_UNSTORED_MAX};
use crate::ranges::RangeSet;

/// Bytes counted for a row besides its body.
const ROW_ALLOWANCE: u64 = 32;

/// What is known of one delivery above the watermark.
#[derive(Clone, Copy, Debug)]
struct Slot {
    received_at: i64,
    bytes: u32,
    waits: bool,
}

/// The account.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// From `watermark + 1` on, without holes.
    slots: VecDeque<Slot>,
    watermark: u64,
    forgotten: RangeSet,
    bytes: u64,
    waiting: u64,
    /// Bytes on their way to the file.
    queued: u64,
    /// When the first delivery since the file was opened came: what lay there before has waited for nobody since then.
    opened_at: Option<i64>,
    unstored: u64,
    flush_asked: bool,
}

impl Ledger {
    /// The account of a file in which this much is done.
    pub(super) fn new(watermark: u64, forgotten: RangeSet) -> Self {
        Self { watermark, forgotten, ..Self::default() }
    }

    /// Reserves room for a body, or says that there is none. What a crash left undone, or done and not stored as such,
    /// ages from the first delivery after it: its hours are not the fault of who works it off now.
    pub(super) fn admit(&mut self, bytes: usize, received_at: i64, options: InboxOptions) -> bool {
        let wanted = bytes as u64 + ROW_ALLOWANCE;
        let age_max = i64::try_from(options.age_max.as_millis()).unwrap_or(i64::MAX);
        let opened_at = *self.opened_at.get_or_insert(received_at);
        let too_old = self.oldest().is_some_and(|(_, at)| received_at.saturating_sub(at.max(opened_at)) > age_max);
        if too_old || self.bytes + self.queued + wanted > options.bytes_max {
            return false;
        }
        self.queued += wanted;
        true
    }

    /// Gives back the room of a body that was not stored.
    pub(super) fn release(&mut self, bytes: usize) {
        self.queued = self.queued.saturating_sub(bytes as u64 + ROW_ALLOWANCE);
    }

    /// Notes a durable delivery whose room was reserved.
    pub(super) fn stored(&mut self, seq: u64, received_at: i64, bytes: usize) {
        self.release(bytes);
        self.found(seq, received_at, bytes);
    }

    /// Notes a delivery that lies in the file, in order of its number. One that is forgotten takes no room.
    pub(crate) fn found(&mut self, seq: u64, received_at: i64, bytes: usize) {
        while self.last_seq() + 1 < seq {
            self.hole();
        }
        let waits = !self.is_forgotten(seq);
        // Bodies are limited to far below 4 GiB.
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.slots.push_back(Slot { received_at, bytes, waits });
        if waits {
            self.waiting += 1;
            self.bytes += u64::from(bytes) + ROW_ALLOWANCE;
        }
        self.advance();
    }

    /// Numbers up to here were given away, whatever became of their deliveries.
    pub(super) fn given(&mut self, last_seq: u64) {
        while self.last_seq() < last_seq {
            self.hole();
        }
        self.advance();
    }

    fn hole(&mut self) {
        let seq = self.last_seq() + 1;
        self.forgotten.insert(seq, seq);
        self.slots.push_back(Slot { received_at: 0, bytes: 0, waits: false });
    }

    /// Marks a delivery as done. Whether it is time to store that.
    pub(super) fn forget(&mut self, seq: u64) -> bool {
        let Some(index) = seq.checked_sub(self.watermark + 1).and_then(|index| usize::try_from(index).ok()) else {
            return false;
        };
        let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.waits) else {
            return false;
        };
        slot.waits = false;
        self.bytes -= u64::from(slot.bytes) + ROW_ALLOWANCE;
        self.waiting -= 1;
        self.unstored += 1;
        self.forgotten.insert(seq, seq);
        self.advance();
        let flush = self.unstored >= FORGETS_UNSTORED_MAX && !self.flush_asked;
        self.flush_asked |= flush;
        flush
    }

    /// Moves the watermark over everything that is done.
    fn advance(&mut self) {
        let before = self.watermark;
        while self.slots.front().is_some_and(|slot| !slot.waits) {
            self.slots.pop_front();
            self.watermark += 1;
        }
        if self.watermark != before {
            self.forgotten.remove_through(self.watermark);
        }
    }

    /// Numbers of what waits after `after`, up to about `limit_bytes` and at least one.
    pub(super) fn unforgotten(&self, after: u64, limit_bytes: usize) -> Vec<u64> {
        let skip = usize::try_from(after.saturating_sub(self.watermark)).unwrap_or(usize::MAX);
        let mut seqs = Vec::new();
        let mut bytes = 0;
        for (seq, slot) in (self.watermark + 1..).zip(&self.slots).skip(skip).filter(|(_, slot)| slot.waits) {
            bytes += u64::from(slot.bytes) + ROW_ALLOWANCE;
            if !seqs.is_empty() && bytes > limit_bytes as u64 {
                break;
            }
            seqs.push(seq);
        }
        seqs
    }

    /// Whether a delivery is done.
    pub(super) fn is_forgotten(&self, seq: u64) -> bool {
        seq <= self.watermark || self.forgotten.contains(seq)
    }

    /// Number and arrival of the oldest that waits.
    pub(super) fn oldest(&self) -> Option<(u64, i64)> {
        self.slots.front().map(|slot| (self.watermark + 1, slot.received_at))
    }

    /// Number of the newest delivery.
    pub(super) fn last_seq(&self) -> u64 {
        self.watermark + self.slots.len() as u64
    }

    /// Bytes of what waits.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether enough was forgotten to store it along with a commit.
    pub(super) fn wants_storing(&self) -> bool {
        self.unstored >= FORGETS_ALONG_MIN
    }

    /// What is to be stored: watermark, newest number, ranges above the watermark.
    pub(super) fn progress(&self) -> (u64, u64, &RangeSet) {
        (self.watermark, self.last_seq(), &self.forgotten)
    }

    /// How much was forgotten since the last [`Ledger::settled`].
    pub(super) fn unstored(&self) -> u64 {
        self.unstored
    }

    /// So much of it was stored.
    pub(super) fn settled(&mut self, count: u64) {
        self.unstored = self.unstored.saturating_sub(count);
        self.flush_asked = false;
    }

    /// It could not be stored: the next delivery that is done asks again.
    pub(super) fn unsettled(&mut self) {
        self.flush_asked = false;
    }

    /// Counts.
    pub(crate) fn stats(&self) -> InboxStats {
        InboxStats {
            last_seq: self.last_seq(),
            watermark: self.watermark,
            unforgotten: self.waiting,
            unforgotten_bytes: self.bytes,
            oldest_received_at: self.oldest().map(|(_, at)| at),
            forgotten_ranges: self.forgotten.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(count: u64) -> Ledger {
        let mut ledger = Ledger::default();
        for seq in 1..=count {
            ledger.found(seq, 100, 10);
        }
        ledger
    }

    #[test]
    fn the_watermark_follows_the_oldest_that_waits() {
        let mut ledger = ledger(4);
        ledger.forget(2);
        ledger.forget(3);
        assert_eq!(ledger.progress().0, 0);
        ledger.forget(1);
        assert_eq!(ledger.progress().0, 3);
        assert_eq!(ledger.oldest(), Some((4, 100)));
        assert_eq!(ledger.progress().2.len(), 0);
    }

    #[test]
    fn holes_before_the_oldest_do_not_count_as_waiting() {
        let mut ledger = Ledger::new(2, RangeSet::default());
        ledger.found(6, 50, 1);
        assert_eq!(ledger.oldest(), Some((6, 50)));
        assert_eq!(ledger.progress().0, 5);
    }

    #[test]
    fn numbers_that_were_given_away_and_never_stored_count_as_done() {
        let mut ledger = ledger(2);
        ledger.found(5, 100, 10);
        assert_eq!(ledger.unforgotten(0, usize::MAX), [1, 2, 5]);
        ledger.given(7);
        ledger.forget(1);
        ledger.forget(2);
        ledger.forget(5);
        assert_eq!((ledger.last_seq(), ledger.progress().0, ledger.bytes()), (7, 7, 0));
    }

    #[test]
    fn what_a_crash_left_ages_from_the_first_delivery_after_it() {
        let options = InboxOptions { age_max: std::time::Duration::from_millis(50), ..InboxOptions::default() };
        let mut ledger = ledger(2);
        assert!(ledger.admit(10, 5_000, options));
        assert!(ledger.admit(10, 5_050, options));
        assert!(!ledger.admit(10, 5_051, options));
        ledger.forget(1);
        ledger.forget(2);
        assert!(ledger.admit(10, 5_051, options));
    }

    #[test]
    fn asks_once_to_store_what_was_forgotten() {
        let mut ledger = ledger(3000);
        let asked: Vec<u64> = (1..=3000).filter(|seq| ledger.forget(*seq)).collect();
        assert_eq!(asked, [FORGETS_UNSTORED_MAX]);
        ledger.settled(ledger.unstored());
        assert!(!ledger.wants_storing());
    }

    #[test]
    fn room_that_was_reserved_is_given_back_or_used() {
        let options = InboxOptions { bytes_max: 100, ..InboxOptions::default() };
        let mut ledger = Ledger::default();
        assert!(ledger.admit(40, 0, options));
        assert!(!ledger.admit(40, 0, options));
        ledger.release(40);
        assert!(ledger.admit(40, 0, options));
        ledger.stored(1, 0, 40);
        assert_eq!((ledger.queued, ledger.bytes()), (0, 72));
    }
}
