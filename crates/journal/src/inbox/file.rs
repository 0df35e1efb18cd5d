//! `inbox.redb`: the rows, the stored progress, and the writer that commits groups of deliveries.
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
//! ranges above the watermark, at most [`FORGOTTEN_RANGES_MAX`]. Table `meta`: `format`.
//! Invariants: numbers are never given twice, also after pruning; a delivery answered `Unavailable` that the file
//! holds nevertheless counts as forgotten, since its sender sends it again.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::ledger::Ledger;
use super::{Delivery, InboxFault, lock};
use crate::api::ReadFault;
use crate::database::{CommitPoints, File, OpenFault, Trouble, WriteFailure};
use crate::group::Commit;
use crate::limits::{FORGOTTEN_RANGES_MAX, PRUNE_STEP_MAX};
use crate::ranges::RangeSet;
use crate::row::{Eye, Short};

/// Format of `inbox.redb` written here. A higher one is refused.
pub(crate) const FORMAT: u64 = 1;

/// The deliveries.
pub(crate) const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("deliveries");
const PROGRESS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("progress");
const FORGOTTEN: &str = "forgotten";

const LAYOUT: u8 = 1;
const CHECKED_FROM: usize = 5;
const HEADER: usize = 13;

/// What the inbox's writer takes.
pub(super) enum Item {
    /// Keep this.
    Deliver {
        /// Its bytes.
        body: Bytes,
        /// When it came, ms since 1970.
        received_at: i64,
    },
    /// Store what was forgotten.
    Flush,
    /// Drop forgotten deliveries of before this instant.
    Prune {
        /// Ms since 1970.
        before_received_at: i64,
    },
}

/// The committing half of the inbox.
pub(super) struct InboxCommit {
    file: Arc<File>,
    ledger: Arc<Mutex<Ledger>>,
    next_seq: u64,
    prune: Option<Prune>,
    /// Nothing is known but what the file says.
    first_load: bool,
    /// The file is open and memory agrees with it.
    ready: bool,
    /// The last commit failed: background work waits for one that succeeds.
    stalled: bool,
}

/// Where a prune stands.
#[derive(Clone, Copy, Debug)]
struct Prune {
    before_received_at: i64,
    from: u64,
}

/// What one group would make true.
struct Stage {
    stored: Vec<(u64, i64, usize)>,
    next_seq: u64,
    settled: Option<u64>,
    prune: Option<Prune>,
}

/// Makes the tables of a fresh file.
pub(super) fn make(transaction: &WriteTransaction) -> Result<(), Trouble> {
    transaction.open_table(TABLE)?;
    transaction.open_table(PROGRESS)?;
    Ok(())
}

impl InboxCommit {
    /// Takes over a file that was opened and stamped; reads where it stands.
    pub(super) fn open(file: Arc<File>, ledger: Arc<Mutex<Ledger>>) -> Result<Self, OpenFault> {
        let mut commit =
            Self { file, ledger, next_seq: 1, prune: None, first_load: true, ready: false, stalled: false };
        commit.load()?;
        Ok(commit)
    }

    /// Reads what is stored into the ledger, in one step that either happens or does not.
    fn load(&mut self) -> Result<(), OpenFault> {
        let fresh = read_ledger(&self.file.read()?)?;
        let mut ledger = self.ledger();
        if self.first_load {
            *ledger = fresh;
        } else {
            ledger.start_over(fresh);
        }
        let next_seq = ledger.last_seq() + 1;
        drop(ledger);
        self.first_load = false;
        self.next_seq = next_seq;
        self.prune = None;
        self.ready = true;
        Ok(())
    }

    /// Opens again after a failure.
    fn reload(&mut self) -> Result<(), OpenFault> {
        self.file.reopen()?;
        self.load()
    }

    fn fill(&self, transaction: &WriteTransaction, group: &[Item]) -> Result<(Stage, bool), Trouble> {
        let mut table = transaction.open_table(TABLE)?;
        let mut stage = Stage { stored: Vec::new(), next_seq: self.next_seq, settled: None, prune: self.prune };
        let mut flush = false;
        for item in group {
            match item {
                Item::Deliver { body, received_at } => {
                    let seq = stage.next_seq;
                    let mut slot = table.insert_reserve(seq, HEADER + body.len())?;
                    encode(seq, *received_at, body, slot.as_mut());
                    drop(slot);
                    stage.stored.push((seq, *received_at, body.len()));
                    stage.next_seq += 1;
                }
                Item::Flush => flush = true,
                Item::Prune { before_received_at } => {
                    stage.prune = Some(Prune { before_received_at: *before_received_at, from: 0 });
                }
            }
        }
        let pruned = match stage.prune {
            Some(prune) => {
                stage.prune = self.prune_step(&mut table, prune)?;
                true
            }
            None => false,
        };
        let filled = !stage.stored.is_empty() || flush || pruned;
        // Numbers must not be given again once their rows are gone, so a prune stores the progress too.
        if flush || pruned || (filled && self.ledger().wants_storing()) {
            let mut progress = transaction.open_table(PROGRESS)?;
            let (bytes, count) = {
                let ledger = self.ledger();
                let (watermark, last_seq, ranges) = ledger.progress();
                (encode_progress(watermark, last_seq, ranges), ledger.unstored())
            };
            progress.insert(FORGOTTEN, &*bytes)?;
            stage.settled = Some(count);
        }
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

    fn publish(&mut self, stage: &Stage, group: &[Item]) -> Vec<Result<u64, InboxFault>> {
        let mut ledger = self.ledger();
        for (seq, received_at, bytes) in &stage.stored {
            ledger.stored(*seq, *received_at, *bytes);
        }
        if let Some(count) = stage.settled {
            ledger.settled(count);
        }
        drop(ledger);
        let mut seqs = stage.stored.iter().map(|(seq, ..)| *seq);
        self.next_seq = stage.next_seq;
        self.prune = stage.prune;
        self.stalled = false;
        let mut answers = Vec::with_capacity(group.len());
        for item in group {
            answers.push(Ok(match item {
                Item::Deliver { .. } => seqs.next().expect("each delivery of the group was stored"),
                Item::Flush | Item::Prune { .. } => self.next_seq - 1,
            }));
        }
        answers
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

impl Commit for InboxCommit {
    type Append = Item;
    type Ack = u64;
    type Fault = InboxFault;

    fn commit(&mut self, group: Vec<Item>) -> Vec<Result<u64, InboxFault>> {
        let length = group.len();
        if !self.ready
            && let Err(fault) = self.reload()
        {
            tracing::warn!(%fault, "the inbox is still closed");
            return vec![Err(InboxFault::Unavailable); length];
        }
        let written = self.file.write(CommitPoints::Inbox, |transaction| self.fill(transaction, &group));
        match written {
            Ok(stage) => self.publish(&stage, &group),
            Err(failure) => {
                self.fail(&failure);
                vec![Err(InboxFault::Unavailable); length]
            }
        }
    }

    fn full() -> InboxFault {
        InboxFault::Unavailable
    }

    fn recover(&mut self) {
        self.ready = false;
    }

    fn pending(&self) -> bool {
        self.ready && !self.stalled && self.prune.is_some()
    }

    fn weight(item: &Item) -> usize {
        match item {
            Item::Deliver { body, .. } => body.len(),
            Item::Flush | Item::Prune { .. } => 0,
        }
    }

    /// Stores what was forgotten and lets go of the file.
    fn close(&mut self) {
        if self.ready && self.ledger().unstored() > 0 {
            let stored = self.file.write(CommitPoints::Unnamed, |transaction| self.fill(transaction, &[Item::Flush]));
            if let Err(failure) = stored {
                tracing::warn!(what = ?failure, "some done deliveries will be offered again at the next start");
            }
        }
        self.file.close();
    }
}

impl InboxCommit {
    fn fail(&mut self, failure: &WriteFailure) {
        tracing::error!(what = ?failure, "an inbox commit failed");
        self.ready = false;
        self.stalled = true;
        if let Err(fault) = self.reload() {
            tracing::error!(%fault, "the inbox cannot be opened again");
        }
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
