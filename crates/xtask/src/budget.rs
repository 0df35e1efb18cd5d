//! The seconds that each stage of the gate may take: read from the table in docs/TESTING.md, so that the page is true.
//!
//! Pure. The table is the one whose first two columns are `stage` and `budget s`.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};

/// Where the table stands.
pub const PAGE: &str = "docs/TESTING.md";

/// Seconds by stage.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Budgets(BTreeMap<String, u64>);

impl Budgets {
    /// Reads the table out of the page.
    ///
    /// # Errors
    /// When there is no such table, a budget is no whole number of seconds, or a stage stands there twice.
    pub fn read(page: &str) -> anyhow::Result<Self> {
        let mut lines = page.lines().skip_while(|line| !is_head(line)).skip(1).peekable();
        ensure!(lines.peek().is_some(), "{PAGE} has no table with the columns `stage` and `budget s`");
        let mut budgets = BTreeMap::new();
        for line in lines.take_while(|line| line.starts_with('|')) {
            let cells = cells(line);
            let [stage, seconds, ..] = cells.as_slice() else { bail!("{PAGE}: a row without a budget: {line}") };
            if stage.starts_with('-') || stage.starts_with(':') {
                continue;
            }
            let seconds = seconds.parse().with_context(|| format!("{PAGE}: not a number of seconds: {line}"))?;
            ensure!(budgets.insert((*stage).to_owned(), seconds).is_none(), "{PAGE}: `{stage}` stands there twice");
        }
        Ok(Self(budgets))
    }

    /// The budget of a stage, if the page has one.
    pub fn of(&self, stage: &str) -> Option<u64> {
        self.0.get(stage).copied()
    }

    /// All budgets together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The stages that the page names, in alphabetical order.
    pub fn stages(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// True for the head of the table of budgets.
fn is_head(line: &str) -> bool {
    matches!(cells(line).as_slice(), ["stage", "budget s", ..])
}

/// The cells of a row, trimmed, without back-quotes.
fn cells(line: &str) -> Vec<&str> {
    let Some(inner) = line.trim().strip_prefix('|') else { return Vec::new() };
    inner.trim_end_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ci, shell};

    const PAGE_WITH_TWO: &str = "# Testing\n\n| net | what |\n|---|---|\n| one | two |\n\n\
        | stage | budget s | runs |\n|---|---:|---|\n| `fmt` | 10 | cargo fmt |\n| tidy | 20 | tidy |\n\nAfter.\n| x | 1 |\n";

    #[test]
    fn reads_the_table_and_nothing_after_it() {
        let budgets = Budgets::read(PAGE_WITH_TWO).unwrap();
        assert_eq!(budgets.of("fmt"), Some(10));
        assert_eq!(budgets.of("tidy"), Some(20));
        assert_eq!(budgets.of("x"), None);
        assert_eq!(budgets.total(), 30);
    }

    #[test]
    fn a_page_without_the_table_is_refused() {
        let fault = Budgets::read("# Testing\n\n| net | what |\n").unwrap_err();
        assert!(fault.to_string().contains("no table"), "{fault}");
    }

    #[test]
    fn a_budget_that_is_no_number_names_its_row() {
        let fault = Budgets::read("| stage | budget s |\n|---|---|\n| fmt | soon |\n").unwrap_err();
        assert!(fault.to_string().contains("| fmt | soon |"), "{fault}");
    }

    #[test]
    fn a_stage_named_twice_is_refused() {
        let fault = Budgets::read("| stage | budget s |\n|---|---|\n| fmt | 1 |\n| fmt | 2 |\n").unwrap_err();
        assert!(fault.to_string().contains("twice"), "{fault}");
    }

    #[test]
    fn the_page_and_the_gate_name_the_same_stages_and_stay_under_forty_minutes() {
        let budgets = Budgets::read(&shell::read(PAGE).unwrap()).unwrap();
        let mut stages = ci::STAGES.to_vec();
        stages.sort_unstable();
        assert_eq!(budgets.stages().collect::<Vec<_>>(), stages);
        assert!(budgets.total() <= 40 * 60, "{} s together", budgets.total());
    }
}
