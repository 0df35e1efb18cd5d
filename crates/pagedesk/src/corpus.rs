//! `pagedesk corpus`: payloads of any origin are read, counted and, where that is asked for, written as a recording; what came
//! into a store becomes one in `export`, and recordings are counted, taken apart and put together in the modules named so.
//!
//! Invariants: a file that cannot be read is named and costs no other file; no recording lies in memory as a whole.

pub(crate) mod export;
pub(crate) mod filter;
mod imported;
pub(crate) mod join;
pub(crate) mod journal;
pub(crate) mod lint;
mod sorter;
pub(crate) mod split;
pub(crate) mod stats;
#[cfg(test)]
mod tests;
mod written;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use model::Timestamp;
use webhook::{NAMED_MAX, Tally};

use crate::cli::Import;
use crate::exit::{self, Exit, Failure};
use crate::store::fault_words;

/// Longest payload that is read; Meta's deliveries are at most a few MiB long.
const BYTES_MAX: u64 = 64 << 20;

/// Deepest folder that is looked into, below the one that was named.
const DEPTH_MAX: usize = 32;

/// Stands in for times that a payload does not tell: the count does not depend on it, so that it is the same every time.
const RECEIVED_AT: Timestamp = Timestamp(0);

/// Carries out `corpus import`.
pub(crate) fn import(asked: &Import) -> Result<Exit, Failure> {
    let files = payloads(&asked.dir)?;
    // Hides itself where standard error is no terminal.
    let progress = ProgressBar::new(u64::try_from(files.len()).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} files {msg}") {
        progress.set_style(style);
    }
    let tally = count(&asked.dir, &files, |name| {
        progress.set_message(name.to_owned());
        progress.inc(1);
    });
    progress.finish_and_clear();
    let text = if asked.json {
        let mut line = serde_json::to_string(&tally).expect("a tally is words and numbers");
        line.push('\n');
        line
    } else {
        table(&tally)
    };
    if let Some(out) = &asked.out {
        imported::record(asked, &files, out)?;
    }
    exit::print(&text)?;
    Ok(if tally.unreadable.is_empty() { Exit::Ok } else { Exit::UnreadableCorpus })
}

/// Reads and counts these files; each is named by its path below the folder. `each` is told of every name.
pub fn count(dir: &Path, files: &[PathBuf], mut each: impl FnMut(&str)) -> Tally {
    let mut tally = Tally::default();
    for file in files {
        let name = file.strip_prefix(dir).unwrap_or(file).to_string_lossy().into_owned();
        each(&name);
        match read(file) {
            Ok(body) => tally.add(&name, &body, RECEIVED_AT),
            Err(why) => tally.add_unreadable(&name, why),
        }
    }
    tally
}

/// The bytes of a payload, or why there are none.
fn read(file: &Path) -> Result<Vec<u8>, String> {
    let unread = |fault: io::Error| format!("it cannot be read: {}", fault_words(&fault));
    let found = fs::metadata(file).map_err(unread)?;
    if found.is_dir() {
        return Err("this folder cannot be looked into".to_owned());
    }
    if !found.is_file() {
        return Err("it is no file".to_owned());
    }
    if found.len() > BYTES_MAX {
        return Err(format!("it has more than {} MiB", BYTES_MAX >> 20));
    }
    fs::read(file).map_err(unread)
}

/// All `*.json` files under a folder in the order of their paths.
pub(crate) fn payloads(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    if let Err(fault) = fs::metadata(dir) {
        let what = format!("{} cannot be looked into: {}", dir.display(), fault_words(&fault));
        return Err(Failure::new(Exit::NothingMatched, what).remedy("look for a typing error in the path"));
    }
    if !dir.is_dir() {
        let what = format!("{} is no folder", dir.display());
        return Err(Failure::new(Exit::NothingMatched, what).remedy("give the folder in which it lies"));
    }
    let mut files = Vec::new();
    gather(dir, DEPTH_MAX, &mut files);
    if files.is_empty() {
        let what = format!("{} holds no *.json file", dir.display());
        return Err(Failure::new(Exit::NothingMatched, what).remedy("give the folder that holds the payloads"));
    }
    files.sort();
    Ok(files)
}

/// A folder that cannot be listed stands in the list itself, so that it is named as unreadable.
fn gather(dir: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else {
        files.push(dir.to_owned());
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        // Links to folders are not followed: they may lead round in circles.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && depth > 0 {
            gather(&path, depth - 1, files);
        } else if !is_folder && path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}

fn table(tally: &Tally) -> String {
    let rows = [
        ("files", tally.files),
        ("parsed", tally.parsed),
        ("inbounds", tally.inbounds),
        ("anomalies", tally.anomalies),
    ];
    let width = tally.kinds.keys().map(String::len).max().unwrap_or(0).max(12);
    let mut text: String = rows.iter().map(|(name, count)| format!("{name:<width$}  {count:>8}\n")).collect();
    text.push_str(&format!("{:<width$}  {:>8}\n", "unreadable", tally.unreadable.len()));
    tally.unreadable_because.iter().for_each(|(file, why)| text.push_str(&format!("  {file}: {why}\n")));
    text.push_str("\nkinds\n");
    tally.kinds.iter().for_each(|(kind, count)| text.push_str(&format!("{kind:<width$}  {count:>8}\n")));
    if !tally.anomalies_in.is_empty() {
        text.push_str("\nwhere what was not understood stands\n");
    }
    for (kind, files) in &tally.anomalies_in {
        text.push_str(&format!("{kind}\n"));
        files.iter().for_each(|name| text.push_str(&format!("  {name}\n")));
        if files.len() == NAMED_MAX {
            text.push_str("  and perhaps others\n");
        }
    }
    text
}
