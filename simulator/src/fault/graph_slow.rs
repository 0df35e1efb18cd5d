//! The Graph API answers late: `meta slows 40s`. Promises: P6, P16, P17.
//!
//! The node waits for 30 seconds; an answer that comes later it does not hear, so that nobody knows of the message until
//! its echo comes.

use model::Span;

use super::graph::turns;
use super::swarm::Draw;
use super::weather::GraphMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "graph-slow", read, plan, percent: 20 };

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != META || !cursor.takes("slows") {
        return Ok(None);
    }
    let by = placed.length(cursor)?;
    turns(GraphMood::Slow(by), cursor)
}

/// Once or twice, for a minute at least: some below what the node waits for, some beyond.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("slow", 2) {
        let by = draw.of(&format!("{nth} by"), &[Span::seconds(4), Span::seconds(29), Span::seconds(31)]);
        super::graph::plan(draw, nth, GraphMood::Slow(by), (Span::minutes(1), Span::hours(3)));
    }
}
