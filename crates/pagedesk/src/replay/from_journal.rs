//! `pagedesk replay --from-journal STORE`: whether this build decides as the journal says that it was decided, before an
//! upgrade.
//!
//! Reads the journal once, and a second time where something differs; then the deliveries that the inbox still holds.
//! Invariants: nothing is written into the store; what people wrote and are called is not shown.

use std::ops::ControlFlow;
use std::path::Path;

use ::journal::{Position, ReadFault, ReadOnlyJournal};
use model::Timestamp;
use serde_json::json;
use simulator::replay::again::{Again, Count};
use simulator::replay::compare::{Comparison, compare};
use simulator::replay::filter::Filter;

use super::shown;
use crate::cli::Replay;
use crate::exit::{self, Exit, Failure};
use crate::journal::is_store;
use crate::store::unusable;
use simulator::counted::{counted, verb};

/// Decides everything in the store again.
pub(super) fn from_journal(asked: &Replay, dir: &Path) -> Result<Exit, Failure> {
    is_store(dir)?;
    let store = ReadOnlyJournal::open(dir).map_err(|fault| unusable(dir, &fault))?;
    let mut again = Again::default();
    walk(&store, dir, &mut again)?;
    deliveries(&store, dir, &mut again)?;
    let count = again.count;
    if count.decisions == 0 {
        let what = format!("no decision in {} could be made again", dir.display());
        return Err(Failure::new(Exit::NothingMatched, what));
    }
    let is_same = again.is_same();
    let comparison = if count.different == 0 {
        Comparison::default()
    } else {
        let mut telling = again.telling();
        walk(&store, dir, &mut telling)?;
        let (stored, now) = telling
            .traces("a journal")
            .map_err(|fault| Failure::new(Exit::Internal, format!("the decisions cannot be told: {fault}")))?;
        compare(&stored, &now, &Filter::default())
    };
    let text = if asked.json {
        let object = json!({
            "store": dir.display().to_string(),
            "same": is_same,
            "count": count,
            "differences": comparison.differences,
        });
        format!("{object}\n")
    } else {
        told(dir, &count, &comparison)
    };
    exit::write_out(&text)?;
    Ok(if is_same { Exit::Ok } else { Exit::CheckFailed })
}

fn told(dir: &Path, count: &Count, comparison: &Comparison) -> String {
    let Count { decisions, different, left_out, items, items_different } = count;
    let mut text = shown::differences(&comparison.differences);
    text.push_str(&format!(
        "{}: {} {} made again, {different} {} out otherwise\n",
        dir.display(),
        counted(*decisions, "decision"),
        verb(*decisions, "was", "were"),
        verb(*different, "comes", "come"),
    ));
    text.push_str(&format!(
        "  {} of deliveries {} read again, {items_different} read otherwise\n",
        counted(*items, "item"),
        verb(*items, "was", "were"),
    ));
    if *items_different > 0 {
        text.push_str("  what a running node has not taken in yet counts among them: look again when it rests\n");
    }
    if *left_out > 0 {
        text.push_str(&format!(
            "  {} cannot be made again from what is stored and {} left out\n",
            counted(*left_out, "decision"),
            verb(*left_out, "was", "were"),
        ));
    }
    text
}

fn walk(store: &ReadOnlyJournal, dir: &Path, again: &mut Again) -> Result<(), Failure> {
    let mut unread = None;
    let walked = store.each(b"", Position(0)..=Position(u64::MAX), |batch| {
        let taken = match batch {
            Ok(batch) => again.take(&batch).map_err(|fault| format!("{fault:#}")),
            Err(ReadFault::KeyGone { .. }) => {
                again.lost();
                Ok(())
            }
            Err(fault @ (ReadFault::Damaged { .. } | ReadFault::Unavailable(_))) => Err(fault.to_string()),
        };
        match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(why) => {
                unread = Some(why);
                ControlFlow::Break(())
            }
        }
    });
    walked.map_err(|fault| unusable(dir, &fault))?;
    match unread {
        None => Ok(()),
        Some(why) => Err(Failure::new(Exit::Configuration, format!("this build cannot read {}: {why}", dir.display()))
            .remedy(format!("`pagedesk journal verify --dir {}` tells what is damaged", dir.display()))),
    }
}

fn deliveries(store: &ReadOnlyJournal, dir: &Path, again: &mut Again) -> Result<(), Failure> {
    let walked = store.each_delivery(0..=u64::MAX, |delivery| {
        // One that cannot be read is damage of the inbox, which `journal verify` tells.
        if let Ok(delivery) = delivery {
            again.deliver(delivery.seq, &webhook::parse(&delivery.body, Timestamp(delivery.received_at)));
        }
        ControlFlow::Continue(())
    });
    walked.map_err(|fault| unusable(dir, &fault))
}
