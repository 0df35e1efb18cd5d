//! Nobody is there where the Graph API should be: `meta vanishes`. Promises: P14, P16.
//!
//! The connection is refused, so nothing was sent, and the node says *later*.

use model::Span;

use super::graph::turns;
use super::swarm::Draw;
use super::weather::GraphMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "graph-unreachable", read, plan, percent: 20 };

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject == META && cursor.takes("vanishes") { turns(GraphMood::Vanishes, cursor) } else { Ok(None) }
}

/// Once, for ten seconds at least.
fn plan(draw: &mut Draw<'_>) {
    super::graph::plan(draw, 0, GraphMood::Vanishes, (Span::seconds(10), Span::hours(5)));
}
