//! What differs between two traces of one recording, in words and in groups: tasks, sends, refusals, states, other.
//!
//! Each machine's lines are laid side by side by what they are about; what merely follows from another difference (given
//! numbers, moments within the jitter of made answers) is counted, not told. Invariant: traces with different bytes have
//! at least one difference, equal ones have none.

mod align;
mod roles;
mod words;

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use similar::DiffOp;

use self::align::aligned;
use self::roles::{About, Roles};
use super::filter::{Chosen, Filter};
use super::line::{Line, Piece, moment};
use super::told::Told;

/// How far what follows from a made answer may move when its number changes, and the same for receipts: the widest spans
/// of `outside::facebook`, and a little.
const JITTER_MAX: i64 = 1_000;
const RECEIPT_JITTER_MAX: i64 = 70_000;

/// What a difference is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Tasks, what stands in them, and contacts.
    Tasks,
    /// Messages to customers.
    Sends,
    /// Messages that were not sent, on one of the two sides.
    Refusals,
    /// What machines took in and know.
    States,
    /// Everything else: deliveries, numbers, moments, order, head and summary.
    Other,
}

impl Group {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Tasks, Self::Sends, Self::Refusals, Self::States, Self::Other];
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tasks => "tasks",
            Self::Sends => "sends",
            Self::Refusals => "refusals",
            Self::States => "states",
            Self::Other => "other",
        })
    }
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// What it is about.
    pub group: Group,
    /// Milliseconds since the beginning of the first line that differs; `None` where it is about no line.
    pub at: Option<i64>,
    /// The same as a trace writes it.
    pub moment: Option<String>,
    /// Whose it is, by the short name; `None`: nobody's in particular.
    pub who: Option<String>,
    /// What they are called, where it may be told.
    pub name: Option<String>,
    /// What differs: `message 2`, `task`, `summary`.
    pub what: String,
    /// What was approved, in words.
    pub approved: String,
    /// What came now, in words.
    pub now: String,
    /// The approved lines that differ.
    pub approved_lines: Vec<String>,
    /// The lines of now that differ.
    pub now_lines: Vec<String>,
}

/// All differences between two traces.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    /// In the order of groups and time.
    pub differences: Vec<Difference>,
    /// Lines of either trace that were looked at.
    pub matched: usize,
}

/// Compares what a person approved with what came now.
pub fn compare(approved: &Told, now: &Told, filter: &Filter) -> Comparison {
    let chosen = filter.in_trace(now);
    let matched = |told: &Told| told.lines.iter().filter(|line| chosen.takes(line)).count();
    let matched = matched(approved).max(matched(now));
    if approved.text == now.text {
        return Comparison { differences: Vec::new(), matched };
    }
    let mut finding = Finding { chosen, names: now.names(), found: Vec::new(), soft: Soft::default() };
    let (theirs, ours) = (by_machine(approved), by_machine(now));
    let everybody: BTreeSet<&str> = theirs.keys().chain(ours.keys()).copied().collect();
    for who in everybody {
        let of = |side: &BTreeMap<&str, Vec<_>>| side.get(who).cloned().unwrap_or_default();
        finding.machine(who, &of(&theirs), &of(&ours));
    }
    let Finding { mut found, soft, .. } = finding;
    found.extend(soft.told());
    if filter.is_open() {
        found.extend(whole("head", &approved.head, &now.head));
        found.extend(whole("summary", &approved.summary, &now.summary));
        if found.is_empty() {
            found.push(other("order", "the lines in their order", "the same lines in another order"));
        }
    }
    found.sort_by(|a, b| (a.group, a.at, &a.who).cmp(&(b.group, b.at, &b.who)));
    Comparison { differences: found, matched }
}

fn by_machine(told: &Told) -> BTreeMap<&str, Vec<&Line>> {
    let mut machines: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in &told.lines {
        machines.entry(&line.who).or_default().push(line);
    }
    machines
}

/// Lines that belong to one difference.
#[derive(Default)]
struct Apart<'t> {
    approved: Vec<&'t Line>,
    now: Vec<&'t Line>,
}

/// What is counted and not told.
#[derive(Default)]
struct Soft {
    renumbered: Aside,
    moved: Aside,
    edition: Aside,
}

#[derive(Default)]
struct Aside {
    lines: usize,
    of: BTreeSet<String>,
    example: Option<(String, String)>,
}

struct Finding<'f> {
    chosen: Chosen<'f>,
    names: BTreeMap<String, String>,
    found: Vec<Difference>,
    soft: Soft,
}

/// What two lines of the same likeness differ in.
enum Shade {
    Same,
    Renumbered,
    Moved,
    Edition,
    Real,
}

impl Finding<'_> {
    /// All differences of one machine.
    fn machine(&mut self, who: &str, approved: &[&Line], now: &[&Line]) {
        let same = approved.len() == now.len() && approved.iter().zip(now).all(|(a, b)| a.text == b.text);
        if same {
            return;
        }
        let (theirs, ours) = (Roles::of(approved), Roles::of(now));
        let keys = |roles: &Roles, lines: &[&Line]| lines.iter().map(|line| roles.likeness(line)).collect::<Vec<_>>();
        let ops = aligned(&keys(&theirs, approved), &keys(&ours, now));
        let mut apart: BTreeMap<(About, usize), Apart<'_>> = BTreeMap::new();
        for (hunk, op) in ops.iter().enumerate() {
            let (old, new) = (op.old_range(), op.new_range());
            if let DiffOp::Equal { .. } = op {
                for (a, b) in old.zip(new) {
                    self.alike((a, approved), (b, now), &theirs, (hunk, &mut apart));
                }
                continue;
            }
            for index in old {
                let about = about(&theirs, approved, index);
                apart.entry(place(about, hunk)).or_default().approved.push(approved[index]);
            }
            for index in new {
                let about = about(&ours, now, index);
                apart.entry(place(about, hunk)).or_default().now.push(now[index]);
            }
        }
        for ((about, _), apart) in apart {
            let stories = match about {
                About::Part(part) => Some((story(&theirs, approved, part), story(&ours, now, part))),
                About::Task | About::State | About::Delivery => None,
            };
            self.tell(who, about, &apart, stories);
        }
    }

    /// Two lines of the same likeness.
    fn alike<'t>(
        &mut self,
        (a, approved): (usize, &[&'t Line]),
        (b, now): (usize, &[&'t Line]),
        roles: &Roles,
        (hunk, apart): (usize, &mut BTreeMap<(About, usize), Apart<'t>>),
    ) {
        let (theirs, ours) = (approved[a], now[b]);
        let aside = match shade(theirs, ours) {
            Shade::Same => return,
            Shade::Real => {
                let apart = apart.entry(place(about(roles, approved, a), hunk)).or_default();
                apart.approved.push(theirs);
                apart.now.push(ours);
                return;
            }
            Shade::Renumbered => &mut self.soft.renumbered,
            Shade::Moved => &mut self.soft.moved,
            Shade::Edition => &mut self.soft.edition,
        };
        if self.chosen.takes(ours) {
            aside.lines += 1;
            aside.of.insert(ours.who.clone());
            aside.example.get_or_insert_with(|| (theirs.text.clone(), ours.text.clone()));
        }
    }

    fn tell(&mut self, who: &str, about: About, apart: &Apart<'_>, stories: Option<(String, String)>) {
        let lines = || apart.approved.iter().chain(&apart.now);
        if !lines().any(|line| self.chosen.takes(line)) {
            return;
        }
        let said = || (words::told(&apart.approved), words::told(&apart.now));
        let (approved, now) = match stories {
            Some((approved, now)) if approved != now => (approved, now),
            Some(_) | None => apart_words(apart).unwrap_or_else(said),
        };
        let refused = words::is_refused(&approved) || words::is_refused(&now);
        let (group, what) = match about {
            About::Part(part) if refused => (Group::Refusals, format!("message {part}")),
            About::Part(part) => (Group::Sends, format!("message {part}")),
            About::Task => (Group::Tasks, "task".to_owned()),
            About::State => (Group::States, "state".to_owned()),
            About::Delivery => (Group::Other, "delivery".to_owned()),
        };
        let first = lines().min_by_key(|line| line.at);
        let text = |lines: &[&Line]| lines.iter().map(|line| line.text.clone()).collect();
        self.found.push(Difference {
            group,
            at: first.map(|line| line.at),
            moment: first.map(|line| line.moment().to_owned()),
            who: (who != "-").then(|| who.to_owned()),
            name: self.names.get(who).filter(|name| !name.is_empty()).cloned(),
            what,
            approved,
            now,
            approved_lines: text(&apart.approved),
            now_lines: text(&apart.now),
        });
    }
}

/// All that differs about one part is one difference; of the rest each stretch of lines is.
fn place(about: About, hunk: usize) -> (About, usize) {
    match about {
        About::Part(_) => (about, 0),
        About::Task | About::State | About::Delivery => (about, hunk + 1),
    }
}

fn about(roles: &Roles, lines: &[&Line], index: usize) -> About {
    roles.about(lines[index], index.checked_sub(1).map(|before| lines[before]))
}

/// What became of a part.
fn story(roles: &Roles, lines: &[&Line], part: u32) -> String {
    let of_it = (0..lines.len()).filter(|index| about(roles, lines, *index) == About::Part(part));
    words::fate(&of_it.map(|index| lines[index]).collect::<Vec<_>>())
}

/// Where the same lines stand on both sides: the first pair's own words.
fn apart_words(apart: &Apart<'_>) -> Option<(String, String)> {
    let (theirs, ours) = (apart.approved.first()?, apart.now.first()?);
    if apart.approved.len() != apart.now.len() || theirs.kind() != ours.kind() {
        return None;
    }
    let changed: Vec<(String, String)> = theirs
        .pieces
        .iter()
        .zip(&ours.pieces)
        .filter(|(a, b)| a != b)
        .map(|(a, b)| (a.to_string(), b.to_string()))
        .collect();
    let kind = theirs.kind();
    if changed.is_empty() {
        let at = |line: &Line| format!("{kind} at {}", line.moment());
        return Some((at(theirs), at(ours)));
    }
    let (theirs, ours): (Vec<String>, Vec<String>) = changed.into_iter().unzip();
    Some((format!("{kind} {}", theirs.join(" ")), format!("{kind} {}", ours.join(" "))))
}

fn shade(theirs: &Line, ours: &Line) -> Shade {
    let moved = (theirs.at - ours.at).abs();
    if moved == 0 && theirs.text == ours.text {
        return Shade::Same;
    }
    let kind = ours.kind();
    let receipt = ["echo", "delivered", "read"].iter().any(|word| kind.contains(word));
    let jitter = if receipt { RECEIPT_JITTER_MAX } else { JITTER_MAX };
    let (mut renumbered, mut edition, mut instants) = (false, false, moved > 0);
    for (a, b) in theirs.pieces.iter().zip(&ours.pieces).filter(|(a, b)| a != b) {
        match (a, b) {
            (Piece::Field(name, _), Piece::Field(..)) if name == "edition" => edition = true,
            (Piece::Field(_, a), Piece::Field(_, b)) => match moment(a).zip(moment(b)) {
                Some((a, b)) if receipt || (a - b).abs() == moved => instants = true,
                Some(_) => return Shade::Real,
                None => renumbered = true,
            },
            (Piece::Word(_) | Piece::Text(_), _) | (Piece::Field(..), _) => renumbered = true,
        }
    }
    match (moved > jitter, instants, edition, renumbered) {
        (true, ..) => Shade::Real,
        (false, true, ..) => Shade::Moved,
        (false, false, true, _) => Shade::Edition,
        (false, false, false, _) => Shade::Renumbered,
    }
}

impl Soft {
    fn told(self) -> Vec<Difference> {
        let Self { renumbered, moved, edition } = self;
        let told = |what: &str, words: &str, aside: Aside| {
            let (theirs, ours) = aside.example?;
            let count = if aside.lines == 1 { "one line".to_owned() } else { format!("{} lines", aside.lines) };
            let of =
                if aside.of.len() == 1 { "one machine".to_owned() } else { format!("{} machines", aside.of.len()) };
            let mut told = other(what, "the same", &format!("{count} of {of} {words}"));
            told.approved_lines.push(theirs);
            told.now_lines.push(ours);
            Some(told)
        };
        let all = [
            told("numbers", "bear other numbers, and say the same", renumbered),
            told("moments", "come a little earlier or later, and say the same", moved),
            told("edition", "rest on another edition, and say the same", edition),
        ];
        all.into_iter().flatten().collect()
    }
}

/// Rows that belong to no machine.
fn whole(what: &str, approved: &[String], now: &[String]) -> Option<Difference> {
    let lacks = |rows: &[String], others: &[String]| {
        rows.iter().filter(|row| !others.contains(row)).cloned().collect::<Vec<_>>()
    };
    let (theirs, ours) = (lacks(approved, now), lacks(now, approved));
    if approved == now {
        return None;
    }
    let words = |rows: &[String]| if rows.is_empty() { "nothing of it".to_owned() } else { rows.join(", ") };
    Some(other(what, &words(&theirs), &words(&ours)))
}

fn other(what: &str, approved: &str, now: &str) -> Difference {
    Difference {
        group: Group::Other,
        at: None,
        moment: None,
        who: None,
        name: None,
        what: what.to_owned(),
        approved: approved.to_owned(),
        now: now.to_owned(),
        approved_lines: Vec::new(),
        now_lines: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
