//! The recordings among the paths that were named: a folder with a manifest is one, any other is looked into.
//!
//! Invariant: each recording once, in the order of its path; a path in which nothing is found is no success.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use simulator::play::recording::Manifest;

use crate::exit::{Exit, Failure};

/// All recordings, leaves first named first.
pub(super) fn recordings(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let mut here = BTreeSet::new();
        look(path, &mut here).map_err(|fault| {
            Failure::new(Exit::UnreadableCorpus, format!("{}: {fault}", path.display()))
                .remedy("docs/format/recording.md describes what a recording holds")
        })?;
        if here.is_empty() {
            return Err(Failure::new(Exit::NothingMatched, format!("{}: no recording lies here", path.display())));
        }
        found.extend(here.into_iter().filter(|folder| !found.contains(folder)).collect::<Vec<_>>());
    }
    Ok(found)
}

fn look(path: &Path, found: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    if path.join(Manifest::FILE).exists() {
        found.insert(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // Links are left alone, so that a circle of them ends.
        if entry.file_type()?.is_dir() {
            look(&entry.path(), found)?;
        }
    }
    Ok(())
}
