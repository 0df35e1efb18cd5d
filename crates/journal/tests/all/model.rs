//! Random histories of a few machines against a naive model: a list of what was acknowledged.
//!
//! After every step, crash or restart the journal reads exactly as the model does: chains, snapshots, tail, open
//! effects, deadlines; and the walk over everything finds nothing.

use std::collections::{BTreeMap, BTreeSet};

use journal::{AppendFault, Batch, Drives, Due, Journal, Key, OpenEffect, Position, Record, Snapshot, StoredBatch};
use proptest::prelude::*;

use crate::rig::{Rig, THREADS, key};

const MACHINES: [&str; 4] = ["page-1/a", "page-1/b", "page-2", "z"];

#[derive(Clone, Debug)]
enum Step {
    Append {
        machine: usize,
        records: Vec<(bool, bool, u8)>,
        armed: Option<i8>,
        settle: bool,
        snapshot: bool,
        baseline: bool,
    },
    Stale {
        machine: usize,
        off: u64,
    },
    Prune {
        machine: usize,
    },
    Crash,
    Kill,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let machine = 0..MACHINES.len();
    let records = prop::collection::vec((any::<bool>(), prop::bool::weighted(0.3), any::<u8>()), 0..4);
    let armed = prop::option::of(-3i8..3);
    let rare = prop::bool::weighted(0.12);
    prop_oneof![
        12 => (machine.clone(), records, armed, any::<bool>(), rare, rare).prop_map(
            |(machine, records, armed, settle, snapshot, baseline)| Step::Append {
                machine, records, armed, settle, snapshot, baseline
            }
        ),
        1 => (machine.clone(), 1u64..3).prop_map(|(machine, off)| Step::Stale { machine, off }),
        1 => machine.prop_map(|machine| Step::Prune { machine }),
        1 => Just(Step::Crash),
        1 => Just(Step::Kill),
        1 => Just(Step::Restart),
    ]
}

/// What was acknowledged, in order, with nothing clever about it.
#[derive(Default)]
struct Model {
    batches: Vec<(Position, Batch)>,
    /// Positions whose rows a prune dropped.
    dropped: BTreeSet<Position>,
    open: BTreeSet<OpenEffect>,
}

impl Model {
    fn of<'a>(&'a self, key: &'a Key) -> impl DoubleEndedIterator<Item = &'a (Position, Batch)> {
        self.batches.iter().filter(move |(_, batch)| batch.key == *key)
    }

    fn head(&self, key: &Key) -> u64 {
        self.of(key).next_back().map_or(0, |(_, batch)| batch.expected + batch.records.len() as u64)
    }

    fn armed(&self, key: &Key) -> Option<i64> {
        self.of(key).next_back().and_then(|(_, batch)| batch.armed)
    }

    fn append(&mut self, position: Position, batch: Batch) {
        for effect in &batch.closes {
            self.open.remove(effect);
        }
        for (index, _) in (0..).zip(&batch.records).filter(|(_, record)| record.opens) {
            self.open.insert(OpenEffect { position, index });
        }
        self.batches.push((position, batch));
    }

    fn since_baseline<'a>(&'a self, key: &'a Key) -> Vec<&'a (Position, Batch)> {
        let mut newest: Vec<_> = Vec::new();
        for entry in self.of(key).rev() {
            // What only moved the deadline row is not part of a history.
            if !entry.1.records.is_empty() {
                newest.push(entry);
            }
            if entry.1.baseline {
                break;
            }
        }
        newest.reverse();
        newest
    }

    fn snapshot(&self, key: &Key) -> Option<Snapshot> {
        self.since_baseline(key).iter().rev().find_map(|(_, batch)| batch.snapshot.clone())
    }

    fn prune(&mut self, key: &Key) {
        let Some(baseline) = self.of(key).rev().find(|(_, batch)| batch.baseline).map(|(position, _)| *position) else {
            return;
        };
        let older: Vec<_> =
            self.of(key).rev().map(|(position, _)| *position).filter(|position| *position < baseline).collect();
        for position in older {
            if self.dropped.contains(&position) {
                return;
            }
            if !self.open.iter().any(|effect| effect.position == position) {
                self.dropped.insert(position);
            }
        }
    }
}

fn records_of(batch: &StoredBatch) -> Vec<Record> {
    batch.records.iter().map(|stored| stored.record.clone()).collect()
}

fn compare(rig: &Rig, model: &Model) {
    for machine in MACHINES {
        let key = key(machine);
        let journal = rig.journal();
        let plain = journal.read(&key, false).unwrap();
        assert_eq!((plain.head, plain.armed, &plain.snapshot), (model.head(&key), model.armed(&key), &None));
        let wanted = model.since_baseline(&key);
        assert_eq!(plain.batches.len(), wanted.len());
        for (read, (position, batch)) in plain.batches.iter().zip(&wanted) {
            assert_eq!((read.position, read.at, read.baseline), (*position, batch.at, batch.baseline));
            assert_eq!(records_of(read), batch.records);
            assert_eq!(read.records.first().map_or(batch.expected + 1, |stored| stored.seq), batch.expected + 1);
        }
        let quick = journal.read(&key, true).unwrap();
        assert_eq!(quick.snapshot, model.snapshot(&key));
        let after = quick.snapshot.map_or(0, |snapshot| snapshot.seq);
        let rest: Vec<u64> = quick.batches.iter().flat_map(|batch| &batch.records).map(|stored| stored.seq).collect();
        let first = wanted.first().map_or(1, |(_, batch)| batch.expected + 1).max(after + 1);
        assert_eq!(rest, (first..=model.head(&key)).collect::<Vec<_>>());
    }
    let tail: Vec<Position> =
        rig.journal().tail(Position(0), usize::MAX).unwrap().iter().map(|batch| batch.position).collect();
    let lying: Vec<Position> = model
        .batches
        .iter()
        .map(|(position, _)| *position)
        .filter(|position| !model.dropped.contains(position))
        .collect();
    assert_eq!(tail, lying);
    let open: Vec<_> = model.open.iter().copied().collect();
    assert_eq!(rig.journal().open_effects(None, usize::MAX).unwrap(), open);
    let due: BTreeSet<Due> =
        MACHINES.map(key).into_iter().filter_map(|key| model.armed(&key).map(|at| Due { at, key })).collect();
    assert_eq!(rig.journal().due(i64::MAX, None, 99).unwrap(), due.iter().cloned().collect::<Vec<_>>());
    assert_eq!(rig.journal().next_due().unwrap(), due.first().map(|due| due.at));
}

fn make(model: &Model, step: &Step, number: usize) -> Option<Batch> {
    let Step::Append { machine, records, armed, settle, snapshot, baseline } = step else {
        return None;
    };
    let key = key(MACHINES[*machine]);
    let expected = model.head(&key);
    let own: BTreeMap<Position, ()> = model.of(&key).map(|(position, _)| (*position, ())).collect();
    // Without records only the deadline row moves.
    let bare = records.is_empty();
    let (settle, snapshot, baseline) = (*settle && !bare, *snapshot && !bare, *baseline && !bare);
    let closes = model.open.iter().filter(|effect| own.contains_key(&effect.position)).take(usize::from(settle) * 2);
    Some(Batch {
        expected,
        at: i64::try_from(number).unwrap(),
        closes: closes.copied().collect(),
        records: records
            .iter()
            .map(|(sealed, opens, size)| Record {
                kind: u16::from(*size),
                version: 1,
                sealed: *sealed,
                opens: *opens,
                body: vec![*size; usize::from(*size) * 9],
            })
            .collect(),
        armed: armed.map(i64::from),
        baseline,
        snapshot: snapshot.then(|| Snapshot {
            seq: expected + records.len() as u64,
            version: 3,
            body: format!("state {number}").into_bytes(),
        }),
        key,
    })
}

fn play(seed: u64, steps: &[Step], drives: Drives) {
    let mut rig = Rig::new(seed, drives);
    let mut model = Model::default();
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Append { .. } => {
                let batch = make(&model, step, number).unwrap();
                let appended = rig.append(batch.clone()).unwrap();
                model.append(appended.position, batch);
            }
            Step::Stale { machine, off } => {
                let key = key(MACHINES[*machine]);
                let head = model.head(&key);
                let record = Record { kind: 0, version: 0, sealed: true, opens: true, body: vec![] };
                let stale = Batch {
                    key,
                    expected: head + off,
                    at: 0,
                    records: vec![record],
                    closes: vec![],
                    armed: Some(1),
                    baseline: false,
                    snapshot: None,
                };
                assert_eq!(rig.append(stale), Err(AppendFault::Conflict { head }));
            }
            Step::Prune { machine } => {
                let key = key(MACHINES[*machine]);
                rig.prune(&key).unwrap();
                rig.restart();
                model.prune(&key);
            }
            Step::Crash => rig.crash(),
            Step::Kill => rig.kill(),
            Step::Restart => rig.restart(),
        }
        compare(&rig, &model);
        if !matches!(step, Step::Append { .. }) {
            rig.assert_sound();
        }
    }
    rig.assert_sound();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inline_the_journal_is_what_was_acknowledged(seed in any::<u64>(), steps in prop::collection::vec(step(), 1..50)) {
        play(seed, &steps, Drives::INLINE);
    }

    #[test]
    fn on_threads_the_journal_is_what_was_acknowledged(seed in any::<u64>(), steps in prop::collection::vec(step(), 1..50)) {
        play(seed, &steps, THREADS);
    }
}
