//! What people see of the desk: statuses, tasks, comments, contacts, and pages of them. Plain values, no rules.

use model::{Attachment, CommentId, ContactId, MachineId, Redacted, TaskId, Timestamp};
use serde::Serialize;

use crate::api::Audience;

/// Number of a status.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct StatusId(pub u32);

/// A status that a task can have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Status {
    /// Its number.
    pub id: StatusId,
    /// Its name.
    pub name: String,
    /// Whether a task in it takes the customer's next message.
    pub active: bool,
}

/// Who does something in the desk, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    /// The person, as shown to others.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// A second call with the same key changes nothing and gets the first one's answer. 1 to 200 characters.
    pub key: Option<String>,
}

/// A task as shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Task {
    /// Its id. Differs from the one asked for where that was merged into this one.
    pub id: TaskId,
    /// Its name.
    pub name: Redacted<String>,
    /// Its status.
    pub status: Status,
    /// It lies in the trash.
    pub trashed: bool,
    /// It takes the customer's next message: an active status, and not in the trash.
    pub active: bool,
    /// The machine whose messages it collects.
    pub binding: Option<MachineId>,
    /// The customer.
    pub contact: Option<ContactId>,
    /// The task before this one.
    pub previous: Option<TaskId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// How many comments it has, its description and those of absorbed tasks included.
    pub comments: u32,
}

/// Which tasks a list shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TaskFilter {
    /// Only those in this status.
    pub status: Option<StatusId>,
    /// Only active ones, or only those that are not.
    pub active: Option<bool>,
    /// Only those in the trash; without it only those outside.
    pub trashed: bool,
}

/// One page of a list, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TaskList {
    /// The tasks. May be fewer than asked for, even none, before the end of the list.
    pub tasks: Vec<Task>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<u64>,
}

/// A task with its contact and its newest or some older comments.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TaskPage {
    /// The task.
    pub task: Task,
    /// Its contact, the one that it was merged into where it was.
    pub contact: Option<ContactView>,
    /// One page of comments, oldest first.
    pub comments: Vec<CommentView>,
    /// Where the page before this one (older comments) starts; `None` where there is nothing older.
    pub older: Option<String>,
}

/// A comment as shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CommentView {
    /// Its id.
    pub id: CommentId,
    /// The task it was written on; another one than the task shown where that was merged.
    pub task: TaskId,
    /// Who wrote it.
    pub writer: Writer,
    /// It is the description: the first of its task.
    pub description: bool,
    /// The text.
    pub text: Redacted<String>,
    /// What was attached, by reference.
    pub attachments: Vec<Attachment>,
    /// When.
    pub at: Timestamp,
}

/// Who wrote a comment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "writer", rename_all = "snake_case")]
pub enum Writer {
    /// The customer.
    Customer,
    /// The Page, but not through us.
    Outside,
    /// A person in the desk.
    Agent {
        /// Who, as shown.
        by: String,
        /// For whom.
        audience: Audience,
    },
    /// The desk itself: what was done to the task.
    System,
}

/// A contact as shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ContactView {
    /// Its id.
    pub id: ContactId,
    /// Whose it is.
    pub key: MachineId,
    /// The name, if known.
    pub name: Option<Redacted<String>>,
    /// A person typed the name.
    pub typed: bool,
    /// The contact that a person said is the same human.
    pub merged_into: Option<ContactId>,
}

/// One page of contacts, by id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ContactList {
    /// The contacts.
    pub contacts: Vec<ContactView>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<u64>,
}

/// Every comment of the desk in the order of writing, some at a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Export {
    /// The comments.
    pub comments: Vec<CommentView>,
    /// Where to go on; the same as asked for where there is nothing more yet.
    pub cursor: u64,
}

/// How much the desk holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Stats {
    /// Tasks that stand, in the trash or not.
    pub tasks: u64,
    /// Of these: active.
    pub active: u64,
    /// Of these: in the trash.
    pub trashed: u64,
    /// Tasks merged away.
    pub merged: u64,
    /// Tasks deleted for good.
    pub purged: u64,
    /// Comments.
    pub comments: u64,
    /// Contacts.
    pub contacts: u64,
    /// Effects answered.
    pub effects: u64,
}
