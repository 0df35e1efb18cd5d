//! Reads what is done on a line: who, what, and how Meta tells of it.
//!
//! Looks names up and gives none. Invariant: whatever comes out of here can be played, as far as a text can show.

use model::{Span, Timestamp};

use super::cursor::{Cursor, Stumble};
use super::happening::{REACTIONS, is_of_a_page};
use super::reader::{CRASH, META, RESTART, Reader, is_agent, no_who, no_word};
use super::reference::{NOW, Named};
use super::{Act, Deed, FileKind, Happens, Manner, Order, Thing, Way, Who, Word, expect, span};
use crate::fake::facebook::What;
use crate::fault;

/// Messages of one flood.
const FLOOD_MAX: u64 = 10_000;

/// What a customer's line can say.
const VERBS: &str =
    "writes, floods, picks, attaches, presses, reacts, unreacts, edits, unsends, reads, enters and happens";

/// A line in its place: after those above, at a time.
pub(crate) struct Placed<'a> {
    pub(super) reader: &'a Reader,
    pub(super) now: Timestamp,
}

impl Placed<'_> {
    /// Who does what.
    pub(super) fn deed(&self, cursor: &mut Cursor<'_>) -> Result<Deed, Stumble> {
        let began = cursor.clone();
        if cursor.is_at_text() {
            let by = cursor.text("who does something")?;
            if let Some(fault) = fault::turn(self, &by, cursor)? {
                return Ok(Deed::Fault(fault));
            }
            return self.agent(by, &began, cursor);
        }
        let who = cursor.word("who does something: A/c1, A, meta or an agent")?;
        if who.contains('/') {
            let who = self.who(who, &began)?;
            return self.of_customer(who, cursor);
        }
        if who == META {
            if let Some(fault) = fault::read(self, who, cursor)? {
                return Ok(Deed::Fault(fault));
            }
            return self.meta(cursor).map(Deed::Meta);
        }
        if cursor.is_at_end() && (who == CRASH || who == RESTART) {
            return self.fate(who == CRASH, &began);
        }
        if who == expect::VERB {
            return self.expects(cursor).map(Deed::Expect);
        }
        if let Some(fault) = fault::read(self, who, cursor)? {
            return Ok(Deed::Fault(fault));
        }
        let mut ahead = cursor.clone();
        match ahead.word("what is done")? {
            "happens" => {
                *cursor = ahead;
                let label = self.page(who, &began)?;
                let (happens, what) = self.happens(cursor)?;
                if !is_of_a_page(&what) {
                    let what = format!("this happens to a customer: write {label}/NAME instead of {label}");
                    return Err(began.stumble(what));
                }
                Ok(Deed::Page { page: label, happens, manner: self.manner(cursor, true)? })
            }
            "answers" | "notes" => {
                if !is_agent(who) {
                    return Err(began.stumble(format!("an agent called `{who}` stands in quotes, as \"{who}\"")));
                }
                self.agent(who.to_owned(), &began, cursor)
            }
            other if self.reader.pages.keys().any(|label| label.as_str() == who) => {
                Err(cursor.stumble(format!(
                    "`{other}` is nothing that a Page does: write {who} happens {{…}}, or {who}/NAME {other} …"
                )))
            }
            other => Err(cursor.stumble(format!(
                "`{other}` is nothing that {who} can do: an agent answers or notes, a Page happens, a customer is PAGE/NAME"
            ))),
        }
    }

    /// The node falls or rises, in turn.
    fn fate(&self, falls: bool, began: &Cursor<'_>) -> Result<Deed, Stumble> {
        match (falls, self.reader.down_since) {
            (true, None) => Ok(Deed::Crash),
            (false, Some(_)) => Ok(Deed::Restart),
            (true, Some(line)) => {
                Err(began.stumble(format!("the node is down since line {line}: add `restart` above")))
            }
            (false, None) => Err(began.stumble("the node runs: add `crash` above")),
        }
    }

    /// The node is to run here.
    pub(crate) fn runs(&self, began: &Cursor<'_>) -> Result<(), Stumble> {
        self.fate(true, began).map(drop)
    }

    /// A length of time that is not none.
    pub(crate) fn length(&self, cursor: &mut Cursor<'_>) -> Result<Span, Stumble> {
        let place = cursor.clone();
        match span::read(cursor.word("a length of time, as 30s,")?) {
            Ok(Span(0)) => Err(place.stumble("nothing takes no time here: write it as 30s")),
            Ok(length) => Ok(length),
            Err(what) => Err(place.stumble(what)),
        }
    }

    fn of_customer(&self, who: Who, cursor: &mut Cursor<'_>) -> Result<Deed, Stumble> {
        let began = cursor.clone();
        let mut comes_to_be = true;
        let act = match cursor.word("what the customer does")? {
            "writes" => {
                let text = cursor.text("what they write")?;
                let reply_to = if cursor.takes("reply") {
                    takes(cursor, "to", "reply to")?;
                    Some(self.thing(cursor)?)
                } else {
                    None
                };
                Act::Writes { text, reply_to }
            }
            "floods" => {
                comes_to_be = false;
                let place = cursor.clone();
                let word = cursor.word("how often")?;
                let Some(count) = word.parse().ok().filter(|count| (1..=FLOOD_MAX).contains(count)) else {
                    return Err(place.stumble(format!("`{word}` is no number from 1 to {FLOOD_MAX}")));
                };
                Act::Floods { count, text: cursor.text("what they write")? }
            }
            "picks" => {
                let (title, payload) = titled(cursor)?;
                Act::Picks { title, payload }
            }
            "presses" => {
                let (title, payload) = titled(cursor)?;
                Act::Presses { title, payload }
            }
            "attaches" => attaches(cursor)?,
            "happens" => Act::Happens(self.happens(cursor)?.0),
            verb => {
                comes_to_be = false;
                self.of_thing(verb, &began, cursor)?
            }
        };
        Ok(Deed::Customer { who, act, manner: self.manner(cursor, comes_to_be)? })
    }

    /// What brings nothing about that could be named.
    fn of_thing(&self, verb: &str, began: &Cursor<'_>, cursor: &mut Cursor<'_>) -> Result<Act, Stumble> {
        Ok(match verb {
            "reacts" => self.reacts(cursor, false)?,
            "unreacts" => self.reacts(cursor, true)?,
            "edits" => {
                let of = self.thing(cursor)?;
                takes(cursor, "to", "edits MESSAGE to")?;
                Act::Edits { of, text: cursor.text("what it says then")? }
            }
            "unsends" => Act::Unsends { of: self.thing(cursor)? },
            "reads" => Act::Reads,
            "enters" => enters(cursor)?,
            other => return Err(began.stumble(format!("`{other}` is nothing that a customer does: {VERBS} are"))),
        })
    }

    fn reacts(&self, cursor: &mut Cursor<'_>, undo: bool) -> Result<Act, Stumble> {
        let place = cursor.clone();
        let names = || REACTIONS.map(|(name, _)| name).join(", ");
        let reaction = cursor.word("a reaction")?.to_owned();
        if !REACTIONS.iter().any(|(name, _)| *name == reaction) {
            return Err(place.stumble(format!("`{reaction}` is no reaction of Meta: {} are", names())));
        }
        let emoji = if cursor.is_at_text() { Some(cursor.text("its sign")?) } else { None };
        match undo {
            true => takes(cursor, "from", "unreacts REACTION from")?,
            false => takes(cursor, "to", "reacts REACTION to")?,
        }
        Ok(Act::Reacts { reaction, emoji, to: self.thing(cursor)?, undo })
    }

    fn agent(&self, by: String, began: &Cursor<'_>, cursor: &mut Cursor<'_>) -> Result<Deed, Stumble> {
        if by.trim().is_empty() || by.chars().count() > super::NAME_MAX {
            return Err(began.stumble(format!("an agent's name has 1 to {} characters", super::NAME_MAX)));
        }
        let place = cursor.clone();
        let internal = match cursor.word("`answers` or `notes`")? {
            "answers" => false,
            "notes" => true,
            other => return Err(place.stumble(format!("an agent `answers` or `notes`, not `{other}`"))),
        };
        let place = cursor.clone();
        let found = cursor.word("a customer, as A/c1,")?;
        let who = self.who(found, &place)?;
        let place = cursor.clone();
        let text = cursor.text("what the agent writes")?;
        if text.trim().is_empty() {
            return Err(place.stumble("an agent's comment is not empty"));
        }
        Ok(Deed::Agent { by, who, text, internal })
    }

    fn meta(&self, cursor: &mut Cursor<'_>) -> Result<Order, Stumble> {
        let place = cursor.clone();
        match cursor.word("what Meta does: holds, releases, repeats, refuses, loses or accepts")? {
            "holds" => {
                let place = cursor.clone();
                let pages = self.pages(cursor)?;
                for page in &pages {
                    if let Some(line) = self.reader.held.get(page) {
                        return Err(place.stumble(format!("{page} is held back since line {line}")));
                    }
                }
                Ok(Order::Holds(pages))
            }
            "releases" => {
                let place = cursor.clone();
                let pages = self.pages(cursor)?;
                if let Some(page) = pages.iter().find(|page| !self.reader.held.contains_key(page)) {
                    return Err(place.stumble(format!("{page} is not held back: add `meta holds {page}` above")));
                }
                let way = match () {
                    () if cursor.takes("together") => Way::Together,
                    () if cursor.takes("reversed") => Way::Reversed,
                    () => Way::InOrder,
                };
                Ok(Order::Releases { pages, way })
            }
            "repeats" => {
                let place = cursor.clone();
                let found = cursor.word("a Page or the name of what a body told of")?;
                match Word::new(found) {
                    Some(word) if self.reader.pages.contains_key(&word) => Ok(Order::RepeatsPage(word)),
                    Some(word) if self.reader.names.contains_key(&word) => Ok(Order::RepeatsThing(word)),
                    Some(_) | None => Err(place.stumble(format!(
                        "`{found}` is neither a Page nor the name of something above: end its line with `as {found}`"
                    ))),
                }
            }
            "refuses" => {
                let place = cursor.clone();
                let found = cursor.word("a Page, or an error, as 613/1996,")?;
                let page = self.page(found, &place).map_err(|_| {
                    let what = format!("`{found}` is neither a Page nor an error of Meta");
                    place.stumble(format!("{what}: write meta refuses A 613, or meta refuses 613"))
                })?;
                Ok(Order::Refuses { page, code: fault::code(cursor)? })
            }
            "loses" => {
                let place = cursor.clone();
                let found = cursor.word("a Page, `answers` or `requests`")?;
                let page = self.page(found, &place).map_err(|_| {
                    let what = format!("`{found}` is neither a Page nor `answers` or `requests`");
                    place.stumble(format!("{what}: write meta loses A, or meta loses answers"))
                })?;
                Ok(Order::Loses(page))
            }
            "accepts" => {
                let place = cursor.clone();
                Ok(Order::Accepts(self.page(cursor.word("a Page")?, &place)?))
            }
            other => {
                const VERBS: &str = "holds, releases, repeats, refuses, loses, accepts, delays, hastens, withholds, tells, \
                                     restricts, frees, subscribes, revokes, slows, fails, vanishes, limits and works";
                Err(place.stumble(format!("`{other}` is nothing that Meta does: {VERBS} are")))
            }
        }
    }

    /// `as NAME`, `late SPAN`, `standby` and `forged`, each once, in any order.
    fn manner(&self, cursor: &mut Cursor<'_>, comes_to_be: bool) -> Result<Manner, Stumble> {
        let mut manner = Manner::default();
        while !cursor.is_at_end() {
            let began = cursor.clone();
            if manner.name.is_none() && cursor.takes("as") {
                if manner.forged {
                    return Err(began.stumble("what somebody forges has no name: Meta knows nothing of it"));
                }
                if !comes_to_be {
                    return Err(began.stumble("nothing comes to be here that could have a name"));
                }
                let place = cursor.clone();
                manner.name = Some(self.new_name(cursor.word("a name, as m1,")?, &place)?);
            } else if manner.late == Span(0) && cursor.takes("late") {
                let place = cursor.clone();
                manner.late =
                    span::read(cursor.word("a length of time, as 40s,")?).map_err(|what| place.stumble(what))?;
                if manner.late == Span(0) || Timestamp(0) + manner.late > self.now {
                    return Err(place.stumble("what is late happened before now, and after 1970: write it as late 40s"));
                }
            } else if !manner.standby && cursor.takes("standby") {
                manner.standby = true;
            } else if !manner.forged && cursor.takes("forged") {
                if manner.name.is_some() {
                    return Err(began.stumble("what somebody forges has no name: Meta knows nothing of it"));
                }
                manner.forged = true;
            } else {
                break;
            }
        }
        Ok(manner)
    }

    fn new_name(&self, found: &str, place: &Cursor<'_>) -> Result<Word, Stumble> {
        let name = Word::new(found).ok_or_else(|| place.stumble(no_word(found, "m1")))?;
        if let Some(line) = self.reader.names.get(&name) {
            return Err(place.stumble(format!("line {line} calls something {name} already: choose another name")));
        }
        if self.reader.pages.contains_key(&name) || name.as_str() == NOW {
            return Err(place.stumble(format!("`{name}` has another meaning: choose another name")));
        }
        Ok(name)
    }

    /// A message that was named above, or any by its id in quotes.
    fn thing(&self, cursor: &mut Cursor<'_>) -> Result<Thing, Stumble> {
        let place = cursor.clone();
        if cursor.is_at_text() {
            let id = cursor.text("a message's id")?;
            return if id.is_empty() {
                Err(place.stumble("a message's id is not empty"))
            } else {
                Ok(Thing::Literal(id))
            };
        }
        let found = cursor.word("the name of a message above, as m1,")?;
        let name = Word::new(found).ok_or_else(|| place.stumble(no_word(found, "m1")))?;
        if !self.reader.names.contains_key(&name) {
            return Err(place.stumble(format!("nothing is called {name}: end its line above with `as {name}`")));
        }
        Ok(Thing::Named(name))
    }

    pub(crate) fn who(&self, found: &str, place: &Cursor<'_>) -> Result<Who, Stumble> {
        let who = Who::read(found).ok_or_else(|| place.stumble(no_who(found)))?;
        let is_known = self.reader.customers.contains_key(&who);
        let unknown = || place.stumble(format!("nobody is called {who}: add `customer {who}` above"));
        if is_known { Ok(who) } else { Err(unknown()) }
    }

    pub(crate) fn page(&self, found: &str, place: &Cursor<'_>) -> Result<Word, Stumble> {
        let label = Word::new(found).filter(|label| self.reader.pages.contains_key(label));
        label.ok_or_else(|| place.stumble(format!("no Page is called {found}: add `page {found} ID \"NAME\"` above")))
    }

    /// One or more Pages, between commas.
    fn pages(&self, cursor: &mut Cursor<'_>) -> Result<Vec<Word>, Stumble> {
        let place = cursor.clone();
        let mut labels = Vec::new();
        for found in cursor.word("a Page, or several as A,B,")?.split(',') {
            if found.is_empty() {
                return Err(place.stumble("a Page is missing beside a comma: write A,B without spaces"));
            }
            let label = self.page(found, &place)?;
            if labels.contains(&label) {
                return Err(place.stumble(format!("{label} stands twice")));
            }
            labels.push(label);
        }
        Ok(labels)
    }

    /// JSON as the control API takes it, with names of what stands above.
    fn happens(&self, cursor: &mut Cursor<'_>) -> Result<(Happens, What), Stumble> {
        let at = cursor.here();
        let (json, _) = cursor.object()?;
        let happens = Happens::new(json);
        // What a name stands for is not known yet; that there is something is.
        let some = |known: bool| Ok(known.then(|| "1".to_owned()));
        let what = happens.what(self.now.0, &mut |named| match named {
            Named::Word(word) => some(self.reader.pages.contains_key(word) || self.reader.names.contains_key(word)),
            Named::Who(who) => some(self.reader.customers.contains_key(who)),
        });
        what.map(|what| (happens, what)).map_err(|what| cursor.stumble_at(at, what))
    }
}

/// Goes past a word that must come.
pub(super) fn takes(cursor: &mut Cursor<'_>, word: &str, whole: &str) -> Result<(), Stumble> {
    if cursor.takes(word) { Ok(()) } else { Err(cursor.stumble(format!("`{word}` is missing: write {whole} …"))) }
}

fn titled(cursor: &mut Cursor<'_>) -> Result<(String, String), Stumble> {
    let title = cursor.text("what the button says")?;
    takes(cursor, "payload", "\"TITLE\" payload \"PAYLOAD\"")?;
    Ok((title, cursor.text("what it stands for")?))
}

fn attaches(cursor: &mut Cursor<'_>) -> Result<Act, Stumble> {
    let place = cursor.clone();
    let word = cursor.word("image, audio, video or file")?;
    let Some(kind) = FileKind::ALL.into_iter().find(|kind| kind.name() == word) else {
        let what =
            format!("`{word}` is no kind of file: image, audio, video and file are; anything else is a `happens`");
        return Err(place.stumble(what));
    };
    let url = cursor.text("where the file lies")?;
    let text = if cursor.takes("text") { Some(cursor.text("what they write with it")?) } else { None };
    Ok(Act::Attaches { kind, url, text })
}

fn enters(cursor: &mut Cursor<'_>) -> Result<Act, Stumble> {
    takes(cursor, "by", "enters by ad \"ID\", or enters by link \"WORD\"")?;
    let place = cursor.clone();
    match cursor.word("`ad` or `link`")? {
        "ad" => {
            let id = cursor.text("the ad's id")?;
            let word = if cursor.takes("ref") { Some(cursor.text("the ad's word")?) } else { None };
            Ok(Act::EntersByAd { id, word })
        }
        "link" => Ok(Act::EntersByLink { word: cursor.text("the link's word")? }),
        other => Err(place.stumble(format!("they enter by `ad` or by `link`, not by `{other}`"))),
    }
}
