//! The clocks of a measurement: the only place of the benches that reads one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point on the monotonic clock, to measure a span inside one process.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the real clock")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// The wall clock in microseconds since 1970: the processes of one run compare their moments by it.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the real clock")]
pub(crate) fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Seconds from one moment of [`wall_us`] to a later one.
pub(crate) fn seconds(from_us: i64, to_us: i64) -> f64 {
    Duration::from_micros(u64::try_from(to_us - from_us).unwrap_or(0)).as_secs_f64()
}
