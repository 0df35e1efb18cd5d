//! JSON as text: every key, string and number with the place where it stands, and a way to put others in their place.
//! Everything between them stays byte for byte, and so do the style of escapes, double keys and the form of numbers.
//!
//! No tree is built: nesting costs one level each. The text must be JSON; any other text is walked, too, without sense.

use anyhow::Result;

/// An object or array around a token.
#[derive(Clone, Debug)]
pub(super) struct Level {
    /// The key of the member that is being read; `None` in an array.
    pub(super) key: Option<String>,
    /// The number of the element that is being read.
    pub(super) index: usize,
    /// Whether a key comes next.
    expects_key: bool,
}

/// A token as it stands in the text; the levels around it are told with it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token<'a> {
    /// The key of a member, with its quotes.
    Key(&'a str),
    /// A string, with its quotes.
    Text(&'a str),
    /// A number.
    Number(&'a str),
}

/// Goes over all tokens; what `each` returns stands in their place.
pub(super) fn walk(text: &str, mut each: impl FnMut(&[Level], Token<'_>) -> Result<Option<String>>) -> Result<String> {
    let mut written = String::with_capacity(text.len());
    let mut levels: Vec<Level> = Vec::new();
    let (mut at, mut copied) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let start = at;
        at += 1;
        let token = match bytes[start] {
            b'{' => {
                levels.push(Level { key: Some(String::new()), index: 0, expects_key: true });
                continue;
            }
            b'[' => {
                levels.push(Level { key: None, index: 0, expects_key: false });
                continue;
            }
            b'}' | b']' => {
                levels.pop();
                continue;
            }
            b',' => {
                if let Some(level) = levels.last_mut() {
                    level.expects_key = level.key.is_some();
                    level.index += 1;
                }
                continue;
            }
            b'"' => {
                at = string_end(bytes, at);
                let raw = &text[start..at];
                match levels.last_mut() {
                    Some(level) if level.expects_key => {
                        level.expects_key = false;
                        level.key = Some(Written::read(raw).plain());
                        Token::Key(raw)
                    }
                    Some(_) | None => Token::Text(raw),
                }
            }
            b'-' | b'0'..=b'9' => {
                while bytes.get(at).is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
                    at += 1;
                }
                Token::Number(&text[start..at])
            }
            _ => continue,
        };
        if let Some(instead) = each(&levels, token)? {
            written.push_str(&text[copied..start]);
            written.push_str(&instead);
            copied = at;
        }
    }
    written.push_str(&text[copied..]);
    Ok(written)
}

/// Behind the quote that ends the string whose content begins here.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    // The byte after a last backslash may lie inside a character: there is none in JSON, and the text has ended.
    bytes.len()
}

/// A string with the style in which each of its characters is written.
pub(super) struct Written<'a> {
    /// The characters; for half a surrogate pair, which is none, the replacement character.
    pub(super) text: Vec<char>,
    raw: Vec<&'a str>,
    quotes: (&'a str, &'a str),
}

impl<'a> Written<'a> {
    /// Reads a string with its quotes.
    pub(super) fn read(quoted: &'a str) -> Self {
        let inner = quoted.strip_prefix('"').unwrap_or(quoted);
        let (inner, end) = inner.strip_suffix('"').map_or((inner, ""), |inner| (inner, "\""));
        let mut written = Self {
            text: Vec::new(),
            raw: Vec::new(),
            quotes: (&quoted[..quoted.len() - inner.len() - end.len()], end),
        };
        let mut rest = inner;
        while let Some(first) = rest.chars().next() {
            let (letter, length) = if first == '\\' { escape(rest) } else { (first, first.len_utf8()) };
            written.text.push(letter);
            written.raw.push(&rest[..length]);
            rest = &rest[length..];
        }
        written
    }

    /// The characters as text.
    pub(super) fn plain(&self) -> String {
        self.text.iter().collect()
    }

    /// The same string with other characters, each in the style of the one whose place it takes.
    pub(super) fn with(&self, text: &[char]) -> String {
        let mut quoted = String::from(self.quotes.0);
        for ((old, raw), new) in self.text.iter().zip(&self.raw).zip(text) {
            if old == new {
                quoted.push_str(raw);
            } else if let Some(digits) = raw.strip_prefix("\\u") {
                let capital = digits.bytes().any(|byte| byte.is_ascii_uppercase());
                for unit in new.encode_utf16(&mut [0; 2]) {
                    quoted.push_str(&if capital { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
                }
            } else {
                quoted.push(*new);
            }
        }
        quoted.push_str(self.quotes.1);
        quoted
    }
}

/// The character that an escape stands for, and its length.
fn escape(rest: &str) -> (char, usize) {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    if let Some(first) = unit(0) {
        if let Some(letter) = char::from_u32(u32::from(first)) {
            return (letter, 6);
        }
        let pair = [first, unit(6).unwrap_or_default()];
        return match char::decode_utf16(pair).next() {
            Some(Ok(letter)) => (letter, 12),
            Some(Err(_)) | None => (char::REPLACEMENT_CHARACTER, 6),
        };
    }
    let second = rest[1..].chars().next();
    let letter = match second {
        Some('n') => '\n',
        Some('t') => '\t',
        Some('r') => '\r',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some(other) => other,
        None => '\\',
    };
    (letter, 1 + second.map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_with_their_places_and_nothing_else_changes() {
        let text = "{ \"a\" : [1, {\"b\":\"x\"}, true],\t\"a\":-2.50e3, \"\":{}, \"c\":\"\" }\n";
        let mut seen = Vec::new();
        let same = walk(text, |levels, token| {
            let path: Vec<String> =
                levels.iter().map(|level| level.key.clone().unwrap_or_else(|| level.index.to_string())).collect();
            seen.push(format!("{} {token:?}", path.join(".")));
            Ok(None)
        })
        .unwrap();
        assert_eq!(same, text);
        let expected = [
            r#"a Key("\"a\"")"#,
            r#"a.0 Number("1")"#,
            r#"a.1.b Key("\"b\"")"#,
            r#"a.1.b Text("\"x\"")"#,
            r#"a Key("\"a\"")"#,
            r#"a Number("-2.50e3")"#,
            r#" Key("\"\"")"#,
            r#"c Key("\"c\"")"#,
            r#"c Text("\"\"")"#,
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_character_is_written_in_the_style_of_the_one_it_replaces() {
        let cases = [
            (r#""a\u00e9é\/\n\ud83d\ude00\ud83d\uD83D\u00E9""#, "aéé/\n😀\u{fffd}\u{fffd}é"),
            (r#""\\ud83d\"""#, "\\ud83d\""),
            (r#""""#, ""),
        ];
        for (quoted, expected) in cases {
            let written = Written::read(quoted);
            assert_eq!(written.plain(), expected);
            assert_eq!(written.with(&written.text), quoted);
        }
        let written = Written::read(r#""\u00e9é\u00C9\ud83d\ude00\/""#);
        let other: Vec<char> = "üüÜ😁/".chars().collect();
        assert_eq!(written.with(&other), r#""\u00fcü\u00DC\ud83d\ude01\/""#);
    }

    #[test]
    fn text_that_is_no_json_takes_nobody_down() {
        for text in ["\"", "\"\\", "\"\\u", "\"\\ü", "\"\\u12", "}]\"a\":", "{\"a", "-", "\"\\ud83d\\u00"] {
            assert_eq!(
                walk(text, |_, token| match token {
                    Token::Key(raw) | Token::Text(raw) => {
                        let written = Written::read(raw);
                        Ok(Some(written.with(&written.text)))
                    }
                    Token::Number(_) => Ok(None),
                })
                .unwrap(),
                text
            );
        }
    }
}
