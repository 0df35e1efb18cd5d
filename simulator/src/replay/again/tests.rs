//! Journals of replays, decided again: as they are, and with one thing in them changed.

use std::path::Path;

use super::*;
use crate::core::{Node, Setup};
use crate::outside::World;
use crate::play::recording::{Recording, Step};
use crate::replay::compare::{Group, compare};
use crate::replay::filter::Filter;
use crate::replay::stage::{comment_of, config, world};
use crate::replay::survey::Survey;

/// The journal of a recording, and its deliveries as they lie in the inbox.
fn journal(name: &str) -> (Vec<StoredBatch>, Vec<(u64, Delivery)>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings").join(name);
    let recording = Recording::read(&folder).unwrap();
    let survey = Survey::of(&recording).unwrap();
    let setup = Setup::new(config(&recording.manifest), recording.begins_at());
    let mut node: Node<World> = Node::new(setup, world(&recording.manifest, &survey));
    let mut deliveries = Vec::new();
    for step in &recording.steps {
        match step {
            Step::Delivery(line) => {
                let seq = node.deliver(line.at, line.body.as_bytes()).unwrap();
                deliveries.push((seq, webhook::parse(line.body.as_bytes(), line.at)));
            }
            Step::Fact(line) => node.comment(line.at, comment_of(line), model::Span::seconds(20)),
        }
    }
    node.run_until(recording.steps.last().unwrap().at() + model::Span::hours(30));
    (node.journal().batches().to_vec(), deliveries)
}

fn again(batches: &[StoredBatch], deliveries: &[(u64, Delivery)]) -> Again {
    let mut again = Again::default();
    batches.iter().for_each(|batch| again.take(batch).unwrap());
    deliveries.iter().for_each(|(seq, delivery)| again.deliver(*seq, delivery));
    again
}

#[test]
fn every_journal_is_decided_the_same_by_the_build_that_wrote_it() {
    for name in ["first-steps", "first-day", "inbox-app", "outage", "shop-with-ads"] {
        let (batches, deliveries) = journal(name);
        let again = again(&batches, &deliveries);
        let Count { decisions, different, left_out, items, items_different } = again.count;
        assert_eq!((different, items_different, left_out), (0, 0, 0), "{name}");
        let decided = batches.iter().filter(|batch| !batch.records.is_empty() && !batch.key.starts_with(b"a/")).count();
        assert_eq!(decisions, decided as u64, "{name}");
        assert!(again.is_same() && items >= deliveries.len() as u64, "{name}: {items}");
    }
}

/// The batch of the first event of a kind.
fn place(batches: &[StoredBatch], kind: &str) -> usize {
    let has = |batch: &StoredBatch| {
        let machine: MachineId = core::str::from_utf8(&batch.key).unwrap().parse().unwrap();
        batch.records.iter().any(|stored| kind_name(&machine, stored.record.kind) == kind)
    };
    batches.iter().position(has).unwrap_or_else(|| panic!("no {kind}"))
}

#[test]
fn a_decision_that_comes_out_otherwise_is_told_and_those_behind_it_are_not() {
    let (mut batches, deliveries) = journal("first-steps");
    let send = place(&batches, "send-started");
    batches[send].at += 8 * 86_400_000;
    let first = again(&batches, &deliveries);
    assert_eq!((first.count.different, first.is_same()), (1, false));
    let mut telling = first.telling();
    batches.iter().for_each(|batch| telling.take(batch).unwrap());
    let (stored, now) = telling.traces("a journal").unwrap();
    let found = compare(&stored, &now, &Filter::default()).differences;
    let told: Vec<(Group, &str, &str)> =
        found.iter().map(|found| (found.group, found.approved.as_str(), found.now.as_str())).collect();
    assert_eq!(told, [(Group::Refusals, "sent as RESPONSE", "refused: window-closed")]);
    assert!(!stored.text.contains("eight to noon") && stored.text.contains("characters)"), "{}", stored.text);
    let machines: BTreeSet<&str> = stored.lines.iter().map(|line| line.who.as_str()).collect();
    assert_eq!(machines.len(), 1, "only the machine that differs is told");
}

#[test]
fn an_item_that_is_read_otherwise_or_is_missing_is_counted() {
    let (batches, mut deliveries) = journal("first-steps");
    let inbound = &mut deliveries[0].1.inbounds[0];
    inbound.at = inbound.at + model::Span(1);
    assert_eq!(again(&batches, &deliveries).count.items_different, 1);
    let (batches, mut deliveries) = journal("first-steps");
    deliveries[0].1.inbounds[0].key = ItemKey([7; 16]);
    assert_eq!(again(&batches, &deliveries).count.items_different, 1);
}

#[test]
fn behind_a_batch_that_cannot_be_opened_nothing_of_its_machine_is_judged() {
    let (mut batches, deliveries) = journal("first-steps");
    let send = place(&batches, "send-started");
    let key = batches.remove(send).key;
    let mut again = Again::default();
    again.lost();
    batches.iter().for_each(|batch| again.take(batch).unwrap());
    deliveries.iter().for_each(|(seq, delivery)| again.deliver(*seq, delivery));
    let behind = batches[send..].iter().filter(|batch| batch.key == key).count() as u64;
    assert!(behind > 5, "{behind}");
    assert_eq!((again.count.left_out, again.is_same()), (behind + 1, true));
}
