//! What the libraries that read JSON, TOML and queries say of a text, in words for whoever wrote that text.
//!
//! Words alone: nothing is read here, and no place is told, since whoever asks knows it better. Invariants: whatever a
//! library says, something is said; a sentence that is not known here comes back as it is, so that nothing is hidden.

/// Says in plain words what `serde`, `serde_json` or `toml` say is wrong. The place at the end of a sentence of
/// `serde_json` (`at line 1 column 8`) is left out.
///
/// The sentences are those of `serde` 1, `serde_json` 1 and `toml` 1, read 2026-11-23.
pub fn in_plain_words(said: &str) -> String {
    let said = without_place(said.trim_end());
    shape(said).or_else(|| syntax(said).map(str::to_owned)).unwrap_or_else(|| {
        // The way in which `toml` ends a sentence.
        match said.split_once(", expected ") {
            Some((what, "nothing")) => what.to_owned(),
            Some((what, wanted)) => format!("{what}; {} belongs here", one_of(wanted)),
            None => said.to_owned(),
        }
    })
}

fn without_place(said: &str) -> &str {
    match said.rsplit_once(" at line ") {
        Some((what, place)) if place.starts_with(|first: char| first.is_ascii_digit()) => what,
        Some(_) | None => said,
    }
}

/// The text is JSON or TOML, and holds something else than what belongs there.
fn shape(said: &str) -> Option<String> {
    let after = |word: &str| said.strip_prefix(word);
    if let Some(field) = after("missing field ") {
        return Some(format!("{field} is missing"));
    }
    if let Some(field) = after("duplicate field ") {
        return Some(format!("{field} stands twice"));
    }
    if let Some((field, known)) = after("unknown field ").and_then(|rest| rest.split_once(", ")) {
        return Some(match known.strip_prefix("expected ") {
            Some(known) => format!("there is no {field} here: {} can stand here", one_of(known)),
            None => format!("there is no {field} here, and nothing else can stand here"),
        });
    }
    if let Some((found, known)) = after("unknown variant ").and_then(|rest| rest.split_once(", expected ")) {
        return Some(format!("{found} is not known here: {} can stand here", one_of(known)));
    }
    let mismatch = after("invalid type: ").or_else(|| after("invalid value: "));
    if let Some((found, wanted)) = mismatch.and_then(|rest| rest.split_once(", expected ")) {
        return Some(format!("{} belongs here, not {}", kind(wanted), value(found)));
    }
    let (length, wanted) = after("invalid length ").and_then(|rest| rest.split_once(", expected "))?;
    Some(format!("{} belongs here, not a list of {length}", kind(wanted)))
}

/// The text is not JSON or TOML.
fn syntax(said: &str) -> Option<&'static str> {
    Some(match said {
        "EOF while parsing a value" => "the text ends where a value belongs",
        "EOF while parsing a string" => "the text ends inside of quotes",
        "EOF while parsing an object" => "the text ends before its } does",
        "EOF while parsing a list" => "the text ends before its ] does",
        "expected value" => "a value belongs here: text in quotes, a number, true, false, null, [ or {",
        "expected ident" => "a word without quotes can only be true, false or null",
        "expected `:`" => "a : belongs here",
        "expected `,` or `}`" => "a comma or } belongs here",
        "expected `,` or `]`" => "a comma or ] belongs here",
        "key must be a string" => "a name in quotes belongs here",
        "trailing comma" => "nothing follows the comma",
        "trailing characters" => "something follows where the text should end",
        "invalid number" => "this is no number",
        "invalid digit found in string" | "cannot parse integer from empty string" => "a whole number belongs here",
        "number too large to fit in target type" | "number too small to fit in target type" => {
            "the number is too large"
        }
        "provided string was not `true` or `false`" => "true or false belongs here",
        "number out of range" => "the number is too large",
        "invalid escape" => "what follows the backslash has no meaning: write \\\\ for one",
        "recursion limit exceeded" => "too much stands inside of each other",
        "unclosed table, expected `]`" => "the line begins with [ and does not end with ]",
        "unclosed array table, expected `]`" => "the line begins with [[ and does not end with ]]",
        _ if said.starts_with("control character ") => {
            "a line break or another sign without a form stands in a text: \
                                                        write \\n"
        }
        _ if said.ends_with("surrogate in hex escape") => "\\u with this number is half a sign",
        _ => return None,
    })
}

/// A list of words as `serde` writes it: "one of `a`, `b`" or "`a` or `b`".
fn one_of(known: &str) -> &str {
    known.strip_prefix("one of ").unwrap_or(known)
}

/// What a library calls a kind of value.
fn kind(wanted: &str) -> &str {
    match wanted {
        "a string" | "a borrowed string" | "string" => "text in quotes",
        "a boolean" | "boolean" => "true or false",
        "i8" | "i16" | "i32" | "i64" | "isize" | "a signed integer" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "variant identifier" | "string or map" => "a word in quotes",
        "unit" => "nothing",
        _ if wanted.starts_with("struct ") => "an object",
        _ if wanted.starts_with("tuple ") => "a list",
        _ if wanted.starts_with("internally tagged enum ") || wanted.starts_with("adjacently tagged enum ") => {
            "an object"
        }
        _ => wanted.strip_prefix("one of ").unwrap_or(wanted),
    }
}

/// A value as a library shows it.
fn value(found: &str) -> String {
    let (what, shown) = match found.split_once(' ') {
        Some((what, shown)) => (what, shown.strip_prefix("point ").unwrap_or(shown)),
        None => (found, ""),
    };
    match what {
        "integer" | "floating" => format!("the number {}", shown.trim_matches('`')),
        "string" | "character" => format!("the text {shown}"),
        "boolean" => shown.trim_matches('`').to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        "null" | "unit" => "null".to_owned(),
        _ => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what cannot be read matters here")]
    struct Thing {
        text: String,
        number: Option<u32>,
        yes: Option<bool>,
        colour: Option<Colour>,
        list: Option<Vec<i64>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        Green,
    }

    fn told(text: &str) -> String {
        in_plain_words(&serde_json::from_str::<Thing>(text).expect_err(text).to_string())
    }

    #[test]
    fn what_json_gets_wrong_is_told_without_words_of_a_library() {
        for (text, words) in [
            ("{}", "`text` is missing"),
            (r#"{"text":5}"#, "text in quotes belongs here, not the number 5"),
            (r#"{"text":1.5}"#, "text in quotes belongs here, not the number 1.5"),
            (r#"{"text":null}"#, "text in quotes belongs here, not null"),
            (r#"{"text":["a"]}"#, "text in quotes belongs here, not a list"),
            (r#"{"number":-1}"#, "a whole number that is not negative belongs here, not the number -1"),
            (r#"{"yes":"no"}"#, "true or false belongs here, not the text \"no\""),
            (r#"{"list":{}}"#, "a list belongs here, not an object"),
            (r#"{"list":true}"#, "a list belongs here, not true"),
            (r#"{"colour":"blue"}"#, "`blue` is not known here: `red` or `green` can stand here"),
            (r#"{"text":"a","text":"b"}"#, "`text` stands twice"),
            (r#"{"txt":"a"}"#, "there is no `txt` here: `text`, `number`, `yes`, `colour`, `list` can stand here"),
            ("5", "an object belongs here, not the number 5"),
            ("[]", "an object belongs here, not a list of 0"),
        ] {
            assert_eq!(told(text), words, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_by_what_belongs_there() {
        for (text, words) in [
            ("", "the text ends where a value belongs"),
            ("{", "the text ends before its } does"),
            ("{\"text\":\"a", "the text ends inside of quotes"),
            ("{\"text\"}", "a : belongs here"),
            ("{\"text\":}", "a value belongs here: text in quotes, a number, true, false, null, [ or {"),
            ("{\"text\":\"a\" \"b\"}", "a comma or } belongs here"),
            ("{\"text\":\"a\",}", "nothing follows the comma"),
            ("{text:1}", "a name in quotes belongs here"),
            ("{\"text\":\"a\"} x", "something follows where the text should end"),
            ("{\"text\":\"a\nb\"}", "a line break or another sign without a form stands in a text: write \\n"),
            ("{\"text\":\"\\x\"}", "what follows the backslash has no meaning: write \\\\ for one"),
        ] {
            assert_eq!(told(text), words, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_comes_back_as_it_is() {
        assert_eq!(in_plain_words("the moon is missing"), "the moon is missing");
        assert_eq!(in_plain_words("late at line end"), "late at line end");
        assert_eq!(in_plain_words("extra `=`, expected nothing"), "extra `=`");
        assert_eq!(in_plain_words("odd, expected newline, `#`"), "odd; newline, `#` belongs here");
    }
}
