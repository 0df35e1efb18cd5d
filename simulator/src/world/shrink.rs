//! Takes away from a scenario what is not needed to show what it shows: Pages, customers, then lines, in halves, quarters,
//! and one by one; then what of the lines that are left is longer than it need be.
//!
//! Invariant: what is left comes to the same verdict, for a reason that the whole one had too.

use model::Span;

use super::{Depth, Run, Verdict, play, run, varied};
use crate::scenario::{Act, Deed, Line, Scenario};

/// Takes away from a scenario while the same stays wrong; at most so many runs.
pub fn shrink(scenario: &Scenario, found: &Run, runs_max: usize) -> Scenario {
    // As little as shows it: most is seen in one run, some only beside others.
    let tries: [Playing; 3] = [|scenario, depth| play(scenario, depth, false), varied, run];
    let again = tries.into_iter().find(|again| is_same(found, &again(scenario, found.depth))).unwrap_or(run);
    let mut shrinking = Shrinking { least: scenario.clone(), found, again, depth: found.depth, left: runs_max };
    // The core depth is much faster: where it shows the same, most of the work is done there.
    if found.depth == Depth::Actors && shrinking.is_shown_at(Depth::Core) {
        shrinking.depth = Depth::Core;
        shrinking.all();
        if shrinking.is_shown_at(Depth::Actors) {
            return shrinking.least;
        }
        shrinking.least = scenario.clone();
        shrinking.depth = Depth::Actors;
    }
    shrinking.all();
    shrinking.least
}

/// A way to play a scenario.
type Playing = fn(&Scenario, Depth) -> Run;

struct Shrinking<'a> {
    least: Scenario,
    found: &'a Run,
    /// What shows it.
    again: Playing,
    depth: Depth,
    left: usize,
}

impl Shrinking<'_> {
    /// Until nothing more can go.
    fn all(&mut self) {
        loop {
            let before = self.least.clone();
            self.people();
            self.lines();
            self.ends();
            if self.least == before || self.left == 0 {
                self.words();
                return;
            }
        }
    }

    fn people(&mut self) {
        for page in self.least.pages.keys().cloned().collect::<Vec<_>>() {
            let fewer = self.least.without_page(&page);
            self.takes(fewer);
        }
        for who in self.least.customers.keys().cloned().collect::<Vec<_>>() {
            let fewer = self.least.without_customer(&who);
            self.takes(fewer);
        }
    }

    fn lines(&mut self) {
        let mut width = self.least.lines.len().div_ceil(2);
        while width > 0 {
            let mut from = 0;
            while from < self.least.lines.len() && self.left > 0 {
                let fewer = self.least.without(from..from + width);
                if !self.takes(fewer) {
                    from += width;
                }
            }
            width = if width == 1 { 0 } else { width.div_ceil(2) };
        }
    }

    fn ends(&mut self) {
        for index in (0..self.least.ends.len()).rev() {
            let mut fewer = self.least.clone();
            fewer.ends.remove(index);
            self.takes(Some(fewer));
        }
    }

    /// Short texts, and nothing said of a line that need not be.
    fn words(&mut self) {
        for index in 0..self.least.lines.len() {
            for plainer in [short, in_time, in_turn, unnamed] {
                let mut candidate = self.least.clone();
                let is_plainer = candidate.lines.get_mut(index).is_some_and(plainer);
                // Where others speak of the line it keeps its name.
                let candidate = Scenario::parse(&candidate.to_string()).ok().filter(|_| is_plainer);
                self.takes(candidate);
            }
        }
    }

    /// Goes on from the candidate where it still shows the same.
    fn takes(&mut self, candidate: Option<Scenario>) -> bool {
        let Some(candidate) = candidate.filter(|_| self.left > 0) else { return false };
        self.left -= 1;
        let shows = is_same(self.found, &(self.again)(&candidate, self.depth));
        if shows {
            self.least = candidate;
        }
        shows
    }

    fn is_shown_at(&self, depth: Depth) -> bool {
        is_same(self.found, &(self.again)(&self.least, depth))
    }
}

/// Characters of a text that nobody needs to read.
const SHORT: usize = 24;

/// Cuts a long text behind its first words; whether there is one.
fn short(line: &mut Line) -> bool {
    let (Deed::Customer { act: Act::Writes { text, .. } | Act::Edits { text, .. }, .. } | Deed::Agent { text, .. }) =
        &mut line.deed
    else {
        return false;
    };
    let is_long = text.chars().count() > SHORT;
    if is_long {
        let cut: String = text.chars().take(SHORT).collect();
        *text = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words).to_owned();
    }
    is_long
}

/// What came late comes in time; whether it came late.
fn in_time(line: &mut Line) -> bool {
    let (Deed::Customer { manner, .. } | Deed::Page { manner, .. }) = &mut line.deed else { return false };
    std::mem::replace(&mut manner.late, Span(0)) > Span(0)
}

/// What came on standby comes as everything does; whether it came there.
fn in_turn(line: &mut Line) -> bool {
    let (Deed::Customer { manner, .. } | Deed::Page { manner, .. }) = &mut line.deed else { return false };
    std::mem::take(&mut manner.standby)
}

/// What has a name loses it; whether it had one.
fn unnamed(line: &mut Line) -> bool {
    let (Deed::Customer { manner, .. } | Deed::Page { manner, .. }) = &mut line.deed else { return false };
    manner.name.take().is_some()
}

/// Whether a run shows what another showed.
fn is_same(found: &Run, run: &Run) -> bool {
    let shares = match found.verdict {
        Verdict::Safety => found.promises.iter().any(|promise| run.promises.contains(promise)),
        Verdict::Expectation => found.unmet.iter().any(|unmet| run.unmet.contains(unmet)),
        Verdict::Ok | Verdict::Liveness | Verdict::Crash | Verdict::Nondeterminism => true,
    };
    run.verdict == found.verdict && shares
}
