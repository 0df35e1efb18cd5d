//! The trace as it is written: every batch of the journal, in order, and between them what left and what came back.
//!
//! Whoever notes something has the journal read up to now first, so that the lines stand in the order in which things
//! became true. Format: `docs/format/trace.md`. Invariant: what customers are called and wrote is in it only where the
//! recording is made up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use journal::{Journal, JournalFile, Position, StoredBatch};
use machine::kind_name;
use model::{MachineId, Timestamp};
use serde_json::Value;

use super::fields::{self, Manner};
use super::names::{Names, one_line};
use super::tally::Tally;
use crate::play::recording::{Provenance, Recording};

/// Batches read in one go.
const CHUNK: usize = 1_024;

/// Writes a trace. Clones write the same one.
#[derive(Clone)]
pub(super) struct Recorder(Arc<Mutex<Trace>>);

struct Trace {
    names: Names,
    manner: Manner,
    journal: Option<Arc<JournalFile>>,
    after: Position,
    lines: Vec<String>,
    tally: Tally,
    trouble: Option<anyhow::Error>,
}

impl Recorder {
    /// An empty trace.
    pub(super) fn new(recording: &Recording, names: Names) -> Self {
        let manner = Manner {
            began_at: recording.begins_at(),
            tells_text: recording.manifest.provenance == Provenance::Synthetic,
            deliveries: BTreeMap::new(),
        };
        Self(Arc::new(Mutex::new(Trace {
            names,
            manner,
            journal: None,
            after: Position::default(),
            lines: Vec::new(),
            tally: Tally::default(),
            trouble: None,
        })))
    }

    /// The journal to read from now on.
    pub(super) fn follow(&self, journal: Arc<JournalFile>) {
        self.trace().journal = Some(journal);
    }

    /// Something comes in from outside.
    pub(super) fn comes(&self, at: Timestamp, who: Option<&MachineId>, what: &str) {
        self.trace().note(at, who, "<-", what);
    }

    /// Something leaves.
    pub(super) fn leaves(&self, at: Timestamp, who: &MachineId, what: &str) {
        self.trace().note(at, Some(who), "->", what);
    }

    /// What the delivery with this number in the inbox is called.
    pub(super) fn call_delivery(&self, seq: u64, name: String) {
        self.trace().manner.deliveries.insert(seq, name);
    }

    /// A text as it may be told.
    pub(super) fn text(&self, text: &str) -> String {
        self.trace().manner.text(text)
    }

    /// The lines and what was counted in them.
    ///
    /// # Errors
    /// Where the journal could not be read, now or earlier.
    pub(super) fn finish(&self) -> anyhow::Result<(Vec<String>, Tally)> {
        let mut trace = self.trace();
        trace.catch_up();
        match trace.trouble.take() {
            Some(trouble) => Err(trouble),
            None => Ok((core::mem::take(&mut trace.lines), core::mem::take(&mut trace.tally))),
        }
    }

    fn trace(&self) -> MutexGuard<'_, Trace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    fn note(&mut self, at: Timestamp, who: Option<&MachineId>, way: &str, what: &str) {
        self.catch_up();
        let who = who.map_or_else(|| "-".to_owned(), |machine| self.names.machine(machine));
        self.write(at, &who, way, what);
    }

    fn write(&mut self, at: Timestamp, who: &str, number: &str, what: &str) {
        let at = self.manner.line_time(at);
        self.lines.push(one_line(format!("{at} {who:<7} {number:>4}  {what}").trim_end()));
    }

    /// Reads whatever is new in the journal.
    fn catch_up(&mut self) {
        while let Some(journal) = self.journal.clone().filter(|_| self.trouble.is_none()) {
            let batches = match journal.tail(self.after, CHUNK) {
                Ok(batches) if batches.is_empty() => return,
                Ok(batches) => batches,
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

    fn take(&mut self, batch: &StoredBatch) -> anyhow::Result<()> {
        let machine: MachineId = core::str::from_utf8(&batch.key).context("a machine's name")?.parse()?;
        let who = self.names.machine(&machine);
        self.tally.take(&machine, batch)?;
        for stored in &batch.records {
            let record = &stored.record;
            let kind = kind_name(&machine, record.kind);
            let body: Value = serde_json::from_slice(&record.body).context("a record's body")?;
            let mut what = kind.to_owned();
            for field in fields::of(&body, &machine, Timestamp(batch.at), &self.manner) {
                what.push(' ');
                what.push_str(&field);
            }
            if record.opens {
                what.push_str(" -> ");
                what.push_str(effect_of(kind));
            }
            self.write(Timestamp(batch.at), &who, &stored.seq.to_string(), &what);
        }
        Ok(())
    }
}

/// The work outside that an event of this kind names.
fn effect_of(kind: &str) -> &str {
    match kind {
        "profile-asked" => "ask-profile",
        "task-opening" => "open-task",
        "comments-adding" => "add-comments",
        "contact-naming" => "name-contact",
        "send-started" => "send",
        _ => "effect",
    }
}
