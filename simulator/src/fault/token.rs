//! Meta takes a Page's token no more: `meta revokes A`, with the error that it gives then where that matters, as
//! `meta revokes A 190/463`; and `admin reconnects A`. Promises: P20, P22.
//!
//! A new token is a new configuration, so the node starts again with it. With the end of the scenario every Page is
//! reconnected.

use model::Span;

use super::graph_refuses::code;
use super::settings::{ADMIN, Setting};
use super::swarm::Draw;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "token-died", read, plan, percent: 25 };

/// The subject and the verb of these lines up to 0.1.
const OLD: (&str, &str) = ("token", "dies");
/// What Meta says of dead tokens: logged out, no rights any more, expired, and all that.
const DEATHS: [&str; 9] =
    ["190/460", "190/463", "190/458", "190/459", "190/464", "190/467", "190/490", "190/492", "102"];

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject == OLD.0 {
        let (place, mut ahead) = (cursor.clone(), cursor.clone());
        return match ahead.word("whose token") {
            Ok(page) if ahead.takes(OLD.1) => {
                Err(place.stumble(format!("it is Meta who takes it no more: write {META} revokes {page} …")))
            }
            Ok(_) | Err(_) => Ok(None),
        };
    }
    if subject != META || !cursor.takes("revokes") {
        return Ok(None);
    }
    let place = cursor.clone();
    let page = placed.page(cursor.word("whose token, as A,")?, &place)?;
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
        // What is drawn hangs on the old words, so that seeds go on to mean the worlds that they meant.
        let (drawn, begins) = (format!("token {page} dies {code}"), format!("{META} revokes {page} {code}"));
        draw.while_it_lasts_about(&drawn, &begins, (Span::minutes(1), Span::hours(20)), &again);
    }
}
