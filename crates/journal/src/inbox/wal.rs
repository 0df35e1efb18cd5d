//! `inbox.wal`: the writer whose sync a 200 waits for. One group is one write and one sync, and it is written over in turn.
//!
//! Two halves of one file whose blocks are on the disk from the beginning; their bytes are in `frame`. A full half is
//! begun anew once the shelf holds everything in it. Knows no rows.
//! Invariants: a number is never given twice, also after a write that failed; what was acknowledged is never written
//! over before it has its row, and after a failure all of it gets its row before the file is opened again; a delivery
//! answered `Unavailable` may be found after a crash and is offered then: its sender sends it again, and machines
//! recognise the duplicate.

use std::fs::{File as Plain, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use redb::StorageBackend;
use redb::backends::FileBackend;
use sabotage::{Defect, on};

use super::file::{Errand, ShelfCommit};
use super::frame::{self, FILE_HEAD, FileHead, HALF_HEAD, Scan, file_head, read_file_head};
use super::ledger::Ledger;
use super::tail::Tail;
use super::{Delivery, InboxFault, lock};
use crate::database::{CommitPoints, Durability, OpenFault, Source};
use crate::group::{Commit, Writer};
use crate::guard::comes_to;

/// A delivery to be kept.
pub(super) struct Deliver {
    /// Its bytes.
    pub(super) body: Bytes,
    /// When it came, ms since 1970.
    pub(super) received_at: i64,
}

/// What a file held when it was opened.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Every delivery in it, in order, also those that have their row.
    pub(crate) deliveries: Vec<Delivery>,
    /// Places that hold none although others follow.
    pub(crate) gaps: Vec<u64>,
    /// It was never begun, or what it held is gone.
    pub(crate) is_blank: bool,
    generation: u64,
}

impl Found {
    fn blank() -> Self {
        Self { is_blank: true, ..Self::default() }
    }

    /// The fault of a blank log in front of rows that say it was begun.
    ///
    /// # Errors
    /// [`OpenFault::Damaged`].
    pub(crate) fn expect_begun(&self, was_begun: bool) -> Result<(), OpenFault> {
        if self.is_blank && was_begun {
            let what = "it was begun and is empty now, or begins with nothing: deliveries that lay in it are lost";
            return Err(OpenFault::Damaged { what: what.to_owned() });
        }
        Ok(())
    }
}

/// The open file.
pub(super) struct Wal {
    source: Source,
    half: u64,
    durability: Durability,
    storage: Option<Box<dyn StorageBackend>>,
}

impl Wal {
    /// Opens or makes the file and reads what it holds. `was_begun`: the rows say that there was one.
    pub(super) fn open(
        source: Source,
        half: u64,
        durability: Durability,
        was_begun: bool,
    ) -> Result<(Self, Found), OpenFault> {
        let storage = open_storage(&source).map_err(OpenFault::Io)?;
        let found = behind(head(&*storage)?, |offset, out| storage.read(offset, out), length(&*storage)?)?;
        found.expect_begun(was_begun)?;
        Ok((Self { source, half, durability, storage: Some(storage) }, found))
    }

    /// Gives every byte its place on the disk, unless that was done for halves of this size. Only where everything in
    /// the file has its row.
    pub(super) fn prepare(&mut self) -> Result<(), OpenFault> {
        let storage = self.storage()?;
        if matches!(head(storage)?, FileHead::Halves(half) if half == self.half) {
            return Ok(());
        }
        write_ahead(storage, FILE_HEAD as u64 + 2 * self.half, self.half).map_err(OpenFault::Io)
    }

    /// Writes and syncs.
    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let storage = self.storage.as_ref().ok_or_else(|| io::Error::other("the file is closed"))?;
        storage.write(offset, bytes)?;
        match self.durability {
            Durability::Durable => storage.sync_data(),
            Durability::Eventual => Ok(()),
        }
    }

    /// Opens the file again. Only where everything in it has its row.
    fn reopen(&mut self) -> Result<(), OpenFault> {
        self.close();
        self.storage = Some(open_storage(&self.source).map_err(OpenFault::Io)?);
        self.prepare()
    }

    fn close(&mut self) {
        if let Some(storage) = self.storage.take()
            && let Err(fault) = storage.close()
        {
            tracing::warn!(%fault, "inbox.wal was not closed in order");
        }
    }

    fn storage(&self) -> Result<&dyn StorageBackend, OpenFault> {
        self.storage.as_deref().ok_or_else(|| OpenFault::Io(io::Error::other("inbox.wal is closed")))
    }
}

/// What a file beside a running node holds.
///
/// # Errors
/// [`OpenFault`], also where there is none or the file is not one of ours.
pub(crate) fn read_file(path: &Path) -> Result<Found, OpenFault> {
    let file = match Plain::open(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Err(OpenFault::Missing),
        opened => opened.map_err(OpenFault::Io)?,
    };
    let length = file.metadata().map_err(OpenFault::Io)?.len();
    let mut bytes = vec![0; FILE_HEAD.min(usize::try_from(length).unwrap_or(FILE_HEAD))];
    file.read_exact_at(&mut bytes, 0).map_err(OpenFault::Io)?;
    behind(read_file_head(&bytes), |offset, out| file.read_exact_at(out, offset), length)
}

const DAMAGED: &str = "it does not begin as the log of an inbox does";

/// What a file of this length holds behind this head.
fn behind(head: FileHead, read: impl Fn(u64, &mut [u8]) -> io::Result<()>, length: u64) -> Result<Found, OpenFault> {
    match head {
        FileHead::Blank => Ok(Found::blank()),
        FileHead::Unfinished => Ok(Found::default()),
        FileHead::Halves(half) => {
            let whole = half.checked_mul(2).and_then(|halves| halves.checked_add(FILE_HEAD as u64));
            if whole != Some(length) {
                let whole = whole.map_or_else(|| "more than there can be".to_owned(), |whole| whole.to_string());
                let what =
                    format!("it has {length} bytes and should have {whole}: deliveries may be lost with the rest");
                return Err(OpenFault::Damaged { what });
            }
            found(half, read, length).map_err(OpenFault::Io)
        }
        FileHead::Newer(found) => Err(OpenFault::Newer { found: found.into(), known: frame::VERSION.into() }),
        FileHead::Damaged => Err(OpenFault::Damaged { what: DAMAGED.to_owned() }),
    }
}

fn open_storage(source: &Source) -> io::Result<Box<dyn StorageBackend>> {
    match source {
        Source::Backend(factory) => factory(),
        Source::Path(path) => {
            comes_to(path);
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
            Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
        }
    }
}

fn length(storage: &dyn StorageBackend) -> Result<u64, OpenFault> {
    storage.len().map_err(OpenFault::Io)
}

fn head(storage: &dyn StorageBackend) -> Result<FileHead, OpenFault> {
    let length = usize::try_from(length(storage)?).unwrap_or(FILE_HEAD);
    let mut bytes = vec![0; FILE_HEAD.min(length)];
    storage.read(0, &mut bytes).map_err(OpenFault::Io)?;
    Ok(read_file_head(&bytes))
}

/// Reads both halves, the older first.
fn found(half: u64, read: impl Fn(u64, &mut [u8]) -> io::Result<()>, length: u64) -> io::Result<Found> {
    let mut scans: Vec<(u64, Scan)> = Vec::new();
    for start in [FILE_HEAD as u64, FILE_HEAD as u64 + half] {
        let there = half.min(length.saturating_sub(start));
        let mut bytes = vec![0; usize::try_from(there).map_err(io::Error::other)?];
        read(start, &mut bytes)?;
        scans.push((start, frame::scan(&Bytes::from(bytes))));
    }
    scans.sort_by_key(|(_, scan)| scan.generation);
    let mut found = Found::default();
    for (start, scan) in scans {
        found.generation = scan.generation;
        found.deliveries.extend(scan.frames);
        found.gaps.extend(scan.gaps.iter().map(|at| start + *at as u64));
    }
    Ok(found)
}

/// Zeros over the whole file, then its head. Meanwhile the head says that it is unfinished, so that it never looks as if
/// it had been emptied. Page by page, so that the kernel keeps single pages of it: of a large one every byte would be
/// written again whenever a part of it is.
fn write_ahead(storage: &dyn StorageBackend, length: u64, half: u64) -> io::Result<()> {
    if storage.len()? < FILE_HEAD as u64 {
        // Longer before anything is in it: a short file that is not blank is damage.
        storage.set_len(FILE_HEAD as u64)?;
        storage.sync_data()?;
    }
    storage.write(0, &file_head(frame::UNFINISHED))?;
    storage.sync_data()?;
    storage.set_len(FILE_HEAD as u64)?;
    storage.sync_data()?;
    storage.set_len(length)?;
    for page in 1..length.div_ceil(FILE_HEAD as u64) {
        let offset = page * FILE_HEAD as u64;
        let bytes = usize::try_from((length - offset).min(FILE_HEAD as u64)).unwrap_or(FILE_HEAD);
        storage.write(offset, &[0; FILE_HEAD][..bytes])?;
    }
    storage.sync_data()?;
    storage.write(0, &file_head(half))?;
    storage.sync_data()
}

/// The committing half of the log.
pub(super) struct WalCommit {
    wal: Wal,
    shelf: Writer<ShelfCommit>,
    ledger: Arc<Mutex<Ledger>>,
    tail: Arc<Mutex<Tail>>,
    next_seq: u64,
    generation: u64,
    /// Which half is written.
    active: usize,
    /// Where in it, from its start.
    at: u64,
    /// The newest number acknowledged in each half.
    newest: [u64; 2],
    /// The file is open and agrees with what is known of it here.
    ready: bool,
    /// Frames of the group that are not written yet, and their deliveries.
    buffer: Vec<u8>,
    staged: Vec<Delivery>,
}

impl WalCommit {
    /// Takes over a file in which everything has its row.
    pub(super) fn new(
        wal: Wal,
        found: &Found,
        next_seq: u64,
        shelf: Writer<ShelfCommit>,
        ledger: Arc<Mutex<Ledger>>,
        tail: Arc<Mutex<Tail>>,
    ) -> Self {
        let mut commit = Self {
            wal,
            shelf,
            ledger,
            tail,
            next_seq,
            generation: found.generation,
            active: 0,
            at: 0,
            newest: [0; 2],
            ready: true,
            buffer: Vec::new(),
            staged: Vec::new(),
        };
        commit.begin(0);
        commit
    }

    /// Begins a half; its head goes along with its first group.
    fn begin(&mut self, half: usize) {
        self.generation += 1;
        self.active = half;
        self.at = 0;
        self.newest[half] = 0;
        frame::write_half_head(self.generation, &mut self.buffer);
    }

    /// Goes on in the other half, once everything in it has its row.
    fn turn(&mut self) -> bool {
        let other = 1 - self.active;
        let free = self.shelved_through(self.newest[other]);
        if free {
            self.begin(other);
        }
        free
    }

    /// Whether everything up to here has its row; if not, waits for the shelf to take all there is.
    fn shelved_through(&self, seq: u64) -> bool {
        let is_shelved = || seq == 0 || lock(&self.tail).is_shelved(seq);
        if is_shelved() {
            return true;
        }
        let (told, answer) = channel();
        self.shelf.append(
            Errand::Shelve,
            Box::new(move |done| {
                // Nobody waits any more where the caller's thread is gone.
                let _ = told.send(done.is_ok());
            }),
        );
        answer.recv() == Ok(true) && is_shelved()
    }

    /// Adds a delivery to the group, in the next half where this one is full.
    fn stage(&mut self, item: Deliver) -> bool {
        let length = frame::frame_length(item.body.len()) as u64;
        if self.at + self.buffer.len() as u64 + length > self.wal.half && !(self.write() && self.turn()) {
            return false;
        }
        let seq = self.next_seq;
        self.next_seq += 1;
        frame::write_frame(self.generation, seq, item.received_at, &item.body, &mut self.buffer);
        self.staged.push(Delivery { seq, received_at: item.received_at, body: item.body });
        true
    }

    /// Makes what is staged durable, then known.
    fn write(&mut self) -> bool {
        if self.staged.is_empty() {
            return true;
        }
        CommitPoints::Inbox.before();
        let start = FILE_HEAD as u64 + self.active as u64 * self.wal.half;
        let later = on(Defect::AckBeforeDurable);
        if !later && let Err(fault) = self.wal.write(start + self.at, &self.buffer) {
            tracing::error!(%fault, "inbox.wal cannot be written");
            return false;
        }
        CommitPoints::Inbox.after();
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        let mut ledger = lock(&self.ledger);
        let mut tail = lock(&self.tail);
        for delivery in self.staged.drain(..) {
            self.newest[self.active] = delivery.seq;
            ledger.stored(delivery.seq, delivery.received_at, delivery.body.len());
            tail.push(delivery);
        }
        let ask = tail.ask();
        drop((ledger, tail));
        if ask {
            self.shelf.append(Errand::Shelve, Box::new(|_| {}));
        }
        true
    }

    /// Opens the file again, once everything acknowledged has its row: what of the failed group lies in the file, and
    /// whether the file is still the same, nobody knows.
    fn reopen(&mut self) -> bool {
        self.buffer.clear();
        self.staged.clear();
        if !self.shelved_through(self.newest[0].max(self.newest[1])) {
            return false;
        }
        if let Err(fault) = self.wal.reopen() {
            tracing::error!(%fault, "inbox.wal cannot be opened again");
            return false;
        }
        self.begin(1 - self.active);
        true
    }
}

impl Commit for WalCommit {
    type Append = Deliver;
    type Ack = u64;
    type Fault = InboxFault;

    fn commit(&mut self, group: Vec<Deliver>) -> Vec<Result<u64, InboxFault>> {
        let length = group.len();
        let first = self.next_seq;
        let mut answers = Vec::with_capacity(length);
        if self.ready || self.reopen() {
            self.ready = group.into_iter().all(|item| self.stage(item)) && self.write();
            // Whatever was staged and is no longer has become durable.
            let durable = self.next_seq - self.staged.len() as u64;
            answers.extend((first..durable).map(Ok));
        }
        debug_assert!(answers.len() <= length, "one answer for each");
        answers.resize(length, Err(InboxFault::Unavailable));
        answers
    }

    fn full() -> InboxFault {
        InboxFault::Unavailable
    }

    fn recover(&mut self) {
        self.ready = false;
    }

    fn weight(item: &Deliver) -> usize {
        item.body.len()
    }

    fn close(&mut self) {
        self.wal.close();
    }
}

/// Bytes of the longest body that a half can hold.
pub(super) fn body_max(half: u64) -> usize {
    let frames = half.saturating_sub((HALF_HEAD + frame::frame_length(0)) as u64 + 8);
    usize::try_from(frames).unwrap_or(usize::MAX)
}
