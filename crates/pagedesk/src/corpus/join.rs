//! `pagedesk corpus join`: recordings as one, in the order of their time.
//!
//! Invariants: nothing is written over; what came at the same time keeps the order of the recordings and in each its own;
//! memory holds one line of each of at most [`OPEN_MAX`] files.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs;
use std::path::{Path, PathBuf};

use model::{PageId, Psid, Timestamp};
use serde::Serialize;
use serde_json::json;
use simulator::play::recording::{
    CustomerOf, DeliveryLine, Expected, FORMAT, FactLine, Filter, Line, Lines, Manifest, PageOf, Part, Provenance,
    Unreadable, customers,
};

use super::written::{self, Draft, Fresh, unwritable};
use crate::cli::Join;
use crate::exit::{self, Exit, Failure};
use crate::recordings;
use crate::sandbox::unreadable;
use simulator::counted::{counted, many};

/// Files that are merged at once; more are merged in rounds.
const OPEN_MAX: usize = 64;

/// Customers whose names are remembered, so as not to write them again.
const REMEMBERED_MAX: usize = 16 << 10;

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Whole {
    recordings: usize,
    pub(super) deliveries: u64,
    pub(super) facts: u64,
}

/// Carries out `corpus join`.
pub(crate) fn join(asked: &Join) -> Result<Exit, Failure> {
    let Whole { recordings, deliveries, facts } = whole(asked)?;
    let out = asked.out.display().to_string();
    exit::print(&if asked.json {
        format!("{}\n", json!({"out": out, "recordings": recordings, "deliveries": deliveries, "facts": facts}))
    } else {
        let [deliveries, facts] =
            [(deliveries, "delivery"), (facts, "comment")].map(|(count, noun)| counted(count, noun));
        format!("{out} holds {deliveries} and {facts} of {}\n", many(recordings, "recording"))
    })
}

/// Writes the one.
pub(super) fn whole(asked: &Join) -> Result<Whole, Failure> {
    let folders = sources_of(&asked.paths)?;
    let fresh = Fresh::begin(&asked.out, &asked.paths)?;
    let dir = fresh.path();
    let title = asked.title.clone().unwrap_or_else(|| written::name(&asked.out));
    let joined = combined(&folders, title)?;
    let rounds = dir.join("rounds");
    fs::create_dir_all(&rounds).map_err(|fault| unwritable(&rounds, &fault))?;
    let deliveries = merge::<DeliveryLine>(&folders, dir, &rounds)?;
    let facts = merge::<FactLine>(&folders, dir, &rounds)?;
    if (deliveries, facts) == (0, 0) {
        return Err(unreadable(&Unreadable::Empty(asked.paths.first().cloned().unwrap_or_default())));
    }
    named(&folders, dir)?;
    fs::remove_dir_all(&rounds).map_err(|fault| unwritable(&rounds, &fault))?;
    Draft::of(dir, Manifest::FILE, &joined.to_text())?.keep()?;
    fresh.keep()?;
    Ok(Whole { recordings: folders.len(), deliveries, facts })
}

/// The recordings of these paths, none of them twice: what is joined with itself doubles everything in it.
fn sources_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut folders = Vec::new();
    let mut known: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for path in paths {
        for folder in recordings::of(path)? {
            let whole = fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
            if let Some(before) = known.insert(whole, folder.clone()) {
                let what = if before == folder {
                    format!("{} stands twice among what is joined", folder.display())
                } else {
                    format!("{} and {} are one recording", before.display(), folder.display())
                };
                return Err(Failure::new(Exit::Usage, what).remedy("name each recording once"));
            }
            folders.push(folder);
        }
    }
    Ok(folders)
}

/// One manifest of all: what must be the same is, where it comes from is told as it is.
fn combined(folders: &[PathBuf], title: String) -> Result<Manifest, Failure> {
    let mut joined: Option<Manifest> = None;
    let mut pages: Vec<PageOf> = Vec::new();
    let mut parts: BTreeMap<Provenance, Part> = BTreeMap::new();
    for folder in folders {
        let manifest = Manifest::read(folder).map_err(|fault| unreadable(&fault))?;
        for page in &manifest.pages {
            match pages.iter_mut().find(|known| known.id == page.id) {
                // Pages get new names; the last one holds.
                Some(known) => known.name.clone_from(&page.name),
                None => pages.push(page.clone()),
            }
        }
        for part in sources(&manifest) {
            let known =
                parts.entry(part.provenance).or_insert(Part { recordings: 0, filtered: 0, cut_bodies: 0, ..part });
            known.recordings += part.recordings;
            known.filtered += part.filtered;
            known.cut_bodies += part.cut_bodies;
        }
        match &joined {
            None => joined = Some(manifest),
            Some(first) => fits(first, &manifest, folder)?,
        }
    }
    let first = joined.ok_or_else(|| Failure::new(Exit::NothingMatched, "there is no recording to join"))?;
    let provenance = match parts.keys().collect::<Vec<_>>()[..] {
        [one] => *one,
        _ => Provenance::Mixed,
    };
    Ok(Manifest {
        format: FORMAT,
        title,
        provenance,
        filter: None,
        pages,
        customers: Vec::new(),
        parts: parts.into_values().collect(),
        expected: Expected::default(),
        ..first
    })
}

/// What a recording comes from: itself, or what it was joined from.
fn sources(manifest: &Manifest) -> Vec<Part> {
    if !manifest.parts.is_empty() {
        return manifest.parts.clone();
    }
    let cut_bodies = manifest.filter.as_ref().map_or(0, |Filter { cut_bodies, .. }| *cut_bodies);
    let filtered = u64::from(manifest.filter.is_some());
    vec![Part { provenance: manifest.provenance, recordings: 1, filtered, cut_bodies }]
}

fn fits(first: &Manifest, manifest: &Manifest, folder: &Path) -> Result<(), Failure> {
    let what = if first.app_id != manifest.app_id {
        format!("is of the app {}, the first recording of {}", manifest.app_id, first.app_id)
    } else if first.human_agent != manifest.human_agent {
        format!("says human_agent = {}, the first recording {}", manifest.human_agent, first.human_agent)
    } else if first.effective_from != manifest.effective_from {
        "dates the editions of the policy otherwise than the first recording: see effective_from".to_owned()
    } else {
        return Ok(());
    };
    let remedy = if first.app_id != manifest.app_id {
        "join recordings of one app alone; redacted ones must have been exported with one --key-file"
    } else {
        "join those with the Human Agent feature and those without it apart: under one manifest half of them would be \
         decided otherwise than they were"
    };
    Err(Failure::new(Exit::Configuration, format!("{} {what}", folder.display())).remedy(remedy))
}

/// Merges one file of all folders into the new one; how many lines there are.
fn merge<T: Line + Serialize>(folders: &[PathBuf], dir: &Path, rounds: &Path) -> Result<u64, Failure> {
    let mut files: Vec<PathBuf> = folders.iter().map(|folder| folder.join(T::FILE)).collect();
    files.retain(|file| T::IS_NEEDED || file.exists());
    let mut round = 0;
    while files.len() > OPEN_MAX {
        let mut merged = Vec::new();
        for (number, group) in files.chunks(OPEN_MAX).enumerate() {
            let name = format!("{round}-{number}-{}", T::FILE);
            once::<T>(group, rounds, &name)?;
            merged.push(rounds.join(name));
        }
        // What the round before left is needed no more.
        for file in files.iter().filter(|_| round > 0) {
            fs::remove_file(file).map_err(|fault| unwritable(file, &fault))?;
        }
        files = merged;
        round += 1;
    }
    if files.is_empty() { Ok(0) } else { once::<T>(&files, dir, T::FILE) }
}

/// Merges files that are each in order.
fn once<T: Line + Serialize>(files: &[PathBuf], dir: &Path, name: &str) -> Result<u64, Failure> {
    let fault = |fault: Unreadable| unreadable(&fault);
    let mut draft = Draft::begin(dir, name)?;
    let mut sources = Vec::new();
    let mut next: BinaryHeap<Reverse<(Option<Timestamp>, usize)>> = BinaryHeap::new();
    for (index, file) in files.iter().enumerate() {
        let mut lines = Lines::<T>::in_file(file.clone()).map_err(fault)?;
        let head = lines.next().transpose().map_err(fault)?;
        next.extend(head.as_ref().map(|line| Reverse((line.at(), index))));
        sources.push((head, lines));
    }
    let mut written = 0;
    while let Some(Reverse((_, index))) = next.pop() {
        let Some((head, lines)) = sources.get_mut(index) else { break };
        if let Some(line) = head.take() {
            draft.line(&line)?;
            written += 1;
        }
        *head = lines.next().transpose().map_err(fault)?;
        next.extend(head.as_ref().map(|line| Reverse((line.at(), index))));
    }
    draft.keep()?;
    Ok(written)
}

/// Writes every customer; of several lines for one the last holds, so one that says nothing new is left out as far as
/// is remembered.
fn named(folders: &[PathBuf], dir: &Path) -> Result<(), Failure> {
    let fault = |fault: Unreadable| unreadable(&fault);
    let mut remembered: BTreeMap<(PageId, Psid), String> = BTreeMap::new();
    let mut draft = None;
    for folder in folders {
        let manifest = Manifest::read(folder).map_err(fault)?;
        for customer in customers(folder, &manifest).map_err(fault)? {
            let customer = customer.map_err(fault)?;
            if remembered.len() >= REMEMBERED_MAX {
                remembered.clear();
            }
            let known = remembered.insert((customer.page.clone(), customer.psid.clone()), customer.name.clone());
            if known.as_ref() == Some(&customer.name) {
                continue;
            }
            let draft: &mut Draft = match &mut draft {
                Some(draft) => draft,
                none => none.insert(Draft::begin(dir, CustomerOf::FILE)?),
            };
            draft.line(&customer)?;
        }
    }
    draft.map_or(Ok(()), Draft::keep)
}
