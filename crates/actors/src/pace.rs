//! How fast deliveries come, and how many are offered in one go. Pure.
//!
//! Acks come first: in a burst what is durable already waits a little, up to a limit.

use model::{Span, Timestamp};
use sabotage::{Defect, on};

/// Deliveries parsed in one go before other messages are looked at.
const ROUND_MAX: usize = 512;
/// A burst: deliveries come faster than this. Measured over at least the span.
const HOT_PER_SECOND: i64 = 4_000;
const HOT_SPAN: Span = Span(20);
/// Deliveries parsed in one go while that is so, and the pause after them.
const HOT_ROUND_MAX: usize = 64;
const HOT_PAUSE: Span = Span(100);
/// No delivery waits longer than this for the acks of others.
const DEFER_MAX: Span = Span::seconds(15);
/// Bytes read back from the inbox in one go.
const READ_MAX: usize = 512 << 10;
const HOT_READ_MAX: usize = 32 << 10;

/// How fast deliveries come.
#[derive(Debug)]
pub struct Pace {
    since: Timestamp,
    newest: u64,
    hot: bool,
}

/// How much is offered in one go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Round {
    /// Deliveries.
    pub deliveries_max: usize,
    /// Bytes read back from the inbox at once.
    pub bytes_max: usize,
    /// The pause before the next one.
    pub pause: Span,
}

impl Pace {
    /// `newest` is the number of the newest delivery.
    pub fn new(now: Timestamp, newest: u64) -> Self {
        Self { since: now, newest, hot: false }
    }

    /// The next round, as `newest` is the newest delivery and `oldest_at` the receipt of the oldest unfinished one.
    pub fn round(&mut self, now: Timestamp, newest: u64, oldest_at: Option<Timestamp>) -> Round {
        let span = now - self.since;
        if span >= HOT_SPAN {
            let came = i64::try_from(newest.saturating_sub(self.newest)).unwrap_or(i64::MAX);
            *self = Self { since: now, newest, hot: came.saturating_mul(1_000) / span.0 >= HOT_PER_SECOND };
        }
        if self.hot && (now - oldest_at.unwrap_or(Timestamp(i64::MAX))) < DEFER_MAX {
            let pause = if on(Defect::FloodDelaysOthers) { Span::seconds(5) } else { HOT_PAUSE };
            Round { deliveries_max: HOT_ROUND_MAX, bytes_max: HOT_READ_MAX, pause }
        } else {
            Round { deliveries_max: ROUND_MAX, bytes_max: READ_MAX, pause: Span(0) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_makes_rounds_small_until_it_is_over_or_somebody_waits_too_long() {
        let mut pace = Pace::new(Timestamp(0), 0);
        let mut max = |now, newest, oldest| pace.round(Timestamp(now), newest, Some(Timestamp(oldest))).deliveries_max;
        assert_eq!(max(10, 90, 0), 512, "too soon to tell");
        assert_eq!(max(20, 90, 0), 64, "4,500 a second");
        assert_eq!(max(39, 91, 0), 64);
        assert_eq!(max(40, 91, 20), 512, "it is over");
        assert_eq!(max(60, 200, 50), 64);
        assert_eq!(max(15_060, 90_000, 60), 512, "15 s are enough");
    }
}
