//! What differs between two traces, as a unified diff for the terminal.
//!
//! Invariant: bounded in time and length, however different the two are.

use core::time::Duration;

use similar::TextDiff;

/// Lines around each difference.
const AROUND: usize = 3;
/// Lines that are shown.
const LINES_MAX: usize = 2_000;
/// Longest search for the shortest difference; then a longer one is shown.
const SEARCH_MAX: Duration = Duration::from_secs(5);

/// The difference, each line with its sign, coloured where that is wanted.
pub(super) fn shown(approved: &str, found: &str, coloured: bool) -> String {
    let diff = TextDiff::configure().timeout(SEARCH_MAX).diff_lines(approved, found);
    let unified = diff.unified_diff().context_radius(AROUND).header("approved", "this build").to_string();
    let mut text = String::new();
    let mut lines = unified.lines();
    for line in lines.by_ref().take(LINES_MAX) {
        let colour = match line.as_bytes().first() {
            Some(b'+') => "\u{1b}[32m",
            Some(b'-') => "\u{1b}[31m",
            Some(b'@') => "\u{1b}[36m",
            Some(_) | None => "",
        };
        if coloured && !colour.is_empty() {
            text.push_str(&format!("{colour}{line}\u{1b}[0m\n"));
        } else {
            text.push_str(&format!("{line}\n"));
        }
    }
    let more = lines.count();
    if more > 0 {
        text.push_str(&format!("… {more} lines more; --out FILE keeps the whole trace\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_signs_and_colours_only_where_they_are_wanted() {
        let (approved, found) = ("a\nb\nc\n", "a\nB\nc\n");
        let plain = "--- approved\n+++ this build\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";
        assert_eq!(shown(approved, found, false), plain);
        let coloured = shown(approved, found, true);
        assert!(coloured.contains("\u{1b}[31m-b\u{1b}[0m\n\u{1b}[32m+B\u{1b}[0m\n c\n"), "{coloured:?}");
    }

    #[test]
    fn a_long_difference_is_cut_with_a_word() {
        let found: String = (0..3_000).map(|n| format!("{n}\n")).collect();
        let text = shown("", &found, false);
        assert_eq!(text.lines().count(), LINES_MAX + 1);
        assert!(
            text.ends_with("… 1003 lines more; --out FILE keeps the whole trace\n"),
            "{}",
            &text[text.len() - 90..]
        );
    }
}
