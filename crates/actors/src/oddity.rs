//! What of the deliveries reached no conversation: counted by reason, and told to the operator once each.
//!
//! Invariants: everything is counted; what is told is bounded, whatever the deliveries hold; nothing here is a customer's
//! text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Anomaly, PageId};

/// So many unknown Pages are named in the log; further ones are counted.
const STRANGERS_MAX: usize = 64;

/// So many kinds of what is not understood are named in the log; further ones are counted.
const KINDS_MAX: usize = 64;

/// So many reasons are counted each by itself; this build has fewer.
const REASONS_MAX: usize = 64;

/// Counts since start, and what was told.
#[derive(Debug, Default)]
pub struct Oddities(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    anomalies: BTreeMap<String, u64>,
    quarantined: BTreeMap<String, u64>,
    strangers: BTreeSet<PageId>,
    kinds: BTreeSet<(String, Option<String>)>,
}

/// Whether a thing is to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Telling {
    /// It is the first of its kind.
    First,
    /// It is the first, and no further kind is told after it.
    Last,
    /// Not again.
    Never,
}

impl Oddities {
    /// Anomalies by reason.
    pub fn anomalies(&self) -> BTreeMap<String, u64> {
        self.lock().anomalies.clone()
    }

    /// Items set aside by cause.
    pub fn quarantined(&self) -> BTreeMap<String, u64> {
        self.lock().quarantined.clone()
    }

    /// Counts an anomaly and tells of the first of its reason and kind.
    pub(crate) fn anomaly(&self, delivery: u64, anomaly: &Anomaly) {
        let Anomaly { reason, kind, page, .. } = anomaly;
        let telling = self.take_in_anomaly(reason, kind.as_deref());
        if telling == Telling::Never {
            return;
        }
        let page = page.as_ref().map(tracing::field::display);
        tracing::warn!(
            page,
            reason,
            kind,
            delivery,
            "Meta sent something that this version does not understand; it is kept, and the next of its kind are only counted"
        );
        if telling == Telling::Last {
            tracing::warn!(kinds = KINDS_MAX, "further kinds of what is not understood are only counted");
        }
    }

    /// Counts an item that was set aside.
    pub(crate) fn set_aside(&self, cause: &str) {
        add(&mut self.lock().quarantined, cause);
    }

    /// Tells of the first item for a Page that is not configured.
    pub(crate) fn stranger(&self, delivery: u64, page: &PageId) {
        let telling = self.take_in_stranger(page);
        if telling == Telling::Never {
            return;
        }
        tracing::warn!(
            %page,
            delivery,
            "a delivery holds items of a Page that is not configured; they are set aside, and no agent sees them. Add the Page to the configuration, or end its subscription at Meta"
        );
        if telling == Telling::Last {
            tracing::warn!(pages = STRANGERS_MAX, "further Pages that are not configured are only counted");
        }
    }

    fn take_in_anomaly(&self, reason: &str, kind: Option<&str>) -> Telling {
        let mut kept = self.lock();
        add(&mut kept.anomalies, reason);
        // Its kind is a number of items, another one each time.
        let kind = kind.filter(|_| reason != "too-many-items");
        first(&mut kept.kinds, (reason.to_owned(), kind.map(str::to_owned)), KINDS_MAX)
    }

    fn take_in_stranger(&self, page: &PageId) -> Telling {
        first(&mut self.lock().strangers, page.clone(), STRANGERS_MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn first<T: Ord>(told: &mut BTreeSet<T>, thing: T, max: usize) -> Telling {
    if told.len() >= max || !told.insert(thing) {
        Telling::Never
    } else if told.len() == max {
        Telling::Last
    } else {
        Telling::First
    }
}

fn add(counts: &mut BTreeMap<String, u64>, reason: &str) {
    if let Some(count) = counts.get_mut(reason) {
        *count += 1;
        return;
    }
    let reason = if counts.len() < REASONS_MAX { reason } else { "other" };
    *counts.entry(reason.to_owned()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_anomaly_of_each_kind_is_told_and_every_one_is_counted() {
        let oddities = Oddities::default();
        assert_eq!(oddities.take_in_anomaly("unknown-kind", Some("reaction")), Telling::First);
        assert_eq!(oddities.take_in_anomaly("unknown-kind", Some("reaction")), Telling::Never);
        assert_eq!(oddities.take_in_anomaly("unknown-kind", Some("optin")), Telling::First);
        assert_eq!(oddities.take_in_anomaly("not-json", None), Telling::First);
        assert_eq!(oddities.take_in_anomaly("too-many-items", Some("unread:7")), Telling::First);
        assert_eq!(oddities.take_in_anomaly("too-many-items", Some("unread:8")), Telling::Never);
        let counts = [("not-json", 1), ("too-many-items", 2), ("unknown-kind", 3)];
        assert_eq!(oddities.anomalies(), counts.map(|(reason, count)| (reason.to_owned(), count)).into());
    }

    #[test]
    fn a_flood_of_unknown_pages_is_told_to_a_limit() {
        let oddities = Oddities::default();
        let tellings: Vec<Telling> =
            (0..1_000).map(|nth| oddities.take_in_stranger(&PageId::new(format!("{nth}")))).collect();
        assert_eq!(tellings.iter().filter(|telling| **telling == Telling::First).count(), STRANGERS_MAX - 1);
        assert_eq!(tellings.iter().position(|telling| *telling == Telling::Last), Some(STRANGERS_MAX - 1));
        assert!(tellings[STRANGERS_MAX..].iter().all(|telling| *telling == Telling::Never));
        assert_eq!(oddities.take_in_stranger(&PageId::new("0")), Telling::Never, "a known one is told once");
    }

    #[test]
    fn reasons_beyond_the_limit_are_counted_together() {
        let oddities = Oddities::default();
        (0..100).for_each(|nth| oddities.set_aside(&format!("cause-{nth}")));
        let counts = oddities.quarantined();
        assert_eq!((counts.len(), counts.values().sum::<u64>()), (REASONS_MAX + 1, 100));
        assert_eq!(counts["other"], 36);
    }
}
