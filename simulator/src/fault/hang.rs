//! A conversation is stuck: what it hands over is stored, and it hears of that only after a while. Promises: P1, P7, P10.
//!
//! Until then nothing that depends on a commit goes on there, and after its credit it is handed nothing more. Its
//! neighbours go on.

use model::Span;

use super::panic::ACTOR;
use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "stuck-actor", read, plan, percent: 30 };

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != ACTOR {
        return Ok(None);
    }
    let mut ahead = cursor.clone();
    let found = ahead.word("whose actor, as A/c1,")?;
    if !ahead.takes("hangs") {
        return Err(ahead.stumble("an actor `panics` or `hangs`: write actor A/c1 panics, or actor A/c1 hangs 30s"));
    }
    let who = placed.who(found, cursor)?;
    let length = placed.length(&mut ahead)?;
    *cursor = ahead;
    Ok(Some(Fault::Hangs { who, length }))
}

/// Up to three times, from a second to ten minutes.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("hangs", 3) {
        let about = format!("hang {nth}");
        let who = draw.who(&about);
        let length = draw.span(&format!("{about} length"), Span::seconds(1), Span::minutes(10));
        draw.beside(&about, format!("actor {who} hangs {}ms", length.0));
    }
}
