//! What a Page knows. Changed by its events alone.
//!
//! Invariant: what was received or put aside is counted once, however often its delivery is offered again.

use std::collections::{BTreeMap, BTreeSet};

use model::{Anomaly, ItemKey, PageInbound, PageKind, Place, Timestamp};
use sabotage::{Defect, on};
use serde::{Deserialize, Serialize};

use super::wall::{Recent, Standing, Wall};
use super::{Event, Pause, restricts};
use crate::PageFacts;

/// Version of the frozen form.
const FROZEN_VERSION: u8 = 3;

/// How many of the newest items put aside are remembered one by one. Only deliveries not yet forgotten are offered
/// again, and those are the newest; a Page under a flood of garbage must not grow for ever.
const ASIDE_MAX: usize = 10_000;

/// How many keys of received items are remembered: the newest to arrive. Meta delivers again for 36 hours at most, and a
/// busy wall brings less in that time.
const SEEN_MAX: usize = 20_000;

/// How many kinds are counted apart; a count of kinds that Meta never sends must not grow for ever.
const KINDS_MAX: usize = 500;

/// Counts every kind beyond those.
const OTHER: &str = "other";

/// What a Page knows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// How many events were applied.
    seq: u64,
    /// Whether it was ever configured.
    configured: bool,
    /// The facts in force.
    facts: PageFacts,
    /// Number of the last change of facts.
    version: u64,
    /// Mark of the token that Meta refused.
    refused_mark: Option<String>,
    /// The newest items in quarantine.
    quarantined: BTreeSet<Spot>,
    /// How many were put in quarantine ever.
    quarantined_count: u64,
    /// The newest anomalies, each with its reason.
    kept: BTreeSet<(Spot, String)>,
    /// How many anomalies were kept ever.
    kept_count: u64,
    /// Keys of the newest items received.
    seen: Recent<ItemKey, ()>,
    /// How many items of each kind were received ever.
    counts: BTreeMap<String, u64>,
    /// Meta's newest word on the right to send.
    judged: Option<(Timestamp, ItemKey)>,
    /// What stands on the wall, as far as remembered.
    wall: Wall,
    /// The queue rests, or asks with single messages whether it may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pause: Option<Pause>,
}

/// A place in the inbox, in the order of the inbox.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Spot {
    delivery: u64,
    place: Option<(u32, String, u32)>,
    #[serde(default)]
    key: Option<ItemKey>,
}

impl Spot {
    fn new(delivery: u64, place: Option<&Place>, key: Option<ItemKey>) -> Self {
        Self { delivery, place: place.map(|place| (place.entry, place.list.clone(), place.item)), key }
    }
}

impl State {
    /// The facts in force: as configured, and what Meta said.
    pub fn facts(&self) -> &PageFacts {
        &self.facts
    }

    /// Number of the last change of facts; 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many items were put in quarantine ever.
    pub fn quarantined_count(&self) -> u64 {
        self.quarantined_count
    }

    /// How many anomalies were kept ever.
    pub fn anomalies_count(&self) -> u64 {
        self.kept_count
    }

    /// Whether this item is in quarantine.
    pub fn has_quarantined(&self, delivery: u64, place: Option<&Place>, key: Option<ItemKey>) -> bool {
        self.quarantined.contains(&Spot::new(delivery, place, key))
    }

    /// Whether this anomaly was kept.
    pub fn has_kept(&self, delivery: u64, anomaly: &Anomaly) -> bool {
        self.kept.contains(&(Spot::new(delivery, anomaly.place.as_ref(), None), anomaly.reason.clone()))
    }

    /// Whether an item with this key was received lately.
    pub fn has_seen(&self, key: ItemKey) -> bool {
        self.seen.contains(&key)
    }

    /// How many items of each kind were received ever, by the kind's stable word.
    pub fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// What is known of a post or comment, if anything was heard of it lately.
    pub fn standing(&self, id: &str) -> Option<&Standing> {
        self.wall.standing(id)
    }

    /// Why and until when the queue rests; `None`: it goes on.
    pub fn pause(&self) -> Option<&Pause> {
        self.pause.as_ref()
    }

    /// Whether no newer word of Meta's on the right to send is known.
    pub(super) fn is_news(&self, inbound: &PageInbound) -> bool {
        self.judged.is_none_or(|known| known < (inbound.at, inbound.key))
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn is_configured(&self) -> bool {
        self.configured
    }

    /// Configured facts as they come into force: a refused token is none, and a restriction is Meta's to lift.
    pub(super) fn effective(&self, wanted: PageFacts) -> PageFacts {
        let refused = self.refused_mark.as_ref() == Some(&wanted.token_mark);
        PageFacts { token: wanted.token && !refused, restricted: self.facts.restricted, ..wanted }
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        self.seq += 1;
        match event {
            Event::Received { inbound } => self.received(inbound),
            Event::Configured { facts } => {
                if facts.token {
                    self.refused_mark = None;
                }
                self.configured = true;
                self.facts = facts.clone();
                self.version = self.seq;
            }
            Event::ItemQuarantined { delivery, place, key, cause: _ } => {
                self.quarantined_count += 1;
                self.quarantined.insert(Spot::new(*delivery, place.as_ref(), *key));
                if self.quarantined.len() > ASIDE_MAX {
                    self.quarantined.pop_first();
                }
            }
            Event::AnomalyKept { delivery, anomaly } => {
                self.kept_count += 1;
                self.kept.insert((Spot::new(*delivery, anomaly.place.as_ref(), None), anomaly.reason.clone()));
                if self.kept.len() > ASIDE_MAX {
                    self.kept.pop_first();
                }
            }
            Event::TokenRefused { code: _, subcode: _ } => {
                self.refused_mark = Some(self.facts.token_mark.clone());
                self.facts.token = false;
                self.version = self.seq;
            }
            Event::Restricted => self.restrict(true),
            Event::RestrictionLifted => self.restrict(false),
            Event::SendsPaused { stop, step, until } => {
                self.pause = Some(Pause { row: stop.row.clone(), until: *until, step: *step });
            }
            Event::SendsResumed => self.pause = None,
        }
    }

    fn received(&mut self, inbound: &PageInbound) {
        self.seen.insert(inbound.key, (), SEEN_MAX);
        let word = inbound.kind.word();
        let word = if self.counts.contains_key(&*word) || self.counts.len() < KINDS_MAX { &word } else { OTHER };
        *self.counts.entry(word.to_owned()).or_default() += 1;
        if restricts(&inbound.kind).is_some() && self.is_news(inbound) {
            self.judged = Some((inbound.at, inbound.key));
        }
        if let PageKind::Activity(activity) = &inbound.kind {
            self.wall.apply(activity, inbound.at, inbound.key);
        }
    }

    fn restrict(&mut self, restricted: bool) {
        self.facts.restricted = restricted;
        self.facts.known &= !on(Defect::RestrictedForgotten);
        self.version = self.seq;
    }

    pub(super) fn freeze(&self) -> (u8, Vec<u8>) {
        (FROZEN_VERSION, serde_json::to_vec(self).expect("a state is plain text and numbers"))
    }

    pub(super) fn thaw(version: u8, body: &[u8]) -> Option<Self> {
        if version == FROZEN_VERSION { serde_json::from_slice(body).ok() } else { None }
    }
}
