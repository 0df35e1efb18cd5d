//! Reading a store from another process, also while a node runs on it. Writes nothing.
//!
//! Invariant: one call sees one commit; heads that were not stored yet are rebuilt from the log as at a start.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;

use redb::{ReadOnlyDatabase, ReadableDatabase, ReadableTable, ReadableTableMetadata};

use crate::api::{Position, ReadFault, StoredBatch};
use crate::database::{self, OpenFault, Trouble};
use crate::inbox::{DELIVERIES, Delivery, INBOX_FORMAT, InboxStats, decode, read_ledger};
use crate::keys::read_key;
use crate::log::tail_heads;
use crate::read;
use crate::row::Row;
use crate::seal::SealKey;
use crate::tables::{FORMAT, META_HEADS_FROM, META_INCARNATION, META_NEXT_KEY, ReadTables, read_format};
use crate::verify::{self, Report};

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
    inbox: ReadOnlyDatabase,
    journal: ReadOnlyDatabase,
    keys: ReadOnlyDatabase,
}

impl std::fmt::Debug for ReadOnlyJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadOnlyJournal")
    }
}

/// Bytes of page cache for each of the files.
const CACHE_BYTES: usize = 32 << 20;

impl ReadOnlyJournal {
    /// Opens the three files of a store directory. Where no node runs and the last one was killed, the files are
    /// first repaired as a start would do, which needs the right to write.
    ///
    /// # Errors
    /// As [`OpenFault`] says.
    pub fn open(dir: &Path) -> Result<Self, OpenFault> {
        let open = |name: &str, format| {
            let database = database::open_read_only(&dir.join(name), CACHE_BYTES)?;
            match read_format(&database.begin_read().map_err(Trouble::from)?, format)? {
                Some(()) => Ok(database),
                None => Err(OpenFault::Damaged { what: format!("{name} holds no store") }),
            }
        };
        Ok(Self {
            inbox: open("inbox.redb", INBOX_FORMAT)?,
            journal: open("journal.redb", FORMAT)?,
            keys: open("keys.redb", FORMAT)?,
        })
    }

    /// Counts of the journal.
    ///
    /// # Errors
    /// As any read.
    pub fn stats(&self) -> Result<JournalStats, ReadFault> {
        let tables = self.tables()?;
        let from = tables.meta(META_HEADS_FROM)?;
        let dirty = tail_heads(&tables, from).map_err(|fault| ReadFault::Unavailable(fault.to_string()))?;
        JournalStats::count(&tables, dirty.keys().map(|key| &**key))
    }

    /// Counts of the inbox, as far as they are stored: a running node has forgotten more.
    ///
    /// # Errors
    /// As any read.
    pub fn inbox_stats(&self) -> Result<InboxStats, ReadFault> {
        Ok(read_ledger(&self.inbox.begin_read().map_err(Trouble::from)?)?.stats())
    }

    /// Walks everything and reports what does not agree: see [`Report`].
    ///
    /// # Errors
    /// [`ReadFault::Unavailable`] where the files cannot be read; damage is in the report instead.
    pub fn verify(&self) -> Result<Report, ReadFault> {
        // Looked at before and after: keys made since are in the second, keys forgotten since in the first.
        let keys = self.keys.begin_read().map_err(Trouble::from)?;
        let tables = self.tables()?;
        let key_of = |id| match read_key(&keys, id)? {
            Some(key) => Ok(Some(key)),
            None => self.key_of(id),
        };
        Ok(Report {
            journal: verify::journal(&tables, &key_of)?,
            inbox: verify::inbox(&self.inbox.begin_read().map_err(Trouble::from)?)?,
        })
    }

    /// Shows every batch of the machines whose key begins with `key_prefix`, within `positions`, in order, until
    /// `visit` breaks. A batch that cannot be opened is shown as its fault and the walk goes on: a key that is gone
    /// after an erasure is no damage.
    ///
    /// # Errors
    /// [`ReadFault`] where the walk itself fails.
    pub fn each(
        &self,
        key_prefix: &[u8],
        positions: RangeInclusive<Position>,
        mut visit: impl FnMut(Result<StoredBatch, ReadFault>) -> ControlFlow<()>,
    ) -> Result<(), ReadFault> {
        let tables = self.tables()?;
        for entry in tables.log.range(positions.start().0..=positions.end().0)? {
            let (position, bytes) = entry?;
            let shown = match Row::parse(position.value(), bytes.value()) {
                Ok(row) if !row.key.starts_with(key_prefix) => continue,
                Ok(row) => read::open(&row, &|id| self.key_of(id)),
                Err(fault) => Err(fault),
            };
            if visit(shown).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Shows every delivery within `seqs`, in order, until `visit` breaks; damaged ones as their fault.
    ///
    /// # Errors
    /// [`ReadFault`] where the walk itself fails.
    pub fn each_delivery(
        &self,
        seqs: RangeInclusive<u64>,
        mut visit: impl FnMut(Result<Delivery, ReadFault>) -> ControlFlow<()>,
    ) -> Result<(), ReadFault> {
        let read = self.inbox.begin_read().map_err(Trouble::from)?;
        for entry in read.open_table(DELIVERIES).map_err(Trouble::from)?.range(seqs)? {
            let (seq, bytes) = entry?;
            if visit(decode(seq.value(), bytes.value())).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The keys of all machines, in order. Reads the table of heads and the tail of the log.
    ///
    /// # Errors
    /// As any read.
    pub fn machines(&self) -> Result<BTreeSet<Vec<u8>>, ReadFault> {
        let tables = self.tables()?;
        let from = tables.meta(META_HEADS_FROM)?;
        let dirty = tail_heads(&tables, from).map_err(|fault| ReadFault::Unavailable(fault.to_string()))?;
        let mut keys: BTreeSet<Vec<u8>> = dirty.keys().map(|key| key.to_vec()).collect();
        for entry in tables.heads.range::<&[u8]>(..)? {
            keys.insert(entry?.0.value().to_vec());
        }
        Ok(keys)
    }

    fn tables(&self) -> Result<ReadTables, ReadFault> {
        Ok(ReadTables::open(&self.journal.begin_read().map_err(Trouble::from)?)?)
    }

    fn key_of(&self, id: u64) -> Result<Option<SealKey>, ReadFault> {
        read_key(&self.keys.begin_read().map_err(Trouble::from)?, id)
    }
}
