//! Looking at a store's folder before anything in it is begun: whether its files hold traces of an earlier life.
//!
//! For whoever must tell an interrupted first start from a store that lost some of its files. Decides nothing.

use std::path::Path;

use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable};

use crate::database::{OpenFault, Trouble, open_read_only};
use crate::guard::{FileFault, guarded};
use crate::inbox::{DELIVERIES, INBOX_FORMAT, read_progress, read_shelved, read_wal};
use crate::keys::read_made;
use crate::tables::{FORMAT, LOG, read_format};

/// Bytes of page cache for a look.
const CACHE_BYTES: usize = 1 << 20;

/// Whether the store's files in `dir`, as far as they are there, hold nothing yet: no decision, no delivery, no key.
///
/// # Errors
/// [`FileFault`] of a file that is there and cannot be read.
pub fn no_traces(dir: &Path) -> Result<bool, FileFault> {
    let journal = looked_at(&dir.join("journal.redb"), FORMAT, |read| {
        let log: ReadOnlyTable<u64, &'static [u8]> = read.open_table(LOG).map_err(Trouble::from)?;
        Ok(log.last().map_err(Trouble::from)?.is_none())
    })?;
    let keys = looked_at(&dir.join("keys.redb"), FORMAT, |read| Ok(read_made(read)? == 0))?;
    let inbox = looked_at(&dir.join("inbox.redb"), INBOX_FORMAT, |read| {
        let rows = read.open_table(DELIVERIES).map_err(Trouble::from)?;
        let is_empty = rows.last().map_err(Trouble::from)?.is_none();
        Ok(is_empty && read_shelved(read)? == 0 && read_progress(read)?.last_seq == 0)
    })?;
    let wal = dir.join("inbox.wal");
    let log = !is_there(&wal) || guarded(Some(&wal), || read_wal(&wal))?.deliveries.is_empty();
    Ok(journal && keys && inbox && log)
}

/// Whether `inbox.redb` in `dir` is of the format that had no `inbox.wal` beside it.
///
/// # Errors
/// [`FileFault`] where it is there and cannot be read.
pub fn knew_no_log(dir: &Path) -> Result<bool, FileFault> {
    let path = dir.join("inbox.redb");
    if !is_there(&path) {
        return Ok(false);
    }
    guarded(Some(&path), || {
        let read = open_read_only(&path, CACHE_BYTES)?.begin_read().map_err(Trouble::from)?;
        Ok::<_, OpenFault>(read_format(&read, INBOX_FORMAT)? == Some(1))
    })
}

/// Whether a file is missing, was never stamped, or `is_blank`.
fn looked_at(
    path: &Path,
    format: u64,
    is_blank: impl FnOnce(&ReadTransaction) -> Result<bool, OpenFault>,
) -> Result<bool, FileFault> {
    if !is_there(path) {
        return Ok(true);
    }
    guarded(Some(path), || {
        let read = open_read_only(path, CACHE_BYTES)?.begin_read().map_err(Trouble::from)?;
        match read_format(&read, format)? {
            Some(_) => is_blank(&read),
            None => Ok(true),
        }
    })
}

/// Whether anything is in a file: an empty one was made and never begun.
fn is_there(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Drives, Entropy, Inbox, InboxOptions, Sources, Store, StoreOptions};

    struct Zeroes;

    impl Entropy for Zeroes {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_store_without_a_delivery_or_decision_has_no_traces_and_one_with_a_delivery_has() {
        let dir = tempfile::tempdir().unwrap();
        assert!(no_traces(dir.path()).unwrap() && no_traces(&dir.path().join("nowhere")).unwrap());
        let inbox = InboxOptions { wal_half: 8 << 10, ..InboxOptions::default() };
        let options = StoreOptions { inbox, ..StoreOptions::default() };
        let open = || Store::open(Sources::in_dir(dir.path()), options, Box::new(Zeroes), Drives::INLINE).unwrap();
        let store = open();
        store.close();
        drop(store);
        assert!(no_traces(dir.path()).unwrap() && !knew_no_log(dir.path()).unwrap());
        std::fs::write(dir.path().join("journal.redb"), "").unwrap();
        assert!(no_traces(dir.path()).unwrap());
        let inbox = Inbox::open(Sources::in_dir(dir.path()).inbox, options.inbox, Drives::INLINE.inbox).unwrap();
        inbox.append("body", 1, Box::new(|_| {}));
        inbox.close();
        drop(inbox);
        assert!(!no_traces(dir.path()).unwrap());
        std::fs::remove_file(dir.path().join("inbox.redb")).unwrap();
        assert!(!no_traces(dir.path()).unwrap(), "the log still holds it");
    }
}
