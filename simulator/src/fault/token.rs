//! Meta takes a Page's token no more: `token A dies`, with the error that it gives then where that matters, as
//! `token A dies 190/463`; and `admin reconnects A`. Promises: P20, P22.
//!
//! A new token is a new configuration, so the node starts again with it. With the end of the scenario every Page is
//! reconnected.

use model::Span;

use super::graph_refuses::code;
use super::settings::{ADMIN, Setting};
use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "token-died", read, plan, percent: 25 };

/// The subject of these lines.
const TOKEN: &str = "token";
/// What Meta says of dead tokens: logged out, no rights any more, expired, and all that.
const DEATHS: [&str; 9] =
    ["190/460", "190/463", "190/458", "190/459", "190/464", "190/467", "190/490", "190/492", "102"];

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != TOKEN {
        return Ok(None);
    }
    let place = cursor.clone();
    let page = placed.page(cursor.word("whose token, as A,")?, &place)?;
    if !cursor.takes("dies") {
        return Err(cursor.stumble("`dies` is missing: write token A dies"));
    }
    let place = cursor.clone();
    let code = if cursor.is_at_end() { (190, Some(460)) } else { code(cursor)? };
    if !messenger::error_table::refuses_token(code) {
        return Err(place.stumble("that error says nothing of a token: write it as 190/463"));
    }
    Ok(Some(Fault::TokenDies { page, code }))
}

/// Once or twice, for a minute at least.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("deaths", 2) {
        let about = format!("death {nth}");
        let page = draw.page(&about);
        let code = draw.of(&format!("{about} code"), &DEATHS);
        let again = format!("{ADMIN} {}", Setting::Reconnects(page.clone()));
        draw.while_it_lasts(&format!("token {page} dies {code}"), Span::minutes(1), Span::hours(20), &again);
    }
}
