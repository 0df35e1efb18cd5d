//! The node takes nothing for more than an hour: Meta unsubscribes its app from the Page, and what happens there is never
//! told, until `meta subscribes A`. Promises: P2, P31.
//!
//! No line orders the unsubscription: an hour in which every POST for the Page failed does it (*Webhooks for Messenger*,
//! read 2026-11-23). Subscribing again is an admin's deed at Meta; with the end of the scenario every Page is subscribed.

use model::Span;

use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "unsubscribed", read, plan, percent: 12 };

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != META || !cursor.takes("subscribes") {
        return Ok(None);
    }
    let place = cursor.clone();
    let page = placed.page(cursor.word("which Page, as A,")?, &place)?;
    Ok(Some(Fault::Subscribes(page)))
}

/// Once: the disk takes nothing for one hour to three, and somewhat later the Pages are subscribed again.
fn plan(draw: &mut Draw<'_>) {
    let Some(from) = draw.moment("from", model::Timestamp(0)) else { return };
    let until = from + draw.span("length", Span::minutes(65), Span::hours(3));
    draw.at(from, "disk fails".to_owned());
    draw.at(until, "disk works".to_owned());
    for page in draw.pages() {
        let by = draw.span(&format!("{page} by"), Span::seconds(1), Span::hours(2));
        draw.at(until + by, format!("{META} subscribes {page}"));
    }
}
