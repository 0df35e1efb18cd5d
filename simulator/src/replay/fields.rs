//! A stored event's body as the telling part of a line: `part=1 rule=standard_window "Yes, come by."`.
//!
//! Works on the stored form and not on the types, so that a new kind of event has a readable line at once. Invariant:
//! a text that is not known to be harmless is quoted where the recording is made up and counted elsewhere.

use std::collections::BTreeMap;

use model::{EffectId, MachineId, Timestamp};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Characters of a text that a line shows.
const TEXT_MAX: usize = 60;
/// Characters of an id that a line shows whole.
const ID_MAX: usize = 24;

/// Said already by the line, or of no use to a reader.
const UNTOLD: [&str; 5] = ["page", "psid", "key", "token_mark", "raw"];

/// Strings under these keys name things of the platform or the product, never what a person said or is called.
const HARMLESS: [&str; 35] = [
    "act",
    "app",
    "audience",
    "author",
    "cause",
    "channel",
    "comment",
    "contact",
    "deed",
    "edition",
    "field",
    "from",
    "human_agent_base",
    "item",
    "kind",
    "list",
    "message_tag",
    "metadata",
    "mid",
    "mids",
    "object",
    "origin",
    "owner",
    "previous",
    "reason",
    "reply_to",
    "resolution",
    "row",
    "rule",
    "source",
    "tag",
    "task",
    "verb",
    "way",
    "why",
];

/// How a trace writes instants and texts.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// The recording's first instant.
    pub(crate) began_at: Timestamp,
    /// The recording is made up: what people wrote may be shown.
    pub(crate) tells_text: bool,
    /// What deliveries are called, by their number in the inbox.
    pub(crate) deliveries: BTreeMap<u64, String>,
}

impl Manner {
    /// The time at the beginning of a line: hours, minutes, seconds, milliseconds since the beginning.
    pub(crate) fn line_time(&self, at: Timestamp) -> String {
        line_time(at.0.saturating_sub(self.began_at.0))
    }

    /// An instant inside a line.
    fn instant(&self, at: i64) -> String {
        let (sign, hours, rest) = clock_face(at.saturating_sub(self.began_at.0));
        format!("{sign}{hours}{rest}")
    }

    /// A text: quoted and cut, or only counted.
    pub(crate) fn text(&self, text: &str) -> String {
        let count = text.chars().count();
        if !self.tells_text {
            return format!("({count} characters)");
        }
        if count <= TEXT_MAX {
            return quoted(text);
        }
        let head: String = text.chars().take(TEXT_MAX).collect();
        // The digest shows a change behind the cut.
        format!("{} ({count} characters, {})", quoted(&format!("{head}…")), digest(text, 4))
    }
}

/// A text in quotes, in every script as it is read; what cannot be seen or turns lines round is named. By a list of its own,
/// so that no version of a library changes a trace.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => quoted.extend(letter.escape_unicode()),
            _ if letter.is_control() => quoted.extend(letter.escape_unicode()),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// So many milliseconds since the beginning, as a line begins with them.
pub(crate) fn line_time(span: i64) -> String {
    let (sign, hours, rest) = clock_face(span);
    format!("{sign}{hours:03}{rest}")
}

fn clock_face(span: i64) -> (&'static str, u64, String) {
    let (sign, span) = (if span < 0 { "-" } else { "" }, span.unsigned_abs());
    let (minutes, seconds, millis) = (span / 60_000 % 60, span / 1_000 % 60, span % 1_000);
    (sign, span / 3_600_000, format!(":{minutes:02}:{seconds:02}.{millis:03}"))
}

/// Hex digits that stand for a text.
fn digest(text: &str, digits: usize) -> String {
    hex::encode(Sha256::digest(text.as_bytes())).chars().take(digits).collect()
}

/// An id whole if it is short, else its beginning and a digest.
pub(crate) fn id(text: &str) -> String {
    let plain = text.chars().all(|character| character.is_ascii_graphic()) && !text.is_empty();
    if plain && text.len() <= ID_MAX {
        return text.to_owned();
    }
    let head: String = text.chars().take_while(char::is_ascii_alphanumeric).take(2).collect();
    format!("{head}~{}", digest(text, 8))
}

/// The fields of a body: first those that name things, then texts.
pub(crate) fn of(body: &Value, machine: &MachineId, at: Timestamp, manner: &Manner) -> Vec<String> {
    let mut fields = Fields { machine, at, manner, plain: Vec::new(), texts: Vec::new() };
    if let Value::Object(map) = body {
        fields.object("", map);
    }
    fields.plain.sort();
    fields.plain.into_iter().chain(fields.texts).collect()
}

struct Fields<'a> {
    machine: &'a MachineId,
    at: Timestamp,
    manner: &'a Manner,
    plain: Vec<String>,
    texts: Vec<String>,
}

impl Fields<'_> {
    fn object(&mut self, path: &str, map: &Map<String, Value>) {
        for (key, value) in map.iter().filter(|(key, _)| !UNTOLD.contains(&key.as_str())) {
            self.field(path, key, value);
        }
    }

    fn field(&mut self, path: &str, key: &str, value: &Value) {
        let name = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match value {
            Value::Null => {}
            Value::Bool(flag) => self.plain.push(format!("{name}={flag}")),
            Value::Number(number) => self.number(&name, key, number),
            Value::String(text) => self.string(&name, key, text),
            Value::Array(values) => self.array(&name, key, values),
            Value::Object(map) => match key {
                // Tagged unions whose tag is their own name.
                "verdict" | "content" => {
                    for (inner, value) in map.iter().filter(|(inner, _)| inner.as_str() != key) {
                        self.field(path, inner, value);
                    }
                }
                "messaging_type" => {
                    let tag = map.get("message_tag").and_then(Value::as_str).unwrap_or("?");
                    self.plain.push(format!("{name}=MESSAGE_TAG/{}", tag.to_ascii_uppercase()));
                }
                "place" => {
                    let of = |key| map.get(key).map(plainly).unwrap_or_default();
                    self.plain.push(format!("{name}=entry.{}.{}.{}", of("entry"), of("list"), of("item")));
                }
                // What kind of item it is, with the item itself.
                "kind" => self.object(path, map),
                _ => self.object(&name, map),
            },
        }
    }

    fn number(&mut self, name: &str, key: &str, number: &serde_json::Number) {
        let instant = matches!(key, "at" | "until" | "watermark" | "since") || key.ends_with("_at");
        let told = match (key, number.as_i64(), number.as_u64()) {
            ("at", Some(at), _) if at == self.at.0 => return,
            (_, Some(at), _) if instant => self.manner.instant(at),
            ("effect", _, Some(effect)) => format!("e{effect}"),
            ("delivery", _, Some(seq)) => {
                self.manner.deliveries.get(&seq).cloned().unwrap_or_else(|| format!("inbox-{seq}"))
            }
            _ => number.to_string(),
        };
        self.plain.push(format!("{name}={told}"));
    }

    fn string(&mut self, name: &str, key: &str, text: &str) {
        if key == "channel" && text == "messaging" {
            return;
        }
        if key == "messaging_type" {
            self.plain.push(format!("{name}={}", text.to_ascii_uppercase()));
        } else if let Some(effect) = text.parse::<EffectId>().ok().filter(|_| key == "metadata") {
            let foreign = if effect.machine == *self.machine { "" } else { "-of-another" };
            self.plain.push(format!("{name}=e{}{foreign}", effect.seq));
        } else if key == "reason" {
            // Everywhere else reasons are written so.
            self.plain.push(format!("{name}={}", id(&text.replace('_', "-"))));
        } else if HARMLESS.contains(&key) {
            self.plain.push(format!("{name}={}", id(text)));
        } else if key == "text" {
            self.texts.push(self.manner.text(text));
        } else {
            self.texts.push(format!("{name}={}", self.manner.text(text)));
        }
    }

    fn array(&mut self, name: &str, key: &str, values: &[Value]) {
        match key {
            "lines" => self.lines(name, values),
            "attachments" => {
                let kinds: Vec<String> = values.iter().map(|value| attachment(&value["kind"])).collect();
                self.plain.push(format!("{name}={}", kinds.join(",")));
            }
            "contents" => {
                for (index, value) in values.iter().enumerate() {
                    let path = if values.len() == 1 { String::new() } else { index.to_string() };
                    self.field(&path, "content", value);
                }
            }
            "code" => {
                let parts: Vec<String> = values.iter().filter(|value| !value.is_null()).map(plainly).collect();
                self.plain.push(format!("{name}={}", parts.join("/")));
            }
            _ if HARMLESS.contains(&key) || values.iter().all(Value::is_number) => {
                let parts: Vec<String> = values.iter().map(plainly).collect();
                self.plain.push(format!("{name}={}", parts.join(",")));
            }
            _ => self.plain.push(format!("{name}={}", values.len())),
        }
    }

    /// Lines for a task: how many, how many of them are late or from outside. Their texts stand where they leave.
    fn lines(&mut self, name: &str, values: &[Value]) {
        self.plain.push(format!("{name}={}", values.len()));
        let late = values.iter().filter(|line| line["late"] == Value::Bool(true)).count();
        let outside = values.iter().filter(|line| line["origin"] == "outside").count();
        for (word, count) in [("late", late), ("outside", outside)] {
            if count > 0 {
                self.plain.push(format!("{name}.{word}={count}"));
            }
        }
    }
}

/// A scalar without quotes; ids shortened.
fn plainly(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), id)
}

/// The kind of an attachment: a word, or the key of what is known of it; one that is not known has its name inside.
fn attachment(kind: &Value) -> String {
    let name = match kind.as_object().and_then(|tagged| tagged.iter().next()) {
        Some((tag, name)) if tag == "other" => name.as_str(),
        Some((tag, _)) => Some(tag.as_str()),
        None => kind.as_str(),
    };
    name.map_or_else(|| "?".to_owned(), id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manner(tells_text: bool) -> Manner {
        let deliveries = BTreeMap::from([(3, "d2".to_owned())]);
        Manner { began_at: Timestamp(1_000_000), tells_text, deliveries }
    }

    fn told(body: &Value, tells_text: bool) -> String {
        of(body, &"c/17/5".parse().unwrap(), Timestamp(1_000_000), &manner(tells_text)).join(" ")
    }

    #[test]
    fn names_come_first_and_texts_last() {
        let send = json!({
            "part": 1, "attempt": 1, "at": 1_000_000, "content": { "content": "text", "text": "Yes." },
            "verdict": {
                "verdict": "permit", "messaging_type": { "message_tag": "human_agent" }, "until": 87_400_000,
                "edition": "2026-04-27", "rule": "human_agent",
            },
        });
        let plain = "attempt=1 edition=2026-04-27 messaging_type=MESSAGE_TAG/HUMAN_AGENT part=1 rule=human_agent \
                     until=24:00:00.000";
        assert_eq!(told(&send, true), format!("{plain} \"Yes.\""));
        assert_eq!(told(&send, false), format!("{plain} (4 characters)"));
    }

    #[test]
    fn what_is_new_or_personal_is_counted_where_real_people_wrote() {
        let body = json!({
            "brand_new": "Ada", "name": "Mara", "mid": "m_1", "delivery": 3, "nested": { "said": "x" },
            "kind": { "kind": "lead", "form": 7 },
        });
        assert_eq!(
            told(&body, false),
            "delivery=d2 form=7 kind=lead mid=m_1 brand_new=(3 characters) name=(4 characters) nested.said=(1 characters)"
        );
    }

    #[test]
    fn texts_of_every_script_stay_readable_and_what_cannot_be_seen_is_named() {
        for text in ["größer", "नमस्ते", "สวัสดีครับ", "شكراً", "שלום", "안녕하세요", "it's 🥯"]
        {
            assert_eq!(manner(true).text(text), format!("\"{text}\""));
        }
        let hidden = "a\u{202e}b\u{200d}c\u{feff}d\te\u{7}f\u{2029}❤\u{fe0f}";
        let shown = r#""a\u{202e}b\u{200d}c\u{feff}d\u{9}e\u{7}f\u{2029}❤\u{fe0f}""#;
        assert_eq!(manner(true).text(hidden), shown);
        assert_eq!(manner(true).text("say \"hi\"\n\\o/"), r#""say \"hi\"\n\\o/""#);
    }

    #[test]
    fn long_texts_and_ids_are_cut_and_a_change_behind_the_cut_still_shows() {
        let (one, two) = ("a".repeat(100), format!("{}b", "a".repeat(99)));
        assert_ne!(manner(true).text(&one), manner(true).text(&two));
        assert!(manner(true).text(&one).contains("…\" (100 characters, "));
        assert_eq!(id("m_first-steps-001"), "m_first-steps-001");
        let long = format!("m_{}", "Zx8".repeat(30));
        assert!(id(&long).starts_with("m~") && id(&long).len() == 10, "{}", id(&long));
        assert!(id("two words").starts_with("tw~") && id("two words").len() == 11, "{}", id("two words"));
    }

    #[test]
    fn lists_codes_places_and_marks_are_short() {
        let body = json!({
            "attachments": [{ "kind": "image" }, { "kind": { "other": "hologram" } }, { "kind": { "reel": { "id": "7" } } }],
            "code": [10, 2_018_278],
            "mids": ["m_1", "m_2"], "place": { "entry": 0, "list": "messaging", "item": 1 }, "effect": 4,
            "metadata": "pd.1.11.c/17/5", "lines": [{ "late": true, "origin": "customer", "text": "hi" }],
            "contents": [{ "content": "text", "text": "Yes." }], "watermark": 999_300,
        });
        assert_eq!(
            told(&body, true),
            "attachments=image,hologram,reel code=10/2018278 effect=e4 lines.late=1 lines=1 metadata=e11 mids=m_1,m_2 \
             place=entry.0.messaging.1 watermark=-0:00:00.700 \"Yes.\""
        );
    }

    #[test]
    fn time_counts_hours_beyond_a_day() {
        assert_eq!(manner(true).line_time(Timestamp(1_000_000 + 90_061_001)), "025:01:01.001");
        assert_eq!(manner(true).line_time(Timestamp(1_000_000)), "000:00:00.000");
    }
}
