//! One generic host for all machines: decides on the live state, evolves at once, and makes the batch that the journal gets.
//!
//! Keeps: one decision, one batch; state rebuilt from the journal equals the live state; effects only from journaled events.
//! Knows nothing of actors.

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::{Appended, Batch, History, Journal, Key, OpenEffect, ReadFault, Record, Snapshot};
use machine::{CodecFault, Context, Machine};
use model::{EffectId, Incarnation, MachineId, Timestamp};

/// A snapshot is kept after so many records, so that reading a machine stays short.
const SNAPSHOT_RECORDS: u64 = 256;

/// A machine could not be rebuilt.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadFault {
    /// The journal could not be read.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// A record could not be decoded.
    #[error(transparent)]
    Codec(#[from] CodecFault),
    /// Records are missing: a corruption alarm.
    #[error("{machine}: record {found} stands where {expected} was expected")]
    Gap {
        /// Whose.
        machine: MachineId,
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
}

/// A machine as the journal has it.
#[derive(Debug)]
pub struct Rebuilt<M: Machine> {
    /// Its state.
    pub state: M::State,
    /// The deadline row.
    pub armed: Option<i64>,
    /// Unsettled effects: the number of the event that named each, its row and the work.
    pub open: BTreeMap<u64, (OpenEffect, M::Effect)>,
    /// Records since the last snapshot.
    pub unfrozen: u64,
}

/// Rebuilds a machine from the journal: `evolve` only, nothing is decided.
pub fn rebuild<M: Machine>(journal: &dyn Journal, id: &MachineId) -> Result<Rebuilt<M>, LoadFault> {
    let key = key_of(id);
    let history = journal.read(&key, true)?;
    if let Some(snapshot) = &history.snapshot {
        match M::thaw(snapshot.version, &snapshot.body) {
            Some(state) => return Rebuilt::of(id, state, history),
            // Another build's snapshot: a cache miss, not a fault.
            None => return Rebuilt::of(id, M::fresh(id), journal.read(&key, false)?),
        }
    }
    Rebuilt::of(id, M::fresh(id), history)
}

impl<M: Machine> Rebuilt<M> {
    /// Folds a history over the state before it.
    ///
    /// # Errors
    /// [`LoadFault`] where a record is missing or cannot be decoded.
    pub fn of(id: &MachineId, mut state: M::State, history: History) -> Result<Self, LoadFault> {
        let mut open = BTreeMap::new();
        let mut unfrozen = 0;
        for batch in history.batches {
            for stored in batch.records {
                let expected = M::seq(&state) + 1;
                if stored.seq != expected {
                    return Err(LoadFault::Gap { machine: id.clone(), expected, found: stored.seq });
                }
                let event = M::decode(stored.record.kind, stored.record.version, &stored.record.body)?;
                if let Some(settled) = M::settles(&event) {
                    open.remove(&settled);
                }
                if let Some(effect) = M::effect(&event) {
                    open.insert(stored.seq, (OpenEffect { position: batch.position, index: stored.index }, effect));
                }
                M::evolve(&mut state, &event);
                unfrozen += 1;
            }
        }
        Ok(Self { state, armed: history.armed, open, unfrozen })
    }
}

/// A machine's name in the journal.
pub fn key_of(id: &MachineId) -> Key {
    Arc::from(id.to_string().into_bytes())
}

/// The machine a journal key names.
pub fn machine_of(key: &[u8]) -> Option<MachineId> {
    core::str::from_utf8(key).ok()?.parse().ok()
}

/// Effects that a batch named: released when it is durable.
#[derive(Debug)]
pub struct Flight<M: Machine> {
    effects: Vec<(u64, u16, M::Effect)>,
}

/// A live machine.
#[derive(Debug)]
pub struct Host<M: Machine> {
    /// Whose.
    pub id: MachineId,
    key: Key,
    incarnation: Incarnation,
    /// Its state, durable or not yet.
    pub state: M::State,
    armed: Option<i64>,
    /// Rows of effects that are named and durable but not settled.
    open: BTreeMap<u64, OpenEffect>,
    /// Effects named by batches under way.
    unborn: usize,
    unfrozen: u64,
    snapshots: bool,
}

impl<M: Machine> Host<M> {
    /// Takes over a rebuilt machine; the open effects are handed back to be settled or run again.
    pub fn new(id: MachineId, incarnation: Incarnation, rebuilt: Rebuilt<M>) -> (Self, Vec<(EffectId, M::Effect)>) {
        let key = key_of(&id);
        let mut host = Self {
            id,
            key,
            incarnation,
            state: rebuilt.state,
            armed: rebuilt.armed,
            open: BTreeMap::new(),
            unborn: 0,
            unfrozen: rebuilt.unfrozen,
            snapshots: true,
        };
        let mut open = Vec::with_capacity(rebuilt.open.len());
        for (seq, (row, effect)) in rebuilt.open {
            host.open.insert(seq, row);
            open.push((host.effect_id(seq), effect));
        }
        (host, open)
    }

    /// Keeps no snapshots: for a journal that never reads one.
    #[must_use]
    pub fn without_snapshots(mut self) -> Self {
        self.snapshots = false;
        self
    }

    /// Whether it rests: nothing under way to the journal, and no effect open.
    pub fn rests(&self) -> bool {
        self.unborn == 0 && self.open.is_empty()
    }

    fn effect_id(&self, seq: u64) -> EffectId {
        EffectId { incarnation: self.incarnation, machine: self.id.clone(), seq }
    }

    /// Decides and evolves. `None`: nothing changed.
    pub fn decide(&mut self, command: M::Command, context: &Context, now: Timestamp) -> Option<(Batch, Flight<M>)> {
        let expected = M::seq(&self.state);
        let events = M::decide(&self.state, command, context, now);
        if events.is_empty() {
            return None;
        }
        let mut records = Vec::with_capacity(events.len());
        let mut closes = Vec::new();
        let mut effects = Vec::new();
        for (index, event) in (0u16..).zip(&events) {
            M::evolve(&mut self.state, event);
            let seq = M::seq(&self.state);
            if let Some(row) = M::settles(event).and_then(|settled| self.open.remove(&settled)) {
                closes.push(row);
            }
            let effect = M::effect(event);
            let encoded = M::encode(event);
            records.push(Record {
                kind: encoded.kind,
                version: encoded.version,
                sealed: encoded.sealed,
                opens: effect.is_some(),
                body: encoded.body,
            });
            if let Some(effect) = effect {
                effects.push((seq, index, effect));
            }
        }
        self.unborn += effects.len();
        self.unfrozen += u64::try_from(records.len()).unwrap_or(u64::MAX);
        self.arm(now);
        let snapshot = self.freeze_if_long();
        let batch = Batch {
            key: Arc::clone(&self.key),
            expected,
            at: now.0,
            records,
            closes,
            armed: self.armed,
            baseline: false,
            snapshot,
        };
        Some((batch, Flight { effects }))
    }

    /// The deadline row moves only when it must become earlier or has fired; a wake that finds nothing due re-arms.
    fn arm(&mut self, now: Timestamp) {
        let deadline = M::deadline(&self.state).map(|at| at.0);
        self.armed = match (self.armed, deadline) {
            (Some(row), Some(at)) if row > now.0 && row <= at => Some(row),
            (Some(row), None) if row > now.0 => Some(row),
            (_, deadline) => deadline,
        };
    }

    /// A batch without records that moves a row which has fired to where the state wants it; `None` if it stands right.
    pub fn rearm(&mut self, now: Timestamp) -> Option<Batch> {
        let before = self.armed;
        self.arm(now);
        (self.armed != before).then(|| Batch {
            key: Arc::clone(&self.key),
            expected: M::seq(&self.state),
            at: now.0,
            records: Vec::new(),
            closes: Vec::new(),
            armed: self.armed,
            baseline: false,
            snapshot: None,
        })
    }

    /// Only without open effects, so that every open effect's record lies after the snapshot.
    fn freeze_if_long(&mut self) -> Option<Snapshot> {
        if !self.snapshots || self.unfrozen < SNAPSHOT_RECORDS || self.unborn > 0 || !self.open.is_empty() {
            return None;
        }
        self.unfrozen = 0;
        let (version, body) = M::freeze(&self.state);
        Some(Snapshot { seq: M::seq(&self.state), version, body })
    }

    /// The batch is durable: these effects may leave now.
    pub fn appended(&mut self, flight: Flight<M>, appended: Appended) -> Vec<(EffectId, M::Effect)> {
        self.unborn -= flight.effects.len();
        flight
            .effects
            .into_iter()
            .map(|(seq, index, effect)| {
                self.open.insert(seq, OpenEffect { position: appended.position, index });
                (self.effect_id(seq), effect)
            })
            .collect()
    }
}
