//! The journal alone, read from another process: for looking at records where the rest of a store may be lost.
//!
//! Invariant: without the keys nothing sealed is opened, and nothing that is not sealed is kept back.

use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;

use redb::ReadableTable;

use super::{Keyring, Opened};
use crate::api::{Position, ReadFault, StoredBatch};
use crate::guard::FileFault;
use crate::read;
use crate::row::Row;

/// `journal.redb` of a store directory, open for reading, and `keys.redb` where it is there.
pub struct ReadOnlyRecords {
    journal: Opened,
    keys: Option<Opened>,
}

impl std::fmt::Debug for ReadOnlyRecords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadOnlyRecords").field("has_keys", &self.has_keys()).finish_non_exhaustive()
    }
}

impl ReadOnlyRecords {
    /// Opens both files; the keys may be missing or empty.
    ///
    /// # Errors
    /// [`FileFault`], of the first file that cannot be opened.
    pub fn open(dir: &Path) -> Result<Self, FileFault> {
        let journal = Opened::journal(dir)?;
        let has_keys = dir.join("keys.redb").symlink_metadata().is_ok_and(|found| !found.is_file() || found.len() > 0);
        Ok(Self { journal, keys: has_keys.then(|| Opened::keys(dir)).transpose()? })
    }

    /// Whether there are keys: without them the bodies of sealed records come as they lie there.
    pub fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// The newest position, 0 where there is none.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn last(&self) -> Result<Position, FileFault> {
        self.journal.guard(|| Ok(Position(self.journal.tables()?.log.last()?.map_or(0, |(last, _)| last.value()))))
    }

    /// As [`crate::ReadOnlyJournal::each`].
    ///
    /// # Errors
    /// [`FileFault`] where the walk itself fails.
    pub fn each(
        &self,
        key_prefix: &[u8],
        positions: RangeInclusive<Position>,
        visit: impl FnMut(Result<StoredBatch, ReadFault>) -> ControlFlow<()>,
    ) -> Result<(), FileFault> {
        each(&self.journal, self.keys.as_ref(), key_prefix, positions, visit)
    }
}

/// Shows batches in order; what is sealed is opened where there are keys.
pub(super) fn each(
    journal: &Opened,
    keys: Option<&Opened>,
    key_prefix: &[u8],
    positions: RangeInclusive<Position>,
    mut visit: impl FnMut(Result<StoredBatch, ReadFault>) -> ControlFlow<()>,
) -> Result<(), FileFault> {
    let ring = keys.map(|keys| Keyring::new(keys, None));
    let opened = |row: &Row<'_>| match &ring {
        Some(ring) => read::open(row, &|id| ring.key_of(id)),
        None => Ok(row.closed()),
    };
    let mut rows = journal.guard(|| Ok(journal.tables()?.log.range(positions.start().0..=positions.end().0)?))?;
    loop {
        let next = journal.guard(|| {
            for entry in rows.by_ref() {
                let (position, bytes) = entry?;
                match Row::parse(position.value(), bytes.value()) {
                    Ok(row) if !row.key.starts_with(key_prefix) => {}
                    Ok(row) => return Ok(Some(opened(&row))),
                    Err(fault) => return Ok(Some(Err(fault))),
                }
            }
            Ok(None)
        });
        let next = match &ring {
            Some(ring) => ring.settle(next),
            None => next,
        };
        let Some(shown) = next? else { return Ok(()) };
        if visit(shown).is_break() {
            return Ok(());
        }
    }
}
