//! What the journal says, record by record, in the oracle's own words.
//!
//! Invariant: a record stands in the history once it is committed, never when it was merely decided; a record that a crash
//! took back never stood there.

use model::{CommentId, EffectId, ItemKey, Mid, TaskId, Timestamp};

use super::{Digest, Word};

/// A committed record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its machine and dense number there; also the name of the effect that it causes, if it causes one.
    pub id: EffectId,
    /// When it was decided, by the node's clock. Observed is when it was committed.
    pub decided_at: Timestamp,
    /// What it says.
    pub says: Journaled,
}

/// Whether a person wrote an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Author {
    /// A person, for this conversation.
    Person,
    /// A bot, a rule, a script.
    Automation,
}

/// One line for the task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The item it comes from.
    pub key: ItemKey,
    /// Its words.
    pub text: Digest,
    /// It is shown with its time because it came after a newer one.
    pub late: bool,
}

/// What a person decided about a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// Try it again.
    Retry,
    /// It reached the customer.
    WasSent,
    /// Leave it.
    GiveUp,
}

/// What the node holds for Meta's answer to a send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendAnswer {
    /// Taken.
    Sent {
        /// Meta's id.
        mid: Mid,
    },
    /// Surely not taken, worth another try.
    Later,
    /// Surely not taken, for good.
    Failed {
        /// Code and subcode.
        code: (i64, Option<i64>),
    },
    /// Nobody knows.
    InDoubt,
}

/// The tracker's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TrackerAnswer {
    /// The task stands.
    Opened {
        /// Which.
        task: TaskId,
    },
    /// The lines stand.
    Added {
        /// On which task; another than asked for, where that was merged away.
        task: TaskId,
    },
    /// Nothing was added: the task is not active.
    Inactive,
    /// Nothing was added: the task is gone.
    Gone,
    /// Nothing was done, for good.
    Refused,
    /// Nothing was done; it may be asked again.
    Down,
}

/// What a record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Journaled {
    /// An item was received.
    Received {
        /// Which.
        key: ItemKey,
    },
    /// An item was put aside.
    SetAside {
        /// Which; of what nobody understands, the digest as in [`Item`](super::Item).
        key: ItemKey,
        /// Nobody understands it.
        odd: bool,
        /// Why.
        cause: Word,
    },
    /// A task is to be opened with these lines.
    TaskAsked {
        /// In order.
        lines: Vec<Line>,
    },
    /// Lines are to be added.
    LinesAsked {
        /// To this task.
        task: TaskId,
        /// In order.
        lines: Vec<Line>,
    },
    /// The tracker answered.
    TrackerAnswered {
        /// Number of the record that asked.
        asked: u64,
        /// What.
        answer: TrackerAnswer,
    },
    /// The conversation's lines go to this task from now on.
    TaskBound {
        /// Which.
        task: TaskId,
    },
    /// Somebody answered the customer; its parts are numbered on from the last, from 1.
    AnswerAsked {
        /// The comment.
        comment: CommentId,
        /// How many parts.
        parts: u32,
        /// Whether a person wrote it.
        author: Author,
        /// A special message's tag, as Meta writes it.
        tag: Option<Word>,
    },
    /// A part leaves.
    PartStarted {
        /// Which.
        part: u32,
        /// Which try, from 1.
        attempt: u32,
        /// The rule that the node says permits it; it is only counted.
        rule: Word,
        /// `messaging_type` on the wire.
        messaging_type: Word,
        /// `tag` on the wire.
        tag: Option<Word>,
        /// What is sent: text, or kind and address of what is attached.
        content: Digest,
    },
    /// Meta's answer to a send is known, or that it will not be.
    SendAnswered {
        /// Number of the record that started it.
        started: u64,
        /// What.
        answer: SendAnswer,
    },
    /// Meta has the part.
    PartSent {
        /// Which.
        part: u32,
        /// Meta's id; `None` where a person says so.
        mid: Option<Mid>,
    },
    /// Surely not sent; tried again at `until`.
    PartDelayed {
        /// Which.
        part: u32,
        /// Not before.
        until: Timestamp,
    },
    /// Surely not sent, not tried again by itself.
    PartFailed {
        /// Which.
        part: u32,
        /// Why, in a stable word.
        reason: Word,
        /// Meta's code and subcode.
        code: Option<(i64, Option<i64>)>,
    },
    /// The rules forbid it.
    PartRefused {
        /// Which.
        part: u32,
        /// Which rule.
        reason: Word,
    },
    /// It waits for a person or Meta.
    PartHeld {
        /// Which.
        part: u32,
        /// For what.
        reason: Word,
    },
    /// Unclear whether sent.
    PartInDoubt {
        /// Which.
        part: u32,
        /// Its echo is waited for until then.
        until: Timestamp,
    },
    /// A person was told of the unclear part.
    DoubtTold {
        /// Which.
        part: u32,
    },
    /// A person decided about a part.
    Resolved {
        /// Which.
        part: u32,
        /// What.
        resolution: Resolution,
    },
    /// It is not clear yet whose echo this is.
    EchoHeld {
        /// Meta's id.
        mid: Mid,
        /// Taken as another's then at the latest.
        until: Timestamp,
    },
    /// The Page sent it, but not the node.
    SentOutside {
        /// Meta's id.
        mid: Mid,
    },
    /// Meta gave the thread to the node.
    ControlTaken,
    /// Whose the thread is.
    ThreadOwned {
        /// The node may send.
        ours: bool,
    },
    /// The standard window is over.
    WindowClosed {
        /// Its first instant outside, without guard.
        ended_at: Timestamp,
    },
    /// Meta takes the Page's token no more.
    TokenRefused {
        /// Meta's code and subcode.
        code: (i64, Option<i64>),
    },
    /// The Page's settings are in force.
    PageConfigured {
        /// There is a token.
        token: bool,
    },
    /// Meta restricts the Page (or does so no more).
    Restricted {
        /// Whether.
        is: bool,
    },
    /// Another record, by its word.
    Other {
        /// Its kind.
        word: Word,
    },
}

impl Journaled {
    /// The record's kind in one word, for counts.
    pub fn word(&self) -> &str {
        match self {
            Self::Received { .. } => "received",
            Self::SetAside { odd: true, .. } => "anomaly-kept",
            Self::SetAside { odd: false, .. } => "set-aside",
            Self::TaskAsked { .. } => "task-asked",
            Self::LinesAsked { .. } => "lines-asked",
            Self::TrackerAnswered { .. } => "tracker-answered",
            Self::TaskBound { .. } => "task-bound",
            Self::AnswerAsked { .. } => "answer-asked",
            Self::PartStarted { .. } => "part-started",
            Self::SendAnswered { .. } => "send-answered",
            Self::PartSent { .. } => "part-sent",
            Self::PartDelayed { .. } => "part-delayed",
            Self::PartFailed { .. } => "part-failed",
            Self::PartRefused { .. } => "part-refused",
            Self::PartHeld { .. } => "part-held",
            Self::PartInDoubt { .. } => "part-in-doubt",
            Self::DoubtTold { .. } => "doubt-told",
            Self::Resolved { .. } => "resolved",
            Self::EchoHeld { .. } => "echo-held",
            Self::SentOutside { .. } => "sent-outside",
            Self::ControlTaken => "control-taken",
            Self::ThreadOwned { .. } => "thread-owned",
            Self::WindowClosed { .. } => "window-closed",
            Self::TokenRefused { .. } => "token-refused",
            Self::PageConfigured { .. } => "page-configured",
            Self::Restricted { is: true } => "restricted",
            Self::Restricted { is: false } => "restriction-lifted",
            Self::Other { word } => word,
        }
    }

    /// The part that it speaks of.
    pub const fn part(&self) -> Option<u32> {
        match self {
            Self::PartStarted { part, .. }
            | Self::PartSent { part, .. }
            | Self::PartDelayed { part, .. }
            | Self::PartFailed { part, .. }
            | Self::PartRefused { part, .. }
            | Self::PartHeld { part, .. }
            | Self::PartInDoubt { part, .. }
            | Self::DoubtTold { part }
            | Self::Resolved { part, .. } => Some(*part),
            Self::Received { .. }
            | Self::SetAside { .. }
            | Self::TaskAsked { .. }
            | Self::LinesAsked { .. }
            | Self::TrackerAnswered { .. }
            | Self::TaskBound { .. }
            | Self::AnswerAsked { .. }
            | Self::SendAnswered { .. }
            | Self::EchoHeld { .. }
            | Self::SentOutside { .. }
            | Self::ControlTaken
            | Self::ThreadOwned { .. }
            | Self::WindowClosed { .. }
            | Self::TokenRefused { .. }
            | Self::PageConfigured { .. }
            | Self::Restricted { .. }
            | Self::Other { .. } => None,
        }
    }

    /// The lines that it asks the tracker to take.
    pub fn lines(&self) -> Option<&[Line]> {
        if let Self::TaskAsked { lines } | Self::LinesAsked { lines, task: _ } = self { Some(lines) } else { None }
    }

    /// The command that it is the fact of, where it is one.
    pub fn command(&self) -> Option<&'static str> {
        Some(match self {
            Self::Received { .. } => "receive",
            Self::AnswerAsked { .. } => "reply",
            Self::TrackerAnswered { .. } | Self::SendAnswered { .. } | Self::ControlTaken => "settle",
            Self::Resolved { .. } => "resolve",
            Self::SetAside { odd: true, .. } => "keep-anomaly",
            Self::SetAside { odd: false, .. } => "quarantine",
            Self::TokenRefused { .. } => "observe",
            Self::PageConfigured { .. } => "configure",
            Self::Other { word } if word == "woke" => "wake",
            Self::Other { word } if word == "dispatch-granted" => "dispatch",
            Self::Other { word } if word == "settled" => "settle",
            Self::TaskAsked { .. }
            | Self::LinesAsked { .. }
            | Self::TaskBound { .. }
            | Self::PartStarted { .. }
            | Self::PartSent { .. }
            | Self::PartDelayed { .. }
            | Self::PartFailed { .. }
            | Self::PartRefused { .. }
            | Self::PartHeld { .. }
            | Self::PartInDoubt { .. }
            | Self::DoubtTold { .. }
            | Self::EchoHeld { .. }
            | Self::SentOutside { .. }
            | Self::ThreadOwned { .. }
            | Self::WindowClosed { .. }
            | Self::Restricted { .. }
            | Self::Other { .. } => return None,
        })
    }
}
