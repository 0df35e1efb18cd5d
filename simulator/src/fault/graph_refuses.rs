//! The Graph API answers with an error of Meta's tables: `meta refuses 613/1996`. Promises: P16, P20.
//!
//! What the node does about it stands in its own table. The swarm draws every pair of that table but those that say of the
//! customer's window what is not true, and dead tokens, which are a trouble of their own.

use messenger::Code;
use messenger::error_table::{ROWS, Subcode, refuses_token};
use model::Span;

use super::graph::turns;
use super::swarm::Draw;
use super::weather::GraphMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "graph-error", read, plan, percent: 35 };

/// What Meta says where a window is over.
const WINDOW: [i64; 3] = [2_018_065, 2_018_278, 2_534_022];

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    let mut ahead = cursor.clone();
    if subject != META || !ahead.takes("refuses") || !ahead.is_at_number() {
        return Ok(None);
    }
    *cursor = ahead;
    let code = code(cursor)?;
    turns(GraphMood::Refuses(code), cursor)
}

/// Code and subcode, as `613` or `10/1893063`; neither is below 0.
pub(crate) fn code(cursor: &mut Cursor<'_>) -> Result<Code, Stumble> {
    let place = cursor.clone();
    let word = cursor.word("an error of Meta, as 613 or 613/1996,")?;
    let (code, subcode) = word.split_once('/').map_or((word, None), |(code, subcode)| (code, Some(subcode)));
    // As Meta writes it: no sign, no zeros in front.
    let number = |text: &str| text.parse().ok().filter(|number: &i64| *number >= 0 && number.to_string() == text);
    match (number(code), subcode.map(|subcode| number(subcode).ok_or(())).transpose()) {
        (Some(code), Ok(subcode)) => Ok((code, subcode)),
        (_, _) => Err(place.stumble(format!("`{word}` is no error of Meta: write it as 613 or 613/1996"))),
    }
}

/// Errors that Meta may answer a send with whatever the customer did.
fn codes() -> Vec<Code> {
    let pair = |row: &messenger::error_table::Row| match row.subcode {
        Subcode::Is(subcode) => (row.code, Some(subcode)),
        Subcode::Absent | Subcode::Any => (row.code, None),
    };
    let is_of_window = |code: &Code| code.1.is_some_and(|subcode| WINDOW.contains(&subcode));
    ROWS.iter().map(pair).filter(|code| !refuses_token(*code) && !is_of_window(code)).collect()
}

/// Up to four times, for ten seconds at least, each time another error.
fn plan(draw: &mut Draw<'_>) {
    let codes = codes();
    for nth in 0..1 + draw.below("errors", 4) {
        let code = draw.of(&format!("{nth} code"), &codes);
        super::graph::plan(draw, nth, GraphMood::Refuses(code), (Span::seconds(10), Span::hours(1)));
    }
}
