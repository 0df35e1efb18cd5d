//! The inbox: raw deliveries, append-only, kept for their retention. Its commit is the only one a 200 waits for.
//!
//! It is also the queue between ingress and machines: it says `Overloaded` when what is not done yet exceeds its bytes
//! or its age, and for no other reason. Bytes and layout are in `file`, the account of what is done in `ledger`.
//! Invariant: a delivery that was acknowledged is offered again after any crash until it was forgotten. A forgotten
//! one may be offered again: forgetting is stored lazily, and machines recognise duplicates.

mod file;
mod ledger;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::api::{Done, ReadFault};
use crate::database::{File, FileOptions, OpenFault, Source, Trouble};
use crate::group::{Drive, Writer};
use crate::limits::DELIVERY_BODY_MAX;
use crate::tables::stamp;

pub(crate) use file::{FORMAT as INBOX_FORMAT, Progress, TABLE as DELIVERIES, decode, read_ledger, read_progress};
use file::{InboxCommit, Item};
use ledger::Ledger;

/// How the inbox is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InboxOptions {
    /// `inbox.redb`: cache and durability.
    pub file: FileOptions,
    /// Bytes of deliveries that are not done; beyond them appends are `Overloaded`.
    pub bytes_max: u64,
    /// Age of the oldest delivery that is not done; beyond it appends are `Overloaded`.
    pub age_max: Duration,
}

impl Default for InboxOptions {
    fn default() -> Self {
        Self { file: FileOptions::default(), bytes_max: 2 << 30, age_max: Duration::from_secs(6 * 60 * 60) }
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

/// The inbox file and its writer.
pub struct Inbox {
    writer: Writer<InboxCommit>,
    ledger: Arc<Mutex<Ledger>>,
    file: Arc<File>,
    options: InboxOptions,
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Inbox {
    /// Opens or makes the file and starts the writer. Reads what is not done, for its sizes.
    ///
    /// # Errors
    /// As [`OpenFault`] says.
    pub fn open(source: Source, options: InboxOptions, drive: Drive) -> Result<Self, OpenFault> {
        let file = Arc::new(File::open(source, options.file)?);
        stamp(&file, INBOX_FORMAT, file::make)?;
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let commit = InboxCommit::open(Arc::clone(&file), Arc::clone(&ledger))?;
        Ok(Self { writer: Writer::open(commit, drive), ledger, file, options })
    }

    /// Takes a delivery; `done` gets its number once it is durable. `received_at` in ms since 1970. A clone of the
    /// body stays with the caller, so that nothing is read back.
    pub fn append(&self, body: impl Into<Bytes>, received_at: i64, done: Done<u64, InboxFault>) {
        let body = body.into();
        let bytes = body.len();
        if bytes > DELIVERY_BODY_MAX || !self.ledger().admit(bytes, received_at, self.options) {
            return done(Err(InboxFault::Overloaded));
        }
        let ledger = Arc::clone(&self.ledger);
        self.writer.append(
            Item::Deliver { body, received_at },
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
        self.writer.append(Item::Flush, Box::new(|_| {}));
    }

    /// Asks the writer to drop forgotten deliveries received before this instant, a bounded number with each commit.
    pub fn prune(&self, before_received_at: i64) {
        self.writer.append(Item::Prune { before_received_at }, Box::new(|_| {}));
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
        let read = self.file.read()?;
        let table = read.open_table(DELIVERIES).map_err(Trouble::from)?;
        let mut deliveries = Vec::with_capacity(seqs.len());
        for seq in seqs {
            match file::get(&table, seq)? {
                Some(delivery) => deliveries.push(delivery),
                // Forgotten and pruned since the numbers were taken.
                None if self.ledger().is_forgotten(seq) => {}
                None => return Err(ReadFault::Damaged { position: seq, what: "a delivery is missing".to_owned() }),
            }
        }
        Ok(deliveries)
    }

    /// One delivery, done or not; `None` where there is none (any more).
    ///
    /// # Errors
    /// [`ReadFault`], its position being the delivery's number.
    pub fn get(&self, seq: u64) -> Result<Option<Delivery>, ReadFault> {
        let read = self.file.read()?;
        file::get(&read.open_table(DELIVERIES).map_err(Trouble::from)?, seq)
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

    /// Takes nothing more, commits what waits, stores what was forgotten and lets go of the file.
    pub fn close(&self) {
        self.writer.close();
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const THREAD: Drive = Drive::Thread { name: "inbox", queue_max: 1024 };

    fn open(dir: &tempfile::TempDir, drive: Drive) -> Inbox {
        open_with(dir, InboxOptions::default(), drive)
    }

    fn open_with(dir: &tempfile::TempDir, options: InboxOptions, drive: Drive) -> Inbox {
        Inbox::open(Source::Path(dir.path().join("inbox.redb")), options, drive).unwrap()
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
        let options = InboxOptions { bytes_max: 1000, age_max: Duration::from_millis(50), ..InboxOptions::default() };
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
        let opened = Inbox::open(Source::Path(path.clone()), InboxOptions::default(), Drive::Inline);
        assert!(matches!(opened, Err(OpenFault::Damaged { .. })), "{opened:?}");
        std::fs::remove_file(&path).unwrap();
        let database = redb::Database::create(&path).unwrap();
        let write = database.begin_write().unwrap();
        write.open_table(crate::tables::META).unwrap().insert("format", INBOX_FORMAT + 1).unwrap();
        write.commit().unwrap();
        drop(database);
        let opened = Inbox::open(Source::Path(path), InboxOptions::default(), Drive::Inline);
        assert!(
            matches!(opened, Err(OpenFault::Newer { found, known }) if found == INBOX_FORMAT + 1 && known == INBOX_FORMAT)
        );
    }

    #[test]
    fn a_second_process_is_told_that_it_is_locked() {
        let dir = tempfile::tempdir().unwrap();
        let _inbox = open(&dir, Drive::Inline);
        let second = Inbox::open(Source::Path(dir.path().join("inbox.redb")), InboxOptions::default(), Drive::Inline);
        assert!(matches!(second, Err(OpenFault::Locked)), "{second:?}");
    }
}
