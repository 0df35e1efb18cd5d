//! What the lines about the Graph API share: how often they strike, and how they end. Their subject is Meta, as that of all
//! lines about what Meta does.
//!
//! No line of its own but `meta works`. Invariant: one thing at a time is wrong with the Graph API; the last line counts.

use core::fmt;

use model::Span;

use super::swarm::Draw;
use super::weather::GraphMood;
use super::{Fault, Kind};
use crate::scenario::{Cursor, META, Placed, Stumble, written};

/// Its own line ends whatever is wrong, so the swarm plans nothing here.
pub(super) const KIND: Kind = Kind { word: "graph-works", read, plan: |_| (), percent: 0 };

/// The subject of these lines up to 0.1.
const OLD: &str = "graph";
/// What followed it.
const OLD_VERBS: [&str; 7] = ["slows", "fails", "refuses", "loses", "vanishes", "limits", "works"];

fn read(_placed: &Placed<'_>, subject: &str, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    if subject == OLD {
        let place = cursor.clone();
        let verb = OLD_VERBS.into_iter().find(|verb| cursor.takes(verb));
        return verb.map_or(Ok(None), |verb| {
            Err(place.stumble(format!("the Graph API is Meta's, and Meta is called `{META}`: write {META} {verb} …")))
        });
    }
    Ok((subject == META && cursor.takes("works")).then_some(Fault::Graph(None)))
}

/// The mood that a line has read so far, with how often it strikes.
pub(super) fn turns(mood: GraphMood, cursor: &mut Cursor<'_>) -> Result<Option<Fault>, Stumble> {
    Ok(Some(Fault::Graph(Some((mood, percent(cursor)?)))))
}

/// `in 30%`, or always.
pub(super) fn percent(cursor: &mut Cursor<'_>) -> Result<u64, Stumble> {
    if !cursor.takes("in") {
        return Ok(100);
    }
    let place = cursor.clone();
    let word = cursor.word("how often, as 30%,")?;
    match word.strip_suffix('%').map(str::parse) {
        Some(Ok(percent)) if (1..=100).contains(&percent) => Ok(percent),
        Some(_) | None => Err(place.stumble(format!("`{word}` is no share: write it as 30%"))),
    }
}

/// As a line writes it.
pub(super) fn in_percent(percent: u64) -> String {
    if percent == 100 { String::new() } else { format!(" in {percent}%") }
}

/// A mood for a while, in some calls or in all of them.
pub(super) fn plan(draw: &mut Draw<'_>, nth: u64, mood: GraphMood, (least, most): (Span, Span)) {
    let percent = draw.of(&format!("{nth} share"), &[20, 50, 100, 100]);
    let says = format!("{mood}{}", in_percent(percent));
    // What is drawn hangs on the old word, so that seeds go on to mean the worlds that they meant.
    let (about, begins) = (format!("{OLD} {says}"), format!("{META} {says}"));
    draw.while_it_lasts_about(&about, &begins, (least, most), &format!("{META} works"));
}

impl GraphMood {
    /// What coverage calls it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Slow(_) => "graph-slow",
            Self::Fails => "graph-failing",
            Self::Refuses(_) => "graph-error",
            Self::LosesAnswers => "graph-answer-lost",
            Self::LosesRequests => "graph-request-lost",
            Self::Vanishes => "graph-unreachable",
            Self::Limits(_) => "graph-limited",
        }
    }
}

impl fmt::Display for GraphMood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(by) => write!(f, "slows {}", written(*by)),
            Self::Fails => f.write_str("fails"),
            Self::Refuses(code) => write!(f, "refuses {}", messenger::error_table::in_words(*code)),
            Self::LosesAnswers => f.write_str("loses answers"),
            Self::LosesRequests => f.write_str("loses requests"),
            Self::Vanishes => f.write_str("vanishes"),
            Self::Limits(rest) => write!(f, "limits {}", written(*rest)),
        }
    }
}
