//! The node's clock is set, forwards or back, while that of Meta and of everybody else goes on. Promises: P12, P13, P14.
//!
//! The guards before the ends of windows are there for this: as long as the clock is wrong by less than the shorter guard,
//! no send comes too late. Who sleeps looks at the clock again every minute, as the shipped clock does. At the core depth
//! node and world have one clock, so that the line has no effect there. With the end of the scenario the clock is right.

use model::Span;

use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "clock-jump", read, plan, percent: 30 };

/// The subject of these lines.
const CLOCK: &str = "clock";
/// The clock is wrong by so much at most: less than the shorter guard, one minute.
const WRONG_MAX: Span = Span::seconds(50);

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != CLOCK || !cursor.takes("jumps") {
        return Ok(None);
    }
    let back = cursor.takes("back");
    let by = placed.length(cursor)?;
    Ok(Some(Fault::ClockJumps(if back { Span(-by.0) } else { by })))
}

/// Up to three times away and back again, or the other way about.
fn plan(draw: &mut Draw<'_>) {
    let (mut after, ends_at) = (model::Timestamp(0), draw.ends_at());
    for nth in 0..1 + draw.below("jumps", 3) {
        let about = format!("jump {nth}");
        let by = draw.span(&format!("{about} by"), Span(1), WRONG_MAX);
        let by = if draw.percent(&format!("{about} back"), 50) { Span(-by.0) } else { by };
        let Some(from) = draw.moment(&about, after) else { return };
        let until = from + draw.span(&format!("{about} wrong"), Span::seconds(2), Span::hours(30));
        draw.at(from, Fault::ClockJumps(by).to_string());
        draw.at(until.min(ends_at).max(from), Fault::ClockJumps(Span(-by.0)).to_string());
        after = until + Span(1);
    }
}
