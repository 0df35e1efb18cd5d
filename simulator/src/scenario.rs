//! The scenario language: what customers, agents, Pages and Meta do, and when, as text. Described in
//! `docs/format/scenario.md`.
//!
//! Here: what a scenario is, and its limits. Reading is in `read`, writing in `write`; what plays one lives elsewhere.
//! Invariants: any text is read to its end and either is a scenario or is told line by line what is wrong with it; the
//! written form of a scenario is read back as the same one.

mod cursor;
mod cut;
mod deed;
mod expect;
mod happening;
mod reader;
mod reference;
mod span;
#[cfg(test)]
mod tests;
mod write;

use core::fmt;
use std::collections::BTreeMap;
use std::path::Path;

use model::{AppId, PageId, Psid, Span, Timestamp};

use crate::fault::Fault;

pub(crate) use cursor::{Cursor, Stumble};
pub(crate) use deed::Placed;
pub use expect::{Composer, Expect, Expected};
pub use happening::Names;
pub use reader::Misreadings;
pub(crate) use reader::{CRASH, META, RESTART};
pub(crate) use span::write as written;
pub(crate) use write::agent;

/// Bytes of a scenario.
pub const BYTES_MAX: u64 = 8 << 20;
/// Lines of its text.
pub const LINES_MAX: usize = 100_000;
/// Characters of a title or a name.
pub const NAME_MAX: usize = 200;
/// How long a scenario may take, in its own time.
pub const SPAN_MAX: Span = Span::days(3_650);

/// When a scenario begins that does not say it: 2026-06-01T08:00:00Z.
pub const BEGINS_AT: Timestamp = Timestamp(1_780_300_800_000);
/// The app of a scenario that names none.
pub const APP: &str = "990017";

/// A scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// What happens in it, in a few words.
    pub title: String,
    /// When it begins.
    pub begins_at: Timestamp,
    /// The app that the Pages are connected by.
    pub app: AppId,
    /// Whether that app has the Human Agent feature.
    pub human_agent: bool,
    /// Whether answers take conversations over from other apps: `None`: they do not; else whether Meta lets them.
    pub take_control: Option<bool>,
    /// The Pages by what lines call them; at least one.
    pub pages: BTreeMap<Word, Page>,
    /// The customers by what lines call them.
    pub customers: BTreeMap<Who, Customer>,
    /// What is done, in the order of time.
    pub lines: Vec<Line>,
    /// What is expected of the run as a whole, once everything has settled.
    pub ends: Vec<Ending>,
}

/// A Page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Its id.
    pub id: PageId,
    /// Its name.
    pub name: String,
}

/// A customer of a Page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Customer {
    /// Their id on that Page.
    pub psid: Psid,
    /// First and last name, where the profile tells them.
    pub name: Option<String>,
}

/// A name inside a scenario: a letter, then letters, digits, `-` and `_`, of ASCII.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Word(String);

impl Word {
    const LENGTH_MAX: usize = 64;

    /// A word, if the text is one.
    pub fn new(text: &str) -> Option<Self> {
        let mut letters = text.chars();
        let begins = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
        let goes_on = letters.all(Self::continues);
        (begins && goes_on && text.len() <= Self::LENGTH_MAX).then(|| Self(text.to_owned()))
    }

    /// Whether a word may go on with this.
    fn continues(letter: char) -> bool {
        letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A customer as lines call them: `A/c1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Who {
    /// Their Page.
    pub page: Word,
    /// Themselves.
    pub label: Word,
}

impl Who {
    /// From `A/c1`.
    fn read(text: &str) -> Option<Self> {
        let (page, label) = text.split_once('/')?;
        Some(Self { page: Word::new(page)?, label: Word::new(label)? })
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.page, self.label)
    }
}

/// Something done at some time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// On which line of the text it stands, from 1.
    pub number: usize,
    /// When, after the beginning.
    pub at: Span,
    /// What.
    pub deed: Deed,
}

/// Something expected at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// On which line of the text it stands, from 1.
    pub number: usize,
    /// What.
    pub expect: Expect,
}

/// What is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deed {
    /// A customer does something.
    Customer {
        /// Who.
        who: Who,
        /// What.
        act: Act,
        /// How Meta tells of it.
        manner: Manner,
    },
    /// Something happens to a Page without a customer.
    Page {
        /// Which.
        page: Word,
        /// What.
        happens: Happens,
        /// How Meta tells of it.
        manner: Manner,
    },
    /// An agent writes.
    Agent {
        /// Who.
        by: String,
        /// In whose conversation.
        who: Who,
        /// What.
        text: String,
        /// Whether it stays inside.
        internal: bool,
    },
    /// Meta does something with its webhooks.
    Meta(Order),
    /// The node falls: what is not durable is gone.
    Crash,
    /// It starts again on what is durable.
    Restart,
    /// Nothing is done; what happened so far is looked at.
    Expect(Expect),
    /// Something else goes wrong.
    Fault(Fault),
}

/// How Meta tells of something.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manner {
    /// What lines below call that which came to be.
    pub name: Option<Word>,
    /// How much earlier than now it was, by Meta's clock.
    pub late: Span,
    /// Whether it comes in `standby` whoever owns the thread.
    pub standby: bool,
    /// Whether it does not come from Meta at all: somebody posts it under a signature of their own.
    pub forged: bool,
}

/// What a customer does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// They write.
    Writes {
        /// This.
        text: String,
        /// In answer to that.
        reply_to: Option<Thing>,
    },
    /// They choose a quick reply.
    Picks {
        /// What it says.
        title: String,
        /// What it stands for.
        payload: String,
    },
    /// They write the same many times at once, each in a delivery of its own.
    Floods {
        /// How often.
        count: u64,
        /// This.
        text: String,
    },
    /// They attach a file.
    Attaches {
        /// What kind.
        kind: FileKind,
        /// Where it lies.
        url: String,
        /// What they write with it.
        text: Option<String>,
    },
    /// They press a button.
    Presses {
        /// What it says.
        title: String,
        /// What it stands for.
        payload: String,
    },
    /// They react to a message, or take that back.
    Reacts {
        /// Meta's word for the reaction.
        reaction: String,
        /// The sign, where it is not the usual one.
        emoji: Option<String>,
        /// To which message.
        to: Thing,
        /// Whether they take it back.
        undo: bool,
    },
    /// They change a message.
    Edits {
        /// Which.
        of: Thing,
        /// What it says then.
        text: String,
    },
    /// They take a message back.
    Unsends {
        /// Which.
        of: Thing,
    },
    /// They read all that came until now.
    Reads,
    /// They come by an ad.
    EntersByAd {
        /// Its id.
        id: String,
        /// Its word.
        word: Option<String>,
    },
    /// They come by a link.
    EntersByLink {
        /// Its word.
        word: String,
    },
    /// Anything else.
    Happens(Happens),
}

/// What kind of file is attached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// A film.
    Video,
    /// Any other.
    File,
}

/// Which message: one that a line above named, or any by its id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Thing {
    /// By its name.
    Named(Word),
    /// By its id.
    Literal(String),
}

/// Anything that the stand-in's control API can order, as its JSON with names in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Happens {
    json: String,
}

/// What Meta does with webhooks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// It keeps those of these Pages back.
    Holds(Vec<Word>),
    /// It lets them go.
    Releases {
        /// Of these Pages.
        pages: Vec<Word>,
        /// How.
        way: Way,
    },
    /// It delivers the last body of a Page once more, byte for byte.
    RepeatsPage(Word),
    /// It delivers the body that told of this once more, byte for byte.
    RepeatsThing(Word),
    /// It refuses what the Page sends, from here on.
    Refuses {
        /// Which Page.
        page: Word,
        /// Code and subcode of the answer.
        code: (i64, Option<i64>),
    },
    /// Each of the Page's sends is taken, and its answer tells how much of the calls is used up.
    Reports {
        /// The Page.
        page: Word,
        /// In percent.
        percent: u32,
    },
    /// It takes what the Page sends, and its answers are lost on their way, from here on.
    Loses(Word),
    /// It takes what the Page sends and says so, from here on.
    Accepts(Word),
}

/// How webhooks that were kept back go out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Way {
    /// One by one, in the order in which they happened.
    #[default]
    InOrder,
    /// In one body.
    Together,
    /// One by one, the newest first.
    Reversed,
}

/// Why a scenario cannot be played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unplayable {
    /// Its file cannot be read.
    Unread(String),
    /// Its text is no scenario.
    Misread(Misreadings),
    /// Nothing is done in it.
    Empty,
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Unplayable`], which does not name the file.
    pub fn read(file: &Path) -> Result<Self, Unplayable> {
        let unread = |fault: std::io::Error| Unplayable::Unread(format!("cannot be read: {fault}"));
        let length = std::fs::metadata(file).map_err(unread)?.len();
        if length > BYTES_MAX {
            return Err(Unplayable::Unread(format!("has {length} bytes; a scenario has at most {BYTES_MAX}")));
        }
        let bytes = std::fs::read(file).map_err(unread)?;
        let text = String::from_utf8(bytes).map_err(|fault| {
            let line = fault.as_bytes().iter().take(fault.utf8_error().valid_up_to()).filter(|byte| **byte == b'\n');
            Unplayable::Unread(format!("is no UTF-8 text: see line {}", line.count() + 1))
        })?;
        let scenario = Self::parse(&text).map_err(Unplayable::Misread)?;
        if scenario.lines.is_empty() { Err(Unplayable::Empty) } else { Ok(scenario) }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, line by line.
    pub fn parse(text: &str) -> Result<Self, Misreadings> {
        reader::read(text)
    }

    /// As [`Self::parse`], of a text that a program made, however long it is.
    pub(crate) fn made(text: &str) -> Result<Self, Misreadings> {
        reader::read_lines(text, usize::MAX)
    }
}
