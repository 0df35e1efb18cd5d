//! The desk's one writer: a group of operations becomes one durable commit or nothing.
//!
//! No rules here. Invariant: nobody is told of an operation before the commit that holds it is durable; after a failed
//! commit nothing is written before the file was opened again. A failed group may or may not be stored, which is safe
//! to ask again because effects are known by their ids.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use journal::{Commit, OpenFault, Source};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, StorageError};
use tokio::sync::watch;

use super::Statuses;
use super::apply::apply;
use super::ledger::{self, Ledger, Trouble};
use super::refusal::Refusal;
use super::request::Op;
use super::row::{Answer, Counters, Damaged, LAYOUT_VERSION, META};
use super::storage::{self, open_fault};

/// What readers share with the writer.
pub(super) struct Shared {
    /// `None` after a failed commit, until the file could be opened again.
    database: RwLock<Option<Database>>,
    /// The last comment of a person.
    pub(super) newest: watch::Sender<u64>,
}

impl Shared {
    /// Begins to read what is committed now.
    pub(super) fn read(&self) -> Result<ReadTransaction, Refusal> {
        let slot = self.slot();
        let database = slot.as_ref().ok_or(Refusal::Unavailable)?;
        database.begin_read().map_err(|fault| {
            tracing::warn!(%fault, "the desk cannot be read");
            Refusal::Unavailable
        })
    }

    fn slot(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts another database in place of the one that was there, which is let go first.
    fn replace(&self, open: impl FnOnce() -> Result<Database, OpenFault>) -> Result<(), OpenFault> {
        let mut slot = self.database.write().unwrap_or_else(PoisonError::into_inner);
        drop(slot.take());
        *slot = Some(open()?);
        Ok(())
    }

    /// Lets go of the file.
    fn close(&self) {
        drop(self.database.write().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Why an operation came to nothing, as told to whoever waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// Safe to ask again.
    Retry(String),
    /// It will never work.
    GiveUp(String),
    /// A person asked for what the desk does not do.
    Refused(Refusal),
}

/// The writer.
pub(super) struct Store {
    source: Source,
    cache_bytes: usize,
    shared: Arc<Shared>,
    counters: Counters,
    statuses: Statuses,
}

impl Store {
    /// Opens or makes the desk's file.
    pub(super) fn open(source: Source, cache_bytes: usize) -> Result<(Self, Arc<Shared>), OpenFault> {
        let database = storage::open(&source, cache_bytes)?;
        let (counters, statuses) = prepare(&database)?;
        let newest = watch::Sender::new(counters.fed);
        let shared = Arc::new(Shared { database: RwLock::new(Some(database)), newest });
        let store = Self { source, cache_bytes, shared: Arc::clone(&shared), counters, statuses };
        Ok((store, shared))
    }

    /// Every status.
    pub(super) fn statuses(&self) -> &Statuses {
        &self.statuses
    }

    /// Opens the file again, as redb demands after a failed commit, and reads where it stands.
    fn reopen(&mut self) -> Result<(), OpenFault> {
        let (source, cache_bytes) = (&self.source, self.cache_bytes);
        let mut prepared = None;
        self.shared.replace(|| {
            let database = storage::open(source, cache_bytes)?;
            prepared = Some(prepare(&database)?);
            Ok(database)
        })?;
        if let Some((counters, statuses)) = prepared {
            (self.counters, self.statuses) = (counters, statuses);
        }
        self.shared.newest.send_replace(self.counters.fed);
        Ok(())
    }

    /// Does all of a group in one commit. An error means that nothing is known of any of it.
    fn commit_group(&mut self, group: &[Op]) -> Result<Vec<Result<Answer, Failure>>, String> {
        let slot = self.shared.slot();
        let database = slot.as_ref().ok_or_else(|| "the file is closed".to_owned())?;
        let mut txn = database.begin_write().map_err(said)?;
        txn.set_quick_repair(true);
        let mut ledger = Ledger::open(&txn, self.counters.clone(), &self.statuses).map_err(said)?;
        let mut answers = Vec::with_capacity(group.len());
        for op in group {
            answers.push(match apply(&mut ledger, op) {
                Ok(answer) => Ok(answer),
                Err(Trouble::GiveUp(why)) => Err(Failure::GiveUp(why)),
                Err(Trouble::Refused(refusal)) => Err(Failure::Refused(refusal)),
                Err(Trouble::Damaged(damaged)) => {
                    tracing::error!(%damaged, "a request to the desk is given up");
                    Err(damaged_failure(op, &damaged))
                }
                Err(Trouble::Storage(fault)) => return Err(said(fault)),
            });
        }
        let counters = ledger.finish().map_err(said)?;
        fail::fail_point!("desk-before-commit");
        txn.commit().map_err(said)?;
        fail::fail_point!("desk-after-commit");
        drop(slot);
        if counters.fed != self.counters.fed {
            self.shared.newest.send_replace(counters.fed);
        }
        self.counters = counters;
        Ok(answers)
    }
}

impl Commit for Store {
    type Append = Op;
    type Ack = Answer;
    type Fault = Failure;

    fn commit(&mut self, group: Vec<Op>) -> Vec<Result<Answer, Failure>> {
        let closed = self.shared.slot().is_none();
        let ready = if closed { self.reopen().map_err(said) } else { Ok(()) };
        match ready.and_then(|()| self.commit_group(&group)) {
            Ok(answers) => answers,
            Err(why) => {
                tracing::warn!(%why, operations = group.len(), "a commit of the desk failed; its file is opened again");
                self.recover();
                group.iter().map(|_| Err(Failure::Retry(why.clone()))).collect()
            }
        }
    }

    fn full() -> Failure {
        Failure::Retry("too much waits for the desk already".to_owned())
    }

    fn broken() -> Failure {
        Failure::Retry("a commit of the desk panicked".to_owned())
    }

    fn recover(&mut self) {
        if let Err(fault) = self.reopen() {
            tracing::error!(%fault, "the desk cannot be opened again; the next request tries once more");
        }
    }

    fn close(&mut self) {
        self.shared.close();
    }
}

/// Checks the layout's version, makes what is missing in a new file, and reads where it stands.
fn prepare(database: &Database) -> Result<(Counters, Statuses), OpenFault> {
    let mut txn = database.begin_write().map_err(open_fault)?;
    txn.set_quick_repair(true);
    let (fresh, counters) = {
        let mut meta = txn.open_table(META).map_err(open_fault)?;
        let found =
            meta.get("version").map_err(open_fault)?.map(|bytes| bytes.value().try_into().map(u32::from_le_bytes));
        match found {
            None => {
                meta.insert("version", LAYOUT_VERSION.to_le_bytes().as_slice()).map_err(open_fault)?;
            }
            Some(Ok(LAYOUT_VERSION)) => (),
            Some(Ok(newer)) if newer > LAYOUT_VERSION => {
                return Err(OpenFault::Newer { found: u64::from(newer), known: u64::from(LAYOUT_VERSION) });
            }
            Some(_) => return Err(OpenFault::Damaged { what: "the desk's version stamp".to_owned() }),
        }
        let stored = meta.get("counters").map_err(open_fault)?;
        let counters = match &stored {
            None => Counters::default(),
            Some(bytes) => serde_json::from_slice(bytes.value())
                .map_err(|_| OpenFault::Damaged { what: "the desk's counters".to_owned() })?,
        };
        (found.is_none(), counters)
    };
    let statuses = ledger::statuses(&txn).map_err(|fault| OpenFault::Damaged { what: fault.to_string() })?;
    let ledger = Ledger::open(&txn, counters, &statuses).map_err(open_fault)?;
    let counters = ledger.finish().map_err(open_fault)?;
    if fresh {
        txn.commit().map_err(open_fault)?;
    } else {
        txn.abort().map_err(open_fault)?;
    }
    Ok((counters, statuses))
}

/// What a request gets whose row cannot be read: asking again helps nobody.
fn damaged_failure(op: &Op, damaged: &Damaged) -> Failure {
    match op {
        Op::Effect { .. } => Failure::GiveUp(damaged.to_string()),
        Op::Person { .. } => Failure::Refused(Refusal::Damaged),
    }
}

fn said(fault: impl core::fmt::Display) -> String {
    fault.to_string()
}

/// A read failed after it began.
pub(super) fn read_fault(fault: &StorageError) -> Refusal {
    tracing::warn!(%fault, "the desk cannot be read");
    Refusal::Unavailable
}
