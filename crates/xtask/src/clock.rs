//! The one clock of the chores: how long a stage took, and the day a soak ran. The product has a clock of its own.

use std::time::Instant;

use anyhow::Context as _;

use crate::shell;

/// Runs `work` and says how many seconds it took, in real time.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    #[expect(clippy::disallowed_methods, reason = "a stage is measured in real time; nothing is decided by it")]
    let started_at = Instant::now();
    let answer = work();
    (answer, started_at.elapsed().as_secs_f64())
}

/// Today in UTC as `2026-11-23`.
///
/// # Errors
/// When the machine has no `date`.
pub fn today() -> anyhow::Result<String> {
    shell::text("date", &["-u", "+%Y-%m-%d"]).context("cannot ask the machine for the date")
}
