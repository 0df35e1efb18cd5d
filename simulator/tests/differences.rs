//! Differences of whole traces: whatever is changed in one shows, and what is accepted is gone.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use simulator::replay::accept::accepted;
use simulator::replay::compare::compare;
use simulator::replay::filter::Filter;
use simulator::replay::told::Told;

fn trace() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings/first-steps");
    std::fs::read_to_string(folder.join("approved.trace")).unwrap()
}

/// One change to a trace.
#[derive(Clone, Copy, Debug)]
enum Change {
    Dropped(usize),
    Doubled(usize),
    Swapped(usize),
    Later(usize),
    Renumbered(usize),
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    for change in changes {
        let body: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with(char::is_numeric)).collect();
        let at = |index: usize| body[index % (body.len() - 1)];
        match *change {
            Change::Dropped(index) => drop(lines.remove(at(index))),
            Change::Doubled(index) => lines.insert(at(index), lines[at(index)].clone()),
            Change::Swapped(index) => lines.swap(at(index), at(index) + 1),
            Change::Later(index) => lines[at(index)].replace_range(10..12, "98"),
            Change::Renumbered(index) => lines[at(index)] = lines[at(index)].replace("task=1", "task=77"),
        }
    }
    lines.join("\n") + "\n"
}

fn change() -> impl Strategy<Value = Change> {
    let index = 0..10_000_usize;
    prop_oneof![
        index.clone().prop_map(Change::Dropped),
        index.clone().prop_map(Change::Doubled),
        index.clone().prop_map(Change::Swapped),
        index.clone().prop_map(Change::Later),
        index.prop_map(Change::Renumbered),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn traces_differ_exactly_where_their_bytes_do(changes in prop::collection::vec(change(), 0..4)) {
        let text = trace();
        let other = changed(&text, &changes);
        let (approved, now) = (Told::read(&text).unwrap(), Told::read(&other).unwrap());
        let there = compare(&approved, &now, &Filter::default()).differences;
        let back = compare(&now, &approved, &Filter::default()).differences;
        prop_assert_eq!(there.is_empty(), text == other);
        prop_assert_eq!(back.is_empty(), text == other);
    }

    #[test]
    fn what_is_accepted_differs_no_more_and_the_rest_still_does(
        changes in prop::collection::vec(change(), 1..5),
        keep in any::<u64>(),
    ) {
        let text = trace();
        let (approved, now) = (Told::read(&text).unwrap(), Told::read(&changed(&text, &changes)).unwrap());
        let found = compare(&approved, &now, &Filter::default()).differences;
        let machines: BTreeSet<String> = found.into_iter().filter_map(|difference| difference.who).collect();
        let (taken, left): (Vec<_>, Vec<_>) =
            machines.into_iter().enumerate().partition(|(index, _)| keep >> (index % 64) & 1 == 1);
        let taken: BTreeSet<String> = taken.into_iter().map(|(_, who)| who).collect();
        let partly = Told::read(&accepted(&approved, &now, &taken)).unwrap();
        let still = compare(&partly, &now, &Filter::default()).differences;
        let still: BTreeSet<String> = still.into_iter().filter_map(|difference| difference.who).collect();
        prop_assert_eq!(still, left.into_iter().map(|(_, who)| who).collect());
    }
}
