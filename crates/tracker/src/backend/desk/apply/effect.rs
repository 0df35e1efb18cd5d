//! What the node asks of the desk: open a task, add comments, name a contact.
//!
//! A task in the trash is not active, but it is there: without `if_active` it takes comments. A task id that this desk
//! never gave to the machine that asks, as after the desk was restored from an older copy or begun anew, counts as gone,
//! so that the conversation gets a new task and nothing is lost.
//! Invariant: a number that was given twice never brings one customer's words to another's task or contact.

use model::{MachineId, Redacted, TaskId, Timestamp};

use crate::backend::desk::ledger::{Ledger, Resolved, Trouble};
use crate::backend::desk::request::{EffectRequest, Entry};
use crate::backend::desk::row::{Answer, ContactRow, MachineRow, TaskRow};

/// Does what the node asks for a machine, of which `known` is kept.
pub(super) fn apply(
    ledger: &mut Ledger<'_>,
    machine: &str,
    known: MachineRow,
    request: &EffectRequest,
) -> Result<Answer, Trouble> {
    match request {
        EffectRequest::OpenTask { binding, contact, contact_name, name, lines, previous, at } => {
            if lines.is_empty() {
                return Err(Trouble::GiveUp("a task needs at least one line".to_owned()));
            }
            let asked = Asked { contact, contact_name: contact_name.as_ref(), at: *at };
            let contact = upsert_contact(ledger, asked, &binding.1)?;
            let row = TaskRow {
                name: name.clone(),
                binding: Some(binding.0.clone()),
                contact: Some(contact),
                previous: previous.clone(),
                opened_at: *at,
                absorbed: Vec::new(),
            };
            let task = open_task(ledger, &row, lines)?;
            ledger.change_machine(&binding.1, |machine| machine.task = task);
            Ok(Answer::Opened { task, contact })
        }
        EffectRequest::AddComments { task, lines, if_active } => {
            if let Some(number) = super::task_number(task)
                && known.task != number
                && ledger.standing(number)?.is_some()
                && !ledger.was_answered(known, |answer| answer.task() == Some(number))?
            {
                tracing::error!(
                    machine,
                    task = number,
                    "the desk never gave this task to this conversation: nothing is added"
                );
                return Ok(Answer::Gone);
            }
            add_comments(ledger, task, lines, *if_active)
        }
        EffectRequest::NameContact { contact, name, at } => {
            if let Some(number) = *contact
                && known.contact != number
                && !ledger.was_answered(
                    known,
                    |answer| matches!(answer, Answer::Opened { contact, .. } if contact == number),
                )?
            {
                tracing::error!(machine, contact = number, "the desk never gave this contact to this conversation");
                return Err(unknown_contact());
            }
            name_contact(ledger, *contact, name, *at)
        }
    }
}

/// A contact as a new task asks for it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    contact: &'a (MachineId, String),
    contact_name: Option<&'a Redacted<String>>,
    at: Timestamp,
}

/// Finds or makes the contact of a new task. Reads all that opening will touch before it writes.
fn upsert_contact(ledger: &mut Ledger<'_>, asked: Asked<'_>, binding_key: &str) -> Result<u64, Trouble> {
    let (key, store_key) = asked.contact;
    let _met_for_the_binding: MachineRow = ledger.machine(binding_key)?;
    let known = ledger.machine(store_key)?.contact;
    if known == 0 {
        ledger.counters.contact += 1;
        let contact = ledger.counters.contact;
        let row = ContactRow {
            key: key.clone(),
            name: asked.contact_name.cloned(),
            typed: false,
            merged_into: None,
            at: asked.at,
        };
        ledger.set_contact(contact, &row)?;
        ledger.change_machine(store_key, |machine| machine.contact = contact);
        return Ok(contact);
    }
    if let Some(name) = asked.contact_name {
        name_contact(ledger, Some(known), name, asked.at)?;
    }
    Ok(known)
}

/// Opens a task in the first active status.
pub(super) fn open_task(ledger: &mut Ledger<'_>, row: &TaskRow, lines: &[Entry]) -> Result<u64, Trouble> {
    let first = ledger.statuses.iter().find(|(_, status)| status.active).or(ledger.statuses.iter().next());
    let Some((&status, _)) = first else { return Err(Trouble::GiveUp("the desk has no status".to_owned())) };
    ledger.counters.task += 1;
    let task = ledger.counters.task;
    ledger.set_task(task, row)?;
    let standing = ledger.add_comments(task, Ledger::new_standing(status, row.opened_at), lines, true)?;
    ledger.set_standing(task, standing);
    Ok(task)
}

fn add_comments(ledger: &mut Ledger<'_>, task: &TaskId, lines: &[Entry], if_active: bool) -> Result<Answer, Trouble> {
    let Some(asked) = super::task_number(task) else { return Ok(Answer::Gone) };
    match ledger.resolve(asked)? {
        Resolved::Gone | Resolved::Unknown => Ok(Answer::Gone),
        Resolved::Stands { status, trashed, .. } if if_active && (trashed || !ledger.is_active(status)) => {
            Ok(Answer::Inactive)
        }
        Resolved::Stands { task, standing, .. } => {
            let standing = ledger.add_comments(task, standing, lines, false)?;
            ledger.set_standing(task, standing);
            Ok(Answer::Added { task })
        }
    }
}

fn name_contact(
    ledger: &mut Ledger<'_>,
    contact: Option<u64>,
    name: &Redacted<String>,
    at: Timestamp,
) -> Result<Answer, Trouble> {
    let contact = contact.ok_or_else(unknown_contact)?;
    let row = ledger.contact(contact)?.ok_or_else(unknown_contact)?;
    if !row.typed && row.name.as_ref() != Some(name) {
        ledger.set_contact(contact, &ContactRow { name: Some(name.clone()), at, ..row })?;
    }
    Ok(Answer::Settled)
}

fn unknown_contact() -> Trouble {
    Trouble::GiveUp("unknown contact".to_owned())
}
