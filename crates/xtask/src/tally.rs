//! Counting tests from what the runners print: the summary line of cargo-nextest, the result lines of `cargo test`.
//!
//! Pure. A line that is not understood counts nothing; the caller then goes by the exit code.

use core::fmt;
use core::ops::AddAssign;

/// How many tests passed and how many did not (failed, timed out, could not be started).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed, at whatever speed.
    pub passed: u64,
    /// Tests that did not.
    pub failed: u64,
}

impl fmt::Display for Tally {
    /// The closing line of the gate and of the tests.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Tally {
    /// Adds up all the lines that a runner left.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut tally = Self::default();
        for line in lines {
            if let Some(more) = summary_line(line).or_else(|| result_line(line)) {
                tally += more;
            }
        }
        tally
    }

    /// The same, with one failure more where the runner failed without naming one (it did not compile, it was killed).
    #[must_use]
    pub fn settled(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

/// True for a line that [`Tally::of`] reads.
pub fn counts(line: &str) -> bool {
    summary_line(line).is_some() || result_line(line).is_some()
}

/// Reads `Summary [   0.015s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
fn summary_line(line: &str) -> Option<Tally> {
    let (head, counts) = line.trim_start().strip_prefix("Summary [")?.split_once(" run: ")?;
    head.contains(']').then(|| {
        let mut tally = Tally::default();
        for part in without_brackets(counts).split(',') {
            let Some((count, what)) = part.trim().split_once(' ') else { continue };
            let Ok(count) = count.parse::<u64>() else { continue };
            match what.trim() {
                "passed" => tally.passed += count,
                "failed" | "exec failed" | "timed out" => tally.failed += count,
                _ => {}
            }
        }
        tally
    })
}

/// Reads `test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s`. An indented
/// one is what a test of cargo-nextest printed, which the summary counts.
fn result_line(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut tally = Tally::default();
    for part in counts.split(';') {
        match part.trim().split_once(' ') {
            Some((count, "passed")) => tally.passed += count.parse::<u64>().ok()?,
            Some((count, "failed")) => tally.failed += count.parse::<u64>().ok()?,
            Some(_) | None => {}
        }
    }
    Some(tally)
}

/// Drops everything between parentheses: `3 passed (1 slow, 1 leaky), 1 failed` holds commas inside them.
fn without_brackets(text: &str) -> String {
    let mut open = 0_u32;
    text.chars()
        .filter(|c| {
            match c {
                '(' => open += 1,
                ')' => open = open.saturating_sub(1),
                _ => return open == 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64) -> Tally {
        Tally { passed, failed }
    }

    #[test]
    fn reads_the_summary_of_nextest() {
        for (line, expected) in [
            ("     Summary [   0.015s] 3 tests run: 3 passed, 0 skipped", tally(3, 0)),
            ("     Summary [   1.015s] 1 test run: 1 passed, 1 skipped", tally(1, 0)),
            (
                "     Summary [  61.000s] 9 tests run: 6 passed (2 slow, 1 leaky), 2 failed, 1 timed out, 4 skipped",
                tally(6, 3),
            ),
            (
                "     Summary [   0.1s] 5/7 tests run: 3 passed (1 flaky), 1 failed, 1 exec failed, 0 skipped",
                tally(3, 2),
            ),
            ("     Summary [   0.000s] 0 tests run: 0 passed, 0 skipped", tally(0, 0)),
        ] {
            assert_eq!(Tally::of([line]), expected, "{line}");
            assert!(counts(line), "{line}");
        }
    }

    #[test]
    fn adds_up_the_results_of_documentation_tests() {
        let lines = [
            "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.21s",
            "running 3 tests",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ];
        assert_eq!(Tally::of(lines), tally(3, 2));
        assert!(!counts(lines[1]));
    }

    #[test]
    fn what_a_failed_test_printed_of_itself_is_not_counted_beside_the_summary() {
        let result =
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 132 filtered out; finished in 3.4s";
        let lines = [result, result, "     Summary [  37.665s] 9 tests run: 8 passed, 1 failed, 133 skipped"];
        assert_eq!(Tally::of(lines), tally(8, 1));
    }

    #[test]
    fn a_test_that_prints_a_summary_like_line_does_not_count() {
        for line in
            ["Summary of the day: 5 tests run: 5 passed", "    my Summary [x] 5 tests run: 5 passed", "test result"]
        {
            assert_eq!(Tally::of([line]), tally(0, 0), "{line}");
        }
    }

    #[test]
    fn a_runner_that_failed_without_a_count_is_one_failure() {
        assert_eq!(Tally::default().settled(false), tally(0, 1));
        assert_eq!(tally(4, 2).settled(false), tally(4, 2));
        assert_eq!(tally(4, 0).settled(true), tally(4, 0));
    }

    #[test]
    fn the_closing_line_is_plain() {
        assert_eq!(tally(12, 0).to_string(), "12 passed, 0 failed");
    }
}
