//! Walking a whole store and reporting everything that does not agree. Repairs nothing, decides nothing.
//!
//! Two kinds of trouble: a *finding* is a row that does not agree with the others; a *damaged file* is one that cannot
//! be opened, or not be walked to its end, and then the counts are those of before that place.
//!
//! Everything but the log can be derived from the log; so the walk derives it and compares. What a machine's newest
//! baseline made needless may be half gone: there, gaps and missing keys are no findings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use redb::ReadTransaction;

use crate::api::{Key, OpenEffect, Position, ReadFault};
use crate::checksums::Pages;
use crate::database::{OpenFault, Trouble};
use crate::guard::FileFault;
use crate::heads::Head;
use crate::inbox::{DELIVERIES, Found, decode, read_progress};
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

/// A file that is missing, cannot be opened, or not be read to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DamagedFile {
    /// Its path.
    pub file: PathBuf,
    /// It is not there.
    pub is_missing: bool,
    /// What is wrong, in words. Names no machine and no content.
    pub what: String,
}

impl fmt::Display for DamagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what)
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
    /// Position of the newest.
    pub last: u64,
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
    /// Of these, ones that lie in the log alone: their rows follow.
    pub without_row: u64,
    /// Of these, ones that are not done as far as is stored.
    pub unforgotten: u64,
    /// Number of the newest.
    pub last_seq: u64,
    /// What does not agree; at most a thousand are listed.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more_findings: u64,
}

/// All walks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The journal and its keys.
    pub journal: JournalReport,
    /// The inbox.
    pub inbox: InboxReport,
    /// Files that are not what they should be. What is told of their contents is what could be read.
    pub damaged: Vec<DamagedFile>,
    /// Files to which a node wrote all the while, so that the checksums of their pages were not looked at.
    pub unchecked: Vec<PathBuf>,
}

impl Report {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.journal.findings.is_empty() && self.inbox.findings.is_empty()
    }

    /// Takes what was opened; `None`, and noted, where the file is damaged or missing.
    pub(crate) fn opened<T>(&mut self, opened: Result<T, FileFault>) -> Result<Option<T>, FileFault> {
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(FileFault { file: Some(file), fault: OpenFault::Damaged { what } }) => {
                self.damaged.push(DamagedFile { file, is_missing: false, what });
                Ok(None)
            }
            Err(FileFault { file: Some(file), fault: fault @ OpenFault::Missing }) => {
                self.damaged.push(DamagedFile { file, is_missing: true, what: fault.to_string() });
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Notes what the checksums of a file's pages say, where the walk over its rows found nothing.
    pub fn pages(&mut self, file: &Path, pages: Result<Pages, OpenFault>) {
        if self.damaged.iter().any(|damaged| damaged.file == file) {
            return;
        }
        match pages {
            Ok(Pages::Sound) => {}
            Ok(Pages::Unknown) => self.unchecked.push(file.to_owned()),
            Ok(Pages::Damaged { what }) => {
                self.damaged.push(DamagedFile { file: file.to_owned(), is_missing: false, what });
            }
            // Whatever keeps the file from being read has kept the walk from it, too, and was told there.
            Err(_) => {}
        }
    }

    /// As [`Report::opened`], for a walk.
    pub(crate) fn walked(&mut self, walked: Result<(), FileFault>) -> Result<(), FileFault> {
        self.opened(walked).map(drop)
    }
}

fn note(findings: &mut Vec<Finding>, more: &mut u64, position: u64, what: impl Into<String>) {
    if findings.len() < FINDINGS_MAX {
        findings.push(Finding { position, what: what.into() });
    } else {
        *more += 1;
    }
}

/// What is wrong, without the place: a finding has its own.
fn words(fault: &ReadFault) -> String {
    match fault {
        ReadFault::Damaged { what, .. } => what.clone(),
        ReadFault::KeyGone { .. } | ReadFault::Unavailable(_) => fault.to_string(),
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
    /// `None`: the keys cannot be read, so nothing sealed is opened.
    key_of: Option<KeyOf<'a>>,
    report: &'a mut JournalReport,
    machines: BTreeMap<Key, Machine>,
    /// Effects that were opened and not seen settled, with their machine.
    open: BTreeMap<OpenEffect, Key>,
}

/// Verifies the journal as of one commit.
pub(crate) fn journal(tables: &ReadTables, key_of: KeyOf<'_>) -> Result<JournalReport, ReadFault> {
    let mut report = JournalReport::default();
    walk(tables, Some(key_of), &mut report)?;
    Ok(report)
}

/// As [`journal`]; what was seen stays in the report where the walk fails.
pub(crate) fn walk(
    tables: &ReadTables,
    key_of: Option<KeyOf<'_>>,
    report: &mut JournalReport,
) -> Result<(), ReadFault> {
    let mut walk = Walk { tables, key_of, report, machines: BTreeMap::new(), open: BTreeMap::new() };
    for entry in tables.log.range::<u64>(..)? {
        let (position, bytes) = entry?;
        match Row::parse(position.value(), bytes.value()) {
            Ok(row) => walk.row(&row)?,
            Err(fault) => walk.fault(position.value(), &fault),
        }
        walk.report.last = position.value();
    }
    walk.doubts();
    walk.effects()?;
    walk.deadlines()?;
    walk.heads()?;
    walk.snapshots()?;
    for entry in tables.prunes.range::<u64>(..)? {
        entry?;
    }
    Ok(())
}

impl Walk<'_> {
    fn finding(&mut self, position: u64, what: impl Into<String>) {
        note(&mut self.report.findings, &mut self.report.more_findings, position, what);
    }

    fn fault(&mut self, position: u64, fault: &ReadFault) {
        self.finding(position, words(fault));
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
        let opened = match self.key_of {
            Some(key_of) if sealed > 0 => Some(read::open(row, key_of)),
            Some(_) | None => None,
        };
        let unopened = match opened.transpose() {
            Ok(opened) => {
                self.report.sealed += if opened.is_some() { sealed } else { 0 };
                None
            }
            Err(ReadFault::KeyGone { .. }) => Some("the key of a sealed record is gone".to_owned()),
            Err(fault @ ReadFault::Damaged { .. }) => {
                self.fault(row.position, &fault);
                None
            }
            Err(fault @ ReadFault::Unavailable(_)) => return Err(fault),
        };
        let seen = self.machines.len();
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
        self.report.machines += (self.machines.len() - seen) as u64;
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
            let Some(key_of) = self.key_of else { continue };
            match read::open_snapshot(key_of, key.value(), bytes.value())? {
                Some(snapshot) if snapshot.seq <= head.seq => {}
                Some(_) => self.finding(head.position, "a snapshot holds more than the machine's records"),
                None => self.finding(head.position, "a snapshot does not open"),
            }
        }
        Ok(())
    }
}

/// Verifies the rows of the inbox as of one commit, and what the log alone holds.
pub(crate) fn inbox(read: &ReadTransaction, wal: &Found, report: &mut InboxReport) -> Result<(), ReadFault> {
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
            Err(fault) => note(&mut report.findings, &mut report.more_findings, seq, words(&fault)),
        }
        report.last_seq = seq;
        if seq > progress.watermark && !progress.ranges.contains(seq) {
            report.unforgotten += 1;
        }
    }
    for delivery in &wal.deliveries {
        report.deliveries += 1;
        report.without_row += 1;
        report.bytes += delivery.body.len() as u64;
        report.last_seq = delivery.seq;
        if delivery.seq > progress.watermark && !progress.ranges.contains(delivery.seq) {
            report.unforgotten += 1;
        }
    }
    for offset in &wal.gaps {
        let what = format!("inbox.wal holds no delivery at byte {offset}, although others follow");
        note(&mut report.findings, &mut report.more_findings, 0, what);
    }
    report.last_seq = report.last_seq.max(progress.last_seq);
    if progress.watermark > report.last_seq {
        note(&mut report.findings, &mut report.more_findings, progress.watermark, "more is done than ever came");
    }
    Ok(())
}
