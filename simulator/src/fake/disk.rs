//! Faulty storage for redb: [`SimDisk`] forgets and tears what was not synced, fails, fills up; [`MemoryDisk`] is sound.
//!
//! It tests the promise that an acknowledged append survives a loss of power. Killing a process proves nothing about
//! syncs, since the page cache outlives it; here a crash keeps, drops or tears each write since the last sync, chosen
//! by a hash of (seed, crash, write, sector), so that one seed is one history. No clock, no threads, no other module.
//! Invariant: what was synced is never lost; handles of before a crash are dead and change nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

/// A torn write breaks between sectors of this many bytes.
pub const SECTOR: usize = 512;

/// Space is given in blocks of this many bytes, when they are first written.
const BLOCK: usize = 4096;

/// A disk that fails. Clones are the same disk.
#[derive(Clone)]
pub struct SimDisk(Arc<Mutex<Platter>>);

/// The state of the disk.
#[derive(Default)]
struct Platter {
    seed: u64,
    /// What a crash cannot take away.
    durable: Vec<u8>,
    /// What the running process sees.
    volatile: Vec<u8>,
    /// What was written since the last sync, in order.
    pending: Vec<Pending>,
    crashes: u64,
    /// Operations until all of them fail.
    fuse: Option<u64>,
    /// Blocks that were written once, and so have their place on the medium.
    blocks: BTreeSet<usize>,
    /// No block gets a place any more.
    full: bool,
    /// Somebody else rules too.
    ruler: Option<Ruler>,
    /// That one says now that there is no place.
    ruled_full: bool,
    counts: Counts,
}

enum Pending {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

/// What becomes of an operation, for whoever rules over several disks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ruling {
    /// It succeeds.
    Goes,
    /// It succeeds where it needs no new place.
    Full,
    /// It fails.
    Fails,
}

/// Asked before each write, sync and change of length.
pub type Ruler = Arc<dyn Fn() -> Ruling + Send + Sync>;

/// What happened to the disk so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Writes and changes of length asked for.
    pub writes: u64,
    /// Syncs that succeeded.
    pub syncs: u64,
    /// Operations that failed on purpose.
    pub failures: u64,
    /// Writes that a crash kept whole.
    pub kept: u64,
    /// Writes that a crash dropped.
    pub dropped: u64,
    /// Writes that a crash tore.
    pub torn: u64,
}

impl SimDisk {
    /// An empty disk whose every choice follows from the seed.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Platter { seed, ..Platter::default() })))
    }

    /// An empty disk over which somebody rules; its choices follow from the number of its next loss of power.
    pub fn ruled(ruler: Ruler) -> Self {
        Self(Arc::new(Mutex::new(Platter { ruler: Some(ruler), ..Platter::default() })))
    }

    /// As [`SimDisk::crash`]; from now on choices follow from this seed.
    pub fn crash_by(&self, seed: u64) {
        self.platter().seed = seed;
        self.crash();
    }

    /// A handle for one opening of the database.
    ///
    /// # Errors
    /// None by itself; a `Result`, so that it can be passed on as a factory.
    pub fn open(&self) -> Result<Box<dyn StorageBackend>> {
        let born_after = self.platter().crashes;
        Ok(Box::new(Handle { disk: self.clone(), born_after }))
    }

    /// Power is lost: each write since the last sync is kept, dropped or torn. All handles are dead; the fuse and the
    /// lack of space are over.
    pub fn crash(&self) {
        let mut platter = self.platter();
        platter.crashes += 1;
        platter.fuse = None;
        platter.full = false;
        for (number, pending) in std::mem::take(&mut platter.pending).into_iter().enumerate() {
            platter.fate(number as u64, pending);
        }
        platter.volatile = platter.durable.clone();
    }

    /// The process is killed, the machine lives on: every write reaches the disk. All handles are dead.
    pub fn kill(&self) {
        let mut platter = self.platter();
        platter.crashes += 1;
        platter.settle();
    }

    /// After this many more writes, syncs and changes of length, all of them fail, until [`SimDisk::mend`].
    pub fn fail_after(&self, operations: u64) {
        self.platter().fuse = Some(operations);
    }

    /// From now on no block that was never written gets a place, until [`SimDisk::mend`]. As on a real file system,
    /// a file may still be made longer (that makes a hole) and what has a place may be written again.
    pub fn fill_up(&self) {
        self.platter().full = true;
    }

    /// A bit of this byte rots: on the medium and for whoever reads it. Beyond the end nothing happens.
    pub fn flip(&self, offset: usize) {
        let mut platter = self.platter();
        let Platter { durable, volatile, .. } = &mut *platter;
        for byte in [durable.get_mut(offset), volatile.get_mut(offset)].into_iter().flatten() {
            *byte ^= 1;
        }
    }

    /// The disk works again.
    pub fn mend(&self) {
        let mut platter = self.platter();
        platter.fuse = None;
        platter.full = false;
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.platter().counts
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let platter = self.platter();
        f.debug_struct("SimDisk").field("seed", &platter.seed).field("len", &platter.volatile.len()).finish()
    }
}

impl Platter {
    /// One write meets its fate.
    fn fate(&mut self, number: u64, pending: Pending) {
        let choice = mix(&[self.seed, self.crashes, number]);
        match pending {
            Pending::Length(length) => {
                if choice.is_multiple_of(2) {
                    self.durable.resize(length, 0);
                    self.counts.kept += 1;
                } else {
                    self.counts.dropped += 1;
                }
            }
            Pending::Write { offset, bytes } => match choice % 3 {
                0 => {
                    apply(&mut self.durable, offset, &bytes);
                    self.counts.kept += 1;
                }
                1 => self.counts.dropped += 1,
                _ => {
                    self.counts.torn += 1;
                    for (sector, part) in bytes.chunks(SECTOR).enumerate() {
                        if mix(&[self.seed, self.crashes, number, sector as u64 + 1]).is_multiple_of(2) {
                            apply(&mut self.durable, offset + sector * SECTOR, part);
                        }
                    }
                }
            },
        }
    }

    /// Every write since the last sync becomes durable.
    fn settle(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            match pending {
                Pending::Length(length) => self.durable.resize(length, 0),
                Pending::Write { offset, bytes } => apply(&mut self.durable, offset, &bytes),
            }
        }
    }

    /// Counts an operation and fails it where it is its turn.
    fn burn(&mut self) -> Result<()> {
        let ruling = self.ruler.as_ref().map_or(Ruling::Goes, |ruler| ruler());
        self.ruled_full = ruling == Ruling::Full;
        if ruling == Ruling::Fails {
            self.counts.failures += 1;
            return Err(Error::other("the disk fails"));
        }
        match &mut self.fuse {
            Some(0) => {
                self.counts.failures += 1;
                Err(Error::other("the disk fails"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Gives the blocks of a write their place.
    fn take_space(&mut self, range: &std::ops::Range<usize>) -> Result<()> {
        for block in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            if (self.full || self.ruled_full) && !self.blocks.contains(&block) {
                self.counts.failures += 1;
                return Err(Error::from(ErrorKind::StorageFull));
            }
            self.blocks.insert(block);
        }
        Ok(())
    }
}

/// Writes into an image, which grows where it must: a length that was dropped does not hold back a write that was kept.
fn apply(image: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    image[offset..end].copy_from_slice(bytes);
}

/// A hash of a few numbers (splitmix64 steps): the one source of this disk's choices.
fn mix(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0x9e37_79b9_7f4a_7c15, |state, number| {
        let mut mixed = (state ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

fn range_of(offset: u64, length: usize, held: usize) -> Result<std::ops::Range<usize>> {
    let start = usize::try_from(offset).map_err(Error::other)?;
    match start.checked_add(length) {
        Some(end) if end <= held => Ok(start..end),
        Some(_) | None => Err(Error::new(ErrorKind::UnexpectedEof, "beyond the end of the disk")),
    }
}

/// One opening of a [`SimDisk`].
struct Handle {
    disk: SimDisk,
    born_after: u64,
}

impl Handle {
    /// The platter, unless the process that had this handle is dead.
    fn platter(&self) -> Result<MutexGuard<'_, Platter>> {
        let platter = self.disk.platter();
        if platter.crashes == self.born_after { Ok(platter) } else { Err(Error::other("the process is dead")) }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handle {} of {:?}", self.born_after, self.disk)
    }
}

/// Range locks that are always granted: a simulated disk has one process at a time.
macro_rules! grant_all_locks {
    () => {
        fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> std::result::Result<bool, BackendError> {
            Ok(true)
        }

        fn try_lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> std::result::Result<bool, BackendError> {
            Ok(true)
        }

        fn lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> std::result::Result<(), BackendError> {
            Ok(())
        }

        fn lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> std::result::Result<(), BackendError> {
            Ok(())
        }

        fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> std::result::Result<(), BackendError> {
            Ok(())
        }

        fn query_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> std::result::Result<bool, BackendError> {
            Ok(false)
        }
    };
}

impl StorageBackend for Handle {
    fn len(&self) -> Result<u64> {
        Ok(self.platter()?.volatile.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let platter = self.platter()?;
        let range = range_of(offset, out.len(), platter.volatile.len())?;
        out.copy_from_slice(&platter.volatile[range]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let mut platter = self.platter()?;
        platter.burn()?;
        let length = usize::try_from(len).map_err(Error::other)?;
        platter.counts.writes += 1;
        platter.volatile.resize(length, 0);
        platter.pending.push(Pending::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut platter = self.platter()?;
        platter.burn()?;
        platter.counts.syncs += 1;
        platter.settle();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut platter = self.platter()?;
        platter.burn()?;
        let range = range_of(offset, data.len(), platter.volatile.len())?;
        platter.take_space(&range)?;
        platter.counts.writes += 1;
        let offset = range.start;
        platter.volatile[range].copy_from_slice(data);
        platter.pending.push(Pending::Write { offset, bytes: data.to_vec() });
        Ok(())
    }

    grant_all_locks!();
}

/// A disk that never fails and keeps its bytes over any number of openings. Clones are the same disk.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Vec<u8>>>);

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle for one opening of the database.
    ///
    /// # Errors
    /// None by itself; a `Result`, so that it can be passed on as a factory.
    pub fn open(&self) -> Result<Box<dyn StorageBackend>> {
        Ok(Box::new(self.clone()))
    }

    /// Changes one byte behind the database's back, as a failing medium would. Nothing beyond the end.
    pub fn flip(&self, offset: usize) {
        if let Some(byte) = self.bytes().get_mut(offset) {
            *byte ^= 0xff;
        }
    }

    /// All bytes as they are now.
    pub fn image(&self) -> Vec<u8> {
        self.bytes().clone()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDisk").field("len", &self.bytes().len()).finish()
    }
}

impl StorageBackend for MemoryDisk {
    fn len(&self) -> Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let bytes = self.bytes();
        let range = range_of(offset, out.len(), bytes.len())?;
        out.copy_from_slice(&bytes[range]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.bytes().resize(usize::try_from(len).map_err(Error::other)?, 0);
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut bytes = self.bytes();
        let range = range_of(offset, data.len(), bytes.len())?;
        bytes[range].copy_from_slice(data);
        Ok(())
    }

    grant_all_locks!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(disk: &SimDisk, bytes: &[u8]) -> Box<dyn StorageBackend> {
        let handle = disk.open().unwrap();
        handle.set_len(8 * SECTOR as u64).unwrap();
        handle.write(0, &[1; 8 * SECTOR]).unwrap();
        handle.sync_data().unwrap();
        handle.write(0, bytes).unwrap();
        handle
    }

    fn image(disk: &SimDisk) -> Vec<u8> {
        let handle = disk.open().unwrap();
        let mut bytes = vec![0; usize::try_from(handle.len().unwrap()).unwrap()];
        handle.read(0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_crash_keeps_drops_or_tears_what_was_not_synced_and_nothing_else() {
        let mut seen = Counts::default();
        for seed in 0..60 {
            let disk = SimDisk::new(seed);
            let handle = written(&disk, &[2; 4 * SECTOR]);
            disk.crash();
            assert!(handle.write(0, &[3]).is_err(), "a handle of before the crash is dead");
            let bytes = image(&disk);
            assert_eq!(bytes[4 * SECTOR..], [1; 4 * SECTOR], "what was synced stays");
            assert!(bytes[..4 * SECTOR].chunks(SECTOR).all(|sector| sector == [1; SECTOR] || sector == [2; SECTOR]));
            seen.kept += disk.counts().kept;
            seen.dropped += disk.counts().dropped;
            seen.torn += disk.counts().torn;
        }
        assert!(seen.kept > 5 && seen.dropped > 5 && seen.torn > 5, "{seen:?}");
    }

    #[test]
    fn one_seed_is_one_history() {
        let image_of = |seed| {
            let disk = SimDisk::new(seed);
            written(&disk, &[2; 4 * SECTOR]);
            disk.crash();
            image(&disk)
        };
        for seed in 0..20 {
            assert_eq!(image_of(seed), image_of(seed));
        }
    }

    #[test]
    fn a_killed_process_loses_nothing_that_it_wrote() {
        let disk = SimDisk::new(1);
        written(&disk, &[2; 4 * SECTOR]);
        disk.kill();
        assert_eq!(image(&disk)[..4 * SECTOR], [2; 4 * SECTOR]);
    }

    #[test]
    fn the_fuse_and_the_lack_of_space_fail_operations_until_mended() {
        let disk = SimDisk::new(1);
        let handle = written(&disk, &[2; SECTOR]);
        disk.fail_after(1);
        handle.write(0, &[3]).unwrap();
        assert!(handle.write(0, &[3]).is_err());
        assert!(handle.sync_data().is_err());
        disk.mend();
        handle.sync_data().unwrap();
        disk.fill_up();
        handle.set_len(99 * SECTOR as u64).unwrap();
        handle.write(0, &[3]).unwrap();
        assert_eq!(handle.write(9 * SECTOR as u64, &[3]).unwrap_err().kind(), ErrorKind::StorageFull);
        disk.mend();
        handle.write(9 * SECTOR as u64, &[3]).unwrap();
    }

    #[test]
    fn a_sound_disk_keeps_its_bytes_over_openings() {
        let disk = MemoryDisk::new();
        let handle = disk.open().unwrap();
        handle.set_len(4).unwrap();
        handle.write(1, b"ab").unwrap();
        assert!(handle.write(3, b"ab").is_err());
        drop(handle);
        disk.flip(0);
        assert_eq!(disk.image(), [0xff, b'a', b'b', 0]);
    }
}
