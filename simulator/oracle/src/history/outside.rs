//! What happens outside the node: Meta's deliveries and what it takes, the tracker's tasks and what people write there.
//!
//! Invariant: told by those outside, as they saw it; what the node believes of it stands in the journal.

use model::{CommentId, EffectId, Mid, PageId, Psid, TaskId};

use super::{Author, Digest, Item, TrackerAnswer, Word};

/// A delivery on its way in. `number` names one POST; a repetition is another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Webhook {
    /// Meta posts.
    Offered {
        /// Which POST.
        number: u64,
        /// The signature is that of these very bytes.
        signed: bool,
        /// What stands in the body, in its order.
        items: Vec<Item>,
    },
    /// Its body is on disk: it would survive a loss of power.
    Kept {
        /// Which POST.
        number: u64,
    },
    /// The node answered.
    Answered {
        /// Which POST.
        number: u64,
        /// HTTP status.
        status: u16,
    },
}

/// What Meta sees of the node's sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meta {
    /// A send came.
    SendCame {
        /// The `metadata` in it.
        mark: String,
        /// From which Page.
        page: PageId,
        /// To whom.
        customer: Psid,
        /// `messaging_type` as it stood there.
        messaging_type: Word,
        /// `tag` as it stood there.
        tag: Option<Word>,
        /// What is sent: text, or kind and address of what is attached.
        content: Digest,
        /// Whether Meta took it.
        taken: Taken,
    },
    /// Its answer went out.
    SendAnswered {
        /// The `metadata` of the send.
        mark: String,
        /// It never arrived at the node.
        lost: bool,
    },
    /// From now on Meta takes the Page's token no more.
    TokenDied {
        /// Which Page.
        page: PageId,
    },
}

/// Whether Meta took a send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It is a bubble now.
    Yes {
        /// Meta's id.
        mid: Mid,
    },
    /// It is none.
    No {
        /// Code and subcode.
        code: (i64, Option<i64>),
    },
    /// It is none, and the answer is no answer of the Graph API.
    Broken,
}

/// What happens in the tracker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tracker {
    /// The node asked for a task, or for lines on one.
    Called {
        /// The idempotency key of the call.
        effect: EffectId,
        /// The task that is to take the lines; `None`: a new one.
        task: Option<TaskId>,
        /// The words of the lines, in order.
        lines: Vec<Digest>,
        /// What was done.
        answer: TrackerAnswer,
    },
    /// The answer went out.
    Answered {
        /// Of which call.
        effect: EffectId,
        /// It never arrived at the node.
        lost: bool,
    },
    /// Somebody changed a task.
    TaskTurned {
        /// Which.
        task: TaskId,
        /// Into what.
        into: Standing,
    },
    /// Somebody wrote a comment.
    Commented {
        /// Its id.
        comment: CommentId,
        /// On which task.
        task: TaskId,
        /// It is for the customer.
        for_customer: bool,
        /// Whether a person wrote it.
        author: Author,
    },
}

/// What a task is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It takes comments.
    Active,
    /// It is completed, or otherwise not active.
    Inactive,
    /// It is gone for good.
    Gone,
}
