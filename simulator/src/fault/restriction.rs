//! Meta restricts a Page from sending: `meta restricts A`, and `meta frees A`. Promises: P16, P20.
//!
//! The Graph API answers sends with 10/1893063. Meta may tell of it by a webhook (`policy_enforcement`, as a `happens`), and
//! then the node holds its answers, or say nothing. With the end of the scenario every Page is free.

use model::Span;

use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "page-restricted", read, plan, percent: 20 };

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != META {
        return Ok(None);
    }
    let is = match () {
        () if cursor.takes("restricts") => true,
        () if cursor.takes("frees") => false,
        () => return Ok(None),
    };
    let place = cursor.clone();
    let page = placed.page(cursor.word("which Page, as A,")?, &place)?;
    Ok(Some(Fault::Restricts { page, is }))
}

/// Once, for a minute at least; of two in three Meta tells by a webhook.
fn plan(draw: &mut Draw<'_>) {
    let page = draw.page("page");
    let Some(from) = draw.moment("from", model::Timestamp(0)) else { return };
    let until = from + draw.span("length", Span::minutes(1), Span::hours(6));
    let word = |action: &str| format!("{page} happens {{\"kind\":\"policy_enforcement\",\"action\":\"{action}\"}}");
    draw.at(from, format!("{META} restricts {page}"));
    draw.at(until, format!("{META} frees {page}"));
    if draw.percent("told", 66) {
        let by = draw.span("told by", Span(0), Span::minutes(3));
        draw.at(from + by, word("block"));
        draw.at(until + by, word("unblock"));
    }
}
