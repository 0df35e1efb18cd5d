//! A recording as it lies on disk: `manifest.toml`, `deliveries.jsonl`, `facts.jsonl`. Format 1, see
//! `docs/format/recording.md`.
//!
//! Read as a whole and checked before anything is played. Invariant: a fault names file and line; nothing is guessed.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use model::{AppId, PageId, Psid, Timestamp, in_plain_words};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The format this reader knows.
pub const FORMAT: u32 = 1;

/// A recording.
#[derive(Clone, PartialEq, Debug)]
pub struct Recording {
    /// What it is.
    pub manifest: Manifest,
    /// Deliveries and comments in the order of their time; of two at the same time the delivery comes first.
    pub steps: Vec<Step>,
}

/// `manifest.toml`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format.
    pub format: u32,
    /// What happens in it, in a few words.
    pub title: String,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Id of the app whose webhooks these are.
    pub app_id: AppId,
    /// Whether the app had the Human Agent feature.
    #[serde(default)]
    pub human_agent: bool,
    /// The Pages the node knows.
    pub pages: Vec<PageOf>,
    /// Customers whose names the profile tells.
    #[serde(default)]
    pub customers: Vec<CustomerOf>,
    /// What playing it comes to; what is not named is not compared.
    #[serde(default)]
    pub expected: Expected,
}

/// Where a recording comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Made up.
    Synthetic,
    /// Taken from a node, redacted.
    Recorded,
    /// Made from payloads of others.
    Imported,
}

/// A Page of the recording.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageOf {
    /// Its id.
    pub id: PageId,
    /// Its name.
    pub name: String,
}

/// A customer whose name is known.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerOf {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// First and last name.
    pub name: String,
}

/// What playing a recording comes to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    /// Deliveries acknowledged.
    pub deliveries: Option<u64>,
    /// Items understood, repetitions counted.
    pub inbounds: Option<u64>,
    /// Items not understood.
    pub anomalies: Option<u64>,
    /// Items that repeat an earlier one.
    pub duplicates: Option<u64>,
    /// Conversations.
    pub conversations: Option<u64>,
    /// Tasks.
    pub tasks: Option<u64>,
    /// Messages that reached customers.
    pub sends: Option<u64>,
    /// Parts that the rules forbade.
    pub refusals: Option<u64>,
    /// The same by reason, all of them: a reason that is not named is expected not to occur.
    pub refusals_by_reason: Option<BTreeMap<String, u64>>,
}

impl Expected {
    /// Sentences about the reasons whose counts differ from what is expected.
    pub(crate) fn unexpected_reasons(&self, found: &BTreeMap<String, u64>) -> Vec<String> {
        let Some(wanted) = &self.refusals_by_reason else { return Vec::new() };
        let reasons: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
        let of = |counts: &BTreeMap<String, u64>, reason: &str| counts.get(reason).copied().unwrap_or_default();
        let counts = reasons.into_iter().map(|reason| (reason, of(wanted, reason), of(found, reason)));
        counts
            .filter(|(_, wanted, found)| wanted != found)
            .map(|(reason, wanted, found)| {
                format!("the recording expects {wanted} refusals for {reason}, there are {found}")
            })
            .collect()
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Meta delivered.
    Delivery(DeliveryLine),
    /// An agent commented.
    Fact(FactLine),
}

impl Step {
    /// When.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Delivery(line) => line.at,
            Self::Fact(line) => line.at,
        }
    }
}

/// A line of `deliveries.jsonl`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryLine {
    /// When it came.
    pub at: Timestamp,
    /// The body, byte for byte.
    pub body: String,
}

/// A line of `facts.jsonl`: an agent comments on the task of a conversation.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FactLine {
    /// When.
    pub at: Timestamp,
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// Who commented.
    pub by: String,
    /// What.
    pub text: String,
    /// For whom.
    pub audience: Audience,
}

/// For whom a comment is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// It is sent to the customer.
    Customer,
    /// It stays inside.
    Internal,
}

/// The recording cannot be read, or there is nothing in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// Something in it is wrong.
    Wrong {
        /// In which file.
        file: PathBuf,
        /// On which line, where one can be named.
        line: Option<usize>,
        /// What.
        what: String,
    },
    /// It holds neither a delivery nor a comment.
    Empty(PathBuf),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong { file, line: Some(line), what } => write!(f, "{}:{line}: {what}", file.display()),
            Self::Wrong { file, line: None, what } => write!(f, "{}: {what}", file.display()),
            Self::Empty(dir) => write!(f, "{}: the recording holds neither deliveries nor facts", dir.display()),
        }
    }
}

impl core::error::Error for Unreadable {}

impl Manifest {
    /// Its file in a recording's folder.
    pub const FILE: &str = "manifest.toml";

    /// Reads the manifest of a recording's folder.
    ///
    /// # Errors
    /// [`Unreadable`] names file and line.
    pub fn read(dir: &Path) -> Result<Self, Unreadable> {
        let path = dir.join(Self::FILE);
        let text = text(&path)?;
        let manifest: Self = toml::from_str(&text).map_err(|fault| {
            let line = fault.span().map(|span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
            wrong(&path, line, in_plain_words(fault.message()))
        })?;
        if manifest.format != FORMAT {
            let what = format!("format {} is not known here; this program reads format {FORMAT}", manifest.format);
            return Err(wrong(&path, None, what));
        }
        if manifest.pages.is_empty() {
            return Err(wrong(&path, None, "no Page is named: add a [[pages]] with `id` and `name`"));
        }
        Ok(manifest)
    }
}

impl Recording {
    /// Its deliveries in a recording's folder.
    pub const DELIVERIES: &str = "deliveries.jsonl";
    /// Its comments there.
    pub const FACTS: &str = "facts.jsonl";

    /// Reads a recording's folder.
    ///
    /// # Errors
    /// [`Unreadable`] names file and line.
    pub fn read(dir: &Path) -> Result<Self, Unreadable> {
        let manifest = Manifest::read(dir)?;
        let deliveries = lines(&dir.join(Self::DELIVERIES), true, |line: &DeliveryLine| line.at)?;
        let facts = lines(&dir.join(Self::FACTS), false, |line: &FactLine| line.at)?;
        let mut steps: Vec<Step> =
            deliveries.into_iter().map(Step::Delivery).chain(facts.into_iter().map(Step::Fact)).collect();
        if steps.is_empty() {
            return Err(Unreadable::Empty(dir.to_owned()));
        }
        // Stable, and deliveries come first: that settles the order at equal times.
        steps.sort_by_key(Step::at);
        Ok(Self { manifest, steps })
    }

    /// The first instant of the recording.
    pub fn begins_at(&self) -> Timestamp {
        self.steps.first().map_or(Timestamp(0), Step::at)
    }
}

fn wrong(file: &Path, line: Option<usize>, what: impl Into<String>) -> Unreadable {
    Unreadable::Wrong { file: file.to_owned(), line, what: what.into() }
}

fn text(path: &Path) -> Result<String, Unreadable> {
    fs::read_to_string(path).map_err(|fault| wrong(path, None, format!("cannot be read: {fault}")))
}

/// One JSON object a line, in the order of time; empty lines do not count.
fn lines<T: DeserializeOwned>(path: &Path, needed: bool, at: impl Fn(&T) -> Timestamp) -> Result<Vec<T>, Unreadable> {
    if !needed && !path.exists() {
        return Ok(Vec::new());
    }
    let text = text(path)?;
    let mut read: Vec<T> = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let item: T = serde_json::from_str(line).map_err(|fault| {
            let (column, what) = (fault.column(), in_plain_words(&fault.to_string()));
            wrong(path, Some(index + 1), format!("column {column}: {what}"))
        })?;
        if read.last().is_some_and(|last| at(last) > at(&item)) {
            return Err(wrong(path, Some(index + 1), "it is earlier than the line before it"));
        }
        read.push(item);
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "format = 1\ntitle = \"Two lines\"\nprovenance = \"synthetic\"\napp_id = \"990017\"\n\
                            [[pages]]\nid = \"17\"\nname = \"Quayside Bakery\"\n";

    fn recording(manifest: &str, deliveries: &str, facts: &str) -> Result<Recording, String> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("manifest.toml", manifest), ("deliveries.jsonl", deliveries), ("facts.jsonl", facts)] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let root = format!("{}/", dir.path().display());
        Recording::read(dir.path()).map_err(|fault| fault.to_string().replace(&root, ""))
    }

    #[test]
    fn deliveries_and_facts_are_merged_by_time_and_a_delivery_comes_first() {
        let deliveries = "{\"at\":1,\"body\":\"a\"}\n\n{\"at\":5,\"body\":\"b\"}\n";
        let facts =
            "{\"at\":5,\"page\":\"17\",\"psid\":\"5\",\"by\":\"Ada\",\"text\":\"hi\",\"audience\":\"customer\"}\n";
        let recording = recording(MANIFEST, deliveries, facts).unwrap();
        let order: Vec<(i64, bool)> =
            recording.steps.iter().map(|step| (step.at().0, matches!(step, Step::Delivery(_)))).collect();
        assert_eq!(order, [(1, true), (5, true), (5, false)]);
        assert_eq!(recording.begins_at(), Timestamp(1));
    }

    #[test]
    fn faults_name_file_and_line() {
        let cases = [
            (MANIFEST.replace("title", "tilte"), "", "manifest.toml:2: there is no `tilte` here: "),
            (MANIFEST.replace("= 1", "= 2"), "", "manifest.toml: format 2 is not known"),
            (
                MANIFEST.to_owned(),
                "{\"at\":1,\"body\":\"a\"}\n{\"at\":2}\n",
                "deliveries.jsonl:2: column 8: `body` is missing",
            ),
            (
                MANIFEST.to_owned(),
                "{\"at\":2,\"body\":\"a\"}\n{\"at\":1,\"body\":\"a\"}\n",
                "deliveries.jsonl:2: it is earlier",
            ),
        ];
        for (manifest, deliveries, expected) in cases {
            let fault = recording(&manifest, deliveries, "").unwrap_err();
            assert!(fault.starts_with(expected), "{fault}");
        }
    }

    #[test]
    fn a_recording_without_anything_is_empty() {
        let fault = recording(MANIFEST, "", "").unwrap_err();
        assert!(fault.contains("neither deliveries nor facts"), "{fault}");
    }
}
