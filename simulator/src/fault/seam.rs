//! What stands between the real tree and the real journal at the actors depth: commits that are refused, lost, delayed or
//! late, actors that panic over a batch, and the fall of the process behind a commit.
//!
//! Decides nothing: [`Trouble`] says what becomes of a batch. Invariant: without trouble a batch passes as it came, and
//! answers of one machine keep the order of its batches.

use std::panic::resume_unwind;
use std::sync::Arc;

use actors::Clock as _;
use journal::{
    AppendFault, Appended, Batch, Done, Due, History, Journal, OpenEffect, Position, ReadFault, StoredBatch,
};

use super::Fate;
use super::trouble::{Ruling, Trouble};
use crate::replay::clock::PausedClock;

/// A journal with trouble in front of it.
pub(crate) struct Seam {
    journal: Arc<dyn Journal>,
    trouble: Trouble,
    clock: PausedClock,
}

impl Seam {
    pub(crate) fn new(journal: Arc<dyn Journal>, trouble: Trouble, clock: PausedClock) -> Self {
        Self { journal, trouble, clock }
    }

    /// As [`Journal::append`]; whoever waits hears nothing where the process falls over it.
    fn store(&self, batch: Batch, done: Done<Appended, AppendFault>) {
        let trouble = self.trouble.clone();
        let told = move |fate: Result<Appended, AppendFault>| {
            let is_dead = if fate.is_ok() { trouble.stored() } else { trouble.has_fallen() };
            if !is_dead {
                done(fate);
            }
        };
        self.journal.append(batch, Box::new(told));
    }
}

impl Journal for Seam {
    fn append(&self, batch: Batch, done: Done<Appended, AppendFault>) {
        if !self.trouble.is_on() {
            return self.journal.append(batch, done);
        }
        match self.trouble.commit(&batch.key, self.clock.now()) {
            Ruling::Goes => self.store(batch, done),
            Ruling::Late(until) => {
                let clock = self.clock;
                let later = move |fate| {
                    // What is committed while the process falls has nobody who waits.
                    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
                    runtime.spawn(async move {
                        clock.reaches(until).await;
                        done(fate);
                    });
                };
                self.store(batch, Box::new(later));
            }
            Ruling::Fated(Fate::Refused) => done(Err(AppendFault::Unavailable)),
            Ruling::Fated(Fate::Lost) => done(Err(AppendFault::Unknown)),
            Ruling::Fated(Fate::Delayed) => {
                self.store(batch, Box::new(|fate| done(fate.and(Err(AppendFault::Unknown)))));
            }
            // Without the hook, which would write to standard error what was ordered.
            Ruling::Panics => resume_unwind(Box::new("a panic that the scenario ordered".to_owned())),
            Ruling::Dead => {}
        }
    }

    fn read(&self, key: &[u8], use_snapshot: bool) -> Result<History, ReadFault> {
        self.journal.read(key, use_snapshot)
    }

    fn tail(&self, after: Position, limit: usize) -> Result<Vec<StoredBatch>, ReadFault> {
        self.journal.tail(after, limit)
    }

    fn batch(&self, position: Position) -> Result<Option<StoredBatch>, ReadFault> {
        self.journal.batch(position)
    }

    fn open_effects(&self, after: Option<OpenEffect>, limit: usize) -> Result<Vec<OpenEffect>, ReadFault> {
        self.journal.open_effects(after, limit)
    }

    fn due(&self, until: i64, after: Option<&Due>, limit: usize) -> Result<Vec<Due>, ReadFault> {
        self.journal.due(until, after, limit)
    }

    fn next_due(&self) -> Result<Option<i64>, ReadFault> {
        self.journal.next_due()
    }

    fn last(&self) -> Position {
        self.journal.last()
    }
}
