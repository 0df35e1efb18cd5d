//! The swarm: each run draws which kinds of trouble it has at all, and how strong they are.
//!
//! Plans lines and plays nothing. Invariant: every choice is a hash of the seed and of what it is about, so that one kind
//! more moves no choice of another.

use std::collections::BTreeSet;

use model::{Span, Timestamp};

use super::KINDS;
use crate::chance::Stream;
use crate::workload::{Chance, Plan};

/// Chance of a run that has some kind of trouble, and its plan.
pub(crate) struct Draw<'a> {
    plan: &'a mut Plan,
    chance: Chance,
    word: &'static str,
    /// When something happens in it besides faults, in order.
    moments: Vec<Timestamp>,
    /// Everybody who writes.
    whos: Vec<String>,
}

/// Draws the kinds that a run has, and plans them.
pub(crate) fn draw(plan: &mut Plan) {
    let chance = plan.chance(Stream::Fault);
    let (moments, whos) = (plan.moments(), plan.whos());
    for kind in &KINDS {
        if chance.percent(&format!("{} at all", kind.word), kind.percent) {
            let mut draw = Draw { plan, chance, word: kind.word, moments: moments.clone(), whos: whos.clone() };
            (kind.plan)(&mut draw);
        }
    }
}

/// Plans answers and requests that are lost, and falls; in half of the runs Meta never tells of what the node sent.
pub(crate) fn lose(plan: &mut Plan) {
    let chance = plan.chance(Stream::Fault);
    if chance.percent("lossy in silence", 50) {
        plan.at(Timestamp(0), "meta withholds echoes".to_owned());
    }
    let (moments, whos) = (plan.moments(), plan.whos());
    for kind in [&super::graph_loses::KIND, &super::fall::KIND] {
        let mut draw = Draw { plan, chance, word: kind.word, moments: moments.clone(), whos: whos.clone() };
        (kind.plan)(&mut draw);
    }
}

impl Draw<'_> {
    /// A number below `end`, which is not 0.
    pub(super) fn below(&self, about: &str, end: u64) -> u64 {
        self.chance.below(&self.name(about), end)
    }

    /// So many of a hundred.
    pub(super) fn percent(&self, about: &str, percent: u64) -> bool {
        self.chance.percent(&self.name(about), percent)
    }

    pub(super) fn of<T: Copy>(&self, about: &str, choices: &[T]) -> T {
        self.chance.of(&self.name(about), choices)
    }

    pub(super) fn span(&self, about: &str, least: Span, most: Span) -> Span {
        self.chance.span(&self.name(about), least, most)
    }

    fn name(&self, about: &str) -> String {
        format!("{} {about}", self.word)
    }

    /// When the last thing happens that is no fault.
    pub(super) fn ends_at(&self) -> Timestamp {
        self.moments.last().copied().unwrap_or(Timestamp(0))
    }

    /// An instant at which something happens, not before `after`.
    pub(super) fn moment(&self, about: &str, after: Timestamp) -> Option<Timestamp> {
        let open = &self.moments[self.moments.partition_point(|at| *at < after)..];
        (!open.is_empty()).then(|| self.of(&format!("{about} moment"), open))
    }

    /// A customer.
    pub(super) fn who(&self, about: &str) -> String {
        let index = self.below(&format!("{about} who"), self.whos.len() as u64);
        self.whos[usize::try_from(index).unwrap_or(0)].clone()
    }

    /// A Page.
    pub(super) fn page(&self, about: &str) -> String {
        let who = self.who(about);
        who.split('/').next().unwrap_or(&who).to_owned()
    }

    /// Every Page that anybody writes to.
    pub(super) fn pages(&self) -> Vec<String> {
        let pages: BTreeSet<&str> = self.whos.iter().filter_map(|who| who.split('/').next()).collect();
        pages.into_iter().map(str::to_owned).collect()
    }

    pub(super) fn at(&mut self, at: Timestamp, line: String) {
        self.plan.at(at, line);
    }

    /// A line just before something that happens, or just behind it.
    pub(super) fn beside(&mut self, about: &str, line: String) {
        if let Some(moment) = self.moment(about, Timestamp(0)) {
            let by = self.of(&format!("{about} by"), &[Span(-1), Span(0), Span(1), Span(60), Span(700)]);
            self.at(Timestamp((moment.0 + by.0).max(0)), line);
        }
    }

    /// A trouble with a beginning and an end.
    pub(super) fn while_it_lasts(&mut self, begins: &str, least: Span, most: Span, ends: &str) {
        self.while_it_lasts_about(begins, begins, (least, most), ends);
    }

    /// The same, drawn about something else than its first line.
    pub(super) fn while_it_lasts_about(&mut self, about: &str, begins: &str, (least, most): (Span, Span), ends: &str) {
        let Some(from) = self.moment(about, Timestamp(0)) else { return };
        let until = from + self.span(&format!("{about} length"), least, most);
        self.at(from, begins.to_owned());
        self.at(until, ends.to_owned());
    }
}
