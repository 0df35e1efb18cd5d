//! One line of a trace, taken apart: when, whose, in or out or an event, and the words of what it tells.
//!
//! Reads the format of `docs/format/trace.md` as a trace shows it, so that the trace of another build can be read too.
//! Invariant: a line that was read writes the same text again.

use core::fmt;

use super::fields::line_time;

/// A line of a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Milliseconds since the trace's beginning.
    pub at: i64,
    /// Whose line it is, by its short name.
    pub who: String,
    /// What kind of line it is.
    pub place: Place,
    /// What it tells, piece by piece.
    pub pieces: Vec<Piece>,
    /// The whole line as it stands in the trace.
    pub text: String,
}

/// The third column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// An event, with its number in its machine.
    Event(u64),
    /// Something leaves.
    Leaves,
    /// Something comes in.
    Comes,
}

/// A piece of what a line tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A word.
    Word(String),
    /// `name=value`.
    Field(String, String),
    /// What somebody wrote, quoted or counted.
    Text(String),
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Text(text) => f.write_str(text),
            Self::Field(name, value) => write!(f, "{name}={value}"),
        }
    }
}

impl Line {
    /// Reads a line; `None` where it is none of a trace.
    pub fn read(text: &str) -> Option<Self> {
        let (at, rest) = word(text)?;
        let (who, rest) = word(rest)?;
        let (place, rest) = word(rest)?;
        let place = match place {
            "->" => Place::Leaves,
            "<-" => Place::Comes,
            number => Place::Event(number.parse().ok()?),
        };
        let pieces = pieces(rest.trim_start());
        Some(Self { at: moment(at)?, who: who.to_owned(), place, pieces, text: text.to_owned() })
    }

    /// What kind of thing it tells of: the kind of an event (`send-started`), else its word (`send`, `d7`, `echo-of-e22`),
    /// free of the work it is about.
    pub fn kind(&self) -> &str {
        let mut words = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Word(word) => Some(word.as_str()),
            Piece::Field(..) | Piece::Text(_) => None,
        });
        let first = words.next().unwrap_or_default();
        let named = if effect(first).is_some() { words.next().unwrap_or_default() } else { first };
        named.trim_end_matches([':', '?'])
    }

    /// A field's value, without its quotes.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Field(of, value) if of == name => Some(bare(value)),
            Piece::Field(..) | Piece::Word(_) | Piece::Text(_) => None,
        })
    }

    /// The texts in it, without their quotes.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(bare(text)),
            Piece::Field(..) | Piece::Word(_) => None,
        })
    }

    /// When, as the trace writes it.
    pub fn moment(&self) -> &str {
        self.text.split(' ').next().unwrap_or_default()
    }

    /// Whether it is an event of this kind.
    pub fn is_event(&self, kind: &str) -> bool {
        matches!(self.place, Place::Event(_)) && self.kind() == kind
    }

    /// What it tells, without the columns before.
    pub fn what(&self) -> String {
        let pieces: Vec<String> = self.pieces.iter().map(ToString::to_string).collect();
        pieces.join(" ")
    }
}

/// The next word, and what stands behind it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(' ').unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The pieces of a text; quotes and brackets hold together.
fn pieces(mut text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let whole = if text.starts_with(['"', '(']) { said(text) } else { named(text) };
        let (piece, rest) = text.split_at(whole);
        pieces.push(piece_of(piece));
        text = rest.strip_prefix(' ').unwrap_or(rest);
    }
    pieces
}

fn piece_of(piece: &str) -> Piece {
    if piece.starts_with(['"', '(']) {
        return Piece::Text(piece.to_owned());
    }
    match piece.split_once('=') {
        Some((name, value)) if !name.is_empty() => Piece::Field(name.to_owned(), value.to_owned()),
        Some(_) | None => Piece::Word(piece.to_owned()),
    }
}

/// How long the text is that begins here: a quotation with its count, or a count alone.
fn said(text: &str) -> usize {
    let end = if text.starts_with('"') { quotation(text) } else { bracket(text) };
    let rest = text.get(end..).unwrap_or_default();
    // A quotation that was cut has its length and digest behind it.
    let counted = rest.strip_prefix(' ').filter(|rest| text.starts_with('"') && rest.starts_with('('));
    let end = counted.map_or(end, |rest| end + 1 + bracket(rest));
    let rest = text.get(end..).unwrap_or_default();
    end + rest.len() - rest.trim_start_matches([',', ':']).len()
}

fn quotation(text: &str) -> usize {
    let mut escaped = false;
    for (index, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

fn bracket(text: &str) -> usize {
    text.find(')').map_or(text.len(), |end| end + 1)
}

/// How long the word is that begins here, with the text behind its `=`.
fn named(text: &str) -> usize {
    let end = text.find(' ').unwrap_or(text.len());
    let sign = text.get(..end).and_then(|word| word.find('=')).map(|sign| sign + 1);
    match sign.filter(|sign| text.get(*sign..).is_some_and(|value| value.starts_with(['"', '(']))) {
        Some(sign) => sign + said(text.get(sign..).unwrap_or_default()),
        None => end,
    }
}

/// A value or text without its quotes.
fn bare(value: &str) -> &str {
    value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value)
}

/// Reads hours, minutes, seconds and milliseconds since the beginning: `000:10:00.250`, `-0:00:00.700`.
pub fn moment(text: &str) -> Option<i64> {
    let (sign, face) = text.strip_prefix('-').map_or((1, text), |face| (-1, face));
    let (hours, rest) = face.split_once(':')?;
    let (minutes, rest) = rest.split_once(':')?;
    let (seconds, millis) = rest.split_once('.')?;
    let fits = minutes.len() == 2 && seconds.len() == 2 && millis.len() == 3;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !fits || ![hours, minutes, seconds, millis].into_iter().all(digits) {
        return None;
    }
    let of = |text: &str| text.parse::<i64>().ok();
    let whole = of(hours)?.checked_mul(3_600_000)?;
    Some(sign * whole.checked_add(of(minutes)? * 60_000 + of(seconds)? * 1_000 + of(millis)?)?)
}

/// So many milliseconds since the beginning as a trace writes them: `000:10:00.250`.
pub fn written(at: i64) -> String {
    line_time(at)
}

/// The number of the event that `e22` names.
pub(crate) fn effect(word: &str) -> Option<u64> {
    let digits = word.strip_prefix('e')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Line {
        Line::read(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn an_event_has_its_number_its_kind_its_fields_and_its_text() {
        let line = read(
            "000:10:00.000 A/c1      22  send-started attempt=1 part=2 until=24:00:18.300 by=\"Ada Osei\" \"Yes, from (e)ight.\" -> send",
        );
        assert_eq!(
            (line.at, line.who.as_str(), line.place, line.kind()),
            (600_000, "A/c1", Place::Event(22), "send-started")
        );
        assert_eq!((line.field("part"), line.field("by"), line.field("at")), (Some("2"), Some("Ada Osei"), None));
        assert_eq!(line.texts().collect::<Vec<_>>(), ["Yes, from (e)ight."]);
        assert!(line.is_event("send-started") && !line.is_event("send"));
    }

    #[test]
    fn what_comes_and_leaves_has_a_kind_beside_the_work_it_is_about() {
        for (text, kind) in [
            ("000:00:00.000 -         <-  d1: items=1", "d1"),
            ("000:00:00.000 A/c1      ->  profile?", "profile"),
            ("000:00:00.000 A/c1      ->  e22 send RESPONSE \"Yes.\"", "send"),
            ("000:00:00.000 A/c1      <-  e22 REFUSED 10/2018278 window-closed", "REFUSED"),
            ("000:00:00.000 A/c1      <-  echo-of-e22: mid=m_5", "echo-of-e22"),
        ] {
            assert_eq!(read(text).kind(), kind, "{text}");
        }
    }

    #[test]
    fn every_line_of_a_trace_writes_what_was_read() {
        for what in [
            "f1: comment=14 task=1 by \"Ada\", for the customer: \"Yes, \\\"from\\\" eight.\"",
            "received-message mid=m~1 \"Guten Morgen, ich …\" (73 characters, d929)",
            "received-message mid=m~1 (30 characters)",
            "task-opening lines=1 customer=\"Mara L\" name=\"Mara (FB, Quay)\" -> open-task",
            "e5 open-task \"M…\" (73 characters, 8a1a): \"one\" | \"two (2)\" (70 characters, abcd) | \"three\"",
            "received at=0:02:09.978 author.name=(15 characters) post=\"1_2\" \"half",
        ] {
            assert_eq!(read(&format!("000:00:00.000 A/c1      22  {what}")).what(), what);
        }
    }

    #[test]
    fn moments_are_read_to_the_millisecond_and_nothing_else_is_one() {
        for (text, at) in
            [("000:00:00.001", 1), ("-0:00:00.700", -700), ("264:11:00.000", 951_060_000), ("1:02:03.004", 3_723_004)]
        {
            assert_eq!(moment(text), Some(at), "{text}");
            assert_eq!(moment(&written(at)), Some(at), "{text}");
        }
        for text in
            ["", "0:0:0.0", "00:00:00", "1:00:00.0000", "x:00:00.000", "1:-1:00.000", "9999999999999999999:00:00.000"]
        {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_line_is_not_read() {
        for text in ["", "summary", "  sends   8", "# trace 1: x", "000:00:00.000 A/c1", "000:00:00.000 A/c1 x y"] {
            assert_eq!(Line::read(text), None, "{text}");
        }
    }
}
