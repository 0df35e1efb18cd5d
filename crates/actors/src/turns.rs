//! Whose turn it is to send: those who asked, in order, as the Page's bucket gives tokens and its queue does not rest.
//!
//! Pure. Invariants: while somebody waits, a look is due at the first instant at which a turn could be given, or earlier;
//! while the queue rests nobody gets one; after the rest one goes at a time, [`PROBE`] apart, until the queue goes on.

use std::collections::{BTreeSet, VecDeque};

use model::{Span, Timestamp};

use crate::bucket::Bucket;

/// How far apart those go that ask whether the queue may go on: longer than any answer takes.
pub const PROBE: Span = Span::seconds(30);

/// Who asked for a turn, and the bucket that gives it.
#[derive(Debug)]
pub struct Turns<P> {
    bucket: Bucket,
    asks: VecDeque<P>,
    /// Who stands in line: once each, also where somebody who was let go meanwhile asks anew.
    waiting: BTreeSet<P>,
    /// A look is due then.
    awaited: Option<Timestamp>,
    /// The queue rests until then.
    rests_until: Option<Timestamp>,
}

/// What follows from a look at the bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn<P> {
    /// It is theirs; look again at once.
    Of(P),
    /// Somebody could go at this instant: say [`Turns::woke`] then and look again.
    At(Timestamp),
    /// Nobody asks, or a look is due already.
    Nobody,
}

impl<P: Ord + Clone> Turns<P> {
    /// Nobody has asked, and the bucket is full.
    pub fn new(per_second: u32, now: Timestamp) -> Self {
        Self {
            bucket: Bucket::new(per_second, now),
            asks: VecDeque::new(),
            waiting: BTreeSet::new(),
            awaited: None,
            rests_until: None,
        }
    }

    /// Somebody has a part that could go.
    pub fn ask(&mut self, who: P) {
        if self.waiting.insert(who.clone()) {
            self.asks.push_back(who);
        }
    }

    /// Whether somebody stands in line.
    pub fn stands(&self, who: &P) -> bool {
        self.waiting.contains(who)
    }

    /// The instant of [`Turn::At`] has come.
    pub fn woke(&mut self) {
        self.awaited = None;
    }

    /// The queue rests until then (`None`: it goes on): look again at once.
    pub fn rest(&mut self, until: Option<Timestamp>) {
        self.rests_until = until;
    }

    /// Whose turn it is now.
    pub fn next(&mut self, now: Timestamp) -> Turn<P> {
        if self.asks.is_empty() {
            return Turn::Nobody;
        }
        if let Some(until) = self.rests_until.filter(|until| now < *until) {
            return self.await_until(until);
        }
        if let Err(wait) = self.bucket.take(now) {
            return self.await_until(now + wait);
        }
        self.rests_until = self.rests_until.map(|_| now + PROBE);
        let Some(who) = self.asks.pop_front() else { return Turn::Nobody };
        self.waiting.remove(&who);
        Turn::Of(who)
    }

    fn await_until(&mut self, at: Timestamp) -> Turn<P> {
        if self.awaited.is_some_and(|due| due <= at) {
            return Turn::Nobody;
        }
        self.awaited = Some(at);
        Turn::At(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_in_the_order_of_asking_as_tokens_come_and_one_look_is_due() {
        let mut turns = Turns::new(2, Timestamp(0));
        "abcd".chars().for_each(|who| turns.ask(who));
        assert_eq!((turns.next(Timestamp(0)), turns.next(Timestamp(0))), (Turn::Of('a'), Turn::Of('b')));
        assert_eq!(turns.next(Timestamp(0)), Turn::At(Timestamp(500)));
        turns.ask('e');
        assert_eq!(turns.next(Timestamp(100)), Turn::Nobody, "a look is due");
        turns.woke();
        assert_eq!(turns.next(Timestamp(500)), Turn::Of('c'));
        assert_eq!(turns.next(Timestamp(500)), Turn::At(Timestamp(1_000)));
    }

    #[test]
    fn nobody_asks_nobody_gets() {
        assert_eq!(Turns::<char>::new(20, Timestamp(0)).next(Timestamp(5)), Turn::Nobody);
    }

    #[test]
    fn a_flood_of_one_waits_for_itself() {
        let mut turns = Turns::new(1, Timestamp(0));
        "aaaab".chars().for_each(|who| turns.ask(who));
        let mut given = String::new();
        for second in 0..5 {
            turns.woke();
            if let Turn::Of(who) = turns.next(Timestamp(second * 1_000)) {
                given.push(who);
                // The flood has always another part.
                turns.ask('a');
            }
        }
        assert_eq!(given, "abaaa");
    }

    #[test]
    fn a_queue_that_rests_gives_no_turn_then_one_at_a_time_until_it_goes_on() {
        let mut turns = Turns::new(20, Timestamp(0));
        turns.rest(Some(Timestamp(60_000)));
        "abcd".chars().for_each(|who| turns.ask(who));
        assert_eq!(turns.next(Timestamp(0)), Turn::At(Timestamp(60_000)));
        assert_eq!(turns.next(Timestamp(59_999)), Turn::Nobody, "a look is due");
        turns.woke();
        assert_eq!(turns.next(Timestamp(60_000)), Turn::Of('a'));
        assert_eq!(turns.next(Timestamp(60_000)), Turn::At(Timestamp(60_000) + PROBE), "it is not known yet");
        turns.rest(None);
        assert_eq!(turns.next(Timestamp(60_100)), Turn::Of('b'));
        assert_eq!(turns.next(Timestamp(60_100)), Turn::Of('c'));
    }

    #[test]
    fn a_rest_that_ends_early_leaves_no_look_that_is_due_too_late() {
        let mut turns = Turns::new(1, Timestamp(0));
        turns.rest(Some(Timestamp(600_000)));
        "ab".chars().for_each(|who| turns.ask(who));
        assert_eq!(turns.next(Timestamp(0)), Turn::At(Timestamp(600_000)));
        turns.rest(None);
        assert_eq!(turns.next(Timestamp(0)), Turn::Of('a'));
        assert_eq!(turns.next(Timestamp(0)), Turn::At(Timestamp(1_000)), "before the look that is due");
    }
}
