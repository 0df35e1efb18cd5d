//! The connection to the Graph API breaks once the request has left: `meta loses answers` where Meta did what it was
//! asked, `meta loses requests` where it did not. Promises: P6, P16, P17.
//!
//! To the node both are the same: in doubt.

use model::Span;

use super::graph::turns;
use super::swarm::Draw;
use super::weather::GraphMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "graph-losing", read, plan, percent: 30 };

/// What Meta did, and nobody hears of it.
pub(crate) const ANSWERS: &str = "answers";
/// What Meta never heard of.
pub(crate) const REQUESTS: &str = "requests";

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    let mut ahead = cursor.clone();
    if subject != META || !ahead.takes("loses") {
        return Ok(None);
    }
    // Of one Page alone: an order of its own.
    let mood = match () {
        () if ahead.takes(ANSWERS) => GraphMood::LosesAnswers,
        () if ahead.takes(REQUESTS) => GraphMood::LosesRequests,
        () => return Ok(None),
    };
    *cursor = ahead;
    turns(mood, cursor)
}

/// Up to three times, for ten seconds at least.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("loses", 3) {
        let mood = draw.of(&format!("{nth} what"), &[GraphMood::LosesAnswers, GraphMood::LosesRequests]);
        super::graph::plan(draw, nth, mood, (Span::seconds(10), Span::hours(2)));
    }
}
