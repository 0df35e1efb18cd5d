//! Takes away from a scenario what is not needed to show what it shows: Pages, customers, then lines, in halves, quarters,
//! and one by one.
//!
//! Invariant: what is left comes to the same verdict, for a reason that the whole one had too.

use super::{Depth, Run, Verdict, play};
use crate::scenario::Scenario;

/// Takes away from a scenario while the same stays wrong; at most so many runs.
pub fn shrink(scenario: &Scenario, found: &Run, runs_max: usize) -> Scenario {
    let mut shrinking = Shrinking { least: scenario.clone(), found, depth: found.depth, left: runs_max };
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

struct Shrinking<'a> {
    least: Scenario,
    found: &'a Run,
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

    /// Goes on from the candidate where it still shows the same.
    fn takes(&mut self, candidate: Option<Scenario>) -> bool {
        let Some(candidate) = candidate.filter(|_| self.left > 0) else { return false };
        self.left -= 1;
        let shows = is_same(self.found, &play(&candidate, self.depth, false));
        if shows {
            self.least = candidate;
        }
        shows
    }

    fn is_shown_at(&self, depth: Depth) -> bool {
        is_same(self.found, &play(&self.least, depth, false))
    }
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
