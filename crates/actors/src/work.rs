//! What a Page hands to a conversation: one command each, kept by the Page until it is durable. Pure.

use std::sync::Arc;

use machine::Context;
use machine::conversation::{Command, Outcome, Reply, Resolution, State};
use machine::outbound::PartId;
use model::{Inbound, Timestamp};
use policy::Verdict;
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

/// Who waits for a command's fate at the actors.
pub(crate) type Waiting = oneshot::Sender<Fate>;

/// Tells whoever waits; they may have gone away.
pub(crate) fn tell(waiting: Waiting, fate: Fate) {
    let _gone = waiting.send(fate);
}

/// One command for a conversation. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Work {
    /// An item of a delivery.
    Item {
        /// Number of the delivery in the inbox.
        delivery: u64,
        /// The item.
        inbound: Arc<Inbound>,
    },
    /// An agent's answer.
    Reply(Arc<Reply>),
    /// A token for the next part.
    Dispatch,
    /// The world's answer.
    Settle {
        /// Number of the event that named the effect.
        effect: u64,
        /// What came of it.
        outcome: Outcome,
        /// A word for the log that the machine has no use for.
        why: Option<&'static str>,
    },
    /// A deadline has come.
    Wake,
    /// A person decided about a part.
    Resolve {
        /// Which.
        part: PartId,
        /// What they decided.
        resolution: Resolution,
        /// Who.
        by: String,
    },
}

impl Work {
    /// The command that it is.
    pub fn command(&self) -> Command {
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

    /// Whether the rules would forbid what an agent wants sent, as far as is known here.
    pub fn would_be_refused(&self, state: &State, context: &Context, now: Timestamp) -> bool {
        let (author, tag) = match self {
            Self::Reply(reply) => (reply.author, reply.tag),
            Self::Dispatch => match state.queue().next(now) {
                Some((_, part)) => (part.author, part.tag),
                None => return false,
            },
            Self::Item { .. } | Self::Settle { .. } | Self::Wake | Self::Resolve { .. } => return false,
        };
        let (verdict, _) = machine::conversation::verdict_now(state, context, author, tag, now);
        matches!(verdict, Verdict::Forbid { .. })
    }

    /// Overtakes what waits: answers of the world never stand behind a flood.
    pub const fn urgent(&self) -> bool {
        match self {
            Self::Settle { .. } | Self::Wake | Self::Resolve { .. } => true,
            Self::Item { .. } | Self::Reply(_) | Self::Dispatch => false,
        }
    }

    /// The word for the quarantine's record.
    pub const fn name(&self) -> &'static str {
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
pub struct Ticket<W> {
    /// Its number at the Page.
    pub id: u64,
    /// The work.
    pub work: Work,
    /// How often it brought its conversation down.
    pub failures: u32,
    /// Everything of the customer that was durable before it has been offered: a refusal may be decided.
    pub sure: bool,
    /// Who waits for its fate.
    pub waiting: Option<W>,
}
