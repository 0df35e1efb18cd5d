//! The tracker answers late: `tracker slows 20s`. Promises: P1, P19.
//!
//! What it was asked is done at once; the node hears of it later, and meanwhile other things happen.

use model::Span;

use super::swarm::Draw;
use super::tracker::{TRACKER, turns};
use super::weather::TrackerMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "tracker-slow", read, plan, percent: 20 };

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != TRACKER || !cursor.takes("slows") {
        return Ok(None);
    }
    let by = placed.length(cursor)?;
    turns(TrackerMood::Slow(by), cursor)
}

/// Once, for a minute at least.
fn plan(draw: &mut Draw<'_>) {
    let by = draw.of("by", &[Span(300), Span::seconds(8), Span::seconds(50), Span::minutes(4)]);
    super::tracker::plan(draw, 0, TrackerMood::Slow(by), (Span::minutes(1), Span::hours(3)));
}
