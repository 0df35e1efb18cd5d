//! `pagedesk corpus split`: a recording in parts, each a recording.
//!
//! Invariants: every delivery and comment is in exactly one part, as it was; within a part the order stays; memory holds
//! one step and as many open files as [`OPEN_MAX`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use model::{PageId, Psid};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use simulator::play::recording::{
    DeliveryLine, Expected, FactLine, Line as _, Manifest, Recording, Step, Unreadable, customers, steps,
};

use super::written::{Fresh, unwritable};
use crate::cli::{Split, SplitBy};
use crate::exit::{self, Exit, Failure};
use crate::instant;
use crate::recordings;
use crate::sandbox::unreadable;
use simulator::counted::counted;

/// Files that are open at once.
const OPEN_MAX: usize = 64;

/// The part of deliveries that hold items of more than one Page or conversation.
const SEVERAL: &str = "several";
/// The part of deliveries in which no Page is named.
const NONE: &str = "none";

/// Longest id that is the name of a folder as it is.
const NAME_MAX: usize = 40;

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Apart {
    pub(super) parts: u64,
    pub(super) deliveries: u64,
    pub(super) facts: u64,
}

/// Carries out `corpus split`.
pub(crate) fn split(asked: &Split) -> Result<Exit, Failure> {
    sensible(asked)?;
    let Apart { parts, deliveries, facts } = apart(asked)?;
    let out = asked.out.display().to_string();
    exit::print(&if asked.json {
        format!("{}\n", json!({"out": out, "parts": parts, "deliveries": deliveries, "facts": facts}))
    } else {
        let [parts, deliveries, facts] =
            [(parts, "part"), (deliveries, "delivery"), (facts, "comment")].map(|(count, noun)| counted(count, noun));
        format!("{out} holds {parts} with {deliveries} and {facts}\n")
    })
}

/// Writes the parts.
pub(super) fn apart(asked: &Split) -> Result<Apart, Failure> {
    let fault = |fault: Unreadable| unreadable(&fault);
    recordings::one(&asked.path)?;
    let manifest = Manifest::read(&asked.path).map_err(fault)?;
    let mut steps = steps(&asked.path).map_err(fault)?.peekable();
    if steps.peek().is_none() {
        return Err(fault(Unreadable::Empty(asked.path.clone())));
    }
    let fresh = Fresh::begin(&asked.out, core::slice::from_ref(&asked.path))?;
    let mut shelf = Shelf::new(fresh.path());
    let mut written = Apart::default();
    for step in steps {
        match &step.map_err(fault)? {
            Step::Delivery(line) => {
                written.deliveries += 1;
                shelf.write(&of_delivery(asked, line, written.deliveries), DeliveryLine::FILE, line)?;
            }
            Step::Fact(line) => {
                written.facts += 1;
                shelf.write(&of_fact(asked, line, written.deliveries), FactLine::FILE, line)?;
            }
        }
    }
    shelf.close()?;
    written.parts = describe(asked, &manifest, fresh.path())?;
    fresh.keep()?;
    Ok(written)
}

/// What the command line cannot say in its own words.
fn sensible(asked: &Split) -> Result<(), Failure> {
    if asked.size.is_none() || asked.by == SplitBy::Size {
        return Ok(());
    }
    let what = "--size is the number of deliveries of a part, and the parts are not made by size";
    Err(Failure::new(Exit::Usage, what).remedy("give --by size, or leave out --size"))
}

/// The part that a delivery goes into; `number` counts them from 1.
fn of_delivery(asked: &Split, line: &DeliveryLine, number: u64) -> String {
    match asked.by {
        SplitBy::Page | SplitBy::Conversation => {}
        SplitBy::Day => return day(line.at),
        SplitBy::Size => return nth(asked, number),
    }
    let delivery = webhook::parse(line.body.as_bytes(), line.at);
    let talks = delivery.inbounds.iter().map(|inbound| (Some(&inbound.page), Some(&inbound.psid)));
    let of_pages = delivery.page_inbounds.iter().map(|inbound| (Some(&inbound.page), None));
    let odd = delivery.anomalies.iter().map(|anomaly| (anomaly.page.as_ref(), None));
    let by_conversation = asked.by == SplitBy::Conversation;
    let narrow = |(page, psid): (Option<_>, Option<_>)| (page, psid.filter(|_| by_conversation));
    let whose: BTreeSet<(Option<&PageId>, Option<&Psid>)> = talks.chain(of_pages).chain(odd).map(narrow).collect();
    match whose.first() {
        Some((Some(page), psid)) if whose.len() == 1 => named(page, *psid),
        None | Some((None, _)) if whose.len() <= 1 => NONE.to_owned(),
        None | Some(_) => SEVERAL.to_owned(),
    }
}

/// The part that a comment goes into, after so many deliveries.
fn of_fact(asked: &Split, line: &FactLine, deliveries: u64) -> String {
    match asked.by {
        SplitBy::Page => named(&line.page, None),
        SplitBy::Conversation => named(&line.page, Some(&line.psid)),
        SplitBy::Day => day(line.at),
        SplitBy::Size => nth(asked, deliveries.max(1)),
    }
}

fn day(at: model::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| instant::write(at.0), |at| at.strftime("%Y-%m-%d").to_string())
}

/// Sorted as text the parts come in their order.
fn nth(asked: &Split, number: u64) -> String {
    format!("{:08}", (number - 1) / asked.size.unwrap_or(u64::MAX) + 1)
}

fn named(page: &PageId, psid: Option<&Psid>) -> String {
    match psid {
        None => name(page.as_str()),
        Some(psid) => format!("{}-{}", name(page.as_str()), name(psid.as_str())),
    }
}

/// An id as the name of a folder: as it is where it is digits, as all real ones are.
fn name(id: &str) -> String {
    if (1..=NAME_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return id.to_owned();
    }
    let digest: String = hex::encode(Sha256::digest(id.as_bytes())).chars().take(16).collect();
    format!("x{digest}")
}

/// Files that are written line by line, of which few are open.
struct Shelf {
    dir: PathBuf,
    /// By part and file: when each was written to last.
    open: BTreeMap<(String, &'static str), (BufWriter<File>, u64)>,
    writes: u64,
}

impl Shelf {
    fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), open: BTreeMap::new(), writes: 0 }
    }

    fn write(&mut self, part: &str, file: &'static str, line: &impl Serialize) -> Result<(), Failure> {
        let key = (part.to_owned(), file);
        if !self.open.contains_key(&key) {
            self.make_room()?;
            let opened = append(&self.dir.join(part), file)?;
            self.open.insert(key.clone(), (BufWriter::new(opened), 0));
        }
        self.writes += 1;
        let Some((out, last)) = self.open.get_mut(&key) else { return Ok(()) };
        *last = self.writes;
        let written = serde_json::to_writer(&mut *out, line).map_err(Into::into).and_then(|()| out.write_all(b"\n"));
        written.map_err(|fault| unwritable(&self.dir, &fault))
    }

    fn make_room(&mut self) -> Result<(), Failure> {
        while self.open.len() >= OPEN_MAX {
            let oldest = self.open.iter().min_by_key(|(_, (_, last))| *last).map(|(key, _)| key.clone());
            let Some((mut out, _)) = oldest.and_then(|key| self.open.remove(&key)) else { break };
            out.flush().map_err(|fault| unwritable(&self.dir, &fault))?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        for (mut out, _) in core::mem::take(&mut self.open).into_values() {
            out.flush().map_err(|fault| unwritable(&self.dir, &fault))?;
        }
        Ok(())
    }
}

fn append(dir: &Path, file: &str) -> Result<File, Failure> {
    let path = dir.join(file);
    let opened = fs::create_dir_all(dir).and_then(|()| OpenOptions::new().create(true).append(true).open(&path));
    opened.map_err(|fault| unwritable(&path, &fault))
}

/// Gives every part its manifest and customers; how many parts there are.
fn describe(asked: &Split, manifest: &Manifest, dir: &Path) -> Result<u64, Failure> {
    // Parts of which any customer may be: days, pieces, what is of several.
    let all = dir.join(Recording::CUSTOMERS);
    if known(asked, manifest, dir)? {
        let mut whole = BufWriter::new(append(dir, Recording::CUSTOMERS)?);
        for customer in customers(&asked.path, manifest).map_err(|fault| unreadable(&fault))? {
            let customer = customer.map_err(|fault| unreadable(&fault))?;
            let written = serde_json::to_writer(&mut whole, &customer).map_err(Into::into);
            written.and_then(|()| whole.write_all(b"\n")).map_err(|fault| unwritable(&all, &fault))?;
        }
        whole.flush().map_err(|fault| unwritable(&all, &fault))?;
    }
    let fault = |fault: std::io::Error| unwritable(dir, &fault);
    let mut parts = 0;
    for entry in fs::read_dir(dir).map_err(fault)? {
        let part = entry.map_err(fault)?.path();
        if !part.is_dir() {
            continue;
        }
        parts += 1;
        let name = part.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let of_any = matches!(asked.by, SplitBy::Day | SplitBy::Size) || name == SEVERAL;
        if of_any && all.exists() {
            fs::copy(&all, part.join(Recording::CUSTOMERS)).map_err(fault)?;
        }
        // A part of comments alone has a file without deliveries.
        append(&part, DeliveryLine::FILE)?;
        let title = format!("{}, part {name}", manifest.title);
        let manifest = Manifest { title, expected: Expected::default(), ..manifest.clone() };
        fs::write(part.join(Manifest::FILE), manifest.to_text()).map_err(fault)?;
    }
    if all.exists() {
        fs::remove_file(&all).map_err(fault)?;
    }
    Ok(parts)
}

/// Writes customers to the parts of their own; whether there are other parts, which get all.
fn known(asked: &Split, manifest: &Manifest, dir: &Path) -> Result<bool, Failure> {
    let by_conversation = match asked.by {
        SplitBy::Page => false,
        SplitBy::Conversation => true,
        SplitBy::Day | SplitBy::Size => return Ok(true),
    };
    let mut shelf = Shelf::new(dir);
    for customer in customers(&asked.path, manifest).map_err(|fault| unreadable(&fault))? {
        let customer = customer.map_err(|fault| unreadable(&fault))?;
        let part = named(&customer.page, by_conversation.then_some(&customer.psid));
        if dir.join(&part).is_dir() {
            shelf.write(&part, Recording::CUSTOMERS, &customer)?;
        }
    }
    shelf.close()?;
    Ok(dir.join(SEVERAL).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_no_digits_cannot_lead_out_of_the_folder_or_be_one_of_the_words() {
        for id in ["", "..", "a/b", SEVERAL, NONE, "x0123456789abcdef", &"7".repeat(41)] {
            let name = name(id);
            assert!(name.len() == 17 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}: {name}");
            assert!(name != id, "{id}");
        }
        assert_eq!(named(&PageId::new("17"), Some(&Psid::new("5"))), "17-5");
    }

    #[test]
    fn no_more_files_are_open_than_may_be_and_each_keeps_its_lines_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut shelf = Shelf::new(dir.path());
        for number in 0..OPEN_MAX * 3 * 4 {
            shelf.write(&(number % (OPEN_MAX * 3)).to_string(), "lines", &number).unwrap();
            assert!(shelf.open.len() <= OPEN_MAX);
        }
        shelf.close().unwrap();
        let lines = fs::read_to_string(dir.path().join("7/lines")).unwrap();
        let expected: String = (0..4).map(|round| format!("{}\n", 7 + round * OPEN_MAX * 3)).collect();
        assert_eq!(lines, expected);
    }
}
