//! Whose turn it is to send: those who asked, in order, as the Page's bucket gives tokens.
//!
//! Pure. Invariant: while somebody waits for a token, exactly one look at the bucket is due.

use std::collections::VecDeque;

use model::Timestamp;

use crate::bucket::Bucket;

/// Who asked for a turn, and the bucket that gives it.
#[derive(Debug)]
pub struct Turns<P> {
    bucket: Bucket,
    asks: VecDeque<P>,
    /// A look at the bucket is due.
    awaited: bool,
}

/// What follows from a look at the bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn<P> {
    /// It is theirs; look again at once.
    Of(P),
    /// There is a token at this instant: say [`Turns::woke`] then and look again.
    At(Timestamp),
    /// Nobody asks, or a look is due already.
    Nobody,
}

impl<P> Turns<P> {
    /// Nobody has asked, and the bucket is full.
    pub fn new(per_second: u32, now: Timestamp) -> Self {
        Self { bucket: Bucket::new(per_second, now), asks: VecDeque::new(), awaited: false }
    }

    /// Somebody has a part that could go.
    pub fn ask(&mut self, who: P) {
        self.asks.push_back(who);
    }

    /// The instant of [`Turn::At`] has come.
    pub fn woke(&mut self) {
        self.awaited = false;
    }

    /// Whose turn it is now.
    pub fn next(&mut self, now: Timestamp) -> Turn<P> {
        let Some(who) = self.asks.pop_front() else { return Turn::Nobody };
        match self.bucket.take(now) {
            Ok(()) => Turn::Of(who),
            Err(wait) => {
                self.asks.push_front(who);
                if core::mem::replace(&mut self.awaited, true) { Turn::Nobody } else { Turn::At(now + wait) }
            }
        }
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
}
