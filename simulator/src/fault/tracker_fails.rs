//! The tracker is down: `tracker fails`. Promises: P1, P2, P19, P31.
//!
//! Nothing is done, and its feed cannot be read. People go on writing in it: they reach it by another way.

use model::Span;

use super::swarm::Draw;
use super::tracker::{TRACKER, turns};
use super::weather::TrackerMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "tracker-down", read, plan, percent: 30 };

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject == TRACKER && cursor.takes("fails") { turns(TrackerMood::Fails, cursor) } else { Ok(None) }
}

/// Once or twice, for ten seconds at least.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("fails", 2) {
        super::tracker::plan(draw, nth, TrackerMood::Fails, (Span::seconds(10), Span::hours(5)));
    }
}
