//! A soak: the tests at length, and one row about it, with commit and machine, appended to docs/SOAK.md.

use std::fs;

use anyhow::Context as _;

use crate::stage::Ending;
use crate::{clock, shell, test};

/// Where the results are kept.
const PAGE: &str = "docs/SOAK.md";

/// What the page starts with.
const HEAD: &str = "# Soaks\n\nAppended by `cargo xtask soak`: the tests at length, on which machine, with what result.\n\n\
    | day | commit | machine | what | seconds | result |\n|---|---|---|---|---:|---|\n";

/// Cases that a property tries in a soak, unless the caller says otherwise.
const CASES: &str = "10000";

/// Runs the chosen tests at length and appends the result to the page.
///
/// # Errors
/// When a program cannot be started or the page cannot be written.
pub fn run(args: &[String]) -> anyhow::Result<bool> {
    let mut command = test::runner(args, "soak")?;
    command.env("PAGEDESK_SOAK", "1");
    if std::env::var_os("PROPTEST_CASES").is_none() {
        command.env("PROPTEST_CASES", CASES);
    }
    let (ending, seconds) = clock::timed(|| test::watched(&mut command));
    let ending = ending?;
    let what = if args.is_empty() { "everything".to_owned() } else { args.join(" ") };
    let row = row(&clock::today()?, &commit()?, &machine(), &what, seconds, &ending.tally().to_string());
    append(&row)?;
    shell::say(&format!("\nappended to {PAGE}:\n{row}\n{}", ending.tally()));
    Ok(matches!(ending, Ending::Passed(_)))
}

/// One row of the page.
fn row(day: &str, commit: &str, machine: &str, what: &str, seconds: f64, result: &str) -> String {
    let what = what.replace('|', "\\|");
    format!("| {day} | {commit} | {machine} | {what} | {seconds:.0} | {result} |\n")
}

/// Adds the row, and the head of the page before the first one.
fn append(row: &str) -> anyhow::Result<()> {
    let path = shell::root().join(PAGE);
    let before = if path.exists() { shell::read(PAGE)? } else { HEAD.to_owned() };
    fs::write(&path, before + row).with_context(|| format!("cannot write {PAGE}"))
}

/// The commit of the tree, marked when the tree differs from it.
fn commit() -> anyhow::Result<String> {
    let commit = shell::text("git", &["rev-parse", "--short=12", "HEAD"])?;
    let changed = !shell::text("git", &["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Ok(if changed { format!("{commit} changed") } else { commit })
}

/// Processor, cores and memory, as the kernel tells them.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| after_colon(&text, "model name"));
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| after_colon(&text, "MemTotal"));
    let gib = memory.and_then(|text| text.strip_suffix(" kB")?.trim().parse::<u64>().ok()).map(|kib| kib >> 20);
    let processor = processor.unwrap_or_else(|| "unknown processor".to_owned());
    gib.map_or_else(|| format!("{processor}, {cores} cores"), |gib| format!("{processor}, {cores} cores, {gib} GiB"))
}

/// The value behind `key … : value`.
fn after_colon(text: &str, key: &str) -> Option<String> {
    let (_, value) = text.lines().find(|line| line.starts_with(key))?.split_once(':')?;
    Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fits_the_head_of_the_page() {
        let row = row("2026-11-23", "abc", "a machine", "-E a|b", 12.3, "5 passed, 0 failed");
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        assert_eq!(bars(&row), bars(HEAD.lines().nth(4).unwrap()));
        assert!(row.contains("| 12 |"));
    }

    #[test]
    fn the_machine_is_named() {
        assert!(machine().contains(" cores"));
    }

    #[test]
    fn values_behind_a_colon_are_read_without_extra_space() {
        assert_eq!(after_colon("a : 1\nMemTotal:    24 kB\n", "MemTotal").as_deref(), Some("24 kB"));
        assert_eq!(after_colon("a : 1\n", "MemTotal"), None);
    }
}
