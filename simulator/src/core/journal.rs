//! The journal in memory: stored bytes, as the store would give them back, and the rows derived from them.
//!
//! A group is one decision. Invariant: what is not in `batches` was never durable; every row follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ::journal::{AppendFault, Appended, Batch, Due, History, Key, OpenEffect, Position, Stored, StoredBatch};
use actors::host::key_of;
use model::{Incarnation, MachineId};

/// The store's only life: nothing is restored from a backup here.
pub(super) const INCARNATION: Incarnation = Incarnation(1);

/// What becomes of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is durable.
    Kept,
    /// Nothing of it is stored, and the caller learns so.
    Lost,
    /// The caller does not learn whether it is stored.
    Unknown {
        /// Whether it is.
        stored: bool,
    },
}

/// The store under the journal: where faults of the disk come in.
pub trait Storage {
    /// What becomes of this batch.
    fn commit(&mut self, batch: &Batch) -> Fate;
}

/// A store without faults.
#[derive(Clone, Copy, Debug)]
pub struct Sound;

impl Storage for Sound {
    fn commit(&mut self, _batch: &Batch) -> Fate {
        Fate::Kept
    }
}

/// What the machines decided.
pub struct Journal {
    batches: Vec<StoredBatch>,
    heads: Vec<Head>,
    by_key: BTreeMap<Key, usize>,
    due: BTreeSet<Due>,
    open: BTreeSet<OpenEffect>,
    storage: Box<dyn Storage>,
}

/// One machine.
struct Head {
    id: MachineId,
    key: Key,
    seq: u64,
    /// Its batches, by index.
    batches: Vec<usize>,
    armed: Option<i64>,
}

impl Journal {
    pub(super) fn new(storage: Box<dyn Storage>) -> Self {
        let (due, open) = (BTreeSet::new(), BTreeSet::new());
        Self { batches: Vec::new(), heads: Vec::new(), by_key: BTreeMap::new(), due, open, storage }
    }

    /// Everything, in the order in which it became durable.
    pub fn batches(&self) -> &[StoredBatch] {
        &self.batches
    }

    /// What one machine decided, in order.
    pub fn of(&self, machine: &MachineId) -> impl Iterator<Item = &StoredBatch> {
        let head = self.by_key.get(&key_of(machine)).map(|index| &self.heads[*index]);
        head.into_iter().flat_map(|head| &head.batches).map(|index| &self.batches[*index])
    }

    /// Every machine that decided something, in the order of their names.
    pub fn machines(&self) -> impl Iterator<Item = &MachineId> {
        self.by_key.values().map(|index| &self.heads[*index]).filter(|head| head.seq > 0).map(|head| &head.id)
    }

    /// From now on commits fare like this.
    pub fn set_storage(&mut self, storage: Box<dyn Storage>) {
        self.storage = storage;
    }

    /// The handle of a machine, made where it is new.
    pub(super) fn machine(&mut self, id: &MachineId) -> usize {
        let key = key_of(id);
        let next = self.heads.len();
        let index = *self.by_key.entry(Arc::clone(&key)).or_insert(next);
        if index == next {
            self.heads.push(Head { id: id.clone(), key, seq: 0, batches: Vec::new(), armed: None });
        }
        index
    }

    pub(super) fn id(&self, machine: usize) -> &MachineId {
        &self.heads[machine].id
    }

    pub(super) fn append(&mut self, machine: usize, batch: Batch) -> Result<Appended, AppendFault> {
        let head = self.heads[machine].seq;
        if batch.expected != head {
            return Err(AppendFault::Conflict { head });
        }
        match self.storage.commit(&batch) {
            Fate::Kept => Ok(self.store(machine, batch)),
            Fate::Lost => Err(AppendFault::Unavailable),
            Fate::Unknown { stored } => {
                if stored {
                    self.store(machine, batch);
                }
                Err(AppendFault::Unknown)
            }
        }
    }

    fn store(&mut self, machine: usize, batch: Batch) -> Appended {
        let position = Position(self.batches.len() as u64 + 1);
        let head = &mut self.heads[machine];
        let mut records = Vec::with_capacity(batch.records.len());
        for (index, record) in (0u16..).zip(batch.records) {
            head.seq += 1;
            if record.opens {
                self.open.insert(OpenEffect { position, index });
            }
            records.push(Stored { seq: head.seq, index, record });
        }
        for closed in &batch.closes {
            self.open.remove(closed);
        }
        if head.armed != batch.armed {
            let row = |at| Due { at, key: Arc::clone(&head.key) };
            if let Some(at) = head.armed {
                self.due.remove(&row(at));
            }
            if let Some(at) = batch.armed {
                self.due.insert(row(at));
            }
            head.armed = batch.armed;
        }
        head.batches.push(self.batches.len());
        let (key, at, armed, baseline) = (batch.key, batch.at, batch.armed, batch.baseline);
        self.batches.push(StoredBatch { position, key, at, armed, baseline, records });
        Appended { position }
    }

    /// Everything needed to rebuild a machine.
    pub(super) fn history(&self, machine: usize) -> History {
        let head = &self.heads[machine];
        let batches = head.batches.iter().map(|index| self.batches[*index].clone()).collect();
        History { snapshot: None, batches, head: head.seq, armed: head.armed }
    }

    pub(super) fn due(&self, until: i64, after: Option<&Due>, limit: usize) -> Vec<Due> {
        let after = after.map_or(core::ops::Bound::Unbounded, core::ops::Bound::Excluded);
        let rows = self.due.range((after, core::ops::Bound::Unbounded));
        rows.take_while(|row| row.at <= until).take(limit).cloned().collect()
    }

    pub(super) fn next_due(&self) -> Option<i64> {
        self.due.first().map(|row| row.at)
    }

    pub(super) fn has_open_effects(&self) -> bool {
        !self.open.is_empty()
    }

    /// Machines with open effects.
    pub(super) fn open_machines(&self) -> BTreeSet<&MachineId> {
        let batches = self.open.iter().filter_map(|open| self.batches.get(usize::try_from(open.position.0).ok()? - 1));
        batches.filter_map(|batch| self.by_key.get(&batch.key)).map(|index| &self.heads[*index].id).collect()
    }
}
