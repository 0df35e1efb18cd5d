//! One line of a scenario's text, read from left to right: words, texts in quotes, JSON.
//!
//! Knows columns and no meaning. Invariant: whatever the line holds, each call goes forward or says what is wrong where.

use model::in_plain_words;
use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Value};

/// Why a line cannot be understood: in which column, from 1, and what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stumble {
    pub(super) column: usize,
    pub(super) what: String,
}

/// A place in a line.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { line, at: 0 }
    }

    /// Says what is wrong with what comes next.
    pub(crate) fn stumble(&self, what: impl Into<String>) -> Stumble {
        let mut ahead = self.clone();
        ahead.skip_space();
        ahead.stumble_at(ahead.at, what)
    }

    /// Says what is wrong at a place of before.
    pub(super) fn stumble_at(&self, at: usize, what: impl Into<String>) -> Stumble {
        let before = self.line.get(..at).unwrap_or(self.line);
        Stumble { column: before.chars().count() + 1, what: what.into() }
    }

    /// The place of what comes next.
    pub(super) fn here(&mut self) -> usize {
        self.skip_space();
        self.at
    }

    /// Whether nothing comes any more but a comment.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty() || self.rest().starts_with('#')
    }

    /// Whether a text in quotes comes next.
    pub(super) fn is_at_text(&mut self) -> bool {
        self.skip_space();
        self.rest().starts_with('"')
    }

    /// Whether a number comes next, if only one below 0.
    pub(crate) fn is_at_number(&mut self) -> bool {
        self.skip_space();
        self.rest().starts_with(|letter: char| letter == '-' || letter.is_ascii_digit())
    }

    /// The next word; `wanted` says what it should be.
    pub(crate) fn word(&mut self, wanted: &str) -> Result<&'a str, Stumble> {
        if self.is_at_end() {
            return Err(self.stumble(format!("the line ends where {wanted} belongs")));
        }
        if self.is_at_text() {
            return Err(self.stumble(format!("a text in quotes stands where {wanted} belongs")));
        }
        let rest = self.rest();
        let end = rest.find(|letter: char| letter.is_whitespace() || letter == '"').unwrap_or(rest.len());
        self.at += end;
        Ok(&rest[..end])
    }

    /// Goes past the next word if it is this one.
    pub(crate) fn takes(&mut self, word: &str) -> bool {
        let mut ahead = self.clone();
        let is_it = ahead.word("").is_ok_and(|found| found == word);
        if is_it {
            *self = ahead;
        }
        is_it
    }

    /// The next text in quotes; `wanted` says what it should be.
    pub(super) fn text(&mut self, wanted: &str) -> Result<String, Stumble> {
        if !self.is_at_text() {
            let found = if self.is_at_end() { "nothing" } else { "something without quotes" };
            return Err(self.stumble(format!("{found} stands where {wanted} belongs, as \"…\"")));
        }
        self.parsed().map(|(_, text)| text).map_err(|stumble| Stumble {
            what: format!("this text is not written as JSON writes texts: {}", stumble.what),
            ..stumble
        })
    }

    /// The next JSON object: as written, and read.
    pub(super) fn object(&mut self) -> Result<(&'a str, Value), Stumble> {
        self.skip_space();
        if !self.rest().starts_with('{') {
            return Err(self.stumble("a JSON object belongs here, as {\"kind\":\"unsupported\"}"));
        }
        self.parsed()
            .map_err(|stumble| Stumble { what: format!("this is no JSON object: {}", stumble.what), ..stumble })
    }

    fn parsed<T: DeserializeOwned>(&mut self) -> Result<(&'a str, T), Stumble> {
        let rest = self.rest();
        let mut stream = Deserializer::from_str(rest).into_iter::<T>();
        match stream.next() {
            Some(Ok(value)) => {
                let end = stream.byte_offset();
                self.at += end;
                Ok((&rest[..end], value))
            }
            Some(Err(fault)) => {
                // Its column counts bytes of this one line.
                let said = in_plain_words(&fault.to_string());
                let mut at = (self.at + fault.column().saturating_sub(1)).min(self.line.len());
                while !self.line.is_char_boundary(at) {
                    at -= 1;
                }
                Err(self.stumble_at(at, said))
            }
            None => Err(self.stumble("nothing stands here")),
        }
    }

    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }
}
