//! What a scenario expects of the node, as a line of it says it: how it is read and written.
//!
//! What is looked at stands in `world::expect`. Invariant: a reason or a form that can never be met is no expectation, so
//! that a misspelt word is told and not met for ever.

use core::fmt;

use policy::{DeferReason, ForbidReason, Tag};

use super::cursor::{Cursor, Stumble};
use super::deed::{Placed, takes};
use super::{Who, Word};

/// What such a line begins with.
pub(super) const VERB: &str = "expect";
/// Messaging types of a message that leaves without a tag.
const TYPES: [&str; 2] = ["RESPONSE", "UPDATE"];
/// What can be expected.
const KINDS: &str = "sent, refused, held, failed, in-doubt, tasks, lines, composer and settled";

/// An expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expect {
    /// What.
    pub what: Expected,
    /// Of whose conversation; of all where nobody is named.
    pub of: Option<Who>,
}

/// What is expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Messages that Meta took since the beginning.
    Sent {
        /// So many.
        count: u64,
        /// With this messaging type or tag; with any where it is missing.
        form: Option<Word>,
    },
    /// Parts that the rules forbade since the beginning.
    Refused {
        /// So many.
        count: u64,
        /// For this reason.
        reason: Option<Word>,
    },
    /// Parts that wait for a person or Meta now.
    Held {
        /// So many.
        count: u64,
        /// For this reason.
        reason: Option<Word>,
    },
    /// Parts that failed for good, as it stands now.
    Failed {
        /// So many.
        count: u64,
        /// For this reason.
        reason: Option<Word>,
    },
    /// Parts of which nobody knows whether they were sent, as it stands now.
    InDoubt {
        /// So many.
        count: u64,
    },
    /// Tasks that were opened since the beginning.
    Tasks {
        /// So many.
        count: u64,
    },
    /// Lines that the tracker took on tasks since the beginning.
    Lines {
        /// So many.
        count: u64,
    },
    /// What an agent is told before typing.
    Composer(Composer),
    /// Nothing is under way.
    Settled,
}

/// What an agent is told before typing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Composer {
    /// An answer may be sent.
    Open,
    /// None may.
    Closed {
        /// Why.
        reason: Word,
    },
    /// One waits for something.
    Waits {
        /// For what.
        reason: Word,
    },
}

impl Placed<'_> {
    /// What is expected, and of whom.
    pub(super) fn expects(&self, cursor: &mut Cursor<'_>) -> Result<Expect, Stumble> {
        let began = cursor.clone();
        let what = match cursor.word("what is expected")? {
            "sent" => Expected::Sent { count: count(cursor)?, form: one_of(cursor, forms)? },
            "refused" => Expected::Refused { count: count(cursor)?, reason: one_of(cursor, forbidden)? },
            "held" => Expected::Held { count: count(cursor)?, reason: one_of(cursor, deferred)? },
            "failed" => Expected::Failed { count: count(cursor)?, reason: optional(cursor)? },
            "in-doubt" => Expected::InDoubt { count: count(cursor)? },
            "tasks" => Expected::Tasks { count: count(cursor)? },
            "lines" => Expected::Lines { count: count(cursor)? },
            "composer" => Expected::Composer(composer(cursor)?),
            "settled" => return Ok(Expect { what: Expected::Settled, of: None }),
            other => return Err(began.stumble(format!("`{other}` is nothing that can be expected: {KINDS} are"))),
        };
        let is_of_one = matches!(what, Expected::Composer(_));
        if is_of_one && cursor.is_at_end() {
            return Err(cursor.stumble("whose composer? write it as expect composer open of A/c1"));
        }
        let of = if cursor.is_at_end() {
            None
        } else {
            takes(cursor, "of", "expect … of A/c1")?;
            let place = cursor.clone();
            let found = cursor.word("a customer, as A/c1,")?;
            Some(self.who(found, &place)?)
        };
        Ok(Expect { what, of })
    }
}

fn count(cursor: &mut Cursor<'_>) -> Result<u64, Stumble> {
    let place = cursor.clone();
    let found = cursor.word("how many")?;
    found.parse().map_err(|_| place.stumble(format!("`{found}` is no number: say how many, as expect tasks 1")))
}

fn forms() -> Vec<&'static str> {
    TYPES.into_iter().chain([Tag::HumanAgent].map(Tag::wire)).collect()
}

fn forbidden() -> Vec<&'static str> {
    ForbidReason::ALL.map(ForbidReason::code).to_vec()
}

fn deferred() -> Vec<&'static str> {
    DeferReason::ALL.map(DeferReason::code).to_vec()
}

/// The next word, if one comes before `of`.
fn optional(cursor: &mut Cursor<'_>) -> Result<Option<Word>, Stumble> {
    let mut ahead = cursor.clone();
    if cursor.is_at_end() || ahead.takes("of") {
        return Ok(None);
    }
    let place = cursor.clone();
    let found = cursor.word("a word")?;
    Word::new(found).map(Some).ok_or_else(|| place.stumble(format!("`{found}` is no word")))
}

/// As [`optional`], and one of these.
fn one_of(cursor: &mut Cursor<'_>, words: fn() -> Vec<&'static str>) -> Result<Option<Word>, Stumble> {
    let place = cursor.clone();
    match optional(cursor)? {
        Some(word) if !words().contains(&word.as_str()) => {
            Err(place.stumble(format!("`{word}` can never be met: {} can", words().join(", "))))
        }
        word => Ok(word),
    }
}

fn composer(cursor: &mut Cursor<'_>) -> Result<Composer, Stumble> {
    let place = cursor.clone();
    let state = cursor.word("`open`, `closed` or `waits`")?;
    let words: fn() -> Vec<&'static str> = match state {
        "open" => return Ok(Composer::Open),
        "closed" => forbidden,
        "waits" => deferred,
        other => return Err(place.stumble(format!("a composer is `open`, `closed` or `waits`, not `{other}`"))),
    };
    let missing = || cursor.stumble(format!("the reason is missing: one of {}", words().join(", ")));
    let missing = missing();
    let reason = one_of(cursor, words)?.ok_or(missing)?;
    Ok(if state == "closed" { Composer::Closed { reason } } else { Composer::Waits { reason } })
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERB} {}", self.what)?;
        if let Some(who) = &self.of { write!(f, " of {who}") } else { Ok(()) }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, count, word) = match self {
            Self::Sent { count, form } => ("sent", count, form.as_ref()),
            Self::Refused { count, reason } => ("refused", count, reason.as_ref()),
            Self::Held { count, reason } => ("held", count, reason.as_ref()),
            Self::Failed { count, reason } => ("failed", count, reason.as_ref()),
            Self::InDoubt { count } => ("in-doubt", count, None),
            Self::Tasks { count } => ("tasks", count, None),
            Self::Lines { count } => ("lines", count, None),
            Self::Composer(composer) => return write!(f, "composer {composer}"),
            Self::Settled => return f.write_str("settled"),
        };
        write!(f, "{kind} {count}")?;
        if let Some(word) = word { write!(f, " {word}") } else { Ok(()) }
    }
}

impl fmt::Display for Composer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Closed { reason } => write!(f, "closed {reason}"),
            Self::Waits { reason } => write!(f, "waits {reason}"),
        }
    }
}
