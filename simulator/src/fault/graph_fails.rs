//! The Graph API answers with a status of 500 and no words: `meta fails`. Promises: P16, P17.
//!
//! Half of what it was asked is done all the same, so every send under it is in doubt.

use model::Span;

use super::graph::turns;
use super::swarm::Draw;
use super::weather::GraphMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "graph-failing", read, plan, percent: 20 };

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject == META && cursor.takes("fails") { turns(GraphMood::Fails, cursor) } else { Ok(None) }
}

/// Once or twice, for half a minute at least.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("fails", 2) {
        super::graph::plan(draw, nth, GraphMood::Fails, (Span::seconds(30), Span::hours(2)));
    }
}
