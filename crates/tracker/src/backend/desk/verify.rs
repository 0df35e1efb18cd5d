//! Walking a whole desk file and reporting what does not agree. Repairs nothing, decides nothing, writes nothing.
//!
//! Every row is decoded, and what points to another row is followed: tasks to their machines and back, contacts
//! likewise, merges, comments, effects, the counters that give the next ids. Invariant: no finding names a customer.

use std::path::Path;

use journal::{Finding, OpenFault};
use model::MachineId;
use redb::{Key, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError, Value};

use super::row::{
    Answer, COMMENTS, CONTACTS, CommentRow, ContactRow, Counters, EFFECTS, EffectRow, FEED, KEYS, LAYOUT_VERSION,
    MACHINES, META, MachineRow, STANDINGS, STATUSES, Standing, StandingKind, StatusRow, TASKS, TaskRow,
};
use super::storage::open_fault;

/// Findings that are listed; more are only counted.
const FINDINGS_MAX: usize = 1000;
/// Bytes of page cache for the walk.
const CACHE_BYTES: usize = 32 << 20;

/// What the walk over a desk saw.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeskReport {
    /// Tasks that stand, in the trash or not.
    pub tasks: u64,
    /// Comments.
    pub comments: u64,
    /// Contacts, merged ones too.
    pub contacts: u64,
    /// Requests of the node that were answered.
    pub effects: u64,
    /// What does not agree; at most a thousand are listed.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more_findings: u64,
}

/// Walks the desk in this file, also beside the node that writes it; what was seen stays in the report where the walk
/// fails.
///
/// # Errors
/// [`OpenFault`] where the file is missing, not a desk's, or cannot be read to its end.
pub fn verify(file: &Path, report: &mut DeskReport) -> Result<(), OpenFault> {
    let database = journal::open_read_only(file, CACHE_BYTES)?;
    let read = database.begin_read().map_err(open_fault)?;
    let counters = stamped(&read)?;
    let mut walk = Walk {
        tasks: table(&read, TASKS)?,
        standings: table(&read, STANDINGS)?,
        machines: table(&read, MACHINES)?,
        contacts: table(&read, CONTACTS)?,
        comments: table(&read, COMMENTS)?,
        effects: table(&read, EFFECTS)?,
        counters,
        report,
    };
    walk.statuses(&read)?;
    walk.tasks()?;
    walk.standings()?;
    walk.contacts()?;
    walk.machines()?;
    walk.comments()?;
    walk.effects()?;
    walk.feed(&read)?;
    walk.keys(&read)
}

/// Whether a desk's file was made and nothing was ever put into it.
///
/// # Errors
/// As [`verify`].
pub fn is_blank(file: &Path) -> Result<bool, OpenFault> {
    let read = journal::open_read_only(file, 1 << 20)?.begin_read().map_err(open_fault)?;
    if read.list_tables().map_err(open_fault)?.next().is_none() {
        return Ok(true);
    }
    let counters = stamped(&read)?;
    Ok((counters.task, counters.contact, counters.comment, counters.effect) == (0, 0, 0, 0))
}

/// Checks the stamp and reads the counters.
pub(super) fn stamped(read: &ReadTransaction) -> Result<Counters, OpenFault> {
    let damaged = |what: &str| OpenFault::Damaged { what: what.to_owned() };
    let meta = match read.open_table(META) {
        Err(TableError::TableDoesNotExist(_)) => return Err(damaged("no desk was ever begun in it")),
        opened => opened.map_err(open_fault)?,
    };
    let version = meta.get("version").map_err(open_fault)?;
    let version = version.and_then(|bytes| bytes.value().try_into().map(u32::from_le_bytes).ok());
    match version {
        Some(LAYOUT_VERSION) => {}
        Some(newer) if newer > LAYOUT_VERSION => {
            return Err(OpenFault::Newer { found: u64::from(newer), known: u64::from(LAYOUT_VERSION) });
        }
        Some(_) | None => return Err(damaged("the desk's version stamp is wrong")),
    }
    let counters = meta.get("counters").map_err(open_fault)?;
    let counters = counters.ok_or_else(|| damaged("the desk's counters are missing"))?;
    serde_json::from_slice(counters.value()).map_err(|_| damaged("the desk's counters cannot be read"))
}

/// A table of the desk.
pub(super) fn table<K: Key + 'static, V: Value + 'static>(
    read: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<ReadOnlyTable<K, V>, OpenFault> {
    read.open_table(table).map_err(open_fault)
}

type ById = ReadOnlyTable<u64, &'static [u8]>;

struct Walk<'a> {
    tasks: ById,
    standings: ById,
    machines: ReadOnlyTable<&'static str, &'static [u8]>,
    contacts: ById,
    comments: ById,
    effects: ById,
    counters: Counters,
    report: &'a mut DeskReport,
}

impl Walk<'_> {
    fn finding(&mut self, id: u64, what: &str) {
        if self.report.findings.len() < FINDINGS_MAX {
            self.report.findings.push(Finding { position: id, what: what.to_owned() });
        } else {
            self.report.more_findings += 1;
        }
    }

    fn statuses(&mut self, read: &ReadTransaction) -> Result<(), OpenFault> {
        for entry in table(read, STATUSES)?.iter().map_err(open_fault)? {
            let (id, bytes) = entry.map_err(open_fault)?;
            if serde_json::from_slice::<StatusRow>(bytes.value()).is_err() {
                self.finding(u64::from(id.value()), "a status cannot be read");
            }
        }
        Ok(())
    }

    fn tasks(&mut self) -> Result<(), OpenFault> {
        for entry in self.tasks.range::<u64>(..).map_err(open_fault)? {
            let (id, bytes) = entry.map_err(open_fault)?;
            let id = id.value();
            self.report.tasks += 1;
            if id > self.counters.task {
                self.finding(id, "a task has a number that was not given yet");
            }
            let Ok(row) = serde_json::from_slice::<TaskRow>(bytes.value()) else {
                self.finding(id, "a task cannot be read");
                continue;
            };
            if !matches!(self.standing(id)?, Some(Standing { kind: StandingKind::Stands { .. }, .. })) {
                self.finding(id, "a task has a row and does not stand");
            }
            if let Some(binding) = &row.binding
                && self.machine(binding)?.is_none_or(|machine| machine.task == 0)
            {
                self.finding(id, "a task is bound to a conversation that knows of no task");
            }
            if let Some(contact) = row.contact
                && self.contacts.get(contact).map_err(open_fault)?.is_none()
            {
                self.finding(id, "a task has a contact that is not there");
            }
        }
        Ok(())
    }

    fn standings(&mut self) -> Result<(), OpenFault> {
        for entry in self.standings.range::<u64>(..).map_err(open_fault)? {
            let (id, bytes) = entry.map_err(open_fault)?;
            let id = id.value();
            let Some(row) = Standing::from_bytes(bytes.value()) else {
                self.finding(id, "where a task stands cannot be read");
                continue;
            };
            let leads_nowhere = match row.kind {
                StandingKind::Stands { .. } => self.tasks.get(id).map_err(open_fault)?.is_none(),
                StandingKind::Merged { into } => into == id || self.standings.get(into).map_err(open_fault)?.is_none(),
                StandingKind::Purged => false,
            };
            if leads_nowhere {
                self.finding(id, "a task stands, or was merged, and its row is not there");
            }
            let is_gone = matches!(row.kind, StandingKind::Purged);
            if !is_gone && row.last != 0 && !self.has_comment(row.last)? && self.is_read(id)? {
                self.finding(id, "the newest comment of a task is not there");
            }
        }
        Ok(())
    }

    /// Whether a task's comments can still be read: those of a task that was purged after it took others in are gone.
    fn is_read(&self, task: u64) -> Result<bool, OpenFault> {
        let mut at = task;
        for _hop in 0..=super::MERGE_DEPTH_MAX {
            match self.standing(at)?.map(|standing| standing.kind) {
                Some(StandingKind::Stands { .. }) => return Ok(true),
                Some(StandingKind::Merged { into }) => at = into,
                Some(StandingKind::Purged) | None => return Ok(false),
            }
        }
        Ok(false)
    }

    fn contacts(&mut self) -> Result<(), OpenFault> {
        for entry in self.contacts.range::<u64>(..).map_err(open_fault)? {
            let (id, bytes) = entry.map_err(open_fault)?;
            let id = id.value();
            self.report.contacts += 1;
            if id > self.counters.contact {
                self.finding(id, "a contact has a number that was not given yet");
            }
            let Ok(row) = serde_json::from_slice::<ContactRow>(bytes.value()) else {
                self.finding(id, "a contact cannot be read");
                continue;
            };
            if self.machine(&row.key)?.is_none_or(|machine| machine.contact != id) {
                self.finding(id, "a contact is not the one that its conversation knows");
            }
            if let Some(into) = row.merged_into
                && self.contacts.get(into).map_err(open_fault)?.is_none()
            {
                self.finding(id, "a contact was merged into one that is not there");
            }
        }
        Ok(())
    }

    fn machines(&mut self) -> Result<(), OpenFault> {
        for entry in self.machines.range::<&str>(..).map_err(open_fault)? {
            let (name, bytes) = entry.map_err(open_fault)?;
            let row = MachineRow::from_bytes(bytes.value());
            let (Ok(machine), Some(row)) = (name.value().parse::<MachineId>(), row) else {
                self.finding(0, "what is kept of a conversation cannot be read");
                continue;
            };
            self.bound(&machine, row)?;
            if row.contact != 0 {
                let contact = self.contacts.get(row.contact).map_err(open_fault)?;
                let contact = contact.and_then(|bytes| serde_json::from_slice::<ContactRow>(bytes.value()).ok());
                if contact.is_none_or(|contact| contact.key != machine) {
                    self.finding(row.contact, "a conversation's contact is not there, or another's");
                }
            }
            if row.effects != 0 && self.effects.get(row.effects).map_err(open_fault)?.is_none() {
                self.finding(row.effects, "the newest request of a conversation is not there");
            }
        }
        Ok(())
    }

    /// A machine's newest task is bound to it, as long as it stands by itself.
    fn bound(&mut self, machine: &MachineId, row: MachineRow) -> Result<(), OpenFault> {
        if row.task == 0 {
            return Ok(());
        }
        match self.standing(row.task)?.map(|standing| standing.kind) {
            None => self.finding(row.task, "a conversation's task is not there"),
            Some(StandingKind::Merged { .. } | StandingKind::Purged) => {}
            Some(StandingKind::Stands { .. }) => {
                let task = self.tasks.get(row.task).map_err(open_fault)?;
                let task = task.and_then(|bytes| serde_json::from_slice::<TaskRow>(bytes.value()).ok());
                if task.is_some_and(|task| task.binding.as_ref() != Some(machine)) {
                    self.finding(row.task, "a conversation's task is bound to another");
                }
            }
        }
        Ok(())
    }

    fn comments(&mut self) -> Result<(), OpenFault> {
        for entry in self.comments.range::<u64>(..).map_err(open_fault)? {
            let (id, bytes) = entry.map_err(open_fault)?;
            let id = id.value();
            self.report.comments += 1;
            if id > self.counters.comment {
                self.finding(id, "a comment has a number that was not given yet");
            }
            let Some(row) = CommentRow::from_bytes(bytes.value()) else {
                self.finding(id, "a comment cannot be read");
                continue;
            };
            if self.standings.get(row.task).map_err(open_fault)?.is_none() {
                self.finding(id, "a comment belongs to a task that is not there");
            }
            if row.prev != 0 && (row.prev >= id || !self.has_comment(row.prev)?) {
                self.finding(id, "the comment before a comment is not there");
            }
        }
        Ok(())
    }

    fn effects(&mut self) -> Result<(), OpenFault> {
        for entry in self.effects.range::<u64>(..).map_err(open_fault)? {
            let (id, bytes) = entry.map_err(open_fault)?;
            let id = id.value();
            self.report.effects += 1;
            if id > self.counters.effect {
                self.finding(id, "a request has a number that was not given yet");
            }
            match EffectRow::from_bytes(bytes.value()) {
                None => self.finding(id, "a request that was answered cannot be read"),
                Some(row) => {
                    if row.prev >= id || (row.prev != 0 && self.effects.get(row.prev).map_err(open_fault)?.is_none()) {
                        self.finding(id, "the request before a request is not there");
                    }
                    if let Some(task) = row.answer.task()
                        && self.standings.get(task).map_err(open_fault)?.is_none()
                    {
                        self.finding(id, "a request was answered with a task that is not there");
                    }
                }
            }
        }
        Ok(())
    }

    fn feed(&mut self, read: &ReadTransaction) -> Result<(), OpenFault> {
        for entry in table(read, FEED)?.range::<u64>(..).map_err(open_fault)? {
            let id = entry.map_err(open_fault)?.0.value();
            if id > self.counters.fed || !self.has_comment(id)? {
                self.finding(id, "the feed names a comment that is not there");
            }
        }
        Ok(())
    }

    fn keys(&mut self, read: &ReadTransaction) -> Result<(), OpenFault> {
        for entry in table(read, KEYS)?.range::<&str>(..).map_err(open_fault)? {
            let (_, bytes) = entry.map_err(open_fault)?;
            let answer = bytes.value().split_first_chunk::<32>().and_then(|(_, answer)| Answer::from_bytes(answer));
            if answer.is_none() {
                self.finding(0, "what a person's request was answered cannot be read");
            }
        }
        Ok(())
    }

    fn standing(&self, task: u64) -> Result<Option<Standing>, OpenFault> {
        let bytes = self.standings.get(task).map_err(open_fault)?;
        Ok(bytes.and_then(|bytes| Standing::from_bytes(bytes.value())))
    }

    fn machine(&self, machine: &MachineId) -> Result<Option<MachineRow>, OpenFault> {
        let bytes = self.machines.get(machine.to_string().as_str()).map_err(open_fault)?;
        Ok(bytes.and_then(|bytes| MachineRow::from_bytes(bytes.value())))
    }

    fn has_comment(&self, id: u64) -> Result<bool, OpenFault> {
        Ok(self.comments.get(id).map_err(open_fault)?.is_some())
    }
}
