//! `manifest.toml`: what a recording is, where it comes from, what playing it comes to.
//!
//! Reads every format so far and writes the newest. Invariant: an unknown key or format is refused with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::{AppId, PageId, Psid, in_plain_words};
use policy::Calendar;
use serde::{Deserialize, Serialize};

use super::{FORMAT, Unreadable, reader};
use crate::counted::{counted, verb};

/// `manifest.toml`
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize)]
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
    /// From which day on each edition of the policy was in force, where that is not the day of its name.
    #[serde(default, skip_serializing_if = "Calendar::is_as_named")]
    pub effective_from: Calendar,
    /// What was left out of it, where something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// The Pages the node knows.
    pub pages: Vec<PageOf>,
    /// Customers whose names the profile tells. From format 2 on they stand in `customers.jsonl`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customers: Vec<CustomerOf>,
    /// What it was joined from; empty where it is one piece.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What playing it comes to; what is not named is not compared.
    #[serde(default, skip_serializing_if = "Expected::is_empty")]
    pub expected: Expected,
}

/// Where a recording comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Made up.
    Synthetic,
    /// Taken from a node, redacted.
    Recorded,
    /// Made from payloads of others.
    Imported,
    /// Joined from recordings of which these words differ; `parts` says how many of each.
    Mixed,
}

/// What a recording was narrowed to when it was taken. Ids are those of the recording.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Nothing that came before, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Nothing that came then or later, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// These Pages alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PageId>,
    /// These conversations alone, each `PAGE/PSID`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<String>,
    /// These kinds alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Bodies that held other items too: they are not as they came.
    pub cut_bodies: u64,
}

/// Recordings of one provenance that were joined into this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Where they come from.
    pub provenance: Provenance,
    /// How many there were.
    pub recordings: u64,
    /// How many of them had been narrowed.
    #[serde(default)]
    pub filtered: u64,
    /// Their bodies that are not as they came.
    #[serde(default)]
    pub cut_bodies: u64,
}

/// A Page of the recording.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PageOf {
    /// Its id.
    pub id: PageId,
    /// Its name.
    pub name: String,
}

/// A customer whose name is known: a line of `customers.jsonl`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
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
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
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
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Sentences about the reasons whose counts differ from what is expected.
    pub(crate) fn unexpected_reasons(&self, found: &BTreeMap<String, u64>) -> Vec<String> {
        let Some(wanted) = &self.refusals_by_reason else { return Vec::new() };
        let reasons: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
        let of = |counts: &BTreeMap<String, u64>, reason: &str| counts.get(reason).copied().unwrap_or_default();
        let counts = reasons.into_iter().map(|reason| (reason, of(wanted, reason), of(found, reason)));
        counts
            .filter(|(_, wanted, found)| wanted != found)
            .map(|(reason, wanted, found)| {
                let are = verb(found, "is", "are");
                format!("the recording expects {} for {reason}, there {are} {found}", counted(wanted, "refusal"))
            })
            .collect()
    }
}

impl Manifest {
    /// Its file in a recording's folder.
    pub const FILE: &str = "manifest.toml";

    /// Reads the manifest of a recording's folder, of any format that is known. Customers of format 2 stand beside it.
    ///
    /// # Errors
    /// [`Unreadable`] names file and line.
    pub fn read(dir: &Path) -> Result<Self, Unreadable> {
        let path = dir.join(Self::FILE);
        let text = std::fs::read_to_string(&path)
            .map_err(|fault| reader::wrong(&path, None, format!("cannot be read: {fault}")))?;
        Self::parse(&path, &text)
    }

    /// Reads the text of a manifest, which stands in the file `path`.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, Unreadable> {
        let manifest: Self = toml::from_str(text).map_err(|fault| {
            let line = fault.span().map(|span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
            reader::wrong(path, line, in_plain_words(fault.message()))
        })?;
        if !(1..=FORMAT).contains(&manifest.format) {
            let what =
                format!("format {} is not known here; this program reads formats 1 to {FORMAT}", manifest.format);
            return Err(reader::wrong(path, None, what));
        }
        if manifest.pages.is_empty() {
            return Err(reader::wrong(path, None, "no Page is named: add a [[pages]] with `id` and `name`"));
        }
        Ok(manifest)
    }

    /// As it is written: in the newest format, without customers, which then stand beside it.
    pub fn to_text(&self) -> String {
        let written = Self { format: FORMAT, customers: Vec::new(), ..self.clone() };
        toml::to_string(&written).expect("a manifest is text, numbers and lists")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_back_as_it_was_written() {
        let text = "format = 2\ntitle = \"A \\\"title\\\"\"\nprovenance = \"mixed\"\napp_id = \"9\"\nhuman_agent = true\n\
                    [filter]\nfrom = \"2026-06-08T00:00:00Z\"\npages = [\"17\"]\nkinds = [\"text\"]\ncut_bodies = 3\n\
                    [[pages]]\nid = \"17\"\nname = \"Quayside Bakery\"\n\
                    [[parts]]\nprovenance = \"recorded\"\nrecordings = 2\n[expected]\ntasks = 4\n\
                    refusals_by_reason = { window-closed = 1 }\n";
        let manifest: Manifest = toml::from_str(text).unwrap();
        assert_eq!(toml::from_str::<Manifest>(&manifest.to_text()).unwrap(), manifest);
        let plain = Manifest { filter: None, parts: Vec::new(), expected: Expected::default(), ..manifest };
        let keys: Vec<String> = toml::from_str::<toml::Table>(&plain.to_text()).unwrap().keys().cloned().collect();
        assert_eq!(keys, ["app_id", "format", "human_agent", "pages", "provenance", "title"]);
    }
}
