//! `pagedesk corpus export`: what came into a store, as a recording: deliveries, agents' comments, and a manifest where
//! there is none; redacted, unless it is a sandbox's and nobody wants it so.
//!
//! Invariants: what is written lies there whole or not at all, and takes as much memory for a million deliveries as for
//! one.

mod origin;
mod source;
mod veil;
mod written;

use std::collections::BTreeSet;
use std::io::Write as _;

use ::journal::ReadOnlyJournal;
use model::PageId;
use serde_json::json;
use simulator::play::recording::{FORMAT, Manifest, Recording};

use crate::cli::Export;
use crate::exit::{self, Exit, Failure};
use crate::journal::is_store;
use crate::sandbox::unreadable;
use crate::store::unusable;
use origin::Origin;
use source::Source;
use veil::Veil;
use written::Draft;

/// What was written.
#[derive(Default)]
struct Counts {
    deliveries: u64,
    facts: u64,
    /// Comments on tasks that belong to no conversation, or were merged away.
    left_out: u64,
}

/// Carries out `corpus export`.
pub(crate) fn export(asked: &Export) -> Result<Exit, Failure> {
    is_store(&asked.dir)?;
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
    std::fs::create_dir_all(&asked.out).map_err(|fault| written::unwritable(&asked.out, &fault))?;
    let mut veil = Veil::of(source, &origin)?;
    let origin = veil.origin(origin, &asked.out)?;
    let has_manifest = fits(&asked.out, &origin, veil.is_redaction())?;
    let mut counts = Counts::default();
    let drafts = [
        Some(deliveries(source, &mut veil, &mut counts)?),
        Some(facts(source, &mut veil, &mut counts)?),
        if has_manifest { None } else { Some(manifest(source, &mut veil, &origin)?) },
    ];
    if (counts.deliveries, counts.facts) == (0, 0) {
        let what = format!("nothing came into the store {}", asked.dir.display());
        return Err(Failure::new(Exit::NothingMatched, what));
    }
    drafts.into_iter().flatten().try_for_each(Draft::keep)?;
    Ok(told(asked, &counts, has_manifest, veil.is_redaction()))
}

/// Whether a manifest is there. One that is of something else is refused.
fn fits(out: &std::path::Path, origin: &Origin, is_redacted: bool) -> Result<bool, Failure> {
    if !out.join(Manifest::FILE).exists() {
        return Ok(false);
    }
    let manifest = Manifest::read(out).map_err(|fault| unreadable(&fault))?;
    let pages: BTreeSet<&PageId> = manifest.pages.iter().map(|page| &page.id).collect();
    let listed = |pages: &mut dyn Iterator<Item = &PageId>| pages.map(PageId::as_str).collect::<Vec<_>>().join(", ");
    let word = |on: bool| if on { "true" } else { "false" };
    let differs = if !pages.iter().copied().eq(origin.pages.keys()) {
        Some(format!(
            "names the Pages {}, and the store is of {}",
            listed(&mut pages.into_iter()),
            listed(&mut origin.pages.keys())
        ))
    } else if manifest.app_id != origin.app {
        Some(format!("names the app {}, and the store is of {}", manifest.app_id, origin.app))
    } else if manifest.human_agent != origin.human_agent {
        let (wanted, found) = (word(manifest.human_agent), word(origin.human_agent));
        Some(format!("says human_agent = {wanted}, and in the store it was {found}"))
    } else {
        None
    };
    match differs {
        None => Ok(true),
        Some(how) => {
            let what = format!("{} {how}", out.join(Manifest::FILE).display());
            Err(Failure::new(Exit::Configuration, what).remedy(if is_redacted {
                "the store is told of by its pseudonyms: give another --out, or the --key-file of before"
            } else {
                "correct it, or give another --out"
            }))
        }
    }
}

fn overwrites(asked: &Export) -> Result<(), Failure> {
    let there = [Recording::DELIVERIES, Recording::FACTS].map(|name| asked.out.join(name));
    match there.iter().find(|file| file.exists()) {
        Some(file) if !asked.force => {
            let what = format!("{} is there already", file.display());
            Err(Failure::new(Exit::Configuration, what).remedy("give --force to write over it, or another --out"))
        }
        Some(_) | None => Ok(()),
    }
}

fn deliveries(source: &Source<'_>, veil: &mut Veil, counts: &mut Counts) -> Result<Draft, Failure> {
    let out = &source.asked.out;
    let mut draft = Draft::begin(out, Recording::DELIVERIES)?;
    source.each_delivery("writing", &mut |line| {
        counts.deliveries += 1;
        draft.line(&veil.delivery(line, out)?)
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

fn manifest(source: &Source<'_>, veil: &mut Veil, origin: &Origin) -> Result<Draft, Failure> {
    let asked = source.asked;
    let named = asked.out.canonicalize().ok().and_then(|out| Some(out.file_name()?.to_string_lossy().into_owned()));
    let title = asked.title.clone().or(named).unwrap_or_else(|| "Recorded".to_owned());
    let provenance = if veil.is_redaction() { "recorded" } else { "synthetic" };
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut draft = Draft::begin(&asked.out, Manifest::FILE)?;
    draft.write(|file| {
        writeln!(file, "format = {FORMAT}\ntitle = {}\nprovenance = \"{provenance}\"", quoted(&title))?;
        writeln!(file, "app_id = {}\nhuman_agent = {}", quoted(origin.app.as_str()), origin.human_agent)?;
        origin.pages.iter().try_for_each(|(page, name)| {
            writeln!(file, "\n[[pages]]\nid = {}\nname = {}", quoted(page.as_str()), quoted(name))
        })
    })?;
    source.each_customer(&mut |customer| {
        let (page, psid, name) = veil.customer(customer, &asked.out)?;
        let (page, psid, name) = (quoted(page.as_str()), quoted(psid.as_str()), quoted(&name));
        draft.write(|file| writeln!(file, "\n[[customers]]\npage = {page}\npsid = {psid}\nname = {name}"))
    })?;
    Ok(draft)
}

fn told(asked: &Export, counts: &Counts, has_manifest: bool, is_redacted: bool) -> String {
    let out = asked.out.display();
    let Counts { deliveries, facts, left_out } = counts;
    let manifest = if has_manifest { "kept" } else { "written" };
    if asked.json {
        let counts = json!({
            "out": out.to_string(),
            "deliveries": deliveries,
            "facts": facts,
            "left_out": left_out,
            "manifest": manifest,
            "redacted": is_redacted,
        });
        return format!("{counts}\n");
    }
    let left_out = match left_out {
        0 => String::new(),
        count => format!("  {count} comments on tasks that belong to no conversation any more were left out\n"),
    };
    let redacted = if is_redacted {
        format!("  redacted; `pagedesk corpus lint {out}` looks for what was forgotten\n")
    } else {
        "  not redacted\n".to_owned()
    };
    format!(
        "{out} holds {deliveries} deliveries and {facts} comments; its manifest was {manifest}\n{redacted}{left_out}"
    )
}
