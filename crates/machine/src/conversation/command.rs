//! What may be asked of a conversation. Requests and answers only; what follows from them is decided elsewhere.

use model::{AppId, ContactId, Inbound, Mid, Redacted, Span, TaskId, Timestamp};
use policy::{Author, UpdateTag};
use serde::{Deserialize, Serialize};

use crate::outbound::{Content, PartId, Source};

/// A request to a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Meta delivered an item.
    Receive(Inbound),
    /// Somebody answered the customer.
    Reply(Reply),
    /// The Page has a token for this conversation's next part.
    Dispatch,
    /// The world answered an effect. `effect` is the number of the event that named it.
    Settle {
        /// Number of the event that named the effect.
        effect: u64,
        /// What came of it.
        outcome: Outcome,
    },
    /// The deadline has come.
    Wake,
    /// A person decided about a part that is failed, refused or in doubt.
    Resolve {
        /// Which.
        part: PartId,
        /// What they decided.
        resolution: Resolution,
        /// Who, as shown in the tracker.
        by: String,
    },
}

/// An answer for the customer, as the tracker's comment or a script says it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// Where it comes from: a second reply from there is a duplicate.
    #[serde(flatten)]
    pub source: Source,
    /// The task that the comment stands on; a script has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// Whether a person or an automation wrote it.
    pub author: Author,
    /// Who, as shown in the tracker; of a script its token's name.
    pub by: String,
    /// One part each; never empty.
    pub contents: Vec<Content>,
    /// A special message's tag, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<UpdateTag>,
    /// When it was written.
    pub at: Timestamp,
}

/// What a person decided about a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Queue it again (after failed or refused, or after looking at an unclear one); the policy is asked anew.
    Retry,
    /// It reached the customer.
    WasSent,
    /// Leave it.
    GiveUp,
}

/// The world's answer to an effect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The task stands.
    TaskOpened {
        /// Its id.
        task: TaskId,
        /// The customer's contact in the tracker.
        contact: ContactId,
    },
    /// The comments stand. `task` differs from the one asked for when that was merged away.
    CommentsAdded {
        /// Where they stand.
        task: TaskId,
    },
    /// Nothing was added: the task is completed or otherwise not active.
    TaskInactive,
    /// Nothing was added: the task is gone for good.
    TaskGone,
    /// The tracker refused for good; a person must look.
    TrackerRefused {
        /// Why, stable and free of customer text.
        reason: String,
    },
    /// The profile was read.
    Profile {
        /// First and last name; `None` where Meta gives none.
        name: Option<Redacted<String>>,
    },
    /// The profile could not be read.
    NoProfile {
        /// Why, stable and free of customer text.
        reason: String,
    },
    /// Meta answered, or did not answer, a send.
    Send {
        /// How.
        send: SendOutcome,
    },
    /// The contact bears the name.
    ContactNamed,
    /// The thread was read as Meta keeps it.
    ThreadRead {
        /// What the Page sent since the send began that carries the same as the part, oldest first.
        mids: Vec<Mid>,
    },
    /// The thread could not be read.
    ThreadUnread {
        /// Why, stable and free of customer text.
        reason: String,
    },
    /// The thread is ours now.
    ControlTaken,
    /// The thread stays another app's.
    ControlDenied {
        /// Why, stable and free of customer text.
        reason: String,
        /// Whose it is, where Meta tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<AppId>,
    },
}

impl Outcome {
    /// Whether a send was stopped by what is not its part's fault.
    pub(super) fn spares_part(&self) -> bool {
        matches!(self, Self::Send { send: SendOutcome::Later { after, code: _ } } if *after <= Span(0))
    }

    /// Meta's id of the message, where this says that one was sent.
    pub(super) fn mid(&self) -> Option<&Mid> {
        match self {
            Self::Send { send: SendOutcome::Sent { mid } } => Some(mid),
            Self::Send {
                send: SendOutcome::Later { .. } | SendOutcome::Failed { .. } | SendOutcome::InDoubt { .. },
            }
            | Self::TaskOpened { .. }
            | Self::CommentsAdded { .. }
            | Self::TaskInactive
            | Self::TaskGone
            | Self::TrackerRefused { .. }
            | Self::Profile { .. }
            | Self::NoProfile { .. }
            | Self::ContactNamed
            | Self::ThreadRead { .. }
            | Self::ThreadUnread { .. }
            | Self::ControlTaken
            | Self::ControlDenied { .. } => None,
        }
    }
}

/// What is known of a send after the call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "send", rename_all = "snake_case")]
pub enum SendOutcome {
    /// Meta took it.
    Sent {
        /// Meta's id of the message.
        mid: Mid,
    },
    /// Surely not sent and worth trying again.
    Later {
        /// Not before this long; 0 where it is not the part's fault (the Page has no token, the permit was over): then the
        /// policy is asked anew, and the try is none of those that the part has.
        after: Span,
        /// Code and subcode of Meta, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<(i64, Option<i64>)>,
    },
    /// Surely not sent and not worth trying again.
    Failed {
        /// Code and subcode of Meta.
        code: (i64, Option<i64>),
        /// What it means to the agent: the stable name of the error table's row.
        row: String,
        /// Meta's trace id for support.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace: Option<String>,
    },
    /// It may or may not have been sent.
    InDoubt {
        /// `timeout`, `connection-lost`, `restart`, `unreadable-answer`.
        why: String,
    },
}
