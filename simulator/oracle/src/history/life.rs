//! What people were shown, what admins changed, and what befell the node.
//!
//! Invariant: faults are noted by the world that makes them, so that nobody is blamed for what the world did.

use model::{ItemKey, MachineId, Mid, PageId, Span, Timestamp};

use super::{Author, Digest, Word};

/// An admin changed something; noted when the node has it in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admin {
    /// A Page got a new token, or lost its token in the configuration.
    Token {
        /// Which Page.
        page: PageId,
        /// It has one that Meta takes.
        live: bool,
    },
    /// The Human Agent feature is set.
    HumanAgent {
        /// Granted.
        granted: bool,
    },
    /// *New task if there is no active one* is set.
    OneActiveTask {
        /// On.
        on: bool,
    },
    /// The safety distances before the windows' ends are set.
    Guards {
        /// Before 24 hours.
        standard: Span,
        /// Before 7 days.
        human_agent: Span,
    },
}

/// What people are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Screen {
    /// An agent is told whether an answer may be sent, before typing.
    Asked {
        /// In which conversation.
        machine: MachineId,
        /// Whose answer.
        author: Author,
        /// What the agent is told.
        may: May,
    },
    /// A conversation as it is read.
    Conversation(Box<Shown>),
}

/// Whether an answer may be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum May {
    /// It may.
    Yes,
    /// It waits for something.
    Later {
        /// For what.
        reason: Word,
    },
    /// It may not.
    No {
        /// Why.
        reason: Word,
    },
}

/// A conversation as people read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Which.
    pub machine: MachineId,
    /// First instant outside the standard window, without guard.
    pub window_ends_at: Option<Timestamp>,
    /// Everything up to here has arrived.
    pub delivered: Option<Timestamp>,
    /// Everything up to here was read.
    pub read: Option<Timestamp>,
    /// The node may send, as far as the thread's owner goes.
    pub ours: bool,
    /// What was written, in order. Lines that say what happened are left out.
    pub bubbles: Vec<Bubble>,
}

/// One message as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bubble {
    /// Who wrote it.
    pub who: Who,
    /// Its time.
    pub at: Timestamp,
    /// The item that it comes from; `None`: no item tells of it yet.
    pub key: Option<ItemKey>,
    /// Meta's id, as far as known.
    pub mid: Option<Mid>,
    /// Its words.
    pub text: Digest,
    /// The reactions on it, the customer's first.
    pub reactions: Vec<Sign>,
    /// Its text was changed.
    pub edited: bool,
    /// It was taken back.
    pub unsent: bool,
}

/// Who wrote a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Who {
    /// The customer.
    Customer,
    /// The node, as this part.
    Us(u32),
    /// The Page, but not the node.
    Outside,
}

/// A reaction as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sign {
    /// The Page's.
    pub by_page: bool,
    /// Which.
    pub sign: Digest,
}

/// What befell the node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Life {
    /// It runs (again).
    Started,
    /// It was killed, or lost power.
    Crashed,
    /// A fault begins.
    FaultBegan {
        /// Which.
        fault: Word,
    },
    /// It ends.
    FaultEnded {
        /// Which.
        fault: Word,
    },
    /// Something changes in the world around the node, for which nobody inside is excused.
    OutsideTurned {
        /// Into what.
        into: Word,
    },
    /// The world makes all work on this item fail, as a poison would.
    Poisoned {
        /// Which item.
        key: ItemKey,
    },
    /// No fault comes any more: from here on everything pending must settle.
    FaultsOver,
    /// Nothing is under way and no deadline is due.
    AtRest,
    /// A machine's state, as it lives and as it is rebuilt.
    Compared {
        /// Which.
        machine: MachineId,
        /// Of the living one.
        live: Digest,
        /// From its records, with whatever snapshot there is.
        rebuilt: Digest,
        /// From its records alone.
        without_snapshot: Digest,
    },
}
