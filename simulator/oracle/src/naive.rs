//! A naive node for tests: it keeps every promise the simplest way, or breaks one on purpose. Properties show that the
//! judges let the one pass and see the other.

mod node;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use self::node::{CUSTOMERS, Defect, Naive, Step};
use crate::{judge_all, unsettled};

const DAY: i64 = 86_400_000;

fn step() -> impl Strategy<Value = Step> {
    let customer = 0..CUSTOMERS.len();
    let edge = prop_oneof![Just(DAY - 60_000), Just(DAY), Just(7 * DAY - 300_000), Just(7 * DAY)];
    let wait = prop_oneof![3 => 0..600_000_i64, 2 => (edge, -1..=1_i64).prop_map(|(edge, nudge)| edge + nudge)];
    let late = prop_oneof![4 => Just(0_i64), 1 => 1..3 * DAY];
    prop_oneof![
        10 => (customer.clone(), 0..12_u8, late).prop_map(|(customer, sort, late)| Step::Deed { customer, sort, late }),
        2 => Just(Step::Again),
        1 => customer.clone().prop_map(|customer| Step::Forged { customer }),
        5 => (customer.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(customer, person, echo_first)| Step::Answer { customer, person, echo_first }),
        1 => customer.prop_map(|customer| Step::Close { customer }),
        1 => Just(Step::Crash),
        4 => wait.prop_map(|millis| Step::Wait { millis }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_node_that_keeps_every_promise_is_never_blamed(steps in steps()) {
        let history = Naive::run(&steps, Defect::None);
        let violations: Vec<String> = judge_all(&history).iter().map(ToString::to_string).collect();
        prop_assert_eq!(violations, Vec::<String>::new());
        let undone: Vec<String> = unsettled(&history).iter().map(ToString::to_string).collect();
        prop_assert_eq!(undone, Vec::<String>::new());
    }
}

/// So many worlds may pass before a defect is seen.
const WORLDS_MAX: usize = 60;

#[test]
fn every_defect_is_found_by_its_promise_within_a_bounded_number_of_worlds() {
    for (defect, promise) in [
        (Defect::TakesTwice, 3),
        (Defect::TakesForged, 30),
        (Defect::LosesAtCrash, 31),
        (Defect::IgnoresWindow, 14),
        (Defect::TagsBots, 12),
        (Defect::TagsAlways, 11),
        (Defect::EchoOpens, 9),
        (Defect::OldMessageMovesBack, 13),
        (Defect::KeepsArrivalOrder, 19),
        (Defect::NeverMarksLate, 19),
        (Defect::SendsTwice, 17),
        (Defect::CallsUnknownSent, 16),
        (Defect::ReceiptsGoBack, 18),
        (Defect::OpensSecondTask, 1),
        (Defect::SendsInSilence, 9),
    ] {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let found = (0..WORLDS_MAX).any(|_| {
            let steps = steps().new_tree(&mut runner).expect("steps can be drawn").current();
            judge_all(&Naive::run(&steps, defect)).iter().any(|violation| violation.promise == promise)
        });
        assert!(found, "{defect:?}");
    }
}
