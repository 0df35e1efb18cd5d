//! `pagedesk corpus export`: what came into a store, as a recording: deliveries, agents' comments, customers, and a
//! manifest where there is none; redacted, unless it is a sandbox's and nobody wants it so.
//!
//! Invariants: what is written lies there whole or not at all, and takes as much memory for a million deliveries as for
//! one.

pub(super) mod origin;
mod source;
mod veil;

use std::collections::BTreeSet;

use ::journal::ReadOnlyJournal;
use model::{PageId, Timestamp};
use serde_json::json;
use simulator::play::recording::{CustomerOf, Expected, FORMAT, Filter, Manifest, PageOf, Provenance, Recording};

use crate::cli::Export;
use crate::corpus::written::{self, Draft, Made};
use crate::exit::{self, Exit, Failure};
use crate::instant;
use crate::journal::is_store;
use crate::sandbox::unreadable;
use crate::store::unusable;
use origin::Origin;
use simulator::counted::counted;
use source::Source;
use veil::Veil;

/// What was written.
#[derive(Default)]
struct Counts {
    deliveries: u64,
    /// Bodies among them that held other items, too.
    cut_bodies: u64,
    facts: u64,
    /// Comments on tasks that belong to no conversation, or were merged away.
    left_out: u64,
}

/// Carries out `corpus export`.
pub(crate) fn export(asked: &Export) -> Result<Exit, Failure> {
    if let (Some(from), Some(to)) = (asked.narrowing.from, asked.narrowing.to)
        && to <= from
    {
        let what = format!("nothing lies between --from {} and --to {}", instant::write(from.0), instant::write(to.0));
        let remedy = "--to is the first instant that is too late: give one after --from";
        return Err(Failure::new(Exit::Usage, what).remedy(remedy));
    }
    is_store(&asked.dir)?;
    written::apart(&asked.out, std::slice::from_ref(&asked.dir))?;
    let store = ReadOnlyJournal::open(&asked.dir).map_err(|fault| unusable(&asked.dir, &fault))?;
    let origin = Origin::of(&store, &asked.dir)?;
    if asked.no_redaction && !origin.is_sandbox {
        return Err(veil::is_real(&asked.dir));
    }
    overwrites(asked)?;
    exit::print(&write(&Source { store: &store, asked }, origin)?)
}

/// Writes everything; what it came to, in words.
fn write(source: &Source<'_>, origin: Origin) -> Result<String, Failure> {
    let asked = source.asked;
    let folder = Made::begin(&asked.out)?;
    let mut veil = Veil::of(source, &origin)?;
    let origin = veil.origin(origin, &asked.out)?;
    let filter = filter(source, &mut veil)?;
    let kept = fits(asked, &origin, filter.as_ref())?;
    let mut counts = Counts::default();
    let mut drafts = vec![deliveries(source, &mut veil, &mut counts)?, facts(source, &mut veil, &mut counts)?];
    if (counts.deliveries, counts.facts) == (0, 0) {
        return Err(nothing(asked));
    }
    // Customers who stand in a manifest that somebody wrote stand nowhere else.
    let known =
        if kept.as_ref().is_some_and(|kept| !kept.customers.is_empty()) { None } else { customers(source, &mut veil)? };
    let of_before = asked.out.join(Recording::CUSTOMERS);
    let is_left = known.is_none() && of_before.exists();
    drafts.extend(known);
    if kept.is_none() {
        let filter = filter.map(|filter| Filter { cut_bodies: counts.cut_bodies, ..filter });
        drafts.push(manifest(source, veil.is_redaction(), filter, &origin)?);
    }
    drafts.into_iter().try_for_each(Draft::keep)?;
    if is_left {
        std::fs::remove_file(&of_before).map_err(|fault| written::unwritable(&of_before, &fault))?;
    }
    folder.keep();
    Ok(told(asked, &counts, kept.is_some(), veil.is_redaction()))
}

fn nothing(asked: &Export) -> Failure {
    let dir = asked.dir.display();
    if asked.narrowing.is_open() {
        return Failure::new(Exit::NothingMatched, format!("nothing came into the store {dir}"));
    }
    let filters = asked.narrowing.flags().join(" ");
    let what = format!("nothing that came into the store {dir} is what was asked for with {filters}");
    Failure::new(Exit::NothingMatched, what).remedy(
        "leave out one filter after the other: all of them must hold at once, --from is the first instant and --to the \
         first that is too late; export without a filter, and `pagedesk corpus stats` counts the Pages and kinds there are",
    )
}

/// What the recording is narrowed to, as its manifest tells it.
fn filter(source: &Source<'_>, veil: &mut Veil) -> Result<Option<Filter>, Failure> {
    let (asked, out) = (&source.asked.narrowing, &source.asked.out);
    if asked.is_open() {
        return Ok(None);
    }
    let said = |at: Option<Timestamp>| at.map(|at| instant::write(at.0));
    let mut filter = Filter { from: said(asked.from), to: said(asked.to), ..Filter::default() };
    for page in &asked.page {
        filter.pages.push(PageId::new(veil.id(page, out)?));
    }
    for (page, psid) in &asked.conversation {
        filter.conversations.push(format!("{}/{}", veil.id(page.as_str(), out)?, veil.id(psid.as_str(), out)?));
    }
    filter.kinds.clone_from(&asked.kind);
    Ok(Some(filter))
}

/// The manifest that is there. One that is of something else is refused.
fn fits(asked: &Export, origin: &Origin, filter: Option<&Filter>) -> Result<Option<Manifest>, Failure> {
    let out = &asked.out;
    if !out.join(Manifest::FILE).exists() {
        return Ok(None);
    }
    let another = match (asked.no_redaction, &asked.key_file) {
        (true, _) => "correct the manifest, or give another --out",
        (false, Some(_)) => "its pseudonyms were made with another key, or of another store: give another --out",
        (false, None) => {
            "pseudonyms are new with each export: give the --key-file of before, if there was one, or another --out"
        }
    };
    let manifest = Manifest::read(out).map_err(|fault| unreadable(&fault))?;
    let pages: BTreeSet<&PageId> = manifest.pages.iter().map(|page| &page.id).collect();
    let told = manifest.filter.clone().map(|filter| Filter { cut_bodies: 0, ..filter });
    let listed = |pages: &mut dyn Iterator<Item = &PageId>| pages.map(PageId::as_str).collect::<Vec<_>>().join(", ");
    let word = |on: bool| if on { "true" } else { "false" };
    let differs = if !pages.iter().copied().eq(origin.pages.keys()) {
        let (told, found) = (listed(&mut pages.into_iter()), listed(&mut origin.pages.keys()));
        Some((format!("names the Pages {told}, and the store is of {found}"), another))
    } else if manifest.app_id != origin.app {
        Some((format!("names the app {}, and the store is of {}", manifest.app_id, origin.app), another))
    } else if manifest.human_agent != origin.human_agent {
        let (wanted, found) = (word(manifest.human_agent), word(origin.human_agent));
        let remedy = "the setting is another one now: correct it in the manifest, or give another --out";
        Some((format!("says human_agent = {wanted}, and in the store it was {found}"), remedy))
    } else if manifest.effective_from != origin.effective_from {
        let remedy = "the days are others now: correct effective_from in the manifest, or give another --out";
        Some(("dates the editions of the policy otherwise than the store".to_owned(), remedy))
    } else if told.as_ref() != filter {
        let remedy = "give the filters of before, which stand under [filter] there, or another --out";
        Some(("is of a recording that was narrowed otherwise".to_owned(), remedy))
    } else {
        None
    };
    match differs {
        None => Ok(Some(manifest)),
        Some((how, remedy)) => {
            let what = format!("{} {how}", out.join(Manifest::FILE).display());
            Err(Failure::new(Exit::Configuration, what).remedy(remedy))
        }
    }
}

/// Nothing is written over unless that was asked for, and then only a recording: what has a manifest.
fn overwrites(asked: &Export) -> Result<(), Failure> {
    let out = &asked.out;
    let there = [Recording::DELIVERIES, Recording::FACTS, Recording::CUSTOMERS].map(|name| out.join(name));
    let found = there.iter().find(|file| file.exists());
    let is_recording = out.join(Manifest::FILE).exists();
    let is_empty = std::fs::read_dir(out).map_or(true, |mut entries| entries.next().is_none());
    let (what, remedy) = match found {
        Some(file) if is_recording && !asked.force => {
            (format!("{} is there already", file.display()), "give --force to write over it, or another --out")
        }
        Some(file) if !is_recording => (
            format!("{} is there already, and no {} beside it", file.display(), Manifest::FILE),
            "give another --out: only what has a manifest is known for an export and written over",
        ),
        None if asked.force && !is_recording && !is_empty => (
            format!("{} is no export: there is no {} in it", out.display(), Manifest::FILE),
            "leave out --force to write beside what lies there, or give another --out",
        ),
        Some(_) | None => return Ok(()),
    };
    Err(Failure::new(Exit::Configuration, what).remedy(remedy))
}

fn deliveries(source: &Source<'_>, veil: &mut Veil, counts: &mut Counts) -> Result<Draft, Failure> {
    let out = &source.asked.out;
    let mut draft = Draft::begin(out, Recording::DELIVERIES)?;
    source.each_delivery("writing", &mut |kept| {
        counts.deliveries += 1;
        counts.cut_bodies += u64::from(kept.is_cut);
        draft.line(&veil.delivery(kept.line, out)?)
    })?;
    Ok(draft)
}

fn facts(source: &Source<'_>, veil: &mut Veil, counts: &mut Counts) -> Result<Draft, Failure> {
    let out = &source.asked.out;
    let mut draft = Draft::begin(out, Recording::FACTS)?;
    counts.left_out = source.each_fact(&mut |line| {
        counts.facts += 1;
        draft.line(&veil.fact(line, out)?)
    })?;
    Ok(draft)
}

/// No file where no name is known.
fn customers(source: &Source<'_>, veil: &mut Veil) -> Result<Option<Draft>, Failure> {
    let out = &source.asked.out;
    let mut draft = Draft::begin(out, Recording::CUSTOMERS)?;
    let mut count = 0;
    source.each_customer(&mut |customer| {
        count += 1;
        let (page, psid, name) = veil.customer(customer, out)?;
        draft.line(&CustomerOf { page, psid, name })
    })?;
    Ok((count > 0).then_some(draft))
}

fn manifest(source: &Source<'_>, is_redacted: bool, filter: Option<Filter>, origin: &Origin) -> Result<Draft, Failure> {
    let asked = source.asked;
    let pages = origin.pages.iter().map(|(id, name)| PageOf { id: id.clone(), name: name.clone() });
    let manifest = Manifest {
        format: FORMAT,
        title: asked.title.clone().unwrap_or_else(|| written::name(&asked.out)),
        provenance: if is_redacted { Provenance::Recorded } else { Provenance::Synthetic },
        app_id: origin.app.clone(),
        human_agent: origin.human_agent,
        effective_from: origin.effective_from,
        filter,
        pages: pages.collect(),
        customers: Vec::new(),
        parts: Vec::new(),
        expected: Expected::default(),
    };
    Draft::of(&asked.out, Manifest::FILE, &manifest.to_text())
}

fn told(asked: &Export, counts: &Counts, has_manifest: bool, is_redacted: bool) -> String {
    let out = asked.out.display();
    let Counts { deliveries, cut_bodies, facts, left_out } = counts;
    let manifest = if has_manifest { "kept" } else { "written" };
    if asked.json {
        let counts = json!({
            "out": out.to_string(),
            "deliveries": deliveries,
            "facts": facts,
            "cut_bodies": cut_bodies,
            "left_out": left_out,
            "manifest": manifest,
            "redacted": is_redacted,
        });
        return format!("{counts}\n");
    }
    let left_out = match left_out {
        0 => String::new(),
        count => {
            format!("  left out: {} on tasks that belong to no conversation any more\n", counted(*count, "comment"))
        }
    };
    let cut = match cut_bodies {
        0 => String::new(),
        count => format!("  of {} only those items are there that were asked for\n", counted(*count, "delivery")),
    };
    let redacted = if is_redacted {
        format!("  redacted; `pagedesk corpus lint {out}` looks for what was forgotten\n")
    } else {
        "  not redacted\n".to_owned()
    };
    format!(
        "{out} holds {} and {}; its manifest was {manifest}\n{redacted}{cut}{left_out}",
        counted(*deliveries, "delivery"),
        counted(*facts, "comment"),
    )
}
