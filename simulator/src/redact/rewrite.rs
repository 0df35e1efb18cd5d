//! From a text, a value or a body to its pseudonym. The same code gathers what there is: then nothing is rewritten.
//!
//! Invariants: as many characters and UTF-16 units as before; the same text has the same pseudonym wherever it stands, and
//! no two texts share one but by chance; what is found in a pseudonym stands where it was found in the text.

mod span;

use core::ops::Range;

use anyhow::Result;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::alphabet::Alphabet;
use super::field::{self, Rule};
use super::find::{self, Span};
use super::json::{self, Level, Token, Written};
use super::key::Key;
use super::ledger::Numbers;
use super::permute::permute;
pub(super) use span::DRAWN_LETTERS;

/// How often a pseudonym is drawn again that looks as if something stood in it that did not stand in the text.
const DRAWS_MAX: usize = 64;

/// A letter that changes: where, of which alphabet, and its place there.
type Letter = (usize, Alphabet, u32);

/// Makes pseudonyms.
pub(super) struct Rewriter<N> {
    pub(super) key: Key,
    pub(super) numbers: N,
}

impl<N: Numbers> Rewriter<N> {
    /// A body of a delivery. What is no JSON is a text.
    pub(super) fn body(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        let (text, broken) = readable(body);
        let (mark, content) = text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 });
        let redacted = if serde_json::from_str::<&RawValue>(content).is_ok() {
            json::walk(content, |levels, token| self.token(levels, token))?
        } else {
            self.plain(content)?
        };
        Ok(with_broken(&format!("{mark}{redacted}"), broken))
    }

    /// A text of a person, or a name.
    pub(super) fn plain(&mut self, text: &str) -> Result<String> {
        Ok(self.text(&text.chars().collect::<Vec<_>>())?.into_iter().collect())
    }

    /// An id that stands alone.
    pub(super) fn id(&mut self, id: &str) -> Result<String> {
        Ok(self.value(Rule::Id, &id.chars().collect::<Vec<_>>())?.into_iter().collect())
    }

    fn token(&mut self, levels: &[Level], token: Token<'_>) -> Result<Option<String>> {
        let (rule, quoted, is_key) = match token {
            Token::Number(number) => {
                let rule = field::of_value(levels);
                let stays = field::stays(rule, number);
                return if stays { Ok(None) } else { self.number(rule, number).map(Some) };
            }
            Token::Key(quoted) => (field::of_name(levels), quoted, true),
            Token::Text(quoted) => (Some(field::of_value(levels)), quoted, false),
        };
        let Some(rule) = rule else { return Ok(None) };
        let written = Written::read(quoted);
        if field::stays(rule, &written.plain()) {
            return Ok(None);
        }
        let redacted = match (is_key, rule) {
            (true, Rule::Text) => self.piece(&written.text, field::is_key)?,
            (_, rule) => self.value(rule, &written.text)?,
        };
        Ok((!N::GATHERS).then(|| written.with(&redacted)))
    }

    /// A value of which more is known than its looks.
    fn value(&mut self, rule: Rule, text: &[char]) -> Result<Vec<char>> {
        let mut redacted = text.to_vec();
        match rule {
            Rule::Id => match digits_of_id(text) {
                Some(runs) => runs.into_iter().try_for_each(|run| self.digits(text, run, true, &mut redacted))?,
                None => return self.text(text),
            },
            Rule::Phone if is_phone(text) => self.phone(text, &(0..text.len()), false, &mut redacted)?,
            Rule::Phone | Rule::Text | Rule::Word | Rule::Time | Rule::Small | Rule::Language => {
                return self.text(text);
            }
        }
        Ok(redacted)
    }

    /// A number of JSON: a long one is an id wherever it stands; of others the digits change.
    fn number(&mut self, rule: Rule, number: &str) -> Result<String> {
        let text: Vec<char> = number.chars().collect();
        let is_plain = text.iter().all(char::is_ascii_digit);
        let is_long = text.len() >= find::ID_DIGITS;
        if is_plain && (is_long || matches!(rule, Rule::Id | Rule::Phone)) {
            return Ok(self.value(rule, &text)?.into_iter().collect());
        }
        if N::GATHERS {
            return Ok(number.to_owned());
        }
        // An exponent stays: with another one the number might be none any more.
        let end = text.iter().position(|letter| matches!(letter, 'e' | 'E')).unwrap_or(text.len());
        let start = text[..end].iter().position(char::is_ascii_digit).unwrap_or(end);
        let mut letters: Vec<Letter> = letters(&text[..end], &[], false);
        if let Some((at, alphabet, place)) = letters.first_mut().filter(|(at, ..)| *at == start) {
            match text[*at] {
                '0' => drop(letters.remove(0)),
                _ => (*alphabet, *place) = (Alphabet::Leading, *place - 1),
            }
        }
        let mut redacted = text.clone();
        self.scramble("number", &[], &text, &[], &letters, &mut redacted, |_| true);
        Ok(redacted.into_iter().collect())
    }

    /// A text, in the pieces in which the node would send it: each has the pseudonym that it has alone.
    fn text(&mut self, text: &[char]) -> Result<Vec<char>> {
        let mut redacted = text.to_vec();
        for piece in pieces(text) {
            let done = self.piece(&text[piece.clone()], |_| false)?;
            redacted[piece].copy_from_slice(&done);
        }
        Ok(redacted)
    }

    /// A text that becomes nothing that is `taken`; two never become one, however often that turns out.
    fn piece(&mut self, text: &[char], taken: impl Fn(&str) -> bool) -> Result<Vec<char>> {
        let spans = find::spans(text);
        let mut redacted = text.to_vec();
        for span in &spans {
            self.span(text, span, &mut redacted)?;
        }
        if !N::GATHERS {
            let letters = letters(text, &spans, false);
            let same =
                |redacted: &[char]| find::spans(redacted) == spans && !taken(&redacted.iter().collect::<String>());
            self.scramble("text", &[], text, &spans, &letters, &mut redacted, same);
        }
        Ok(redacted)
    }

    /// Permutes letters until the text looks as it should.
    #[expect(clippy::too_many_arguments, reason = "a text, its parts, and what it may look like")]
    fn scramble(
        &self,
        purpose: &str,
        about: &[u8],
        text: &[char],
        spans: &[Span],
        letters: &[Letter],
        redacted: &mut [char],
        is_good: impl Fn(&[char]) -> bool,
    ) {
        let shape = shape(purpose, about, text, spans, letters);
        let alphabets: Vec<Alphabet> = letters.iter().map(|(_, alphabet, _)| alphabet.clone()).collect();
        let mut places: Vec<u32> = letters.iter().map(|(.., place)| *place).collect();
        for _ in 0..DRAWS_MAX {
            permute(&self.key, &shape, &alphabets, &mut places);
            for ((at, alphabet, _), place) in letters.iter().zip(&places) {
                redacted[*at] = alphabet.letter(*place);
            }
            if letters.is_empty() || is_good(redacted) {
                break;
            }
        }
    }
}

/// What a text keeps: everything but the letters that change, and of them the alphabets.
fn shape(purpose: &str, about: &[u8], text: &[char], spans: &[Span], letters: &[Letter]) -> [u8; 32] {
    let mut shape = Sha256::new();
    shape.update(purpose.as_bytes());
    shape.update([0]);
    shape.update(u64::try_from(about.len()).expect("a length fits 64 bits").to_be_bytes());
    shape.update(about);
    let mut changing = letters.iter().peekable();
    let mut spans = spans.iter().peekable();
    let mut at = 0;
    while at < text.len() {
        if let Some(span) = spans.next_if(|span| span.at.start == at) {
            let length = u64::try_from(span.at.len()).expect("a length fits 64 bits");
            shape.update([2, u8::try_from(span.kind as u32).expect("kinds are few")]);
            shape.update(length.to_be_bytes());
            at = span.at.end;
            continue;
        }
        match changing.next_if(|(letter, ..)| *letter == at) {
            Some((_, alphabet, _)) => shape.update([&[1][..], &alphabet.tag().to_be_bytes()].concat()),
            None => shape.update([&[0][..], &u32::from(text[at]).to_be_bytes()].concat()),
        }
        at += 1;
    }
    shape.finalize().into()
}

/// The letters of a text that stand in none of the spans; in an address escapes count by their two digits.
fn letters(text: &[char], spans: &[Span], is_address: bool) -> Vec<Letter> {
    let mut letters = Vec::new();
    let mut spans = spans.iter().peekable();
    let mut at = 0;
    while at < text.len() {
        if let Some(span) = spans.next_if(|span| span.at.start == at) {
            at = span.at.end;
            continue;
        }
        let nibbles = [text.get(at + 1), text.get(at + 2)].map(|letter| letter.and_then(|letter| letter.to_digit(16)));
        // An e-mail address begins in an escape where nothing else parts the two.
        let is_whole = spans.peek().is_none_or(|span| span.at.start >= at + 3);
        if let (true, '%', [Some(high), Some(low)]) = (is_address && is_whole, text[at], nibbles) {
            let capital = !text[at + 1..at + 3].iter().any(char::is_ascii_lowercase);
            letters.extend([(at + 1, Alphabet::Nibble(capital), high), (at + 2, Alphabet::Nibble(capital), low)]);
            at += 3;
            continue;
        }
        letters.extend(Alphabet::of(text[at]).map(|(alphabet, place)| (at, alphabet, place)));
        at += 1;
    }
    letters
}

/// The runs of digits of an id: digits, or several runs joined by `_`, behind a few small letters and `_` or none.
pub(super) fn digits_of_id(text: &[char]) -> Option<Vec<Range<usize>>> {
    let head = text.iter().take_while(|letter| letter.is_ascii_lowercase()).count();
    let start = match (head, text.get(head)) {
        (0, _) => 0,
        (1..=3, Some('_')) => head + 1,
        _ => return None,
    };
    let mut runs = Vec::new();
    let mut at = start;
    loop {
        let end = at + text[at..].iter().take_while(|letter| letter.is_ascii_digit()).count();
        if end == at {
            return None;
        }
        runs.push(at..end);
        match text.get(end) {
            None => return Some(runs),
            Some('_') => at = end + 1,
            Some(_) => return None,
        }
    }
}

/// Whether nothing but a phone number stands here.
pub(super) fn is_phone(text: &[char]) -> bool {
    let digits = text.iter().filter(|letter| letter.is_ascii_digit()).count();
    let others =
        |letter: &char| letter.is_ascii_digit() || matches!(letter, '+' | ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}');
    (4..=15).contains(&digits) && text.iter().all(others)
}

/// The pieces in which a text is sent; white space between them stands in none.
pub(super) fn pieces(text: &[char]) -> Vec<Range<usize>> {
    if text.len() <= machine::outbound::TEXT_CHARACTERS_MAX {
        return core::iter::once(0..text.len()).collect();
    }
    let mut at = 0;
    let sent = machine::outbound::split(&text.iter().collect::<String>());
    let found = sent.into_iter().map(|piece| {
        let piece: Vec<char> = piece.chars().collect();
        while !text[at..].starts_with(&piece) && at < text.len() {
            at += 1;
        }
        let start = at;
        at = (at + piece.len()).min(text.len());
        start..at
    });
    found.collect()
}

/// The body as text, and the character that stands in it for every byte that is no UTF-8.
fn readable(body: &[u8]) -> (std::borrow::Cow<'_, str>, Option<char>) {
    if let Ok(text) = core::str::from_utf8(body) {
        return (text.into(), None);
    }
    // Noncharacters are nobody's; one that is not in the body either.
    let mut marks = (0xfdd0..=0xfdef).filter_map(char::from_u32);
    let free = marks.find(|mark| !body.windows(3).any(|bytes| bytes == mark.encode_utf8(&mut [0; 4]).as_bytes()));
    let mark = free.unwrap_or(char::REPLACEMENT_CHARACTER);
    let mut text = String::new();
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| mark));
    }
    (text.into(), Some(mark))
}

/// The text as a body: what was no UTF-8 is a byte again that never is.
fn with_broken(text: &str, broken: Option<char>) -> Vec<u8> {
    let Some(mark) = broken else { return text.as_bytes().to_vec() };
    let mut body = Vec::with_capacity(text.len());
    for (number, part) in text.split(mark).enumerate() {
        if number > 0 {
            body.push(0xff);
        }
        body.extend_from_slice(part.as_bytes());
    }
    body
}
