//! What can go wrong in a simulated world: each kind of trouble a file, with its lines of the scenario language, what it
//! must not break, and how the swarm draws it.
//!
//! Here: the list, and what a line can say. What is going wrong right now stands in `trouble`; nothing here knows a depth.
//! Invariants: a fault is a line, so that taking a line away takes the fault away; what the swarm plans is over with the
//! scenario and stays within what is promised.

mod clock;
mod commits;
mod failing_disk;
mod fall;
mod flood;
mod full_disk;
mod hang;
mod panic;
pub(crate) mod seam;
mod swarm;
#[cfg(test)]
mod tests;
pub mod trouble;
pub(crate) mod wall;

use core::fmt;

use model::Span;

use crate::scenario::{Cursor, Placed, Stumble, Who, Word};

pub use self::commits::Fate;
pub use self::fall::{After, Fall, Unit};
pub(crate) use self::swarm::draw;

/// What goes wrong, as a line says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The process is killed or loses power, now or when something has happened so often.
    Fall(Fall),
    /// The disk has no place left.
    DiskFills,
    /// The disk takes so many more writes and then none.
    DiskFails {
        /// Writes that still succeed.
        after: u64,
    },
    /// The disk is sound again, and has place.
    DiskWorks,
    /// What becomes of the journal's next commits.
    Commits {
        /// How many.
        count: u64,
        /// What.
        fate: Fate,
    },
    /// An actor panics over its next batch.
    Panics(Whose),
    /// A conversation hears of its commits only when so much time is over.
    Hangs {
        /// Which.
        who: Who,
        /// How long.
        length: Span,
    },
    /// The node's clock is set; a negative span sets it back.
    ClockJumps(Span),
}

/// Whose actor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// A conversation's.
    Customer(Who),
    /// A Page's.
    Page(Word),
}

/// One kind of trouble.
pub(crate) struct Kind {
    /// What coverage calls it.
    pub(crate) word: &'static str,
    /// Reads a line of it that begins with this subject; `None` where it is none of its own.
    pub(crate) read: fn(&Placed<'_>, &str, &mut Cursor<'_>) -> Result<Option<Fault>, Stumble>,
    /// Plans it for one run that has it.
    pub(crate) plan: fn(&mut swarm::Draw<'_>),
    /// In so many of a hundred runs of the swarm.
    pub(crate) percent: u64,
}

/// Every kind, in the order in which the swarm draws them.
pub(crate) const KINDS: [Kind; 8] = [
    flood::KIND,
    full_disk::KIND,
    failing_disk::KIND,
    commits::KIND,
    panic::KIND,
    hang::KIND,
    clock::KIND,
    // Last, so that the node also falls beside whatever else goes wrong.
    fall::KIND,
];

/// Reads a line that begins with this subject, if it is a fault.
pub(crate) fn read(placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    // An agent may be called as a fault begins, and a Page too.
    let mut ahead = cursor.clone();
    if takes_any(&mut ahead, &["answers", "notes", "happens"]) {
        return Ok(None);
    }
    for kind in &KINDS {
        if let Some(fault) = (kind.read)(placed, subject, cursor)? {
            return Ok(Some(fault));
        }
    }
    Ok(None)
}

impl Fault {
    /// Whether the node is down from this line until `restart`.
    pub(crate) fn fells(&self) -> bool {
        matches!(self, Self::Fall(_))
    }

    /// What coverage calls it; `None` for what ends a trouble.
    pub(crate) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Fall(fall) => Some(fall.word()),
            Self::DiskFills => Some(full_disk::KIND.word),
            Self::DiskFails { .. } => Some(failing_disk::KIND.word),
            Self::DiskWorks => None,
            Self::Commits { fate, .. } => Some(fate.word()),
            Self::Panics(_) => Some(panic::KIND.word),
            Self::Hangs { .. } => Some(hang::KIND.word),
            Self::ClockJumps(_) => Some(clock::KIND.word),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fall(fall) => fall.fmt(f),
            Self::DiskFills => f.write_str("disk fills"),
            Self::DiskFails { after: 0 } => f.write_str("disk fails"),
            Self::DiskFails { after } => write!(f, "disk fails after {after} writes"),
            Self::DiskWorks => f.write_str("disk works"),
            Self::Commits { count, fate } => write!(f, "journal {fate} {count} commits"),
            Self::Panics(whose) => write!(f, "actor {whose} panics"),
            Self::Hangs { who, length } => write!(f, "actor {who} hangs {}", crate::scenario::written(*length)),
            Self::ClockJumps(by) if by.0 < 0 => write!(f, "clock jumps back {}", crate::scenario::written(Span(-by.0))),
            Self::ClockJumps(by) => write!(f, "clock jumps {}", crate::scenario::written(*by)),
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(who) => who.fmt(f),
            Self::Page(label) => label.fmt(f),
        }
    }
}

/// How many of something, not none.
fn count(cursor: &mut Cursor<'_>, wanted: &str, most: u64) -> Result<u64, Stumble> {
    let place = cursor.clone();
    let word = cursor.word(wanted)?;
    match word.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(place.stumble(format!("`{word}` is not {wanted}: write a number from 1 to {most}"))),
    }
}

/// Goes past one of these words, if it is next.
fn takes_any(cursor: &mut Cursor<'_>, words: &[&str]) -> bool {
    words.iter().any(|word| cursor.takes(word))
}
