//! The disk takes so many more writes and then none, until it works again. Promises: P2, P16, P31.
//!
//! A write that fails leaves nothing behind; a commit may be cut off between two of its writes, and what it has written by
//! then stays. At the core depth each commit and each delivery is one write. Reading goes on.

use model::Span;

use super::full_disk::DISK;
use super::swarm::Draw;
use super::{Fault, Kind, count};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "failing-disk", read, plan, percent: 25 };

/// Most that a line counts.
const COUNT_MAX: u64 = 100_000;

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != DISK {
        return Ok(None);
    }
    if cursor.takes("works") {
        return Ok(Some(Fault::DiskWorks));
    }
    if !cursor.takes("fails") {
        return Ok(None);
    }
    if !cursor.takes("after") {
        return Ok(Some(Fault::DiskFails { after: 0 }));
    }
    let after = count(cursor, "how many writes", COUNT_MAX)?;
    if !super::takes_any(cursor, &["writes", "write"]) {
        return Err(cursor.stumble("`writes` is missing: write disk fails after 20 writes"));
    }
    Ok(Some(Fault::DiskFails { after }))
}

/// Once or twice, for five seconds at least.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("disk fails", 2) {
        let after = draw.below(&format!("disk fails {nth}"), 60);
        let fault = Fault::DiskFails { after };
        draw.while_it_lasts(&fault.to_string(), Span::seconds(5), Span::minutes(20), "disk works");
    }
}
