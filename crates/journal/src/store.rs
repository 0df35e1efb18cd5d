//! The store as a node sees it: [`JournalFile`] behind `trait Journal`, and [`Store`], which opens all four files.
//!
//! Decides nothing about batches (see `log`) and knows no layout. Invariant: a read sees every batch whose `done`
//! was called before it began.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use crate::api::{
    AppendFault, Appended, Batch, Done, Due, History, Journal, OpenEffect, Position, ReadFault, StoredBatch,
};
use crate::database::{File, FileOptions, OpenFault, Source};
use crate::group::{Drive, Writer};
use crate::heads::{Head, Shared};
use crate::inbox::{Inbox, InboxOptions, InboxSources};
use crate::keys::Keys;
use crate::log::{Item, LogCommit};
use crate::read;
use crate::reader::JournalStats;
use crate::seal::{Entropy, SealKey};
use crate::tables::{
    DEADLINES, EFFECTS, FORMAT, HEADS, LOG, META, META_INCARNATION, PRUNES, ReadTables, SNAPSHOTS, stamp,
};
use crate::verify::{self, JournalReport};

/// How the journal's two files are opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalOptions {
    /// `journal.redb`: cache and durability.
    pub log: FileOptions,
    /// `keys.redb`: cache and durability.
    pub keys: FileOptions,
}

impl Default for JournalOptions {
    fn default() -> Self {
        let log = FileOptions { cache_bytes: 192 << 20, ..FileOptions::default() };
        let keys = FileOptions { cache_bytes: 8 << 20, ..FileOptions::default() };
        Self { log, keys }
    }
}

/// The journal in `journal.redb`, its keys in `keys.redb`.
pub struct JournalFile {
    writer: Writer<LogCommit>,
    shared: Arc<Shared>,
    file: Arc<File>,
    keys: Arc<Keys>,
}

impl std::fmt::Debug for JournalFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalFile").field("last", &self.last()).finish_non_exhaustive()
    }
}

/// How often a read starts over because a prune dropped the row it was about to begin with.
const READ_AGAIN_MAX: u32 = 4;

impl JournalFile {
    /// Opens or makes both files and starts the writer.
    ///
    /// # Errors
    /// As [`OpenFault`] says.
    pub fn open(
        log: Source,
        keys: Source,
        options: JournalOptions,
        entropy: Box<dyn Entropy>,
        drive: Drive,
    ) -> Result<Self, OpenFault> {
        let keys = Arc::new(Keys::open(keys, options.keys)?);
        let file = Arc::new(File::open(log, options.log)?);
        stamp(&file, FORMAT, |transaction| {
            transaction.open_table(LOG)?;
            transaction.open_table(HEADS)?;
            transaction.open_table(EFFECTS)?;
            transaction.open_table(DEADLINES)?;
            transaction.open_table(SNAPSHOTS)?;
            transaction.open_table(PRUNES)?;
            transaction.open_table(META)?.insert(META_INCARNATION, 1)?;
            Ok(())
        })?;
        let shared = Arc::new(Shared::default());
        let commit = LogCommit::open(Arc::clone(&file), Arc::clone(&keys), Arc::clone(&shared), entropy)?;
        Ok(Self { writer: Writer::open(commit, drive), shared, file, keys })
    }

    /// How often this store was restored, counted from 1. Part of every effect id.
    pub fn incarnation(&self) -> u32 {
        self.shared.look().incarnation
    }

    /// After a restore: effect ids of before are never used again. Returns the new one; waits for its commit.
    ///
    /// # Errors
    /// As an append.
    pub fn raise_incarnation(&self) -> Result<u32, AppendFault> {
        let (told, answer) = sync_channel(1);
        self.writer.append(
            Item::RaiseIncarnation,
            Box::new(move |result| {
                // Nobody waits any more where the caller's thread is gone.
                let _ = told.send(result);
            }),
        );
        answer.recv().map_err(|_| AppendFault::Unknown)??;
        Ok(self.incarnation())
    }

    /// Lets the rows before this machine's newest baseline go, a bounded number with each commit; a restart goes on.
    /// Rows whose effect is still open stay. Keys stay too: what must not be read in a backup either takes
    /// [`JournalFile::erase_before_baseline`] instead, since keys are found through the rows. `done` comes when that is noted durably, not when the rows are gone.
    pub fn prune_before_baseline(&self, key: &[u8], done: Done<Appended, AppendFault>) {
        self.writer.append(Item::Prune(key.into()), done);
    }

    /// Erasure: ends every key that sealed what this machine's newest baseline made needless, then prunes as
    /// [`JournalFile::prune_before_baseline`]. Append the baseline first; call again after a failure. Returns how
    /// many keys were ended.
    ///
    /// # Errors
    /// [`ReadFault`] where it is not certain that all keys are gone; then nothing is pruned.
    pub fn erase_before_baseline(&self, key: &[u8], done: Done<Appended, AppendFault>) -> Result<usize, ReadFault> {
        let ids = self.with_head(key, |tables, head| match head {
            Some(head) => read::needless_keys(tables, head),
            None => Ok(Vec::new()),
        })?;
        let mut ended = 0;
        for id in ids {
            ended += usize::from(self.keys.forget(id)?);
        }
        self.prune_before_baseline(key, done);
        Ok(ended)
    }

    /// Counts. Reads the whole table of heads, nothing else at length.
    ///
    /// # Errors
    /// As any read.
    pub fn stats(&self) -> Result<JournalStats, ReadFault> {
        let dirty: Vec<_> = self.shared.look().dirty.keys().cloned().collect();
        JournalStats::count(&self.tables()?, dirty.iter().map(|key| &**key))
    }

    /// Walks everything and reports what does not agree, as [`crate::ReadOnlyJournal::verify`] does from outside.
    ///
    /// # Errors
    /// [`ReadFault::Unavailable`] where the files cannot be read; damage is in the report instead.
    pub fn verify(&self) -> Result<JournalReport, ReadFault> {
        verify::journal(&self.tables()?, &|id| self.key_of(id))
    }

    /// Takes nothing more, commits what waits, stores all heads and lets go of the files.
    pub fn close(&self) {
        self.writer.close();
    }

    /// A file that a failed commit left closed is opened again by the writer, at its next commit. Machines read before
    /// they append, so where all of them wait to be read there would never be one: the reader asks for it.
    fn tables(&self) -> Result<ReadTables, ReadFault> {
        match self.file.read() {
            Ok(read) => Ok(ReadTables::open(&read)?),
            Err(trouble) => {
                if self.file.is_closed() {
                    // Whether it worked shows at the next read.
                    self.writer.append(Item::Reopen, Box::new(|_| {}));
                }
                Err(trouble.into())
            }
        }
    }

    fn key_of(&self, id: u64) -> Result<Option<SealKey>, ReadFault> {
        self.keys.get(id)
    }

    /// Memory first, then the table of a transaction begun later: what left memory meanwhile is in the table.
    fn with_head<T>(
        &self,
        key: &[u8],
        read: impl Fn(&ReadTables, Option<Head>) -> Result<T, ReadFault>,
    ) -> Result<T, ReadFault> {
        for _ in 0..READ_AGAIN_MAX {
            let dirty = self.shared.look().dirty.get(key).copied();
            let tables = self.tables()?;
            let head = match dirty {
                Some(head) => Some(head),
                None => read::stored_head(&tables, key)?,
            };
            match head {
                Some(head) if !read::has_row(&tables, head.position)? => {}
                head => return read(&tables, head),
            }
        }
        Err(ReadFault::Damaged { position: 0, what: "a machine's newest batch is missing".to_owned() })
    }

    fn superseded(&self, key: &[u8], position: u64) -> Result<bool, ReadFault> {
        self.with_head(key, |tables, head| read::is_superseded(tables, head, position))
    }
}

impl Journal for JournalFile {
    fn append(&self, batch: Batch, done: Done<Appended, AppendFault>) {
        self.writer.append(Item::Batch(batch), done);
    }

    fn read(&self, key: &[u8], use_snapshot: bool) -> Result<History, ReadFault> {
        self.with_head(key, |tables, head| match head {
            Some(head) => read::history(tables, &|id| self.key_of(id), key, head, use_snapshot),
            None => Ok(History::default()),
        })
    }

    fn tail(&self, after: Position, limit: usize) -> Result<Vec<StoredBatch>, ReadFault> {
        let tables = self.tables()?;
        read::tail(&tables, &|id| self.key_of(id), &|key, position| self.superseded(key, position), after, limit)
    }

    fn batch(&self, position: Position) -> Result<Option<StoredBatch>, ReadFault> {
        let tables = self.tables()?;
        read::batch(&tables, &|id| self.key_of(id), &|key, at| self.superseded(key, at), position)
    }

    fn open_effects(&self, after: Option<OpenEffect>, limit: usize) -> Result<Vec<OpenEffect>, ReadFault> {
        read::open_effects(&self.tables()?, after, limit)
    }

    fn due(&self, until: i64, after: Option<&Due>, limit: usize) -> Result<Vec<Due>, ReadFault> {
        read::due(&self.tables()?, until, after, limit)
    }

    fn next_due(&self) -> Result<Option<i64>, ReadFault> {
        Ok(read::due(&self.tables()?, i64::MAX, None, 1)?.first().map(|due| due.at))
    }

    fn last(&self) -> Position {
        Position(self.shared.look().last)
    }
}

/// Where the store's four files live.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Raw deliveries.
    pub inbox: InboxSources,
    /// What the machines decided.
    pub journal: Source,
    /// What opens their sealed records.
    pub keys: Source,
}

impl Sources {
    /// The files of a store directory: `inbox.wal`, `inbox.redb`, `journal.redb`, `keys.redb`. The directory must exist.
    pub fn in_dir(dir: &Path) -> Self {
        Self {
            inbox: InboxSources {
                file: Source::Path(dir.join("inbox.redb")),
                wal: Source::Path(dir.join("inbox.wal")),
            },
            journal: Source::Path(dir.join("journal.redb")),
            keys: Source::Path(dir.join("keys.redb")),
        }
    }
}

/// How the store is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoreOptions {
    /// The inbox file and its limits.
    pub inbox: InboxOptions,
    /// The journal's files.
    pub journal: JournalOptions,
}

/// Inbox and journal, each with its own writer.
#[derive(Clone, Debug)]
pub struct Store {
    /// Raw deliveries: their log is the only file whose sync a 200 waits for.
    pub inbox: Arc<Inbox>,
    /// What the machines decided.
    pub journal: Arc<JournalFile>,
}

impl Store {
    /// Opens all four files; `drives` says who runs the two writers.
    ///
    /// # Errors
    /// As [`OpenFault`] says, of the first file that cannot be opened.
    pub fn open(
        sources: Sources,
        options: StoreOptions,
        entropy: Box<dyn Entropy>,
        drives: Drives,
    ) -> Result<Self, OpenFault> {
        let journal = JournalFile::open(sources.journal, sources.keys, options.journal, entropy, drives.journal)?;
        let inbox = Inbox::open_beside(sources.inbox, options.inbox, drives.inbox, journal.last().0)?;
        Ok(Self { inbox: Arc::new(inbox), journal: Arc::new(journal) })
    }

    /// After a restore from a backup, before anything else: see [`JournalFile::raise_incarnation`].
    ///
    /// # Errors
    /// As an append.
    pub fn raise_incarnation(&self) -> Result<u32, AppendFault> {
        self.journal.raise_incarnation()
    }

    /// An orderly end: the journal first, then the inbox, whose forgotten deliveries are stored last.
    pub fn close(&self) {
        self.journal.close();
        self.inbox.close();
    }
}

/// Who runs the two writers.
#[derive(Clone, Copy, Debug)]
pub struct Drives {
    /// The inbox's.
    pub inbox: Drive,
    /// The journal's.
    pub journal: Drive,
}

impl Drives {
    /// Two threads with bounded queues, as a node runs them.
    pub const THREADS: Drives = Drives {
        inbox: Drive::Thread { name: "inbox", queue_max: 16 << 10 },
        journal: Drive::Thread { name: "journal", queue_max: 64 << 10 },
    };

    /// Both inline.
    pub const INLINE: Drives = Drives { inbox: Drive::Inline, journal: Drive::Inline };
}
