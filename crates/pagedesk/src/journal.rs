//! `pagedesk journal`: reads a store, also beside a running node. Writes nothing and decides nothing.
//!
//! Invariant: what customers said and are called is masked unless it was asked for.

mod count;
mod mask;
mod record;
mod report;

use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::Path;

use ::journal::{
    DamagedFile, FileFault, OpenFault, Position, ReadOnlyJournal, ReadOnlyRecords, StoredBatch, guarded, look_at_pages,
};
use tracker::desk::DeskReport;

use crate::cli::{Cat, Journal, JournalCommand, Look};
use crate::exit::{self, Exit, Failure};
use crate::store::{unusable, whole};

/// Carries out one of the three.
pub(crate) fn journal(asked: &Journal) -> Result<Exit, Failure> {
    match &asked.command {
        JournalCommand::Cat(asked) => cat(asked),
        JournalCommand::Verify(asked) => verify(asked),
        JournalCommand::Stats(asked) => stats(asked),
    }
}

/// Whether there is anything of a store. What may not be looked at is told by whoever opens it.
pub(crate) fn is_store(dir: &Path) -> Result<(), Failure> {
    if dir.metadata().is_ok_and(|found| !found.is_dir()) {
        return Err(whole::no_folder(dir));
    }
    let is_absent = |path: &Path| path.symlink_metadata().is_err_and(|fault| fault.kind() == io::ErrorKind::NotFound);
    if whole::FILES.iter().chain(&[whole::MARKER]).any(|name| !is_absent(&dir.join(name))) {
        return Ok(());
    }
    let name = dir.display();
    let what = if is_absent(dir) {
        format!("{name} does not exist")
    } else {
        format!("{name} holds no store: there is no journal.redb")
    };
    Err(Failure::new(Exit::Configuration, what).remedy("give the folder that store.dir names"))
}

fn open<T>(asked: &Look, opening: impl FnOnce(&Path) -> Result<T, FileFault>) -> Result<T, Failure> {
    is_store(&asked.dir)?;
    opening(&asked.dir).map_err(|fault| unread(asked, &fault))
}

fn unread(asked: &Look, fault: &FileFault) -> Failure {
    unusable(&asked.dir, fault)
}

fn cat(asked: &Cat) -> Result<Exit, Failure> {
    if asked.from > asked.to {
        let what = format!("--from {} lies behind --to {}", asked.from, asked.to);
        return Err(Failure::new(Exit::Usage, what).remedy("give the smaller position with --from"));
    }
    let store = open(&asked.look, ReadOnlyRecords::open)?;
    let mut closed = false;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut shown = 0_u64;
    let mut damaged = 0_u64;
    let mut stopped = Ok(());
    let walked = store.each(asked.machine.as_bytes(), Position(asked.from)..=Position(asked.to), |batch| {
        let written = match batch {
            Ok(batch) => {
                let is_closed = !store.has_keys() && batch.records.iter().any(|stored| stored.record.sealed);
                if is_closed && !closed {
                    closed = true;
                    let keys = asked.look.dir.join("keys.redb");
                    exit::note(&format!("warning: {} is missing or empty: what was sealed stays so", keys.display()));
                }
                out.write_all(lines(&batch, asked, store.has_keys(), &mut shown).as_bytes())
            }
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
    });
    match stopped.and_then(|()| out.flush()) {
        Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Ok),
        written => written?,
    }
    walked.map_err(|fault| unread(&asked.look, &fault))?;
    match (damaged, shown) {
        (0, 0) => Err(nothing(&store, asked)?),
        (0, _) if !closed => Ok(Exit::Ok),
        (_, _) => Ok(Exit::CheckFailed),
    }
}

/// Why nothing was shown.
fn nothing(store: &ReadOnlyRecords, asked: &Cat) -> Result<Failure, Failure> {
    let last = store.last().map_err(|fault| unread(&asked.look, &fault))?.0;
    let failure = |what: String| Failure::new(Exit::NothingMatched, what);
    Ok(if last == 0 {
        failure("the journal holds no record yet".to_owned())
    } else if asked.from > last {
        failure(format!("no record matches: the newest position is {last}, and --from is {}", asked.from))
            .remedy(format!("give a position up to {last}, or none"))
    } else {
        failure("no record matches".to_owned()).remedy(format!(
            "widen --machine, --from and --to; the newest position is {last}, and \
             `pagedesk journal stats` tells what there is"
        ))
    })
}

fn lines(batch: &StoredBatch, asked: &Cat, has_keys: bool, shown: &mut u64) -> String {
    let mut text = String::new();
    for stored in &batch.records {
        *shown += 1;
        let record = record::Shown::of(batch, stored, asked.reveal, has_keys);
        let line = if asked.look.json { record.json().to_string() } else { record.line() };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn verify(asked: &Look) -> Result<Exit, Failure> {
    is_store(&asked.dir)?;
    let mut report = ReadOnlyJournal::verify_dir(&asked.dir).map_err(|fault| unread(asked, &fault))?;
    let mut desk = DeskReport::default();
    let file = asked.dir.join("desk.redb");
    // Before the walk, whose locks a second handle that is closed would end.
    let pages = look_at_pages(&file);
    report.damaged.extend(verify_desk(asked, &mut desk)?);
    report.pages(&file, pages);
    exit::print(&if asked.json { report::json(&report, &desk) } else { report::text(&report, &desk, &asked.dir) })?;
    Ok(if report.is_sound() && desk.findings.is_empty() { Exit::Ok } else { Exit::CheckFailed })
}

/// Walks the desk's file; says what is wrong with the file as such.
fn verify_desk(asked: &Look, desk: &mut DeskReport) -> Result<Option<DamagedFile>, Failure> {
    let file = asked.dir.join("desk.redb");
    let fault = match guarded(Some(&file), || tracker::desk::verify(&file, desk)) {
        Ok(()) => return Ok(None),
        Err(fault) => fault,
    };
    match &fault.fault {
        OpenFault::Damaged { what } => Ok(Some(DamagedFile { file, is_missing: false, what: what.clone() })),
        OpenFault::Missing => Ok(Some(DamagedFile { file, is_missing: true, what: fault.fault.to_string() })),
        OpenFault::Newer { .. } | OpenFault::Locked | OpenFault::Io(_) => Err(unread(asked, &fault)),
    }
}

fn stats(asked: &Look) -> Result<Exit, Failure> {
    let store = open(asked, ReadOnlyJournal::open)?;
    let journal = store.stats().map_err(|fault| unread(asked, &fault))?;
    let inbox = store.inbox_stats().map_err(|fault| unread(asked, &fault))?;
    exit::print(&if asked.json { count::json(&journal, &inbox) } else { count::text(&journal, &inbox) })
}
