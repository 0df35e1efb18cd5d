//! An actor panics in its handler: over the next batch that it hands over. Promises: P7, P8, P31.
//!
//! The panic comes out of the port to the journal, before anything is stored, and goes the node's own way: the actor ends,
//! its mailbox with it, and who supervises it starts it again. A conversation that panics over the same piece of work five
//! times in a row sets it aside, as a poison; no line says that an item is one, so five in a row break P8. At the core depth
//! a Page's panic is a batch that is not taken.

use super::swarm::Draw;
use super::{Fault, Kind, Whose};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "panic", read, plan, percent: 35 };

/// The subject of lines about actors.
pub(super) const ACTOR: &str = "actor";

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != ACTOR {
        return Ok(None);
    }
    let mut ahead = cursor.clone();
    let found = ahead.word("whose actor, as A/c1 or A,")?;
    if !ahead.takes("panics") {
        return Ok(None);
    }
    let whose = if found.contains('/') {
        Whose::Customer(placed.who(found, cursor)?)
    } else {
        Whose::Page(placed.page(found, cursor)?)
    };
    *cursor = ahead;
    Ok(Some(Fault::Panics(whose)))
}

/// Up to four times in all: fewer than make a poison.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("panics", 4) {
        let about = format!("panic {nth}");
        let whose = if draw.percent(&format!("{about} page"), 20) { draw.page(&about) } else { draw.who(&about) };
        draw.beside(&about, format!("actor {whose} panics"));
    }
}
