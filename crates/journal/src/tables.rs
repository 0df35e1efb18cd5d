//! The tables of `journal.redb`, their keys and values, and the version stamp. No decision is made here.
//!
//! | table | key | value |
//! |---|---|---|
//! | `log` | position u64 | the batch's row, see `row` |
//! | `heads` | machine key | head, 33 bytes, see `heads`; may lag behind the log, see `meta.heads_from` |
//! | `effects` | position u64 BE, index u16 BE | — ; an effect that is not settled |
//! | `deadlines` | ms since 1970 as i64 BE with the sign bit flipped, machine key | — |
//! | `snapshots` | machine key | version u8, seq u64 LE, key id u64 LE, sealed body |
//! | `prunes` | position u64 of a baseline | position u64 of the newest row that it made needless and that still lies there |
//! | `meta` | name | u64: `format`, `incarnation`, `heads_from`, `next_key` |
//!
//! Own big-endian bytes as keys, so that their order does not depend on the storage engine's encodings.

use redb::{ReadOnlyTable, ReadTransaction, Table, TableDefinition, TableError, WriteTransaction};

use crate::api::{Due, OpenEffect, Position};
use crate::database::{CommitPoints, File, OpenFault, Trouble, WriteFailure};
use crate::row::Eye;

/// Format of `journal.redb` and `keys.redb` written here. A higher one is refused.
pub(crate) const FORMAT: u64 = 1;

pub(crate) const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
pub(crate) const HEADS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("heads");
pub(crate) const EFFECTS: TableDefinition<'_, &[u8; 10], ()> = TableDefinition::new("effects");
pub(crate) const DEADLINES: TableDefinition<'_, &[u8], ()> = TableDefinition::new("deadlines");
pub(crate) const SNAPSHOTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("snapshots");
pub(crate) const PRUNES: TableDefinition<'_, u64, u64> = TableDefinition::new("prunes");
pub(crate) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

pub(crate) const META_FORMAT: &str = "format";
pub(crate) const META_INCARNATION: &str = "incarnation";
pub(crate) const META_HEADS_FROM: &str = "heads_from";
pub(crate) const META_NEXT_KEY: &str = "next_key";

/// All tables, open for writing.
pub(crate) struct WriteTables<'t> {
    pub(crate) log: Table<'t, u64, &'static [u8]>,
    pub(crate) heads: Table<'t, &'static [u8], &'static [u8]>,
    pub(crate) effects: Table<'t, &'static [u8; 10], ()>,
    pub(crate) deadlines: Table<'t, &'static [u8], ()>,
    pub(crate) snapshots: Table<'t, &'static [u8], &'static [u8]>,
    pub(crate) prunes: Table<'t, u64, u64>,
    pub(crate) meta: Table<'t, &'static str, u64>,
}

impl<'t> WriteTables<'t> {
    /// Opens all of them, making those that are missing.
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Result<Self, Trouble> {
        Ok(Self {
            log: transaction.open_table(LOG)?,
            heads: transaction.open_table(HEADS)?,
            effects: transaction.open_table(EFFECTS)?,
            deadlines: transaction.open_table(DEADLINES)?,
            snapshots: transaction.open_table(SNAPSHOTS)?,
            prunes: transaction.open_table(PRUNES)?,
            meta: transaction.open_table(META)?,
        })
    }
}

/// All tables as of one commit.
pub(crate) struct ReadTables {
    pub(crate) log: ReadOnlyTable<u64, &'static [u8]>,
    pub(crate) heads: ReadOnlyTable<&'static [u8], &'static [u8]>,
    pub(crate) effects: ReadOnlyTable<&'static [u8; 10], ()>,
    pub(crate) deadlines: ReadOnlyTable<&'static [u8], ()>,
    pub(crate) snapshots: ReadOnlyTable<&'static [u8], &'static [u8]>,
    pub(crate) prunes: ReadOnlyTable<u64, u64>,
    pub(crate) meta: ReadOnlyTable<&'static str, u64>,
}

impl ReadTables {
    /// Opens all of them.
    pub(crate) fn open(transaction: &ReadTransaction) -> Result<Self, Trouble> {
        Ok(Self {
            log: transaction.open_table(LOG)?,
            heads: transaction.open_table(HEADS)?,
            effects: transaction.open_table(EFFECTS)?,
            deadlines: transaction.open_table(DEADLINES)?,
            snapshots: transaction.open_table(SNAPSHOTS)?,
            prunes: transaction.open_table(PRUNES)?,
            meta: transaction.open_table(META)?,
        })
    }

    /// A number of `meta`, 0 where it was never written.
    pub(crate) fn meta(&self, name: &str) -> Result<u64, Trouble> {
        Ok(self.meta.get(name)?.map_or(0, |value| value.value()))
    }
}

/// Stamps a fresh file with the format; refuses a newer one and one that holds other tables.
pub(crate) fn stamp(
    file: &File,
    format: u64,
    make: impl FnOnce(&WriteTransaction) -> Result<(), Trouble>,
) -> Result<(), OpenFault> {
    let read = file.read()?;
    match read_format(&read, format)? {
        Some(found) if found == format => Ok(()),
        // What an older format lacks is made when it is first written; a program that knows only that one must not.
        Some(_) => file
            .write(CommitPoints::Unnamed, |transaction| {
                transaction.open_table(META)?.insert(META_FORMAT, format)?;
                Ok(((), true))
            })
            .map_err(|failure: WriteFailure| failure.trouble().clone().into()),
        None if read.list_tables().map_err(Trouble::from)?.next().is_some() => {
            Err(OpenFault::Damaged { what: "the file holds tables but no version stamp".to_owned() })
        }
        None => file
            .write(CommitPoints::Unnamed, |transaction| {
                make(transaction)?;
                transaction.open_table(META)?.insert(META_FORMAT, format)?;
                Ok(((), true))
            })
            .map_err(|failure: WriteFailure| failure.trouble().clone().into()),
    }
}

/// Checks the stamp; `None` where there is none.
pub(crate) fn read_format(read: &ReadTransaction, known: u64) -> Result<Option<u64>, OpenFault> {
    let meta = match read.open_table(META) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        opened => opened.map_err(Trouble::from)?,
    };
    match meta.get(META_FORMAT).map_err(Trouble::from)?.map(|found| found.value()) {
        Some(found) if found > known => Err(OpenFault::Newer { found, known }),
        Some(0) | None => Err(OpenFault::Damaged { what: "the version stamp is missing".to_owned() }),
        Some(found) => Ok(Some(found)),
    }
}

/// The key of an open effect.
pub(crate) fn effect_key(effect: OpenEffect) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&effect.position.0.to_be_bytes());
    key[8..].copy_from_slice(&effect.index.to_be_bytes());
    key
}

/// The open effect behind a key.
pub(crate) fn effect_of(key: &[u8; 10]) -> OpenEffect {
    let mut eye = Eye { bytes: key, at: 0 };
    let position = eye.array().map(u64::from_be_bytes).unwrap_or_default();
    let index = eye.array().map(u16::from_be_bytes).unwrap_or_default();
    OpenEffect { position: Position(position), index }
}

const SIGN: u64 = 1 << 63;

/// The key of a deadline row: ordered by instant, then machine.
pub(crate) fn deadline_key(at: i64, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + key.len());
    bytes.extend_from_slice(&(at.cast_unsigned() ^ SIGN).to_be_bytes());
    bytes.extend_from_slice(key);
    bytes
}

/// The deadline behind a key; `None` where the key is too short to be one.
pub(crate) fn deadline_of(bytes: &[u8]) -> Option<Due> {
    let (at, key) = bytes.split_first_chunk::<8>()?;
    Some(Due { at: (u64::from_be_bytes(*at) ^ SIGN).cast_signed(), key: key.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_sort_by_instant_also_before_1970() {
        let instants = [i64::MIN, -2, -1, 0, 1, 255, 256, i64::MAX];
        let keys: Vec<_> = instants.iter().map(|at| deadline_key(*at, b"machine")).collect();
        assert!(keys.is_sorted());
        for (at, key) in instants.iter().zip(&keys) {
            let due = deadline_of(key).unwrap();
            assert_eq!((due.at, &*due.key), (*at, &b"machine"[..]));
        }
    }

    #[test]
    fn effects_sort_by_position_then_index() {
        let effects = [(1, 2), (1, 256), (255, 0), (256, 0)];
        let keys: Vec<_> = effects
            .iter()
            .map(|(position, index)| effect_key(OpenEffect { position: Position(*position), index: *index }))
            .collect();
        assert!(keys.is_sorted());
        assert_eq!(effect_of(&keys[1]), OpenEffect { position: Position(1), index: 256 });
    }
}
