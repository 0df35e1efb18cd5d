//! A recording: what came from outside over some time. On disk `manifest.toml`, `deliveries.jsonl`, `facts.jsonl` and
//! `customers.jsonl`, see `docs/format/corpus.md`; in memory where it is short or made by a program.
//!
//! Checked before anything is played. Invariant: a fault names file and line; nothing is guessed.

mod manifest;
mod reader;

use core::fmt;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

use model::{PageId, Psid, Timestamp};
use serde::{Deserialize, Serialize};

pub use manifest::{CustomerOf, Expected, Filter, Manifest, PageOf, Part, Provenance};
pub use reader::{Folder, Line, Lines, customers, steps};

/// The format that is written here. Older ones are read.
pub const FORMAT: u32 = 2;

/// A recording, wherever it lies. Steps may be asked for more than once.
pub trait Recorded: Sync {
    /// What it is, with all customers.
    fn manifest(&self) -> &Manifest;

    /// The first instant.
    fn begins_at(&self) -> Timestamp;

    /// How many steps there are.
    fn count(&self) -> usize;

    /// Deliveries and comments in the order of their time; of two at the same time the delivery comes first.
    fn steps(&self) -> Steps<'_>;
}

/// Steps, one after the other.
pub type Steps<'a> = Box<dyn Iterator<Item = Result<Cow<'a, Step>, Unreadable>> + Send + 'a>;

/// A recording in memory.
#[derive(Clone, PartialEq, Debug)]
pub struct Recording {
    /// What it is.
    pub manifest: Manifest,
    /// Deliveries and comments in the order of their time; of two at the same time the delivery comes first.
    pub steps: Vec<Step>,
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

impl Recording {
    /// Its deliveries in a recording's folder.
    pub const DELIVERIES: &str = DeliveryLine::FILE;
    /// Its comments there.
    pub const FACTS: &str = FactLine::FILE;
    /// Its customers there.
    pub const CUSTOMERS: &str = CustomerOf::FILE;

    /// Reads a recording's folder into memory; [`Folder`] leaves it where it is.
    ///
    /// # Errors
    /// [`Unreadable`] names file and line.
    pub fn read(dir: &Path) -> Result<Self, Unreadable> {
        let folder = Folder::open(dir)?;
        let steps = folder.steps().map(|step| step.map(Cow::into_owned)).collect::<Result<_, _>>()?;
        Ok(Self { manifest: folder.manifest().clone(), steps })
    }

    /// The first instant of the recording.
    pub fn begins_at(&self) -> Timestamp {
        self.steps.first().map_or(Timestamp(0), Step::at)
    }
}

impl Recorded for Recording {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn begins_at(&self) -> Timestamp {
        Self::begins_at(self)
    }

    fn count(&self) -> usize {
        self.steps.len()
    }

    fn steps(&self) -> Steps<'_> {
        Box::new(self.steps.iter().map(|step| Ok(Cow::Borrowed(step))))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
            (MANIFEST.replace("= 1", "= 3"), "", "manifest.toml: format 3 is not known"),
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
    fn customers_of_both_formats_are_told_and_a_folder_is_read_as_memory_is() {
        let dir = tempfile::tempdir().unwrap();
        let old = "[[customers]]\npage = \"17\"\npsid = \"5\"\nname = \"Mara\"\n";
        let new = "{\"page\":\"17\",\"psid\":\"6\",\"name\":\"Jonas\"}\n";
        fs::write(dir.path().join(Manifest::FILE), format!("{MANIFEST}{old}")).unwrap();
        fs::write(dir.path().join(Recording::DELIVERIES), "{\"at\":1,\"body\":\"a\"}\n").unwrap();
        fs::write(dir.path().join(Recording::CUSTOMERS), new).unwrap();
        let (folder, memory) = (Folder::open(dir.path()).unwrap(), Recording::read(dir.path()).unwrap());
        let names: Vec<&str> = memory.manifest.customers.iter().map(|of| &*of.name).collect();
        assert_eq!(names, ["Mara", "Jonas"]);
        let all = |recorded: &dyn Recorded| {
            let steps: Vec<Step> = recorded.steps().map(|step| step.unwrap().into_owned()).collect();
            (recorded.manifest().clone(), recorded.begins_at(), recorded.count(), steps)
        };
        assert_eq!(all(&folder), all(&memory));
    }

    #[test]
    fn a_recording_without_anything_is_empty() {
        let fault = recording(MANIFEST, "", "").unwrap_err();
        assert!(fault.contains("neither deliveries nor facts"), "{fault}");
    }
}
