//! What is made is a scenario, always the same, and meets what it is there for.

use super::*;
use crate::scenario::{Deed, Order};

#[test]
fn the_same_seed_is_the_same_scenario_and_is_read_back_from_its_text() {
    for profile in [Profile::Calm, Profile::Busy, Profile::Rough, Profile::Swarm] {
        for seed in 0..200 {
            let made = scenario(seed, profile);
            assert_eq!(made, scenario(seed, profile));
            assert_eq!(Scenario::parse(&made.to_string()), Ok(made), "seed {seed} of {profile}");
        }
        assert_ne!(scenario(1, profile), scenario(2, profile));
    }
}

#[test]
fn only_what_is_rough_fells_the_node_and_only_what_is_not_calm_is_held_back() {
    let met = |profile| {
        let lines = (0..100).flat_map(|seed| scenario(seed, profile).lines);
        let mut met = (0, 0);
        for line in lines {
            met.0 += u32::from(line.deed == Deed::Crash);
            met.1 += u32::from(matches!(line.deed, Deed::Meta(Order::Holds(_))));
        }
        met
    };
    assert_eq!(met(Profile::Calm), (0, 0));
    let (busy, rough) = (met(Profile::Busy), met(Profile::Rough));
    assert!(busy.0 == 0 && busy.1 > 20, "{busy:?}");
    assert!(rough.0 > 100 && rough.1 > 20, "{rough:?}");
}

#[test]
fn the_swarm_draws_every_fault_in_some_runs_and_in_none_all_of_them() {
    let kinds = |seed| -> std::collections::BTreeSet<&'static str> {
        let lines = scenario(seed, Profile::Swarm).lines;
        let word = |line: &crate::scenario::Line| {
            if let Deed::Fault(fault) = &line.deed {
                return fault.word();
            }
            let flood = matches!(&line.deed, Deed::Customer { act: crate::scenario::Act::Floods { .. }, .. });
            if flood { Some("flood") } else { (line.deed == Deed::Crash).then_some("crash") }
        };
        lines.iter().filter_map(word).collect()
    };
    let drawn: Vec<_> = (0..200).map(kinds).collect();
    let met: std::collections::BTreeSet<&str> = drawn.iter().flatten().copied().collect();
    assert_eq!(met.len(), 31, "{met:?}");
    assert!(
        drawn.iter().all(|kinds| kinds.len() < met.len()) && drawn.iter().any(|kinds| kinds.len() < 4),
        "{drawn:?}"
    );
}

#[test]
fn a_year_has_its_customers_spread_over_it_and_is_always_the_same() {
    let made = year(7, 3);
    assert_eq!(made, year(7, 3));
    assert_eq!((made.pages.len(), made.customers.len()), (1, 36));
    let months: std::collections::BTreeSet<i64> = made.lines.iter().map(|line| line.at.0 / Span::days(31).0).collect();
    assert!(months.len() >= 12, "{months:?}");
}
