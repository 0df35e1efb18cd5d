//! One whole run as plain data: what Meta delivered and took, what the journal holds, what the tracker did, what people
//! were shown, and what befell the node. The world fills it; the promises are judged from it alone.
//!
//! Knows no type of the code that it judges and holds nothing that anybody wrote: texts are digests. Invariants: the order
//! number of an observation is its place, so it never changes; beyond [`OBSERVED_MAX`] the history says that it is cut,
//! and then nothing is called lost.

mod digest;
mod item;
mod journaled;
mod life;
mod outside;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use model::{AppId, MachineId, PageId, Span, Timestamp};

use crate::Dates;
use crate::ledger::Ledger;
pub use digest::Digest;
pub use item::{Entrance, Item, Opening, Owning, Told};
pub use journaled::{Author, Journaled, Line, Record, Resolution, SendAnswer, TrackerAnswer};
pub use life::{Admin, Bubble, Life, May, Screen, Shown, Sign, Who};
pub use outside::{Meta, Standing, Taken, Tracker, Webhook};

/// A stable word of the code or of Meta's wire: never what anybody wrote.
pub type Word = Cow<'static, str>;

/// Most observations of one history; a virtual year of a busy Page has a quarter of it.
pub const OBSERVED_MAX: usize = 4_000_000;

/// What the run began with. Whatever changes later is an [`Admin`] in the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    /// First instant.
    pub begins_at: Timestamp,
    /// The node's app at Meta, as far as it knows it.
    pub app: Option<AppId>,
    /// The Pages that the node knows, each with whether it has a live token.
    pub pages: BTreeMap<PageId, bool>,
    /// Meta granted the Human Agent feature.
    pub human_agent: bool,
    /// A message to a task that is not active opens a new one.
    pub one_active_task: bool,
    /// How long before the end of 24 hours the node holds them for over.
    pub guard: Span,
    /// The same before the end of the person's 7 days.
    pub guard_human_agent: Span,
    /// When Meta's rules changed.
    pub dates: Dates,
    /// The world tells when a delivery's body is on disk ([`Webhook::Kept`]).
    pub tells_kept: bool,
}

impl Setup {
    /// A node without Pages, with the settings that nobody changed.
    pub fn new(begins_at: Timestamp) -> Self {
        Self {
            begins_at,
            app: None,
            pages: BTreeMap::new(),
            human_agent: false,
            one_active_task: true,
            guard: Span(60_000),
            guard_human_agent: Span(300_000),
            dates: Dates::default(),
            tells_kept: false,
        }
    }
}

/// One thing that was observed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observed {
    /// The world's time, which is Meta's.
    pub at: Timestamp,
    /// Its place in the history, from 0.
    pub order: u64,
    /// What.
    pub what: What,
}

/// What was observed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// An admin changed something.
    Admin(Admin),
    /// Meta delivered, or was answered.
    Webhook(Webhook),
    /// A record is committed.
    Journal(Record),
    /// Meta was asked to send.
    Meta(Meta),
    /// The tracker was asked, or something happened in it.
    Tracker(Tracker),
    /// People were shown something.
    Screen(Screen),
    /// The node fell, rose or rested.
    Life(Life),
}

/// How another run of the same deeds was delivered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// Exactly as this one.
    Same,
    /// Every delivery twice.
    Twice,
    /// The same items cut into other deliveries.
    Split,
    /// The same deliveries in another order.
    Permuted,
}

impl Way {
    /// The run in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Same => "the second run",
            Self::Twice => "the run with every delivery twice",
            Self::Split => "the run with other deliveries of the same items",
            Self::Permuted => "the run with deliveries in another order",
        }
    }
}

/// What is left of another run of the same deeds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rerun {
    /// How it was delivered.
    pub way: Way,
    /// The last that was shown of each conversation, with its place there.
    pub shown: BTreeMap<MachineId, (u64, Shown)>,
    /// Its trace hash.
    pub trace_hash: Option<String>,
    /// Of an equal run: the first place at which it is not equal.
    pub parts_at: Option<u64>,
}

/// A whole run.
#[derive(Clone, Debug)]
pub struct History {
    /// What it began with.
    pub setup: Setup,
    /// What stands for every byte that left and was stored, as text. Set at the end.
    pub trace_hash: Option<String>,
    observed: Vec<Observed>,
    cut: u64,
    reruns: Vec<Rerun>,
    ledger: OnceLock<Ledger>,
}

impl History {
    /// Nothing happened yet.
    pub const fn new(setup: Setup) -> Self {
        Self { setup, trace_hash: None, observed: Vec::new(), cut: 0, reruns: Vec::new(), ledger: OnceLock::new() }
    }

    /// Something happened; its place is given back. Times may not go back.
    pub fn note(&mut self, at: Timestamp, what: What) -> u64 {
        self.ledger = OnceLock::new();
        let order = self.observed.len() as u64;
        if self.observed.len() < OBSERVED_MAX {
            self.observed.push(Observed { at, order, what });
        } else {
            self.cut += 1;
        }
        order
    }

    /// The same deeds were delivered to another node, and this came of it.
    pub fn compare(&mut self, way: Way, other: &Self) {
        let shown = other.ledger().shown.iter().filter_map(|(machine, places)| {
            let place = *places.last()?;
            match &other.observed[place].what {
                What::Screen(Screen::Conversation(shown)) => Some((machine.clone(), (place as u64, (**shown).clone()))),
                What::Screen(Screen::Asked { .. })
                | What::Admin(_)
                | What::Webhook(_)
                | What::Journal(_)
                | What::Meta(_)
                | What::Tracker(_)
                | What::Life(_) => None,
            }
        });
        let shown = shown.collect();
        let parts_at = match way {
            Way::Same => self.parts_from(other),
            Way::Twice | Way::Split | Way::Permuted => None,
        };
        self.reruns.push(Rerun { way, shown, trace_hash: other.trace_hash.clone(), parts_at });
    }

    fn parts_from(&self, other: &Self) -> Option<u64> {
        let pairs = self.observed.iter().zip(&other.observed);
        let different = pairs.filter(|(ours, theirs)| ours != theirs).map(|(ours, _)| ours.order).next();
        let lengths = (self.observed.len(), other.observed.len());
        different.or_else(|| (lengths.0 != lengths.1).then_some(lengths.0.min(lengths.1) as u64))
    }

    /// Everything that was observed, in order.
    pub fn observed(&self) -> &[Observed] {
        &self.observed
    }

    /// How much was left out because there was too much.
    pub const fn cut(&self) -> u64 {
        self.cut
    }

    /// Other runs of the same deeds.
    pub fn reruns(&self) -> &[Rerun] {
        &self.reruns
    }

    /// The last instant.
    pub fn ends_at(&self) -> Timestamp {
        self.observed.last().map_or(self.setup.begins_at, |last| last.at)
    }

    /// What stands where; made at first use.
    pub(crate) fn ledger(&self) -> &Ledger {
        self.ledger.get_or_init(|| Ledger::of(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_order_of_what_was_noted() {
        let mut history = History::new(Setup::new(Timestamp(5)));
        assert_eq!(history.ends_at(), Timestamp(5));
        assert_eq!(history.note(Timestamp(6), What::Life(Life::Crashed)), 0);
        assert_eq!(history.note(Timestamp(7), What::Life(Life::Started)), 1);
        assert_eq!((history.ends_at(), history.cut()), (Timestamp(7), 0));
        assert_eq!(history.observed()[1].order, 1);
    }

    #[test]
    fn equal_runs_part_nowhere_and_others_at_their_first_difference() {
        let run = |whats: &[Life]| {
            let mut history = History::new(Setup::new(Timestamp(0)));
            for life in whats {
                history.note(Timestamp(1), What::Life(life.clone()));
            }
            history
        };
        let first = run(&[Life::Crashed, Life::Started]);
        assert_eq!(first.parts_from(&run(&[Life::Crashed, Life::Started])), None);
        assert_eq!(first.parts_from(&run(&[Life::Crashed, Life::AtRest])), Some(1));
        assert_eq!(first.parts_from(&run(&[Life::Crashed])), Some(1));
        assert_eq!(first.parts_from(&run(&[Life::Crashed, Life::Started, Life::AtRest])), Some(2));
    }
}
