//! What `journal verify` says: counts, what does not agree, and which files are damaged.
//!
//! Invariant: one JSON object, or one table, whatever the state of the files; the object's keys stay as they are.

use std::path::Path;

use ::journal::{DamagedFile, Finding, Report};
use serde_json::{Value, json};
use tracker::desk::DeskReport;

use super::count::{Count, object, table};
use crate::store::loss;
use simulator::counted::counted;

/// For programs.
pub(crate) fn json(report: &Report, desk: &DeskReport) -> String {
    let counts = counts(report, desk);
    let part = |part: &str, findings: &[Finding], more: u64| {
        let mut object = object(&counts, part);
        object.insert("findings".to_owned(), findings.iter().map(ToString::to_string).collect());
        object.insert("more_findings".to_owned(), more.into());
        object
    };
    let damaged = |file: &DamagedFile| json!({ "file": file.file.display().to_string(), "missing": file.is_missing, "what": what(file) });
    let body = json!({
        "sound": report.is_sound() && desk.findings.is_empty(),
        "damaged": report.damaged.iter().map(damaged).collect::<Vec<Value>>(),
        "unchecked": report.unchecked.iter().map(|file| file.display().to_string()).collect::<Vec<_>>(),
        "journal": part("journal", &report.journal.findings, report.journal.more_findings),
        "inbox": part("inbox", &report.inbox.findings, report.inbox.more_findings),
        "desk": part("desk", &desk.findings, desk.more_findings),
    });
    format!("{body}\n")
}

/// For people.
pub(crate) fn text(report: &Report, desk: &DeskReport, dir: &Path) -> String {
    let mut text = table(&counts(report, desk));
    if !report.damaged.is_empty() {
        text.push_str("These are the counts of what could be read:\n");
    }
    for file in &report.damaged {
        let state = if file.is_missing { "missing" } else { "damaged" };
        text.push_str(&format!("{} is {state}: {}\n", file.file.display(), what(file)));
    }
    for file in &report.unchecked {
        let file = file.display();
        text.push_str(&format!("{file}: a node writes to it, so that the checksums of its pages were not looked at\n"));
    }
    for (name, findings, more) in [
        ("journal", &report.journal.findings, report.journal.more_findings),
        ("inbox", &report.inbox.findings, report.inbox.more_findings),
        ("desk", &desk.findings, desk.more_findings),
    ] {
        for Finding { position, what } in findings {
            text.push_str(&format!("{name:<8} at {position:>12}  {what}\n"));
        }
        if more > 0 {
            text.push_str(&format!("{name:<8} and {} more\n", counted(more, "finding")));
        }
    }
    if report.is_sound() && desk.findings.is_empty() {
        text.push_str("everything agrees\n");
    } else {
        let dir = dir.display();
        text.push_str(&format!(
            "not everything agrees\n  what to do: keep a copy of the folder {dir} as it is, then restore it from a backup\n"
        ));
    }
    text
}

fn what(file: &DamagedFile) -> &str {
    if file.is_missing { loss(&file.file) } else { &file.what }
}

fn counts(report: &Report, desk: &DeskReport) -> [Count; 18] {
    let (journal, inbox) = (&report.journal, &report.inbox);
    [
        ("journal", "last", journal.last, "position of the newest batch"),
        ("journal", "batches", journal.batches, "decisions in the log"),
        ("journal", "records", journal.records, "events in them"),
        ("journal", "sealed", journal.sealed, "of these, sealed ones that opened"),
        ("journal", "erased", journal.erased, "of these, sealed ones whose key was ended on purpose"),
        ("journal", "machines", journal.machines, "accounts, Pages and conversations"),
        ("journal", "open_effects", journal.open_effects, "work outside that is not settled"),
        ("journal", "deadlines", journal.deadlines, "machines that wait for an instant"),
        ("journal", "snapshots", journal.snapshots, "cached states"),
        ("inbox", "last_seq", inbox.last_seq, "number of the newest delivery"),
        ("inbox", "deliveries", inbox.deliveries, "requests of Meta that are kept"),
        ("inbox", "bytes", inbox.bytes, "of their bodies"),
        ("inbox", "without_row", inbox.without_row, "of these, in inbox.wal alone so far"),
        ("inbox", "unforgotten", inbox.unforgotten, "not yet marked done; marks are stored lazily"),
        ("desk", "tasks", desk.tasks, "that stand, in the trash or not"),
        ("desk", "comments", desk.comments, "of customers, agents and the desk itself"),
        ("desk", "contacts", desk.contacts, "customers, merged ones too"),
        ("desk", "effects", desk.effects, "requests of the node that were answered"),
    ]
}
