//! `pagedesk corpus stats`: what recordings hold, counted.
//!
//! Reads line by line with the node's own parser and shows no text. Invariant: memory does not grow with what is counted;
//! how many things differ is counted on disk.

mod text;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use model::{Delivery, Kind, PageId, Timestamp};
use serde::Serialize;
use simulator::play::recording::{DeliveryLine, FactLine, Lines, Manifest, Provenance, Unreadable};
use webhook::kinds;

use super::sorter::Sorter;
use crate::cli::CorpusStats;
use crate::exit::{self, Exit, Failure};
use crate::instant;
use crate::recordings;
use crate::sandbox::unreadable;
use crate::store::fault_words;
use text::Scripts;

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// Kinds that are told one by one. What Meta calls a kind comes from outside, so that there could be any number.
const KINDS_MAX: usize = 1_000;

/// What a recording holds.
#[derive(Serialize)]
struct Counted {
    path: String,
    title: String,
    format: u32,
    provenance: Provenance,
    /// Bodies that are not as they came.
    cut_bodies: u64,
    deliveries: u64,
    /// Agents' comments.
    facts: u64,
    /// Items that were understood, repetitions counted.
    items: u64,
    /// Items that were not.
    anomalies: u64,
    /// Items that repeat an earlier one.
    duplicates: u64,
    /// Deliveries that are one that came before, byte for byte.
    repeated_bodies: u64,
    conversations: u64,
    /// Items by the id of a Page that the manifest names.
    pages: BTreeMap<PageId, u64>,
    /// Items of no such Page.
    items_of_others: u64,
    /// The first and the last instant.
    from: String,
    to: String,
    span_ms: i64,
    /// Bytes of all bodies.
    bytes: u64,
    largest_body: Largest,
    bodies_per_minute: Rate,
    /// How often each kind comes.
    kinds: BTreeMap<String, u64>,
    /// Texts of customers by script.
    texts: Scripts,
}

/// The largest body.
#[derive(Clone, Copy, Default, Serialize)]
struct Largest {
    bytes: u64,
    /// Its line in `deliveries.jsonl`.
    line: usize,
}

/// How fast deliveries came.
#[derive(Clone, Default, Serialize)]
struct Rate {
    mean: f64,
    most: u64,
    /// The minute in which most came.
    most_at: String,
}

/// Carries out `corpus stats`.
pub(crate) fn stats(asked: &CorpusStats) -> Result<Exit, Failure> {
    let mut counted = Vec::new();
    for path in &asked.paths {
        for folder in recordings::of(path)? {
            counted.push(count(&folder)?);
        }
    }
    exit::print(&if asked.json {
        format!("{}\n", serde_json::json!({ "recordings": counted }))
    } else {
        counted.iter().map(Counted::told).collect::<Vec<_>>().join("\n")
    })
}

fn count(folder: &Path) -> Result<Counted, Failure> {
    let manifest = Manifest::read(folder).map_err(|fault| unreadable(&fault))?;
    let mut count = Count::of(&manifest);
    let mut deliveries = Lines::<DeliveryLine>::of(folder).map_err(|fault| unreadable(&fault))?;
    while let Some(line) = deliveries.next() {
        let line = line.map_err(|fault| unreadable(&fault))?;
        count.delivery(&line, deliveries.number()).map_err(|fault| spilled(&fault))?;
    }
    for line in Lines::<FactLine>::of(folder).map_err(|fault| unreadable(&fault))? {
        count.fact(&line.map_err(|fault| unreadable(&fault))?).map_err(|fault| spilled(&fault))?;
    }
    count.finish(folder, manifest)
}

fn spilled(fault: &io::Error) -> Failure {
    Failure::new(Exit::Configuration, format!("a temporary file cannot be used: {}", fault_words(fault)))
        .remedy("make room in the folder of temporary files, or name another one in TMPDIR")
}

/// What was counted so far.
struct Count {
    span: Option<(Timestamp, Timestamp)>,
    deliveries: u64,
    facts: u64,
    anomalies: u64,
    bytes: u64,
    largest: Largest,
    pages: BTreeMap<PageId, u64>,
    others: u64,
    kinds: BTreeMap<String, u64>,
    texts: Scripts,
    items: Sorter,
    bodies: Sorter,
    conversations: Sorter,
    /// The minute that is going on, and how many came in it.
    minute: (i64, u64),
    /// The minute in which most came, and how many.
    most: (i64, u64),
}

impl Count {
    fn of(manifest: &Manifest) -> Self {
        Self {
            span: None,
            deliveries: 0,
            facts: 0,
            anomalies: 0,
            bytes: 0,
            largest: Largest::default(),
            pages: manifest.pages.iter().map(|page| (page.id.clone(), 0)).collect(),
            others: 0,
            kinds: BTreeMap::new(),
            texts: Scripts::default(),
            items: Sorter::new(),
            bodies: Sorter::new(),
            conversations: Sorter::new(),
            minute: (0, 0),
            most: (0, 0),
        }
    }

    fn delivery(&mut self, line: &DeliveryLine, number: usize) -> io::Result<()> {
        self.came(line.at);
        self.deliveries += 1;
        let bytes = line.body.len() as u64;
        self.bytes += bytes;
        if bytes > self.largest.bytes {
            self.largest = Largest { bytes, line: number };
        }
        let minute = line.at.0.div_euclid(MINUTE);
        self.minute = if minute == self.minute.0 { (minute, self.minute.1 + 1) } else { (minute, 1) };
        if self.minute.1 > self.most.1 {
            self.most = self.minute;
        }
        self.bodies.add(&[line.body.as_bytes()])?;
        self.items_of(&webhook::parse(line.body.as_bytes(), line.at))
    }

    fn items_of(&mut self, delivery: &Delivery) -> io::Result<()> {
        for inbound in &delivery.inbounds {
            self.items.add(&[inbound.key.to_hex().as_bytes()])?;
            self.conversations.add(&[inbound.page.as_str().as_bytes(), inbound.psid.as_str().as_bytes()])?;
            self.of_page(Some(&inbound.page));
            kinds::words(inbound).into_iter().for_each(|word| self.kind(word));
            if let Kind::Message(message) = &inbound.kind
                && let Some(text) = &message.text
            {
                self.texts.add(text.reveal());
            }
        }
        for inbound in &delivery.page_inbounds {
            self.items.add(&[inbound.key.to_hex().as_bytes()])?;
            self.of_page(Some(&inbound.page));
            self.kind(kinds::page_word(inbound));
        }
        for anomaly in &delivery.anomalies {
            self.anomalies += 1;
            self.of_page(anomaly.page.as_ref());
            self.kind(kinds::anomaly_word(anomaly));
        }
        Ok(())
    }

    fn fact(&mut self, line: &FactLine) -> io::Result<()> {
        self.came(line.at);
        self.facts += 1;
        self.conversations.add(&[line.page.as_str().as_bytes(), line.psid.as_str().as_bytes()])
    }

    fn came(&mut self, at: Timestamp) {
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
    }

    fn of_page(&mut self, page: Option<&PageId>) {
        match page.and_then(|page| self.pages.get_mut(page)) {
            Some(items) => *items += 1,
            None => self.others += 1,
        }
    }

    fn kind(&mut self, word: String) {
        let known = self.kinds.len() < KINDS_MAX || self.kinds.contains_key(&word);
        *self.kinds.entry(if known { word } else { "others".to_owned() }).or_default() += 1;
    }

    fn finish(self, folder: &Path, manifest: Manifest) -> Result<Counted, Failure> {
        let Some((from, to)) = self.span else { return Err(unreadable(&Unreadable::Empty(folder.to_owned()))) };
        let (items, bodies) = (self.items.added(), self.bodies.added());
        let different = |sorter: Sorter| sorter.different().map_err(|fault| spilled(&fault));
        let span_ms = to.0.saturating_sub(from.0);
        let minutes = span_ms.div_euclid(MINUTE).max(1) as f64;
        let of_parts: u64 = manifest.parts.iter().map(|part| part.cut_bodies).sum();
        Ok(Counted {
            path: folder.display().to_string(),
            title: manifest.title,
            format: manifest.format,
            provenance: manifest.provenance,
            cut_bodies: of_parts + manifest.filter.map_or(0, |filter| filter.cut_bodies),
            deliveries: self.deliveries,
            facts: self.facts,
            items,
            anomalies: self.anomalies,
            duplicates: items - different(self.items)?,
            repeated_bodies: bodies - different(self.bodies)?,
            conversations: different(self.conversations)?,
            pages: self.pages,
            items_of_others: self.others,
            from: instant::write(from.0),
            to: instant::write(to.0),
            span_ms,
            bytes: self.bytes,
            largest_body: self.largest,
            bodies_per_minute: Rate {
                mean: (self.deliveries as f64 / minutes * 100.0).round() / 100.0,
                most: self.most.1,
                most_at: instant::write(self.most.0.saturating_mul(MINUTE)),
            },
            kinds: self.kinds,
            texts: self.texts,
        })
    }
}

impl Counted {
    /// For people.
    fn told(&self) -> String {
        let mut text = format!("{}\n", self.path);
        let mut row = |name: &str, value: &dyn std::fmt::Display| text.push_str(&format!("  {name:<24} {value}\n"));
        row("title", &self.title);
        row("provenance", &word(self.provenance));
        if self.cut_bodies > 0 {
            row("bodies not as they came", &self.cut_bodies);
        }
        row("deliveries", &self.deliveries);
        row("comments", &self.facts);
        row("items", &self.items);
        row("anomalies", &self.anomalies);
        row("duplicates", &self.duplicates);
        row("repeated bodies", &self.repeated_bodies);
        row("conversations", &self.conversations);
        row("from", &self.from);
        row("to", &self.to);
        row("bytes", &self.bytes);
        let Largest { bytes, line } = self.largest_body;
        row("largest body", &format_args!("{bytes} bytes, line {line}"));
        let Rate { mean, most, most_at } = &self.bodies_per_minute;
        row("bodies per minute", &format_args!("{mean}; most {most}, at {most_at}"));
        text.push_str("  items of Pages\n");
        self.pages.iter().for_each(|(page, items)| text.push_str(&format!("    {:<22} {items:>8}\n", page.as_str())));
        if self.items_of_others > 0 {
            text.push_str(&format!("    {:<22} {:>8}\n", "others", self.items_of_others));
        }
        text.push_str("  kinds\n");
        let width = self.kinds.keys().map(String::len).max().unwrap_or(0).max(22);
        self.kinds.iter().for_each(|(kind, count)| text.push_str(&format!("    {kind:<width$} {count:>8}\n")));
        text.push_str(&self.texts.told());
        text
    }
}

fn word(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Synthetic => "synthetic",
        Provenance::Recorded => "recorded",
        Provenance::Imported => "imported",
        Provenance::Mixed => "mixed",
    }
}
