//! Webhooks of a Page come late, each by another length of time, and so in another order: `meta delays A 20m`, until
//! `meta hastens A`. Promises: P2, P6, P7, P18, P19.
//!
//! Echoes and receipts of the node's own sends too. Meta was seen to be late by minutes, and is up to an hour late here.
//! What is late when this ends still comes at its time.

use model::Span;

use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "webhooks-late", read, plan, percent: 25 };

/// The longest delay.
const DELAY_MAX: Span = Span::hours(1);

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != META {
        return Ok(None);
    }
    let delays = match () {
        () if cursor.takes("delays") => true,
        () if cursor.takes("hastens") => false,
        () => return Ok(None),
    };
    let place = cursor.clone();
    let page = placed.page(cursor.word("which Page, as A,")?, &place)?;
    let place = cursor.clone();
    let most = if delays { Some(placed.length(cursor)?) } else { None };
    if most.is_some_and(|most| most > DELAY_MAX) {
        return Err(place.stumble("webhooks are an hour late at most"));
    }
    Ok(Some(Fault::Delays { page, most }))
}

/// Once or twice, for a minute at least.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("delays", 2) {
        let page = draw.page(&format!("{nth} page"));
        let most = draw.of(
            &format!("{nth} most"),
            &[Span(900), Span::seconds(20), Span::minutes(5), Span::minutes(20), DELAY_MAX],
        );
        let begins = format!("{META} delays {page} {}ms", most.0);
        draw.while_it_lasts(&begins, Span::minutes(1), Span::hours(30), &format!("{META} hastens {page}"));
    }
}
