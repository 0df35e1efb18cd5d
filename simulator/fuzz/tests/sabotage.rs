//! Every planted defect of the policy is found, within a bounded number of cases, and shrunk to little.
//!
//! One test alone: a planted defect is planted in the whole process.

use std::fmt::Write as _;
use std::path::Path;

use fuzz::policy::{Found, Round, bytes, check, compare};
use sabotage::{Defect, Home, plant};

/// Within so many cases each defect is found.
const CASES_MAX: u64 = 2_000;

fn find(seed: u64) -> Option<Box<Found>> {
    let mut round = Round::new(seed);
    (0..CASES_MAX).find_map(|_| round.step().err())
}

fn documented() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/TESTING.md");
    std::fs::read_to_string(page).expect("the page is there")
}

#[test]
fn every_planted_defect_is_found_and_shrunk() {
    assert_eq!(find(1), None, "nothing is planted");
    let (mut table, mut wrong) = (String::new(), Vec::new());
    let documented = documented();
    for defect in Defect::of(Home::Policy) {
        plant(Some(defect));
        let numbers: Vec<u64> = (1..=20)
            .map(|seed| find(seed).unwrap_or_else(|| panic!("{} under seed {seed}", defect.code())).number)
            .collect();
        let found = find(1).expect("it was found a moment ago");
        let again = compare(&found.least).expect_err("the least case shows it");
        assert_eq!(again, found.difference);
        let worst = numbers.iter().max().expect("there are seeds") + 1;
        writeln!(
            table,
            "{}: within {worst} cases\n{}\n{}\n",
            defect.code(),
            found.difference,
            found.least.explain_line()
        )
        .expect("a string takes everything");
        let mut rows =
            documented.lines().skip_while(|line| !line.starts_with("| switch | breaks | in `policy` | cases"));
        let row = rows.find(|line| line.starts_with(&format!("| `{}` |", defect.code())));
        if !row.is_some_and(|row| row.ends_with(&format!("| {worst} |"))) {
            wrong.push(format!("{} should say {worst}", defect.code()));
        }
        let panicked = std::panic::catch_unwind(|| check(&bytes(1, found.number)));
        assert!(panicked.is_err(), "the fuzz target sees it too");
        plant(None);
        assert!(compare(&found.least).is_ok(), "{}: without the defect nothing differs", defect.code());
    }
    insta::assert_snapshot!(table);
    assert!(wrong.is_empty(), "in docs/TESTING.md: {wrong:#?}");
}
