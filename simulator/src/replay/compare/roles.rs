//! What the lines of a trace are about, so that two traces can be laid side by side: numbers that machines, desk and Meta
//! give become the work that they name.
//!
//! Invariant: a line's likeness does not depend on how many events, tasks or comments came before it.

use std::collections::BTreeMap;

use super::super::line::{Line, Piece, Place, effect, moment};

/// What a line is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum About {
    /// A part of an answer, by its number in its conversation.
    Part(u32),
    /// A task, its lines and its contact.
    Task,
    /// What a machine knows.
    State,
    /// A delivery of several machines, or of none.
    Delivery,
}

/// Work outside that an event names.
#[derive(Clone, Debug)]
struct Work {
    about: About,
    name: String,
}

/// What is known of one machine's lines.
#[derive(Default)]
pub(super) struct Roles {
    works: BTreeMap<u64, Work>,
    /// Ids of messages that Meta gave to our sends.
    mids: BTreeMap<String, u32>,
    tasks: BTreeMap<String, usize>,
    contacts: BTreeMap<String, usize>,
    /// For each event `reply-asked` or `script-asked`, by its number, the first part of it.
    replies: BTreeMap<u64, u32>,
}

impl Roles {
    /// Reads all lines of one machine.
    pub(super) fn of(lines: &[&Line]) -> Self {
        let mut roles = Self::default();
        let mut parts = 0;
        for line in lines {
            if let Place::Event(seq) = line.place {
                if matches!(line.kind(), "reply-asked" | "script-asked") {
                    roles.replies.insert(seq, parts + 1);
                    parts += u32::try_from(line.texts().count().max(1)).unwrap_or(u32::MAX);
                }
                roles.works.insert(seq, work(line));
            }
            for (name, value) in fields(line) {
                match name {
                    "task" => meet(&mut roles.tasks, value),
                    "contact" => meet(&mut roles.contacts, value),
                    _ => {}
                }
            }
            roles.sent(line);
        }
        roles
    }

    /// Meta's answer to a send gives the message an id.
    fn sent(&mut self, line: &Line) {
        let Some((mid, About::Part(part))) = line.field("mid").zip(self.work_of(line).map(|work| work.about)) else {
            return;
        };
        if line.kind() == "sent" {
            self.mids.insert(mid.to_owned(), part);
        }
    }

    /// The work that a line refers to.
    fn work_of(&self, line: &Line) -> Option<&Work> {
        line.pieces.iter().find_map(|piece| {
            let seq = match piece {
                Piece::Word(word) => effect(word).or_else(|| split_of(word).and_then(|(_, word)| effect(word))),
                Piece::Field(name, value) if matches!(name.as_str(), "effect" | "metadata") => effect(value),
                Piece::Field(..) | Piece::Text(_) => None,
            };
            self.works.get(&seq?)
        })
    }

    /// What a line is about. A receipt's own event names no send: `before` is the line before it.
    pub(super) fn about(&self, line: &Line, before: Option<&Line>) -> About {
        if line.who == "-" {
            return About::Delivery;
        }
        if let Some(part) = line.field("part").and_then(|part| part.parse().ok()) {
            return About::Part(part);
        }
        if let (Place::Event(seq), "reply-asked" | "script-asked") = (line.place, line.kind()) {
            return self.replies.get(&seq).map_or(About::State, |part| About::Part(*part));
        }
        if let Some(work) = self.work_of(line) {
            return work.about;
        }
        let mid = line.field("mid").or_else(|| line.field("mids"));
        if let Some(part) = mid.and_then(|mid| self.mids.get(mid)) {
            return About::Part(*part);
        }
        let brought = before.filter(|before| before.place == Place::Comes && before.at == line.at);
        match brought.filter(|before| line.kind().starts_with("received-") && split_of(before.kind()).is_some()) {
            Some(before) => self.about(before, None),
            None => kind_about(line.kind()),
        }
    }

    /// A line without when it was and without what was merely given: equal ones are the same thing.
    pub(super) fn likeness(&self, line: &Line) -> String {
        let mut likeness = match line.place {
            Place::Event(_) => "#".to_owned(),
            Place::Leaves => "->".to_owned(),
            Place::Comes => "<-".to_owned(),
        };
        let mut before = "";
        for piece in &line.pieces {
            likeness.push(' ');
            match piece {
                Piece::Word(_) if before == "task" => likeness.push('*'),
                Piece::Word(word) => likeness.push_str(&self.word(word)),
                Piece::Field(name, value) => {
                    likeness.push_str(name);
                    likeness.push('=');
                    likeness.push_str(&self.value(name, value));
                }
                Piece::Text(text) => likeness.push_str(text),
            }
            before = if let Piece::Word(word) = piece { word } else { "" };
        }
        likeness
    }

    fn word(&self, word: &str) -> String {
        if let Some(seq) = effect(word) {
            return self.role(seq);
        }
        match split_of(word).and_then(|(before, named)| Some((before, effect(named)?))) {
            Some((before, seq)) => format!("{before}-of-{}", self.role(seq)),
            None => word.to_owned(),
        }
    }

    fn value(&self, name: &str, value: &str) -> String {
        let given = value.trim_end_matches(':');
        match name {
            "effect" | "metadata" => effect(value).map_or_else(|| value.to_owned(), |seq| self.role(seq)),
            "comment" | "cursor" | "previous" | "edition" => "*".to_owned(),
            "task" => format!("task-{}", self.tasks.get(given).copied().unwrap_or_default()),
            "contact" => format!("contact-{}", self.contacts.get(given).copied().unwrap_or_default()),
            _ if name.ends_with("mid") || name.ends_with("mids") => {
                let one = |mid: &str| self.mids.get(mid).map_or_else(|| mid.to_owned(), |part| format!("part-{part}"));
                value.split(',').map(one).collect::<Vec<_>>().join(",")
            }
            _ if moment(value).is_some() => "@".to_owned(),
            _ => value.to_owned(),
        }
    }

    fn role(&self, seq: u64) -> String {
        self.works.get(&seq).map_or_else(|| "unknown".to_owned(), |work| work.name.clone())
    }
}

fn fields(line: &Line) -> impl Iterator<Item = (&str, &str)> {
    line.pieces.iter().filter_map(|piece| match piece {
        Piece::Field(name, value) => Some((name.as_str(), value.trim_end_matches(':'))),
        Piece::Word(_) | Piece::Text(_) => None,
    })
}

fn meet(known: &mut BTreeMap<String, usize>, id: &str) {
    let next = known.len() + 1;
    known.entry(id.to_owned()).or_insert(next);
}

/// `echo-of-e22:` in two.
fn split_of(word: &str) -> Option<(&str, &str)> {
    word.trim_end_matches(':').split_once("-of-").filter(|(_, named)| effect(named).is_some())
}

/// The work that an event would name.
fn work(line: &Line) -> Work {
    let part = line.field("part").and_then(|part| part.parse().ok());
    match part {
        Some(part) => Work { about: About::Part(part), name: format!("{}-{part}", line.kind()) },
        None => Work { about: kind_about(line.kind()), name: line.kind().to_owned() },
    }
}

/// What a line of this kind is about, where it says no more.
fn kind_about(kind: &str) -> About {
    let of_task = ["task", "comments", "contact", "open-task", "opened", "add-comments", "added", "name-contact"];
    let kind = kind.strip_prefix("settled-").unwrap_or(kind);
    let is = |word: &&str| kind.strip_prefix(*word).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    if of_task.iter().any(is) { About::Task } else { About::State }
}
