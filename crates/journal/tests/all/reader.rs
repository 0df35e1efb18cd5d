//! Reading a store directory from outside: beside a running writer, after a kill, and with damage in it.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::channel;

use journal::{Batch, Drives, Journal, OpenFault, Position, ReadOnlyJournal, Sources, Store};
use redb::ReadableTable;

use crate::rig::{Counting, append, batch, opening, record, sealed};

fn open(dir: &Path) -> Store {
    Store::open(Sources::in_dir(dir), Default::default(), Box::new(Counting(1)), Drives::INLINE).unwrap()
}

fn deliver(store: &Store, body: &str) -> u64 {
    let (told, answer) = channel();
    store.inbox.append(body.to_owned(), 5, Box::new(move |result| told.send(result).unwrap()));
    answer.recv().unwrap().unwrap()
}

fn fill(store: &Store, rounds: u64) {
    let from = store.journal.read(b"page/m0", false).unwrap().head;
    for round in 0..rounds {
        for machine in 0..20 {
            let batch = Batch {
                armed: Some(i64::try_from(round).unwrap()),
                ..batch(&format!("page/m{machine}"), from + round, vec![sealed(1, "words")])
            };
            append(&*store.journal, batch).unwrap();
        }
        deliver(store, "a delivery");
    }
}

#[test]
fn a_running_store_can_be_counted_verified_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 5);
    append(&*store.journal, batch("other/m", 0, vec![opening(1, "send")])).unwrap();
    let reader = ReadOnlyJournal::open(dir.path()).unwrap();
    let stats = reader.stats().unwrap();
    assert_eq!(stats, store.journal.stats().unwrap());
    assert_eq!((stats.batches, stats.machines, stats.open_effects, stats.deadlines), (101, 21, 1, 20));
    assert!(stats.heads_unstored > 0, "the reader sees heads that are not stored yet");
    assert_eq!(reader.inbox_stats().unwrap().unforgotten, 5);

    fill(&store, 1);
    let report = reader.verify().unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.journal.batches, report.journal.sealed, report.inbox.deliveries), (121, 120, 6));

    let mut shown = Vec::new();
    reader
        .each(b"page/m1", Position(0)..=Position(u64::MAX), |batch| {
            shown.push(batch.unwrap());
            if shown.len() == 9 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(shown.len(), 9);
    assert!(shown.iter().all(|batch| batch.key.starts_with(b"page/m1") && batch.records[0].record.body == b"words"));
    let mut deliveries = 0;
    reader
        .each_delivery(2..=3, |delivery| {
            assert_eq!(&*delivery.unwrap().body, b"a delivery");
            deliveries += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(deliveries, 2);
    assert_eq!(reader.machines().unwrap().len(), 21);
    fill(&store, 1);
}

#[test]
fn a_store_whose_node_was_killed_can_be_read_without_a_node() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 3);
    for name in ["inbox.wal", "inbox.redb", "journal.redb", "keys.redb"] {
        std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    let reader = ReadOnlyJournal::open(copy.path()).unwrap();
    let report = reader.verify().unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.journal.batches, 60);
    assert!(report.inbox.without_row > 0, "deliveries that lay in the log alone are seen");
    drop(reader);
    assert_eq!(open(copy.path()).journal.last(), store.journal.last());
    std::fs::remove_file(copy.path().join("inbox.wal")).unwrap();
    let missing = ReadOnlyJournal::verify_dir(copy.path()).unwrap();
    assert!(missing.damaged.iter().any(|damaged| damaged.is_missing), "{missing:?}");
}

#[test]
fn a_second_writer_is_refused_and_a_directory_without_a_store_too() {
    let dir = tempfile::tempdir().unwrap();
    let _store = open(dir.path());
    let second = Store::open(Sources::in_dir(dir.path()), Default::default(), Box::new(Counting(1)), Drives::INLINE);
    assert!(matches!(second, Err(OpenFault::Locked)));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(ReadOnlyJournal::open(empty.path()).unwrap_err().fault, OpenFault::Missing));
}

/// Changes a row behind the journal's back, as only another program could.
fn tamper(dir: &Path, change: impl FnOnce(&redb::WriteTransaction)) -> Vec<String> {
    let database = redb::Database::open(dir.join("journal.redb")).unwrap();
    let write = database.begin_write().unwrap();
    change(&write);
    write.commit().unwrap();
    drop(database);
    let report = ReadOnlyJournal::open(dir).unwrap().verify().unwrap();
    report.journal.findings.into_iter().map(|finding| finding.to_string()).collect()
}

const LOG: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("log");
const HEADS: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("heads");
const EFFECTS: redb::TableDefinition<'_, &[u8; 10], ()> = redb::TableDefinition::new("effects");
const DEADLINES: redb::TableDefinition<'_, &[u8], ()> = redb::TableDefinition::new("deadlines");

fn closed_store() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 3);
    append(&*store.journal, batch("other/m", 0, vec![opening(1, "send"), record(1, "")])).unwrap();
    store.close();
    dir
}

#[test]
fn verify_finds_a_changed_byte() {
    let dir = closed_store();
    let findings = tamper(dir.path(), |write| {
        let mut log = write.open_table(LOG).unwrap();
        let mut bytes = log.get(30).unwrap().unwrap().value().to_vec();
        bytes[60] ^= 1;
        log.insert(30, &*bytes).unwrap();
    });
    assert!(findings.iter().any(|text| text.contains("wrong checksum")), "{findings:?}");
    let store = open(dir.path());
    assert!(store.journal.read(b"page/m9", true).is_err());
    assert!(store.journal.read(b"page/m8", true).is_ok());
}

#[test]
fn verify_finds_a_missing_batch() {
    let dir = closed_store();
    let findings = tamper(dir.path(), |write| {
        write.open_table(LOG).unwrap().remove(30).unwrap();
    });
    assert_eq!(findings, ["at 50: record 3 after 1, previous batch 30 where 10 is the newest"]);
    assert!(open(dir.path()).journal.read(b"page/m9", true).is_err());
}

#[test]
fn verify_finds_lost_and_invented_effects_deadlines_and_heads() {
    let dir = closed_store();
    let findings = tamper(dir.path(), |write| {
        write.open_table(EFFECTS).unwrap().pop_first().unwrap();
    });
    assert_eq!(findings, ["at 61: an effect 0 that nobody settled is not open"]);

    let dir = closed_store();
    let findings = tamper(dir.path(), |write| {
        write.open_table(EFFECTS).unwrap().insert(&[0, 0, 0, 0, 0, 0, 0, 7, 0, 0], ()).unwrap();
        write.open_table(DEADLINES).unwrap().pop_last().unwrap();
        write.open_table(DEADLINES).unwrap().insert(&b"12345678nobody"[..], ()).unwrap();
        write.open_table(HEADS).unwrap().pop_first().unwrap();
    });
    assert_eq!(findings.len(), 4, "{findings:?}");
}
