//! Reads a request's body whole: within a time, a length, and a sum over all bodies being read. hyper sets none of them.
//!
//! What the bytes mean is decided elsewhere. Invariant: an announced length over the limit is refused before a byte of
//! the body is read, and whatever ends the reading gives its share of the sum back.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};

use crate::limits::Limits;

/// After a refusal for length the rest is still read this long, so that the sender reads our answer and not a reset.
const LINGER: Duration = Duration::from_secs(2);

/// … and no more than this many bytes.
const LINGER_MAX: usize = 16 << 20;

/// Why a body was not read to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// 413
    TooLarge,
    /// 408
    TooSlow,
    /// 503: too many large bodies at once.
    Overloaded,
    /// 400: the sender went away or broke the framing.
    Broken,
}

impl Refused {
    /// A stable word for counters.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "body-too-large",
            Self::TooSlow => "body-too-slow",
            Self::Overloaded => "bodies-overloaded",
            Self::Broken => "body-broken",
        }
    }

    /// What the sender is told.
    pub(crate) const fn status(self) -> http::StatusCode {
        match self {
            Self::TooLarge => http::StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => http::StatusCode::REQUEST_TIMEOUT,
            Self::Overloaded => http::StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => http::StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads bodies within limits; clones share one sum.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    body_max: usize,
    bodies_max: usize,
    timeout: Duration,
    held: Arc<AtomicUsize>,
}

impl Reader {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            body_max: limits.body_max,
            bodies_max: limits.bodies_max,
            timeout: limits.body_timeout,
            held: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// One that takes bodies up to `body_max` bytes, with the same sum.
    pub(crate) fn up_to(&self, body_max: usize) -> Self {
        Self { body_max, ..self.clone() }
    }

    /// The body, whole.
    pub(crate) async fn read(&self, mut body: Incoming) -> Result<Bytes, Refused> {
        if body.size_hint().lower() > u64::try_from(self.body_max).unwrap_or(u64::MAX) {
            linger(body);
            return Err(Refused::TooLarge);
        }
        let read = tokio::time::timeout(self.timeout, self.collect(&mut body)).await;
        match read.unwrap_or(Err(Refused::TooSlow)) {
            Err(Refused::TooLarge) => {
                linger(body);
                Err(Refused::TooLarge)
            }
            other => other,
        }
    }

    async fn collect(&self, body: &mut Incoming) -> Result<Bytes, Refused> {
        let mut share = Share { held: &self.held, bytes: 0 };
        // Nearly every delivery is one frame: it is handed on without a copy.
        let Some(first) = next(body).await? else { return Ok(Bytes::new()) };
        if body.is_end_stream() {
            return if first.len() > self.body_max { Err(Refused::TooLarge) } else { Ok(first) };
        }
        let mut whole = BytesMut::from(first);
        loop {
            if whole.len() > self.body_max {
                return Err(Refused::TooLarge);
            }
            share.grow(whole.len(), self.bodies_max)?;
            match next(body).await? {
                Some(chunk) => whole.extend_from_slice(&chunk),
                None => return Ok(whole.freeze()),
            }
        }
    }
}

/// The next frame with content; trailers are skipped.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Refused> {
    while let Some(frame) = body.frame().await {
        if let Ok(content) = frame.map_err(|_| Refused::Broken)?.into_data() {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

/// What one body holds of the common sum; given back when dropped.
struct Share<'a> {
    held: &'a AtomicUsize,
    bytes: usize,
}

impl Share<'_> {
    fn grow(&mut self, bytes: usize, bodies_max: usize) -> Result<(), Refused> {
        if bytes <= Limits::SMALL_BODY || bytes <= self.bytes {
            return Ok(());
        }
        let more = bytes - self.bytes;
        self.bytes = bytes;
        if self.held.fetch_add(more, Ordering::Relaxed) + more > bodies_max {
            return Err(Refused::Overloaded);
        }
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.held.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

/// Reads and drops what is still coming while the answer goes out.
fn linger(mut body: Incoming) {
    tokio::spawn(async move {
        let drain = async {
            let mut seen = 0;
            while let Ok(Some(chunk)) = next(&mut body).await {
                seen += chunk.len();
                if seen > LINGER_MAX {
                    break;
                }
            }
        };
        // Whether it ended or not: the connection closes after the answer.
        let _over = tokio::time::timeout(LINGER, drain).await;
    });
}
