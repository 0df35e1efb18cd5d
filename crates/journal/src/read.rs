//! Reading the journal as of one commit: chains, the tail, open effects, deadlines. Writes nothing, keeps nothing.
//!
//! Invariants: every row is checked as it is read (checksum, layout, dense numbers along the chain); what a newer
//! baseline made needless counts as gone, whether or not its rows still lie there.

use redb::ReadableTable;

use crate::api::{Due, History, OpenEffect, Position, ReadFault, Snapshot, StoredBatch};
use crate::database::Trouble;
use crate::heads::Head;
use crate::log::SNAPSHOT_HEADER;
use crate::row::{Eye, Row};
use crate::seal::{self, Place, SealKey};
use crate::tables::{ReadTables, deadline_key, deadline_of, effect_key, effect_of};

/// Gives the sealing key of an id, `None` where it is gone.
pub(crate) type KeyOf<'a> = &'a dyn Fn(u64) -> Result<Option<SealKey>, ReadFault>;

fn damaged(position: u64, what: impl Into<String>) -> ReadFault {
    ReadFault::Damaged { position, what: what.into() }
}

impl From<redb::StorageError> for ReadFault {
    fn from(error: redb::StorageError) -> Self {
        Trouble::from(error).into()
    }
}

/// A machine's stored head.
pub(crate) fn stored_head(tables: &ReadTables, key: &[u8]) -> Result<Option<Head>, ReadFault> {
    match ReadableTable::get(&tables.heads, key)? {
        None => Ok(None),
        Some(bytes) => Head::decode(bytes.value()).map(Some).map_err(|_| damaged(0, "a head is cut off")),
    }
}

/// Whether the row of a head lies there; it may have been pruned since the head was looked up.
pub(crate) fn has_row(tables: &ReadTables, position: u64) -> Result<bool, ReadFault> {
    Ok(ReadableTable::get(&tables.log, position)?.is_some())
}

/// Everything of one machine since its newest baseline or its snapshot; batches that only moved the deadline row are
/// left out.
pub(crate) fn history(
    tables: &ReadTables,
    key_of: KeyOf<'_>,
    key: &[u8],
    head: Head,
    use_snapshot: bool,
) -> Result<History, ReadFault> {
    let snapshot = if use_snapshot { snapshot(tables, key_of, key, head)? } else { None };
    let after = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
    let mut batches = Vec::new();
    let (mut position, mut last_seq) = (head.position, head.seq);
    while position != 0 && last_seq > after {
        let Some(bytes) = ReadableTable::get(&tables.log, position)? else {
            return Err(damaged(position, "a batch of the machine is missing"));
        };
        let row = Row::parse(position, bytes.value())?;
        check_link(&row, key, last_seq)?;
        let mut batch = open(&row, key_of)?;
        batch.records.retain(|stored| stored.seq > after);
        if !batch.records.is_empty() {
            batches.push(batch);
        }
        if row.baseline {
            break;
        }
        if row.previous == 0 && row.first_seq != 1 {
            return Err(damaged(position, format!("the machine begins with record {}", row.first_seq)));
        }
        (position, last_seq) = (row.previous, row.first_seq - 1);
    }
    batches.reverse();
    Ok(History { snapshot, batches, head: head.seq, armed: head.armed })
}

/// A link of the chain leads to a row of the same machine, older, that ends where the next one begins.
fn check_link(row: &Row<'_>, key: &[u8], last_seq: u64) -> Result<(), ReadFault> {
    if row.key != key {
        return Err(damaged(row.position, "the chain leads to another machine"));
    }
    if row.last_seq() != last_seq {
        return Err(damaged(
            row.position,
            format!("a gap: record {} where {last_seq} was to be the last", row.last_seq()),
        ));
    }
    if row.previous >= row.position || row.first_seq == 0 {
        return Err(damaged(row.position, "the chain does not lead backwards"));
    }
    Ok(())
}

/// A machine's snapshot, where it is of use. It is a cache: whatever is wrong with it only costs time.
fn snapshot(tables: &ReadTables, key_of: KeyOf<'_>, key: &[u8], head: Head) -> Result<Option<Snapshot>, ReadFault> {
    let Some(bytes) = ReadableTable::get(&tables.snapshots, key)? else {
        return Ok(None);
    };
    match open_snapshot(key_of, key, bytes.value())? {
        Some(snapshot) if snapshot.seq <= head.seq => Ok(Some(snapshot)),
        Some(_) | None => {
            tracing::warn!("a snapshot is of no use; the machine is read from its records");
            Ok(None)
        }
    }
}

/// Opens a stored snapshot; `None` where it does not open.
pub(crate) fn open_snapshot(key_of: KeyOf<'_>, key: &[u8], bytes: &[u8]) -> Result<Option<Snapshot>, ReadFault> {
    let Some((header, sealed)) = bytes.split_first_chunk::<SNAPSHOT_HEADER>() else {
        return Ok(None);
    };
    let mut eye = Eye { bytes: header, at: 0 };
    let [version] = eye.array()?;
    let seq = u64::from_le_bytes(eye.array()?);
    let key_id = u64::from_le_bytes(eye.array()?);
    let Some(seal_key) = key_of(key_id)? else {
        return Ok(None);
    };
    let body = seal::open(&seal_key, Place::Snapshot { key, seq, version }, sealed);
    Ok(body.map(|body| Snapshot { seq, version, body }))
}

/// Opens a row's batch, with its key where it needs one.
pub(crate) fn open(row: &Row<'_>, key_of: KeyOf<'_>) -> Result<StoredBatch, ReadFault> {
    let seal_key = if row.is_sealed() { key_of(row.key_id)? } else { None };
    row.open(seal_key.as_ref())
}

/// Says whether a newer baseline of the same machine made a row needless: `(machine, position)`.
pub(crate) type Superseded<'a> = &'a dyn Fn(&[u8], u64) -> Result<bool, ReadFault>;

/// Opens a row's batch; `None` where its key is gone because a newer baseline made it needless.
pub(crate) fn open_unless_superseded(
    key_of: KeyOf<'_>,
    superseded: Superseded<'_>,
    row: &Row<'_>,
) -> Result<Option<StoredBatch>, ReadFault> {
    match open(row, key_of) {
        Err(ReadFault::KeyGone { .. }) if superseded(row.key, row.position)? => Ok(None),
        opened => opened.map(Some),
    }
}

/// Whether the chain from `head` meets a baseline before `position`.
pub(crate) fn is_superseded(tables: &ReadTables, head: Option<Head>, position: u64) -> Result<bool, ReadFault> {
    let mut at = head.map_or(0, |head| head.position);
    while at > position {
        let Some(bytes) = ReadableTable::get(&tables.log, at)? else {
            return Ok(false);
        };
        let newer = Row::parse(at, bytes.value())?;
        if newer.baseline {
            return Ok(true);
        }
        at = newer.previous;
    }
    Ok(false)
}

/// Up to `limit` batches of all machines after `after`, in order.
pub(crate) fn tail(
    tables: &ReadTables,
    key_of: KeyOf<'_>,
    superseded: Superseded<'_>,
    after: Position,
    limit: usize,
) -> Result<Vec<StoredBatch>, ReadFault> {
    let Some(first) = after.0.checked_add(1) else {
        return Ok(Vec::new());
    };
    let mut batches = Vec::new();
    let mut rows = tables.log.range(first..)?;
    while batches.len() < limit
        && let Some(entry) = rows.next()
    {
        let (position, bytes) = entry?;
        let row = Row::parse(position.value(), bytes.value())?;
        batches.extend(open_unless_superseded(key_of, superseded, &row)?);
    }
    Ok(batches)
}

/// One batch; `None` where there is none, or where a baseline made it needless and its key is gone.
pub(crate) fn batch(
    tables: &ReadTables,
    key_of: KeyOf<'_>,
    superseded: Superseded<'_>,
    position: Position,
) -> Result<Option<StoredBatch>, ReadFault> {
    match ReadableTable::get(&tables.log, position.0)? {
        None => Ok(None),
        Some(bytes) => open_unless_superseded(key_of, superseded, &Row::parse(position.0, bytes.value())?),
    }
}

/// Up to `limit` unsettled effects after `after`, in order.
pub(crate) fn open_effects(
    tables: &ReadTables,
    after: Option<OpenEffect>,
    limit: usize,
) -> Result<Vec<OpenEffect>, ReadFault> {
    let after = after.map(effect_key);
    let from = after.as_ref().map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
    let mut effects = Vec::new();
    for entry in tables.effects.range::<&[u8; 10]>((from, std::ops::Bound::Unbounded))?.take(limit) {
        effects.push(effect_of(entry?.0.value()));
    }
    Ok(effects)
}

/// Up to `limit` machines whose deadline row is at or before `until`, earliest first, after `after`.
pub(crate) fn due(tables: &ReadTables, until: i64, after: Option<&Due>, limit: usize) -> Result<Vec<Due>, ReadFault> {
    let after = after.map(|due| deadline_key(due.at, &due.key));
    let from = after.as_deref().map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
    let mut machines = Vec::new();
    for entry in tables.deadlines.range::<&[u8]>((from, std::ops::Bound::Unbounded))?.take(limit) {
        let due = deadline_of(entry?.0.value()).ok_or_else(|| damaged(0, "a deadline row is cut off"))?;
        if due.at > until {
            break;
        }
        machines.push(due);
    }
    Ok(machines)
}

/// Ids of the keys that sealed what the machine's newest baseline made needless, as far as the rows still lie there.
pub(crate) fn needless_keys(tables: &ReadTables, head: Head) -> Result<Vec<u64>, ReadFault> {
    let mut ids = Vec::new();
    let mut position = head.position;
    let mut superseded = false;
    while position != 0 {
        let Some(bytes) = ReadableTable::get(&tables.log, position)? else {
            break;
        };
        let row = Row::parse(position, bytes.value())?;
        if superseded && row.key_id != 0 && !ids.contains(&row.key_id) {
            ids.push(row.key_id);
        }
        superseded |= row.baseline;
        position = row.previous;
    }
    ids.retain(|id| *id != head.key_id);
    Ok(ids)
}
