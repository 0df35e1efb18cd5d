//! The stand-in's time: the given clock plus what it was moved on by hand.
//!
//! Nothing here reads a clock of the system.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{Span, Timestamp};

/// A source of the current time, in milliseconds.
pub(super) type Source = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Meta's clock, as far as the stand-in is Meta.
pub(super) struct Clock {
    source: Source,
    ahead_ms: AtomicI64,
}

impl Clock {
    pub(super) fn new(source: Source) -> Self {
        Self { source, ahead_ms: AtomicI64::new(0) }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.source)() + Span(self.ahead_ms.load(Ordering::Relaxed))
    }

    pub(super) fn advance(&self, span: Span) {
        self.ahead_ms.fetch_add(span.0, Ordering::Relaxed);
    }
}
