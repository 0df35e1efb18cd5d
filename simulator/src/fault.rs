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
mod graph;
mod graph_fails;
mod graph_limits;
mod graph_loses;
mod graph_refuses;
mod graph_slow;
mod graph_vanishes;
mod hang;
mod lateness;
mod outage;
mod panic;
mod restriction;
pub(crate) mod seam;
mod settings;
mod silence;
mod swarm;
mod tasks;
#[cfg(test)]
mod tests;
mod token;
mod tracker;
mod tracker_fails;
mod tracker_loses;
mod tracker_slow;
pub mod trouble;
pub(crate) mod wall;
pub mod weather;

use core::fmt;

use model::Span;

use self::weather::{GraphMood, Telling, TrackerMood};
use crate::outside::desk::Deed as Turn;
use crate::scenario::{Cursor, Placed, Stumble, Who, Word};

pub use self::commits::Fate;
pub use self::fall::{After, Fall, Unit};
pub(crate) use self::graph_loses::{ANSWERS, REQUESTS};
pub(crate) use self::graph_refuses::code;
pub use self::settings::Setting;
pub(crate) use self::swarm::{draw, lose};

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
    /// The Graph API answers like this, in so many of a hundred calls; `None`: as it should.
    Graph(Option<(GraphMood, u64)>),
    /// The tracker answers like this, in so many of a hundred calls; `None`: as it should.
    Tracker(Option<(TrackerMood, u64)>),
    /// Meta takes a Page's token no more.
    TokenDies {
        /// Whose.
        page: Word,
        /// As what it refuses it.
        code: messenger::Code,
    },
    /// Meta takes no sends of a Page, or takes them again.
    Restricts {
        /// Which.
        page: Word,
        /// Whether it takes none.
        is: bool,
    },
    /// Webhooks of a Page come late.
    Delays {
        /// Which.
        page: Word,
        /// By so much at most; `None`: no more.
        most: Option<Span>,
    },
    /// Meta does not tell of so many of a hundred sends; `None`: it tells of all.
    Withholds(Option<(Telling, u64)>),
    /// Meta delivers a Page's webhooks again.
    Subscribes(Word),
    /// An admin changes what the node is configured with.
    Sets(Setting),
    /// A person turns the newest task of a conversation.
    Turns {
        /// Who.
        by: String,
        /// Whose task.
        who: Who,
        /// Into what.
        turn: Turn,
    },
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
pub(crate) const KINDS: [Kind; 26] = [
    graph_slow::KIND,
    graph_fails::KIND,
    graph_refuses::KIND,
    graph_loses::KIND,
    graph_vanishes::KIND,
    graph_limits::KIND,
    graph::KIND,
    tracker_slow::KIND,
    tracker_fails::KIND,
    tracker_loses::KIND,
    tracker::KIND,
    token::KIND,
    restriction::KIND,
    lateness::KIND,
    silence::KIND,
    settings::KIND,
    tasks::KIND,
    flood::KIND,
    full_disk::KIND,
    failing_disk::KIND,
    commits::KIND,
    panic::KIND,
    hang::KIND,
    clock::KIND,
    outage::KIND,
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

/// Reads what somebody does to a task, if the line goes on so.
pub(crate) fn turn(placed: &Placed<'_>, by: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    (tasks::KIND.read)(placed, by, cursor)
}

impl Fault {
    /// Whether the node is down from this line until `restart`.
    pub(crate) fn fells(&self) -> bool {
        matches!(self, Self::Fall(_))
    }

    /// Whether it is the node, its disks or its clock that something befalls, not the world around it.
    pub(crate) fn is_inside(&self) -> bool {
        match self {
            Self::Fall(_) | Self::DiskFills | Self::DiskFails { .. } | Self::DiskWorks | Self::Commits { .. } => true,
            Self::Panics(_) | Self::Hangs { .. } | Self::ClockJumps(_) => true,
            Self::Graph(_) | Self::Tracker(_) | Self::TokenDies { .. } | Self::Restricts { .. } => false,
            Self::Delays { .. } | Self::Withholds(_) | Self::Subscribes(_) => false,
            Self::Sets(_) | Self::Turns { .. } => false,
        }
    }

    /// Whether both depths come to the same events with it: what disks, writes and clocks do is each depth's own.
    pub fn is_one_at_both_depths(&self) -> bool {
        match self {
            Self::Commits { .. } | Self::Panics(_) | Self::Hangs { .. } => true,
            Self::Fall(Fall { power: None, after: None }) => true,
            Self::Fall(_) | Self::DiskFills | Self::DiskFails { .. } | Self::DiskWorks | Self::ClockJumps(_) => false,
            Self::Graph(_) | Self::Tracker(_) | Self::TokenDies { .. } | Self::Restricts { .. } => true,
            Self::Delays { .. } | Self::Withholds(_) | Self::Subscribes(_) => true,
            Self::Sets(_) | Self::Turns { .. } => true,
        }
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
            Self::Graph(mood) => mood.map(|(mood, _)| mood.word()),
            Self::Tracker(mood) => mood.map(|(mood, _)| mood.word()),
            Self::TokenDies { .. } => Some(token::KIND.word),
            Self::Restricts { is, .. } => is.then_some(restriction::KIND.word),
            Self::Delays { most, .. } => most.map(|_| lateness::KIND.word),
            Self::Withholds(what) => what.map(|(what, _)| what.word()),
            Self::Subscribes(_) => None,
            Self::Sets(_) => Some(settings::KIND.word),
            Self::Turns { .. } => Some(tasks::KIND.word),
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
            Self::Graph(None) => f.write_str("meta works"),
            Self::Graph(Some((mood, percent))) => write!(f, "meta {mood}{}", graph::in_percent(*percent)),
            Self::Tracker(None) => f.write_str("tracker works"),
            Self::Tracker(Some((mood, percent))) => write!(f, "tracker {mood}{}", graph::in_percent(*percent)),
            Self::TokenDies { page, code } => {
                write!(f, "meta revokes {page} {}", messenger::error_table::in_words(*code))
            }
            Self::Restricts { page, is: true } => write!(f, "meta restricts {page}"),
            Self::Restricts { page, is: false } => write!(f, "meta frees {page}"),
            Self::Delays { page, most: Some(most) } => {
                write!(f, "meta delays {page} {}", crate::scenario::written(*most))
            }
            Self::Delays { page, most: None } => write!(f, "meta hastens {page}"),
            Self::Withholds(None) => f.write_str("meta tells"),
            Self::Withholds(Some((what, percent))) => {
                write!(f, "meta withholds {what}{}", graph::in_percent(*percent))
            }
            Self::Subscribes(page) => write!(f, "meta subscribes {page}"),
            Self::Sets(setting) => write!(f, "admin {setting}"),
            Self::Turns { by, who, turn } => {
                write!(f, "{} {} {who}", crate::scenario::agent(by), tasks::verb(*turn))
            }
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
