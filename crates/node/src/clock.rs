//! The one clock. Everything else gets `now` as an argument.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actors::Clock;
use futures_util::future::BoxFuture;
use model::{Span, Timestamp};
use tokio::sync::Notify;

/// The longest sleep before looking at the wall again: clocks step and machines suspend.
const LOOK_AGAIN: Span = Span::seconds(60);

#[expect(clippy::disallowed_methods, reason = "this is the one clock")]
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0.max(0)).unwrap_or(0))
}

/// The system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        wall()
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let span = Span((at - wall()).0.min(LOOK_AGAIN.0));
        Box::pin(tokio::time::sleep(duration(span)))
    }
}

/// The sandbox's clock: the system's plus an offset that can be moved forward. `serve` never builds one.
#[derive(Clone, Debug, Default)]
pub struct MovableClock {
    offset_ms: Arc<AtomicI64>,
    moved: Arc<Notify>,
}

impl MovableClock {
    /// Moves the clock so that it shows at least `at`; it never goes back.
    pub fn advance_to(&self, at: Timestamp) {
        let ahead = (at - self.now()).0;
        if ahead > 0 {
            self.offset_ms.fetch_add(ahead, Ordering::SeqCst);
            self.moved.notify_waiters();
        }
    }

    /// Sets the clock before anything has happened, as to the first instant of a recording.
    pub fn start_at(&self, at: Timestamp) {
        self.offset_ms.store((at - wall()).0, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        wall() + Span(self.offset_ms.load(Ordering::SeqCst))
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let (clock, moved) = (self.clone(), Arc::clone(&self.moved));
        Box::pin(async move {
            let moved = moved.notified();
            let mut moved = core::pin::pin!(moved);
            moved.as_mut().enable();
            let span = Span((at - clock.now()).0.min(LOOK_AGAIN.0));
            let sleep = core::pin::pin!(tokio::time::sleep(duration(span)));
            futures_util::future::select(moved, sleep).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movable_clock_goes_forward_only() {
        let clock = MovableClock::default();
        clock.start_at(Timestamp(1_000_000));
        clock.advance_to(Timestamp(5_000_000));
        clock.advance_to(Timestamp(2_000_000));
        assert!(clock.now() >= Timestamp(5_000_000));
    }
}
