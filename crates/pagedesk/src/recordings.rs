//! Which recordings a path is of: a folder with a manifest is one, any other is looked into.
//!
//! Invariants: each recording once, in the order of the paths; a path that is of none is refused with what lies there
//! instead and what to do, and with one exit code whoever asks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use simulator::play::recording::{Manifest, Recording};

use crate::exit::{Exit, Failure};
use crate::store::{fault_words, whole};

/// Deepest folder that is looked into, below the one that was named.
const DEPTH_MAX: usize = 32;
/// Recordings that are named where one is wanted.
const NAMED_MAX: usize = 8;

/// All recordings of these paths.
pub(crate) fn of_all(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in paths {
        for folder in of(path)? {
            if !found.contains(&folder) {
                found.push(folder);
            }
        }
    }
    Ok(found)
}

/// The recordings that a path is of: itself, or all below it; at least one.
pub(crate) fn of(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut folders = BTreeSet::new();
    look(path, DEPTH_MAX, &mut folders).map_err(|fault| {
        let what = format!("{} cannot be looked into: {}", path.display(), fault_words(&fault));
        unreadable(what, "name the folder of a recording, or one with recordings in it")
    })?;
    if folders.is_empty() { Err(none(path)) } else { Ok(folders.into_iter().collect()) }
}

/// Refuses a path that is not a recording itself.
pub(crate) fn one(path: &Path) -> Result<(), Failure> {
    let folders = of(path)?;
    if path.join(Manifest::FILE).exists() {
        return Ok(());
    }
    let what = format!("{} is no recording, and holds {}:", path.display(), folders.len());
    let names = folders.iter().take(NAMED_MAX).map(|folder| folder.display().to_string());
    Err(Failure::several(Exit::UnreadableCorpus, what, names).remedy("name one of them"))
}

fn look(path: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    if path.join(Manifest::FILE).exists() {
        found.insert(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // Links are left alone, so that a circle of them ends.
        if depth > 0 && entry.file_type()?.is_dir() {
            look(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

/// Why a folder is of no recording.
fn none(path: &Path) -> Failure {
    let name = path.display();
    if whole::FILES.iter().any(|file| path.join(file).exists()) {
        return unreadable(
            format!("{name} is the store of a node, and no recording"),
            format!("make a recording of it first: pagedesk corpus export --dir {name} --out FOLDER"),
        );
    }
    if path.join(Recording::DELIVERIES).exists() || path.join(Recording::FACTS).exists() {
        let what = format!("{name} has lines of a recording, but no {}", Manifest::FILE);
        return unreadable(what, "restore the manifest, or export the recording again into another folder");
    }
    let what = format!("{name} holds no recording: there is no {} in it or below it", Manifest::FILE);
    unreadable(what, "name the folder of a recording, or one with recordings in it")
}

fn unreadable(what: String, remedy: impl Into<String>) -> Failure {
    Failure::new(Exit::UnreadableCorpus, what).remedy(remedy)
}
