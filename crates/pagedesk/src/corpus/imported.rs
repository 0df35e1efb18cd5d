//! Payloads of others as a recording: each a delivery, in the order of the times that they tell.
//!
//! Of a payload only its time is remembered; it is read again when it is written. Invariant: what is no payload of Meta's
//! is left out, and nothing is made up but the time of what tells none: it comes with the payload before it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::{AppId, Delivery, PageId, Timestamp};
use policy::Calendar;
use simulator::play::recording::{DeliveryLine, Expected, FORMAT, Manifest, PageOf, Provenance, Recording};

use super::read;
use super::written::{self, Draft, Fresh};
use crate::cli::Import;
use crate::exit::{Exit, Failure};

/// Stands for a time that nobody tells.
const UNTOLD: Timestamp = Timestamp(-1);

/// Writes the recording.
pub(super) fn record(asked: &Import, files: &[PathBuf], out: &Path) -> Result<(), Failure> {
    let mut pages: BTreeSet<PageId> = BTreeSet::new();
    let mut order: Vec<(Timestamp, usize)> = Vec::new();
    let mut before = Timestamp(0);
    for (index, file) in files.iter().enumerate() {
        let Some(body) = body(file) else { continue };
        let delivery = webhook::parse(body.as_bytes(), UNTOLD);
        before = newest(&delivery).unwrap_or(before);
        order.push((before, index));
        pages.extend(delivery.inbounds.into_iter().map(|inbound| inbound.page));
        pages.extend(delivery.page_inbounds.into_iter().map(|inbound| inbound.page));
    }
    if pages.is_empty() {
        let what = format!("no payload in {} is a delivery of a Page", asked.dir.display());
        return Err(Failure::new(Exit::NothingMatched, what));
    }
    order.sort_unstable();
    let fresh = Fresh::begin(out, &[])?;
    let mut deliveries = Draft::begin(fresh.path(), Recording::DELIVERIES)?;
    for (at, index) in order {
        if let Some(body) = files.get(index).and_then(|file| body(file)) {
            deliveries.line(&DeliveryLine { at, body })?;
        }
    }
    deliveries.keep()?;
    let manifest = manifest(asked, out, pages);
    Draft::of(fresh.path(), Manifest::FILE, &manifest.to_text())?.keep()?;
    fresh.keep()
}

fn body(file: &Path) -> Option<String> {
    webhook::body_of_foreign(&read(file).ok()?)
}

/// The time of the newest item that tells one: a delivery came no earlier.
fn newest(delivery: &Delivery) -> Option<Timestamp> {
    let talks = delivery.inbounds.iter().map(|inbound| inbound.at);
    let others = delivery.page_inbounds.iter().map(|inbound| inbound.at);
    talks.chain(others).filter(|at| *at != UNTOLD).max()
}

fn manifest(asked: &Import, out: &Path, pages: BTreeSet<PageId>) -> Manifest {
    Manifest {
        format: FORMAT,
        title: asked.title.clone().unwrap_or_else(|| written::name(out)),
        provenance: Provenance::Imported,
        app_id: AppId::new(asked.app.as_str()),
        human_agent: false,
        effective_from: Calendar::default(),
        filter: None,
        pages: pages.into_iter().map(|id| PageOf { name: format!("Page {}", id.as_str()), id }).collect(),
        customers: Vec::new(),
        parts: Vec::new(),
        expected: Expected::default(),
    }
}
