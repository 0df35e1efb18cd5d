//! `keys.redb`: the sealing keys, kept apart from what they seal. Forgetting a key is what makes an erasure final.
//!
//! Layout: table `keys`: key id u64 (from 1) → 32 bytes; table `meta`: `format`, `made` (the highest id ever made).
//! Keys are made in blocks, durable before the first of them is used, so that a new machine costs no sync of its own.
//! Invariant: an id is made once; a forgotten one never comes back with other bytes.
//!
//! A forgotten key is overwritten and removed, in two commits. The storage engine copies on write: the old page is
//! free then and gets reused, but is not wiped at once. Backups of this file must live no longer than its promises.

use std::sync::{Mutex, PoisonError};

use redb::{ReadTransaction, ReadableTable, TableDefinition};

use crate::api::ReadFault;
use crate::cache::Cache;
use crate::database::{CommitPoints, File, FileOptions, OpenFault, Source, Trouble, WriteFailure};
use crate::limits::{KEY_BLOCK, KEY_CACHE_MAX};
use crate::seal::{Entropy, SealKey};
use crate::tables::{FORMAT, META, stamp};

const KEYS: TableDefinition<'_, u64, &[u8; 32]> = TableDefinition::new("keys");
const META_MADE: &str = "made";

/// The sealing keys of one store.
pub struct Keys {
    file: File,
    known: Mutex<Known>,
}

struct Known {
    cache: Cache<u64, SealKey>,
    made: u64,
}

impl Keys {
    /// Opens or makes the file.
    ///
    /// # Errors
    /// As [`OpenFault`] says.
    pub fn open(source: Source, options: FileOptions) -> Result<Self, OpenFault> {
        let file = File::open(source, options)?;
        stamp(&file, FORMAT, |transaction| {
            transaction.open_table(KEYS)?;
            Ok(())
        })?;
        let made = read_made(&file.read()?)?;
        Ok(Self { file, known: Mutex::new(Known { cache: Cache::new(KEY_CACHE_MAX), made }) })
    }

    /// Ends a key for good: whatever it sealed cannot be read again. Harmless when repeated; whether it was there.
    ///
    /// # Errors
    /// [`ReadFault::Unavailable`] where it is not certain: call again.
    pub fn forget(&self, key_id: u64) -> Result<bool, ReadFault> {
        self.known().cache.remove(&key_id);
        let there = self.change(|transaction| {
            let mut keys = transaction.open_table(KEYS)?;
            let there = keys.get(key_id)?.is_some();
            if there {
                keys.insert(key_id, &[0; 32])?;
            }
            Ok((there, there))
        })?;
        if there {
            self.change(|transaction| {
                transaction.open_table(KEYS)?.remove(key_id)?;
                Ok(((), true))
            })?;
        }
        self.known().cache.remove(&key_id);
        Ok(there)
    }

    /// The key of an id; `None` where it was forgotten or never made.
    pub(crate) fn get(&self, key_id: u64) -> Result<Option<SealKey>, ReadFault> {
        if let Some(key) = self.known().cache.get(&key_id) {
            return Ok(Some(key));
        }
        // Held while reading, so that a key forgotten meanwhile cannot enter the cache afterwards.
        let mut known = self.known();
        let found = read_key(&self.file.read()?, key_id)?;
        if let Some(key) = found {
            known.cache.insert(key_id, key);
        }
        Ok(found)
    }

    /// Makes sure that the key of this id is durable.
    pub(crate) fn ensure(&self, key_id: u64, entropy: &mut dyn Entropy) -> Result<(), ReadFault> {
        let made = self.known().made;
        if key_id <= made {
            return Ok(());
        }
        let last = key_id + KEY_BLOCK - 1;
        let fresh: Vec<(u64, SealKey)> = (key_id..=last)
            .map(|id| {
                let mut key = [0; 32];
                entropy.fill(&mut key);
                (id, key)
            })
            .collect();
        self.change(|transaction| {
            let mut keys = transaction.open_table(KEYS)?;
            for (id, key) in &fresh {
                keys.insert(id, key)?;
            }
            transaction.open_table(META)?.insert(META_MADE, last)?;
            Ok(((), true))
        })?;
        let mut known = self.known();
        known.made = last;
        for (id, key) in fresh {
            known.cache.insert(id, key);
        }
        Ok(())
    }

    /// Lets go of the file.
    pub(crate) fn close(&self) {
        self.file.close();
    }

    /// Writes; after a failure the file is opened again, so that the next attempt starts afresh.
    fn change<T>(
        &self,
        fill: impl FnOnce(&redb::WriteTransaction) -> Result<(T, bool), Trouble>,
    ) -> Result<T, ReadFault> {
        if self.file.is_closed() {
            self.reopen().map_err(|fault| ReadFault::Unavailable(fault.to_string()))?;
        }
        self.file.write(CommitPoints::Unnamed, fill).map_err(|failure: WriteFailure| {
            tracing::warn!(what = %failure.trouble(), "writing the sealing keys failed");
            if let Err(fault) = self.reopen() {
                tracing::error!(%fault, "the sealing keys cannot be opened again");
            }
            failure.trouble().clone().into()
        })
    }

    fn reopen(&self) -> Result<(), OpenFault> {
        self.file.reopen()?;
        let made = read_made(&self.file.read()?)?;
        let mut known = self.known();
        known.cache.clear();
        known.made = made;
        Ok(())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn read_made(read: &ReadTransaction) -> Result<u64, Trouble> {
    Ok(read.open_table(META)?.get(META_MADE)?.map_or(0, |made| made.value()))
}

/// Reads one key straight from the file.
pub(crate) fn read_key(read: &ReadTransaction, key_id: u64) -> Result<Option<SealKey>, ReadFault> {
    let keys = read.open_table(KEYS).map_err(Trouble::from)?;
    let key = ReadableTable::get(&keys, key_id).map_err(Trouble::from)?.map(|key| *key.value());
    // Overwritten, and the process ended before the removal.
    Ok(key.filter(|key| *key != [0; 32]))
}

/// Reads every key, so that damage anywhere in the file is met.
pub(crate) fn walk_keys(read: &ReadTransaction) -> Result<(), Trouble> {
    read_made(read)?;
    for entry in read.open_table(KEYS)?.range::<u64>(..)? {
        let (id, key) = entry?;
        let _read = (id.value(), key.value());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::tests::Counting;

    fn open(dir: &tempfile::TempDir) -> Keys {
        Keys::open(Source::Path(dir.path().join("keys.redb")), FileOptions::default()).unwrap()
    }

    #[test]
    fn keys_are_made_in_blocks_and_stay_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let keys = open(&dir);
        keys.ensure(1, &mut Counting(1)).unwrap();
        let first = keys.get(1).unwrap().unwrap();
        let last = keys.get(KEY_BLOCK).unwrap().unwrap();
        assert_ne!(first, last);
        assert_eq!(keys.get(KEY_BLOCK + 1).unwrap(), None);
        drop(keys);
        let keys = open(&dir);
        keys.ensure(KEY_BLOCK, &mut Counting(2)).unwrap();
        assert_eq!(keys.get(1).unwrap(), Some(first));
        assert_eq!(keys.get(KEY_BLOCK).unwrap(), Some(last));
    }

    #[test]
    fn a_forgotten_key_is_gone_for_good() {
        let dir = tempfile::tempdir().unwrap();
        let keys = open(&dir);
        keys.ensure(1, &mut Counting(1)).unwrap();
        assert_eq!(keys.forget(KEY_BLOCK), Ok(true));
        assert_eq!(keys.forget(KEY_BLOCK), Ok(false));
        assert_eq!(keys.get(KEY_BLOCK).unwrap(), None);
        drop(keys);
        let keys = open(&dir);
        keys.ensure(KEY_BLOCK, &mut Counting(3)).unwrap();
        assert_eq!(keys.get(KEY_BLOCK).unwrap(), None);
        assert!(keys.get(1).unwrap().is_some());
    }
}
