//! What a Page hands to a conversation: one command each, kept by the Page until it is durable.

use std::sync::Arc;

use machine::conversation::{Command, Outcome, Reply, Resolution};
use machine::outbound::PartId;
use model::Inbound;
use tokio::sync::oneshot;

/// What became of a command that somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is journaled.
    Applied,
    /// It was known, or did not apply: nothing changed.
    Nothing,
    /// It brought its conversation down too often and was set aside.
    Quarantined,
}

/// Tells whoever waits; they may have gone away.
pub(crate) fn tell(waiting: oneshot::Sender<Fate>, fate: Fate) {
    let _gone = waiting.send(fate);
}

/// One command for a conversation. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// An item of a delivery.
    Item { delivery: u64, inbound: Arc<Inbound> },
    /// An agent's answer.
    Reply(Arc<Reply>),
    /// A token for the next part.
    Dispatch,
    /// The world's answer. `why` is a word for the log that the machine has no use for.
    Settle { effect: u64, outcome: Outcome, why: Option<&'static str> },
    /// A deadline has come.
    Wake,
    /// A person decided about a part.
    Resolve { part: PartId, resolution: Resolution, by: String },
}

impl Work {
    pub(crate) fn command(&self) -> Command {
        match self {
            Self::Item { inbound, .. } => Command::Receive((**inbound).clone()),
            Self::Reply(reply) => Command::Reply((**reply).clone()),
            Self::Dispatch => Command::Dispatch,
            Self::Settle { effect, outcome, why: _ } => Command::Settle { effect: *effect, outcome: outcome.clone() },
            Self::Wake => Command::Wake,
            Self::Resolve { part, resolution, by } => {
                Command::Resolve { part: *part, resolution: *resolution, by: by.clone() }
            }
        }
    }

    /// Overtakes what waits: answers of the world never stand behind a flood.
    pub(crate) const fn urgent(&self) -> bool {
        match self {
            Self::Settle { .. } | Self::Wake | Self::Resolve { .. } => true,
            Self::Item { .. } | Self::Reply(_) | Self::Dispatch => false,
        }
    }

    /// The word for the quarantine's record.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Item { .. } => "item",
            Self::Reply(_) => "reply",
            Self::Dispatch => "dispatch",
            Self::Settle { .. } => "settle",
            Self::Wake => "wake",
            Self::Resolve { .. } => "resolve",
        }
    }
}

/// A piece of work with its number at the Page and whoever waits for it.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) id: u64,
    pub(crate) work: Work,
    pub(crate) failures: u32,
    /// Everything of the customer that was durable before it has been offered: a refusal may be decided.
    pub(crate) sure: bool,
    pub(crate) waiting: Option<oneshot::Sender<Fate>>,
}
