//! Lengths of time as a scenario writes them: `0s`, `1h30m`, `26h+1s`, `2d3h`, `250ms`.

use model::Span;

use super::SPAN_MAX;

/// Units, the longest first.
const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads one; says what is wrong with it.
pub(super) fn read(text: &str) -> Result<Span, String> {
    let unfit = || format!("`{text}` is no length of time: write it as 90s, 1h30m, 2d3h or 250ms");
    let mut total = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(unfit)?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(unfit)?;
        let number: i64 = number.parse().map_err(|_| unfit())?;
        total = number.checked_mul(*unit_ms).and_then(|more| total.checked_add(more)).ok_or_else(unfit)?;
        rest = match after.strip_prefix('+') {
            Some("") => return Err(unfit()),
            Some(more) => more,
            None => after,
        };
    }
    if text.is_empty() {
        return Err(unfit());
    }
    if Span(total) > SPAN_MAX {
        return Err(format!("{text} is more than the {} days that a scenario may take", SPAN_MAX.0 / UNITS[0].1));
    }
    Ok(Span(total))
}

/// Writes one that is not negative.
pub(crate) fn write(span: Span) -> String {
    let mut left = span.0.max(0);
    let mut text = String::new();
    for (name, unit_ms) in UNITS {
        let count = left / unit_ms;
        left %= unit_ms;
        if count > 0 {
            text.push_str(&format!("{count}{name}"));
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}
