//! What `trait Journal` promises, one promise a test.

use journal::{
    AppendFault, Batch, Drives, Due, Journal, KEY_LENGTH_MAX, OpenEffect, Position, RECORD_BODY_MAX, ReadFault,
    Snapshot,
};

use crate::rig::{Rig, THREADS, batch, key, opening, record, sealed};

fn rig() -> Rig {
    Rig::new(1, Drives::INLINE)
}

#[test]
fn a_machine_reads_back_what_it_appended_in_dense_numbers() {
    for drives in [Drives::INLINE, THREADS] {
        let mut rig = Rig::new(1, drives);
        let first = rig.append(batch("a", 0, vec![record(1, "one"), sealed(2, "two")])).unwrap();
        rig.append(batch("b", 0, vec![record(9, "other")])).unwrap();
        let second = rig.append(batch("a", 2, vec![sealed(3, "three")])).unwrap();
        assert!(first.position < second.position);
        assert_eq!(rig.journal().last(), second.position);
        for _ in 0..2 {
            let history = rig.journal().read(b"a", true).unwrap();
            assert_eq!(history.head, 3);
            assert_eq!(
                history.batches.iter().map(|batch| batch.position).collect::<Vec<_>>(),
                [first.position, second.position]
            );
            let records: Vec<_> = history.batches.into_iter().flat_map(|batch| batch.records).collect();
            assert_eq!(records.iter().map(|stored| stored.seq).collect::<Vec<_>>(), [1, 2, 3]);
            assert_eq!(records[1].record, sealed(2, "two"));
            rig.restart();
        }
        assert_eq!(rig.journal().read(b"unknown", true).unwrap().head, 0);
        rig.assert_sound();
    }
}

#[test]
fn another_expected_number_is_a_conflict_and_stores_nothing() {
    let rig = rig();
    rig.append(batch("a", 0, vec![record(1, "one")])).unwrap();
    for expected in [0, 2] {
        assert_eq!(rig.append(batch("a", expected, vec![record(1, "x")])), Err(AppendFault::Conflict { head: 1 }));
    }
    assert_eq!(rig.journal().read(b"a", false).unwrap().head, 1);
    assert_eq!(rig.journal().last(), Position(1));
}

#[test]
fn what_breaks_a_limit_is_refused() {
    let rig = rig();
    let too_large = "x".repeat(RECORD_BODY_MAX + 1);
    let broken: [Batch; 4] = [
        Batch { baseline: true, ..batch("a", 0, vec![]) },
        batch("a", 0, vec![record(1, &too_large)]),
        batch(&"k".repeat(KEY_LENGTH_MAX + 1), 0, vec![record(1, "")]),
        Batch { snapshot: Some(Snapshot { seq: 2, version: 1, body: vec![] }), ..batch("a", 0, vec![record(1, "")]) },
    ];
    for batch in broken {
        let answer = rig.append(batch);
        assert!(matches!(answer, Err(AppendFault::Refused(_))), "{answer:?}");
    }
    assert_eq!(rig.append(Batch { baseline: true, ..batch("a", 0, vec![record(1, &too_large)]) }).map(drop), Ok(()));
}

#[test]
fn an_effect_is_open_from_its_record_until_a_batch_settles_it() {
    let mut rig = rig();
    let named = rig.append(batch("a", 0, vec![record(1, ""), opening(2, "send"), opening(2, "task")])).unwrap();
    let [send, task] = [1, 2].map(|index| OpenEffect { position: named.position, index });
    assert_eq!(rig.journal().open_effects(None, 10).unwrap(), [send, task]);
    assert_eq!(rig.journal().open_effects(Some(send), 10).unwrap(), [task]);
    assert_eq!(rig.journal().open_effects(None, 1).unwrap(), [send]);
    rig.append(Batch { closes: vec![send], ..batch("a", 3, vec![record(3, "sent")]) }).unwrap();
    rig.crash();
    assert_eq!(rig.journal().open_effects(None, 10).unwrap(), [task]);
    let batch = rig.journal().batch(task.position).unwrap().unwrap();
    assert_eq!(batch.records[usize::from(task.index)].record.body, b"task");
    assert_eq!(rig.journal().batch(Position(99)).unwrap(), None);
    rig.assert_sound();
}

#[test]
fn a_deadline_row_moves_with_what_is_armed() {
    let rig = rig();
    let armed = |machine: &str, expected, at| {
        rig.append(Batch { armed: at, ..batch(machine, expected, vec![record(1, "")]) }).unwrap();
    };
    assert_eq!(rig.journal().next_due().unwrap(), None);
    armed("a", 0, Some(500));
    armed("b", 0, Some(-3));
    armed("c", 0, Some(500));
    armed("b", 1, Some(-3));
    let due = |at, machine: &str| Due { at, key: key(machine) };
    assert_eq!(rig.journal().next_due().unwrap(), Some(-3));
    assert_eq!(rig.journal().due(499, None, 10).unwrap(), [due(-3, "b")]);
    assert_eq!(rig.journal().due(500, None, 10).unwrap(), [due(-3, "b"), due(500, "a"), due(500, "c")]);
    assert_eq!(rig.journal().due(500, Some(&due(500, "a")), 10).unwrap(), [due(500, "c")]);
    armed("b", 2, None);
    armed("a", 1, Some(100));
    assert_eq!(rig.journal().due(i64::MAX, None, 10).unwrap(), [due(100, "a"), due(500, "c")]);
    assert_eq!(rig.journal().read(b"a", false).unwrap().armed, Some(100));
    rig.assert_sound();
}

#[test]
fn a_batch_without_records_moves_the_deadline_row_and_nothing_else() {
    let mut rig = rig();
    rig.append(Batch { armed: Some(5), ..batch("a", 0, vec![sealed(1, "one")]) }).unwrap();
    rig.append(Batch { armed: Some(9), ..batch("a", 1, vec![]) }).unwrap();
    rig.append(Batch { armed: Some(9), ..batch("a", 1, vec![sealed(1, "two")]) }).unwrap();
    rig.append(Batch { armed: None, ..batch("a", 2, vec![]) }).unwrap();
    rig.append(Batch { armed: Some(3), ..batch("fresh", 0, vec![]) }).unwrap();
    for _ in 0..2 {
        assert_eq!(rig.journal().due(99, None, 9).unwrap(), [Due { at: 3, key: key("fresh") }]);
        let history = rig.journal().read(b"a", true).unwrap();
        let seqs: Vec<_> = history.batches.iter().flat_map(|batch| &batch.records).map(|stored| stored.seq).collect();
        assert_eq!((history.head, history.armed, seqs), (2, None, vec![1, 2]));
        assert_eq!(rig.journal().read(b"fresh", true).unwrap().head, 0);
        rig.assert_sound();
        rig.crash();
    }
}

#[test]
fn the_tail_shows_batches_of_all_machines_in_order() {
    let rig = rig();
    for number in 0..5 {
        rig.append(batch("a", number, vec![sealed(1, "")])).unwrap();
        rig.append(batch("b", number, vec![record(1, "")])).unwrap();
    }
    let page = rig.journal().tail(Position(0), 4).unwrap();
    assert_eq!(page.len(), 4);
    let rest = rig.journal().tail(page[3].position, usize::MAX).unwrap();
    assert_eq!(rest.len(), 6);
    assert_eq!(rig.journal().tail(rig.journal().last(), 9).unwrap(), []);
    assert_eq!(rig.journal().tail(Position(u64::MAX), 9).unwrap(), []);
}

#[test]
fn a_snapshot_shortens_reading_and_nothing_else() {
    let mut rig = rig();
    rig.append(batch("a", 0, vec![sealed(1, "one"), record(1, "two")])).unwrap();
    let snapshot = Snapshot { seq: 3, version: 4, body: b"state".to_vec() };
    rig.append(Batch { snapshot: Some(snapshot.clone()), ..batch("a", 2, vec![record(1, "three")]) }).unwrap();
    rig.append(batch("a", 3, vec![record(1, "four")])).unwrap();
    rig.kill();
    let short = rig.journal().read(b"a", true).unwrap();
    assert_eq!((short.snapshot.as_ref(), short.batches.len(), short.head), (Some(&snapshot), 1, 4));
    let long = rig.journal().read(b"a", false).unwrap();
    assert_eq!((long.snapshot, long.batches.len(), long.head), (None, 3, 4));
    rig.assert_sound();
}

#[test]
fn a_snapshot_within_a_batch_leaves_the_records_after_it() {
    let rig = rig();
    let snapshot = Snapshot { seq: 1, version: 1, body: vec![] };
    rig.append(Batch { snapshot: Some(snapshot), ..batch("a", 0, vec![record(1, "one"), record(1, "two")]) }).unwrap();
    let history = rig.journal().read(b"a", true).unwrap();
    assert_eq!(history.batches[0].records.iter().map(|stored| stored.seq).collect::<Vec<_>>(), [2]);
}

#[test]
fn readers_stop_at_the_newest_baseline_and_older_rows_may_go() {
    let mut rig = rig();
    for number in 0..1300 {
        rig.append(batch("a", number, vec![sealed(1, "old")])).unwrap();
    }
    rig.append(batch("b", 0, vec![record(1, "neighbour")])).unwrap();
    rig.append(Batch { baseline: true, ..batch("a", 1300, vec![sealed(2, "state")]) }).unwrap();
    rig.append(batch("a", 1301, vec![sealed(1, "new")])).unwrap();
    let before = rig.journal().read(b"a", true).unwrap();
    assert_eq!((before.batches.len(), before.head), (2, 1302));
    assert!(before.batches[0].baseline);
    rig.prune(&key("a")).unwrap();
    for _ in 0..2 {
        assert_eq!(rig.journal().read(b"a", true).unwrap(), before);
        assert_eq!(rig.journal().tail(Position(0), usize::MAX).unwrap().len(), 3);
        assert_eq!(rig.journal().stats().unwrap().prunes, 0);
        rig.assert_sound();
        rig.crash();
    }
    rig.prune(&key("b")).unwrap();
    assert_eq!(rig.journal().tail(Position(0), usize::MAX).unwrap().len(), 3);
}

#[test]
fn pruning_keeps_the_record_of_an_effect_that_is_still_open() {
    let rig = rig();
    let named = rig.append(batch("a", 0, vec![opening(1, "send")])).unwrap();
    rig.append(batch("a", 1, vec![record(1, "")])).unwrap();
    rig.append(Batch { baseline: true, ..batch("a", 2, vec![record(2, "state")]) }).unwrap();
    rig.prune(&key("a")).unwrap();
    assert!(rig.journal().batch(named.position).unwrap().is_some());
    assert_eq!(rig.journal().tail(Position(0), usize::MAX).unwrap().len(), 2);
    rig.assert_sound();
}

#[test]
fn erasing_ends_the_keys_of_what_the_baseline_made_needless() {
    let mut rig = rig();
    rig.append(batch("a", 0, vec![sealed(1, "secret")])).unwrap();
    let named = rig.append(batch("a", 1, vec![sealed(1, "secret"), opening(1, "")])).unwrap();
    rig.append(batch("b", 0, vec![sealed(1, "another's secret")])).unwrap();
    rig.append(Batch { baseline: true, ..batch("a", 3, vec![record(2, "empty")]) }).unwrap();
    assert_eq!(rig.erase(&key("a")), 1);
    assert_eq!(rig.erase(&key("a")), 0, "what is gone is not ended again");
    for _ in 0..2 {
        // The row of the open effect still lies there, but what it held cannot be read by anybody.
        assert_eq!(rig.journal().batch(named.position).unwrap(), None);
        let keys: Vec<_> =
            rig.journal().tail(Position(0), usize::MAX).unwrap().into_iter().map(|batch| batch.key).collect();
        assert_eq!(keys, [key("b"), key("a")]);
        rig.assert_sound();
        rig.crash();
    }
    rig.append(batch("a", 4, vec![sealed(1, "a new beginning")])).unwrap();
    let history = rig.journal().read(b"a", true).unwrap();
    assert_eq!(history.batches[1].records[0].record.body, b"a new beginning");
    rig.assert_sound();
}

#[test]
fn a_key_that_is_gone_without_a_baseline_is_said_and_a_new_one_begins() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let entropy = Box::new(crate::rig::Counting(3));
        journal::Store::open(journal::Sources::in_dir(dir.path()), Default::default(), entropy, Drives::INLINE).unwrap()
    };
    let store = open();
    let stored = crate::rig::append(&*store.journal, batch("a", 0, vec![sealed(1, "secret")])).unwrap();
    store.close();
    let keys = journal::Keys::open(journal::Source::Path(dir.path().join("keys.redb")), Default::default()).unwrap();
    keys.forget(1).unwrap();
    drop(keys);
    let store = open();
    let gone = ReadFault::KeyGone { position: stored.position.0 };
    assert_eq!(store.journal.read(b"a", true).unwrap_err(), gone);
    assert_eq!(store.journal.tail(Position(0), 9).unwrap_err(), gone);
    let report = store.journal.verify().unwrap();
    assert_eq!(report.findings.len(), 1);
    crate::rig::append(&*store.journal, batch("a", 1, vec![sealed(1, "later")])).unwrap();
    assert_eq!(store.journal.tail(stored.position, 9).unwrap().len(), 1);
}

#[test]
fn the_incarnation_rises_and_stays() {
    for drives in [Drives::INLINE, THREADS] {
        let mut rig = Rig::new(1, drives);
        assert_eq!(rig.journal().incarnation(), 1);
        assert_eq!(rig.journal().raise_incarnation(), Ok(2));
        rig.crash();
        assert_eq!(rig.journal().incarnation(), 2);
    }
}

#[test]
fn after_a_crash_between_sweeps_every_head_is_found_again() {
    for drives in [Drives::INLINE, THREADS] {
        let mut rig = Rig::new(5, drives);
        let mut heads = std::collections::BTreeMap::<String, u64>::new();
        for round in 0..700u64 {
            let machine = format!("m{}", round * 37 % 193);
            let head = heads.entry(machine.clone()).or_default();
            rig.append(Batch { armed: Some(7), ..batch(&machine, *head, vec![record(1, "")]) }).unwrap();
            *head += 1;
            if round % 97 == 13 {
                rig.crash();
                let stats = rig.journal().stats().unwrap();
                assert_eq!(stats.machines, heads.len() as u64);
                assert!(stats.heads_unstored > 0, "the crash fell between two sweeps");
                for (machine, head) in &heads {
                    assert_eq!(rig.journal().read(machine.as_bytes(), true).unwrap().head, *head, "{machine}");
                }
            }
        }
        assert!(rig.journal().stats().unwrap().heads_from > Position(0), "passes end");
        rig.assert_sound();
        rig.restart();
        let stats = rig.journal().stats().unwrap();
        assert_eq!((stats.heads_unstored, stats.heads_from), (0, Position(700)));
        rig.assert_sound();
    }
}

#[test]
fn a_closed_journal_takes_and_gives_nothing() {
    let rig = rig();
    rig.journal().close();
    assert_eq!(rig.append(batch("a", 0, vec![record(1, "")])), Err(AppendFault::Unavailable));
    assert!(matches!(rig.journal().read(b"a", true), Err(ReadFault::Unavailable(_))));
}
