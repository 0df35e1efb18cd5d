//! One conversation is flooded: a customer writes some hundred messages at once, each in a delivery of its own.
//! Promises: P7, P10.
//!
//! The line is a customer's own (`A/c1 floods 1000 "Hello?"`), so it is read with what customers do.

use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "flood", read, plan, percent: 15 };

fn read(_placed: &Placed<'_>, _subject: &str, _cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    Ok(None)
}

/// Once; a flood is a hundred messages and more.
fn plan(draw: &mut Draw<'_>) {
    let who = draw.who("flood");
    let count = draw.of("flood count", &[30, 120, 120, 300, 1_000]);
    draw.beside("flood", format!("{who} floods {count} \"Is anybody there?\""));
}
