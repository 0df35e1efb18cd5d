//! The contract of a tracker. Every call that changes something carries its effect id: the same id and the same request
//! give the same answer and change nothing more; the same id with another request is a fault, never a success.

use futures_util::future::BoxFuture;
use model::{Attachment, CommentId, ContactId, EffectId, MachineId, Redacted, TaskId, Timestamp};
use serde::Serialize;

/// What a tracker call gives, eventually.
pub type Call<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// Opens a task for a conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenTask {
    /// The machine whose messages the task collects; comes back in the feed.
    pub binding: MachineId,
    /// Its name.
    pub name: Redacted<String>,
    /// Who wrote: assigner and counterparty.
    pub contact: Contact,
    /// The first is the description, the others comments. Never empty.
    pub lines: Vec<Comment>,
    /// The task before this one.
    pub previous: Option<TaskId>,
    /// When.
    pub at: Timestamp,
}

/// The customer as the tracker is to know them. One contact per `key`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Contact {
    /// (Page, PSID).
    pub key: MachineId,
    /// The name; `None` is unknown and never overwrites a known one.
    pub name: Option<Redacted<String>>,
}

/// A line from Messenger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Comment {
    /// Who wrote it.
    pub origin: CommentOrigin,
    /// The text.
    pub text: Redacted<String>,
    /// Attachments by reference.
    pub attachments: Vec<Attachment>,
    /// Meta's time of it.
    pub at: Timestamp,
}

/// Who wrote a line that comes from Messenger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentOrigin {
    /// The customer.
    Customer,
    /// The Page, but not through us.
    Outside,
    /// Nobody: it says what somebody did, or what happened on Messenger.
    Notice,
}

/// The task stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// Its id.
    pub task: TaskId,
    /// The customer's contact.
    pub contact: ContactId,
}

/// What became of added comments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommentsAdded {
    /// They stand on `task`, which differs from the one asked for when that was merged away.
    Done {
        /// Where.
        task: TaskId,
    },
    /// Nothing was added: the task is not active.
    Inactive,
    /// Nothing was added: the task is gone for good.
    Gone,
}

/// Where a reader of the feed stands. 0 is the beginning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Cursor(pub u64);

/// What agents wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// In order.
    pub comments: Vec<AgentComment>,
    /// Where to go on.
    pub cursor: Cursor,
}

/// A comment of a person in the tracker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentComment {
    /// Its id: delivered at least once, so de-duplicate by it.
    pub id: CommentId,
    /// The task it stands on.
    pub task: TaskId,
    /// What that task is bound to; `None`: nothing of ours.
    pub binding: Option<MachineId>,
    /// For whom.
    pub audience: Audience,
    /// Who wrote it, as shown.
    pub by: String,
    /// The text.
    pub text: Redacted<String>,
    /// When.
    pub at: Timestamp,
}

/// For whom a comment is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// It is sent to the customer.
    Customer,
    /// It stays inside.
    Internal,
}

/// A call did not succeed; the variants say what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// Nothing happened, or it is safe to ask again with the same effect id.
    #[error("the tracker cannot answer now: {0}")]
    Retry(String),
    /// It will never work; a person must look.
    #[error("the tracker refuses: {0}")]
    GiveUp(String),
}

/// A task tracker.
pub trait Tracker: Send + Sync {
    /// Opens a task, or returns the one that this effect opened before.
    fn open_task(&self, effect: EffectId, task: OpenTask) -> Call<'_, Opened>;
    /// Adds comments, all or none. With `if_active` only to an active task. A merged task stands for the one it was merged into.
    fn add_comments(
        &self,
        effect: EffectId,
        task: TaskId,
        lines: Vec<Comment>,
        if_active: bool,
    ) -> Call<'_, CommentsAdded>;
    /// Gives a contact its name unless a person typed one.
    fn name_contact(&self, effect: EffectId, contact: ContactId, name: Redacted<String>, at: Timestamp)
    -> Call<'_, ()>;
    /// Up to `limit` comments of people after the cursor.
    fn feed(&self, after: Cursor, limit: usize) -> Call<'_, Feed>;
    /// Resolves when there may be something new in the feed after the cursor (or after a while).
    fn wait(&self, after: Cursor) -> BoxFuture<'_, ()>;
}
