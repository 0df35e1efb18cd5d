//! Read models for lists, pages and event streams, folded from the journal into a file of their own.
//!
//! A cache: it can be deleted at any time and is rebuilt from the journal, so most of its commits are not synced
//! ([`Durability::None`](redb::Durability::None)); one in [`ROUNDS_PER_SYNC`] is, which bounds what a crash makes it
//! fold again. Nothing decides by it: commands go to the machines, transcripts are folded from a machine's own journal.
//! It holds names and last lines in the clear, so it stays out of backups and erasing a customer rebuilds it.
//!
//! Invariants: rows and position change in one commit; folding the same journal gives the same rows in rounds of any
//! length; a view that cannot be read is thrown away and folded anew, with a warning, and never stops the node.

mod brief;
mod changes;
mod dead;
mod file;
mod fold;
mod happening;
mod parts;
mod query;
mod round;
mod row;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use journal::{Journal, OpenFault, Position, ReadFault, Source, StoredBatch};
use machine::AccountFacts;
use model::{CommentId, MachineId, PageId};
use tokio::sync::watch;

use changes::Ring;
use file::{Chunk, File};
use query::Query;

pub use changes::{CHANGES_MAX, Changed, Changes};
pub use dead::{DeadFilter, DeadLetter, DeadLetters, is_dead};
pub use query::{ConversationFilter, ConversationList, HappeningList, ReplyPart, ReplyStates};
pub use row::{ConversationRow, HappeningRow, LastBy, PageRow, PartCounts, PausedSends, Totals};

/// Most entries of one page, whatever was asked for.
pub const PAGE_MAX: usize = 500;
/// Most rows that one call looks at for a list with a filter.
pub const SCAN_MAX: usize = 20_000;
/// Most comments that one call of [`View::reply_states`] answers for.
pub const COMMENTS_MAX: usize = 2_000;
/// One round in so many is synced, sooner where rounds are long.
pub const ROUNDS_PER_SYNC: u32 = 256;
/// After so many batches a round is synced: they are folded again, at tens of thousands a second, after a crash.
const FOLDED_PER_SYNC: u64 = 1_000_000;

/// Batches read from the journal in one go: what a round holds of them at the same time.
const CHUNK_MAX: usize = 1_024;

/// How a view is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ViewOptions {
    /// Bytes of the page cache.
    pub cache_bytes: usize,
    /// Which life of which store the journal is (its incarnation, say). A view of another one is thrown away.
    pub stamp: u64,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self { cache_bytes: 32 << 20, stamp: 0 }
    }
}

/// The view cannot answer now.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ViewFault {
    /// The view's file fails; the next round opens it again or starts over.
    #[error("the view cannot be read: {0}")]
    Storage(String),
    /// The journal cannot be read.
    #[error("the journal cannot be read for the view: {0}")]
    Journal(#[from] ReadFault),
    /// A page cursor that this view never gave.
    #[error("the page cursor is not one of this view")]
    CursorUnfit,
}

/// Lists and states for pages. One follower calls [`View::catch_up`]; anybody reads.
pub struct View {
    file: File,
    follower: Mutex<Follower>,
    ring: Mutex<Ring>,
    newest: watch::Sender<Position>,
}

/// What only the one who folds needs.
#[derive(Debug, Default)]
struct Follower {
    rounds_since_sync: u32,
    /// Batches folded since then.
    folded_since_sync: u64,
}

impl Follower {
    fn sync_is_due(&self) -> bool {
        self.rounds_since_sync >= ROUNDS_PER_SYNC || self.folded_since_sync >= FOLDED_PER_SYNC
    }

    fn synced(&mut self) {
        *self = Self::default();
    }
}

impl core::fmt::Debug for View {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("View").field("position", &*self.newest.borrow()).finish_non_exhaustive()
    }
}

impl View {
    /// Opens a view, or starts an empty one where there is none, or where it is damaged, of another version or stamp.
    /// Fails only where the file system refuses or another process has the file.
    pub fn open(source: Source, options: ViewOptions) -> Result<Self, OpenFault> {
        let (file, position) = File::open(source, options)?;
        Ok(Self {
            file,
            follower: Mutex::default(),
            ring: Mutex::new(Ring::starting_at(position)),
            newest: watch::Sender::new(position),
        })
    }

    /// Folds up to `limit` more batches in one commit, or fewer where they touch many rows, and says where the view stands
    /// then. Caught up where that is the journal's last.
    pub fn catch_up(&self, journal: &dyn Journal, limit: usize) -> Result<Position, ViewFault> {
        let mut follower = lock(&self.follower);
        let at = self.file.position()?;
        if at > journal.last() {
            tracing::warn!(view = at.0, journal = journal.last().0, "the view is ahead of the journal: it starts over");
            self.start_over(&mut follower)?;
        }
        let after = self.file.position()?;
        if after < self.position() {
            // The file was opened again after a failure and has lost rounds that were not synced.
            *lock(&self.ring) = Ring::starting_at(after);
        }
        let mut reading = Reading { journal, at: after, left: limit.max(1), fault: None };
        let Some(first) = reading.next() else { return reading.fault.map_or(Ok(after), |fault| Err(fault.into())) };
        follower.rounds_since_sync += 1;
        let sync = follower.sync_is_due();
        // What stopped the reading in the middle is met again, and told, by the next round.
        let folded = self.file.fold(core::iter::once(first).chain(reading), after, sync)?;
        follower.folded_since_sync += folded.end.0.saturating_sub(after.0);
        if sync {
            follower.synced();
        }
        lock(&self.ring).note(folded.changed, folded.end);
        self.newest.send_replace(folded.end);
        Ok(folded.end)
    }

    /// Syncs what was folded, so that a start has nothing to fold again.
    pub fn flush(&self) -> Result<(), ViewFault> {
        let mut follower = lock(&self.follower);
        if follower.rounds_since_sync > 0 {
            self.file.fold(core::iter::empty(), self.file.position()?, true)?;
            follower.synced();
        }
        Ok(())
    }

    /// Throws everything away; [`View::catch_up`] folds it anew from the journal's beginning.
    pub fn rebuild(&self) -> Result<(), ViewFault> {
        self.start_over(&mut lock(&self.follower))
    }

    fn start_over(&self, follower: &mut Follower) -> Result<(), ViewFault> {
        self.file.start_over()?;
        follower.synced();
        *lock(&self.ring) = Ring::starting_at(Position::default());
        self.newest.send_replace(Position::default());
        Ok(())
    }

    /// How far the view has folded, told anew after each round.
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.newest.subscribe()
    }

    /// Which machines changed after a position, the newest change of each, in order.
    pub fn changes_since(&self, after: Position) -> Changes {
        lock(&self.ring).since(after)
    }

    /// One page of conversations, the newest activity first. `after` is the `next` of the page before.
    pub fn conversations(
        &self,
        filter: &ConversationFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ConversationList, ViewFault> {
        self.query()?.conversations(filter, after, limit)
    }

    /// One conversation; `None` for one that is not known, and for machines of other kinds.
    pub fn conversation(&self, machine: &MachineId) -> Result<Option<ConversationRow>, ViewFault> {
        self.query()?.conversation(machine)
    }

    /// Where the parts of these comments stand. Comments that became no reply are missing. At most [`COMMENTS_MAX`].
    pub fn reply_states(&self, comments: &[CommentId]) -> Result<ReplyStates, ViewFault> {
        self.query()?.reply_states(comments)
    }

    /// Every Page of which something is known, by id.
    pub fn pages(&self) -> Result<Vec<PageRow>, ViewFault> {
        self.query()?.pages()
    }

    /// One page of what happened on the Pages themselves, the newest first. `after` is the `next` of the page before.
    pub fn happenings(
        &self,
        page: Option<&PageId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<HappeningList, ViewFault> {
        self.query()?.happenings(page, after, limit)
    }

    /// Some of the messages about which a person is to decide, by Page and customer. `after` is the `next` of the page
    /// before.
    pub fn dead_letters(
        &self,
        filter: &DeadFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<DeadLetters, ViewFault> {
        self.query()?.dead_letters(filter, after, limit)
    }

    /// The account's settings as journaled last; the defaults before they were ever configured.
    pub fn account(&self) -> Result<AccountFacts, ViewFault> {
        self.query()?.account()
    }

    /// Sums over the node since the journal's beginning.
    pub fn totals(&self) -> Result<Totals, ViewFault> {
        self.query()?.totals()
    }

    /// How far the view has folded.
    pub fn position(&self) -> Position {
        *self.newest.borrow()
    }

    fn query(&self) -> Result<Query, ViewFault> {
        Ok(Query::new(self.file.read()?))
    }
}

/// The journal after a position, in chunks, up to a number of batches or a fault.
struct Reading<'j> {
    journal: &'j dyn Journal,
    at: Position,
    left: usize,
    fault: Option<ReadFault>,
}

impl Iterator for Reading<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        if self.left == 0 {
            return None;
        }
        match readable(self.journal, self.at, self.left.min(CHUNK_MAX)) {
            Ok((batches, end)) if end > self.at => {
                self.at = end;
                self.left = self.left.saturating_sub(batches.len().max(1));
                Some(Chunk { batches, end })
            }
            Ok(_) => {
                self.left = 0;
                None
            }
            Err(fault) => {
                self.left = 0;
                self.fault = Some(fault);
                None
            }
        }
    }
}

/// Reads the next batches. One that cannot be read is passed over, loudly: the view is for the eye, the machine it
/// belongs to finds the damage by itself.
fn readable(journal: &dyn Journal, after: Position, limit: usize) -> Result<(Vec<StoredBatch>, Position), ReadFault> {
    let mut limit = limit;
    loop {
        match journal.tail(after, limit) {
            Ok(batches) => {
                let end = batches.last().map_or(after, |batch| batch.position);
                return Ok((batches, end));
            }
            Err(ReadFault::Damaged { .. } | ReadFault::KeyGone { .. }) if limit > 1 => limit /= 2,
            Err(ReadFault::Damaged { position, .. } | ReadFault::KeyGone { position }) if position > after.0 => {
                tracing::error!(position, "a batch cannot be read: the view goes on without it");
                return Ok((Vec::new(), Position(position)));
            }
            Err(fault) => return Err(fault),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
