//! Instants as people write and read them: RFC 3339, a day, or milliseconds since 1970.
//!
//! Invariant: what is written of an instant since 1970 reads back as the same one; earlier ones are refused.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::Timestamp;

/// Reads `2026-06-01T08:00:00.000Z` (any offset), `2026-06-01` (its first instant in UTC), or milliseconds.
///
/// # Errors
/// What would be one, in words.
pub(crate) fn read(text: &str) -> Result<Timestamp, String> {
    if let Ok(ms) = text.parse::<i64>() {
        return of_our_time(text, Timestamp(ms));
    }
    let instant = text.parse::<jiff::Timestamp>().ok();
    // A text with a time in it is no day: what is wrong with it must not be read over.
    let day = || text.parse::<Date>().ok().filter(|_| text.len() == "2026-06-01".len());
    let instant = instant.or_else(|| day()?.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp()));
    let instant = instant.ok_or_else(|| {
        format!("{text:?} is no instant: write 2026-06-01T08:00:00Z, 2026-06-01, or milliseconds since 1970")
    })?;
    of_our_time(text, Timestamp(instant.as_millisecond()))
}

/// Nothing here happened before 1970: such an instant is a typing error.
fn of_our_time(text: &str, at: Timestamp) -> Result<Timestamp, String> {
    if at < Timestamp(0) { Err(format!("{text:?} is before 1970: write 2026-06-01T08:00:00Z")) } else { Ok(at) }
}

/// RFC 3339 in UTC with milliseconds; the bare number where the calendar ends.
pub(crate) fn write(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| format!("{at:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_milliseconds() {
        assert_eq!(write(1_780_272_000_000), "2026-06-01T00:00:00.000Z");
        assert_eq!(write(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn instants_read_and_read_back() {
        for (text, ms) in [
            ("2026-06-01", 1_780_272_000_000),
            ("2026-06-01T00:00:00Z", 1_780_272_000_000),
            ("2026-06-01T02:00:00.001+02:00", 1_780_272_000_001),
            ("1780272000000", 1_780_272_000_000),
            ("0", 0),
        ] {
            assert_eq!(read(text), Ok(Timestamp(ms)), "{text}");
            assert_eq!(read(&write(ms)), Ok(Timestamp(ms)), "{text}");
        }
        for text in ["-1", "1969-12-31T23:59:59.999Z", "1969-12-31", "0000-01-01"] {
            assert_eq!(read(text), Err(format!("{text:?} is before 1970: write 2026-06-01T08:00:00Z")));
        }
    }

    #[test]
    fn what_is_no_instant_is_refused_with_what_would_be_one() {
        for text in ["", "yesterday", "2026-06-31", "2026-06-01T08:00:00", "2026-06-01 08:00", "08:00", "1.5"] {
            let fault = read(text).expect_err(text);
            assert!(fault.contains("2026-06-01T08:00:00Z"), "{fault}");
        }
    }
}
