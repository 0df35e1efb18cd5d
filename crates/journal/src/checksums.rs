//! Asks the storage engine whether the pages of one of its files are those that it wrote: every page of the newest commit
//! has a checksum in the page above it, which reading does not look at.
//!
//! A walk over tables meets rows that were changed and misses what lies between them: unused ends of pages, and the
//! engine's own tables, from which the next start takes which pages are free. Invariants: the file is read alone, what the
//! engine writes to look at it stays in memory; no lock is taken, so a node that runs or starts is not disturbed; where
//! one wrote meanwhile nothing is said.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, Database, StorageBackend};

use crate::database::{FileOptions, OpenFault, builder, settle};

/// Bytes of page cache: each page is looked at once.
const CACHE_BYTES: usize = 16 << 20;

/// Bytes of one block of the file that lies in memory because the engine wrote to it.
const BLOCK: usize = 4096;
const BLOCK_BYTES: u64 = 4096;

/// Bytes at the file's begin that change with each commit.
const HEAD: usize = 512;

/// Times that the file is looked at while a node writes to it.
const TRIES: usize = 3;

/// Whether a file's pages are those that were written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pages {
    /// They are.
    Sound,
    /// They are not.
    Damaged {
        /// What is wrong, in words.
        what: String,
    },
    /// A node wrote to the file each time that it was looked at.
    Unknown,
}

/// Looks at all pages of the newest commit. Reads the whole file once, twice where a writer was killed. Writes nothing.
///
/// Not for a process that has the file open: letting go of a second handle can end that process's locks on it.
///
/// # Errors
/// [`OpenFault`] where the file cannot be read for another reason than its bytes.
pub fn look_at_pages(path: &Path) -> Result<Pages, OpenFault> {
    for _ in 0..TRIES {
        let file = File::open(path).map_err(|fault| {
            if fault.kind() == ErrorKind::NotFound { OpenFault::Missing } else { OpenFault::Io(fault) }
        })?;
        let before = head(&file).map_err(OpenFault::Io)?;
        let again = file.try_clone().map_err(OpenFault::Io)?;
        let found = check(Aside::over(file).map_err(OpenFault::Io)?);
        if head(&again).map_err(OpenFault::Io)? != before {
            continue;
        }
        return match found {
            Ok(true) => Ok(Pages::Sound),
            Ok(false) => Ok(Pages::Damaged { what: "which of its pages are free is not what was written".to_owned() }),
            Err(OpenFault::Damaged { what }) => Ok(Pages::Damaged { what }),
            Err(other) => Err(other),
        };
    }
    Ok(Pages::Unknown)
}

fn check(aside: Aside) -> Result<bool, OpenFault> {
    let options = FileOptions { cache_bytes: CACHE_BYTES, ..FileOptions::default() };
    settle(|| {
        let mut database: Database = builder(options).create_with_backend(aside)?;
        database.check_integrity()
    })
}

fn head(file: &File) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let mut read = 0;
    while read < HEAD {
        match file.read_at(&mut head[read..], read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    head.truncate(read);
    Ok(head)
}

/// A file whose changes stay in memory.
struct Aside {
    file: File,
    changes: Mutex<Changes>,
}

struct Changes {
    /// Bytes of the whole, as it was changed.
    length: u64,
    /// Bytes of the file that still count: it was cut, or is as long as it was.
    of_file: u64,
    /// Blocks by number.
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
}

impl Aside {
    fn over(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file, changes: Mutex::new(Changes { length, of_file: length, blocks: BTreeMap::new() }) })
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes as they are in the file; nothing but zeros behind its end.
    fn original(&self, of_file: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = usize::try_from(of_file.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        self.file.read_exact_at(&mut out[..there], offset)?;
        out[there..].fill(0);
        Ok(())
    }
}

/// The parts of `length` bytes from `offset` on, block by block: number, begin inside the block, bytes.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let inside = usize::try_from(at % BLOCK_BYTES).unwrap_or(0);
        let bytes = (BLOCK - inside).min(length - done);
        done += bytes;
        (bytes > 0).then_some((at / BLOCK_BYTES, inside, bytes))
    })
}

impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aside")
    }
}

impl StorageBackend for Aside {
    fn len(&self) -> io::Result<u64> {
        Ok(self.changes().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let changes = self.changes();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > changes.length) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.original(changes.of_file, offset, out)?;
        let mut done = 0;
        for (number, inside, bytes) in parts(offset, out.len()) {
            if let Some(block) = changes.blocks.get(&number) {
                out[done..done + bytes].copy_from_slice(&block[inside..inside + bytes]);
            }
            done += bytes;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut changes = self.changes();
        changes.of_file = changes.of_file.min(length);
        changes.blocks.retain(|number, _| number * BLOCK_BYTES < length);
        if let Some(block) = changes.blocks.get_mut(&(length / BLOCK_BYTES)) {
            block[usize::try_from(length % BLOCK_BYTES).unwrap_or(0)..].fill(0);
        }
        changes.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut changes = self.changes();
        if offset.checked_add(data.len() as u64).is_none_or(|end| end > changes.length) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        for (number, inside, bytes) in parts(offset, data.len()) {
            if !changes.blocks.contains_key(&number) {
                let mut block = Box::new([0; BLOCK]);
                self.original(changes.of_file, number * BLOCK_BYTES, &mut *block)?;
                changes.blocks.insert(number, block);
            }
            if let Some(block) = changes.blocks.get_mut(&number) {
                block[inside..inside + bytes].copy_from_slice(&data[done..done + bytes]);
            }
            done += bytes;
        }
        Ok(())
    }

    // Nobody else sees what is changed here, so every lock is had.

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn try_lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_is_written_aside_is_read_again_and_the_file_stays_as_it_was() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..10_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        file.write_all(&bytes).unwrap();
        let aside = Aside::over(file.try_clone().unwrap()).unwrap();
        let mut shadow = bytes.clone();
        for (offset, length) in [(0, 3), (4090, 20), (8000, 2000), (4096, 4096), (9999, 1)] {
            aside.write(offset as u64, &vec![0xAB; length]).unwrap();
            shadow[offset..offset + length].fill(0xAB);
        }
        for length in [12_000, 5_000, 4_096, 9_000] {
            aside.set_len(length as u64).unwrap();
            shadow.resize(length, 0);
            let mut out = vec![1; length];
            aside.read(0, &mut out).unwrap();
            assert!(out == shadow, "{length} bytes");
        }
        assert!(aside.read(8_999, &mut [0; 2]).is_err() && aside.write(9_000, &[0]).is_err());
        let mut on_disk = vec![0; bytes.len()];
        file.read_exact_at(&mut on_disk, 0).unwrap();
        assert!(on_disk == bytes);
    }
}
