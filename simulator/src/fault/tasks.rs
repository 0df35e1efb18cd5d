//! People turn tasks: `Ada completes A/c1`, `reopens`, `trashes`, `restores` and `purges`, each the newest task of the
//! conversation. Promises: P1, P19, P31.
//!
//! What does not apply (to purge what is not in the trash, to turn what is not there) is told as a line that could not be
//! carried out.

use model::Span;

use super::swarm::Draw;
use super::{Fault, Kind};
use crate::outside::desk::Deed as Turn;
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "task-turned", read, plan, percent: 45 };

/// Every turn by its verb.
const TURNS: [(&str, Turn); 5] = [
    ("completes", Turn::Complete),
    ("reopens", Turn::Reopen),
    ("trashes", Turn::Trash),
    ("restores", Turn::Restore),
    ("purges", Turn::Purge),
];

fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    let Some((_, turn)) = TURNS.iter().find(|(verb, _)| cursor.takes(verb)) else { return Ok(None) };
    let place = cursor.clone();
    let who = placed.who(cursor.word("a customer, as A/c1,")?, &place)?;
    Ok(Some(Fault::Turns { by: subject.to_owned(), who, turn: *turn }))
}

/// The verb of a turn.
pub(super) fn verb(turn: Turn) -> &'static str {
    TURNS.iter().find(|(_, of)| *of == turn).map_or("turns", |(verb, _)| verb)
}

/// Up to five times: one turn, and often another some time later.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("turns", 5) {
        let about = format!("turn {nth}");
        let who = draw.who(&about);
        let Some(moment) = draw.moment(&about, model::Timestamp(0)) else { return };
        let first = moment + draw.of(&format!("{about} by"), &[Span(1), Span(150), Span::seconds(9), Span::minutes(4)]);
        let then = first + draw.span(&format!("{about} then"), Span(1), Span::hours(2));
        let (one, two) = draw.of(
            &format!("{about} verbs"),
            &[
                ("completes", None),
                ("completes", Some("reopens")),
                ("trashes", Some("restores")),
                ("trashes", Some("purges")),
            ],
        );
        draw.at(first, format!("Ada {one} {who}"));
        if let Some(two) = two {
            draw.at(then, format!("Ada {two} {who}"));
        }
    }
}
