//! An acknowledged append survives a loss of power, and a store built without syncs is caught.
//!
//! The promise: whatever `done` said yes to is there after a crash that keeps, drops or tears every write since the
//! last sync. The same check on a store with `Durability::Eventual` must fail, or the check proves nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::mpsc::channel;

use journal::{
    Batch, Drives, Durability, Entropy, FileOptions, InboxOptions, InboxSources, Journal, JournalOptions, Record,
    Source, Sources, Store, StoreOptions,
};
use simulator::fake::disk::SimDisk;

const SEEDS: u64 = 200;
const MACHINES: u64 = 3;

/// Counts instead of drawing: enough where only difference matters.
struct Counting(u64);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[0];
        }
    }
}

struct Disks([SimDisk; 4]);

impl Disks {
    fn new(seed: u64) -> Self {
        Self([0, 1, 2, 3].map(|number| SimDisk::new(seed * 4 + number)))
    }

    fn crash(&self) {
        for disk in &self.0 {
            disk.crash();
        }
    }

    fn open(&self, durability: Durability) -> Result<Store, String> {
        let [rows, wal, journal, keys] = [0, 1, 2, 3].map(|number: usize| {
            let disk = self.0[number].clone();
            Source::Backend(Arc::new(move || disk.open()))
        });
        let file = FileOptions { cache_bytes: 1 << 20, durability };
        let options = StoreOptions {
            inbox: InboxOptions { file, wal_half: 2 << 10, ..InboxOptions::default() },
            journal: JournalOptions { log: file, keys: file },
        };
        Store::open(
            Sources { inbox: InboxSources { file: rows, wal }, journal, keys },
            options,
            Box::new(Counting(7)),
            Drives::INLINE,
        )
        .map_err(|fault| fault.to_string())
    }
}

fn key(machine: u64) -> Arc<[u8]> {
    Arc::from(machine.to_be_bytes())
}

/// Appends to each machine and to the inbox; all of it is acknowledged. Some deliveries are forgotten.
fn work(store: &Store, rounds: u64) {
    for _ in 0..rounds {
        for machine in 0..MACHINES {
            let expected = store.journal.read(&key(machine), true).unwrap().head;
            let record = Record {
                kind: 1,
                version: 1,
                sealed: true,
                opens: machine == 0,
                body: expected.to_be_bytes().to_vec(),
            };
            let batch = Batch {
                key: key(machine),
                expected,
                at: 0,
                records: vec![record],
                closes: vec![],
                armed: Some(i64::try_from(expected).unwrap()),
                baseline: false,
                snapshot: None,
            };
            let (told, answer) = channel();
            store.journal.append(batch, Box::new(move |result| told.send(result).unwrap()));
            answer.recv().unwrap().unwrap();
        }
        let (told, answer) = channel();
        store.inbox.append(b"a delivery".to_vec(), 0, Box::new(move |result| told.send(result).unwrap()));
        let seq = answer.recv().unwrap().unwrap();
        if seq % 3 == 0 {
            store.inbox.forget(seq);
        }
    }
}

/// What a store lacks of so many acknowledged rounds, in words; `None` where nothing is missing.
fn missing(store: &Store, rounds: u64) -> Option<String> {
    let armed = rounds.checked_sub(1).map(|at| i64::try_from(at).unwrap());
    for machine in 0..MACHINES {
        match store.journal.read(&key(machine), true) {
            Ok(history) if history.head == rounds && history.armed == armed => {}
            Ok(history) => return Some(format!("machine {machine}: {} of {rounds} records", history.head)),
            Err(fault) => return Some(format!("machine {machine}: {fault}")),
        }
    }
    let open = store.journal.open_effects(None, usize::MAX).map(|effects| effects.len() as u64);
    if open != Ok(rounds) {
        return Some(format!("open effects: {open:?}"));
    }
    match store.inbox.unforgotten(0, usize::MAX) {
        Ok(deliveries) => {
            let seqs: Vec<u64> = deliveries.iter().map(|delivery| delivery.seq).collect();
            let lacking = (1..=rounds).filter(|seq| seq % 3 != 0).find(|seq| !seqs.contains(seq));
            lacking.map(|seq| format!("delivery {seq}"))
        }
        Err(fault) => Some(fault.to_string()),
    }
}

/// Three times: work, lose power, look. What was lost, if anything.
fn lives(seed: u64, durability: Durability) -> Option<String> {
    let disks = Disks::new(seed);
    let mut rounds = 0;
    for life in 0..3 {
        let store = match disks.open(durability) {
            Ok(store) => store,
            Err(what) => return Some(what),
        };
        if let Some(what) = missing(&store, rounds) {
            return Some(format!("life {life}: {what}"));
        }
        if durability == Durability::Durable {
            let report = store.journal.verify().unwrap();
            assert!(report.findings.is_empty(), "seed {seed}: {:?}", report.findings);
        }
        let more = 2 + seed % 5;
        work(&store, more);
        rounds += more;
        disks.crash();
    }
    match disks.open(durability) {
        Ok(store) => missing(&store, rounds),
        Err(what) => Some(what),
    }
}

#[test]
fn what_was_acknowledged_survives_a_loss_of_power() {
    for seed in 0..SEEDS {
        assert_eq!(lives(seed, Durability::Durable), None, "seed {seed}");
    }
}

#[test]
fn a_store_without_syncs_is_caught() {
    let caught = (0..SEEDS).filter(|seed| lives(*seed, Durability::Eventual).is_some()).count() as u64;
    assert_eq!(caught, SEEDS, "every seed loses something that was acknowledged");
}
