//! What a journal comes to: every machine rebuilt from its records, what is under way, what waits for an instant.
//!
//! Reads as a start does. Invariant: a state that was rebuilt from a snapshot is the one rebuilt from all records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use journal::{Drive, History, Journal as _, JournalFile, JournalOptions, Position, Record, Source};
use machine::account::Account;
use machine::conversation::Conversation;
use machine::kind_name;
use machine::page::Page;
use model::MachineId;
use serde::Serialize;
use serde_json::Value;

use crate::chance::Counted;
use crate::fake::disk::MemoryDisk;

/// What a journal comes to.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Recovered {
    /// How often the store was restored, counted from 1.
    pub incarnation: u32,
    /// The newest batch.
    pub last: u64,
    /// How often each kind of record is in it, by kind of machine.
    pub records: BTreeMap<String, u64>,
    /// Effects that are not settled: position and index.
    pub open_effects: Vec<(u64, u16)>,
    /// By name.
    pub machines: BTreeMap<String, Machine>,
}

/// A machine as its records leave it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Machine {
    /// Number of its last record.
    pub seq: u64,
    /// The instant it waits for, in the journal.
    pub armed: Option<i64>,
    /// Its state as a snapshot tells it.
    pub state: Value,
}

/// All records of a journal on these disks, opened, one machine's after the other's.
pub(super) fn records(journal: &MemoryDisk, keys: &MemoryDisk) -> anyhow::Result<Vec<(MachineId, Record)>> {
    let opened = open(journal, keys)?;
    let (mut ids, mut records) = (BTreeSet::new(), Vec::new());
    for batch in opened.tail(Position(0), usize::MAX)? {
        ids.insert(core::str::from_utf8(&batch.key)?.parse::<MachineId>()?);
    }
    for id in ids {
        let history = opened.read(id.to_string().as_bytes(), false)?;
        let stored = history.batches.into_iter().flat_map(|batch| batch.records);
        records.extend(stored.map(|stored| (id.clone(), stored.record)));
    }
    Ok(records)
}

/// Opens a journal on these disks.
fn open(journal: &MemoryDisk, keys: &MemoryDisk) -> anyhow::Result<JournalFile> {
    let source = |disk: &MemoryDisk| {
        let disk = disk.clone();
        Source::Backend(Arc::new(move || disk.open()))
    };
    let opened = JournalFile::open(
        source(journal),
        source(keys),
        JournalOptions::default(),
        Box::new(Counted::default()),
        Drive::Inline,
    );
    opened.context("the journal does not open")
}

/// Opens a journal on these disks and rebuilds everything.
pub(super) fn of(journal: &MemoryDisk, keys: &MemoryDisk) -> anyhow::Result<Recovered> {
    let opened = open(journal, keys)?;
    let sound = opened.verify().context("the journal cannot be walked")?;
    ensure!(sound.findings.is_empty(), "the journal is not sound: {:?}", sound.findings);
    let batches = opened.tail(Position(0), usize::MAX)?;
    let mut records: BTreeMap<String, u64> = BTreeMap::new();
    let mut names: BTreeSet<MachineId> = BTreeSet::new();
    for batch in &batches {
        let id: MachineId = core::str::from_utf8(&batch.key)?.parse()?;
        for stored in &batch.records {
            let of = match &id {
                MachineId::Account(_) => "account",
                MachineId::Page(_) => "page",
                MachineId::Conversation(..) => "conversation",
            };
            *records.entry(format!("{of} {}", kind_name(&id, stored.record.kind))).or_default() += 1;
        }
        names.insert(id);
    }
    let mut machines = BTreeMap::new();
    for id in names {
        let key = id.to_string();
        let [whole, short] = [false, true].map(|use_snapshot| opened.read(key.as_bytes(), use_snapshot));
        let (whole, short) = (whole?, short?);
        let rebuilt = state(&id, &whole)?.context("no snapshot was asked for")?;
        let is_same = state(&id, &short)?.is_none_or(|short| short == rebuilt);
        ensure!(is_same, "the snapshot of {key} is not what its records come to");
        machines.insert(key, Machine { seq: whole.head, armed: whole.armed, state: rebuilt });
    }
    let open_effects = opened.open_effects(None, usize::MAX)?;
    Ok(Recovered {
        incarnation: opened.incarnation(),
        last: opened.last().0,
        records,
        open_effects: open_effects.iter().map(|effect| (effect.position.0, effect.index)).collect(),
        machines,
    })
}

/// `None` where there is a snapshot of another version, which today's build leaves aside.
fn state(id: &MachineId, history: &History) -> anyhow::Result<Option<Value>> {
    match id {
        MachineId::Account(_) => folded::<Account>(id, history),
        MachineId::Page(_) => folded::<Page>(id, history),
        MachineId::Conversation(..) => folded::<Conversation>(id, history),
    }
}

fn folded<M: machine::Machine>(id: &MachineId, history: &History) -> anyhow::Result<Option<Value>> {
    let mut state = match &history.snapshot {
        None => M::fresh(id),
        Some(snapshot) => match M::thaw(snapshot.version, &snapshot.body) {
            Some(state) => state,
            None => return Ok(None),
        },
    };
    for stored in history.batches.iter().flat_map(|batch| &batch.records) {
        let record = &stored.record;
        let event = M::decode(record.kind, record.version, &record.body);
        M::evolve(&mut state, &event.with_context(|| format!("record {} of {id}", stored.seq))?);
    }
    ensure!(M::seq(&state) == history.head, "{id} ends with record {}, not {}", M::seq(&state), history.head);
    let (_, body) = M::freeze(&state);
    serde_json::from_slice(&body).map(Some).context("a state is JSON")
}
