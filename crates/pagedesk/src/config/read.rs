//! From words to values: each setting as its kind wants it, and every fault on the way.
//!
//! Settings are looked at one by one, so that one fault hides no other. What belongs together is checked by `build`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};
use model::{Redacted, Span};
use policy::Calendar;

use super::duration;
use super::effective_from;
use super::fault::{Fault, Place};
use super::setting::{Kind, PAGE, SECTIONS, SETTINGS, Setting, TOKEN, find, is_repeated, nearest, of_section};
use super::source::Said;

/// A value as its kind wants it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Held {
    /// [`Kind::Path`], [`Kind::SecretFile`].
    Path(PathBuf),
    /// [`Kind::Text`], [`Kind::Id`], [`Kind::Url`], [`Kind::Choice`].
    Text(String),
    /// [`Kind::Count`].
    Count(u64),
    /// [`Kind::Bool`].
    Bool(bool),
    /// [`Kind::Duration`].
    Duration(Span),
    /// [`Kind::Address`].
    Address(SocketAddr),
    /// [`Kind::Secret`].
    Secret(Redacted<String>),
    /// [`Kind::Secrets`].
    Secrets(Vec<Redacted<String>>),
    /// [`Kind::Words`].
    Words(Vec<String>),
    /// [`Kind::SecretFiles`].
    Paths(Vec<PathBuf>),
    /// [`Kind::Days`].
    Days(Calendar),
}

/// Every value that could be read, by path, with its origin.
#[derive(Debug)]
pub(crate) struct Reading {
    /// By path: `listen.webhook`, `page[0].id`.
    pub values: BTreeMap<String, (Held, Place)>,
    /// How many there are of each section that may stand several times.
    pub counts: BTreeMap<String, usize>,
    /// Something was said of Pages that is no list of them, and has its own fault.
    pub pages_unfit: bool,
    /// What is wrong so far.
    pub faults: Vec<Fault>,
}

/// Reads everything that was said, and the defaults for the rest.
pub(crate) fn read(said: &Said) -> Reading {
    let mut reading =
        Reading { values: BTreeMap::new(), counts: BTreeMap::new(), pages_unfit: false, faults: Vec::new() };
    for (section, value) in &said.tree {
        if !is_section(section) {
            reading.unknown_section(said, section, value);
        } else if is_repeated(section) {
            reading.several(said, section, value);
        } else if let Value::Dict(_, keys) = value {
            reading.section(said, section, section, keys);
        } else {
            let what = format!("{section} must be a table, as in `pagedesk config example`");
            reading.fault(said.place(section, value), what);
        }
    }
    reading.defaults();
    reading
}

/// What is said of a section that may stand several times, where a variable or flag says something of it.
fn in_the_file_alone(section: &str) -> String {
    let (several, one) = match section {
        PAGE => ("Pages", "Page"),
        TOKEN => ("Tokens", "token"),
        _ => ("Agents", "agent"),
    };
    format!("{several} are named in the configuration file alone: write [[{section}]] there, once for each {one}")
}

fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|(known, _)| *known == name)
}

impl Reading {
    /// Notes a fault.
    pub(crate) fn fault(&mut self, place: Place, what: impl Into<String>) {
        self.faults.push(Fault { place, what: what.into() });
    }

    /// How many there are of a section that may stand several times.
    pub(crate) fn count(&self, section: &str) -> usize {
        self.counts.get(section).copied().unwrap_or(0)
    }

    fn unknown_section(&mut self, said: &Said, section: &str, value: &Value) {
        let bare = section.split('[').next().unwrap_or(section);
        if is_repeated(bare) && said.is_plain_text(value) {
            return self.fault(said.place(section, value), in_the_file_alone(bare));
        }
        let hint = match nearest(section, SECTIONS.iter().map(|(known, _)| *known)) {
            Some(known) => format!("did you mean [{known}]?"),
            None => "`pagedesk config example` shows all there are".to_owned(),
        };
        let what = format!("there is no section `{section}`: {hint}");
        match value.as_dict().filter(|keys| !keys.is_empty()) {
            // Each variable and flag that says something in it has a line; the file's table has one.
            Some(keys) => {
                for (key, value) in keys {
                    let is_outside = said.is_plain_text(value);
                    let place =
                        if is_outside { said.place(&format!("{section}.{key}"), value) } else { said.line(section) };
                    self.fault(place, what.clone());
                }
            }
            None => self.fault(said.place(section, value), what),
        }
    }

    fn several(&mut self, said: &Said, section: &str, value: &Value) {
        let Value::Array(_, tables) = value else {
            self.pages_unfit |= section == PAGE;
            let what = if said.is_plain_text(value) {
                in_the_file_alone(section)
            } else {
                format!("{section} must be [[{section}]], once for each")
            };
            return self.fault(said.place(section, value), what);
        };
        self.counts.insert(section.to_owned(), tables.len());
        for (index, table) in tables.iter().enumerate() {
            let at = format!("{section}[{index}]");
            match table.as_dict() {
                Some(keys) => self.section(said, section, &at, keys),
                None => self.fault(said.place(&at, table), format!("{at} must be a table: write [[{section}]]")),
            }
        }
    }

    fn section(&mut self, said: &Said, section: &str, at: &str, keys: &Dict) {
        for (key, value) in keys {
            let path = format!("{at}.{key}");
            let place = said.place(&path, value);
            let Some(setting) = find(section, key) else {
                let hint = match nearest(key, of_section(section).map(|setting| setting.key)) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "`pagedesk config example` shows all there are".to_owned(),
                };
                self.fault(place, format!("there is no setting `{path}`: {hint}"));
                continue;
            };
            if setting.kind == Kind::Days {
                match effective_from::read(said, &path, value) {
                    Ok(calendar) => drop(self.values.insert(path, (Held::Days(calendar), place))),
                    Err(faults) => self.faults.extend(faults),
                }
                continue;
            }
            let base = said.file().filter(|_| !said.is_plain_text(value)).and_then(Path::parent);
            match hold(setting.kind, value, said.is_plain_text(value), base) {
                Ok(held) => drop(self.values.insert(path, (held, place))),
                Err(wanted) => {
                    let is_told = is_secret(setting.kind) || matches!(setting.kind, Kind::Words(_));
                    let found = if is_told { String::new() } else { format!(", not {}", shown(value)) };
                    self.fault(place, format!("`{path}` must be {wanted}{found}"));
                }
            }
        }
    }

    fn defaults(&mut self) {
        for setting in SETTINGS.iter().filter(|setting| !is_repeated(setting.section)) {
            let Some(default) = setting.default else { continue };
            let path = format!("{}.{}", setting.section, setting.key);
            let given = self.values.contains_key(&path);
            if !given && let Ok(held) = hold(setting.kind, &Value::from(default), true, None) {
                self.values.insert(path, (held, Place::Default));
            }
        }
    }
}

/// The text of a setting's default as it would be typed into a file.
pub(crate) fn default_in_toml(setting: &Setting) -> Option<String> {
    let text = setting.default?;
    let is_bare = matches!(setting.kind, Kind::Count(..) | Kind::Bool);
    Some(if is_bare { text.to_owned() } else { format!("{text:?}") })
}

/// Whether a kind's values must not be shown.
pub(crate) const fn is_secret(kind: Kind) -> bool {
    matches!(kind, Kind::Secret | Kind::Secrets)
}

/// A value as its kind wants it; the error says what it wants. `plain`: typed outside the file, so text stands for all.
fn hold(kind: Kind, value: &Value, plain: bool, base: Option<&Path>) -> Result<Held, String> {
    let text = value.as_str();
    // From the root on, so that what is shown of it means the same in whatever file it is put.
    let path = |text: &str| {
        let from_here = base.map_or_else(|| PathBuf::from(text), |base| base.join(text));
        std::path::absolute(&from_here).unwrap_or(from_here)
    };
    let filled = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
    let held = match kind {
        Kind::Path | Kind::SecretFile => text.filter(|text| filled(text)).map(|text| Held::Path(path(text))),
        Kind::Text => text.filter(|text| filled(text)).map(|text| Held::Text(text.to_owned())),
        Kind::Id => text.filter(|text| is_id(text)).map(|text| Held::Text(text.to_owned())),
        Kind::Url => text.filter(|text| is_url(text)).map(|text| Held::Text(text.trim_end_matches('/').to_owned())),
        Kind::Choice(words) => text.filter(|text| words.contains(text)).map(|text| Held::Text(text.to_owned())),
        Kind::Duration => text.and_then(duration::read).map(Held::Duration),
        Kind::Address => text.and_then(|text| text.parse().ok()).map(Held::Address),
        Kind::Secret => text.filter(|text| !text.is_empty()).map(|text| Held::Secret(text.into())),
        Kind::Bool => value.to_bool().or_else(|| text.filter(|_| plain)?.parse().ok()).map(Held::Bool),
        Kind::Count(least, most) => {
            let number = value.to_i128().or_else(|| text.filter(|_| plain)?.parse().ok());
            number.and_then(|n| u64::try_from(n).ok()).filter(|n| (least..=most).contains(n)).map(Held::Count)
        }
        Kind::Secrets => texts(value, plain).map(|all| Held::Secrets(all.into_iter().map(Redacted::new).collect())),
        Kind::SecretFiles => texts(value, plain).map(|all| Held::Paths(all.iter().map(|text| path(text)).collect())),
        Kind::Words(words) => {
            let fit = |all: &Vec<String>| !all.is_empty() && all.iter().all(|word| words.contains(&word.as_str()));
            texts(value, plain).filter(fit).map(Held::Words)
        }
        // Read by itself: each entry has a place.
        Kind::Days => None,
    };
    held.ok_or_else(|| wanted(kind, plain))
}

/// One text, or a list of texts; outside the file a comma parts them, or they are written as in it.
fn texts(value: &Value, plain: bool) -> Option<Vec<String>> {
    let own = |value: &Value| value.as_str().map(str::to_owned);
    let all: Vec<String> = match (value.as_str(), value.as_array()) {
        (Some(text), _) if plain && text.trim_start().starts_with('[') => as_in_a_file(text)?,
        (Some(text), _) if plain => text.split(',').map(|part| part.trim().to_owned()).collect(),
        (Some(text), _) => vec![text.to_owned()],
        (None, Some(values)) => values.iter().map(own).collect::<Option<_>>()?,
        (None, None) => return None,
    };
    all.iter().all(|text| !text.is_empty()).then_some(all)
}

/// A list as a file has it: `["one", "two"]`.
fn as_in_a_file(text: &str) -> Option<Vec<String>> {
    let table: toml::Table = format!("list = {text}").parse().ok()?;
    let texts = table.get("list")?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned));
    texts.collect()
}

/// What a kind wants, as it is written where it stands: in a file text has quotes, outside it has none.
fn wanted(kind: Kind, plain: bool) -> String {
    let quoted = if plain { "" } else { " in quotes" };
    let sample = |text: &str| if plain { text.to_owned() } else { format!("\"{text}\"") };
    match kind {
        Kind::Path => "a path".to_owned(),
        Kind::SecretFile => "the path of a file".to_owned(),
        Kind::SecretFiles => format!("a list of paths{}", if plain { ", with commas between them" } else { "" }),
        Kind::Text => format!("one line of text{quoted}"),
        Kind::Id => format!("1 to 64 letters, digits, dots, `-` or `_`{quoted}"),
        Kind::Count(least, most) => format!("a whole number from {least} to {most}"),
        Kind::Bool => "true or false".to_owned(),
        Kind::Duration => {
            let [first, second, third, last] = ["500ms", "60s", "5m", "24h"].map(sample);
            format!("a length of time{quoted}, as {first}, {second}, {third} or {last}")
        }
        Kind::Address => format!("an address and port{quoted}, as {}", sample("127.0.0.1:8080")),
        Kind::Url => {
            format!("an http or https address without path{quoted}, as {}", sample("https://graph.facebook.com"))
        }
        Kind::Choice(words) if plain => format!("one of {}", words.join(", ")),
        Kind::Choice(words) => format!("one of {words:?}"),
        Kind::Words(words) => format!("a list of some of {words:?}"),
        Kind::Days => "a table of editions and days".to_owned(),
        Kind::Secret => format!("text{quoted}, not empty"),
        Kind::Secrets => {
            format!("a list of texts, none of them empty{}", if plain { ", with commas between them" } else { "" })
        }
    }
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.strip_suffix('/').unwrap_or(rest);
        !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
    })
}

/// A value as found, shortened, for the sentence about it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(_, text) => {
            let (start, more) = text.char_indices().nth(60).map_or((&**text, ""), |(at, _)| (&text[..at], "…"));
            format!("{start:?}{more}")
        }
        Value::Bool(_, yes) => yes.to_string(),
        Value::Num(..) => {
            value.to_i128().map_or_else(|| "a number with a fraction".to_owned(), |number| number.to_string())
        }
        Value::Dict(..) => "a table".to_owned(),
        Value::Array(..) => "a list".to_owned(),
        Value::Char(..) | Value::Empty(..) => "nothing".to_owned(),
    }
}
