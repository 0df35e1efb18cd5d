//! `pagedesk corpus lint`: what looks forgotten in redacted recordings, told with place and kind and never shown.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;
use simulator::play::recording::{Manifest, Recording};
use simulator::redact::lint::{self, Deny, Finding};

use crate::cli::Lint;
use crate::exit::{self, Exit, Failure};
use crate::recordings;
use crate::sandbox::unreadable;
use crate::store::fault_words;
use simulator::counted::counted;

/// Findings that are told one by one; of more there is only the count.
const TOLD_MAX: usize = 1_000;

/// Carries out `corpus lint`.
pub(crate) fn lint(asked: &Lint) -> Result<Exit, Failure> {
    let deny = deny(asked)?;
    let mut told: Vec<Finding> = Vec::new();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut files, mut lines) = (0, 0);
    for folder in &asked.folders {
        for recording in recordings::of(folder)? {
            Manifest::read(&recording).map_err(|fault| unreadable(&fault))?;
            let has = |file: &str| fs::metadata(recording.join(file)).is_ok_and(|file| file.len() > 0);
            if !has(Recording::DELIVERIES) && !has(Recording::FACTS) {
                let what = format!("{} is an empty recording: nothing in it was looked at", recording.display());
                return Err(Failure::new(Exit::NothingMatched, what).remedy("export it again, or leave the folder out"));
            }
        }
        let read = lint::folder(folder, &deny, &mut |finding| {
            *counts.entry(finding.kind.word()).or_default() += 1;
            if told.len() < TOLD_MAX {
                told.push(finding);
            }
        });
        let read = read.map_err(|fault| unreadable(&fault))?;
        files += read.files;
        lines += read.lines;
    }
    let count: u64 = counts.values().sum();
    exit::print(&if asked.json {
        format!("{}\n", json!({"files": files, "lines": lines, "count": count, "kinds": counts, "findings": told}))
    } else {
        text(&told, count, files, lines)
    })?;
    Ok(if count == 0 { Exit::Ok } else { Exit::CheckFailed })
}

fn deny(asked: &Lint) -> Result<Deny, Failure> {
    let Some(path) = &asked.deny else { return Ok(Deny::default()) };
    let list = fs::read_to_string(path).map_err(|fault| {
        Failure::new(Exit::Configuration, format!("{} cannot be read: {}", path.display(), fault_words(&fault)))
    })?;
    let deny = Deny::read(&list);
    if deny.is_empty() {
        let what = format!("{} denies nothing", path.display());
        return Err(Failure::new(Exit::Configuration, what).remedy("write one name or number a line"));
    }
    Ok(deny)
}

fn text(told: &[Finding], count: u64, files: u64, lines: u64) -> String {
    let mut text = String::new();
    for Finding { file, line, path, kind, masked } in told {
        let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
        text.push_str(&format!("{file}:{line}: {path}{}: {masked}\n", kind.word()));
    }
    let more = count - u64::try_from(told.len()).unwrap_or(count);
    if more > 0 {
        text.push_str(&format!("and {more} more\n"));
    }
    let [files, lines, count] =
        [(files, "file"), (lines, "line"), (count, "finding")].map(|(count, noun)| counted(count, noun));
    text.push_str(&format!("{files} with {lines}: {count}\n"));
    text
}
