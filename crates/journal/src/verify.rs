//! Walking a whole store and reporting everything that does not agree. Repairs nothing, decides nothing.
//!
//! Everything but the log can be derived from the log; so the walk derives it and compares. What a machine's newest
//! baseline made needless may be half gone: there, gaps and missing keys are no findings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use redb::ReadTransaction;

use crate::api::{Key, OpenEffect, Position, ReadFault};
use crate::database::Trouble;
use crate::heads::Head;
use crate::inbox::{DELIVERIES, decode, read_progress};
use crate::read::{self, KeyOf};
use crate::row::Row;
use crate::tables::{META_HEADS_FROM, ReadTables, deadline_of, effect_of};

/// Findings that are listed; more are only counted.
const FINDINGS_MAX: usize = 1000;

/// Something that does not agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Position of the batch or number of the delivery, 0 where it is neither.
    pub position: u64,
    /// What is wrong, in words. Names no machine and no content.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.position, self.what)
    }
}

/// What the walk over the journal saw.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JournalReport {
    /// Batches read.
    pub batches: u64,
    /// Records in them.
    pub records: u64,
    /// Of these, sealed ones that opened.
    pub sealed: u64,
    /// Of these, sealed ones that a baseline made needless and whose key is gone.
    pub erased: u64,
    /// Machines seen.
    pub machines: u64,
    /// Open effects.
    pub open_effects: u64,
    /// Deadline rows.
    pub deadlines: u64,
    /// Snapshots.
    pub snapshots: u64,
    /// What does not agree; at most a thousand are listed.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more_findings: u64,
}

/// What the walk over the inbox saw.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InboxReport {
    /// Deliveries read.
    pub deliveries: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Of these, ones that are not done as far as is stored.
    pub unforgotten: u64,
    /// Number of the newest.
    pub last_seq: u64,
    /// What does not agree; at most a thousand are listed.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more_findings: u64,
}

/// Both walks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The journal and its keys.
    pub journal: JournalReport,
    /// The inbox.
    pub inbox: InboxReport,
}

impl Report {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.journal.findings.is_empty() && self.inbox.findings.is_empty()
    }
}

fn note(findings: &mut Vec<Finding>, more: &mut u64, position: u64, what: impl Into<String>) {
    if findings.len() < FINDINGS_MAX {
        findings.push(Finding { position, what: what.into() });
    } else {
        *more += 1;
    }
}

/// What the log has said about one machine so far.
#[derive(Default)]
struct Machine {
    head: Head,
    /// Its newest baseline.
    baseline: u64,
    /// Gaps and missing keys, forgiven if a baseline follows: position, what, records concerned.
    doubts: Vec<(u64, String)>,
    keyless_records: u64,
}

struct Walk<'a> {
    tables: &'a ReadTables,
    key_of: KeyOf<'a>,
    report: JournalReport,
    machines: BTreeMap<Key, Machine>,
    /// Effects that were opened and not seen settled, with their machine.
    open: BTreeMap<OpenEffect, Key>,
}

/// Verifies the journal as of one commit.
pub(crate) fn journal(tables: &ReadTables, key_of: KeyOf<'_>) -> Result<JournalReport, ReadFault> {
    let report = JournalReport::default();
    let mut walk = Walk { tables, key_of, report, machines: BTreeMap::new(), open: BTreeMap::new() };
    for entry in tables.log.range::<u64>(..)? {
        let (position, bytes) = entry?;
        match Row::parse(position.value(), bytes.value()) {
            Ok(row) => walk.row(&row)?,
            Err(fault) => walk.fault(position.value(), &fault),
        }
    }
    walk.doubts();
    walk.effects()?;
    walk.deadlines()?;
    walk.heads()?;
    walk.snapshots()?;
    walk.report.machines = walk.machines.len() as u64;
    Ok(walk.report)
}

impl Walk<'_> {
    fn finding(&mut self, position: u64, what: impl Into<String>) {
        note(&mut self.report.findings, &mut self.report.more_findings, position, what);
    }

    fn fault(&mut self, position: u64, fault: &ReadFault) {
        self.finding(position, fault.to_string());
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), ReadFault> {
        self.report.batches += 1;
        self.report.records += row.records().count() as u64;
        let key = Key::from(row.key);
        for effect in row.closes() {
            self.open.remove(&effect);
        }
        for record in row.records().filter(|record| record.opens) {
            let effect = OpenEffect { position: Position(row.position), index: record.index };
            self.open.insert(effect, key.clone());
        }
        let doubt = self.link(row, &key)?;
        let sealed = row.records().filter(|record| record.sealed).count() as u64;
        let unopened = match if sealed > 0 { read::open(row, self.key_of).map(drop) } else { Ok(()) } {
            Ok(()) => {
                self.report.sealed += sealed;
                None
            }
            Err(ReadFault::KeyGone { .. }) => Some("the key of a sealed record is gone".to_owned()),
            Err(fault @ ReadFault::Damaged { .. }) => {
                self.fault(row.position, &fault);
                None
            }
            Err(fault @ ReadFault::Unavailable(_)) => return Err(fault),
        };
        let machine = self.machines.entry(key).or_default();
        if row.baseline {
            machine.doubts.clear();
            machine.baseline = row.position;
            self.report.erased += std::mem::take(&mut machine.keyless_records);
        }
        if unopened.is_some() {
            machine.keyless_records += sealed;
        }
        machine.doubts.extend(doubt.into_iter().chain(unopened).map(|what| (row.position, what)));
        machine.head = row.head();
        Ok(())
    }

    /// What is wrong with a row's link to the machine's previous one.
    fn link(&mut self, row: &Row<'_>, key: &Key) -> Result<Option<String>, ReadFault> {
        let head = self.machines.get(key).map_or(Head::default(), |machine| machine.head);
        if row.previous == head.position && row.first_seq == head.seq + 1 {
            return Ok(None);
        }
        // Before a baseline rows may be gone, then its link leads nowhere.
        let pruned = row.baseline
            && row.previous > head.position
            && row.first_seq > head.seq
            && !read::has_row(self.tables, row.previous)?;
        Ok((!pruned).then(|| {
            format!(
                "record {} after {}, previous batch {} where {} is the newest",
                row.first_seq, head.seq, row.previous, head.position
            )
        }))
    }

    fn doubts(&mut self) {
        let machines = std::mem::take(&mut self.machines);
        for (position, what) in machines.values().flat_map(|machine| &machine.doubts) {
            self.finding(*position, what.clone());
        }
        self.machines = machines;
    }

    fn effects(&mut self) -> Result<(), ReadFault> {
        let mut listed = BTreeSet::new();
        for entry in self.tables.effects.range::<&[u8; 10]>(..)? {
            listed.insert(effect_of(entry?.0.value()));
        }
        self.report.open_effects = listed.len() as u64;
        for effect in &listed {
            if !self.open.contains_key(effect) {
                self.finding(effect.position.0, format!("an open effect {} that no record names", effect.index));
            }
        }
        let open = std::mem::take(&mut self.open);
        for (effect, key) in open.iter().filter(|(effect, _)| !listed.contains(effect)) {
            let superseded = self.machines.get(key).is_some_and(|machine| machine.baseline > effect.position.0);
            if !superseded {
                self.finding(effect.position.0, format!("an effect {} that nobody settled is not open", effect.index));
            }
        }
        Ok(())
    }

    fn deadlines(&mut self) -> Result<(), ReadFault> {
        let mut armed = BTreeSet::new();
        for entry in self.tables.deadlines.range::<&[u8]>(..)? {
            let Some(due) = deadline_of(entry?.0.value()) else {
                self.finding(0, "a deadline row is cut off");
                continue;
            };
            self.report.deadlines += 1;
            let head = self.machines.get(&due.key).map_or(Head::default(), |machine| machine.head);
            if head.armed != Some(due.at) {
                self.finding(head.position, "a deadline row that the machine's newest batch does not have");
            }
            armed.insert(due.key);
        }
        let lacking: Vec<u64> = self
            .machines
            .iter()
            .filter(|(key, machine)| machine.head.armed.is_some() && !armed.contains(*key))
            .map(|(_, machine)| machine.head.position)
            .collect();
        for position in lacking {
            self.finding(position, "the machine's deadline has no row");
        }
        Ok(())
    }

    fn heads(&mut self) -> Result<(), ReadFault> {
        let from = self.tables.meta(META_HEADS_FROM)?;
        let mut stored = BTreeMap::new();
        for entry in self.tables.heads.range::<&[u8]>(..)? {
            let (key, bytes) = entry?;
            match Head::decode(bytes.value()) {
                Ok(head) => {
                    stored.insert(Key::from(key.value()), head);
                }
                Err(_) => self.finding(0, "a head is cut off"),
            }
        }
        let mut wrong = Vec::new();
        for (key, machine) in &self.machines {
            let newest = machine.head.position;
            match stored.remove(key) {
                Some(head) if head == machine.head => {}
                Some(head) if head.position < newest && newest > from => {}
                None if newest > from => {}
                Some(_) | None => wrong.push(newest),
            }
        }
        for position in wrong {
            self.finding(position, "the machine's stored head is not its newest batch");
        }
        for head in stored.values() {
            self.finding(head.position, "a stored head of a machine without batches");
        }
        Ok(())
    }

    fn snapshots(&mut self) -> Result<(), ReadFault> {
        for entry in self.tables.snapshots.range::<&[u8]>(..)? {
            let (key, bytes) = entry?;
            self.report.snapshots += 1;
            let head = self.machines.get(key.value()).map_or(Head::default(), |machine| machine.head);
            match read::open_snapshot(self.key_of, key.value(), bytes.value())? {
                Some(snapshot) if snapshot.seq <= head.seq => {}
                Some(_) => self.finding(head.position, "a snapshot holds more than the machine's records"),
                None => self.finding(head.position, "a snapshot does not open"),
            }
        }
        Ok(())
    }
}

/// Verifies the inbox as of one commit.
pub(crate) fn inbox(read: &ReadTransaction) -> Result<InboxReport, ReadFault> {
    let mut report = InboxReport::default();
    let progress = match read_progress(read) {
        Ok(progress) => progress,
        Err(Trouble::Damaged(what)) => {
            note(&mut report.findings, &mut report.more_findings, 0, what);
            crate::inbox::Progress::default()
        }
        Err(trouble @ Trouble::Failed(_)) => return Err(trouble.into()),
    };
    for entry in read.open_table(DELIVERIES).map_err(Trouble::from)?.range::<u64>(..)? {
        let (seq, bytes) = entry?;
        let seq = seq.value();
        match decode(seq, bytes.value()) {
            Ok(delivery) => {
                report.deliveries += 1;
                report.bytes += delivery.body.len() as u64;
            }
            Err(fault) => note(&mut report.findings, &mut report.more_findings, seq, fault.to_string()),
        }
        report.last_seq = seq;
        if seq > progress.watermark && !progress.ranges.contains(seq) {
            report.unforgotten += 1;
        }
    }
    report.last_seq = report.last_seq.max(progress.last_seq);
    if progress.watermark > report.last_seq {
        note(&mut report.findings, &mut report.more_findings, progress.watermark, "more is done than ever came");
    }
    Ok(report)
}
