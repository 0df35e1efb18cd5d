//! `pagedesk corpus export`: what came into a sandbox's store, as a recording: deliveries byte for byte, agents' comments,
//! and a manifest where there is none.
//!
//! Invariants: a store in which anything real may lie is refused; what is written lies there whole or not at all, and
//! takes as much memory for a million deliveries as for one.

mod origin;
mod written;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use ::journal::{Delivery, FileFault, ReadOnlyJournal, guarded};
use indicatif::{ProgressBar, ProgressStyle};
use model::{MachineId, PageId, Timestamp};
use serde_json::json;
use simulator::play::recording::{Audience, DeliveryLine, FORMAT, FactLine, Manifest, Recording};
use tracker::desk::{DeskReader, Written};

use crate::cli::Export;
use crate::exit::{self, Exit, Failure};
use crate::journal::is_store;
use crate::sandbox::unreadable;
use crate::store::unusable;
use origin::Origin;
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
    let has_manifest = fits(&asked.out, &origin)?;
    overwrites(asked)?;
    std::fs::create_dir_all(&asked.out).map_err(|fault| written::unwritable(&asked.out, &fault))?;
    let mut counts = Counts::default();
    let drafts = [
        Some(deliveries(&store, asked, &mut counts)?),
        Some(facts(asked, &mut counts)?),
        if has_manifest { None } else { Some(manifest(asked, &origin)?) },
    ];
    if (counts.deliveries, counts.facts) == (0, 0) {
        let what = format!("nothing came into the store {}", asked.dir.display());
        return Err(Failure::new(Exit::NothingMatched, what));
    }
    drafts.into_iter().flatten().try_for_each(Draft::keep)?;
    exit::print(&told(asked, &counts, has_manifest))
}

/// Whether a manifest is there. One that is of something else is refused.
fn fits(out: &Path, origin: &Origin) -> Result<bool, Failure> {
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
            Err(Failure::new(Exit::Configuration, what).remedy("correct it, or give another --out"))
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

fn deliveries(store: &ReadOnlyJournal, asked: &Export, counts: &mut Counts) -> Result<Draft, Failure> {
    let unusable = |fault: &FileFault| unusable(&asked.dir, fault);
    let mut draft = Draft::begin(&asked.out, Recording::DELIVERIES)?;
    let progress = ProgressBar::new(store.inbox_stats().map_err(|fault| unusable(&fault))?.last_seq);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} deliveries") {
        progress.set_style(style);
    }
    let mut failed = None;
    let mut last = Timestamp(i64::MIN);
    let walked = store.each_delivery(0..=u64::MAX, |delivery| {
        progress.inc(1);
        let delivery = delivery.map_err(|fault| {
            Failure::new(Exit::Configuration, format!("a delivery in {} cannot be read: {fault}", asked.dir.display()))
        });
        let line = delivery.and_then(|delivery| line(delivery, &mut last));
        match line.and_then(|line| draft.line(&line)) {
            Ok(()) => {
                counts.deliveries += 1;
                ControlFlow::Continue(())
            }
            Err(failure) => {
                failed = Some(failure);
                ControlFlow::Break(())
            }
        }
    });
    progress.finish_and_clear();
    walked.map_err(|fault| unusable(&fault))?;
    failed.map_or(Ok(draft), Err)
}

/// A delivery as a recording has it. Times never go back in a recording: one that was received a moment earlier than the
/// one before it has that one's time.
fn line(delivery: Delivery, last: &mut Timestamp) -> Result<DeliveryLine, Failure> {
    let Delivery { seq, received_at, body } = delivery;
    let body = String::from_utf8(body.into()).map_err(|_| {
        let at = jiff::Timestamp::from_millisecond(received_at).map(|at| at.to_string()).unwrap_or_default();
        let what = format!("delivery {seq}, which came at {at}, is no UTF-8 text, and a recording holds text");
        Failure::new(Exit::UnreadableCorpus, what)
            .remedy(format!("format {FORMAT} of recordings has no place for it: record again without it"))
    })?;
    *last = Timestamp(received_at).max(*last);
    Ok(DeliveryLine { at: *last, body })
}

fn desk<T>(asked: &Export, work: impl FnOnce(&DeskReader) -> Result<T, ::journal::OpenFault>) -> Result<T, Failure> {
    let file = asked.dir.join("desk.redb");
    let done = guarded(Some(&file), || DeskReader::open(&file).and_then(|desk| work(&desk)));
    done.map_err(|fault| unusable(&asked.dir, &fault))
}

fn facts(asked: &Export, counts: &mut Counts) -> Result<Draft, Failure> {
    let mut draft = Draft::begin(&asked.out, Recording::FACTS)?;
    let mut done = Ok(());
    let mut last = Timestamp(i64::MIN);
    desk(asked, |desk| {
        desk.each_written(|Written { at, conversation, by, text, audience }| {
            let Some(MachineId::Conversation(page, psid)) = conversation else {
                counts.left_out += 1;
                return ControlFlow::Continue(());
            };
            last = at.max(last);
            let audience = match audience {
                tracker::Audience::Customer => Audience::Customer,
                tracker::Audience::Internal => Audience::Internal,
            };
            done = draft.line(&FactLine { at: last, page, psid, by, text: text.reveal().clone(), audience });
            counts.facts += 1;
            if done.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    })?;
    done.map(|()| draft)
}

fn manifest(asked: &Export, origin: &Origin) -> Result<Draft, Failure> {
    let named = asked.out.canonicalize().ok().and_then(|out| Some(out.file_name()?.to_string_lossy().into_owned()));
    let title = asked.title.clone().or(named).unwrap_or_else(|| "Recorded in a sandbox".to_owned());
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut draft = Draft::begin(&asked.out, Manifest::FILE)?;
    let mut done = draft.write(|file| {
        writeln!(file, "format = {FORMAT}\ntitle = {}\nprovenance = \"synthetic\"", quoted(&title))?;
        writeln!(file, "app_id = {}\nhuman_agent = {}", quoted(origin.app.as_str()), origin.human_agent)?;
        origin.pages.iter().try_for_each(|(page, name)| {
            writeln!(file, "\n[[pages]]\nid = {}\nname = {}", quoted(page.as_str()), quoted(name))
        })
    });
    desk(asked, |desk| {
        desk.each_named(|whose, name| {
            let MachineId::Conversation(page, psid) = whose else { return ControlFlow::Continue(()) };
            let (page, psid, name) = (quoted(page.as_str()), quoted(psid.as_str()), quoted(name.reveal()));
            done = core::mem::replace(&mut done, Ok(())).and_then(|()| {
                draft.write(|file| writeln!(file, "\n[[customers]]\npage = {page}\npsid = {psid}\nname = {name}"))
            });
            if done.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    })?;
    done.map(|()| draft)
}

fn told(asked: &Export, counts: &Counts, has_manifest: bool) -> String {
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
        });
        return format!("{counts}\n");
    }
    let left_out = match left_out {
        0 => String::new(),
        count => format!("  {count} comments on tasks that belong to no conversation any more were left out\n"),
    };
    format!("{out} holds {deliveries} deliveries and {facts} comments; its manifest was {manifest}\n{left_out}")
}
