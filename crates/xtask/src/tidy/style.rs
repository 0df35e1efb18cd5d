//! The shape of a Rust file: its header, its length, and what must not be written in it (inside tests or outside).

use super::Finding;
use super::source::{Source, is_test_path};

/// More lines than this and a reader should be warned.
const LINES_WARN: usize = 400;
/// More lines than this and the file holds two things.
const LINES_MAX: usize = 600;

/// Finds faults of shape in one file.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !source.has_header {
        findings.push(Finding::error(
            source.at(1),
            "the file does not open with `//!`",
            "say on its first line what lives here, what must not, and which invariant it keeps",
        ));
    }
    findings.extend(length(source));
    for (number, line) in source.numbered() {
        let tests_only = is_test_path(&source.path) || line.in_test;
        for (what, remedy) in faults_of(&line.code, tests_only) {
            findings.push(Finding::error(source.at(number), what, remedy));
        }
    }
    findings
}

/// Warns of long files and refuses those that are too long.
fn length(source: &Source) -> Option<Finding> {
    let lines = source.lines.len();
    let what = format!("{lines} lines");
    if lines > LINES_MAX {
        let remedy = format!("{LINES_MAX} at most: which two nouns or cases live here?");
        Some(Finding::error(&source.path, what, remedy))
    } else if lines > LINES_WARN {
        Some(Finding::warning(&source.path, what, format!("{LINES_WARN} or fewer read better")))
    } else {
        None
    }
}

/// What is wrong with a line, and what to do.
fn faults_of(code: &str, in_test: bool) -> Vec<(&'static str, &'static str)> {
    let dense: String = code.split_whitespace().collect();
    let mut faults = Vec::new();
    if !in_test && dense.contains(".unwrap()") {
        faults.push(("`unwrap()` outside tests", "answer the error, or `expect(\"why it cannot be\")` for a bug"));
    }
    if dense.contains("#[ignore]") || dense.contains("#[ignore=") {
        faults.push(("an ignored test", "make it run, or delete it"));
    }
    if dense.contains("#[allow(") || dense.contains("#![allow(") {
        faults.push(("`allow` of a lint", "`#[expect(lint, reason = \"…\")]` falls when it is no longer needed"));
    }
    if in_test && ["thread::sleep(", "time::sleep("].iter().any(|call| dense.contains(call)) {
        faults.push(("a sleep in a test", "wait for the thing itself: an answer, a file, a line of output"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(path: &str, text: &str) -> Vec<String> {
        check(&Source::read(path, text))
            .into_iter()
            .map(|finding| format!("{} {}", finding.place, finding.what))
            .collect()
    }

    #[test]
    fn a_file_without_a_header_is_found() {
        assert_eq!(whats("a.rs", "fn a() {}\n"), ["a.rs:1 the file does not open with `//!`"]);
        assert!(whats("a.rs", "//! Words.\nfn a() {}\n").is_empty());
    }

    #[test]
    fn length_warns_above_four_hundred_and_fails_above_six_hundred() {
        let long = |lines: usize| format!("//! Words.\n{}", "fn a() {}\n".repeat(lines - 1));
        assert!(whats("a.rs", &long(400)).is_empty());
        let findings = check(&Source::read("a.rs", &long(401)));
        assert_eq!(findings[0].weight, super::super::Weight::Warning);
        let findings = check(&Source::read("a.rs", &long(601)));
        assert_eq!(findings[0].weight, super::super::Weight::Error);
    }

    #[test]
    fn an_unwrap_is_found_outside_tests_only() {
        let text = "//! W.\nfn a() { b.unwrap(); }\n// c.unwrap()\n#[cfg(test)]\nmod tests { fn d() { e.unwrap() } }\n";
        assert_eq!(whats("crates/web/src/a.rs", text), ["crates/web/src/a.rs:2 `unwrap()` outside tests"]);
        assert!(whats("tests/src/a.rs", "//! W.\nfn a() { b.unwrap(); }\n").is_empty());
    }

    #[test]
    fn ignored_tests_and_sleeps_in_tests_are_found() {
        let text = "//! W.\n#[test]\n#[ignore = \"slow\"]\nfn a() { std::thread::sleep(b) }\n";
        assert_eq!(whats("a.rs", text), ["a.rs:3 an ignored test", "a.rs:4 a sleep in a test"]);
        assert!(whats("a.rs", "//! W.\nasync fn a() { tokio::time::sleep(b).await }\n").is_empty());
    }

    #[test]
    fn a_lint_is_expected_and_not_allowed() {
        assert_eq!(whats("a.rs", "//! W.\n#[allow(dead_code)]\nfn a() {}\n"), ["a.rs:2 `allow` of a lint"]);
        assert!(whats("a.rs", "//! W.\n#[expect(dead_code, reason = \"x\")]\nfn a() {}\n").is_empty());
    }
}
