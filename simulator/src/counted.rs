//! Counts as people read them: `1 finding`, `2 findings`, `0 deliveries`.
//!
//! Invariant: one of a thing is never told as several.

/// A count with its noun, which is given in the singular and ends regularly.
pub fn counted<N: Into<u64>>(count: N, noun: &str) -> String {
    let count: u64 = count.into();
    if count == 1 { format!("1 {noun}") } else { format!("{count} {}", plural(noun)) }
}

/// The same for a length.
pub fn many(count: usize, noun: &str) -> String {
    counted(u64::try_from(count).unwrap_or(u64::MAX), noun)
}

/// The word that goes with so many, of these two: `is` or `are`, `was` or `were`.
pub fn verb<'w>(count: u64, one: &'w str, several: &'w str) -> &'w str {
    if count == 1 { one } else { several }
}

/// The plural of a regular noun.
fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        Some(_) | None if noun.ends_with(['s', 'x', 'z']) => format!("{noun}es"),
        Some(_) | None => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_all_others_are_several() {
        assert_eq!(counted(0_u64, "finding"), "0 findings");
        assert_eq!(counted(1_u64, "delivery"), "1 delivery");
        assert_eq!(counted(28_u64, "delivery"), "28 deliveries");
        assert_eq!(many(2, "day"), "2 days");
        assert_eq!(many(2, "box"), "2 boxes");
        assert_eq!((verb(1, "is", "are"), verb(0, "is", "are")), ("is", "are"));
    }
}
