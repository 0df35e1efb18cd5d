//! Reads a scenario's text: declarations, then what is done in the order of time. What is done is read in `deed`.
//!
//! Invariants: a line that cannot be understood is told with its column and costs no other line; a label stands for one
//! thing; whoever and whatever a line names was declared or named above it.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use model::{AppId, PageId, Psid, Span, Timestamp};
use sha2::{Digest as _, Sha256};

use super::cursor::{Cursor, Stumble};
use super::deed::Placed;
use super::{
    APP, BEGINS_AT, BYTES_MAX, Customer, Deed, Ending, LINES_MAX, Line, Manner, NAME_MAX, Order, Page, SPAN_MAX,
    Scenario, Who, Word, expect, reference, span,
};
use crate::fault;

/// Faults that are told one by one.
const TOLD_MAX: usize = 20;
/// 2100-01-01T00:00:00Z: no scenario goes on for longer.
const LATEST: Timestamp = Timestamp(4_102_444_800_000);
/// Who holds back, lets go and repeats, and whose the Graph API is.
pub(crate) const META: &str = "meta";
/// The node falls.
pub(crate) const CRASH: &str = "crash";
/// The node starts again.
pub(crate) const RESTART: &str = "restart";
/// Characters of an id.
const ID_MAX: usize = 100;

/// What is wrong with a text, line by line; the first of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Misreadings {
    /// Each as `LINE:COLUMN: what`, in the order of the text.
    pub told: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// The lines of the text at which something is wrong, each as often as it is.
    pub(super) at: Vec<usize>,
}

impl fmt::Display for Misreadings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told.join("\n"))?;
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Scenario, Misreadings> {
    if text.len() as u64 > BYTES_MAX {
        let told = vec![format!("1:1: the text has {} bytes; a scenario has at most {BYTES_MAX}", text.len())];
        return Err(Misreadings { told, more: 0, at: vec![1] });
    }
    read_lines(text, LINES_MAX)
}

/// Reads a text of so many lines at most, however long they are.
pub(super) fn read_lines(text: &str, lines_max: usize) -> Result<Scenario, Misreadings> {
    let mut reader = Reader::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        if number > lines_max {
            reader.tell(number, 1, &format!("a scenario has at most {lines_max} lines"));
            break;
        }
        if let Err(Stumble { column, what }) = reader.line(number, &mut Cursor::new(line)) {
            reader.tell(number, column, &what);
            reader.forgive(number, line);
        }
    }
    reader.end()
}

/// An instant as `begins` writes it.
pub(super) fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |instant| instant.to_string())
}

/// Whether an agent of this name needs no quotes.
pub(super) fn is_agent(name: &str) -> bool {
    name != META && name != expect::VERB && Word::new(name).is_some()
}

/// What was read so far.
#[derive(Default)]
pub(crate) struct Reader {
    title: Option<String>,
    pub(super) begins_at: Option<Timestamp>,
    app: Option<AppId>,
    human_agent: Option<bool>,
    take_control: Option<Option<bool>>,
    pub(super) pages: BTreeMap<Word, Page>,
    page_ids: BTreeSet<PageId>,
    pub(super) customers: BTreeMap<Who, Customer>,
    psids: BTreeSet<(Word, Psid)>,
    lines: Vec<Line>,
    ends: Vec<Ending>,
    /// Names of things and the lines that gave them.
    pub(super) names: BTreeMap<Word, usize>,
    /// Pages whose webhooks are held, and since which line.
    pub(super) held: BTreeMap<Word, usize>,
    /// The line since which the node is down.
    pub(super) down_since: Option<usize>,
    misreadings: Misreadings,
}

impl Reader {
    fn tell(&mut self, number: usize, column: usize, what: &str) {
        self.misreadings.at.push(number);
        if self.misreadings.told.len() < TOLD_MAX {
            self.misreadings.told.push(format!("{number}:{column}: {what}"));
        } else {
            self.misreadings.more += 1;
        }
    }

    /// What a line that cannot be understood was to declare or name stands all the same, so that the lines below which
    /// use it are no faults of their own. Nothing comes of it: the scenario is refused.
    fn forgive(&mut self, number: usize, line: &str) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("page"), Some(label)) => {
                if let Some(label) = Word::new(label) {
                    self.pages.entry(label).or_insert(Page { id: PageId::new(""), name: String::new() });
                }
            }
            (Some("customer"), Some(who)) => {
                if let Some(who) = Who::read(who) {
                    self.customers.entry(who).or_insert(Customer { psid: Psid::new(""), name: None });
                }
            }
            (Some("at" | "after"), Some(_)) => {
                let mut words = words.skip_while(|word| *word != "as").skip(1);
                if let Some(name) = words.next().and_then(Word::new) {
                    self.names.entry(name).or_insert(number);
                }
            }
            (_, _) => {}
        }
    }

    fn line(&mut self, number: usize, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        if cursor.is_at_end() {
            return Ok(());
        }
        let began = cursor.clone();
        match cursor.word("what this line is about")? {
            "title" => self.title(cursor)?,
            "begins" => self.begins(cursor)?,
            "app" => self.app(cursor)?,
            "human-agent" => self.human_agent(cursor)?,
            "take-control" => self.take_control(cursor)?,
            "page" => self.page(cursor)?,
            "customer" => self.customer(cursor)?,
            expect::VERB => {
                let now = self.begins_at.unwrap_or(BEGINS_AT) + self.now();
                let expect = Placed { reader: self, now }.expects(cursor)?;
                ends(cursor)?;
                self.ends.push(Ending { number, expect });
                return Ok(());
            }
            "at" => {
                let place = cursor.clone();
                let at = time(cursor)?;
                let now = self.now();
                if at < now {
                    let what = format!("time goes forward only: the line before is at {}", span::write(now));
                    return Err(place.stumble(what));
                }
                return self.done(number, at, cursor);
            }
            "after" => {
                let place = cursor.clone();
                let at = Span(self.now().0 + time(cursor)?.0);
                if at > SPAN_MAX {
                    return Err(place.stumble("a scenario takes ten years at most"));
                }
                return self.done(number, at, cursor);
            }
            other => {
                return Err(began.stumble(format!(
                    "no line begins with `{other}`: title, begins, app, human-agent, take-control, page, customer, at, after and expect do"
                )));
            }
        }
        ends(cursor)
    }

    /// The time of the last line.
    fn now(&self) -> Span {
        self.lines.last().map_or(Span(0), |line| line.at)
    }

    fn done(&mut self, number: usize, at: Span, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        let began = cursor.clone();
        if let Some(Ending { number, .. }) = self.ends.first() {
            let what = "an `expect` without a time stands below everything that is done";
            return Err(began.stumble(format!("{what}: move line {number} down, or begin it with `after 5s`")));
        }
        let now = self.begins_at.unwrap_or(BEGINS_AT) + at;
        if now > LATEST {
            return Err(began.stumble("a scenario ends before the year 2100"));
        }
        let placed = Placed { reader: self, now };
        let deed = placed.deed(cursor)?;
        ends(cursor)?;
        match &deed {
            Deed::Customer { manner: Manner { name: Some(name), .. }, .. }
            | Deed::Page { manner: Manner { name: Some(name), .. }, .. } => self.names.extend([(name.clone(), number)]),
            Deed::Meta(Order::Holds(pages)) => self.held.extend(pages.iter().cloned().map(|page| (page, number))),
            Deed::Meta(Order::Releases { pages, .. }) => self.held.retain(|page, _| !pages.contains(page)),
            Deed::Crash => self.down_since = Some(number),
            Deed::Fault(fault) if fault.fells() => self.down_since = Some(number),
            Deed::Restart => self.down_since = None,
            Deed::Customer { .. }
            | Deed::Page { .. }
            | Deed::Agent { .. }
            | Deed::Fault(_)
            | Deed::Expect(_)
            | Deed::Meta(
                Order::RepeatsPage(_)
                | Order::RepeatsThing(_)
                | Order::Refuses { .. }
                | Order::Reports { .. }
                | Order::Loses(_)
                | Order::Accepts(_),
            ) => {}
        }
        self.lines.push(Line { number, at, deed });
        Ok(())
    }

    fn title(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        let place = cursor.clone();
        once(&self.title, &place, "the title")?;
        self.title = Some(name(cursor, "the title")?);
        Ok(())
    }

    fn begins(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        let place = cursor.clone();
        once(&self.begins_at, &place, "the beginning")?;
        if !self.lines.is_empty() {
            return Err(place.stumble("`begins` stands above the first `at`"));
        }
        let word = cursor.word("an instant, as 2026-06-08T07:30:00Z,")?;
        let at = word.parse::<jiff::Timestamp>().ok().map(|instant| Timestamp(instant.as_millisecond()));
        let Some(at) = at.filter(|at| (Timestamp(0)..LATEST).contains(at)) else {
            let what = format!("`{word}` is no instant between 1970 and 2100: write it as 2026-06-08T07:30:00Z");
            return Err(place.stumble(what));
        };
        self.begins_at = Some(at);
        Ok(())
    }

    fn app(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        let place = cursor.clone();
        once(&self.app, &place, "the app")?;
        self.app = Some(AppId::new(id(cursor, "the app's id")?));
        Ok(())
    }

    fn human_agent(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        let place = cursor.clone();
        once(&self.human_agent, &place, "human-agent")?;
        self.human_agent = Some(match cursor.word("`on` or `off`")? {
            "on" => true,
            "off" => false,
            other => return Err(place.stumble(format!("human-agent is `on` or `off`, not `{other}`"))),
        });
        Ok(())
    }

    fn take_control(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        let place = cursor.clone();
        once(&self.take_control, &place, "take-control")?;
        self.take_control = Some(match cursor.word("`on`, `refused` or `off`")? {
            "on" => Some(true),
            "refused" => Some(false),
            "off" => None,
            other => return Err(place.stumble(format!("take-control is `on`, `refused` or `off`, not `{other}`"))),
        });
        Ok(())
    }

    fn page(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        let place = cursor.clone();
        let found = cursor.word("what lines call the Page")?;
        let label = Word::new(found).ok_or_else(|| place.stumble(no_word(found, "A")))?;
        if self.pages.contains_key(&label) {
            return Err(place.stumble(format!("another Page is called {label} above: choose another letter")));
        }
        if let Some(line) = self.names.get(&label) {
            return Err(place.stumble(format!("line {line} calls something {label}: choose another letter")));
        }
        if [reference::NOW, META, expect::VERB, fault::ANSWERS, fault::REQUESTS].contains(&label.as_str()) {
            return Err(place.stumble(format!("`{label}` has a meaning of its own: choose another letter")));
        }
        let place = cursor.clone();
        let id = PageId::new(id(cursor, "the Page's id")?);
        let name = name(cursor, "the Page's name")?;
        if !self.page_ids.insert(id.clone()) {
            return Err(place.stumble(format!("another Page has the id {id}")));
        }
        self.pages.insert(label, Page { id, name });
        Ok(())
    }

    fn customer(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
        let place = cursor.clone();
        let found = cursor.word("what lines call the customer, as A/c1,")?;
        let who = Who::read(found).ok_or_else(|| place.stumble(no_who(found)))?;
        let Some(page) = self.pages.get(&who.page) else {
            let what = format!("no Page is called {}: add `page {} ID \"NAME\"` above", who.page, who.page);
            return Err(place.stumble(what));
        };
        if self.customers.contains_key(&who) {
            return Err(place.stumble(format!("somebody is called {who} above: choose another name")));
        }
        let psid_place = cursor.clone();
        let psid = if cursor.is_at_end() || cursor.is_at_text() {
            drawn(&page.id, &who.label)
        } else {
            Psid::new(id(cursor, "the customer's id on the Page")?)
        };
        let name = if cursor.is_at_end() { None } else { Some(name(cursor, "the customer's name")?) };
        if !self.psids.insert((who.page.clone(), psid.clone())) {
            return Err(psid_place.stumble(format!("another customer of the Page has the id {psid}")));
        }
        self.customers.insert(who, Customer { psid, name });
        Ok(())
    }

    fn end(mut self) -> Result<Scenario, Misreadings> {
        if let Some((page, line)) = self.held.pop_first() {
            let what = format!("{page} is held back and never let go: add `meta releases {page}` below");
            self.tell(line, 1, &what);
        }
        if let Some(line) = self.down_since {
            self.tell(line, 1, "the node is down and never starts again: add `restart` below");
        }
        // Where lines cannot be read, what seems to be missing may stand in one of them.
        if self.misreadings.told.is_empty() {
            if self.title.is_none() {
                self.tell(1, 1, "the scenario has no title: add `title \"…\"`");
            }
            if self.pages.is_empty() {
                self.tell(1, 1, "the scenario has no Page: add `page A ID \"NAME\"`");
            }
        }
        match self.title {
            Some(title) if self.misreadings.told.is_empty() => Ok(Scenario {
                title,
                begins_at: self.begins_at.unwrap_or(BEGINS_AT),
                app: self.app.unwrap_or_else(|| AppId::new(APP)),
                human_agent: self.human_agent.unwrap_or(false),
                take_control: self.take_control.flatten(),
                pages: self.pages,
                customers: self.customers,
                lines: self.lines,
                ends: self.ends,
            }),
            Some(_) | None => Err(self.misreadings),
        }
    }
}

/// Sixteen digits, as PSIDs look: the same for the same Page and label.
fn drawn(page: &PageId, label: &Word) -> Psid {
    let digest = Sha256::digest(format!("{page}/{label}"));
    let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    Psid::new((1_000_000_000_000_000 + number % 9_000_000_000_000_000).to_string())
}

fn once<T>(slot: &Option<T>, place: &Cursor<'_>, what: &str) -> Result<(), Stumble> {
    if slot.is_some() { Err(place.stumble(format!("{what} stands above already: say it once"))) } else { Ok(()) }
}

/// Nothing but a comment follows.
fn ends(cursor: &mut Cursor<'_>) -> Result<(), Stumble> {
    if cursor.is_at_end() {
        return Ok(());
    }
    let what = if cursor.is_at_text() {
        "a text too many".to_owned()
    } else {
        let mut ahead = cursor.clone();
        format!("`{}` is too much here", ahead.word("")?)
    };
    Err(cursor.stumble(format!("{what}: the line is complete before it; comments begin with #")))
}

fn time(cursor: &mut Cursor<'_>) -> Result<Span, Stumble> {
    let place = cursor.clone();
    let word = cursor.word("a time, as 1m30s,")?;
    span::read(word).map_err(|what| place.stumble(what))
}

fn id<'a>(cursor: &mut Cursor<'a>, wanted: &str) -> Result<&'a str, Stumble> {
    let place = cursor.clone();
    let word = cursor.word(wanted)?;
    let fits = word.len() <= ID_MAX && word.bytes().all(|letter| letter.is_ascii_digit());
    let what = || format!("`{word}` is no id: {wanted} has digits only, {ID_MAX} at most; a name stands in quotes");
    if fits { Ok(word) } else { Err(place.stumble(what())) }
}

fn name(cursor: &mut Cursor<'_>, wanted: &str) -> Result<String, Stumble> {
    let place = cursor.clone();
    let text = cursor.text(wanted)?;
    if text.trim().is_empty() || text.chars().count() > NAME_MAX {
        return Err(place.stumble(format!("{wanted} has 1 to {NAME_MAX} characters")));
    }
    Ok(text)
}

/// Why a word is none.
pub(super) fn no_word(found: &str, example: &str) -> String {
    format!("`{found}` is no name: a letter and then letters, digits, - and _, as {example}")
}

/// Why a word is no customer.
pub(super) fn no_who(found: &str) -> String {
    format!("`{found}` is no name of a customer: write PAGE/NAME, as A/c1")
}
