//! How much a server takes from strangers, in one place. Each limit has a name, a unit and a reason; nothing else is here.
//!
//! Invariant kept by whoever takes them: no request waits for ever, and no sum of requests takes all memory or all sockets.

use core::time::Duration;

/// Limits of one listener and of the service behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections open at once; further ones wait in the kernel's backlog.
    pub connections_max: usize,
    /// Streams open at once on one HTTP/2 connection.
    pub streams_max: u32,
    /// From the first awaited byte of a request to the end of its headers; also how long an idle connection is kept.
    pub header_timeout: Duration,
    /// Bytes of headers, all of them together.
    pub header_max: usize,
    /// From the end of the headers to the end of the body: slower senders get 408.
    pub body_timeout: Duration,
    /// A reader who takes no byte of what is written for so long is cut.
    pub write_timeout: Duration,
    /// Bytes of one body: longer ones get 413.
    pub body_max: usize,
    /// Bytes of all bodies being read at once, counting the large ones alone (over [`Limits::SMALL_BODY`]); beyond it
    /// new ones get 503.
    pub bodies_max: usize,
    /// After the end was asked for: requests under way have this long to finish.
    pub drain_max: Duration,
}

impl Limits {
    /// A body up to this many bytes is not counted in `bodies_max`: `connections_max` bounds their sum well enough.
    pub const SMALL_BODY: usize = 64 << 10;

    /// Of a form that is over `body_max` this many bytes are read all the same, so that its sender gets back what was
    /// typed instead of losing it.
    pub(crate) const fn kept_max(&self) -> usize {
        self.body_max.saturating_mul(4)
    }

    /// Limits of the webhook's listener.
    pub const fn ingress() -> Self {
        Self {
            connections_max: 4_096,
            streams_max: 256,
            header_timeout: Duration::from_secs(30),
            header_max: 64 << 10,
            body_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(30),
            body_max: 8 << 20,
            bodies_max: 256 << 20,
            drain_max: Duration::from_secs(20),
        }
    }

    /// Limits of the listener with the pages and the API: people send comments, not batches.
    pub const fn site() -> Self {
        Self { connections_max: 1_024, body_max: 256 << 10, bodies_max: 32 << 20, ..Self::ingress() }
    }
}
