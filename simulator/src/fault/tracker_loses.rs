//! The tracker does what it is asked, and nobody hears of it: `tracker loses answers`. Promises: P1, P3, P31.
//!
//! The node asks again with the same key, and nothing may stand there twice.

use model::Span;

use super::swarm::Draw;
use super::tracker::{TRACKER, turns};
use super::weather::TrackerMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "tracker-answer-lost", read, plan, percent: 25 };

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != TRACKER || !cursor.takes("loses") {
        return Ok(None);
    }
    if !cursor.takes("answers") {
        return Err(cursor.stumble("`answers` is missing: write tracker loses answers"));
    }
    turns(TrackerMood::LosesAnswers, cursor)
}

/// Once or twice, for ten seconds at least.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("loses", 2) {
        super::tracker::plan(draw, nth, TrackerMood::LosesAnswers, (Span::seconds(10), Span::hours(1)));
    }
}
