//! The journal's writer: gives each batch its place and makes a group of them durable in one commit.
//!
//! Invariants: a batch is stored whole or not at all; a machine's records are numbered densely; `heads`, `effects`,
//! `deadlines` change in the same commit as the row that says so; nothing is published to readers before its commit.
//! Row bytes are in `row`, table layouts in `tables`, the lazy storing of heads in `heads`.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::ReadableTable;

use crate::api::{AppendFault, Appended, Batch, Key, OpenEffect, Position, ReadFault};
use crate::cache::Cache;
use crate::database::{CommitPoints, File, OpenFault, Trouble, WriteFailure};
use crate::group::Commit;
use crate::heads::{Head, Part, Shared, Sweep};
use crate::keys::Keys;
use crate::limits::{
    BATCH_BYTES_MAX, CLOSES_MAX, HEAD_CACHE_MAX, KEY_LENGTH_MAX, RECORD_BODY_MAX, RECORDS_MAX, STATE_BODY_MAX,
};
use crate::prune;
use crate::row::{self, Placement, Row};
use crate::seal::{self, Entropy, Place, SEAL_OVERHEAD, SealKey};
use crate::tables::{
    META_HEADS_FROM, META_INCARNATION, META_NEXT_KEY, ReadTables, WriteTables, deadline_key, effect_key,
};

/// What the journal's writer takes.
pub(crate) enum Item {
    /// One decision.
    Batch(Batch),
    /// What this machine's newest baseline made needless may go.
    Prune(Key),
    /// The store was restored from a backup.
    RaiseIncarnation,
    /// A reader found the file closed: open it again, if it is.
    Reopen,
}

/// The committing half of the journal.
pub(crate) struct LogCommit {
    file: Arc<File>,
    keys: Arc<Keys>,
    shared: Arc<Shared>,
    entropy: Box<dyn Entropy>,
    clean: Cache<Key, Head>,
    sweep: Sweep,
    heads_from: u64,
    next_key: u64,
    prunes: BTreeMap<u64, u64>,
    /// The file is open and memory agrees with it.
    ready: bool,
    /// The last commit failed: background work waits for one that succeeds.
    stalled: bool,
}

/// What one group would make true. Dropped where its commit fails.
#[derive(Default)]
struct Stage {
    heads: BTreeMap<Key, Head>,
    last: u64,
    next_key: u64,
    prunes: BTreeMap<u64, u64>,
    incarnation: u32,
    part: Part,
}

type Answer = Result<Appended, AppendFault>;

/// Answers for a group, and what is to be published once it is committed; nothing where nothing changed.
type Staged = (Vec<Answer>, Option<Stage>);

impl LogCommit {
    /// Takes over a file that was opened and stamped; reads where it stands.
    pub(crate) fn open(
        file: Arc<File>,
        keys: Arc<Keys>,
        shared: Arc<Shared>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, OpenFault> {
        let mut commit = Self {
            file,
            keys,
            shared,
            entropy,
            clean: Cache::new(HEAD_CACHE_MAX),
            sweep: Sweep::default(),
            heads_from: 0,
            next_key: 1,
            prunes: BTreeMap::new(),
            ready: false,
            stalled: false,
        };
        commit.load()?;
        Ok(commit)
    }

    /// Reads what is stored; memory keeps nothing of what it believed before.
    fn load(&mut self) -> Result<(), OpenFault> {
        let read = self.file.read()?;
        let tables = ReadTables::open(&read)?;
        let last = tables.log.last().map_err(Trouble::from)?.map_or(0, |(position, _)| position.value());
        self.heads_from = tables.meta(META_HEADS_FROM)?;
        self.next_key = tables.meta(META_NEXT_KEY)?.max(1);
        let incarnation = u32::try_from(tables.meta(META_INCARNATION)?)
            .map_err(|_| OpenFault::Damaged { what: "the incarnation is no u32".to_owned() })?;
        self.prunes.clear();
        for entry in tables.prunes.range::<u64>(..).map_err(Trouble::from)? {
            let (baseline, next) = entry.map_err(Trouble::from)?;
            self.prunes.insert(baseline.value(), next.value());
        }
        let dirty = tail_heads(&tables, self.heads_from)?;
        self.clean.clear();
        self.sweep = Sweep::begin(last);
        let mut committed = self.shared.publish();
        committed.dirty = dirty;
        committed.last = last;
        committed.incarnation = incarnation;
        self.ready = true;
        Ok(())
    }

    /// Stages the whole group inside one transaction.
    fn fill(&mut self, transaction: &redb::WriteTransaction, group: Vec<Item>) -> Result<(Staged, bool), Trouble> {
        let mut tables = WriteTables::open(transaction)?;
        let (last, incarnation) = {
            let committed = self.shared.look();
            (committed.last, committed.incarnation)
        };
        let mut stage =
            Stage { last, incarnation, next_key: self.next_key, prunes: self.prunes.clone(), ..Stage::default() };
        let mut filled = false;
        let mut answers = Vec::with_capacity(group.len());
        for item in group {
            let answer = match item {
                Item::Batch(batch) => self.place(&mut tables, &mut stage, batch)?,
                Item::Prune(key) => {
                    let head = self.head(&tables, &stage, &key)?;
                    prune::begin(&mut tables, &mut stage.prunes, head)?;
                    Ok(Appended { position: Position(stage.last) })
                }
                Item::RaiseIncarnation => {
                    stage.incarnation += 1;
                    tables.meta.insert(META_INCARNATION, u64::from(stage.incarnation))?;
                    Ok(Appended { position: Position(stage.last) })
                }
                // The file is open, or nothing would be filled: there is nothing to store.
                Item::Reopen => {
                    answers.push(Ok(Appended { position: Position(stage.last) }));
                    continue;
                }
            };
            filled |= answer.is_ok();
            answers.push(answer);
        }
        filled |= prune::step(&mut tables, &mut stage.prunes)?;
        if filled {
            stage.part = self.sweep.part(&self.shared.look().dirty, &stage.heads, stage.last);
            self.store_part(&mut tables, &stage.part)?;
            if stage.next_key != self.next_key {
                tables.meta.insert(META_NEXT_KEY, stage.next_key)?;
            }
        }
        Ok(((answers, filled.then_some(stage)), filled))
    }

    /// Gives one batch its place, or says why it has none. The outer error fails the whole group.
    fn place(&mut self, tables: &mut WriteTables<'_>, stage: &mut Stage, batch: Batch) -> Result<Answer, Trouble> {
        if let Err(why) = check(&batch) {
            return Ok(Err(AppendFault::Refused(why)));
        }
        let head = self.head(tables, stage, &batch.key)?;
        if batch.expected != head.seq {
            return Ok(Err(AppendFault::Conflict { head: head.seq }));
        }
        let Ok((key_id, seal_key)) = self.seal_key(stage, &batch, head) else {
            return Ok(Err(AppendFault::Unavailable));
        };
        let position = stage.last + 1;
        let placement = Placement { position, previous: head.position, key_id, seal_key: seal_key.as_ref() };
        let mut slot = tables.log.insert_reserve(position, row::length(&batch))?;
        row::encode(&batch, &placement, &mut *self.entropy, slot.as_mut());
        drop(slot);
        self.store_rest(tables, &batch, &placement, head)?;
        stage.last = position;
        let seq = head.seq + batch.records.len() as u64;
        stage.heads.insert(batch.key, Head { position, seq, key_id, armed: batch.armed });
        Ok(Ok(Appended { position: Position(position) }))
    }

    /// Everything of a batch that is not its row: effects, deadline, snapshot.
    fn store_rest(
        &mut self,
        tables: &mut WriteTables<'_>,
        batch: &Batch,
        placement: &Placement<'_>,
        head: Head,
    ) -> Result<(), Trouble> {
        for effect in &batch.closes {
            tables.effects.remove(&effect_key(*effect))?;
        }
        for (index, record) in (0..).zip(&batch.records) {
            if record.opens {
                tables.effects.insert(&effect_key(OpenEffect { position: Position(placement.position), index }), ())?;
            }
        }
        if batch.armed != head.armed {
            if let Some(at) = head.armed {
                tables.deadlines.remove(&*deadline_key(at, &batch.key))?;
            }
            if let Some(at) = batch.armed {
                tables.deadlines.insert(&*deadline_key(at, &batch.key), ())?;
            }
        }
        match (&batch.snapshot, placement.seal_key) {
            (Some(snapshot), Some(seal_key)) => {
                let length = SNAPSHOT_HEADER + snapshot.body.len() + SEAL_OVERHEAD;
                let mut slot = tables.snapshots.insert_reserve(&*batch.key, length)?;
                let out = slot.as_mut();
                out[0] = snapshot.version;
                out[1..9].copy_from_slice(&snapshot.seq.to_le_bytes());
                out[9..SNAPSHOT_HEADER].copy_from_slice(&placement.key_id.to_le_bytes());
                let place = Place::Snapshot { key: &batch.key, seq: snapshot.seq, version: snapshot.version };
                seal::seal(seal_key, place, &snapshot.body, &mut *self.entropy, &mut out[SNAPSHOT_HEADER..]);
            }
            (Some(_) | None, _) => {
                if batch.baseline {
                    tables.snapshots.remove(&*batch.key)?;
                }
            }
        }
        Ok(())
    }

    /// The key that seals this batch, where it needs one. A baseline begins a new key, so that the old one can end.
    fn seal_key(&mut self, stage: &mut Stage, batch: &Batch, head: Head) -> Result<(u64, Option<SealKey>), ()> {
        let key_id = if batch.baseline { 0 } else { head.key_id };
        if batch.snapshot.is_none() && !batch.records.iter().any(|record| record.sealed) {
            return Ok((key_id, None));
        }
        if key_id != 0
            && let Some(key) = self.keys.get(key_id).map_err(|fault| warn_keys(&fault))?
        {
            return Ok((key_id, Some(key)));
        }
        let key_id = stage.next_key;
        self.keys.ensure(key_id, &mut *self.entropy).map_err(|fault| warn_keys(&fault))?;
        let key = self.keys.get(key_id).map_err(|fault| warn_keys(&fault))?;
        stage.next_key += 1;
        Ok((key_id, key))
    }

    /// A machine's head as this group sees it.
    fn head(&mut self, tables: &WriteTables<'_>, stage: &Stage, key: &Key) -> Result<Head, Trouble> {
        if let Some(head) = stage.heads.get(key) {
            return Ok(*head);
        }
        if let Some(head) = self.shared.look().dirty.get(key) {
            return Ok(*head);
        }
        if let Some(head) = self.clean.get(key) {
            return Ok(head);
        }
        let Some(stored) = tables.heads.get(&**key)? else {
            return Ok(Head::default());
        };
        let head = Head::decode(stored.value()).map_err(|_| Trouble::Damaged("a head is cut off".to_owned()))?;
        self.clean.insert(key.clone(), head);
        Ok(head)
    }

    fn store_part(&self, tables: &mut WriteTables<'_>, part: &Part) -> Result<(), Trouble> {
        for (key, head) in &part.heads {
            tables.heads.insert(&**key, &head.encode()[..])?;
        }
        if let Some(from) = part.heads_from
            && from != self.heads_from
        {
            tables.meta.insert(META_HEADS_FROM, from)?;
        }
        Ok(())
    }

    /// Makes memory agree with what was just committed.
    fn publish(&mut self, stage: Stage) {
        let mut committed = self.shared.publish();
        committed.last = stage.last;
        committed.incarnation = stage.incarnation;
        committed.dirty.extend(stage.heads);
        for (key, head) in &stage.part.heads {
            committed.dirty.remove(key);
            self.clean.insert(key.clone(), *head);
        }
        drop(committed);
        self.sweep.advance(&stage.part);
        self.heads_from = stage.part.heads_from.unwrap_or(self.heads_from);
        self.next_key = stage.next_key;
        self.prunes = stage.prunes;
        self.stalled = false;
    }

    /// After a failed commit: open again and see what became of it. Answers for those who wait.
    fn fail(&mut self, failure: &WriteFailure) -> AppendFault {
        tracing::error!(what = %failure.trouble(), "a journal commit failed");
        let last = self.shared.look().last;
        self.ready = false;
        self.stalled = true;
        let reopened = self.file.reopen().and_then(|()| self.load());
        match (reopened, failure) {
            (Ok(()), WriteFailure::NotStored(_)) => AppendFault::Unavailable,
            (Ok(()), WriteFailure::Unknown(_)) if self.shared.look().last == last => AppendFault::Unavailable,
            (Ok(()), WriteFailure::Unknown(_)) => AppendFault::Unknown,
            (Err(fault), failure) => {
                tracing::error!(%fault, "the journal cannot be opened again");
                match failure {
                    WriteFailure::NotStored(_) => AppendFault::Unavailable,
                    WriteFailure::Unknown(_) => AppendFault::Unknown,
                }
            }
        }
    }
}

impl Commit for LogCommit {
    type Append = Item;
    type Ack = Appended;
    type Fault = AppendFault;

    fn commit(&mut self, group: Vec<Item>) -> Vec<Answer> {
        let length = group.len();
        if !self.ready
            && let Err(fault) = self.file.reopen().and_then(|()| self.load())
        {
            tracing::warn!(%fault, "the journal is still closed");
            return vec![Err(AppendFault::Unavailable); length];
        }
        let file = Arc::clone(&self.file);
        match file.write(CommitPoints::Journal, |transaction| self.fill(transaction, group)) {
            Ok((answers, Some(stage))) => {
                self.publish(stage);
                answers
            }
            Ok((answers, None)) => answers,
            Err(failure) => vec![Err(self.fail(&failure)); length],
        }
    }

    fn full() -> AppendFault {
        AppendFault::Unavailable
    }

    fn broken() -> AppendFault {
        AppendFault::Unknown
    }

    fn recover(&mut self) {
        self.ready = false;
    }

    fn pending(&self) -> bool {
        self.ready && !self.stalled && !self.prunes.is_empty()
    }

    fn weight(item: &Item) -> usize {
        match item {
            Item::Batch(batch) => {
                batch.records.iter().map(|record| record.body.len()).sum::<usize>()
                    + batch.snapshot.as_ref().map_or(0, |snapshot| snapshot.body.len())
            }
            Item::Prune(_) | Item::RaiseIncarnation | Item::Reopen => 0,
        }
    }

    /// Stores all heads, so that the next start has nothing to scan, and lets go of the file.
    fn close(&mut self) {
        if self.ready {
            let (part, last) = {
                let committed = self.shared.look();
                (self.sweep.all(&committed.dirty, committed.last), committed.last)
            };
            let stored = self.file.write(CommitPoints::Unnamed, |transaction| {
                self.store_part(&mut WriteTables::open(transaction)?, &part)?;
                Ok(((), part.heads_from != Some(self.heads_from) || !part.heads.is_empty()))
            });
            match stored {
                Ok(()) => tracing::debug!(last, heads = part.heads.len(), "the journal is closed"),
                Err(failure) => tracing::warn!(what = %failure.trouble(), "the next start scans the log for heads"),
            }
        }
        self.file.close();
        self.keys.close();
    }
}

/// Bytes before the sealed body of a snapshot: version u8, seq u64 LE, key id u64 LE.
pub(crate) const SNAPSHOT_HEADER: usize = 17;

fn warn_keys(fault: &ReadFault) {
    tracing::warn!(%fault, "no sealing key to be had");
}

/// The limits, before anything is touched.
fn check(batch: &Batch) -> Result<(), &'static str> {
    let body_max = if batch.baseline { STATE_BODY_MAX } else { RECORD_BODY_MAX };
    let last = batch.expected.checked_add(batch.records.len() as u64);
    let snapshot_bytes = batch.snapshot.as_ref().map_or(0, |snapshot| snapshot.body.len());
    let record_bytes: usize = batch.records.iter().map(|record| record.body.len()).sum();
    if batch.records.is_empty() && (batch.baseline || batch.snapshot.is_some() || !batch.closes.is_empty()) {
        Err("a batch without records only moves the deadline row")
    } else if batch.records.len() > RECORDS_MAX {
        Err("too many records in one batch")
    } else if batch.closes.len() > CLOSES_MAX {
        Err("too many settled effects in one batch")
    } else if batch.key.is_empty() || batch.key.len() > KEY_LENGTH_MAX {
        Err("a machine's key is empty or too long")
    } else if batch.records.iter().any(|record| record.body.len() > body_max) {
        Err("a record's body is too large")
    } else if snapshot_bytes > STATE_BODY_MAX {
        Err("a snapshot's body is too large")
    } else if record_bytes + snapshot_bytes > BATCH_BYTES_MAX {
        Err("the batch is too large")
    } else if last.is_none() {
        Err("the numbers of its records do not exist")
    } else if batch.snapshot.as_ref().is_some_and(|snapshot| Some(snapshot.seq) > last) {
        Err("a snapshot holds more than was decided")
    } else {
        Ok(())
    }
}

/// The heads that the rows after `heads_from` make.
pub(crate) fn tail_heads(tables: &ReadTables, heads_from: u64) -> Result<BTreeMap<Key, Head>, OpenFault> {
    let mut heads = BTreeMap::new();
    for entry in tables.log.range(heads_from + 1..).map_err(Trouble::from)? {
        let (position, bytes) = entry.map_err(Trouble::from)?;
        let row = Row::parse(position.value(), bytes.value())?;
        match heads.get_mut(row.key) {
            Some(head) => *head = row.head(),
            None => {
                heads.insert(Key::from(row.key), row.head());
            }
        }
    }
    Ok(heads)
}
