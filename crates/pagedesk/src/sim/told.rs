//! What a run is told as: to people where something is wrong, to programs always.
//!
//! Prints and plays nothing but the runs that shrinking takes. Invariant: an object has the same keys whatever came of the
//! run.

use oracle::Coverage;
use serde_json::{Value, json};
use simulator::scenario::Scenario;
use simulator::world::{Run, Verdict, shrink};

use crate::exit::{self, Failure};

/// Lines of the trace that are printed where something is wrong.
const TRACE_LINES: usize = 30;
/// Sentences of the oracle that are printed.
const WRONG_LINES: usize = 20;
/// Runs for taking lines out of a scenario.
pub(super) const SHRINK_RUNS: usize = 1_000;

/// What is wrong, with the line that shows it again and the least scenario that does. For programs on standard error.
pub(super) fn tell(scenario: &Scenario, run: &Run, again: &str, on_error: bool) -> Result<(), Failure> {
    let mut text = wrong(run);
    if run.verdict != Verdict::Nondeterminism {
        let least = shrink(scenario, run, SHRINK_RUNS);
        text.push_str(&format!("\nthe least scenario that shows it:\n\n{least}"));
    }
    text.push_str(&format!("\nagain: {}{again}\n", prefix()));
    if on_error {
        exit::note(&text);
    } else {
        exit::print(&text)?;
    }
    Ok(())
}

#[cfg(feature = "sabotage")]
pub(super) fn prefix() -> String {
    crate::sabotage::prefix()
}

#[cfg(not(feature = "sabotage"))]
pub(super) fn prefix() -> String {
    String::new()
}

/// What is wrong, behind the end of the trace.
pub(super) fn wrong(run: &Run) -> String {
    let mut text = String::new();
    for line in run.trace.iter().rev().take(TRACE_LINES).rev() {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&format!("\n{}\n", run.verdict));
    for wrong in run.wrong.iter().take(WRONG_LINES) {
        text.push_str(&format!("  {wrong}\n"));
    }
    if let Some(more) = run.wrong.len().checked_sub(WRONG_LINES).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more\n"));
    }
    text
}

/// For programs.
pub(super) fn object(run: &Run) -> Value {
    json!({
        "depth": run.depth.word(),
        "trace_hash": run.trace_hash,
        "verdict": run.verdict.word(),
        "promises": run.promises,
        "wrong": run.wrong,
        "findings": run.findings,
        "coverage": coverage(&run.coverage),
    })
}

/// How often each word of each set was met.
pub(super) fn coverage(met: &Coverage) -> Value {
    let set = |set: &'static str| {
        let words = met.words(set).map(|(word, count)| (word.to_owned(), Value::from(count)));
        (set.to_owned(), Value::Object(words.collect()))
    };
    Value::Object(Coverage::sets().map(set).collect())
}
