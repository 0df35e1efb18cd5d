//! What is counted while the journal is read: refusals, what was set aside, what is still open, and a digest of what the
//! conversations decided.
//!
//! Looks at the few events that it counts and at no others. Invariant: the digest holds every byte of every
//! conversation's records and nothing else, so that a repeated delivery leaves it as it is.

use std::collections::BTreeMap;

use journal::StoredBatch;
use machine::Machine as _;
use machine::account::Account;
use machine::conversation::{self, Conversation};
use machine::outbound::PartState;
use machine::page::{self, Page};
use model::{MachineId, Timestamp};
use sha2::{Digest as _, Sha256};

use super::grounds::Grounds;

/// Counts of a journal.
#[derive(Default)]
pub(crate) struct Tally {
    states: BTreeMap<MachineId, conversation::State>,
    /// Parts that the rules forbade, by reason.
    pub(crate) refusals: BTreeMap<String, u64>,
    /// Items set aside.
    pub(crate) quarantined: u64,
    /// Records of all machines.
    pub(crate) events: u64,
    /// What the decisions rested on.
    pub(crate) grounds: Grounds,
    digest: Sha256,
}

/// Where the parts of answers stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Parts {
    /// Surely not sent, and not tried again.
    pub(crate) failed: u64,
    /// Nobody knows.
    pub(crate) in_doubt: u64,
    /// Waiting or under way.
    pub(crate) open: u64,
}

impl Tally {
    /// Counts a batch.
    pub(crate) fn take(&mut self, machine: &MachineId, batch: &StoredBatch) -> anyhow::Result<()> {
        for stored in &batch.records {
            let record = &stored.record;
            self.events += 1;
            match machine {
                MachineId::Account(_) => {
                    self.grounds.of_account(&Account::decode(record.kind, record.version, &record.body)?);
                }
                MachineId::Page(page) => {
                    let event = Page::decode(record.kind, record.version, &record.body)?;
                    self.grounds.of_page(page, &event);
                    self.quarantined += u64::from(matches!(event, page::Event::ItemQuarantined { .. }));
                }
                MachineId::Conversation(..) => {
                    let event = Conversation::decode(record.kind, record.version, &record.body)?;
                    let state = self.states.entry(machine.clone()).or_insert_with(|| Conversation::fresh(machine));
                    let at = Timestamp(batch.at);
                    self.grounds.evolve(machine, state, &event, (stored.seq, at));
                    if let conversation::Event::PartRefused { reason, .. } = event {
                        *self.refusals.entry(reason.code().to_owned()).or_default() += 1;
                    }
                    let head = format!("{machine} {} {} {} {} ", batch.at, stored.seq, record.kind, record.version);
                    self.digest.update(head.as_bytes());
                    self.digest.update(&record.body);
                }
            }
        }
        Ok(())
    }

    /// Conversations that decided something.
    pub(crate) fn conversations(&self) -> u64 {
        self.states.len() as u64
    }

    /// Where the parts of answers stand at the end.
    pub(crate) fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        for (_, part) in self.states.values().flat_map(|state| state.queue().parts()) {
            match part.state {
                PartState::Queued { .. } | PartState::Held { .. } | PartState::InFlight { .. } => parts.open += 1,
                PartState::InDoubt { .. } => parts.in_doubt += 1,
                PartState::Failed { .. } => parts.failed += 1,
                PartState::Sent { .. } | PartState::Refused { .. } => {}
            }
        }
        parts
    }

    /// What stands for all records of all conversations, in order: 64 hex digits.
    pub(crate) fn digest(&self) -> String {
        hex::encode(self.digest.clone().finalize())
    }
}
