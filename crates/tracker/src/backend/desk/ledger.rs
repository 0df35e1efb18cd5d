//! One group's view of the tables: rows are read when first needed and written once, when the group ends.
//!
//! No rules here: what may change stands in `apply`. Comments and effects go straight to their append-only tables;
//! the short rows that every message touches (standings, machines) collect in memory until [`Ledger::finish`].

use std::collections::BTreeMap;

use model::Timestamp;
use redb::{ReadableTable, StorageError, Table, TableError, WriteTransaction};

use super::refusal::Refusal;
use super::request::Entry;
use super::row::{
    self, Answer, COMMENTS, CONTACTS, CommentRow, ContactRow, Counters, Damaged, EFFECTS, EffectNumber, EffectRow,
    FEED, KEYS, MACHINES, META, MachineRow, Origin, STANDINGS, STATUSES, Standing, StandingKind, StatusRow, TASKS,
    TaskRow,
};
use super::{MERGE_DEPTH_MAX, Statuses};

/// Why one operation, or a whole group, came to nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The node asked for what will never work.
    GiveUp(String),
    /// A person asked for what the desk does not do.
    Refused(Refusal),
    /// A stored row cannot be read; the operation changed nothing.
    Damaged(Damaged),
    /// The storage failed: nothing of the group may stay.
    Storage(StorageError),
}

impl From<StorageError> for Trouble {
    fn from(fault: StorageError) -> Self {
        Self::Storage(fault)
    }
}

impl From<Damaged> for Trouble {
    fn from(fault: Damaged) -> Self {
        Self::Damaged(fault)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a task id comes to after all merges.
pub(super) enum Resolved {
    /// A task that stands.
    Stands {
        /// Its number.
        task: u64,
        /// Its row.
        standing: Standing,
        /// Its status.
        status: u32,
        /// Whether it lies in the trash.
        trashed: bool,
    },
    /// Gone for good.
    Gone,
    /// Never given to a task.
    Unknown,
}

/// The tables of one write transaction.
pub(super) struct Ledger<'t> {
    contacts: Table<'t, u64, &'static [u8]>,
    tasks: Table<'t, u64, &'static [u8]>,
    standings: Table<'t, u64, &'static [u8]>,
    machines: Table<'t, &'static str, &'static [u8]>,
    comments: Table<'t, u64, &'static [u8]>,
    effects: Table<'t, u64, &'static [u8]>,
    feed: Table<'t, u64, ()>,
    keys: Table<'t, &'static str, &'static [u8]>,
    meta: Table<'t, &'static str, &'static [u8]>,
    standings_met: BTreeMap<u64, Met<Standing>>,
    machines_met: BTreeMap<String, Met<MachineRow>>,
    scratch: Vec<u8>,
    /// What the next ids are.
    pub(super) counters: Counters,
    /// Every status.
    pub(super) statuses: &'t Statuses,
}

/// A row met in this group.
struct Met<T> {
    row: Option<T>,
    changed: bool,
}

impl<'t> Ledger<'t> {
    /// Opens every table, so that each exists from the first commit on.
    pub(super) fn open(
        txn: &'t WriteTransaction,
        counters: Counters,
        statuses: &'t Statuses,
    ) -> Result<Self, TableError> {
        Ok(Self {
            contacts: txn.open_table(CONTACTS)?,
            tasks: txn.open_table(TASKS)?,
            standings: txn.open_table(STANDINGS)?,
            machines: txn.open_table(MACHINES)?,
            comments: txn.open_table(COMMENTS)?,
            effects: txn.open_table(EFFECTS)?,
            feed: txn.open_table(FEED)?,
            keys: txn.open_table(KEYS)?,
            meta: txn.open_table(META)?,
            standings_met: BTreeMap::new(),
            machines_met: BTreeMap::new(),
            scratch: Vec::new(),
            counters,
            statuses,
        })
    }

    /// Writes what collected and gives the counters as they are now.
    pub(super) fn finish(mut self) -> Result<Counters, StorageError> {
        for (task, met) in &self.standings_met {
            if let (Some(row), true) = (met.row, met.changed) {
                self.standings.insert(task, row.to_bytes().as_slice())?;
            }
        }
        for (machine, met) in &self.machines_met {
            if let (Some(row), true) = (met.row, met.changed) {
                self.machines.insert(machine.as_str(), row.to_bytes().as_slice())?;
            }
        }
        self.meta.insert("counters", row::json(&self.counters).as_slice())?;
        Ok(self.counters)
    }

    /// Follows merges from a task id.
    pub(super) fn resolve(&mut self, task: u64) -> Result<Resolved, Trouble> {
        let mut at = task;
        for _hop in 0..=MERGE_DEPTH_MAX {
            let Some(standing) = self.standing(at)? else { return Ok(Resolved::Unknown) };
            match standing.kind {
                StandingKind::Stands { status, trashed } => {
                    return Ok(Resolved::Stands { task: at, standing, status, trashed });
                }
                StandingKind::Merged { into } => at = into,
                StandingKind::Purged => return Ok(Resolved::Gone),
            }
        }
        Err(Damaged { table: "standings", id: task }.into())
    }

    /// Where a task stands.
    pub(super) fn standing(&mut self, task: u64) -> Result<Option<Standing>, Trouble> {
        if let Some(met) = self.standings_met.get(&task) {
            return Ok(met.row);
        }
        let row = match self.standings.get(task)? {
            None => None,
            Some(bytes) => Some(Standing::from_bytes(bytes.value()).ok_or(Damaged { table: "standings", id: task })?),
        };
        self.standings_met.insert(task, Met { row, changed: false });
        Ok(row)
    }

    /// Sets where a task stands, and keeps the counts.
    pub(super) fn set_standing(&mut self, task: u64, row: Standing) {
        let before = self.standings_met.insert(task, Met { row: Some(row), changed: true }).and_then(|met| met.row);
        if before.map(|before| before.kind) == Some(row.kind) {
            return;
        }
        if let Some(before) = before {
            self.count(before.kind, |count| *count = count.saturating_sub(1));
        }
        self.count(row.kind, |count| *count += 1);
    }

    fn count(&mut self, kind: StandingKind, step: impl Fn(&mut u64)) {
        match kind {
            StandingKind::Stands { status, trashed } => {
                step(&mut self.counters.standing);
                if trashed {
                    step(&mut self.counters.trashed);
                } else if self.is_active(status) {
                    step(&mut self.counters.active);
                }
            }
            StandingKind::Merged { .. } => step(&mut self.counters.merged),
            StandingKind::Purged => step(&mut self.counters.purged),
        }
    }

    /// Whether a status is active; one that is unknown is not.
    pub(super) fn is_active(&self, status: u32) -> bool {
        self.statuses.get(&status).is_some_and(|row: &StatusRow| row.active)
    }

    /// What is kept of a machine.
    pub(super) fn machine(&mut self, key: &str) -> Result<MachineRow, Trouble> {
        if let Some(met) = self.machines_met.get(key) {
            return Ok(met.row.unwrap_or_default());
        }
        let row = match self.machines.get(key)? {
            None => None,
            Some(bytes) => Some(MachineRow::from_bytes(bytes.value()).ok_or(Damaged { table: "machines", id: 0 })?),
        };
        self.machines_met.insert(key.to_owned(), Met { row, changed: false });
        Ok(row.unwrap_or_default())
    }

    /// Changes what is kept of a machine that was met.
    pub(super) fn change_machine(&mut self, key: &str, change: impl FnOnce(&mut MachineRow)) {
        if let Some(met) = self.machines_met.get_mut(key) {
            change(met.row.get_or_insert_default());
            met.changed = true;
        }
    }

    /// What of a standing task seldom changes.
    pub(super) fn task(&self, task: u64) -> Result<TaskRow, Trouble> {
        let Some(bytes) = self.tasks.get(task)? else { return Err(Damaged { table: "tasks", id: task }.into()) };
        Ok(serde_json::from_slice(bytes.value()).map_err(|_| Damaged { table: "tasks", id: task })?)
    }

    /// Sets it.
    pub(super) fn set_task(&mut self, task: u64, row: &TaskRow) -> Result<(), StorageError> {
        self.tasks.insert(task, row::json(row).as_slice()).map(drop)
    }

    /// Drops it.
    pub(super) fn drop_task(&mut self, task: u64) -> Result<(), StorageError> {
        self.tasks.remove(task).map(drop)
    }

    /// A contact.
    pub(super) fn contact(&self, contact: u64) -> Result<Option<ContactRow>, Trouble> {
        let Some(bytes) = self.contacts.get(contact)? else { return Ok(None) };
        let row = serde_json::from_slice(bytes.value()).map_err(|_| Damaged { table: "contacts", id: contact })?;
        Ok(Some(row))
    }

    /// Sets it.
    pub(super) fn set_contact(&mut self, contact: u64, row: &ContactRow) -> Result<(), StorageError> {
        self.contacts.insert(contact, row::json(row).as_slice()).map(drop)
    }

    /// Appends comments to a task and says what it is then. The caller sets the standing.
    pub(super) fn add_comments(
        &mut self,
        task: u64,
        standing: Standing,
        lines: &[Entry],
        describes: bool,
    ) -> Result<Standing, StorageError> {
        let mut standing = standing;
        for (index, line) in lines.iter().enumerate() {
            self.counters.comment += 1;
            let id = self.counters.comment;
            self.scratch.clear();
            let describes = describes && index == 0;
            self.scratch.extend(CommentRow::header(line.origin, describes, task, standing.last, line.at));
            self.scratch.extend(&line.body);
            self.comments.insert(id, self.scratch.as_slice())?;
            if matches!(line.origin, Origin::AgentToCustomer | Origin::AgentInternal) {
                self.feed.insert(id, ())?;
                self.counters.fed = id;
            }
            standing.last = id;
            standing.count = standing.count.saturating_add(1);
            standing.updated_at = standing.updated_at.max(line.at);
        }
        Ok(standing)
    }

    /// The ids of a chain of comments, newest first.
    pub(super) fn chain(&self, newest: u64) -> Result<Vec<u64>, Trouble> {
        let mut ids = Vec::new();
        let mut at = newest;
        while at != 0 {
            let Some(bytes) = self.comments.get(at)? else { return Err(Damaged { table: "comments", id: at }.into()) };
            let prev = CommentRow::prev(bytes.value()).filter(|prev| *prev < at);
            ids.push(at);
            at = prev.ok_or(Damaged { table: "comments", id: at })?;
        }
        Ok(ids)
    }

    /// Deletes comments.
    pub(super) fn drop_comments(&mut self, ids: &[u64]) -> Result<(), StorageError> {
        for id in ids {
            self.comments.remove(id)?;
            self.feed.remove(id)?;
        }
        Ok(())
    }

    /// Whether some effect of a machine was answered so. Looks at the newest first, at all of them where none was.
    pub(super) fn was_answered(&self, machine: MachineRow, wanted: impl Fn(Answer) -> bool) -> Result<bool, Trouble> {
        let mut at = machine.effects;
        while at != 0 {
            let bytes = self.effects.get(at)?;
            let row = bytes.and_then(|bytes| EffectRow::from_bytes(bytes.value())).filter(|row| row.prev < at);
            let row = row.ok_or(Damaged { table: "effects", id: at })?;
            if wanted(row.answer) {
                return Ok(true);
            }
            at = row.prev;
        }
        Ok(false)
    }

    /// An effect answered before. Most are new and greater than all before them, which costs nothing to see.
    pub(super) fn effect(&self, machine: MachineRow, number: EffectNumber) -> Result<Option<EffectRow>, Trouble> {
        let (mut at, mut newest) = (machine.effects, machine.newest);
        while at != 0 && number <= newest {
            let bytes = self.effects.get(at)?;
            let row = bytes.and_then(|bytes| EffectRow::from_bytes(bytes.value())).filter(|row| row.prev < at);
            let row = row.ok_or(Damaged { table: "effects", id: at })?;
            if row.number == number {
                return Ok(Some(row));
            }
            (at, newest) = (row.prev, row.below);
        }
        Ok(None)
    }

    /// Keeps what an effect of a machine that was met is answered.
    pub(super) fn keep_effect(
        &mut self,
        key: &str,
        number: EffectNumber,
        hash: [u8; 32],
        answer: Answer,
    ) -> Result<(), Trouble> {
        let machine = self.machine(key)?;
        self.counters.effect += 1;
        let at = self.counters.effect;
        let row = EffectRow { number, prev: machine.effects, below: machine.newest, hash, answer };
        self.effects.insert(at, row.to_bytes().as_slice())?;
        self.change_machine(key, |machine| {
            machine.effects = at;
            machine.newest = machine.newest.max(number);
        });
        Ok(())
    }

    /// What a person's key was answered, and for which request.
    pub(super) fn keyed(&self, key: &str) -> Result<Option<([u8; 32], Answer)>, Trouble> {
        let Some(bytes) = self.keys.get(key)? else { return Ok(None) };
        let (hash, answer) = bytes.value().split_first_chunk::<32>().ok_or(Damaged { table: "keys", id: 0 })?;
        let answer = Answer::from_bytes(answer).ok_or(Damaged { table: "keys", id: 0 })?;
        Ok(Some((*hash, answer)))
    }

    /// Keeps it.
    pub(super) fn keep_key(&mut self, key: &str, hash: [u8; 32], answer: Answer) -> Result<(), StorageError> {
        let mut bytes = hash.to_vec();
        bytes.extend(answer.to_bytes());
        self.keys.insert(key, bytes.as_slice()).map(drop)
    }

    /// A task that takes its first comments now.
    pub(super) fn new_standing(status: u32, at: Timestamp) -> Standing {
        let kind = StandingKind::Stands { status, trashed: false };
        Standing { kind, depth: 0, count: 0, last: 0, updated_at: at }
    }
}

/// Creates the status table where it is missing, and reads it.
pub(super) fn statuses(txn: &WriteTransaction) -> Result<Statuses, StatusesFault> {
    let mut table = txn.open_table(STATUSES)?;
    if table.first()?.is_none() {
        for (id, (name, active)) in
            (1_u32..).zip([("New", true), ("In work", true), ("Waiting", true), ("Done", false), ("Cancelled", false)])
        {
            table.insert(id, row::json(&StatusRow { name: name.to_owned(), active }).as_slice())?;
        }
    }
    let mut statuses = Statuses::new();
    for entry in table.iter()? {
        let (id, bytes) = entry?;
        let row = serde_json::from_slice(bytes.value());
        let row = row.map_err(|_| Damaged { table: "statuses", id: u64::from(id.value()) })?;
        statuses.insert(id.value(), row);
    }
    Ok(statuses)
}

/// The statuses cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum StatusesFault {
    /// The table cannot be opened.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The storage fails.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A row cannot be read.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}
