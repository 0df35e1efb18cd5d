//! The Page's calls of the Graph API are used up: `meta limits 12m`. Promises: P14, P16.
//!
//! Meta answers with 80006 and says in its usage header when calls are taken again. Source: *Rate Limits*, read 2026-11-23.

use model::Span;

use super::graph::turns;
use super::swarm::Draw;
use super::weather::GraphMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "graph-limited", read, plan, percent: 20 };

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != META || !cursor.takes("limits") {
        return Ok(None);
    }
    let rest = placed.length(cursor)?;
    turns(GraphMood::Limits(rest), cursor)
}

/// Once; the header names some minutes, or nearly a day.
fn plan(draw: &mut Draw<'_>) {
    let rest = draw.of("rest", &[Span::minutes(1), Span::minutes(12), Span::hours(3), Span::hours(23)]);
    super::graph::plan(draw, 0, GraphMood::Limits(rest), (Span::seconds(10), Span::hours(3)));
}
