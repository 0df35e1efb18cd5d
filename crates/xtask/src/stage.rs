//! One stage after the other: runs each, measures it, remembers how it ended and prints the closing table.
//!
//! A failing stage does not stop the others; whoever adds a stage says what it depends on.

use core::fmt::Write as _;

use crate::budget::Budgets;
use crate::tally::Tally;
use crate::{clock, shell};

/// How a stage ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did what it should; tests it ran are counted.
    Passed(Tally),
    /// It did not; a stage without tests counts as one failure.
    Failed(Tally),
    /// It was left out, for the reason given, and counts nothing.
    NotRun(String),
}

impl Ending {
    /// The ending of a stage that runs no tests.
    pub fn check(success: bool) -> Self {
        if success { Self::Passed(Tally::default()) } else { Self::Failed(Tally { passed: 0, failed: 1 }) }
    }

    /// The ending of a stage that runs tests, by what its runner printed and how it exited.
    pub fn tests(tally: Tally, success: bool) -> Self {
        let tally = tally.settled(success);
        if success && tally.failed == 0 { Self::Passed(tally) } else { Self::Failed(tally) }
    }

    /// The tests it counted.
    pub fn tally(&self) -> Tally {
        match self {
            Self::Passed(tally) | Self::Failed(tally) => *tally,
            Self::NotRun(_) => Tally::default(),
        }
    }

    /// The word in the closing table.
    fn word(&self) -> String {
        match self {
            Self::Passed(_) => "ok".to_owned(),
            Self::Failed(_) => "FAILED".to_owned(),
            Self::NotRun(reason) => format!("NOT RUN: {reason}"),
        }
    }
}

/// A stage that is over.
#[derive(Debug)]
struct Row {
    name: &'static str,
    seconds: f64,
    ending: Ending,
}

/// All stages of one run, in order.
#[derive(Debug, Default)]
pub struct Stages {
    rows: Vec<Row>,
}

impl Stages {
    /// Runs a stage, measured; a fault of its own is printed and counts as failed. True when it passed.
    pub fn run(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<Ending>) -> bool {
        shell::say(&format!("\n── {name}"));
        let (answer, seconds) = clock::timed(work);
        let ending = answer.unwrap_or_else(|fault| {
            shell::say(&format!("error: {fault:#}"));
            Ending::check(false)
        });
        shell::say(&format!("── {name}: {} after {seconds:.1} s", ending.word()));
        let passed = matches!(ending, Ending::Passed(_));
        self.rows.push(Row { name, seconds, ending });
        passed
    }

    /// Every stage passed; one that was not run did not.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.ending, Ending::Passed(_)))
    }

    /// All tests and failed checks together.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for row in &self.rows {
            tally += row.ending.tally();
        }
        tally
    }

    /// The closing table: seconds against budget, a loud line for each stage over it or without one.
    pub fn table(&self, budgets: &Budgets) -> String {
        let mut text = format!("\n{:<10} {:>9} {:>9}  {}\n", "stage", "seconds", "budget", "ended");
        let mut warnings = String::new();
        for Row { name, seconds, ending } in &self.rows {
            let budget = budgets.of(name);
            let shown = budget.map_or_else(|| "-".to_owned(), |budget| budget.to_string());
            let _ = writeln!(text, "{name:<10} {seconds:>9.1} {shown:>9}  {}", ending.word());
            #[expect(clippy::cast_precision_loss, reason = "a budget is minutes, far below 2^52 seconds")]
            match budget {
                Some(budget) if *seconds > budget as f64 => {
                    let _ = writeln!(warnings, "WARNING: {name} took {seconds:.0} s, its budget is {budget} s");
                }
                Some(_) => {}
                None => {
                    let _ = writeln!(warnings, "WARNING: {name} has no budget in {}", crate::budget::PAGE);
                }
            }
        }
        let total: f64 = self.rows.iter().map(|row| row.seconds).sum();
        let _ = writeln!(text, "{:<10} {total:>9.1} {:>9}", "together", budgets.total());
        text + &warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(rows: Vec<(&'static str, f64, Ending)>) -> Stages {
        Stages { rows: rows.into_iter().map(|(name, seconds, ending)| Row { name, seconds, ending }).collect() }
    }

    fn budgets() -> Budgets {
        Budgets::read("| stage | budget s |\n|---|---|\n| fmt | 10 |\n| test | 100 |\n").unwrap()
    }

    #[test]
    fn a_failed_check_counts_as_one_failure_beside_the_tests() {
        let stages = stages(vec![
            ("fmt", 1.0, Ending::check(false)),
            ("test", 50.0, Ending::tests(Tally { passed: 7, failed: 0 }, true)),
        ]);
        assert_eq!(stages.tally().to_string(), "7 passed, 1 failed");
        assert!(!stages.passed());
    }

    #[test]
    fn a_stage_over_its_budget_is_a_warning_and_no_failure() {
        let stages = stages(vec![("fmt", 11.0, Ending::check(true)), ("test", 99.0, Ending::check(true))]);
        let table = stages.table(&budgets());
        assert!(table.contains("WARNING: fmt took 11 s, its budget is 10 s"), "{table}");
        assert_eq!(table.matches("WARNING").count(), 1, "{table}");
        assert!(stages.passed());
    }

    #[test]
    fn a_stage_without_a_budget_is_a_warning() {
        let table = stages(vec![("deny", 1.0, Ending::check(true))]).table(&budgets());
        assert!(table.contains("WARNING: deny has no budget"), "{table}");
    }

    #[test]
    fn a_runner_that_exits_badly_with_all_tests_passed_has_failed() {
        assert_eq!(
            Ending::tests(Tally { passed: 3, failed: 0 }, false),
            Ending::Failed(Tally { passed: 3, failed: 1 })
        );
    }

    #[test]
    fn a_fault_of_the_stage_itself_is_a_failure() {
        let mut stages = Stages::default();
        assert!(!stages.run("fmt", || anyhow::bail!("no such program")));
        assert_eq!(stages.tally(), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn what_was_not_run_says_so() {
        let stages = stages(vec![("test", 0.0, Ending::NotRun("the build failed".to_owned()))]);
        assert!(stages.table(&budgets()).contains("NOT RUN: the build failed"));
        assert!(!stages.passed());
        assert_eq!(stages.tally(), Tally::default());
    }
}
