//! `inbox.redb`, the shelf: a row for each delivery of the retention span, the stored progress, and their writer.
//!
//! Table `deliveries`: seq u64 → row, all little-endian:
//!
//! | offset | bytes | field |
//! |---:|---:|---|
//! | 0 | 1 | layout version, 1 |
//! | 1 | 4 | CRC-32 (IEEE) of seq (u64) and of everything from offset 5 |
//! | 5 | 8 | received at, ms since 1970, signed |
//! | 13 | … | the body |
//!
//! Table `progress`: `"forgotten"` → watermark u64, newest seq ever u64, then pairs (start u64, end u64) of forgotten
//! ranges above the watermark, at most [`FORGOTTEN_RANGES_MAX`]; `"shelved"` → u64, everything up to which has (or had)
//! its row, stored with the rows. Table `meta`: `format`; `log_begun`, 1 once there is a log in front of the rows.
//! Invariants: rows are written in order of their numbers, each from memory or from the log it was found in after a
//! crash; a commit that failed is tried again with the same rows, so it matters to nobody whether it was stored.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::ledger::Ledger;
use super::tail::Tail;
use super::{Delivery, InboxFault, lock};
use crate::api::ReadFault;
use crate::database::{CommitPoints, File, OpenFault, Trouble, WriteFailure};
use crate::group::Commit;
use crate::limits::{FORGOTTEN_RANGES_MAX, PRUNE_STEP_MAX};
use crate::ranges::RangeSet;
use crate::row::{Eye, Short};
use crate::tables::META;

/// Format of `inbox.redb` written here. A higher one is refused; format 1 had no log in front of it.
pub(crate) const FORMAT: u64 = 2;

/// The deliveries.
pub(crate) const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("deliveries");
const PROGRESS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("progress");
const FORGOTTEN: &str = "forgotten";
const SHELVED: &str = "shelved";

const META_LOG_BEGUN: &str = "log_begun";

/// Bytes of bodies that one commit takes from a log at the start.
const ADOPT_BYTES: usize = 8 << 20;

const LAYOUT: u8 = 1;
const CHECKED_FROM: usize = 5;
const HEADER: usize = 13;

/// What the shelf's writer takes. Each is done once its commit is durable.
pub(super) enum Errand {
    /// Make a row of each delivery that has none.
    Shelve,
    /// Store what was forgotten.
    Flush,
    /// Drop forgotten deliveries of before this instant.
    Prune {
        /// Ms since 1970.
        before_received_at: i64,
    },
}

/// The committing half of the shelf.
pub(super) struct ShelfCommit {
    file: Arc<File>,
    ledger: Arc<Mutex<Ledger>>,
    tail: Arc<Mutex<Tail>>,
    prune: Option<Prune>,
    /// The last commit failed: the file is opened again first, and background work waits for a commit that succeeds.
    stalled: bool,
}

/// Where a prune stands.
#[derive(Clone, Copy, Debug)]
struct Prune {
    before_received_at: i64,
    from: u64,
}

/// What one commit would make true.
struct Stage {
    shelved: Option<u64>,
    settled: Option<u64>,
    prune: Option<Prune>,
}

/// Makes the tables of a fresh file.
pub(super) fn make(transaction: &WriteTransaction) -> Result<(), Trouble> {
    transaction.open_table(TABLE)?;
    transaction.open_table(PROGRESS)?;
    Ok(())
}

/// Whether a log was once begun in front of these rows: then one that is blank has lost what it held.
pub(crate) fn log_was_begun(read: &ReadTransaction) -> Result<bool, Trouble> {
    Ok(ReadableTable::get(&read.open_table(META)?, META_LOG_BEGUN)?.is_some_and(|begun| begun.value() == 1))
}

/// Notes that a log is ready in front of these rows.
pub(super) fn note_log_begun(file: &File) -> Result<(), OpenFault> {
    file.write(CommitPoints::Unnamed, |transaction| {
        transaction.open_table(META)?.insert(META_LOG_BEGUN, 1)?;
        Ok(((), true))
    })
    .map_err(|failure: WriteFailure| failure.trouble().clone().into())
}

/// Makes rows of what a log held and the file does not, a bounded number of bytes in each commit.
pub(super) fn adopt(file: &File, deliveries: &[Delivery]) -> Result<(), OpenFault> {
    let mut rest = deliveries;
    while !rest.is_empty() {
        let mut bytes = 0;
        let count = rest.iter().take_while(|delivery| {
            let fits = bytes <= ADOPT_BYTES;
            bytes += delivery.body.len();
            fits
        });
        let (now, later) = rest.split_at(count.count());
        file.write(CommitPoints::Unnamed, |transaction| {
            shelve(transaction, now)?;
            Ok(((), true))
        })
        .map_err(|failure| failure.trouble().clone())?;
        rest = later;
    }
    Ok(())
}

fn shelve(transaction: &WriteTransaction, deliveries: &[Delivery]) -> Result<Option<u64>, Trouble> {
    let Some(last) = deliveries.last() else { return Ok(None) };
    let mut table = transaction.open_table(TABLE)?;
    for Delivery { seq, received_at, body } in deliveries {
        let mut slot = table.insert_reserve(*seq, HEADER + body.len())?;
        encode(*seq, *received_at, body, slot.as_mut());
    }
    transaction.open_table(PROGRESS)?.insert(SHELVED, &last.seq.to_le_bytes()[..])?;
    Ok(Some(last.seq))
}

impl ShelfCommit {
    /// Takes over a file that was opened, stamped and read.
    pub(super) fn new(file: Arc<File>, ledger: Arc<Mutex<Ledger>>, tail: Arc<Mutex<Tail>>) -> Self {
        Self { file, ledger, tail, prune: None, stalled: false }
    }

    fn fill(&self, transaction: &WriteTransaction, group: &[Errand]) -> Result<(Stage, bool), Trouble> {
        let waiting = lock(&self.tail).all();
        let mut stage = Stage { shelved: shelve(transaction, &waiting)?, settled: None, prune: self.prune };
        let mut flush = false;
        for errand in group {
            match errand {
                Errand::Shelve => {}
                Errand::Flush => flush = true,
                Errand::Prune { before_received_at } => {
                    stage.prune = Some(Prune { before_received_at: *before_received_at, from: 0 });
                }
            }
        }
        let mut pruned = false;
        if let Some(prune) = stage.prune {
            stage.prune = self.prune_step(&mut transaction.open_table(TABLE)?, prune)?;
            pruned = true;
        }
        // Numbers must not be given again once their rows are gone, so a prune stores the progress too.
        if flush || pruned || (stage.shelved.is_some() && self.ledger().wants_storing()) {
            let mut progress = transaction.open_table(PROGRESS)?;
            let (bytes, count) = {
                let ledger = self.ledger();
                let (watermark, last_seq, ranges) = ledger.progress();
                (encode_progress(watermark, last_seq, ranges), ledger.unstored())
            };
            progress.insert(FORGOTTEN, &*bytes)?;
            stage.settled = Some(count);
        }
        let filled = stage.shelved.is_some() || stage.settled.is_some();
        Ok((stage, filled))
    }

    /// Drops some rows; gives back where to go on, `None` at the end.
    fn prune_step(&self, table: &mut Table<'_, u64, &'static [u8]>, prune: Prune) -> Result<Option<Prune>, Trouble> {
        let mut needless = Vec::new();
        let mut next = None;
        for (looked_at, entry) in table.range(prune.from..)?.enumerate() {
            let (seq, bytes) = entry?;
            let (received_at, _) = split(bytes.value())?;
            if received_at >= prune.before_received_at {
                break;
            }
            if looked_at == PRUNE_STEP_MAX {
                next = Some(Prune { from: seq.value(), ..prune });
                break;
            }
            needless.push(seq.value());
        }
        let ledger = self.ledger();
        needless.retain(|seq| ledger.is_forgotten(*seq));
        drop(ledger);
        for seq in needless {
            table.remove(seq)?;
        }
        Ok(next)
    }

    /// One commit, in a file that may have to be opened again before it.
    fn store(&mut self, group: &[Errand]) -> Result<(), WriteFailure> {
        if self.stalled {
            self.file.reopen().map_err(|fault| WriteFailure::NotStored(Trouble::Failed(fault.to_string())))?;
        }
        let stage = self.file.write(CommitPoints::Unnamed, |transaction| self.fill(transaction, group))?;
        if let Some(last_seq) = stage.shelved {
            lock(&self.tail).shelve(last_seq);
        }
        if let Some(count) = stage.settled {
            self.ledger().settled(count);
        }
        self.prune = stage.prune;
        Ok(())
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

impl Commit for ShelfCommit {
    type Append = Errand;
    type Ack = ();
    type Fault = InboxFault;

    fn commit(&mut self, group: Vec<Errand>) -> Vec<Result<(), InboxFault>> {
        let stored = self.store(&group);
        self.stalled = stored.is_err();
        if let Err(failure) = &stored {
            tracing::error!(what = %failure.trouble(), "inbox.redb cannot be written; deliveries are taken until inbox.wal is full");
            self.ledger().unsettled();
        }
        vec![stored.map_err(|_| InboxFault::Unavailable); group.len()]
    }

    fn full() -> InboxFault {
        InboxFault::Unavailable
    }

    fn recover(&mut self) {
        self.stalled = true;
    }

    fn pending(&self) -> bool {
        !self.stalled && (self.prune.is_some() || lock(&self.tail).is_much())
    }

    /// Stores what has no row and what was forgotten, and lets go of the file.
    fn close(&mut self) {
        if let Err(failure) = self.store(&[Errand::Flush]) {
            tracing::warn!(what = %failure.trouble(), "some done deliveries will be offered again at the next start");
        }
        self.file.close();
    }
}

fn encode(seq: u64, received_at: i64, body: &[u8], out: &mut [u8]) {
    out[0] = LAYOUT;
    out[CHECKED_FROM..HEADER].copy_from_slice(&received_at.to_le_bytes());
    out[HEADER..].copy_from_slice(body);
    let checksum = checksum(seq, &out[CHECKED_FROM..]);
    out[1..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
}

fn checksum(seq: u64, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&seq.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

/// Arrival and body of a row, unchecked.
fn split(bytes: &[u8]) -> Result<(i64, &[u8]), Trouble> {
    let Some((header, body)) = bytes.split_first_chunk::<HEADER>() else {
        return Err(Trouble::Damaged("a delivery is cut off".to_owned()));
    };
    let mut at = [0; 8];
    at.copy_from_slice(&header[CHECKED_FROM..]);
    Ok((i64::from_le_bytes(at), body))
}

/// Reads and checks a row.
pub(crate) fn decode(seq: u64, bytes: &[u8]) -> Result<Delivery, ReadFault> {
    let damaged = |what: &str| ReadFault::Damaged { position: seq, what: what.to_owned() };
    let (received_at, body) = split(bytes)?;
    if bytes[0] != LAYOUT {
        return Err(damaged("unknown layout of a delivery"));
    }
    if bytes[1..CHECKED_FROM] != checksum(seq, &bytes[CHECKED_FROM..]).to_le_bytes() {
        return Err(damaged("wrong checksum of a delivery"));
    }
    Ok(Delivery { seq, received_at, body: Bytes::copy_from_slice(body) })
}

/// One delivery.
pub(super) fn get(table: &ReadOnlyTable<u64, &'static [u8]>, seq: u64) -> Result<Option<Delivery>, ReadFault> {
    ReadableTable::get(table, seq)?.map(|bytes| decode(seq, bytes.value())).transpose()
}

/// What the file says about what is done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Everything up to here is forgotten.
    pub(crate) watermark: u64,
    /// Newest number known when it was stored; the rows may go further.
    pub(crate) last_seq: u64,
    /// What is forgotten above the watermark.
    pub(crate) ranges: RangeSet,
}

/// The account of everything above the watermark.
pub(crate) fn read_ledger(read: &ReadTransaction) -> Result<Ledger, Trouble> {
    let progress = read_progress(read)?;
    let mut ledger = Ledger::new(progress.watermark, progress.ranges);
    for entry in read.open_table(TABLE)?.range(progress.watermark + 1..)? {
        let (seq, bytes) = entry?;
        let (received_at, body) = split(bytes.value())?;
        ledger.found(seq.value(), received_at, body.len());
    }
    ledger.given(progress.last_seq);
    Ok(ledger)
}

/// Everything up to here has or had its row. In a file of format 1: the newest row.
pub(crate) fn read_shelved(read: &ReadTransaction) -> Result<u64, Trouble> {
    if let Some(bytes) = ReadableTable::get(&read.open_table(PROGRESS)?, SHELVED)? {
        let mut eye = Eye { bytes: bytes.value(), at: 0 };
        let shelved =
            eye.array().map_err(|Short| Trouble::Damaged("the progress of the inbox is cut off".to_owned()))?;
        return Ok(u64::from_le_bytes(shelved));
    }
    Ok(read.open_table(TABLE)?.last()?.map_or(0, |(seq, _)| seq.value()))
}

/// Reads the stored progress.
pub(crate) fn read_progress(read: &ReadTransaction) -> Result<Progress, Trouble> {
    let table = read.open_table(PROGRESS)?;
    match ReadableTable::get(&table, FORGOTTEN)? {
        None => Ok(Progress::default()),
        Some(bytes) => decode_progress(bytes.value())
            .map_err(|Short| Trouble::Damaged("the progress of the inbox is cut off".to_owned())),
    }
}

fn encode_progress(watermark: u64, last_seq: u64, ranges: &RangeSet) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + 16 * ranges.len().min(FORGOTTEN_RANGES_MAX));
    bytes.extend_from_slice(&watermark.to_le_bytes());
    bytes.extend_from_slice(&last_seq.to_le_bytes());
    for (start, end) in ranges.iter().take(FORGOTTEN_RANGES_MAX) {
        bytes.extend_from_slice(&start.to_le_bytes());
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    bytes
}

fn decode_progress(bytes: &[u8]) -> Result<Progress, Short> {
    let mut eye = Eye { bytes, at: 0 };
    let watermark = u64::from_le_bytes(eye.array()?);
    let last_seq = u64::from_le_bytes(eye.array()?);
    let mut ranges = RangeSet::default();
    while eye.at < bytes.len() {
        let start = u64::from_le_bytes(eye.array()?);
        ranges.insert(start, u64::from_le_bytes(eye.array()?));
    }
    Ok(Progress { watermark, last_seq, ranges })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_comes_back_as_it_was_kept_and_any_changed_byte_is_damage() {
        let body = b"{\"object\":\"page\"}";
        let mut bytes = vec![0; HEADER + body.len()];
        encode(7, -3, body, &mut bytes);
        let delivery = decode(7, &bytes).unwrap();
        assert_eq!((delivery.seq, delivery.received_at, &*delivery.body), (7, -3, &body[..]));
        assert!(decode(8, &bytes).is_err());
        for at in 0..bytes.len() {
            let mut torn = bytes.clone();
            torn[at] ^= 4;
            assert!(decode(7, &torn).is_err());
            assert!(decode(7, &bytes[..at]).is_err());
        }
    }

    #[test]
    fn progress_comes_back_and_its_ranges_are_bounded() {
        let mut ranges = RangeSet::default();
        for number in 0..2 * FORGOTTEN_RANGES_MAX as u64 {
            ranges.insert(20 + number * 3, 21 + number * 3);
        }
        let bytes = encode_progress(17, 99, &ranges);
        let progress = decode_progress(&bytes).ok().unwrap();
        assert_eq!((progress.watermark, progress.last_seq), (17, 99));
        assert_eq!(progress.ranges.len(), FORGOTTEN_RANGES_MAX);
        assert!(progress.ranges.contains(21) && !progress.ranges.contains(22));
        assert!(decode_progress(&bytes[..20]).is_err());
    }
}
