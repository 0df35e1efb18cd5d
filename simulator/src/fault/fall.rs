//! The process falls: killed, or without power; now, or after so many commits, writes or calls. Promises: P2, P17, P31.
//!
//! A kill leaves on the disk whatever was written. Without power the disk turns out to have lied until it was synced: each
//! write since the last sync is kept, dropped or torn, by the number on the line. `after 3 commits` is the moment at which
//! the third is durable and nobody was told; `after 3 writes` the one at which a fourth would be made; `after 3 calls` the
//! one at which Meta or the tracker has done what it was asked and has not answered. At the core depth each commit and each
//! delivery is one write, and nothing can be torn.

use core::fmt;

use model::{Span, Timestamp};

use super::swarm::Draw;
use super::{Fault, Kind, count};
use crate::scenario::{CRASH, Cursor, Placed, RESTART, Stumble};

pub(super) const KIND: Kind = Kind { word: "crash", read, plan, percent: 60 };

/// The word for a loss of power.
const POWER_CUT: &str = "power-cut";
/// Most that a line counts.
const COUNT_MAX: u64 = 100_000;

/// How the process falls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fall {
    /// Power is lost, and this number draws what becomes of what was not synced; `None`: it is killed.
    pub power: Option<u64>,
    /// When; `None`: now.
    pub after: Option<After>,
}

/// When something has happened so often from now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct After {
    /// How often.
    pub count: u64,
    /// What.
    pub of: Unit,
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Batches that the journal made durable.
    Commits,
    /// Writes, syncs and changes of length on all of the node's disks.
    Writes,
    /// Calls of Meta and of the tracker.
    Calls,
}

impl Unit {
    const ALL: [Self; 3] = [Self::Commits, Self::Writes, Self::Calls];

    const fn word(self) -> &'static str {
        match self {
            Self::Commits => "commits",
            Self::Writes => "writes",
            Self::Calls => "calls",
        }
    }
}

impl Fall {
    /// What coverage calls it.
    pub(super) const fn word(&self) -> &'static str {
        match (self.power, self.after) {
            (Some(_), _) => POWER_CUT,
            (None, None) => CRASH,
            (None, Some(After { of: Unit::Commits, .. })) => "crash-after-commits",
            (None, Some(After { of: Unit::Writes, .. })) => "crash-after-writes",
            (None, Some(After { of: Unit::Calls, .. })) => "crash-after-calls",
        }
    }
}

impl fmt::Display for Fall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.power {
            Some(number) => write!(f, "{POWER_CUT} {number}")?,
            None => f.write_str(CRASH)?,
        }
        match self.after {
            Some(After { count, of }) => write!(f, " after {count} {}", of.word()),
            None => Ok(()),
        }
    }
}

/// A plain `crash` is read where `restart` is: it is no fault of the list, as a person may do it on purpose.
fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    let began = cursor.clone();
    let power = match subject {
        POWER_CUT => Some(number(cursor)?),
        CRASH if !cursor.is_at_end() => None,
        _ => return Ok(None),
    };
    let after = if cursor.is_at_end() { None } else { Some(after(cursor)?) };
    placed.runs(&began)?;
    Ok(Some(Fault::Fall(Fall { power, after })))
}

fn number(cursor: &mut Cursor<'_>) -> Result<u64, Stumble> {
    let place = cursor.clone();
    let word = cursor.word("a number that draws what is lost, as power-cut 7,")?;
    word.parse().map_err(|_| place.stumble(format!("`{word}` is no number: write it as {POWER_CUT} 7")))
}

fn after(cursor: &mut Cursor<'_>) -> Result<After, Stumble> {
    if !cursor.takes("after") {
        return Err(cursor.stumble("`after` is missing: write crash after 3 commits"));
    }
    let count = count(cursor, "how many", COUNT_MAX)?;
    let place = cursor.clone();
    let word = cursor.word("commits, writes or calls")?;
    // One of something may be written as one.
    let unit = Unit::ALL.into_iter().find(|unit| unit.word() == word || unit.word() == format!("{word}s"));
    let of = unit.ok_or_else(|| place.stumble(format!("`{word}` is not counted: commits, writes and calls are")))?;
    Ok(After { count, of })
}

/// Up to four falls beside something that happens; the node stands up within a minute and a half.
fn plan(draw: &mut Draw<'_>) {
    let (mut after, ends_at) = (Timestamp(0), draw.ends_at());
    for nth in 0..1 + draw.below("falls", 4) {
        let about = format!("fall {nth}");
        let Some(moment) = draw.moment(&about, after) else { return };
        let from = moment + draw.of(&format!("{about} beside"), &[Span(0), Span(1), Span(30), Span(90), Span(900)]);
        let until = from + draw.span(&format!("{about} down"), Span(1), Span::seconds(90));
        if from >= ends_at {
            return;
        }
        let power = draw.percent(&format!("{about} power"), 50).then(|| draw.below(&format!("{about} tears"), 1_000));
        let when = match draw.below(&format!("{about} when"), 4) {
            0 => None,
            1 => Some(After { count: 1 + draw.below(&format!("{about} commits"), 12), of: Unit::Commits }),
            2 => Some(After { count: 1 + draw.below(&format!("{about} writes"), 90), of: Unit::Writes }),
            _ => Some(After { count: 1 + draw.below(&format!("{about} calls"), 4), of: Unit::Calls }),
        };
        draw.at(from, Fall { power, after: when }.to_string());
        draw.at(until, RESTART.to_owned());
        after = until + Span(1);
    }
}
