//! The view's file: opening, throwing away, and one commit per round.
//!
//! Invariant: whatever is wrong with the file, the answer is to begin anew, since everything in it follows from the
//! journal. Only what the operator must mend (no permission, locked by another process) is a fault of opening.

use std::io;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use journal::{OpenFault, Position, Source, StoredBatch};
use redb::{
    Builder, Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, StorageBackend, WriteTransaction,
};

use crate::changes::Changed;
use crate::round::{Round, Snag};
use crate::row::{META, VERSION};
use crate::{ViewFault, ViewOptions, fold};

/// Most rows that one commit writes, but for what the last chunk adds: bounds what a round holds in memory.
const ROWS_MAX: usize = 16_384;

/// Batches in the order of the journal, read in one go.
pub(crate) struct Chunk {
    pub(crate) batches: Vec<StoredBatch>,
    /// The view stands here once they are folded.
    pub(crate) end: Position,
}

/// What one commit folded.
pub(crate) struct Folded {
    /// Where the view stands.
    pub(crate) end: Position,
    /// What changed, in order.
    pub(crate) changed: Vec<Changed>,
}

/// The file and what is needed to open it again.
pub(crate) struct File {
    source: Source,
    options: ViewOptions,
    /// `None` after a failure, until the next round opens it again.
    database: RwLock<Option<Database>>,
}

impl File {
    /// Opens the file and says how far it is folded.
    pub(crate) fn open(source: Source, options: ViewOptions) -> Result<(Self, Position), OpenFault> {
        let (database, position) = open_or_start(&source, options)?;
        Ok((Self { source, options, database: RwLock::new(Some(database)) }, position))
    }

    /// How far the file is folded. Opens it again where it failed before.
    pub(crate) fn position(&self) -> Result<Position, ViewFault> {
        if self.slot().is_none() {
            let (database, position) = open_or_start(&self.source, self.options).map_err(storage)?;
            *self.database.write().unwrap_or_else(PoisonError::into_inner) = Some(database);
            return Ok(position);
        }
        let read = self.read()?;
        let meta = read.open_table(META).map_err(storage)?;
        let position = meta.get("position").map_err(storage)?;
        Ok(Position(position.map_or(0, |bytes| number(bytes.value()))))
    }

    /// Folds what stands after `at`, chunk after chunk until there is no more or [`ROWS_MAX`] rows were met, and sets the
    /// position, in one commit.
    pub(crate) fn fold(
        &self,
        chunks: impl Iterator<Item = Chunk>,
        at: Position,
        sync: bool,
    ) -> Result<Folded, ViewFault> {
        let folded = match self.slot().as_ref() {
            None => return Err(ViewFault::Storage("the file is closed".to_owned())),
            Some(database) => commit_round(database, chunks, at, sync),
        };
        folded.map_err(|snag| {
            tracing::warn!(%snag, "a round of the view failed; its file is opened again");
            self.drop_database();
            storage(snag)
        })
    }

    /// Begins to read what is folded now.
    pub(crate) fn read(&self) -> Result<ReadTransaction, ViewFault> {
        match self.slot().as_ref() {
            Some(database) => database.begin_read().map_err(storage),
            None => Err(ViewFault::Storage("the file is closed".to_owned())),
        }
    }

    /// Throws everything away.
    pub(crate) fn start_over(&self) -> Result<(), ViewFault> {
        self.drop_database();
        erase(&self.source).map_err(storage)?;
        self.position().map(drop)
    }

    fn drop_database(&self) {
        drop(self.database.write().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn slot(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wrong with a file that could be opened.
enum Unfit {
    /// Begin anew.
    StartOver(String),
    /// The operator must look.
    Fault(OpenFault),
}

/// Opens the file, or begins anew where it is damaged, or not this build's, or not this journal's.
fn open_or_start(source: &Source, options: ViewOptions) -> Result<(Database, Position), OpenFault> {
    match open(source, options) {
        Ok(opened) => Ok(opened),
        Err(Unfit::Fault(fault)) => Err(fault),
        Err(Unfit::StartOver(why)) => {
            tracing::warn!(%why, "the view is thrown away and folded anew from the journal");
            erase(source).map_err(OpenFault::Io)?;
            open(source, options).map_err(|unfit| match unfit {
                Unfit::StartOver(what) => OpenFault::Damaged { what },
                Unfit::Fault(fault) => fault,
            })
        }
    }
}

fn open(source: &Source, options: ViewOptions) -> Result<(Database, Position), Unfit> {
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes);
    let opened = match source {
        Source::Path(path) => builder.create(path),
        Source::Backend(factory) => {
            builder.create_with_backend(Boxed(factory().map_err(|why| Unfit::Fault(OpenFault::Io(why)))?))
        }
    };
    let database = opened.map_err(|fault| unfit(fault.into()))?;
    let position = prepare(&database, options.stamp).map_err(|snag| Unfit::StartOver(snag.to_string()))?;
    match position {
        Some(position) => Ok((database, position)),
        None => Err(Unfit::StartOver("it is of another version or of another journal".to_owned())),
    }
}

/// Makes the tables of a new file, or checks those of an old one. `None`: it is another build's or journal's.
fn prepare(database: &Database, stamp: u64) -> Result<Option<Position>, Snag> {
    let txn = database.begin_write()?;
    let found = {
        let meta = txn.open_table(META)?;
        let stored = |name| -> Result<Option<u64>, Snag> { Ok(meta.get(name)?.map(|bytes| number(bytes.value()))) };
        (stored("version")?, stored("stamp")?, stored("position")?)
    };
    match found {
        (None, None, None) => {
            {
                let mut meta = txn.open_table(META)?;
                for (name, value) in [("version", VERSION), ("stamp", stamp), ("position", 0)] {
                    meta.insert(name, value.to_le_bytes().as_slice())?;
                }
            }
            Round::open(&txn)?.finish()?;
            txn.commit()?;
            Ok(Some(Position::default()))
        }
        (Some(VERSION), Some(found), Some(position)) if found == stamp => {
            Round::open(&txn)?.finish()?;
            txn.abort()?;
            Ok(Some(Position(position)))
        }
        _ => Ok(None),
    }
}

fn commit_round(
    database: &Database,
    chunks: impl Iterator<Item = Chunk>,
    at: Position,
    sync: bool,
) -> Result<Folded, Snag> {
    let mut txn: WriteTransaction = database.begin_write()?;
    if sync {
        txn.set_quick_repair(true);
    } else {
        txn.set_durability(Durability::None)?;
    }
    let mut round = Round::open(&txn)?;
    let mut folded = Folded { end: at, changed: Vec::new() };
    for chunk in chunks {
        for batch in &chunk.batches {
            let machine = fold::batch(&mut round, batch)?;
            folded.changed.extend(machine.map(|machine| Changed { position: batch.position, machine }));
        }
        folded.end = chunk.end;
        if round.rows_met() >= ROWS_MAX {
            break;
        }
    }
    round.finish()?;
    txn.open_table(META)?.insert("position", folded.end.0.to_le_bytes().as_slice())?;
    txn.commit()?;
    Ok(folded)
}

/// Empties a source. A file that is not there is empty already.
fn erase(source: &Source) -> io::Result<()> {
    match source {
        Source::Path(path) => match std::fs::remove_file(path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
            Ok(()) | Err(_) => Ok(()),
        },
        Source::Backend(factory) => factory()?.set_len(0),
    }
}

fn unfit(fault: redb::Error) -> Unfit {
    let why_unfit = fault.to_string();
    if matches!(fault, redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch) {
        return Unfit::Fault(OpenFault::Locked);
    }
    if let redb::Error::Io(why) = fault
        && why.kind() != io::ErrorKind::InvalidData
    {
        return Unfit::Fault(OpenFault::Io(why));
    }
    Unfit::StartOver(why_unfit)
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

fn storage(fault: impl core::fmt::Display) -> ViewFault {
    ViewFault::Storage(fault.to_string())
}

/// A backend behind a box. Locks stay unsupported: nobody else has it open.
#[derive(Debug)]
struct Boxed(Box<dyn StorageBackend>);

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

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(offset, bytes)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}
