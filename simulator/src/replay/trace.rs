//! The trace of the actors depth: the journal is read before anything else is noted, so that the lines stand in the order
//! in which things became true. What is told, and how, stands in `witness`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use journal::{Journal, JournalFile, Position, ReadFault, StoredBatch};
use model::{MachineId, Timestamp};

use super::fields::Manner;
use crate::chronicle::Chronicle;
use crate::fault::trouble::Trouble;
use crate::witness::Witness;

/// Batches read in one go.
const CHUNK: usize = 1_024;

/// Watches a journal and what is noted between its batches. Clones are the same.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Mutex<Recording>>);

struct Recording {
    witness: Witness,
    journal: Option<Arc<JournalFile>>,
    after: Position,
    trouble: Option<anyhow::Error>,
    faults: Trouble,
    /// The journal could not be read when it was tried last.
    blind: bool,
}

impl Recorder {
    /// Nothing was seen yet.
    pub(crate) fn new(witness: Witness) -> Self {
        Self::under(witness, Trouble::default())
    }

    /// Nothing was seen yet; the journal may fail.
    pub(crate) fn under(witness: Witness, faults: Trouble) -> Self {
        let after = Position::default();
        let recording = Recording { witness, journal: None, after, trouble: None, faults, blind: false };
        Self(Arc::new(Mutex::new(recording)))
    }

    /// The journal to read from now on.
    pub(crate) fn follow(&self, journal: Arc<JournalFile>) {
        self.recording().journal = Some(journal);
    }

    /// The journal is gone until the next one is followed.
    pub(crate) fn unfollow(&self) {
        self.recording().journal = None;
    }

    /// The journal was not there, and is again.
    pub(crate) fn sees(&self) {
        let mut recording = self.recording();
        recording.blind = true;
        recording.catch_up();
    }

    /// Notes something behind whatever is durable by now.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Witness)) {
        let mut recording = self.recording();
        recording.catch_up();
        note(&mut recording.witness);
    }

    /// Something comes in.
    pub(crate) fn comes(&self, at: Timestamp, who: Option<&MachineId>, what: impl FnOnce(&Manner) -> String) {
        self.note(|witness| witness.comes(at, who, what));
    }

    /// Looks at what was seen so far.
    ///
    /// # Errors
    /// Where the journal could not be read, now or earlier.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Witness) -> T) -> anyhow::Result<T> {
        let mut recording = self.recording();
        recording.catch_up();
        match recording.trouble.take() {
            Some(trouble) => Err(trouble),
            None => Ok(look(&mut recording.witness)),
        }
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    /// Reads whatever is new in the journal.
    fn catch_up(&mut self) {
        while let Some(journal) = self.journal.clone().filter(|_| self.trouble.is_none()) {
            if self.faults.has_fallen() {
                return self.loses_sight();
            }
            let batches = match journal.tail(self.after, CHUNK) {
                Ok(batches) if batches.is_empty() => {
                    if core::mem::take(&mut self.blind) {
                        self.witness.tell(Chronicle::sees);
                    }
                    return;
                }
                Ok(batches) => batches,
                Err(ReadFault::Unavailable(_)) if self.faults.is_on() => return self.loses_sight(),
                Err(fault) => {
                    self.trouble = Some(anyhow::Error::new(fault).context("reading the journal"));
                    return;
                }
            };
            for batch in batches {
                self.after = batch.position;
                if let Err(fault) = self.take(&batch) {
                    self.trouble = Some(fault.context(format!("reading the journal at {}", batch.position.0)));
                    return;
                }
            }
        }
    }

    fn loses_sight(&mut self) {
        self.blind = true;
        self.witness.tell(Chronicle::is_blind);
    }

    fn take(&mut self, batch: &StoredBatch) -> anyhow::Result<()> {
        let machine: MachineId = core::str::from_utf8(&batch.key).context("a machine's name")?.parse()?;
        self.witness.batch(&machine, batch)
    }
}
