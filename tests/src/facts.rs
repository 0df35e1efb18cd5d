//! What the journal says, folded: each conversation's items, answers and sends, each Page's events.
//!
//! Reads through the machines' codecs alone, from a running node's journal or from a store directory. Decides nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Context as _;
use journal::{Journal, Position, ReadOnlyJournal, StoredBatch};
use machine::Machine as _;
use machine::conversation::{Conversation, Event, State};
use machine::page::{self, Page};
use model::{MachineId, PageId, Psid};

/// Batches read in one go.
const ROUND: usize = 4_096;

/// What one conversation's journal says.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The state that its events make.
    pub state: State,
    /// All of its events, in order; event number n stands at n - 1.
    pub events: Vec<Event>,
}

/// What a journal says. Grows by following it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Every conversation.
    pub talks: BTreeMap<MachineId, Talk>,
    /// Every Page.
    pub pages: BTreeMap<MachineId, Vec<page::Event>>,
    /// Batches read so far.
    pub batches: u64,
    reached: Position,
}

impl Facts {
    /// Reads on to the end of a journal in this process.
    ///
    /// # Errors
    /// Where the journal cannot be read or a record cannot be decoded.
    pub fn follow(&mut self, journal: &dyn Journal) -> anyhow::Result<()> {
        loop {
            let batches = journal.tail(self.reached, ROUND)?;
            if batches.is_empty() {
                return Ok(());
            }
            batches.into_iter().try_for_each(|batch| self.fold(batch))?;
        }
    }

    /// Reads on to the end of a store directory, beside a running node too.
    ///
    /// # Errors
    /// As [`Facts::follow`].
    pub fn follow_dir(&mut self, dir: &Path) -> anyhow::Result<()> {
        let journal = ReadOnlyJournal::open(dir)?;
        let mut fault = None;
        let from = Position(self.reached.0 + 1);
        journal.each(b"", from..=Position(u64::MAX), |batch| {
            match batch.map_err(anyhow::Error::from).and_then(|batch| self.fold(batch)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    fault = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        fault.map_or(Ok(()), Err)
    }

    fn fold(&mut self, batch: StoredBatch) -> anyhow::Result<()> {
        self.reached = batch.position;
        self.batches += 1;
        let id: MachineId = core::str::from_utf8(&batch.key)?.parse().map_err(anyhow::Error::new)?;
        for stored in batch.records {
            let (kind, version, body) = (stored.record.kind, stored.record.version, &stored.record.body);
            match &id {
                MachineId::Conversation(..) => {
                    let event = Conversation::decode(kind, version, body).context("a conversation's record")?;
                    let talk = self
                        .talks
                        .entry(id.clone())
                        .or_insert_with(|| Talk { state: Conversation::fresh(&id), events: Vec::new() });
                    Conversation::evolve(&mut talk.state, &event);
                    talk.events.push(event);
                    anyhow::ensure!(talk.events.len() as u64 == stored.seq, "{id}: a record is missing or doubled");
                }
                MachineId::Page(_) => {
                    let event = Page::decode(kind, version, body).context("a Page's record")?;
                    self.pages.entry(id.clone()).or_default().push(event);
                }
                MachineId::Account(_) => {}
            }
        }
        Ok(())
    }

    /// A conversation, if it has a record.
    pub fn talk(&self, page: &str, psid: &str) -> Option<&Talk> {
        self.talks.get(&MachineId::Conversation(PageId::new(page), Psid::new(psid)))
    }

    /// A Page's events.
    pub fn page(&self, page: &str) -> &[page::Event] {
        self.pages.get(&MachineId::Page(PageId::new(page))).map_or(&[], Vec::as_slice)
    }
}
