//! What looks forgotten in a redacted recording: addresses, numbers and tokens that are no pseudonyms by their looks, and
//! whatever an operator knows and denies.
//!
//! Reads line by line. A finding never shows what was found. What the linter cannot know is whether a word is a name: for
//! that there is [`Deny`].

mod deny;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use model::in_plain_words;
use serde::Serialize;
use serde_json::value::RawValue;

use super::field::{self, Rule};
use super::find::{self, Kind, Span};
use super::form;
use super::json::{self, Level, Token, Written};
use super::rewrite::{self, DRAWN_LETTERS};
use crate::play::recording::{CustomerOf, DeliveryLine, FactLine, Unreadable};

pub use deny::Deny;

/// Digits of a hash in a trace.
const HASH_DIGITS: usize = 8;
/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 16;
/// Keys of a recording's own lines.
const OWN_KEYS: [&str; 4] = ["at", "by", "psid", "audience"];

/// What was found somewhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Where in the JSON of the line, of a delivery in that of its body; empty in other files.
    pub path: String,
    /// What it looks like.
    pub kind: Leftover,
    /// Its first character and its length.
    pub masked: String,
}

/// What a finding looks like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Leftover {
    /// An e-mail address outside of the reserved domains.
    Mail,
    /// A phone number that does not begin with 555 behind its country code.
    Phone,
    /// An address whose host is not under a reserved name.
    Link,
    /// An access token.
    Token,
    /// An id without the check digits of a pseudonym.
    Id,
    /// One of the denied names or numbers.
    Denied,
}

impl Leftover {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Phone => "phone",
            Self::Link => "link",
            Self::Token => "token",
            Self::Id => "id",
            Self::Denied => "denied",
        }
    }
}

/// How much was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Read {
    /// Files.
    pub files: u64,
    /// Lines with something in them.
    pub lines: u64,
}

/// Reads everything in a folder; `each` is told of every finding, file by file in the order of their names.
///
/// # Errors
/// A file cannot be read, or a line of a recording is none.
pub fn folder(dir: &Path, deny: &Deny, each: &mut dyn FnMut(Finding)) -> Result<Read, Unreadable> {
    let mut read = Read::default();
    for path in files(dir, DEPTH_MAX)? {
        read.files += 1;
        file(&path, deny, &mut read, each)?;
    }
    if read.lines == 0 { Err(Unreadable::Empty(dir.to_owned())) } else { Ok(read) }
}

fn files(dir: &Path, depth: usize) -> Result<Vec<PathBuf>, Unreadable> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(|fault| unreadable(dir, &fault))? {
        let entry = entry.map_err(|fault| unreadable(dir, &fault))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        entries.push((entry.path(), is_folder));
    }
    entries.sort();
    let mut all = Vec::new();
    for (path, is_folder) in entries {
        if !is_folder {
            all.push(path);
        } else if depth > 0 {
            all.extend(files(&path, depth - 1)?);
        }
    }
    Ok(all)
}

fn unreadable(path: &Path, fault: &dyn core::fmt::Display) -> Unreadable {
    Unreadable::Wrong { file: path.to_owned(), line: None, what: format!("cannot be read: {fault}") }
}

fn file(path: &Path, deny: &Deny, read: &mut Read, each: &mut dyn FnMut(Finding)) -> Result<(), Unreadable> {
    let mut lines = BufReader::new(File::open(path).map_err(|fault| unreadable(path, &fault))?);
    let name = path.display().to_string();
    let kind = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        if lines.read_until(b'\n', &mut bytes).map_err(|fault| unreadable(path, &fault))? == 0 {
            return Ok(());
        }
        number += 1;
        let Ok(line) = core::str::from_utf8(&bytes) else {
            let what = "is no text, and no file of a recording".to_owned();
            return Err(Unreadable::Wrong { file: path.to_owned(), line: Some(number), what });
        };
        let line = line.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            continue;
        }
        read.lines += 1;
        let mut found = |path: &str, kind: Leftover, what: &str| {
            each(Finding { file: name.clone(), line: number, path: path.to_owned(), kind, masked: masked(what) });
        };
        let wrong = |fault: serde_json::Error| Unreadable::Wrong {
            file: path.to_owned(),
            line: Some(number),
            what: format!("column {}: {}", fault.column(), in_plain_words(&fault.to_string())),
        };
        match &*kind {
            "deliveries.jsonl" => {
                let line: DeliveryLine = serde_json::from_str(line).map_err(wrong)?;
                body(&line.body, deny, &mut found);
            }
            "facts.jsonl" => {
                let _checked: FactLine = serde_json::from_str(line).map_err(wrong)?;
                body(line, deny, &mut found);
            }
            "customers.jsonl" => {
                let _checked: CustomerOf = serde_json::from_str(line).map_err(wrong)?;
                body(line, deny, &mut found);
            }
            // Clock times and counts stand side by side in a trace, and no texts but made-up ones.
            "approved.trace" => text(Rule::Text, line, deny, &mut |kind, what| {
                if kind != Leftover::Phone || what.starts_with('+') {
                    found("", kind, what);
                }
            }),
            _ => text(Rule::Text, line, deny, &mut |kind, what| found("", kind, what)),
        }
    }
}

/// Reads a body; `found` is told where in it, what it looks like, and what it is.
pub fn body(body: &str, deny: &Deny, found: &mut dyn FnMut(&str, Leftover, &str)) {
    let content = body.strip_prefix('\u{feff}').unwrap_or(body);
    if serde_json::from_str::<&RawValue>(content).is_err() {
        return text(Rule::Text, body, deny, &mut |kind, what| found("", kind, what));
    }
    let walked = json::walk(content, |levels, token| {
        let (rule, plain) = match token {
            Token::Key(quoted) => (field::of_name(levels), Written::read(quoted).plain()),
            Token::Text(quoted) => (Some(field_of(levels)), Written::read(quoted).plain()),
            // Only whole numbers are ids.
            Token::Number(number) if !number.bytes().all(|byte| byte.is_ascii_digit()) => (None, number.to_owned()),
            Token::Number(number) => (Some(field_of(levels)), number.to_owned()),
        };
        let mut found = |kind, what: &str| found(&place(levels), kind, what);
        match rule {
            Some(rule) => text(rule, &plain, deny, &mut found),
            None => denied(&plain, deny, &mut found),
        }
        Ok(None)
    });
    walked.expect("nothing that is told can fail");
}

/// What is expected of a value. In a comment's line ids stand under names of their own.
fn field_of(levels: &[Level]) -> Rule {
    match levels {
        [Level { key: Some(key), .. }] if key == "at" => Rule::Time,
        [Level { key: Some(key), .. }] if key == "page" => Rule::Id,
        levels => field::of_value(levels),
    }
}

/// Where a token stands; keys that are nobody's are not shown.
fn place(levels: &[Level]) -> String {
    let mut place = String::from("$");
    for level in levels {
        match &level.key {
            Some(key) if field::is_key(key) || field::is_index(key) || OWN_KEYS.contains(&&**key) => {
                place.push('.');
                place.push_str(key);
            }
            Some(_) => place.push_str(".…"),
            None => place.push_str(&format!("[{}]", level.index)),
        }
    }
    place
}

fn denied(text: &str, deny: &Deny, found: &mut dyn FnMut(Leftover, &str)) {
    if let Some(denied) = deny.find(text) {
        found(Leftover::Denied, denied);
    }
}

fn text(rule: Rule, text: &str, deny: &Deny, found: &mut dyn FnMut(Leftover, &str)) {
    denied(text, deny, found);
    if field::stays(rule, text) {
        return;
    }
    let letters: Vec<char> = text.chars().collect();
    let ids = if rule == Rule::Id { rewrite::digits_of_id(&letters) } else { None };
    if let Some(runs) = ids {
        let runs = runs.into_iter().map(|run| letters[run].iter().collect::<String>());
        runs.filter(|digits| !form::is_id(digits)).for_each(|digits| found(Leftover::Id, &digits));
    } else if rule == Rule::Phone && rewrite::is_phone(&letters) {
        if !is_phone(&letters, &(0..letters.len()), false) {
            found(Leftover::Phone, text);
        }
    } else {
        for piece in rewrite::pieces(&letters) {
            let piece = &letters[piece];
            find::spans(piece).iter().for_each(|span| judge(piece, span, found));
        }
    }
}

/// Whether the phone number that stands here is a pseudonym.
fn is_phone(text: &[char], at: &core::ops::Range<usize>, in_link: bool) -> bool {
    let (places, with_code) = find::phone_digits(text, at);
    let digits: String = places.iter().map(|at| text[*at]).collect();
    form::is_phone(digits.as_bytes(), with_code || in_link)
}

/// Whether what stands here is a pseudonym.
fn judge(text: &[char], span: &Span, found: &mut dyn FnMut(Leftover, &str)) {
    let part = |at: core::ops::Range<usize>| text[at].iter().collect::<String>();
    let what = part(span.at.clone());
    let ids = find::ids(text, span);
    let no_id = |at: core::ops::Range<usize>| {
        let digits = part(at);
        !(form::is_id(&digits) || (span.kind == Kind::Id && form::is_bare_phone(&digits)))
    };
    let leftover = match span.kind {
        Kind::Mail => {
            let domain = part(find::domain_start(text, &span.at)..span.at.end);
            (!form::is_host(&domain)).then_some(Leftover::Mail)
        }
        Kind::Phone => {
            let is_harmless = is_phone(text, &span.at, false) || field::is_date(&what);
            (!is_harmless).then_some(Leftover::Phone)
        }
        Kind::Token => (!what.starts_with(find::REDACTED)).then_some(Leftover::Token),
        Kind::Message if ids.is_empty() => {
            let content = part(find::message_start(text, span.at.start).unwrap_or(span.at.start)..span.at.end);
            let is_real = content.len() >= DRAWN_LETTERS && !content.starts_with(find::REDACTED);
            is_real.then_some(Leftover::Id)
        }
        // A trace tells ids that nobody reads by a few digits of their hash, behind this sign.
        Kind::Id if what.len() == HASH_DIGITS && span.at.start.checked_sub(1).is_some_and(|at| text[at] == '~') => None,
        Kind::Id | Kind::Mark | Kind::Message => ids.into_iter().any(no_id).then_some(Leftover::Id),
        Kind::Link => {
            let link = find::link(text, &span.at);
            let host = part(link.host).to_lowercase();
            let rest = &text[link.rest];
            for span in find::spans_of_link(rest, find::is_of_phones(&host)) {
                if span.kind != Kind::Phone {
                    judge(rest, &span, found);
                } else if !is_phone(rest, &span.at, true) {
                    found(Leftover::Phone, &rest[span.at].iter().collect::<String>());
                }
            }
            let host = host.strip_prefix("www.").unwrap_or(&host);
            (!form::is_host(host)).then_some(Leftover::Link)
        }
    };
    if let Some(leftover) = leftover {
        found(leftover, &what);
    }
}

/// The first character and the length; of something short the length alone.
fn masked(what: &str) -> String {
    let count = what.chars().count();
    let first = what.chars().next().filter(|first| count > 3 && !first.is_control());
    format!("{}… ({count} characters)", first.map(String::from).unwrap_or_default())
}

#[cfg(test)]
mod tests;
