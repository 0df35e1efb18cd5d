//! The embedded desk: tasks, comments, contacts and statuses in one file of its own, for installations without a tracker.
//!
//! Here: what people may do in it (the node's side is the [`Tracker`](crate::Tracker) trait, in `serve`). No rules
//! (`apply`), no layout (`row`), no clock: whoever acts says when. Invariants: a request is done in one commit together
//! with the id it is known by, so that asking again changes nothing; ids are never used twice; a merge never sends a
//! person's comment to another customer than the one it was written for.

mod apply;
mod ledger;
mod query;
mod reading;
mod refusal;
mod request;
mod row;
mod serve;
mod storage;
mod store;
#[cfg(test)]
mod tests;
mod verify;
mod word;

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::{Drive, OpenFault, Source};
use model::{CommentId, ContactId, MachineId, Redacted, TaskId, Timestamp};
use tokio::sync::oneshot;

use crate::api::{Audience, Cursor};
use query::Query;
use request::{Op, PersonRequest};
use row::Answer;
use store::{Failure, Shared, Store};

pub use reading::{DeskReader, Written};
pub use refusal::Refusal;
pub use request::text_fits;
pub use storage::memory;
pub use verify::{DeskReport, is_blank, verify};
pub use word::{
    Act, CommentView, ContactList, ContactView, Export, Stats, Status, StatusId, Task, TaskFilter, TaskList, TaskPage,
    Writer,
};

/// Most characters of a person's comment.
pub const COMMENT_CHARS_MAX: usize = 20_000;
/// Most characters of a name that a person types.
pub const NAME_CHARS_MAX: usize = 400;
/// Most characters of an idempotency key.
pub const KEY_CHARS_MAX: usize = 200;
/// Most entries of one page, whatever was asked for.
pub const PAGE_MAX: usize = 1_000;
/// Most rows that one call looks at for a list with a filter: bounds its time at some milliseconds.
pub const SCAN_MAX: usize = 20_000;
/// Most merges on the way from an id to the task that it stands for.
pub const MERGE_DEPTH_MAX: u8 = 64;
/// Requests that may wait for the writer; the next is told to come again.
pub const QUEUE_MAX: usize = 65_536;

/// Every status by number.
type Statuses = BTreeMap<u32, row::StatusRow>;

/// How a desk is opened.
#[derive(Clone, Copy, Debug)]
pub struct DeskOptions {
    /// Bytes of the page cache.
    pub cache_bytes: usize,
    /// Who runs the commits.
    pub drive: Drive,
}

impl Default for DeskOptions {
    fn default() -> Self {
        Self { cache_bytes: 64 << 20, drive: Drive::Thread { name: "desk", queue_max: QUEUE_MAX } }
    }
}

/// The embedded tracker. Clones share one desk; when the last is dropped, what waits is committed and the file closed.
#[derive(Clone)]
pub struct Desk {
    writer: journal::Writer<Store>,
    shared: Arc<Shared>,
    statuses: Arc<Statuses>,
}

impl core::fmt::Debug for Desk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Desk")
    }
}

impl Desk {
    /// Opens a desk, or makes one with the default statuses. A file of a newer layout is refused.
    pub fn open(source: Source, options: DeskOptions) -> Result<Self, OpenFault> {
        let (store, shared) = Store::open(source, options.cache_bytes)?;
        let statuses = Arc::new(store.statuses().clone());
        Ok(Self { writer: journal::Writer::open(store, options.drive), shared, statuses })
    }

    /// Commits what waits and closes the file. Everything asked later is unavailable.
    pub fn close(&self) {
        self.writer.close();
    }

    /// Every status by number.
    pub fn statuses(&self) -> Vec<Status> {
        query::statuses(&self.statuses)
    }

    /// One page of tasks, newest first. `before` is the `next` of the page before; at most [`PAGE_MAX`] tasks.
    pub fn tasks(&self, filter: TaskFilter, before: Option<u64>, limit: usize) -> Result<TaskList, Refusal> {
        self.query()?.tasks(filter, before, limit)
    }

    /// A task with its newest comments, or those before `older` (of the page shown after them). A task merged away gives
    /// the one that took it in.
    pub fn task(&self, task: &TaskId, older: Option<&str>, limit: usize) -> Result<TaskPage, Refusal> {
        let number = apply::task_number(task).ok_or(Refusal::UnknownTask)?;
        self.query()?.task(number, older, limit)
    }

    /// The newest task bound to a machine, if it is not gone.
    pub fn task_of_binding(&self, binding: &MachineId) -> Result<Option<TaskId>, Refusal> {
        self.query()?.task_of_binding(binding)
    }

    /// One page of contacts by number. `after` is the `next` of the page before.
    pub fn contacts(&self, after: Option<u64>, limit: usize) -> Result<ContactList, Refusal> {
        self.query()?.contacts(after.unwrap_or(0), limit)
    }

    /// One contact as it is, merged or not.
    pub fn contact(&self, contact: &ContactId) -> Result<ContactView, Refusal> {
        let number = apply::contact_number(contact).ok_or(Refusal::UnknownContact)?;
        self.query()?.contact(number)?.ok_or(Refusal::UnknownContact)
    }

    /// Every comment in the order of writing, after a cursor that starts at 0.
    pub fn export(&self, after: u64, limit: usize) -> Result<Export, Refusal> {
        self.query()?.export(after, limit)
    }

    /// How much there is.
    pub fn stats(&self) -> Result<Stats, Refusal> {
        self.query()?.stats()
    }

    /// The end of the feed now: where a reader starts who wants only what comes later.
    pub fn newest(&self) -> Cursor {
        Cursor(*self.shared.newest.borrow())
    }

    /// Adds a person's comment of 1 to [`COMMENT_CHARS_MAX`] characters. On a task merged away it stands on the survivor.
    pub async fn add_comment(
        &self,
        task: &TaskId,
        audience: Audience,
        text: Redacted<String>,
        act: Act,
    ) -> Result<CommentId, Refusal> {
        let request = PersonRequest::AddComment { task: task.clone(), audience, text, by: act.by.clone() };
        match self.ask(act, request).await? {
            Answer::Commented { comment } => Ok(query::comment_id(comment)),
            Answer::Opened { .. } | Answer::Added { .. } | Answer::Inactive | Answer::Gone | Answer::Settled => {
                Err(Refusal::Damaged)
            }
        }
    }

    /// Keeps the idempotency key of a call that is carried out elsewhere: `Ok` as often as it comes with the same digest,
    /// [`Refusal::KeyReused`] with another one. Nothing else changes. Such keys never meet those of [`Act`]s that a
    /// request's header names, which are ASCII.
    pub async fn claim(&self, scope: &str, key: &str, digest: [u8; 32], at: Timestamp) -> Result<(), Refusal> {
        if key.is_empty() || key.chars().nth(KEY_CHARS_MAX).is_some() {
            return Err(Refusal::KeyUnfit);
        }
        let named = request::request_hash("claim", &(scope, key));
        let named: String = named.iter().map(|byte| format!("{byte:02x}")).collect();
        let act = Act { by: String::new(), at, key: Some(format!("→{named}")) };
        self.ask(act, PersonRequest::Claim { digest }).await.map(drop)
    }

    /// Opens a task that is bound to no conversation.
    pub async fn new_task(&self, name: Redacted<String>, text: Redacted<String>, act: Act) -> Result<TaskId, Refusal> {
        match self.ask(act, PersonRequest::NewTask { name, text }).await? {
            Answer::Opened { task, .. } => Ok(query::task_id(task)),
            Answer::Commented { .. } | Answer::Added { .. } | Answer::Inactive | Answer::Gone | Answer::Settled => {
                Err(Refusal::Damaged)
            }
        }
    }

    /// Gives a task a status.
    pub async fn set_status(&self, task: &TaskId, status: StatusId, act: Act) -> Result<(), Refusal> {
        self.ask(act, PersonRequest::SetStatus { task: task.clone(), status }).await.map(drop)
    }

    /// Moves a task to the trash: it is not active from then, but takes messages where the account wants one task for ever.
    pub async fn trash(&self, task: &TaskId, act: Act) -> Result<(), Refusal> {
        self.ask(act, PersonRequest::Trash { task: task.clone() }).await.map(drop)
    }

    /// Takes a task out of the trash.
    pub async fn restore(&self, task: &TaskId, act: Act) -> Result<(), Refusal> {
        self.ask(act, PersonRequest::Restore { task: task.clone() }).await.map(drop)
    }

    /// Deletes a task of the trash for good, with its comments, those not yet read from the feed included.
    pub async fn purge(&self, task: &TaskId, act: Act) -> Result<(), Refusal> {
        self.ask(act, PersonRequest::Purge { task: task.clone() }).await.map(drop)
    }

    /// Lets `into` take in `from`: comments are read with the survivor's, messages for `from` go to it. It keeps its
    /// binding, else inherits one.
    pub async fn merge(&self, from: &TaskId, into: &TaskId, act: Act) -> Result<(), Refusal> {
        self.ask(act, PersonRequest::Merge { from: from.clone(), into: into.clone() }).await.map(drop)
    }

    /// Types a contact's name; no profile overwrites it from then.
    pub async fn rename_contact(&self, contact: &ContactId, name: Redacted<String>, act: Act) -> Result<(), Refusal> {
        let contact = apply::contact_number(contact).ok_or(Refusal::UnknownContact)?;
        self.ask(act, PersonRequest::RenameContact { contact, name }).await.map(drop)
    }

    /// Says that `from` is the same human as `into`, which is shown for it from then.
    pub async fn merge_contacts(&self, from: &ContactId, into: &ContactId, act: Act) -> Result<(), Refusal> {
        let from = apply::contact_number(from).ok_or(Refusal::UnknownContact)?;
        let into = apply::contact_number(into).ok_or(Refusal::UnknownContact)?;
        self.ask(act, PersonRequest::MergeContacts { from, into }).await.map(drop)
    }

    /// Takes that back.
    pub async fn unmerge_contact(&self, contact: &ContactId, act: Act) -> Result<(), Refusal> {
        let contact = apply::contact_number(contact).ok_or(Refusal::UnknownContact)?;
        self.ask(act, PersonRequest::UnmergeContact { contact }).await.map(drop)
    }

    async fn ask(&self, act: Act, request: PersonRequest) -> Result<Answer, Refusal> {
        self.commit(Op::of_person(act, request)?).await.map_err(|failure| match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Retry(_) => Refusal::Unavailable,
            Failure::GiveUp(_) => Refusal::Damaged,
        })
    }

    /// Hands an operation to the writer and waits until it is durable.
    async fn commit(&self, op: Op) -> Result<Answer, Failure> {
        let (tell, told) = oneshot::channel();
        self.writer.append(
            op,
            Box::new(move |answer| {
                // Nobody waits any more: the operation stands all the same.
                let _nobody = tell.send(answer);
            }),
        );
        told.await.unwrap_or_else(|_| Err(Failure::Retry("the desk's writer has ended".to_owned())))
    }

    fn query(&self) -> Result<Query<'_>, Refusal> {
        Query::begin(&self.shared, &self.statuses)
    }
}
