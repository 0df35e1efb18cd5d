//! Reading a store from another process, also while a node runs on it. Writes nothing.
//!
//! Invariants: one call sees one commit; heads that were not stored yet are rebuilt from the log as at a start; bytes
//! that nobody of ours wrote end a call with a fault that names their file, never with a panic.

mod records;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, RangeInclusive};
use std::path::{Path, PathBuf};

use redb::{ReadOnlyDatabase, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata};

use crate::api::{Key, Position, ReadFault, StoredBatch};
use crate::checksums::look_at_pages;
use crate::database::{self, OpenFault, Trouble};
use crate::guard::{FileFault, guarded};
use crate::heads::Head;
use crate::inbox::{
    DELIVERIES, Delivery, Found, INBOX_FORMAT, InboxStats, decode, log_was_begun, read_ledger, read_shelved, read_wal,
};
use crate::keys::{read_key, walk_keys};
use crate::log::tail_heads;
use crate::read::KeyOf;
use crate::seal::SealKey;
use crate::tables::{FORMAT, META_HEADS_FROM, META_INCARNATION, META_NEXT_KEY, ReadTables, read_format};
use crate::verify::{self, Report};

pub use records::ReadOnlyRecords;

/// Counts of the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JournalStats {
    /// The newest batch.
    pub last: Position,
    /// Batches that lie in the log.
    pub batches: u64,
    /// Machines ever seen.
    pub machines: u64,
    /// Effects that are not settled.
    pub open_effects: u64,
    /// Machines with a deadline row.
    pub deadlines: u64,
    /// Cached states.
    pub snapshots: u64,
    /// Baselines whose older rows are still being dropped.
    pub prunes: u64,
    /// Heads that lie in memory and in the log alone.
    pub heads_unstored: u64,
    /// All heads up to this position are stored.
    pub heads_from: Position,
    /// How often the store was restored, counted from 1.
    pub incarnation: u64,
    /// Sealing keys given to machines so far.
    pub keys_given: u64,
}

impl JournalStats {
    pub(crate) fn count<'a>(tables: &ReadTables, dirty: impl Iterator<Item = &'a [u8]>) -> Result<Self, ReadFault> {
        let mut machines = tables.heads.len()?;
        let mut heads_unstored = 0;
        for key in dirty {
            heads_unstored += 1;
            if ReadableTable::get(&tables.heads, key)?.is_none() {
                machines += 1;
            }
        }
        Ok(Self {
            last: Position(tables.log.last()?.map_or(0, |(position, _)| position.value())),
            batches: tables.log.len()?,
            machines,
            open_effects: tables.effects.len()?,
            deadlines: tables.deadlines.len()?,
            snapshots: tables.snapshots.len()?,
            prunes: tables.prunes.len()?,
            heads_unstored,
            heads_from: Position(tables.meta(META_HEADS_FROM)?),
            incarnation: tables.meta(META_INCARNATION)?,
            keys_given: tables.meta(META_NEXT_KEY)?.saturating_sub(1),
        })
    }
}

/// A store directory, open for reading alone.
pub struct ReadOnlyJournal {
    inbox: OpenedInbox,
    journal: Opened,
    keys: Opened,
}

impl std::fmt::Debug for ReadOnlyJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadOnlyJournal")
    }
}

/// Bytes of page cache for each of the files.
const CACHE_BYTES: usize = 32 << 20;

/// Those of the storage engine.
const FILES: [&str; 3] = ["keys.redb", "journal.redb", "inbox.redb"];

/// One of the files.
struct Opened {
    path: PathBuf,
    database: ReadOnlyDatabase,
}

impl Opened {
    fn open(dir: &Path, name: &str, format: u64) -> Result<Self, FileFault> {
        let path = dir.join(name);
        let opened = guarded(Some(&path), || -> Result<ReadOnlyDatabase, OpenFault> {
            let database = database::open_read_only(&path, CACHE_BYTES)?;
            match read_format(&database.begin_read().map_err(Trouble::from)?, format)? {
                Some(_) => Ok(database),
                None => Err(OpenFault::Damaged { what: "no store was ever begun in it".to_owned() }),
            }
        });
        opened.map(|database| Self { path, database })
    }

    fn journal(dir: &Path) -> Result<Self, FileFault> {
        Self::open(dir, "journal.redb", FORMAT)
    }

    fn keys(dir: &Path) -> Result<Self, FileFault> {
        Self::open(dir, "keys.redb", FORMAT)
    }

    /// Works on this file; whatever goes wrong is its fault.
    fn guard<T>(&self, work: impl FnOnce() -> Result<T, ReadFault>) -> Result<T, FileFault> {
        guarded(Some(&self.path), work)
    }

    fn begin(&self) -> Result<ReadTransaction, ReadFault> {
        Ok(self.database.begin_read().map_err(Trouble::from)?)
    }

    fn tables(&self) -> Result<ReadTables, ReadFault> {
        Ok(ReadTables::open(&self.begin()?)?)
    }
}

/// The inbox: its rows, and the log in front of them.
struct OpenedInbox {
    rows: Opened,
    wal: PathBuf,
}

impl OpenedInbox {
    fn open(dir: &Path) -> Result<Self, FileFault> {
        Ok(Self { rows: Opened::open(dir, "inbox.redb", INBOX_FORMAT)?, wal: dir.join("inbox.wal") })
    }

    /// What the log holds. A node that writes it meanwhile may show a gap: only one that is still there is one.
    fn log(&self) -> Result<Found, FileFault> {
        // Looked at before the log itself: what is begun meanwhile is no fault.
        let was_begun = self.rows.guard(|| Ok(log_was_begun(&self.rows.begin()?)?))?;
        guarded(Some(&self.wal), || -> Result<Found, OpenFault> {
            let mut found = read_wal(&self.wal)?;
            found.expect_begun(was_begun)?;
            if !found.gaps.is_empty() {
                let again = read_wal(&self.wal)?;
                found.gaps.retain(|gap| again.gaps.contains(gap));
            }
            Ok(found)
        })
    }

    /// Works on the rows and on what the log alone holds. The log is read before: what gets its row meanwhile is among
    /// the rows.
    fn guard<T>(
        &self,
        mut log: Found,
        work: impl FnOnce(&ReadTransaction, &Found) -> Result<T, ReadFault>,
    ) -> Result<T, FileFault> {
        self.rows.guard(|| {
            let read = self.rows.begin()?;
            let shelved = read_shelved(&read)?;
            log.deliveries.retain(|delivery| delivery.seq > shelved);
            work(&read, &log)
        })
    }
}

/// The sealing keys as a walk over the journal asks for them, one by one. What is wrong with their file is remembered
/// here, so that it is not taken for a fault of the journal's.
struct Keyring<'a> {
    file: &'a Opened,
    /// Keys as of an earlier commit: those forgotten since are still in it.
    earlier: Option<&'a ReadTransaction>,
    fault: RefCell<Option<FileFault>>,
}

impl<'a> Keyring<'a> {
    fn new(file: &'a Opened, earlier: Option<&'a ReadTransaction>) -> Self {
        Self { file, earlier, fault: RefCell::new(None) }
    }

    fn key_of(&self, id: u64) -> Result<Option<SealKey>, ReadFault> {
        let found =
            self.file.guard(|| match self.earlier.map(|earlier| read_key(earlier, id)).transpose()?.flatten() {
                Some(key) => Ok(Some(key)),
                None => read_key(&self.file.begin()?, id),
            });
        found.map_err(|fault| {
            let said = ReadFault::Unavailable(fault.to_string());
            self.fault.replace(Some(fault));
            said
        })
    }

    /// What went wrong with the keys' file, else what the walk itself says.
    fn settle<T>(&self, walked: Result<T, FileFault>) -> Result<T, FileFault> {
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => walked,
        }
    }
}

impl ReadOnlyJournal {
    /// Opens the three files of a store directory. Where no node runs and the last one was killed, the files are
    /// first repaired as a start would do, which needs the right to write.
    ///
    /// # Errors
    /// [`FileFault`], of the first file that cannot be opened.
    pub fn open(dir: &Path) -> Result<Self, FileFault> {
        Ok(Self { inbox: OpenedInbox::open(dir)?, journal: Opened::journal(dir)?, keys: Opened::keys(dir)? })
    }

    /// Counts of the journal.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn stats(&self) -> Result<JournalStats, FileFault> {
        self.journal.guard(|| {
            let tables = self.journal.tables()?;
            let dirty = unstored_heads(&tables)?;
            JournalStats::count(&tables, dirty.keys().map(|key| &**key))
        })
    }

    /// Counts of the inbox, as far as they are stored: a running node has forgotten more.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn inbox_stats(&self) -> Result<InboxStats, FileFault> {
        self.inbox.guard(self.inbox.log()?, |read, log| {
            let mut ledger = read_ledger(read)?;
            for delivery in &log.deliveries {
                ledger.found(delivery.seq, delivery.received_at, delivery.body.len());
            }
            Ok(ledger.stats())
        })
    }

    /// Walks everything and reports what does not agree: see [`Report`].
    ///
    /// # Errors
    /// [`FileFault`] where the files cannot be read; damage is in the report instead.
    pub fn verify(&self) -> Result<Report, FileFault> {
        let mut report = Report::default();
        verify_keys(&self.keys, &mut report)?;
        // Keys may be damaged and the journal be sound: then it is walked as far as that goes without them.
        let keys = report.damaged.is_empty().then_some(&self.keys);
        verify_journal(&self.journal, keys, &mut report)?;
        verify_inbox(&self.inbox, &mut report)?;
        Ok(report)
    }

    /// As [`ReadOnlyJournal::verify`], on a directory: files that are missing or do not open are damage too, and the
    /// others are walked all the same. The checksums of all pages are looked at besides, see [`look_at_pages`].
    ///
    /// Not for a process that has the store open.
    ///
    /// # Errors
    /// [`FileFault`] where a file cannot be read for another reason than its bytes.
    pub fn verify_dir(dir: &Path) -> Result<Report, FileFault> {
        let mut report = Report::default();
        // Before the walks: a second handle that is closed would end their locks.
        let pages = FILES.map(|name| (dir.join(name), look_at_pages(&dir.join(name))));
        let keys = report.opened(Opened::keys(dir))?;
        if let Some(keys) = &keys {
            verify_keys(keys, &mut report)?;
        }
        let keys = keys.filter(|_| report.damaged.is_empty());
        if let Some(journal) = report.opened(Opened::journal(dir))? {
            verify_journal(&journal, keys.as_ref(), &mut report)?;
        }
        if let Some(inbox) = report.opened(OpenedInbox::open(dir))? {
            verify_inbox(&inbox, &mut report)?;
        }
        for (file, pages) in pages {
            report.pages(&file, pages);
        }
        Ok(report)
    }

    /// Shows every batch of the machines whose key begins with `key_prefix`, within `positions`, in order, until
    /// `visit` breaks. A batch that cannot be opened is shown as its fault and the walk goes on: a key that is gone
    /// after an erasure is no damage.
    ///
    /// # Errors
    /// [`FileFault`] where the walk itself fails.
    pub fn each(
        &self,
        key_prefix: &[u8],
        positions: RangeInclusive<Position>,
        visit: impl FnMut(Result<StoredBatch, ReadFault>) -> ControlFlow<()>,
    ) -> Result<(), FileFault> {
        records::each(&self.journal, Some(&self.keys), key_prefix, positions, visit)
    }

    /// Shows every delivery within `seqs`, in order, until `visit` breaks; damaged ones as their fault.
    ///
    /// # Errors
    /// [`FileFault`] where the walk itself fails.
    pub fn each_delivery(
        &self,
        seqs: RangeInclusive<u64>,
        mut visit: impl FnMut(Result<Delivery, ReadFault>) -> ControlFlow<()>,
    ) -> Result<(), FileFault> {
        let (mut rows, log) = self.inbox.guard(self.inbox.log()?, |read, log| {
            let rows = read.open_table(DELIVERIES).map_err(Trouble::from)?.range(seqs.clone())?;
            Ok((rows, log.deliveries.clone()))
        })?;
        loop {
            let next = self.inbox.rows.guard(|| {
                let Some(entry) = rows.next() else { return Ok(None) };
                let (seq, bytes) = entry?;
                Ok(Some(decode(seq.value(), bytes.value())))
            })?;
            let Some(shown) = next else { break };
            if visit(shown).is_break() {
                return Ok(());
            }
        }
        for delivery in log.into_iter().filter(|delivery| seqs.contains(&delivery.seq)) {
            if visit(Ok(delivery)).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The keys of all machines, in order. Reads the table of heads and the tail of the log.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn machines(&self) -> Result<BTreeSet<Vec<u8>>, FileFault> {
        self.journal.guard(|| {
            let tables = self.journal.tables()?;
            let mut keys: BTreeSet<Vec<u8>> = unstored_heads(&tables)?.keys().map(|key| key.to_vec()).collect();
            for entry in tables.heads.range::<&[u8]>(..)? {
                keys.insert(entry?.0.value().to_vec());
            }
            Ok(keys)
        })
    }
}

/// The heads that lie in the log alone.
fn unstored_heads(tables: &ReadTables) -> Result<BTreeMap<Key, Head>, ReadFault> {
    let from = tables.meta(META_HEADS_FROM)?;
    tail_heads(tables, from).map_err(|fault| match fault {
        OpenFault::Damaged { what } => ReadFault::Damaged { position: 0, what },
        OpenFault::Newer { .. } | OpenFault::Missing | OpenFault::Locked | OpenFault::Io(_) => {
            ReadFault::Unavailable(fault.to_string())
        }
    })
}

fn verify_keys(keys: &Opened, report: &mut Report) -> Result<(), FileFault> {
    let walked = keys.guard(|| Ok(walk_keys(&keys.begin()?)?));
    report.walked(walked)
}

fn verify_journal(journal: &Opened, keys: Option<&Opened>, report: &mut Report) -> Result<(), FileFault> {
    // Keys are looked at before and after: those made since are in the second, those forgotten since in the first.
    let earlier = keys.map(|keys| keys.guard(|| keys.begin())).transpose()?;
    let ring = keys.map(|keys| Keyring::new(keys, earlier.as_ref()));
    let ask = |id| ring.as_ref().map_or(Ok(None), |ring| ring.key_of(id));
    let key_of: Option<KeyOf<'_>> = ring.is_some().then_some(&ask);
    let walked = journal.guard(|| verify::walk(&journal.tables()?, key_of, &mut report.journal));
    let walked = match &ring {
        Some(ring) => ring.settle(walked),
        None => walked,
    };
    report.walked(walked)
}

fn verify_inbox(inbox: &OpenedInbox, report: &mut Report) -> Result<(), FileFault> {
    let log = report.opened(inbox.log())?.unwrap_or_default();
    let walked = inbox.guard(log, |read, log| verify::inbox(read, log, &mut report.inbox));
    report.walked(walked)
}
