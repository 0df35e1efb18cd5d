//! `pagedesk journal`: reads a store, also beside a running node. Writes nothing and decides nothing.
//!
//! Invariant: what customers said and are called is masked unless it was asked for.

mod mask;
mod record;

use std::io::{self, Write as _};
use std::ops::ControlFlow;

use ::journal::{Finding, Position, ReadFault, ReadOnlyJournal, StoredBatch};
use serde_json::json;

use crate::assembly::unopened;
use crate::cli::{Cat, Journal, JournalCommand, Look};
use crate::exit::{self, Exit, Failure};

/// Carries out one of the three.
pub(crate) fn journal(asked: &Journal) -> Result<Exit, Failure> {
    match &asked.command {
        JournalCommand::Cat(asked) => cat(asked),
        JournalCommand::Verify(asked) => verify(asked),
        JournalCommand::Stats(asked) => stats(asked),
    }
}

fn open(asked: &Look) -> Result<ReadOnlyJournal, Failure> {
    if !asked.dir.join("journal.redb").is_file() {
        let what = format!("{} holds no store: there is no journal.redb", asked.dir.display());
        return Err(Failure::new(Exit::Configuration, what).remedy("give the folder that store.dir names"));
    }
    ReadOnlyJournal::open(&asked.dir).map_err(|fault| unopened(&asked.dir, &fault))
}

fn unread(fault: &ReadFault) -> Failure {
    match fault {
        ReadFault::Damaged { .. } | ReadFault::KeyGone { .. } => Failure::new(Exit::CheckFailed, fault.to_string())
            .remedy("`pagedesk journal verify` lists all there is; keep a copy and restore a backup"),
        ReadFault::Unavailable(_) => Failure::new(Exit::Internal, fault.to_string()),
    }
}

fn cat(asked: &Cat) -> Result<Exit, Failure> {
    let store = open(&asked.look)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut shown = 0_u64;
    let mut damaged = 0_u64;
    let mut stopped = Ok(());
    store
        .each(asked.machine.as_bytes(), Position(asked.from)..=Position(asked.to), |batch| {
            let written = match batch {
                Ok(batch) => out.write_all(lines(&batch, asked, &mut shown).as_bytes()),
                Err(fault) => {
                    damaged += 1;
                    exit::note(&format!("warning: {fault}"));
                    Ok(())
                }
            };
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(fault) => {
                    stopped = Err(fault);
                    ControlFlow::Break(())
                }
            }
        })
        .map_err(|fault| unread(&fault))?;
    match stopped.and_then(|()| out.flush()) {
        Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Ok),
        written => written?,
    }
    match (damaged, shown) {
        (0, 0) => Err(Failure::new(Exit::NothingMatched, "no record matches")
            .remedy("widen --machine, --from and --to; `pagedesk journal stats` tells what there is")),
        (0, _) => Ok(Exit::Ok),
        (_, _) => Ok(Exit::CheckFailed),
    }
}

fn lines(batch: &StoredBatch, asked: &Cat, shown: &mut u64) -> String {
    let mut text = String::new();
    for stored in &batch.records {
        *shown += 1;
        let record = record::Shown::of(batch, stored, asked.reveal);
        let line = if asked.look.json { record.json().to_string() } else { record.line() };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn verify(asked: &Look) -> Result<Exit, Failure> {
    let report = open(asked)?.verify().map_err(|fault| unread(&fault))?;
    let (journal, inbox) = (&report.journal, &report.inbox);
    let findings = |list: &[Finding]| -> Vec<String> { list.iter().map(ToString::to_string).collect() };
    let text = if asked.json {
        let body = json!({
            "sound": report.is_sound(),
            "journal": {
                "batches": journal.batches, "records": journal.records, "sealed": journal.sealed,
                "erased": journal.erased, "machines": journal.machines, "open_effects": journal.open_effects,
                "deadlines": journal.deadlines, "snapshots": journal.snapshots,
                "findings": findings(&journal.findings), "more_findings": journal.more_findings,
            },
            "inbox": {
                "deliveries": inbox.deliveries, "bytes": inbox.bytes, "unforgotten": inbox.unforgotten,
                "last_seq": inbox.last_seq,
                "findings": findings(&inbox.findings), "more_findings": inbox.more_findings,
            },
        });
        format!("{body}\n")
    } else {
        let mut text = format!(
            "journal: {} batches, {} records of {} machines; {} open effects, {} deadlines, {} snapshots\n\
             inbox: {} deliveries, {} bytes, {} not done\n",
            journal.batches,
            journal.records,
            journal.machines,
            journal.open_effects,
            journal.deadlines,
            journal.snapshots,
            inbox.deliveries,
            inbox.bytes,
            inbox.unforgotten,
        );
        for (name, list, more) in
            [("journal", &journal.findings, journal.more_findings), ("inbox", &inbox.findings, inbox.more_findings)]
        {
            findings(list).iter().for_each(|finding| text.push_str(&format!("{name} {finding}\n")));
            if more > 0 {
                text.push_str(&format!("{name}: {more} findings more\n"));
            }
        }
        text.push_str(if report.is_sound() { "everything agrees\n" } else { "not everything agrees\n" });
        text
    };
    exit::print(&text)?;
    Ok(if report.is_sound() { Exit::Ok } else { Exit::CheckFailed })
}

fn stats(asked: &Look) -> Result<Exit, Failure> {
    let store = open(asked)?;
    let journal = store.stats().map_err(|fault| unread(&fault))?;
    let inbox = store.inbox_stats().map_err(|fault| unread(&fault))?;
    let rows: [(&str, &str, u64); 14] = [
        ("journal", "last", journal.last.0),
        ("journal", "batches", journal.batches),
        ("journal", "machines", journal.machines),
        ("journal", "open_effects", journal.open_effects),
        ("journal", "deadlines", journal.deadlines),
        ("journal", "snapshots", journal.snapshots),
        ("journal", "prunes", journal.prunes),
        ("journal", "heads_unstored", journal.heads_unstored),
        ("journal", "incarnation", journal.incarnation),
        ("journal", "keys_given", journal.keys_given),
        ("inbox", "last_seq", inbox.last_seq),
        ("inbox", "watermark", inbox.watermark),
        ("inbox", "unforgotten", inbox.unforgotten),
        ("inbox", "unforgotten_bytes", inbox.unforgotten_bytes),
    ];
    if asked.json {
        let of = |part: &str| -> serde_json::Map<String, serde_json::Value> {
            rows.iter().filter(|(of, ..)| *of == part).map(|(_, name, n)| ((*name).to_owned(), (*n).into())).collect()
        };
        return exit::print(&format!("{}\n", json!({ "journal": of("journal"), "inbox": of("inbox") })));
    }
    let lines: Vec<String> = rows.iter().map(|(part, name, n)| format!("{part:<8} {name:<18} {n:>12}\n")).collect();
    exit::print(&lines.concat())
}
