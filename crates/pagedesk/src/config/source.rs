//! Where configuration comes from, weakest first: the file, the environment (`PAGEDESK__SECTION__KEY`), `--set` flags.
//! Merged into one tree whose values remember their origin.
//!
//! What a key means is not known here. Values of environment and flags are text; who reads them decides what it says.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};
use model::in_plain_words;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Place};

/// What an environment variable of ours begins with.
pub(crate) const PREFIX: &str = "PAGEDESK__";

const FILE: &str = "file";
const ENVIRONMENT: &str = "environment";
const FLAGS: &str = "flags";

/// What is said outside the file.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Environment variables by name; those without [`PREFIX`] are ignored.
    pub environment: BTreeMap<String, String>,
    /// `--set` flags in order: `section.key` and value.
    pub flags: Vec<(String, String)>,
}

/// One source as a tree.
struct Layer {
    name: &'static str,
    dict: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}

/// Everything said, merged.
pub(crate) struct Said {
    figment: Figment,
    /// The merged tree: sections, and in them keys.
    pub tree: Dict,
    file: Option<PathBuf>,
    lines: BTreeMap<String, usize>,
    /// Names of the environment's variables as they were given, by path.
    variables: BTreeMap<String, String>,
}

impl Said {
    /// Reads and merges.
    ///
    /// # Errors
    /// Every fault of the file's syntax, with its line.
    pub(crate) fn gather(file: Option<(&Path, &str)>, outside: &Outside) -> Result<Self, Vec<Fault>> {
        let mut figment = Figment::new();
        let mut lines = BTreeMap::new();
        if let Some((path, text)) = file {
            let dict = read_file(path, text, &mut lines)?;
            figment = figment.merge(Layer { name: FILE, dict });
        }
        let mut variables = BTreeMap::new();
        let dict = from_environment(&outside.environment, &mut variables);
        figment = figment.merge(Layer { name: ENVIRONMENT, dict });
        for (key, value) in &outside.flags {
            figment = figment.merge(Layer { name: FLAGS, dict: nested(&[key.as_str()], '.', value) });
        }
        let file = file.map(|(path, _)| path.to_owned());
        // The empty path is the whole tree; it is missing only where nobody said anything.
        let tree = figment.find_value("").ok().and_then(Value::into_dict).unwrap_or_default();
        Ok(Self { figment, tree, file, lines, variables })
    }

    /// The configuration file, where there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Where the value at `path` (`listen.webhook`, `page[0].id`) comes from. Of a table that was said outside the file,
    /// its first key: there nobody says tables as such.
    pub(crate) fn place(&self, path: &str, value: &Value) -> Place {
        match self.origin(value) {
            ENVIRONMENT => {
                let path = whole(path, value);
                let name = self.variables.get(&path).cloned();
                Place::Variable(name.unwrap_or_else(|| format!("{PREFIX}{}", path.to_uppercase().replace('.', "__"))))
            }
            FLAGS => Place::Flag(whole(path, value)),
            _ => self.line(path),
        }
    }

    /// The line of the file where `path` stands, or the file, or nothing.
    pub(crate) fn line(&self, path: &str) -> Place {
        match (&self.file, self.lines.get(path)) {
            (Some(file), Some(line)) => Place::Line(file.clone(), *line),
            (Some(file), None) => Place::File(file.clone()),
            (None, _) => Place::Default,
        }
    }

    /// Whether a value was typed as text alone, outside the file.
    pub(crate) fn is_plain_text(&self, value: &Value) -> bool {
        self.origin(value) != FILE
    }

    fn origin(&self, value: &Value) -> &'static str {
        let named = |tag: Tag| self.figment.get_metadata(tag).map(|metadata| metadata.name.clone());
        match innermost(value).and_then(named).as_deref() {
            Some(ENVIRONMENT) => ENVIRONMENT,
            Some(FLAGS) => FLAGS,
            Some(_) | None => FILE,
        }
    }
}

/// The tag of a value; of a table or list, that of its first member.
fn innermost(value: &Value) -> Option<Tag> {
    match (value.as_dict(), value.as_array()) {
        (Some(dict), _) => dict.values().find_map(innermost),
        (None, Some([first, ..])) => innermost(first),
        (None, Some([]) | None) => Some(value.tag()),
    }
}

/// The path of a value; of a table, that of its first member.
fn whole(path: &str, value: &Value) -> String {
    match value.as_dict().and_then(|dict| dict.iter().find(|(_, member)| innermost(member).is_some())) {
        Some((key, member)) => whole(&format!("{path}.{key}"), member),
        None => path.to_owned(),
    }
}

fn read_file(path: &Path, text: &str, lines: &mut BTreeMap<String, usize>) -> Result<Dict, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(dict(table.get_ref(), "", text, lines));
    }
    let fault = |error: &toml::de::Error| {
        let line = line_of(text, &error.span().unwrap_or(0..0));
        let what = format!("this is not TOML: {}", in_plain_words(error.message()));
        Fault { place: Place::Line(path.to_owned(), line), what }
    };
    Err(errors.iter().map(fault).collect())
}

fn dict(table: &DeTable<'_>, at: &str, text: &str, lines: &mut BTreeMap<String, usize>) -> Dict {
    let mut dict = Dict::new();
    for (key, value) in table {
        let name = key.get_ref().to_string();
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        lines.insert(path.clone(), line_of(text, &key.span()));
        dict.insert(name, value_of(value, &path, text, lines));
    }
    dict
}

fn value_of(value: &Spanned<DeValue<'_>>, path: &str, text: &str, lines: &mut BTreeMap<String, usize>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::from(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(number.as_str()),
        },
        DeValue::Float(number) => {
            number.as_str().parse::<f64>().map_or_else(|_| Value::from(number.as_str()), Value::from)
        }
        DeValue::Boolean(yes) => Value::from(*yes),
        DeValue::Datetime(instant) => Value::from(instant.to_string()),
        DeValue::Array(values) => {
            let mut list = Vec::new();
            for (index, value) in values.iter().enumerate() {
                let path = format!("{path}[{index}]");
                lines.insert(path.clone(), line_of(text, &value.span()));
                list.push(value_of(value, &path, text, lines));
            }
            Value::from(list)
        }
        DeValue::Table(table) => Value::from(dict(table, path, text, lines)),
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}

fn from_environment(variables: &BTreeMap<String, String>, names: &mut BTreeMap<String, String>) -> Dict {
    let mut all = Dict::new();
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        let key = key.to_lowercase();
        let (section, rest) = key.split_once("__").unwrap_or((&key, ""));
        let path = if rest.is_empty() { section.to_owned() } else { format!("{section}.{rest}") };
        names.insert(path, name.clone());
        if rest.is_empty() {
            all.insert(section.to_owned(), Value::from(value.as_str()));
            continue;
        }
        let entry = all.entry(section.to_owned()).or_insert_with(|| Value::from(Dict::new()));
        if let Value::Dict(_, keys) = entry {
            keys.insert(rest.to_owned(), Value::from(value.as_str()));
        }
    }
    all
}

/// One value under a path.
fn nested(path: &[&str], separator: char, value: &str) -> Dict {
    let words: Vec<&str> = path.iter().flat_map(|part| part.splitn(2, separator)).collect();
    let innermost = Value::from(value);
    let nest = |inner: Value, word: &&str| Value::from(Dict::from([((*word).to_owned(), inner)]));
    words.iter().rev().fold(innermost, nest).into_dict().unwrap_or_default()
}
