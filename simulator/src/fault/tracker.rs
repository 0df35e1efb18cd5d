//! What the lines about the tracker share: their subject and how they end.
//!
//! No line of its own but `tracker works`. Invariant: one thing at a time is wrong with the tracker; the last line counts.

use core::fmt;

use model::Span;

use super::graph::{in_percent, percent};
use super::swarm::Draw;
use super::weather::TrackerMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, Placed, Stumble, written};

/// Its own line ends whatever is wrong, so the swarm plans nothing here.
pub(super) const KIND: Kind = Kind { word: "tracker-works", read, plan: |_| (), percent: 0 };

/// The subject of these lines.
pub(super) const TRACKER: &str = "tracker";

#[expect(clippy::unnecessary_wraps, reason = "one shape for every kind")]
fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    Ok((subject == TRACKER && cursor.takes("works")).then_some(Fault::Tracker(None)))
}

/// The mood that a line has read so far, with how often it strikes.
pub(super) fn turns(mood: TrackerMood, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    Ok(Some(Fault::Tracker(Some((mood, percent(cursor)?)))))
}

/// A mood for a while, in some calls or in all of them.
pub(super) fn plan(draw: &mut Draw<'_>, nth: u64, mood: TrackerMood, (least, most): (Span, Span)) {
    let percent = draw.of(&format!("{nth} share"), &[20, 50, 100, 100]);
    let begins = format!("tracker {mood}{}", in_percent(percent));
    draw.while_it_lasts(&begins, least, most, "tracker works");
}

impl TrackerMood {
    /// What coverage calls it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Slow(_) => "tracker-slow",
            Self::Fails => "tracker-down",
            Self::LosesAnswers => "tracker-answer-lost",
        }
    }
}

impl fmt::Display for TrackerMood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(by) => write!(f, "slows {}", written(*by)),
            Self::Fails => f.write_str("fails"),
            Self::LosesAnswers => f.write_str("loses answers"),
        }
    }
}
