//! `pagedesk replay`: runs a recording against this build and compares the trace with the approved one in its folder.
//!
//! Compares and prints; what runs is the simulator's. Invariants: nothing is approved unless that was asked for; the
//! same build and recording print the same bytes.

mod difference;

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator::play::recording::{Folder, Recorded};
use simulator::replay::Outcome;

use crate::cli::Replay;
use crate::exit::{self, Exit, Failure};
use crate::sandbox::unreadable;

/// The approved trace in a recording's folder.
const APPROVED: &str = "approved.trace";
/// Recordings with fewer steps are over before a bar is of use.
const LONG: usize = 400;

/// How the trace stands to the approved one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// The same bytes.
    Same,
    /// Other bytes.
    Differs,
    /// Nothing was approved yet.
    New,
}

/// Runs, compares, prints.
pub(crate) fn replay(asked: &Replay) -> Result<Exit, Failure> {
    if let Some(out) = &asked.out {
        can_be_written(out)?;
    }
    let recording = Folder::open(&asked.path).map_err(|fault| unreadable(&fault))?;
    let kept = asked.path.join(APPROVED);
    let approved = approved(&kept)?;
    let outcome = run(&recording)?;
    let standing = match &approved {
        None => Standing::New,
        Some(approved) if *approved == outcome.trace => Standing::Same,
        Some(_) => Standing::Differs,
    };
    if let Some(out) = &asked.out {
        write(out, &outcome.trace)?;
    }
    if asked.approve && standing != Standing::Same {
        write(&kept, &outcome.trace)?;
    }
    let holds = standing == Standing::Same || asked.approve;
    if asked.json {
        exit::write_out(&format!("{}\n", object(&outcome, approved.as_deref(), holds)))?;
    } else {
        let mut text = summary(&outcome);
        text.push_str(&said(asked, &outcome, approved.as_deref(), standing));
        exit::write_out(&text)?;
    }
    Ok(if holds && outcome.findings.is_empty() { Exit::Ok } else { Exit::CheckFailed })
}

fn approved(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(Failure::new(Exit::UnreadableCorpus, format!("{}: {fault}", path.display()))
            .remedy("restore it, or remove it and approve anew")),
    }
}

fn run(recording: &dyn Recorded) -> Result<Outcome, Failure> {
    let steps = recording.count();
    let watched = steps >= LONG && io::stderr().is_terminal();
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
    let bar = match ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    let outcome = simulator::replay::replay(recording, &mut |done, _| bar.set_position(done as u64));
    bar.finish_and_clear();
    outcome.map_err(|fault| Failure::new(Exit::Internal, format!("the recording could not be run: {fault:#}")))
}

/// Said before anything runs, which may take minutes.
fn can_be_written(out: &Path) -> Result<(), Failure> {
    let failure = |what: String| Failure::new(Exit::Configuration, what);
    if out == Path::new("-") {
        let what = "--out - would mix the trace with what is printed".to_owned();
        return Err(failure(what).remedy("name a file, as --out now.trace; ./- is one too"));
    }
    if out.is_dir() {
        return Err(failure(format!("{} is a folder", out.display())).remedy("name a file in it"));
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let what = format!("{} cannot be written: there is no folder {}", out.display(), folder.display());
        return Err(failure(what).remedy("make the folder, or name another file"));
    }
    Ok(())
}

/// Whole or not at all: a trace that is cut off would be approved.
fn write(path: &Path, trace: &str) -> Result<(), Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    fs::write(&beside, trace).and_then(|()| fs::rename(&beside, path)).map_err(|fault| {
        Failure::new(Exit::Configuration, format!("{} cannot be written: {fault}", path.display()))
            .remedy("check that its folder exists and this process may write there")
    })
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// For programs.
fn object(outcome: &Outcome, approved: Option<&str>, holds: bool) -> Value {
    let mut object = serde_json::to_value(&outcome.counts).expect("counts are plain text and numbers");
    let more = json!({
        "title": outcome.title,
        "same": holds,
        "approved_sha256": approved.map(sha256),
        "trace_sha256": sha256(&outcome.trace),
        "trace_lines": outcome.trace.lines().count(),
        "conversations_sha256": outcome.conversations_sha256,
        "unexpected": outcome.findings.len(),
        "findings": outcome.findings,
    });
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

/// For people: the counts, as under the trace, and what was not expected.
fn summary(outcome: &Outcome) -> String {
    let mut text = format!("{}\n", outcome.title);
    let lines = outcome.trace.lines().skip_while(|line| *line != "summary").skip(1);
    lines.for_each(|line| text.push_str(&format!("{line}\n")));
    outcome.findings.iter().for_each(|finding| text.push_str(&format!("NOT AS EXPECTED: {finding}\n")));
    text
}

/// How the trace stands to the approved one, and what to do.
fn said(asked: &Replay, outcome: &Outcome, approved: Option<&str>, standing: Standing) -> String {
    let path = asked.path.display();
    let lines = outcome.trace.lines().count();
    let digest: String = sha256(&outcome.trace).chars().take(12).collect();
    match (standing, asked.approve) {
        (Standing::Same, _) => format!("the trace is the approved one ({lines} lines, sha256 {digest}…)\n"),
        (Standing::Differs | Standing::New, true) => {
            format!("approved: {path}/{APPROVED} now holds these {lines} lines (sha256 {digest}…)\n")
        }
        (Standing::New, false) => format!(
            "there is no approved trace yet ({lines} lines, sha256 {digest}…)\n  \
             read it:    pagedesk replay {path} --out FILE\n  \
             accept it:  pagedesk replay {path} --approve\n"
        ),
        (Standing::Differs, false) => format!(
            "{}the trace differs from {path}/{APPROVED}\n  \
             if that is meant:  pagedesk replay {path} --approve\n",
            difference::shown(approved.unwrap_or_default(), &outcome.trace, coloured())
        ),
    }
}

/// https://no-color.org: any value that is not empty switches colours off.
fn coloured() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !no_color
}
