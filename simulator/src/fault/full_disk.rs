//! The disk is full: nothing that has no place yet gets one. Promises: P2, P31.
//!
//! What is written over what is there succeeds, as on a real file system. At the core depth nothing is written over
//! anything, so deliveries and batches are refused alike. It ends with `disk works`, or with the scenario.

use model::Span;

use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "full-disk", read, plan, percent: 25 };

/// The subject of the lines about the disk.
pub(super) const DISK: &str = "disk";

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    Ok((subject == DISK && cursor.takes("fills")).then_some(Fault::DiskFills))
}

/// Once, for ten seconds at least.
fn plan(draw: &mut Draw<'_>) {
    draw.while_it_lasts("disk fills", Span::seconds(10), Span::minutes(40), "disk works");
}
