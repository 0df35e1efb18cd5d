//! The clock of a replay: the recording's first instant, and how far the runtime's paused time has come since.
//!
//! Invariant: no wall behind it. Time moves only when nothing is left to do at the instant that it shows.

use core::time::Duration;

use actors::Clock;
use futures_util::future::BoxFuture;
use model::{Span, Timestamp};
use tokio::time::Instant;

/// Longest sleep in one piece; the caller looks again.
const SLEEP_MAX: Span = Span::days(1);

/// The recording's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PausedClock {
    began_at: Timestamp,
    born: Instant,
}

impl PausedClock {
    /// Shows `began_at` now. Must be made inside the paused runtime.
    pub(crate) fn starting(began_at: Timestamp) -> Self {
        Self { began_at, born: Instant::now() }
    }

    /// Returns when it shows `at`, however far that is.
    pub(crate) async fn reaches(&self, at: Timestamp) {
        while self.now() < at {
            self.sleep_until(at).await;
        }
    }

    /// Returns when so much time is over.
    pub(crate) async fn passes(&self, span: Span) {
        self.reaches(self.now() + span).await;
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        self.began_at + Span(i64::try_from(self.born.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let ahead = Span((at - self.now()).0.clamp(0, SLEEP_MAX.0));
        Box::pin(tokio::time::sleep(Duration::from_millis(ahead.0.unsigned_abs())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_shows_the_instants_that_are_waited_for_to_the_millisecond() {
        let clock = PausedClock::starting(Timestamp(1_780_300_800_000));
        assert_eq!(clock.now(), Timestamp(1_780_300_800_000));
        clock.passes(Span(1)).await;
        assert_eq!(clock.now(), Timestamp(1_780_300_800_001));
        clock.reaches(Timestamp(1_780_300_800_000) + Span::days(400)).await;
        assert_eq!(clock.now(), Timestamp(1_780_300_800_000) + Span::days(400));
        clock.reaches(Timestamp(0)).await;
        assert_eq!(clock.now(), Timestamp(1_780_300_800_000) + Span::days(400));
    }
}
