//! A recording that stays in its folder: its files are read line by line, as often as that is asked for.
//!
//! Invariants: of a file one line lies in memory at a time, however long the file is; a fault names file and line, and
//! ends the reading.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use model::{Span, Timestamp, in_plain_words};
use serde::de::DeserializeOwned;

use crate::scenario::SPAN_MAX;

use super::{CustomerOf, DeliveryLine, FactLine, Manifest, Recorded, Step, Steps, Unreadable};

/// Longest line that is read. Meta's bodies are at most a few MiB long.
const LINE_MAX: u64 = 64 << 20;

/// A line of one of the files.
pub trait Line: DeserializeOwned {
    /// The file in the recording's folder.
    const FILE: &str;
    /// Whether every recording has it.
    const IS_NEEDED: bool;

    /// When; `None` where lines are in no order.
    fn at(&self) -> Option<Timestamp>;
}

impl Line for DeliveryLine {
    const FILE: &str = "deliveries.jsonl";
    const IS_NEEDED: bool = true;

    fn at(&self) -> Option<Timestamp> {
        Some(self.at)
    }
}

impl Line for FactLine {
    const FILE: &str = "facts.jsonl";
    const IS_NEEDED: bool = false;

    fn at(&self) -> Option<Timestamp> {
        Some(self.at)
    }
}

impl Line for CustomerOf {
    const FILE: &str = "customers.jsonl";
    const IS_NEEDED: bool = false;

    fn at(&self) -> Option<Timestamp> {
        None
    }
}

/// The lines of a file, one after the other; empty ones do not count.
pub struct Lines<T> {
    /// `None` behind its end.
    file: Option<Box<dyn BufRead + Send>>,
    path: PathBuf,
    number: usize,
    last: Option<Timestamp>,
    line: Vec<u8>,
    of: PhantomData<fn() -> T>,
}

impl<T: Line> Lines<T> {
    /// Those of a recording's folder.
    ///
    /// # Errors
    /// The file is missing and needed, or cannot be opened.
    pub fn of(dir: &Path) -> Result<Self, Unreadable> {
        Self::in_file(dir.join(T::FILE))
    }

    /// Those of this file.
    ///
    /// # Errors
    /// As [`Lines::of`].
    pub fn in_file(path: PathBuf) -> Result<Self, Unreadable> {
        match File::open(&path) {
            Ok(file) => Ok(Self::over(path, BufReader::new(file))),
            Err(fault) if fault.kind() == ErrorKind::NotFound && !T::IS_NEEDED => {
                Ok(Self::over(path, std::io::empty()))
            }
            Err(fault) => Err(wrong(&path, None, format!("cannot be read: {fault}"))),
        }
    }

    /// Those of bytes that stand in the file `path`.
    pub fn over(path: PathBuf, bytes: impl BufRead + Send + 'static) -> Self {
        Self { file: Some(Box::new(bytes)), path, number: 0, last: None, line: Vec::new(), of: PhantomData }
    }

    /// The number of the line that was read last, from 1.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Reads on to the next line with something in it; `false` at the end.
    fn fill(&mut self) -> Result<bool, Unreadable> {
        let Some(file) = &mut self.file else { return Ok(false) };
        loop {
            self.line.clear();
            let read = file.by_ref().take(LINE_MAX).read_until(b'\n', &mut self.line);
            let length = read.map_err(|fault| wrong(&self.path, None, format!("cannot be read: {fault}")))?;
            self.number += 1;
            if length as u64 == LINE_MAX && self.line.last() != Some(&b'\n') {
                return Err(wrong(&self.path, Some(self.number), "the line is longer than 64 MiB"));
            }
            if length == 0 || !self.line.trim_ascii().is_empty() {
                return Ok(length > 0);
            }
        }
    }

    fn step(&mut self) -> Result<Option<T>, Unreadable> {
        if !self.fill()? {
            return Ok(None);
        }
        let wrong = |what: String| wrong(&self.path, Some(self.number), what);
        let item: T = serde_json::from_slice(self.line.trim_ascii())
            .map_err(|fault| wrong(format!("column {}: {}", fault.column(), in_plain_words(&fault.to_string()))))?;
        if item.at().is_some_and(|at| at < Timestamp(0)) {
            return Err(wrong("it is before 1970".to_owned()));
        }
        if self.last > item.at() {
            return Err(wrong("it is earlier than the line before it".to_owned()));
        }
        self.last = item.at();
        Ok(Some(item))
    }
}

impl<T: Line> Iterator for Lines<T> {
    type Item = Result<T, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step().transpose();
        if !matches!(step, Some(Ok(_))) {
            self.file = None;
        }
        step
    }
}

/// Deliveries and comments of a folder in the order of their time; of two at the same time the delivery comes first.
struct Merged {
    deliveries: std::iter::Peekable<Lines<DeliveryLine>>,
    facts: std::iter::Peekable<Lines<FactLine>>,
}

impl Merged {
    fn of(dir: &Path) -> Result<Self, Unreadable> {
        Ok(Self { deliveries: Lines::of(dir)?.peekable(), facts: Lines::of(dir)?.peekable() })
    }
}

impl Iterator for Merged {
    type Item = Result<Step, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let is_fact = match (self.deliveries.peek(), self.facts.peek()) {
            (Some(Ok(delivery)), Some(Ok(fact))) => fact.at < delivery.at,
            // What cannot be read comes at once.
            (Some(Err(_)), _) | (Some(Ok(_)), None) => false,
            (_, Some(_)) => true,
            (None, None) => return None,
        };
        if is_fact {
            self.facts.next().map(|line| line.map(Step::Fact))
        } else {
            self.deliveries.next().map(|line| line.map(Step::Delivery))
        }
    }
}

/// All steps of a folder, nothing of it kept.
///
/// # Errors
/// A file cannot be opened.
pub fn steps(dir: &Path) -> Result<impl Iterator<Item = Result<Step, Unreadable>> + Send + use<>, Unreadable> {
    Merged::of(dir)
}

/// The customers whose names are told, of any format; of several lines for one customer the last holds.
///
/// # Errors
/// A file cannot be opened.
pub fn customers(
    dir: &Path,
    manifest: &Manifest,
) -> Result<impl Iterator<Item = Result<CustomerOf, Unreadable>> + use<>, Unreadable> {
    let of_old = manifest.customers.clone().into_iter().map(Ok);
    Ok(of_old.chain(Lines::<CustomerOf>::of(dir)?))
}

/// A recording that stays in its folder.
#[derive(Clone, Debug)]
pub struct Folder {
    dir: PathBuf,
    manifest: Manifest,
    begins_at: Timestamp,
    count: usize,
}

impl Folder {
    /// Opens a recording's folder and reads through it once, so that whoever plays it meets no fault in the middle.
    ///
    /// # Errors
    /// [`Unreadable`] names file and line.
    pub fn open(dir: &Path) -> Result<Self, Unreadable> {
        let mut manifest = Manifest::read(dir)?;
        manifest.customers = customers(dir, &manifest)?.collect::<Result<_, _>>()?;
        let (mut begins_at, mut ends_at, mut count) = (None, Timestamp(0), 0);
        for step in steps(dir)? {
            ends_at = step?.at();
            begins_at = begins_at.or(Some(ends_at));
            count += 1;
        }
        let begins_at = begins_at.ok_or_else(|| Unreadable::Empty(dir.to_owned()))?;
        // Every hour of it is lived through: a slip of the pen would take minutes.
        if ends_at - begins_at > SPAN_MAX {
            let days = |span: Span| span.0 / Span::days(1).0;
            let what = format!(
                "its last line is {} days behind its first, and {} are the most: see which time is wrong",
                days(ends_at - begins_at),
                days(SPAN_MAX)
            );
            return Err(wrong(dir, None, what));
        }
        Ok(Self { dir: dir.to_owned(), manifest, begins_at, count })
    }
}

impl Recorded for Folder {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn begins_at(&self) -> Timestamp {
        self.begins_at
    }

    fn count(&self) -> usize {
        self.count
    }

    fn steps(&self) -> Steps<'_> {
        match Merged::of(&self.dir) {
            Ok(merged) => Box::new(merged.map(|step| step.map(Cow::Owned))),
            Err(fault) => Box::new(std::iter::once(Err(fault))),
        }
    }
}

pub(super) fn wrong(file: &Path, line: Option<usize>, what: impl Into<String>) -> Unreadable {
    Unreadable::Wrong { file: file.to_owned(), line, what: what.into() }
}
