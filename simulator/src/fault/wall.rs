//! The clock that the node looks at: the world's, as far as nobody set it.
//!
//! Invariant: a sleep is over when this clock shows its end, or after a minute, as with the clock that ships.

use actors::Clock;
use futures_util::future::BoxFuture;
use model::{Span, Timestamp};

use super::trouble::Trouble;
use crate::replay::clock::PausedClock;

/// The longest sleep before looking again, as of `node`'s system clock.
const LOOK_AGAIN: Span = Span::seconds(60);

/// A clock that may be wrong.
#[derive(Clone)]
pub(crate) struct Wall {
    clock: PausedClock,
    trouble: Trouble,
}

impl Wall {
    pub(crate) fn new(clock: PausedClock, trouble: Trouble) -> Self {
        Self { clock, trouble }
    }
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.trouble.ahead()
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let span = Span((at - self.now()).0.clamp(0, LOOK_AGAIN.0));
        self.clock.sleep_until(self.clock.now() + span)
    }
}
