//! Dropping what a baseline made needless: lazily, a bounded number of rows with each commit.
//!
//! The table `prunes` remembers where each one stands, so a restart goes on. Rows go newest first along the chain.
//! Invariants: nothing at or after a baseline is touched; a row whose effect is still open stays, since an effect
//! exists only as long as the record that named it.

use std::collections::BTreeMap;

use redb::ReadableTable;

use crate::api::{OpenEffect, Position, ReadFault};
use crate::database::Trouble;
use crate::heads::Head;
use crate::limits::PRUNE_STEP_MAX;
use crate::row::Row;
use crate::tables::{WriteTables, effect_key};

/// Notes that everything before the machine's newest baseline may go. A machine without one is left alone.
pub(crate) fn begin(tables: &mut WriteTables<'_>, prunes: &mut BTreeMap<u64, u64>, head: Head) -> Result<(), Trouble> {
    let mut position = head.position;
    while position != 0 {
        let (previous, baseline) = match look(tables, position)? {
            Some(row) => row,
            None => return Ok(()),
        };
        if baseline {
            if previous != 0 && !prunes.contains_key(&position) {
                tables.prunes.insert(position, previous)?;
                prunes.insert(position, previous);
            }
            return Ok(());
        }
        position = previous;
    }
    Ok(())
}

/// Drops some rows. Whether anything changed.
pub(crate) fn step(tables: &mut WriteTables<'_>, prunes: &mut BTreeMap<u64, u64>) -> Result<bool, Trouble> {
    let mut looked_at = 0;
    let mut changed = false;
    while looked_at < PRUNE_STEP_MAX
        && let Some((&baseline, &start)) = prunes.first_key_value()
    {
        let mut next = start;
        while looked_at < PRUNE_STEP_MAX && next != 0 {
            looked_at += 1;
            let Some((previous, _)) = look(tables, next)? else {
                next = 0;
                break;
            };
            if !has_open_effect(tables, next)? {
                tables.log.remove(next)?;
            }
            next = previous;
        }
        changed = true;
        if next == 0 {
            tables.prunes.remove(baseline)?;
            prunes.remove(&baseline);
        } else {
            tables.prunes.insert(baseline, next)?;
            prunes.insert(baseline, next);
        }
    }
    Ok(changed)
}

/// The previous position of a row and whether it is a baseline; `None` where it is gone already.
fn look(tables: &WriteTables<'_>, position: u64) -> Result<Option<(u64, bool)>, Trouble> {
    let Some(bytes) = tables.log.get(position)? else {
        return Ok(None);
    };
    let row = Row::parse(position, bytes.value()).map_err(|fault: ReadFault| Trouble::Damaged(fault.to_string()))?;
    Ok(Some((row.previous, row.baseline)))
}

fn has_open_effect(tables: &WriteTables<'_>, position: u64) -> Result<bool, Trouble> {
    let first = effect_key(OpenEffect { position: Position(position), index: 0 });
    let last = effect_key(OpenEffect { position: Position(position), index: u16::MAX });
    Ok(tables.effects.range::<&[u8; 10]>(&first..=&last)?.next().is_some())
}
