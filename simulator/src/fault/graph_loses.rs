//! The connection to the Graph API breaks once the request has left: `graph loses answers` where Meta did what it was
//! asked, `graph loses requests` where it did not. Promises: P6, P16, P17.
//!
//! To the node both are the same: in doubt.

use model::Span;

use super::graph::{GRAPH, turns};
use super::swarm::Draw;
use super::weather::GraphMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "graph-losing", read, plan, percent: 30 };

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != GRAPH || !cursor.takes("loses") {
        return Ok(None);
    }
    let mood = match () {
        () if cursor.takes("answers") => GraphMood::LosesAnswers,
        () if cursor.takes("requests") => GraphMood::LosesRequests,
        () => return Err(cursor.stumble("`answers` or `requests` is missing: write graph loses answers")),
    };
    turns(mood, cursor)
}

/// Up to three times, for ten seconds at least.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("loses", 3) {
        let mood = draw.of(&format!("{nth} what"), &[GraphMood::LosesAnswers, GraphMood::LosesRequests]);
        super::graph::plan(draw, nth, mood, (Span::seconds(10), Span::hours(2)));
    }
}
