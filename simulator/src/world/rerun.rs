//! The same deeds delivered in other ways: every body twice, the same items in other bodies, in another order. What people
//! are shown in the end has to be the same.
//!
//! Without faults, which strike at the same commit and so at another deed; and without what agents write: when an answer leaves, and what comes of it, rightly depends on when its customer was heard.
//! Invariant: what differs between two runs here is how Meta delivers, nothing else.

use oracle::history::Way as Delivered;
use oracle::{History, Violation, judge_all};

use super::course::{self, Course};
use super::{strike, watch};
use crate::core;
use crate::scenario::{Deed, Order, Scenario, Way};
use crate::witness::Witness;

/// What is wrong when the deeds of a scenario are delivered in other ways, at core depth.
///
/// # Errors
/// Where a run breaks off.
pub(super) fn differences(scenario: &Scenario) -> anyhow::Result<Vec<Violation>> {
    if strike::has_faults(scenario) {
        return Ok(Vec::new());
    }
    let silent = silent(scenario);
    let mut history = play(&silent, false)?;
    history.compare(Delivered::Twice, &play(&silent, true)?);
    for (delivered, other) in
        [(Delivered::Split, Way::other_bodies as fn(Way) -> Way), (Delivered::Permuted, Way::other_order)]
    {
        if let Some(other) = released(&silent, other) {
            history.compare(delivered, &play(&other, false)?);
        }
    }
    Ok(judge_all(&history))
}

/// Without what agents write.
fn silent(scenario: &Scenario) -> Scenario {
    let mut silent = scenario.clone();
    silent.lines.retain(|line| !matches!(line.deed, Deed::Agent { .. }));
    silent
}

/// With everything that is held back let go in another way; `None` where nothing is.
fn released(scenario: &Scenario, other: fn(Way) -> Way) -> Option<Scenario> {
    let (mut scenario, mut holds) = (scenario.clone(), false);
    for line in &mut scenario.lines {
        if let Deed::Meta(Order::Releases { pages: _, way }) = &mut line.deed {
            (*way, holds) = (other(*way), true);
        }
    }
    holds.then_some(scenario)
}

impl Way {
    /// The same items in other bodies.
    fn other_bodies(self) -> Self {
        match self {
            Self::InOrder => Self::Together,
            Self::Together | Self::Reversed => Self::InOrder,
        }
    }

    /// The same items in another order.
    fn other_order(self) -> Self {
        match self {
            Self::InOrder | Self::Together => Self::Reversed,
            Self::Reversed => Self::InOrder,
        }
    }
}

fn play(scenario: &Scenario, twice: bool) -> anyhow::Result<History> {
    let setup = core::Setup::new(course::config(scenario), scenario.begins_at);
    let (trouble, witness) = (strike::trouble(scenario), watch(scenario, false));
    let world = course::world(scenario, trouble.weather());
    let mut node = core::Node::new(core::Setup { trouble: trouble.clone(), witness, ..setup }, world);
    let mut course = Course::new(scenario, trouble, &mut node);
    course.posts_twice = twice;
    course.run()?;
    Ok(node.note(Witness::history).unwrap_or_else(|| History::new(course::setup(scenario))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_goes_out_in_other_bodies_and_in_another_order_and_nobody_answers() {
        let text = "title \"x\"\npage A 17 \"Quayside Bakery\"\ncustomer A/c1\nat 0s meta holds A\n\
            at 1s A/c1 writes \"one\"\nat 2s Ada answers A/c1 \"two\"\nat 3s meta releases A together\n";
        let silent = silent(&Scenario::parse(text).expect("a scenario"));
        assert!(!silent.to_string().contains("answers"));
        let way = |other| released(&silent, other).map(|other| other.to_string());
        assert!(way(Way::other_bodies).is_some_and(|text| text.ends_with("at 3s meta releases A\n")));
        assert!(way(Way::other_order).is_some_and(|text| text.ends_with("at 3s meta releases A reversed\n")));
    }
}
