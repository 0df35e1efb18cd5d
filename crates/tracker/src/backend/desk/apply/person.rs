//! What people do in the desk: comment, set a status, trash, restore, purge, merge, name.
//!
//! Whatever changes a task leaves a line of the desk itself in it, with who did it. Doing again what is so already
//! changes nothing and is no refusal.

use model::{Redacted, TaskId, Timestamp};

use super::effect;
use crate::api::Audience;
use crate::backend::desk::MERGE_DEPTH_MAX;
use crate::backend::desk::ledger::{Ledger, Resolved, Trouble};
use crate::backend::desk::refusal::Refusal;
use crate::backend::desk::request::{Entry, PersonRequest};
use crate::backend::desk::row::{self, Answer, CommentBody, ContactRow, Origin, Standing, StandingKind, TaskRow};
use crate::backend::desk::word::StatusId;

/// Does what a person asks.
pub(super) fn apply(
    ledger: &mut Ledger<'_>,
    by: &str,
    at: Timestamp,
    request: &PersonRequest,
) -> Result<Answer, Trouble> {
    match request {
        PersonRequest::AddComment { task, audience, text, by } => add_comment(ledger, task, *audience, (text, by), at),
        PersonRequest::NewTask { name, text } => new_task(ledger, name, text, by, at),
        PersonRequest::SetStatus { task, status } => set_status(ledger, task, *status, by, at),
        PersonRequest::Trash { task } => set_trashed(ledger, task, true, by, at),
        PersonRequest::Restore { task } => set_trashed(ledger, task, false, by, at),
        PersonRequest::Purge { task } => purge(ledger, task, at),
        PersonRequest::Merge { from, into } => merge(ledger, from, into, by, at),
        PersonRequest::RenameContact { contact, name } => rename_contact(ledger, *contact, name, at),
        PersonRequest::Claim { digest: _ } => Ok(Answer::Settled),
        PersonRequest::MergeContacts { from, into } => merge_contacts(ledger, *from, *into, at),
        PersonRequest::UnmergeContact { contact } => unmerge_contact(ledger, *contact, at),
    }
}

/// A task that stands, as found.
struct Found {
    task: u64,
    standing: Standing,
    status: u32,
    trashed: bool,
}

impl Found {
    /// A task in the trash takes no changes but those of the trash.
    fn outside_trash(self) -> Result<Self, Refusal> {
        if self.trashed { Err(Refusal::TaskInTrash) } else { Ok(self) }
    }
}

fn find(ledger: &mut Ledger<'_>, task: &TaskId) -> Result<Found, Trouble> {
    let number = super::task_number(task).ok_or(Refusal::UnknownTask)?;
    match ledger.resolve(number)? {
        Resolved::Stands { task, standing, status, trashed } => Ok(Found { task, standing, status, trashed }),
        Resolved::Gone => Err(Refusal::TaskGone.into()),
        Resolved::Unknown => Err(Refusal::UnknownTask.into()),
    }
}

fn add_comment(
    ledger: &mut Ledger<'_>,
    task: &TaskId,
    audience: Audience,
    (text, by): (&Redacted<String>, &str),
    at: Timestamp,
) -> Result<Answer, Trouble> {
    let found = find(ledger, task)?.outside_trash()?;
    let origin = match audience {
        Audience::Customer => Origin::AgentToCustomer,
        Audience::Internal => Origin::AgentInternal,
    };
    let binding = ledger.task(found.task)?.binding;
    let body = CommentBody { text: text.clone(), by: Some(by.to_owned()), attachments: Vec::new(), binding };
    let standing =
        ledger.add_comments(found.task, found.standing, &[Entry { origin, at, body: row::json(&body) }], false)?;
    ledger.set_standing(found.task, standing);
    Ok(Answer::Commented { comment: standing.last })
}

fn new_task(
    ledger: &mut Ledger<'_>,
    name: &Redacted<String>,
    text: &Redacted<String>,
    by: &str,
    at: Timestamp,
) -> Result<Answer, Trouble> {
    let row = TaskRow {
        name: name.clone(),
        binding: None,
        contact: None,
        previous: None,
        opened_at: at,
        absorbed: Vec::new(),
    };
    let body = CommentBody { text: text.clone(), by: Some(by.to_owned()), ..CommentBody::default() };
    let line = Entry { origin: Origin::AgentInternal, at, body: row::json(&body) };
    let task = effect::open_task(ledger, &row, &[line])?;
    Ok(Answer::Opened { task, contact: 0 })
}

fn set_status(
    ledger: &mut Ledger<'_>,
    task: &TaskId,
    status: StatusId,
    by: &str,
    at: Timestamp,
) -> Result<Answer, Trouble> {
    let found = find(ledger, task)?.outside_trash()?;
    let name = &ledger.statuses.get(&status.0).ok_or(Refusal::UnknownStatus)?.name;
    if found.status == status.0 {
        return Ok(Answer::Settled);
    }
    let line = Entry::system(format!("{by} set the status to {name}."), at);
    let mut standing = ledger.add_comments(found.task, found.standing, &[line], false)?;
    standing.kind = StandingKind::Stands { status: status.0, trashed: false };
    ledger.set_standing(found.task, standing);
    Ok(Answer::Settled)
}

fn set_trashed(
    ledger: &mut Ledger<'_>,
    task: &TaskId,
    trashed: bool,
    by: &str,
    at: Timestamp,
) -> Result<Answer, Trouble> {
    let found = find(ledger, task)?;
    if found.trashed == trashed {
        return Ok(Answer::Settled);
    }
    let done = if trashed { "moved the task to the trash" } else { "took the task out of the trash" };
    let line = Entry::system(format!("{by} {done}."), at);
    let mut standing = ledger.add_comments(found.task, found.standing, &[line], false)?;
    standing.kind = StandingKind::Stands { status: found.status, trashed };
    ledger.set_standing(found.task, standing);
    Ok(Answer::Settled)
}

/// Deletes a task of the trash with all its comments and those of the tasks it took in. The ids lead nowhere from then.
fn purge(ledger: &mut Ledger<'_>, task: &TaskId, at: Timestamp) -> Result<Answer, Trouble> {
    let number = super::task_number(task).ok_or(Refusal::UnknownTask)?;
    let found = match ledger.resolve(number)? {
        Resolved::Gone => return Ok(Answer::Settled),
        Resolved::Unknown => return Err(Refusal::UnknownTask.into()),
        Resolved::Stands { trashed: false, .. } => return Err(Refusal::TaskNotInTrash.into()),
        Resolved::Stands { task, standing, status, trashed } => Found { task, standing, status, trashed },
    };
    let row = ledger.task(found.task)?;
    let mut comments = ledger.chain(found.standing.last)?;
    for newest in row.absorbed {
        comments.extend(ledger.chain(newest)?);
    }
    ledger.drop_comments(&comments)?;
    ledger.drop_task(found.task)?;
    ledger.set_standing(
        found.task,
        Standing { kind: StandingKind::Purged, count: 0, last: 0, updated_at: at, ..found.standing },
    );
    Ok(Answer::Settled)
}

/// One task takes in another: its comments are read with the survivor's, its id leads there. The survivor keeps its
/// binding, else it inherits one.
fn merge(ledger: &mut Ledger<'_>, from: &TaskId, into: &TaskId, by: &str, at: Timestamp) -> Result<Answer, Trouble> {
    let (from, into) = (find(ledger, from)?, find(ledger, into)?);
    if from.task == into.task {
        return Err(Refusal::MergesIntoItself.into());
    }
    let (from, into) = (from.outside_trash()?, into.outside_trash()?);
    let depth = into.standing.depth.max(from.standing.depth.saturating_add(1));
    if depth > MERGE_DEPTH_MAX {
        return Err(Refusal::MergedTooOften.into());
    }
    let ended = ledger.task(from.task)?;
    let mut row = ledger.task(into.task)?;
    let inherited = if row.binding.is_none() { ended.binding } else { None };
    let inherited_key = inherited.as_ref().map(ToString::to_string);
    if let Some(key) = &inherited_key {
        ledger.machine(key)?;
    }

    row.absorbed.extend([from.standing.last].into_iter().filter(|newest| *newest != 0).chain(ended.absorbed));
    row.contact = row.contact.or(ended.contact);
    row.binding = row.binding.or(inherited);
    ledger.set_task(into.task, &row)?;
    ledger.drop_task(from.task)?;
    if let Some(key) = &inherited_key {
        ledger.change_machine(key, |machine| machine.task = into.task);
    }
    let line = Entry::system(format!("{by} merged task {} into this one.", from.task), at);
    let mut standing = into.standing;
    standing.depth = depth;
    standing.count = standing.count.saturating_add(from.standing.count);
    standing.updated_at = standing.updated_at.max(from.standing.updated_at);
    let standing = ledger.add_comments(into.task, standing, &[line], false)?;
    ledger.set_standing(into.task, standing);
    ledger.set_standing(
        from.task,
        Standing { kind: StandingKind::Merged { into: into.task }, updated_at: at, ..from.standing },
    );
    Ok(Answer::Added { task: into.task })
}

fn rename_contact(
    ledger: &mut Ledger<'_>,
    contact: u64,
    name: &Redacted<String>,
    at: Timestamp,
) -> Result<Answer, Trouble> {
    let row = ledger.contact(contact)?.ok_or(Refusal::UnknownContact)?;
    ledger.set_contact(contact, &ContactRow { name: Some(name.clone()), typed: true, at, ..row })?;
    Ok(Answer::Settled)
}

/// Contacts keep their rows, so that unmerging needs nothing else. Merges make no circle.
fn merge_contacts(ledger: &mut Ledger<'_>, from: u64, into: u64, at: Timestamp) -> Result<Answer, Trouble> {
    let row = ledger.contact(from)?.ok_or(Refusal::UnknownContact)?;
    let mut survivor = into;
    let mut hops = 0;
    while let Some(next) = ledger.contact(survivor)?.ok_or(Refusal::UnknownContact)?.merged_into {
        survivor = next;
        hops += 1;
        if hops == MERGE_DEPTH_MAX {
            return Err(Refusal::MergedTooOften.into());
        }
    }
    if from == survivor {
        return Err(Refusal::MergesIntoItself.into());
    }
    ledger.set_contact(from, &ContactRow { merged_into: Some(into), at, ..row })?;
    Ok(Answer::Settled)
}

fn unmerge_contact(ledger: &mut Ledger<'_>, contact: u64, at: Timestamp) -> Result<Answer, Trouble> {
    let row = ledger.contact(contact)?.ok_or(Refusal::UnknownContact)?;
    if row.merged_into.is_none() {
        return Err(Refusal::NotMerged.into());
    }
    ledger.set_contact(contact, &ContactRow { merged_into: None, at, ..row })?;
    Ok(Answer::Settled)
}
