//! Times that are written out: `2026-06-01T12:00:00+0200`, with or without milliseconds. Some feed items carry them.
//!
//! The civil calendar in whole numbers; no time zone names, no leap seconds.

use model::{Span, Timestamp};

/// Reads a time; `None` for what is none.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once('T')?;
    let mut fields = date.splitn(3, '-');
    let (year, month, day) = (digits(fields.next()?, 4)?, digits(fields.next()?, 2)?, digits(fields.next()?, 2)?);
    let zone_at = clock.find(['Z', '+', '-'])?;
    let (clock, zone) = clock.split_at(zone_at);
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut fields = seconds.splitn(3, ':');
    let (hour, minute, second) = (digits(fields.next()?, 2)?, digits(fields.next()?, 2)?, digits(fields.next()?, 2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let at = Timestamp(days(year, month, day) * 86_400_000) + Span::seconds(hour * 3_600 + minute * 60 + second);
    Some(at + Span(milliseconds(fraction)?) - offset(zone)?).filter(|at| at.0 > 0)
}

/// Exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn milliseconds(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let three: String = fraction.chars().chain("00".chars()).take(3).collect();
    three.parse().ok()
}

/// `Z`, `+0200` or `+02:00`.
fn offset(zone: &str) -> Option<Span> {
    if zone == "Z" {
        return Some(Span(0));
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let plain: String = rest.chars().filter(|char| *char != ':').collect();
    let (hours, minutes) = plain.split_at_checked(2)?;
    Some(Span::minutes(sign * (digits(hours, 2)? * 60 + digits(minutes, 2)?)))
}

/// Days since 1970-01-01 of a date in the Gregorian calendar: years counted from March, so that a leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_times_are_read_to_the_millisecond() {
        let cases = [
            ("1970-01-01T00:00:01Z", Some(1_000)),
            ("2026-06-01T00:00:00+0000", Some(1_780_272_000_000)),
            ("2026-06-01T02:00:00+02:00", Some(1_780_272_000_000)),
            ("2026-05-31T19:30:00.250-0430", Some(1_780_272_000_250)),
            ("2024-02-29T12:00:00.5Z", Some(1_709_208_000_500)),
            ("2026-06-01", None),
            ("2026-06-01T00:00:00", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-06-01T00:00Z", None),
            ("2026-06-01T00:00:00+2", None),
            ("2026-06-01T00:00:00Zz", None),
            ("2026-06-01T00:00:00.Z", None),
            ("'$(date -u)'T0+", None),
            ("-006-06-01T00:00:00Z", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).map(|at| at.0), expected, "{text}");
        }
    }
}
