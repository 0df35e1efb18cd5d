//! One redb file: how it is opened, read, committed, and opened again after a failure. Knows no table's meaning.
//!
//! Invariants: every commit is durable with quick repair, so a start after a kill takes milliseconds; after a failed
//! commit nothing is written before the file was opened again; readers survive that, they fail once and may retry.
//! The file is shared by one writing process and any number of reading ones (`ConcurrencyMode::SingleWriter`).

use std::fmt;
use std::io;
use std::ops::Bound;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use redb::{
    BackendError, Builder, ConcurrencyMode, Database, DatabaseError, ReadOnlyDatabase, ReadTransaction,
    ReadableDatabase, StorageBackend, WriteTransaction,
};

use crate::api::ReadFault;
use crate::guard::{caught, comes_to};

/// Makes a fresh handle to the same storage each time it is called: once at the start, once after each failure.
pub type Factory = Arc<dyn Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync>;

/// Where one of the store's files lives.
#[derive(Clone)]
pub enum Source {
    /// A file, made where there is none.
    Path(PathBuf),
    /// Storage of the caller's, as the simulator's faulty disk. It must grant range locks.
    Backend(Factory),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Path(path) => write!(f, "Path({})", path.display()),
            Source::Backend(_) => f.write_str("Backend"),
        }
    }
}

/// What an acknowledged commit survives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// Loss of power: synced before the answer. The only choice for a node.
    #[default]
    Durable,
    /// Nothing. It exists for one test alone, which shows that the crash check catches a store built without syncs.
    Eventual,
}

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileOptions {
    /// Bytes of redb's page cache.
    pub cache_bytes: usize,
    /// What an acknowledged commit survives.
    pub durability: Durability,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { cache_bytes: 64 << 20, durability: Durability::Durable }
    }
}

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// A newer program wrote it: use that one.
    #[error("the store has format {found}, this program knows formats up to {known}")]
    Newer {
        /// The file's format.
        found: u64,
        /// The newest format known here.
        known: u64,
    },
    /// The bytes are not a store of ours, or no longer: restore a backup.
    #[error("the store is damaged: {what}")]
    Damaged {
        /// What is wrong, in words.
        what: String,
    },
    /// A file that belongs to the store is not there: restore it.
    #[error("the file is missing")]
    Missing,
    /// Another process has it open for writing.
    #[error("another process has the store open")]
    Locked,
    /// The file system refuses; perhaps another time.
    #[error("it cannot be used ({0})")]
    Io(#[source] io::Error),
}

/// A read or write inside a transaction failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// The bytes are wrong.
    Damaged(String),
    /// The storage failed, or was closed to be opened again.
    Failed(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Trouble::Damaged(what) | Trouble::Failed(what)) = self;
        f.write_str(what)
    }
}

impl From<redb::Error> for Trouble {
    fn from(error: redb::Error) -> Self {
        match damage(&error) {
            Some(what) => Trouble::Damaged(what),
            None => Trouble::Failed(error.to_string()),
        }
    }
}

/// What is wrong with the bytes, where they are what is wrong: our own words, then the storage engine's.
fn damage(error: &redb::Error) -> Option<String> {
    let is_io = |kind| matches!(error, redb::Error::Io(why) if why.kind() == kind);
    if is_io(io::ErrorKind::UnexpectedEof) {
        return Some("the file ends before something that it points to".to_owned());
    }
    let is_of_other_tables = matches!(
        error,
        redb::Error::TableTypeMismatch { .. }
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableIsNotMultimap(_)
            | redb::Error::TableDoesNotExist(_)
    );
    let own = if is_io(io::ErrorKind::InvalidData) {
        "its bytes are not those of a store"
    } else if matches!(error, redb::Error::Corrupted(_)) {
        "its bytes are not what was written"
    } else if matches!(error, redb::Error::UpgradeRequired(_)) {
        "another version of the storage engine wrote it"
    } else if is_of_other_tables {
        "its tables are not those of this file of a store"
    } else {
        return None;
    };
    Some(format!("{own} (the storage engine says: {error})"))
}

macro_rules! trouble_from {
    ($($error:ty),*) => {$(
        impl From<$error> for Trouble {
            fn from(error: $error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}
trouble_from!(redb::StorageError, redb::TableError, redb::TransactionError, redb::SetDurabilityError);

impl From<Trouble> for ReadFault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Damaged(what) => ReadFault::Damaged { position: 0, what },
            Trouble::Failed(what) => ReadFault::Unavailable(what),
        }
    }
}

impl From<Trouble> for OpenFault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Damaged(what) => OpenFault::Damaged { what },
            Trouble::Failed(what) => OpenFault::Io(io::Error::other(what)),
        }
    }
}

impl From<ReadFault> for OpenFault {
    fn from(fault: ReadFault) -> Self {
        match fault {
            ReadFault::Damaged { .. } | ReadFault::KeyGone { .. } => OpenFault::Damaged { what: fault.to_string() },
            ReadFault::Unavailable(what) => OpenFault::Io(io::Error::other(what)),
        }
    }
}

/// A write did not become durable, or may not have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum WriteFailure {
    /// It failed before the commit: nothing is stored.
    NotStored(Trouble),
    /// The commit itself failed: all or nothing of it may be stored.
    Unknown(Trouble),
}

impl WriteFailure {
    /// What went wrong.
    pub(crate) fn trouble(&self) -> &Trouble {
        match self {
            WriteFailure::NotStored(trouble) | WriteFailure::Unknown(trouble) => trouble,
        }
    }
}

/// One open file. Shared by its writer and all readers; the database behind it may be replaced.
pub(crate) struct File {
    source: Source,
    options: FileOptions,
    database: RwLock<Option<Database>>,
}

impl File {
    /// Opens or makes the file.
    pub(crate) fn open(source: Source, options: FileOptions) -> Result<Self, OpenFault> {
        let database = open_database(&source, options)?;
        Ok(Self { source, options, database: RwLock::new(Some(database)) })
    }

    /// Lets go of the database and opens it again, as redb demands after a failed commit.
    pub(crate) fn reopen(&self) -> Result<(), OpenFault> {
        let mut slot = self.slot_mut();
        drop(slot.take());
        *slot = Some(open_database(&self.source, self.options)?);
        Ok(())
    }

    /// Whether a failed attempt to reopen left nothing behind.
    pub(crate) fn is_closed(&self) -> bool {
        self.slot().is_none()
    }

    /// Closes the file. Reads and writes fail from here on.
    pub(crate) fn close(&self) {
        drop(self.slot_mut().take());
    }

    /// Begins to read what is committed now.
    pub(crate) fn read(&self) -> Result<ReadTransaction, Trouble> {
        if let Source::Path(path) = &self.source {
            comes_to(path);
        }
        match self.slot().as_ref() {
            Some(database) => Ok(caught(|| database.begin_read()).map_err(Trouble::Damaged)??),
            None => Err(Trouble::Failed("the file is closed".to_owned())),
        }
    }

    /// Runs `fill` in one transaction and commits it. `fill` says in its value whether there is anything to commit.
    pub(crate) fn write<T>(
        &self,
        points: CommitPoints,
        fill: impl FnOnce(&WriteTransaction) -> Result<(T, bool), Trouble>,
    ) -> Result<T, WriteFailure> {
        let transaction = self.begin().map_err(WriteFailure::NotStored)?;
        let (value, filled) = fill(&transaction).map_err(WriteFailure::NotStored)?;
        if !filled {
            return Ok(value);
        }
        points.before();
        transaction.commit().map_err(|error| WriteFailure::Unknown(redb::Error::from(error).into()))?;
        points.after();
        Ok(value)
    }

    fn begin(&self) -> Result<WriteTransaction, Trouble> {
        let slot = self.slot();
        let Some(database) = slot.as_ref() else {
            return Err(Trouble::Failed("the file is closed".to_owned()));
        };
        let mut transaction = database.begin_write()?;
        match self.options.durability {
            Durability::Durable => transaction.set_quick_repair(true),
            Durability::Eventual => transaction.set_durability(redb::Durability::None)?,
        }
        Ok(transaction)
    }

    fn slot(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot_mut(&self) -> RwLockWriteGuard<'_, Option<Database>> {
        self.database.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names of the two places around a commit where a test may stop, fail or kill the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CommitPoints {
    /// `inbox-before-commit`, `inbox-after-commit`.
    Inbox,
    /// `journal-before-commit`, `journal-after-commit`.
    Journal,
    /// None: commits of keys and set-up.
    Unnamed,
}

impl CommitPoints {
    pub(crate) fn before(self) {
        match self {
            CommitPoints::Inbox => fail::fail_point!("inbox-before-commit"),
            CommitPoints::Journal => fail::fail_point!("journal-before-commit"),
            CommitPoints::Unnamed => {}
        }
    }

    pub(crate) fn after(self) {
        match self {
            CommitPoints::Inbox => fail::fail_point!("inbox-after-commit"),
            CommitPoints::Journal => fail::fail_point!("journal-after-commit"),
            CommitPoints::Unnamed => {}
        }
    }
}

/// How every file of a store is opened.
pub(crate) fn builder(options: FileOptions) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes);
    builder.set_concurrency_mode(match options.durability {
        Durability::Durable => ConcurrencyMode::SingleWriter,
        // redb refuses commits without a sync where other processes may read.
        Durability::Eventual => ConcurrencyMode::ExclusiveWriter,
    });
    builder
}

fn open_database(source: &Source, options: FileOptions) -> Result<Database, OpenFault> {
    let builder = builder(options);
    match source {
        Source::Path(path) => {
            comes_to(path);
            make_private(path).map_err(OpenFault::Io)?;
            settle(|| builder.create(path))
        }
        Source::Backend(factory) => {
            let backend = Boxed(factory().map_err(OpenFault::Io)?);
            settle(|| builder.create_with_backend(backend))
        }
    }
}

/// Makes a file that is not there, for its owner alone: it will hold what customers said, or the keys to it.
fn make_private(path: &Path) -> io::Result<()> {
    // Only one that is new: closing a second handle to a file can end this process's locks on it.
    match std::fs::File::options().write(true).create_new(true).mode(0o600).open(path) {
        Err(fault) if fault.kind() != io::ErrorKind::AlreadyExists => Err(fault),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Opens a file of a store for reading beside its writer. A file that a killed writer left behind is repaired first.
///
/// # Errors
/// [`OpenFault`]; an empty file is damaged.
pub fn open_read_only(path: &Path, cache_bytes: usize) -> Result<ReadOnlyDatabase, OpenFault> {
    let options = FileOptions { cache_bytes, durability: Durability::Durable };
    if path.symlink_metadata().is_err_and(|fault| fault.kind() == io::ErrorKind::NotFound) {
        return Err(OpenFault::Missing);
    }
    if path.metadata().is_ok_and(|found| found.is_file() && found.len() == 0) {
        return Err(OpenFault::Damaged { what: "it is empty".to_owned() });
    }
    let opened = caught(|| builder(options).open_read_only(path)).map_err(|what| OpenFault::Damaged { what })?;
    match opened {
        Err(DatabaseError::RepairAborted) => {
            settle(|| builder(options).open(path)?.close())?;
            settle(|| builder(options).open_read_only(path))
        }
        opened => opened.map_err(open_fault),
    }
}

/// Opens, and says what is wrong where that fails or brings the storage engine down.
pub(crate) fn settle<T>(open: impl FnOnce() -> Result<T, DatabaseError>) -> Result<T, OpenFault> {
    caught(open).map_err(|what| OpenFault::Damaged { what })?.map_err(open_fault)
}

fn open_fault(error: DatabaseError) -> OpenFault {
    let error = redb::Error::from(error);
    if matches!(error, redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch) {
        return OpenFault::Locked;
    }
    match (damage(&error), error) {
        (Some(what), _) => OpenFault::Damaged { what },
        (None, redb::Error::Io(error)) => OpenFault::Io(error),
        (None, error) => OpenFault::Io(io::Error::other(error.to_string())),
    }
}

/// A backend behind a box: redb takes a type, a factory gives a trait object.
struct Boxed(Box<dyn StorageBackend>);

impl fmt::Debug for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StorageBackend for Boxed {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.query_lock_range(start, end)
    }
}
