//! Dead letters: messages that were refused, failed or are in doubt, and of which no person has said yet what becomes of
//! them. Kept in their own table, so that the list needs no look at what was sent.
//!
//! Invariant: a part stands in the table exactly while [`is_dead`] holds of its state.

use machine::outbound::{PartId, PartState};
use model::{MachineId, PageId};

/// What a person wrote into the journal for a message that they left unsent.
const LEFT: &str = "given-up";

/// Which dead letters are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeadFilter {
    /// Only those of this Page.
    pub page: Option<PageId>,
    /// Only those in this state: `refused`, `failed`, `in doubt`.
    pub state: Option<String>,
    /// Only those for this reason, a stable word.
    pub reason: Option<String>,
}

/// One dead letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    /// Whose.
    pub machine: MachineId,
    /// Which.
    pub part: PartId,
    /// Where it stands, with the reason where there is one.
    pub state: PartState,
}

/// Some of them, by Page and customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetters {
    /// In order. May be fewer than asked for before the end.
    pub letters: Vec<DeadLetter>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// Whether a person is still to decide about a part in this state. An unclear one is awaited by itself first.
pub fn is_dead(state: &PartState) -> bool {
    match state {
        PartState::Refused { .. } | PartState::InDoubt { told: true, .. } => true,
        PartState::Failed { reason } => reason != LEFT,
        PartState::Queued { .. }
        | PartState::Held { .. }
        | PartState::InFlight { .. }
        | PartState::InDoubt { told: false, .. }
        | PartState::Sent { .. } => false,
    }
}

impl DeadFilter {
    /// Whether the list shows a part in this state.
    pub(crate) fn matches(&self, state: &PartState) -> bool {
        let (word, reason) = match state {
            PartState::Refused { reason } => ("refused", Some(reason.code())),
            PartState::Failed { reason } => ("failed", Some(reason.as_str())),
            PartState::InDoubt { .. } => ("in doubt", None),
            PartState::Queued { .. } | PartState::Held { .. } | PartState::InFlight { .. } | PartState::Sent { .. } => {
                return false;
            }
        };
        self.state.as_ref().is_none_or(|state| state == word)
            && self.reason.as_ref().is_none_or(|wanted| reason == Some(wanted.as_str()))
    }
}
