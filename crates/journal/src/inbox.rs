//! The inbox: raw deliveries, append-only, kept for their retention. Its sync is the only one a 200 waits for.
//!
//! A delivery is durable, and acknowledged, once it lies in the log (`wal`, its bytes in `frame`); it gets its row in
//! `inbox.redb` later, in big commits (`file`), and until then it is read from memory (`tail`). The inbox is also the
//! queue between ingress and machines: it says `Overloaded` when what is not done yet exceeds its bytes or its age, and
//! for no other reason; the account of what is done is in `ledger`.
//! Invariant: a delivery that was acknowledged is offered again after any crash until it was forgotten. A forgotten
//! one may be offered again: forgetting is stored lazily, and machines recognise duplicates.

mod file;
mod frame;
mod ledger;
mod tail;
mod wal;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use redb::ReadOnlyTable;

use crate::api::{Done, ReadFault};
use crate::database::{File, FileOptions, OpenFault, Source, Trouble};
use crate::group::{Drive, Writer};
use crate::limits::{DELIVERY_BODY_MAX, WAL_HALF_BYTES};
use crate::tables::{read_format, stamp};

use file::{Errand, ShelfCommit};
pub(crate) use file::{
    FORMAT as INBOX_FORMAT, Progress, TABLE as DELIVERIES, decode, log_was_begun, read_ledger, read_progress,
    read_shelved,
};
pub(crate) use frame::{again as half_again, with_checksums as half_with_checksums};
use ledger::Ledger;
use tail::Tail;
use wal::{Deliver, Wal, WalCommit};
pub(crate) use wal::{Found, read_file as read_wal};

/// Errands that may wait for the shelf; callers ask for each kind at most once at a time.
const SHELF_QUEUE_MAX: usize = 64;

/// How the inbox is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InboxOptions {
    /// `inbox.redb`: cache and durability; the latter also of `inbox.wal`.
    pub file: FileOptions,
    /// Bytes of each of the two halves of `inbox.wal`; a delivery must fit into one.
    pub wal_half: u64,
    /// Bytes of deliveries that are not done; beyond them appends are `Overloaded`.
    pub bytes_max: u64,
    /// Age of the oldest delivery that is not done; beyond it appends are `Overloaded`.
    pub age_max: Duration,
}

impl Default for InboxOptions {
    fn default() -> Self {
        Self {
            file: FileOptions::default(),
            wal_half: WAL_HALF_BYTES,
            bytes_max: 2 << 30,
            age_max: Duration::from_secs(6 * 60 * 60),
        }
    }
}

/// A delivery was not taken: the sender must send it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InboxFault {
    /// Too much is waiting, or for too long.
    #[error("the inbox holds too much that is not done")]
    Overloaded,
    /// The commit failed, the queue is full, or the file is closed.
    #[error("the inbox cannot take it now")]
    Unavailable,
}

/// One HTTP POST as it was kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Its number, from 1, growing, possibly with holes.
    pub seq: u64,
    /// When it came, ms since 1970.
    pub received_at: i64,
    /// Its bytes.
    pub body: Bytes,
}

/// Counts of the inbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct InboxStats {
    /// Number of the newest delivery.
    pub last_seq: u64,
    /// Everything up to here is forgotten.
    pub watermark: u64,
    /// Deliveries that are not done.
    pub unforgotten: u64,
    /// Their bytes.
    pub unforgotten_bytes: u64,
    /// When the oldest of them came.
    pub oldest_received_at: Option<i64>,
    /// Ranges of forgotten ones above the watermark.
    pub forgotten_ranges: usize,
}

/// Where the inbox's two files live.
#[derive(Clone, Debug)]
pub struct InboxSources {
    /// `inbox.redb`: the rows.
    pub file: Source,
    /// `inbox.wal`: the log in front of them.
    pub wal: Source,
}

/// The inbox's files and their writers.
pub struct Inbox {
    log: Writer<WalCommit>,
    shelf: Writer<ShelfCommit>,
    ledger: Arc<Mutex<Ledger>>,
    tail: Arc<Mutex<Tail>>,
    file: Arc<File>,
    options: InboxOptions,
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Inbox {
    /// Opens or makes the files, gives what the log alone holds its rows, and starts the writers. Reads what is not done,
    /// for its sizes.
    ///
    /// # Errors
    /// As [`OpenFault`] says.
    pub fn open(sources: InboxSources, options: InboxOptions, drive: Drive) -> Result<Self, OpenFault> {
        Self::open_beside(sources, options, drive, 0)
    }

    /// As [`Inbox::open`], beside a journal whose newest position is `decided`: beside one that knows of deliveries the
    /// numbers must not start again.
    pub(crate) fn open_beside(
        sources: InboxSources,
        options: InboxOptions,
        drive: Drive,
        decided: u64,
    ) -> Result<Self, OpenFault> {
        let file = Arc::new(File::open(sources.file, options.file)?);
        if decided > 0 && read_format(&file.read()?, INBOX_FORMAT)?.is_none() {
            let what =
                "it is a new one beside a journal that knows of earlier deliveries, whose numbers it would give again";
            return Err(OpenFault::Damaged { what: what.to_owned() });
        }
        stamp(&file, INBOX_FORMAT, file::make)?;
        let was_begun = file::log_was_begun(&file.read()?)?;
        let (mut wal, mut found) = Wal::open(sources.wal, options.wal_half, options.file.durability, was_begun)?;
        for offset in &found.gaps {
            tracing::error!(offset, "a place of inbox.wal cannot be read; deliveries that lay there alone are lost");
        }
        let shelved = read_shelved(&file.read()?)?;
        let newest = found.deliveries.last().map_or(0, |delivery| delivery.seq);
        let rest = found.deliveries.split_off(found.deliveries.partition_point(|delivery| delivery.seq <= shelved));
        file::adopt(&file, &rest)?;
        wal.prepare()?;
        if !was_begun {
            file::note_log_begun(&file)?;
        }
        let ledger = read_ledger(&file.read()?)?;
        let last_seq = ledger.last_seq().max(newest);
        let (ledger, tail) = (Arc::new(Mutex::new(ledger)), Arc::new(Mutex::new(Tail::new(last_seq))));
        let shelf = ShelfCommit::new(Arc::clone(&file), Arc::clone(&ledger), Arc::clone(&tail));
        let shelf = Writer::open(shelf, behind(drive));
        let log = WalCommit::new(wal, &found, last_seq + 1, shelf.clone(), Arc::clone(&ledger), Arc::clone(&tail));
        Ok(Self { log: Writer::open(log, drive), shelf, ledger, tail, file, options })
    }

    /// Takes a delivery; `done` gets its number once it is durable. `received_at` in ms since 1970. A clone of the
    /// body stays with the caller, so that nothing is read back.
    pub fn append(&self, body: impl Into<Bytes>, received_at: i64, done: Done<u64, InboxFault>) {
        let body = body.into();
        let bytes = body.len();
        if bytes > DELIVERY_BODY_MAX.min(wal::body_max(self.options.wal_half))
            || !self.ledger().admit(bytes, received_at, self.options)
        {
            return done(Err(InboxFault::Overloaded));
        }
        let ledger = Arc::clone(&self.ledger);
        self.log.append(
            Deliver { body, received_at },
            Box::new(move |answer| {
                if answer.is_err() {
                    lock(&ledger).release(bytes);
                }
                done(answer);
            }),
        );
    }

    /// Marks a delivery as done. In memory at once, in the file with some later commit.
    pub fn forget(&self, seq: u64) {
        let flush = self.ledger().forget(seq);
        if flush {
            self.flush();
        }
    }

    /// Asks the writer to store what was forgotten, without waiting for it.
    pub fn flush(&self) {
        self.shelf.append(Errand::Flush, Box::new(|_| {}));
    }

    /// Asks the writer to drop forgotten deliveries received before this instant, a bounded number with each commit.
    pub fn prune(&self, before_received_at: i64) {
        self.shelf.append(Errand::Prune { before_received_at }, Box::new(|_| {}));
    }

    /// Deliveries after `after` that are not done, in order, up to about `limit_bytes` and at least one.
    ///
    /// # Errors
    /// [`ReadFault`], its position being the delivery's number.
    pub fn unforgotten(&self, after: u64, limit_bytes: usize) -> Result<Vec<Delivery>, ReadFault> {
        let seqs = self.ledger().unforgotten(after, limit_bytes);
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        // First the memory, then a transaction begun later: what left the memory meanwhile has its row.
        let waiting: Vec<Option<Delivery>> = {
            let tail = lock(&self.tail);
            seqs.iter().map(|seq| tail.get(*seq)).collect()
        };
        let mut table = None;
        let mut deliveries = Vec::with_capacity(seqs.len());
        for (seq, waiting) in seqs.into_iter().zip(waiting) {
            let delivery = match (waiting, &table) {
                (Some(delivery), _) => Some(delivery),
                (None, Some(table)) => file::get(table, seq)?,
                (None, None) => file::get(table.insert(self.rows()?), seq)?,
            };
            match delivery {
                Some(delivery) => deliveries.push(delivery),
                // Forgotten and pruned since the numbers were taken.
                None if self.ledger().is_forgotten(seq) => {}
                None => return Err(ReadFault::Damaged { position: seq, what: "a delivery is missing".to_owned() }),
            }
        }
        Ok(deliveries)
    }

    fn rows(&self) -> Result<ReadOnlyTable<u64, &'static [u8]>, ReadFault> {
        Ok(self.file.read()?.open_table(DELIVERIES).map_err(Trouble::from)?)
    }

    /// One delivery, done or not; `None` where there is none (any more).
    ///
    /// # Errors
    /// [`ReadFault`], its position being the delivery's number.
    pub fn get(&self, seq: u64) -> Result<Option<Delivery>, ReadFault> {
        let waiting = lock(&self.tail).get(seq);
        match waiting {
            Some(delivery) => Ok(Some(delivery)),
            None => file::get(&self.rows()?, seq),
        }
    }

    /// Number and time of arrival of the oldest delivery that is not done.
    pub fn oldest_unforgotten(&self) -> Option<(u64, i64)> {
        self.ledger().oldest()
    }

    /// Bytes of all deliveries that are not done, each with a small allowance for its row.
    pub fn unforgotten_bytes(&self) -> u64 {
        self.ledger().bytes()
    }

    /// Number of the newest durable delivery, 0 for none.
    pub fn last_seq(&self) -> u64 {
        self.ledger().last_seq()
    }

    /// Counts, all from memory.
    pub fn stats(&self) -> InboxStats {
        self.ledger().stats()
    }

    /// Takes nothing more, commits what waits, stores what was forgotten and lets go of the files.
    pub fn close(&self) {
        self.log.close();
        self.shelf.close();
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

/// How the shelf's writer runs where the log's runs so. The log waits for it: on one executor it gets no turn meanwhile.
fn behind(drive: Drive) -> Drive {
    match drive {
        Drive::Thread { .. } => Drive::Thread { name: "inbox-shelf", queue_max: SHELF_QUEUE_MAX },
        Drive::Turn { .. } | Drive::Inline => Drive::Inline,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const THREAD: Drive = Drive::Thread { name: "inbox", queue_max: 1024 };

    /// A short log, which need not be written ahead for long.
    fn small() -> InboxOptions {
        InboxOptions { wal_half: 64 << 10, ..InboxOptions::default() }
    }

    fn open(dir: &tempfile::TempDir, drive: Drive) -> Inbox {
        open_with(dir, small(), drive)
    }

    fn open_with(dir: &tempfile::TempDir, options: InboxOptions, drive: Drive) -> Inbox {
        Inbox::open(sources(dir), options, drive).unwrap()
    }

    fn sources(dir: &tempfile::TempDir) -> InboxSources {
        InboxSources {
            file: Source::Path(dir.path().join("inbox.redb")),
            wal: Source::Path(dir.path().join("inbox.wal")),
        }
    }

    fn append(inbox: &Inbox, body: &str, received_at: i64) -> Result<u64, InboxFault> {
        let (told, answer) = channel();
        inbox.append(body.to_owned(), received_at, Box::new(move |result| told.send(result).unwrap()));
        answer.recv().unwrap()
    }

    fn waiting(inbox: &Inbox) -> Vec<u64> {
        inbox.unforgotten(0, usize::MAX).unwrap().iter().map(|delivery| delivery.seq).collect()
    }

    #[test]
    fn an_acknowledged_delivery_is_there_after_a_restart() {
        for drive in [THREAD, Drive::Inline] {
            let dir = tempfile::tempdir().unwrap();
            let inbox = open(&dir, drive);
            assert_eq!(append(&inbox, "first", 10), Ok(1));
            assert_eq!(append(&inbox, "", 11), Ok(2));
            drop(inbox);
            let inbox = open(&dir, drive);
            let delivery = inbox.get(1).unwrap().unwrap();
            assert_eq!((delivery.received_at, &*delivery.body), (10, &b"first"[..]));
            assert_eq!(waiting(&inbox), [1, 2]);
            assert_eq!(inbox.oldest_unforgotten(), Some((1, 10)));
            assert_eq!(append(&inbox, "third", 12), Ok(3));
            assert_eq!(inbox.get(9).unwrap(), None);
        }
    }

    #[test]
    fn what_was_forgotten_is_not_offered_again_after_an_orderly_end() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = open(&dir, THREAD);
        for number in 1..=9 {
            append(&inbox, "body", number).unwrap();
        }
        for seq in [1, 2, 5, 7, 7, 99] {
            inbox.forget(seq);
        }
        assert_eq!(waiting(&inbox), [3, 4, 6, 8, 9]);
        assert_eq!((inbox.stats().watermark, inbox.stats().forgotten_ranges), (2, 2));
        let before = inbox.stats();
        inbox.close();
        drop(inbox);
        let inbox = open(&dir, THREAD);
        assert_eq!(waiting(&inbox), [3, 4, 6, 8, 9]);
        assert_eq!(inbox.stats(), before);
    }

    #[test]
    fn offers_in_pages_and_at_least_one() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = open(&dir, Drive::Inline);
        for number in 1..=5 {
            append(&inbox, &"x".repeat(100), number).unwrap();
        }
        let page: Vec<u64> = inbox.unforgotten(1, 300).unwrap().iter().map(|delivery| delivery.seq).collect();
        assert_eq!(page.first(), Some(&2));
        assert!((1..4).contains(&page.len()));
        assert_eq!(inbox.unforgotten(4, 1).unwrap().len(), 1);
        assert_eq!(inbox.unforgotten(5, 1).unwrap(), []);
    }

    #[test]
    fn is_overloaded_by_bytes_and_by_age_until_something_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let options = InboxOptions { bytes_max: 1000, age_max: Duration::from_millis(50), ..small() };
        let inbox = open_with(&dir, options, Drive::Inline);
        assert_eq!(append(&inbox, &"x".repeat(2000), 0), Err(InboxFault::Overloaded));
        assert_eq!(append(&inbox, &"x".repeat(900), 0), Ok(1));
        assert_eq!(append(&inbox, &"x".repeat(900), 0), Err(InboxFault::Overloaded));
        assert_eq!(append(&inbox, "", 50), Ok(2));
        assert_eq!(append(&inbox, "", 51), Err(InboxFault::Overloaded));
        inbox.forget(1);
        inbox.forget(2);
        assert_eq!(inbox.unforgotten_bytes(), 0);
        assert_eq!(append(&inbox, &"x".repeat(900), 51), Ok(3));
    }

    #[test]
    fn pruning_drops_what_is_old_and_done_and_numbers_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = open(&dir, Drive::Inline);
        for number in 1..=1300 {
            append(&inbox, "body", number).unwrap();
        }
        for seq in 1..=1300 {
            if seq != 700 {
                inbox.forget(seq);
            }
        }
        inbox.prune(1101);
        assert_eq!(inbox.get(1100).unwrap(), None);
        assert!(inbox.get(1101).unwrap().is_some());
        assert!(inbox.get(700).unwrap().is_some());
        inbox.forget(700);
        inbox.prune(i64::MAX);
        assert_eq!(inbox.get(1300).unwrap(), None);
        drop(inbox);
        let inbox = open(&dir, Drive::Inline);
        assert_eq!((inbox.last_seq(), waiting(&inbox)), (1300, vec![]));
        assert_eq!(append(&inbox, "body", 1), Ok(1301));
    }

    #[test]
    fn a_newer_store_and_a_foreign_file_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("inbox.redb");
        std::fs::write(&path, b"no database at all, but long enough to look at").unwrap();
        let opened = Inbox::open(sources(&dir), small(), Drive::Inline);
        assert!(matches!(opened, Err(OpenFault::Damaged { .. })), "{opened:?}");
        std::fs::remove_file(&path).unwrap();
        let database = redb::Database::create(&path).unwrap();
        let write = database.begin_write().unwrap();
        write.open_table(crate::tables::META).unwrap().insert("format", INBOX_FORMAT + 1).unwrap();
        write.commit().unwrap();
        drop(database);
        let opened = Inbox::open(sources(&dir), small(), Drive::Inline);
        assert!(
            matches!(opened, Err(OpenFault::Newer { found, known }) if found == INBOX_FORMAT + 1 && known == INBOX_FORMAT)
        );
    }

    #[test]
    fn a_log_that_was_begun_and_is_missing_emptied_or_cut_off_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = open(&dir, Drive::Inline);
        append(&inbox, "body", 1).unwrap();
        drop(inbox);
        let path = dir.path().join("inbox.wal");
        let sound = std::fs::read(&path).unwrap();
        let longer = [&sound[..], b"more"].concat();
        for bytes in
            [&b""[..], &sound[..100], &sound[..4096], &sound[..sound.len() - 1], &vec![0; sound.len()], &longer]
        {
            std::fs::write(&path, bytes).unwrap();
            let opened = Inbox::open(sources(&dir), small(), Drive::Inline);
            assert!(matches!(opened, Err(OpenFault::Damaged { .. })), "{} bytes: {opened:?}", bytes.len());
        }
        std::fs::write(&path, &sound).unwrap();
        assert_eq!(waiting(&open(&dir, Drive::Inline)), [1]);
    }

    #[test]
    fn a_log_whose_making_was_interrupted_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = open(&dir, Drive::Inline);
        append(&inbox, "body", 1).unwrap();
        drop(inbox);
        let path = dir.path().join("inbox.wal");
        let unfinished = [&frame::file_head(frame::UNFINISHED)[..], &[0; 500]].concat();
        std::fs::write(&path, unfinished).unwrap();
        let inbox = open(&dir, Drive::Inline);
        assert_eq!((waiting(&inbox), append(&inbox, "body", 2)), (vec![1], Ok(2)));
    }

    #[test]
    fn a_log_of_another_size_is_made_anew_with_nothing_lost() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = open(&dir, Drive::Inline);
        append(&inbox, "body", 1).unwrap();
        drop(inbox);
        for wal_half in [128 << 10, 32 << 10] {
            let inbox = open_with(&dir, InboxOptions { wal_half, ..small() }, Drive::Inline);
            assert_eq!(waiting(&inbox), [1]);
            drop(inbox);
            let length = std::fs::metadata(dir.path().join("inbox.wal")).unwrap().len();
            assert_eq!(length, 4096 + 2 * wal_half);
        }
    }

    #[test]
    fn a_new_inbox_beside_a_journal_that_decided_something_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for _again in 0..2 {
            let opened = Inbox::open_beside(sources(&dir), small(), Drive::Inline, 7);
            assert!(matches!(opened, Err(OpenFault::Damaged { .. })), "{opened:?}");
        }
        assert_eq!(append(&open(&dir, Drive::Inline), "body", 1), Ok(1));
    }

    #[test]
    fn a_second_process_is_told_that_it_is_locked() {
        let dir = tempfile::tempdir().unwrap();
        let _inbox = open(&dir, Drive::Inline);
        let second = Inbox::open(sources(&dir), small(), Drive::Inline);
        assert!(matches!(second, Err(OpenFault::Locked)), "{second:?}");
    }
}
