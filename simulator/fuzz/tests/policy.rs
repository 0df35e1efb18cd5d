//! Policy and oracle over a million fact sets and over any bytes, and what a round must have reached.
//!
//! The one comparison of the two among the tests; `sabotage` says for each defect within how many cases it is found.

use std::path::Path;

use fuzz::policy::{BYTES, Round};
use proptest::prelude::*;

/// Cases of one round: all editions, in force and as what-ifs, as named and moved; edges at −1, 0 and +1 ms; guards of 0, the
/// defaults and odd ones.
const CASES: u64 = 1_000_000;

#[test]
fn policy_and_oracle_agree_and_everything_that_can_be_said_is_reached() {
    let mut round = Round::new(1);
    while round.cases() < CASES {
        if let Err(found) = round.step() {
            panic!("case {}: {}\n{}", found.number, found.difference, found.least.explain_line());
        }
    }
    assert_eq!(round.coverage().unreached(), Vec::<String>::new());
}

#[test]
fn every_rule_has_a_defect_that_can_be_planted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/policy/src/rule");
    let files = std::fs::read_dir(folder).expect("the rules are there").map(|entry| entry.expect("a file").path());
    let rules: Vec<_> = files.filter(|file| !file.ends_with("mod.rs")).collect();
    // Those of the windows' ends stand in `window.rs`, for all rules that ask for one.
    let planted = |file: &Path| std::fs::read_to_string(file).expect("a rule").contains("on(Defect::");
    let without: Vec<_> = rules.iter().filter(|file| !planted(file)).collect();
    assert_eq!((rules.len(), without), (11, Vec::new()));
}

#[test]
fn a_round_is_the_same_every_time() {
    let round = |seed| {
        let mut round = Round::new(seed);
        (0..2_000).for_each(|_| assert!(round.step().is_ok()));
        round.coverage().clone()
    };
    assert_eq!(round(5), round(5));
    assert_ne!(round(5), round(6));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn policy_and_oracle_agree_about_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..BYTES + 3)) {
        fuzz::policy::check(&bytes);
    }
}
