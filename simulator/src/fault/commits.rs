//! The journal does not take a batch, or does not say whether it did. Promises: P3, P16, P17, P31.
//!
//! *Refused*: nothing is stored, and that is said. *Lost*: nothing is stored, and nobody says so. *Delayed*: it is stored,
//! and nobody says so: it turns up when the journal is read again. Whoever hears neither yes nor no reads first.

use core::fmt;

use super::swarm::Draw;
use super::{Fault, Kind, count};
use crate::scenario::{Cursor, Placed, Stumble};

pub(super) const KIND: Kind = Kind { word: "commits", read, plan, percent: 40 };

/// The subject of these lines.
const JOURNAL: &str = "journal";
/// Most that a line counts.
const COUNT_MAX: u64 = 10_000;

/// What becomes of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is not stored, and the caller learns so.
    Refused,
    /// It is not stored, and the caller does not learn what became of it.
    Lost,
    /// It is stored, and the caller does not learn what became of it.
    Delayed,
}

impl Fate {
    const ALL: [Self; 3] = [Self::Refused, Self::Lost, Self::Delayed];

    const fn verb(self) -> &'static str {
        match self {
            Self::Refused => "refuses",
            Self::Lost => "loses",
            Self::Delayed => "delays",
        }
    }

    /// What coverage calls it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Refused => "commit-refused",
            Self::Lost => "commit-lost",
            Self::Delayed => "commit-delayed",
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb())
    }
}

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject != JOURNAL {
        return Ok(None);
    }
    let Some(fate) = Fate::ALL.into_iter().find(|fate| cursor.takes(fate.verb())) else { return Ok(None) };
    let count = count(cursor, "how many commits", COUNT_MAX)?;
    if super::takes_any(cursor, &["commits", "commit"]) {
        Ok(Some(Fault::Commits { count, fate }))
    } else {
        Err(cursor.stumble(format!("`commits` is missing: write journal {fate} {count} commits")))
    }
}

/// Up to six times, beside something that happens.
fn plan(draw: &mut Draw<'_>) {
    for nth in 0..1 + draw.below("commits", 6) {
        let about = format!("commits {nth}");
        let fate = draw.of(&format!("{about} fate"), &Fate::ALL);
        let count = 1 + draw.below(&format!("{about} count"), 4);
        draw.beside(&about, Fault::Commits { count, fate }.to_string());
    }
}
