//! A store on simulated disks, with calls that wait for their answer.

use std::sync::Arc;
use std::sync::mpsc::channel;

use journal::{
    AppendFault, Appended, Batch, Drive, Drives, Entropy, Inbox, InboxFault, InboxOptions, InboxSources, Journal,
    JournalFile, Key, Record, Source, Sources, Store, StoreOptions,
};

use crate::disk::SimDisk;

pub(crate) const THREADS: Drives = Drives {
    inbox: Drive::Thread { name: "inbox", queue_max: 64 },
    journal: Drive::Thread { name: "journal", queue_max: 64 },
};

/// Counts instead of drawing: enough where only difference matters.
pub(crate) struct Counting(pub(crate) u64);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Four disks and what is open on them.
pub(crate) struct Rig {
    pub(crate) inbox_disk: SimDisk,
    pub(crate) wal_disk: SimDisk,
    pub(crate) journal_disk: SimDisk,
    pub(crate) keys_disk: SimDisk,
    drives: Drives,
    openings: u64,
    store: Option<Store>,
}

pub(crate) fn source(disk: &SimDisk) -> Source {
    let disk = disk.clone();
    Source::Backend(Arc::new(move || disk.open()))
}

impl Rig {
    pub(crate) fn new(seed: u64, drives: Drives) -> Self {
        let mut rig = Self {
            inbox_disk: SimDisk::new(seed),
            wal_disk: SimDisk::new(seed.wrapping_add(3000)),
            journal_disk: SimDisk::new(seed.wrapping_add(1000)),
            keys_disk: SimDisk::new(seed.wrapping_add(2000)),
            drives,
            openings: 0,
            store: None,
        };
        rig.open();
        rig
    }

    pub(crate) fn open(&mut self) {
        self.openings += 1;
        let sources = Sources {
            inbox: InboxSources { file: source(&self.inbox_disk), wal: source(&self.wal_disk) },
            journal: source(&self.journal_disk),
            keys: source(&self.keys_disk),
        };
        let entropy = Box::new(Counting(self.openings));
        // Small halves, so that they are begun anew often.
        let inbox = InboxOptions { wal_half: 8 << 10, ..InboxOptions::default() };
        let options = StoreOptions { inbox, ..StoreOptions::default() };
        self.store = Some(Store::open(sources, options, entropy, self.drives).unwrap());
    }

    /// Power is lost, then the store starts again.
    pub(crate) fn crash(&mut self) {
        for disk in [&self.inbox_disk, &self.wal_disk, &self.journal_disk, &self.keys_disk] {
            disk.crash();
        }
        self.store = None;
        self.open();
    }

    /// The process is killed, then the store starts again.
    pub(crate) fn kill(&mut self) {
        for disk in [&self.inbox_disk, &self.wal_disk, &self.journal_disk, &self.keys_disk] {
            disk.kill();
        }
        self.store = None;
        self.open();
    }

    /// An orderly end, then the store starts again.
    pub(crate) fn restart(&mut self) {
        self.journal().close();
        self.inbox().close();
        self.store = None;
        self.open();
    }

    pub(crate) fn journal(&self) -> &JournalFile {
        &self.store.as_ref().unwrap().journal
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.store.as_ref().unwrap().inbox
    }

    pub(crate) fn append(&self, batch: Batch) -> Result<Appended, AppendFault> {
        append(self.journal(), batch)
    }

    pub(crate) fn deliver(&self, body: &str, received_at: i64) -> Result<u64, InboxFault> {
        let (told, answer) = channel();
        self.inbox().append(body.to_owned(), received_at, Box::new(move |result| told.send(result).unwrap()));
        answer.recv().unwrap()
    }

    pub(crate) fn prune(&self, key: &Key) -> Result<Appended, AppendFault> {
        let (told, answer) = channel();
        self.journal().prune_before_baseline(key, Box::new(move |result| told.send(result).unwrap()));
        answer.recv().unwrap()
    }

    pub(crate) fn erase(&self, key: &Key) -> usize {
        let (told, answer) = channel();
        let ended =
            self.journal().erase_before_baseline(key, Box::new(move |result| told.send(result).unwrap())).unwrap();
        answer.recv().unwrap().unwrap();
        ended
    }

    /// No finding, in any corner of the journal.
    pub(crate) fn assert_sound(&self) {
        let report = self.journal().verify().unwrap();
        assert_eq!(report.findings, []);
    }
}

pub(crate) fn append(journal: &dyn Journal, batch: Batch) -> Result<Appended, AppendFault> {
    let (told, answer) = channel();
    journal.append(batch, Box::new(move |result| told.send(result).unwrap()));
    answer.recv().unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    Arc::from(text.as_bytes())
}

pub(crate) fn record(kind: u16, body: &str) -> Record {
    Record { kind, version: 1, sealed: false, opens: false, body: body.as_bytes().to_vec() }
}

pub(crate) fn sealed(kind: u16, body: &str) -> Record {
    Record { sealed: true, ..record(kind, body) }
}

pub(crate) fn opening(kind: u16, body: &str) -> Record {
    Record { opens: true, ..record(kind, body) }
}

pub(crate) fn batch(machine: &str, expected: u64, records: Vec<Record>) -> Batch {
    Batch {
        key: key(machine),
        expected,
        at: 1_700_000_000_000,
        records,
        closes: vec![],
        armed: None,
        baseline: false,
        snapshot: None,
    }
}
