//! What a Page keeps for one conversation: its work in order, what it was handed, and how it fares. Pure.
//!
//! Work stays here until it is durable, because a mailbox is lost with its actor.

use std::collections::{BTreeMap, VecDeque};

use model::{Psid, Span, Timestamp};

use crate::work::{Ticket, Work};

/// After so many pieces of work without a failure the conversation is trusted again.
const TRUST_AFTER: u32 = 32;

/// Where the conversation's actor stands.
#[derive(Debug)]
pub enum Stage<A> {
    /// Resident.
    Up(A),
    /// Told to finish and leave; work is held until it has.
    Draining(A),
    /// Failed; started again at this time.
    Backoff(Timestamp),
}

/// One conversation's place at its Page.
#[derive(Debug)]
pub struct Slot<A, W> {
    /// Where its actor stands.
    pub stage: Stage<A>,
    urgent: VecDeque<Ticket<W>>,
    backlog: VecDeque<Ticket<W>>,
    handed: VecDeque<Ticket<W>>,
    /// After a failure one piece of work at a time, so that the guilty one is known.
    careful: u32,
    failures: u32,
    /// When it last got work.
    pub used_at: Timestamp,
}

/// Why a conversation's actor ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// What it was doing.
    Work,
    /// The store takes nothing now.
    Store,
    /// Its records cannot be read.
    Unreadable,
}

impl core::fmt::Display for Cause {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Work => "its work failed",
            Self::Store => "the store takes nothing now",
            Self::Unreadable => "its records cannot be read",
        })
    }
}

/// What a failure means.
#[derive(Debug)]
pub struct Blame<W> {
    /// Start again then.
    pub retry_at: Timestamp,
    /// Brought the conversation down too often.
    pub poisoned: Option<Ticket<W>>,
}

impl<A, W> Slot<A, W> {
    /// Resident, without work.
    pub fn new(actor: A, now: Timestamp) -> Self {
        Self {
            stage: Stage::Up(actor),
            urgent: VecDeque::new(),
            backlog: VecDeque::new(),
            handed: VecDeque::new(),
            careful: 0,
            failures: 0,
            used_at: now,
        }
    }

    /// Queues a piece of work; what is urgent overtakes.
    pub fn push(&mut self, ticket: Ticket<W>) {
        if ticket.work.urgent() { self.urgent.push_back(ticket) } else { self.backlog.push_back(ticket) }
    }

    /// The next piece of work to hand over and to whom, if it is resident and has credit. It counts as handed.
    pub fn next(&mut self, credit: usize) -> Option<(&A, &Ticket<W>)> {
        let Stage::Up(actor) = &self.stage else { return None };
        let credit = if self.careful > 0 { 1 } else { credit };
        if self.handed.len() >= credit {
            return None;
        }
        let ticket = self.urgent.pop_front().or_else(|| self.backlog.pop_front())?;
        self.handed.push_back(ticket);
        self.handed.back().map(|ticket| (actor, ticket))
    }

    /// A handed piece of work is durable.
    pub fn done(&mut self, id: u64) -> Option<Ticket<W>> {
        let index = self.handed.iter().position(|ticket| ticket.id == id)?;
        self.careful = self.careful.saturating_sub(1);
        if self.careful == 0 {
            self.failures = 0;
        }
        self.handed.remove(index)
    }

    /// The actor ended. What it was handed goes back to the front; alone it is to blame.
    pub fn failed(&mut self, now: Timestamp, cause: Cause, failures_max: u32) -> Blame<W> {
        let blameless = cause != Cause::Work;
        let alone = self.handed.len() == 1;
        let mut poisoned = None;
        while let Some(mut ticket) = self.handed.pop_back() {
            if alone && !blameless {
                ticket.failures += 1;
                if ticket.failures >= failures_max {
                    poisoned = Some(ticket);
                    break;
                }
            }
            self.urgent.push_front(ticket);
        }
        if !blameless {
            self.careful = TRUST_AFTER;
        }
        self.failures = self.failures.saturating_add(1);
        let most = if cause == Cause::Store { Span::seconds(2) } else { Span::seconds(30) };
        let wait = Span((100i64 << self.failures.min(12)).min(most.0));
        let retry_at = now + wait;
        self.stage = Stage::Backoff(retry_at);
        Blame { retry_at, poisoned }
    }

    /// Whether work waits to be handed over.
    pub fn waiting(&self) -> bool {
        !self.urgent.is_empty() || !self.backlog.is_empty()
    }

    /// Whether a turn to send is among its work.
    pub fn has_turn(&self) -> bool {
        let mut all = self.handed.iter().chain(&self.urgent).chain(&self.backlog);
        all.any(|ticket| matches!(ticket.work, Work::Dispatch))
    }

    /// Nothing waits and nothing is under way.
    pub fn quiet(&self) -> bool {
        !self.waiting() && self.handed.is_empty()
    }

    /// All of them, those that were handed first.
    pub fn into_tickets(self) -> impl Iterator<Item = Ticket<W>> {
        self.handed.into_iter().chain(self.urgent).chain(self.backlog)
    }

    /// Pieces of work that are not durable.
    #[expect(clippy::len_without_is_empty, reason = "`quiet` says it")]
    pub fn len(&self) -> usize {
        self.urgent.len() + self.backlog.len() + self.handed.len()
    }
}

/// Who has had no work for so long.
pub fn idle<A, W>(slots: &BTreeMap<Psid, Slot<A, W>>, at_least: Span, now: Timestamp) -> Vec<Psid> {
    let quiet = slots.iter().filter(|(_, slot)| slot.quiet() && now - slot.used_at >= at_least);
    quiet.map(|(psid, _)| psid.clone()).collect()
}

/// Those who are resident and have had no work for longest, so many at most.
pub fn longest_idle<A, W>(slots: &BTreeMap<Psid, Slot<A, W>>, count: usize) -> Vec<Psid> {
    let resident = slots.iter().filter(|(_, slot)| slot.quiet() && matches!(slot.stage, Stage::Up(_)));
    let mut idle: Vec<(Timestamp, &Psid)> = resident.map(|(psid, slot)| (slot.used_at, psid)).collect();
    idle.sort_unstable();
    idle.truncate(count);
    idle.into_iter().map(|(_, psid)| psid.clone()).collect()
}

/// How long a Page whose actor ended so often waits for its next start.
pub fn page_backoff(failures: u32) -> Span {
    Span((50i64 << failures.min(12)).min(Span::seconds(30).0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(id: u64, work: Work) -> Ticket<()> {
        Ticket { id, work, failures: 0, sure: false, waiting: None }
    }

    fn slot(ids: core::ops::Range<u64>) -> Slot<(), ()> {
        let mut slot = Slot::new((), Timestamp(0));
        ids.for_each(|id| slot.push(ticket(id, Work::Dispatch)));
        slot
    }

    #[test]
    fn credit_bounds_what_is_handed() {
        let mut slot = slot(0..10);
        let handed: Vec<u64> = core::iter::from_fn(|| slot.next(3).map(|(_, ticket)| ticket.id)).collect();
        assert_eq!(handed, [0, 1, 2]);
        assert!(slot.done(1).is_some());
        assert_eq!(slot.next(3).map(|(_, ticket)| ticket.id), Some(3));
    }

    #[test]
    fn the_worlds_answers_overtake_a_flood() {
        let mut slot = slot(0..1_000);
        slot.push(ticket(5_000, Work::Wake));
        assert_eq!(slot.next(8).map(|(_, ticket)| ticket.id), Some(5_000));
    }

    #[test]
    fn after_a_failure_work_comes_back_in_order_one_by_one() {
        let mut slot = slot(0..5);
        while slot.next(3).is_some() {}
        assert!(slot.failed(Timestamp(0), Cause::Work, 5).poisoned.is_none());
        slot.stage = Stage::Up(());
        assert_eq!(slot.next(3).map(|(_, ticket)| ticket.id), Some(0));
        assert!(slot.next(3).is_none(), "one at a time");
        assert!(slot.done(0).is_some());
        assert_eq!(slot.next(3).map(|(_, ticket)| ticket.id), Some(1));
    }

    #[test]
    fn the_guilty_one_is_set_aside_after_its_last_chance_and_neighbours_stay() {
        let mut slot = slot(0..3);
        for _ in 0..5 {
            assert_eq!(slot.next(1).map(|(_, ticket)| ticket.id), Some(0));
            let blame = slot.failed(Timestamp(0), Cause::Work, 5);
            slot.stage = Stage::Up(());
            if let Some(poisoned) = blame.poisoned {
                assert_eq!((poisoned.id, poisoned.failures), (0, 5));
            }
        }
        assert_eq!(slot.next(1).map(|(_, ticket)| ticket.id), Some(1));
        assert_eq!(slot.len(), 2);
    }

    #[test]
    fn a_store_in_trouble_blames_nobody() {
        let mut slot = slot(0..1);
        for _ in 0..50 {
            assert!(slot.next(8).is_some());
            assert!(slot.failed(Timestamp(0), Cause::Store, 5).poisoned.is_none());
            slot.stage = Stage::Up(());
        }
        assert_eq!(slot.len(), 1);
    }
}
