//! The parts of a conversation's answers: numbered as they are asked for, each with what befell it.
//!
//! Places only; judges nothing.

use std::collections::BTreeMap;

use model::{EffectId, MachineId};

use crate::history::{Author, History, Journaled, Record, Word};

/// One part.
pub(crate) struct Part<'h> {
    /// Whose it is.
    pub(crate) machine: &'h MachineId,
    /// Its number.
    pub(crate) number: u32,
    /// Where it was asked for; `None`: nobody asked.
    pub(crate) asked: Option<usize>,
    /// Who wrote it.
    pub(crate) author: Author,
    /// The tag for news that was asked for.
    pub(crate) tag: Option<&'h Word>,
    /// The records that speak of it, in order.
    pub(crate) records: Vec<(usize, &'h Record)>,
}

impl<'h> Part<'h> {
    /// Its starts, each with its place.
    pub(crate) fn starts(&self) -> impl Iterator<Item = (usize, &'h EffectId)> + '_ {
        let starts = self.records.iter().filter(|(_, record)| matches!(record.says, Journaled::PartStarted { .. }));
        starts.map(|(place, record)| (*place, &record.id))
    }

    /// The part in words.
    pub(crate) fn words(&self) -> String {
        format!("part {} of {}", self.number, self.machine)
    }
}

/// All parts of a conversation.
pub(crate) fn parts_of<'h>(history: &'h History, machine: &'h MachineId) -> Vec<Part<'h>> {
    let mut parts: BTreeMap<u32, Part<'h>> = BTreeMap::new();
    let mut next = 1;
    let new = |number, asked, author, tag| Part { machine, number, asked, author, tag, records: Vec::new() };
    for (place, record) in history.spoken_of(machine) {
        if let Journaled::AnswerAsked { parts: count, author, tag, .. } = &record.says {
            for number in next..next + count {
                parts.insert(number, new(number, Some(place), *author, tag.as_ref()));
            }
            next += count;
        }
        if let Some(number) = record.says.part() {
            let part = parts.entry(number).or_insert_with(|| new(number, None, Author::Automation, None));
            part.records.push((place, record));
        }
    }
    parts.into_values().collect()
}

/// All parts of all conversations.
pub(crate) fn parts(history: &History) -> Vec<Part<'_>> {
    history.ledger().spoken.keys().flat_map(|machine| parts_of(history, machine)).collect()
}
