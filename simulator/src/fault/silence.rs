//! Meta does not tell of the node's own sends: `meta withholds echoes`, `meta withholds receipts`, until `meta tells`.
//! Promises: P6, P17, P18.
//!
//! What was withheld never comes. A send in doubt then stays so, and a person is told.

use core::fmt;

use model::Span;

use super::graph::{in_percent, percent};
use super::swarm::Draw;
use super::weather::Telling;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "withheld", read, plan, percent: 25 };

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != META {
        return Ok(None);
    }
    if cursor.takes("tells") {
        return Ok(Some(Fault::Withholds(None)));
    }
    if !cursor.takes("withholds") {
        return Ok(None);
    }
    let what = match () {
        () if cursor.takes("echoes") => Telling::Echoes,
        () if cursor.takes("receipts") => Telling::Receipts,
        () => return Err(cursor.stumble("`echoes` or `receipts` is missing: write meta withholds echoes")),
    };
    Ok(Some(Fault::Withholds(Some((what, percent(cursor)?)))))
}

/// Once, for a minute at least.
fn plan(draw: &mut Draw<'_>) {
    let what = draw.of("what", &[Telling::Echoes, Telling::Receipts]);
    let percent = draw.of("share", &[30, 100]);
    let begins = format!("{META} withholds {what}{}", in_percent(percent));
    draw.while_it_lasts(&begins, Span::minutes(1), Span::hours(30), &format!("{META} tells"));
}

impl Telling {
    /// What coverage calls it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Echoes => "echoes-withheld",
            Self::Receipts => "receipts-withheld",
        }
    }
}

impl fmt::Display for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Echoes => "echoes",
            Self::Receipts => "receipts",
        })
    }
}
