//! Random histories of an inbox against a naive model: a list of what was acknowledged and not done.
//!
//! After every step, loss of power, kill or restart everything acknowledged and not done is offered, in order and with
//! its bytes; after an orderly end nothing else is. Numbers are never given twice.

use std::collections::BTreeMap;

use journal::Drives;
use proptest::prelude::*;

use crate::rig::{Rig, THREADS};

#[derive(Clone, Debug)]
enum Step {
    Deliver(u16),
    Forget(prop::sample::Index),
    Prune,
    Flush,
    Crash,
    Kill,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..6_000_u16).prop_map(Step::Deliver),
        8 => any::<prop::sample::Index>().prop_map(Step::Forget),
        1 => Just(Step::Prune),
        1 => Just(Step::Flush),
        1 => Just(Step::Crash),
        1 => Just(Step::Kill),
        1 => Just(Step::Restart),
    ]
}

/// What the body of a delivery is made of.
fn letter(seq: u64) -> u8 {
    u8::try_from(seq % 128).unwrap()
}

fn offered(rig: &Rig) -> Vec<(u64, usize)> {
    let deliveries = rig.inbox().unforgotten(0, usize::MAX).unwrap();
    for delivery in &deliveries {
        assert!(delivery.body.iter().all(|byte| *byte == letter(delivery.seq)), "its own bytes");
        assert_eq!(rig.inbox().get(delivery.seq).unwrap().as_ref(), Some(delivery));
    }
    deliveries.into_iter().map(|delivery| (delivery.seq, delivery.body.len())).collect()
}

fn lives(drives: Drives, seed: u64, steps: Vec<Step>) {
    let mut rig = Rig::new(seed, drives);
    let mut waiting = BTreeMap::new();
    let mut newest = 0;
    for (number, step) in (0..).zip(steps) {
        let mut orderly = true;
        match step {
            Step::Deliver(bytes) => {
                // The number is known before: nothing fails here.
                let body = String::from_utf8(vec![letter(newest + 1); bytes.into()]).unwrap();
                let seq = rig.deliver(&body, number).unwrap();
                assert_eq!(seq, newest + 1);
                newest = seq;
                waiting.insert(seq, usize::from(bytes));
            }
            Step::Forget(index) => {
                let seqs: Vec<u64> = waiting.keys().copied().collect();
                if !seqs.is_empty() {
                    let seq = seqs[index.index(seqs.len())];
                    waiting.remove(&seq);
                    rig.inbox().forget(seq);
                }
            }
            Step::Prune => rig.inbox().prune(number),
            Step::Flush => rig.inbox().flush(),
            Step::Crash => {
                rig.crash();
                orderly = false;
            }
            Step::Kill => {
                rig.kill();
                orderly = false;
            }
            Step::Restart => rig.restart(),
        }
        let mut offered = offered(&rig);
        if !orderly {
            for (seq, _) in &offered {
                if !waiting.contains_key(seq) {
                    rig.inbox().forget(*seq);
                }
            }
            offered.retain(|(seq, _)| waiting.contains_key(seq));
        }
        assert_eq!(offered, waiting.iter().map(|(seq, bytes)| (*seq, *bytes)).collect::<Vec<_>>());
        assert_eq!(rig.inbox().last_seq(), newest, "no number is given twice");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_was_acknowledged_and_is_not_done_is_offered_whatever_happens(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        lives(Drives::INLINE, seed, steps.clone());
        lives(THREADS, seed, steps);
    }
}
