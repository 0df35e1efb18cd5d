//! Lengths of time as people write them: `500ms`, `60s`, `5m`, `24h`, `7d`, or several together as `1h30m`.
//!
//! Invariant: what is printed reads back as the same length.

use model::Span;

/// Units from long to short, in milliseconds.
const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a length; `None` where it is none, has no unit, or exceeds 64 bits of milliseconds.
pub(crate) fn read(text: &str) -> Option<Span> {
    let mut rest = text.trim();
    let mut total = 0_i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, tail) = tail.split_at(tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len()));
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*length)?)?;
        rest = tail.trim_start();
    }
    Some(Span(total))
}

/// Writes a length that is not negative, in the longest units that are exact.
pub(crate) fn write(span: Span) -> String {
    let mut left = span.0.max(0);
    let mut text = String::new();
    for (name, length) in UNITS {
        if left / length > 0 {
            text.push_str(&format!("{}{name}", left / length));
            left %= length;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_and_read_back() {
        for (text, ms) in
            [("500ms", 500), ("60s", 60_000), ("24h", 86_400_000), ("1h30m", 5_400_000), ("0s", 0), ("7d", 604_800_000)]
        {
            assert_eq!(read(text), Some(Span(ms)), "{text}");
            assert_eq!(read(&write(Span(ms))), Some(Span(ms)), "{text}");
        }
        assert_eq!(write(Span(90_061_001)), "1d1h1m1s1ms");
    }

    #[test]
    fn a_bare_number_or_another_unit_is_no_length() {
        for text in ["", "5", "s", "5 weeks", "-5s", "5.5s", "9999999999999999999s"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
