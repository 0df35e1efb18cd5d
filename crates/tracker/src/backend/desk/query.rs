//! What people and the feed read. Each call sees one committed state; nothing here writes.
//!
//! Every page has a limit, and a list with a filter looks at [`SCAN_MAX`] rows at most before it gives what it has.

use model::{CommentId, ContactId, MachineId, TaskId};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTableMetadata, StorageError, TableDefinition};

use super::refusal::Refusal;
use super::row::{
    COMMENTS, CONTACTS, CommentRow, ContactRow, Counters, EFFECTS, FEED, MACHINES, META, MachineRow, Origin, STANDINGS,
    Standing, StandingKind, TASKS, TaskRow,
};
use super::store::{Shared, read_fault};
use super::word::{
    CommentView, ContactList, ContactView, Export, Stats, Status, StatusId, Task, TaskFilter, TaskList, TaskPage,
    Writer,
};
use super::{MERGE_DEPTH_MAX, PAGE_MAX, SCAN_MAX, Statuses};
use crate::api::{AgentComment, Audience, Cursor, Feed};

/// Tables by number.
type ById = ReadOnlyTable<u64, &'static [u8]>;

/// One committed state.
pub(super) struct Query<'a> {
    txn: ReadTransaction,
    statuses: &'a Statuses,
}

impl<'a> Query<'a> {
    /// Reads what is committed now.
    pub(super) fn begin(shared: &Shared, statuses: &'a Statuses) -> Result<Self, Refusal> {
        Ok(Self { txn: shared.read()?, statuses })
    }

    fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<ReadOnlyTable<K, V>, Refusal> {
        self.txn.open_table(table).map_err(|fault| {
            tracing::warn!(%fault, "the desk cannot be read");
            Refusal::Unavailable
        })
    }

    /// Tasks, newest first, below the number `before`.
    pub(super) fn tasks(&self, filter: TaskFilter, before: Option<u64>, limit: usize) -> Result<TaskList, Refusal> {
        let (standings, rows) = (self.table(STANDINGS)?, self.table(TASKS)?);
        let limit = limit.clamp(1, PAGE_MAX);
        let mut tasks = Vec::new();
        let below = before.unwrap_or(u64::MAX);
        for (scanned, entry) in standings.range(..below).map_err(storage)?.rev().enumerate() {
            let (id, bytes) = entry.map_err(storage)?;
            let id = id.value();
            if tasks.len() == limit || scanned == SCAN_MAX {
                return Ok(TaskList { tasks, next: Some(id + 1) });
            }
            let standing = Standing::from_bytes(bytes.value()).ok_or_else(|| damaged("standings", id))?;
            let StandingKind::Stands { status, trashed } = standing.kind else { continue };
            let active = self.is_active(status, trashed);
            if trashed == filter.trashed
                && filter.status.is_none_or(|wanted| wanted.0 == status)
                && filter.active.is_none_or(|wanted| wanted == active)
            {
                tasks.push(self.shown(&rows, id, standing)?);
            }
        }
        Ok(TaskList { tasks, next: None })
    }

    /// A task, the one that took it in where it was merged, with comments older than the cursor.
    pub(super) fn task(&self, asked: u64, older: Option<&str>, limit: usize) -> Result<TaskPage, Refusal> {
        let (standings, rows) = (self.table(STANDINGS)?, self.table(TASKS)?);
        let (id, standing) = resolve(&standings, asked)?.ok_or(Refusal::TaskGone)?;
        let row = task_row(&rows, id)?;
        let task = self.shown(&rows, id, standing)?;
        let contact = match row.contact {
            Some(contact) => self.contact_resolved(contact)?,
            None => None,
        };
        let chains = match older {
            Some(cursor) => chains_from(cursor)?,
            None => [standing.last].into_iter().filter(|newest| *newest != 0).chain(row.absorbed).collect(),
        };
        let (comments, older) = self.comments(chains, limit.clamp(1, PAGE_MAX))?;
        Ok(TaskPage { task, contact, comments, older })
    }

    /// The newest comments of several chains together, oldest first, and where the chains go on.
    fn comments(&self, mut chains: Vec<u64>, limit: usize) -> Result<(Vec<CommentView>, Option<String>), Refusal> {
        let table = self.table(COMMENTS)?;
        let mut views = Vec::new();
        while views.len() < limit {
            let Some(newest) = chains.iter_mut().max() else { break };
            let id = *newest;
            let row = comment_row(&table, id)?.filter(|row| row.prev < id).ok_or_else(|| damaged("comments", id))?;
            *newest = row.prev;
            chains.retain(|next| *next != 0);
            views.push(comment_view(id, row));
        }
        views.reverse();
        let words: Vec<String> = chains.iter().map(u64::to_string).collect();
        Ok((views, (!words.is_empty()).then(|| words.join("."))))
    }

    /// The newest task bound to a machine, the one that took it in where it was merged.
    pub(super) fn task_of_binding(&self, binding: &MachineId) -> Result<Option<TaskId>, Refusal> {
        let machines = self.table(MACHINES)?;
        let Some(bytes) = machines.get(binding.to_string().as_str()).map_err(storage)? else { return Ok(None) };
        let machine = MachineRow::from_bytes(bytes.value()).ok_or_else(|| damaged("machines", 0))?;
        if machine.task == 0 {
            return Ok(None);
        }
        Ok(resolve(&self.table(STANDINGS)?, machine.task)?.map(|(task, _)| task_id(task)))
    }

    /// Contacts by number, above `after`.
    pub(super) fn contacts(&self, after: u64, limit: usize) -> Result<ContactList, Refusal> {
        let table = self.table(CONTACTS)?;
        let limit = limit.clamp(1, PAGE_MAX);
        let mut contacts = Vec::new();
        let mut last = after;
        for entry in table.range(after.saturating_add(1)..).map_err(storage)? {
            let (id, bytes) = entry.map_err(storage)?;
            if contacts.len() == limit {
                return Ok(ContactList { contacts, next: Some(last) });
            }
            last = id.value();
            let row = serde_json::from_slice(bytes.value()).map_err(|_| damaged("contacts", last))?;
            contacts.push(contact_view(last, row));
        }
        Ok(ContactList { contacts, next: None })
    }

    /// One contact as it is, merged or not.
    pub(super) fn contact(&self, contact: u64) -> Result<Option<ContactView>, Refusal> {
        let table = self.table(CONTACTS)?;
        let Some(bytes) = table.get(contact).map_err(storage)? else { return Ok(None) };
        let row = serde_json::from_slice(bytes.value()).map_err(|_| damaged("contacts", contact))?;
        Ok(Some(contact_view(contact, row)))
    }

    /// The contact that stands for this one after all merges.
    fn contact_resolved(&self, contact: u64) -> Result<Option<ContactView>, Refusal> {
        let mut view = self.contact(contact)?;
        for _hop in 0..MERGE_DEPTH_MAX {
            let Some(next) = view.as_ref().and_then(|view| view.merged_into.as_ref()) else { break };
            view = match super::apply::contact_number(next) {
                Some(next) => self.contact(next)?,
                None => break,
            };
        }
        Ok(view)
    }

    /// Comments of people after the cursor.
    pub(super) fn feed(&self, after: Cursor, limit: usize) -> Result<Feed, Refusal> {
        let (feed, comments) = (self.table(FEED)?, self.table(COMMENTS)?);
        let standings = self.table(STANDINGS)?;
        let limit = limit.clamp(1, PAGE_MAX);
        let mut found = Vec::new();
        for entry in feed.range(after.0.saturating_add(1)..).map_err(storage)?.take(limit) {
            let id = entry.map_err(storage)?.0.value();
            let row = comment_row(&comments, id)?.ok_or_else(|| damaged("comments", id))?;
            let audience = match row.origin {
                Origin::AgentToCustomer => Audience::Customer,
                Origin::AgentInternal => Audience::Internal,
                Origin::Customer | Origin::Outside | Origin::System => return Err(damaged("feed", id)),
            };
            let (task, _) = resolve(&standings, row.task)?.ok_or_else(|| damaged("comments", id))?;
            found.push((
                id,
                AgentComment {
                    id: comment_id(id),
                    task: task_id(task),
                    binding: row.body.binding,
                    audience,
                    by: row.body.by.unwrap_or_default(),
                    text: row.body.text,
                    at: row.at,
                },
            ));
        }
        let end = if found.len() == limit { found.last().map_or(after.0, |(id, _)| *id) } else { self.counters()?.fed };
        let cursor = Cursor(end.max(after.0));
        Ok(Feed { comments: found.into_iter().map(|(_, comment)| comment).collect(), cursor })
    }

    /// Every comment in the order of writing, after the cursor.
    pub(super) fn export(&self, after: u64, limit: usize) -> Result<Export, Refusal> {
        let table = self.table(COMMENTS)?;
        let mut cursor = after;
        let mut comments = Vec::new();
        for entry in table.range(after.saturating_add(1)..).map_err(storage)?.take(limit.clamp(1, PAGE_MAX)) {
            let (id, bytes) = entry.map_err(storage)?;
            cursor = id.value();
            let row = CommentRow::from_bytes(bytes.value()).ok_or_else(|| damaged("comments", cursor))?;
            comments.push(comment_view(cursor, row));
        }
        Ok(Export { comments, cursor })
    }

    /// How much there is.
    pub(super) fn stats(&self) -> Result<Stats, Refusal> {
        let counters = self.counters()?;
        Ok(Stats {
            tasks: counters.standing,
            active: counters.active,
            trashed: counters.trashed,
            merged: counters.merged,
            purged: counters.purged,
            comments: self.table(COMMENTS)?.len().map_err(storage)?,
            contacts: self.table(CONTACTS)?.len().map_err(storage)?,
            effects: self.table(EFFECTS)?.len().map_err(storage)?,
        })
    }

    fn counters(&self) -> Result<Counters, Refusal> {
        let meta = self.table(META)?;
        let Some(bytes) = meta.get("counters").map_err(storage)? else { return Ok(Counters::default()) };
        serde_json::from_slice(bytes.value()).map_err(|_| damaged("meta", 0))
    }

    fn is_active(&self, status: u32, trashed: bool) -> bool {
        !trashed && self.statuses.get(&status).is_some_and(|row| row.active)
    }

    fn shown(&self, rows: &ById, id: u64, standing: Standing) -> Result<Task, Refusal> {
        let StandingKind::Stands { status, trashed } = standing.kind else { return Err(damaged("standings", id)) };
        let row = task_row(rows, id)?;
        let status = status_view(status, self.statuses);
        Ok(Task {
            id: task_id(id),
            name: row.name,
            trashed,
            active: status.active && !trashed,
            status,
            binding: row.binding,
            contact: row.contact.map(contact_id),
            previous: row.previous,
            opened_at: row.opened_at,
            updated_at: standing.updated_at,
            comments: standing.count,
        })
    }
}

/// Every status, by number.
pub(super) fn statuses(statuses: &Statuses) -> Vec<Status> {
    statuses.keys().map(|id| status_view(*id, statuses)).collect()
}

/// The text form of a task's number.
pub(super) fn task_id(number: u64) -> TaskId {
    TaskId::new(number.to_string())
}

/// The text form of a contact's number.
pub(super) fn contact_id(number: u64) -> ContactId {
    ContactId::new(number.to_string())
}

/// The text form of a comment's number.
pub(super) fn comment_id(number: u64) -> CommentId {
    CommentId::new(number.to_string())
}

/// Follows merges. `None`: gone for good.
fn resolve(standings: &ById, task: u64) -> Result<Option<(u64, Standing)>, Refusal> {
    let mut at = task;
    for _hop in 0..=MERGE_DEPTH_MAX {
        let Some(bytes) = standings.get(at).map_err(storage)? else { return Err(Refusal::UnknownTask) };
        let standing = Standing::from_bytes(bytes.value()).ok_or_else(|| damaged("standings", at))?;
        match standing.kind {
            StandingKind::Stands { .. } => return Ok(Some((at, standing))),
            StandingKind::Merged { into } => at = into,
            StandingKind::Purged => return Ok(None),
        }
    }
    Err(damaged("standings", task))
}

fn task_row(rows: &ById, id: u64) -> Result<TaskRow, Refusal> {
    let bytes = rows.get(id).map_err(storage)?.ok_or_else(|| damaged("tasks", id))?;
    serde_json::from_slice(bytes.value()).map_err(|_| damaged("tasks", id))
}

fn comment_row(comments: &ById, id: u64) -> Result<Option<CommentRow>, Refusal> {
    let Some(bytes) = comments.get(id).map_err(storage)? else { return Ok(None) };
    CommentRow::from_bytes(bytes.value()).map(Some).ok_or_else(|| damaged("comments", id))
}

/// Reads the cursor that an earlier page gave.
fn chains_from(cursor: &str) -> Result<Vec<u64>, Refusal> {
    cursor.split('.').map(|word| word.parse().ok().filter(|id| *id != 0).ok_or(Refusal::CursorUnfit)).collect()
}

fn status_view(id: u32, statuses: &Statuses) -> Status {
    let (name, active) = match statuses.get(&id) {
        Some(row) => (row.name.clone(), row.active),
        None => (id.to_string(), false),
    };
    Status { id: StatusId(id), name, active }
}

fn comment_view(id: u64, row: CommentRow) -> CommentView {
    let CommentRow { origin, description, task, prev: _, at, body } = row;
    let by = body.by.unwrap_or_default();
    let writer = match origin {
        Origin::Customer => Writer::Customer,
        Origin::Outside => Writer::Outside,
        Origin::AgentToCustomer => Writer::Agent { by, audience: Audience::Customer },
        Origin::AgentInternal => Writer::Agent { by, audience: Audience::Internal },
        Origin::System => Writer::System,
    };
    CommentView {
        id: comment_id(id),
        task: task_id(task),
        writer,
        description,
        text: body.text,
        attachments: body.attachments,
        at,
    }
}

fn contact_view(id: u64, row: ContactRow) -> ContactView {
    let ContactRow { key, name, typed, merged_into, at: _ } = row;
    ContactView { id: contact_id(id), key, name, typed, merged_into: merged_into.map(contact_id) }
}

fn damaged(table: &'static str, id: u64) -> Refusal {
    tracing::error!(table, id, "a row of the desk is damaged");
    Refusal::Damaged
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn storage(fault: StorageError) -> Refusal {
    read_fault(&fault)
}
