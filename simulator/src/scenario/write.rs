//! A scenario as text: in the order that reading asks for, times from the beginning, texts as JSON writes them.
//!
//! Invariant: what is written here is read back as the same scenario, but for the numbers of its lines.

use core::fmt;

use model::Span;
use serde_json::Value;

use super::{
    Act, Customer, Deed, FileKind, Line, Manner, Order, Page, Scenario, Thing, Unplayable, Way, Word, reader, span,
};

/// A text in quotes.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// An agent's name as a line begins with it.
pub(crate) fn agent(name: &str) -> String {
    if reader::is_agent(name) { name.to_owned() } else { quoted(name) }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, begins_at, app, human_agent, take_control, pages, customers, lines, ends } = self;
        writeln!(f, "title {}", quoted(title))?;
        writeln!(f, "begins {}", reader::instant(*begins_at))?;
        writeln!(f, "app {app}")?;
        writeln!(f, "human-agent {}", if *human_agent { "on" } else { "off" })?;
        if let Some(given) = take_control {
            writeln!(f, "take-control {}", if *given { "on" } else { "refused" })?;
        }
        for (label, Page { id, name }) in pages {
            writeln!(f, "page {label} {id} {}", quoted(name))?;
        }
        for (who, Customer { psid, name }) in customers {
            let name = name.as_ref().map(|name| format!(" {}", quoted(name))).unwrap_or_default();
            writeln!(f, "customer {who} {psid}{name}")?;
        }
        lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        ends.iter().try_for_each(|ending| writeln!(f, "{}", ending.expect))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} {}", span::write(self.at), self.deed)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer { who, act, manner } => write!(f, "{who} {act}{manner}"),
            Self::Page { page, happens, manner } => write!(f, "{page} happens {}{manner}", happens.as_str()),
            Self::Agent { by, who, text, internal } => {
                let by = agent(by);
                let verb = if *internal { "notes" } else { "answers" };
                write!(f, "{by} {verb} {who} {}", quoted(text))
            }
            Self::Meta(order) => write!(f, "meta {order}"),
            Self::Crash => f.write_str(reader::CRASH),
            Self::Restart => f.write_str(reader::RESTART),
            Self::Fault(fault) => fault.fmt(f),
            Self::Expect(expect) => expect.fmt(f),
        }
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, " as {name}")?;
        }
        if self.late > Span(0) {
            write!(f, " late {}", span::write(self.late))?;
        }
        for (is, word) in [(self.standby, " standby"), (self.forged, " forged")] {
            if is {
                f.write_str(word)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writes { text, reply_to: None } => write!(f, "writes {}", quoted(text)),
            Self::Writes { text, reply_to: Some(to) } => write!(f, "writes {} reply to {to}", quoted(text)),
            Self::Floods { count, text } => write!(f, "floods {count} {}", quoted(text)),
            Self::Picks { title, payload } => write!(f, "picks {} payload {}", quoted(title), quoted(payload)),
            Self::Attaches { kind, url, text: None } => write!(f, "attaches {kind} {}", quoted(url)),
            Self::Attaches { kind, url, text: Some(text) } => {
                write!(f, "attaches {kind} {} text {}", quoted(url), quoted(text))
            }
            Self::Presses { title, payload } => write!(f, "presses {} payload {}", quoted(title), quoted(payload)),
            Self::Reacts { reaction, emoji, to, undo } => {
                let (verb, preposition) = if *undo { ("unreacts", "from") } else { ("reacts", "to") };
                let emoji = emoji.as_ref().map(|emoji| format!(" {}", quoted(emoji))).unwrap_or_default();
                write!(f, "{verb} {reaction}{emoji} {preposition} {to}")
            }
            Self::Edits { of, text } => write!(f, "edits {of} to {}", quoted(text)),
            Self::Unsends { of } => write!(f, "unsends {of}"),
            Self::Reads => f.write_str("reads"),
            Self::EntersByAd { id, word: None } => write!(f, "enters by ad {}", quoted(id)),
            Self::EntersByAd { id, word: Some(word) } => write!(f, "enters by ad {} ref {}", quoted(id), quoted(word)),
            Self::EntersByLink { word } => write!(f, "enters by link {}", quoted(word)),
            Self::Happens(happens) => write!(f, "happens {}", happens.as_str()),
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::Literal(id) => f.write_str(&quoted(id)),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |pages: &[Word]| pages.iter().map(Word::as_str).collect::<Vec<_>>().join(",");
        match self {
            Self::Holds(pages) => write!(f, "holds {}", of(pages)),
            Self::Releases { pages, way } => write!(
                f,
                "releases {}{}",
                of(pages),
                match way {
                    Way::InOrder => "",
                    Way::Together => " together",
                    Way::Reversed => " reversed",
                }
            ),
            Self::RepeatsPage(name) | Self::RepeatsThing(name) => write!(f, "repeats {name}"),
            Self::Refuses { page, code: (code, None) } => write!(f, "refuses {page} {code}"),
            Self::Refuses { page, code: (code, Some(subcode)) } => write!(f, "refuses {page} {code}/{subcode}"),
            Self::Reports { page, percent } => write!(f, "reports {page} {percent}%"),
            Self::Loses(page) => write!(f, "loses {page}"),
            Self::Accepts(page) => write!(f, "accepts {page}"),
        }
    }
}

impl fmt::Display for Unplayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(why) => f.write_str(why),
            Self::Misread(misreadings) => misreadings.fmt(f),
            Self::Empty => f.write_str("nothing is done in it"),
        }
    }
}

impl core::error::Error for Unplayable {}
