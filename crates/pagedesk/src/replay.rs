//! `pagedesk replay`: runs recordings against this build and compares each trace with the approved one in its folder.
//!
//! Compares, asks and prints; what runs is the simulator's. Invariants: nothing is approved unless that was asked for, and
//! never what a manifest expects; the same build and recording print the same bytes; where nothing matched nothing is well.

mod diff;
mod from_journal;
mod html;
mod junit;
mod live;
mod object;
mod review;
mod shown;
mod what_if;

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use policy::EditionId;
use sha2::{Digest as _, Sha256};
use simulator::play::recording::{Folder, Recorded};
use simulator::replay::Outcome;
use simulator::replay::compare::{Comparison, compare};
use simulator::replay::filter::{Filter, Moment};
use simulator::replay::line;
use simulator::replay::told::Told;

use crate::cli::{Looked, Replay, ReplayCommand, SimDepth};
use crate::exit::{self, Exit, Failure};
use crate::instant;
use crate::output;
use crate::recordings;
use crate::sandbox::unreadable;
use crate::store::fault_words;

/// The approved trace in a recording's folder.
const APPROVED: &str = "approved.trace";
/// Recordings with fewer steps are over before a bar is of use.
const LONG: usize = 400;

/// A recording that was run.
struct Ran {
    folder: PathBuf,
    recording: Folder,
    outcome: Outcome,
    /// The trace and the approved one, read; left unread where nobody looks closer.
    now: Option<Told>,
    approved: Option<Approved>,
    /// Against the approved trace; nothing differs where there is none.
    comparison: Comparison,
}

/// What a person accepted once.
struct Approved {
    text: String,
    told: Option<Told>,
}

/// How a trace stands to the approved one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// Nothing of what was looked at differs.
    Same,
    /// Something does.
    Differs,
    /// Nothing was approved yet.
    New,
    /// It was approved now, all of it.
    Approved,
}

/// Runs, compares, prints.
pub(crate) fn replay(asked: &Replay) -> Result<Exit, Failure> {
    if let Some(ReplayCommand::Diff(asked)) = &asked.command {
        return diff::diff(asked);
    }
    if let Some(dir) = &asked.from_journal {
        return from_journal::from_journal(asked, dir);
    }
    if let Some(url) = &asked.live {
        return live::live(asked, url);
    }
    let mut outs: Vec<&Path> = Vec::new();
    for (flag, out) in [("--trace", &asked.trace), ("--junit", &asked.junit), ("--html", &asked.html)] {
        let Some(out) = out else { continue };
        output::can_be_written(flag, out)?;
        output::spares(flag, out, &[])?;
        if outs.contains(&&**out) {
            let what = format!("{flag} {} is the file of another option, too", out.display());
            return Err(Failure::new(Exit::Usage, what).remedy("give each a file of its own"));
        }
        outs.push(out);
    }
    spans_something(&asked.looked)?;
    let filter = looked(&asked.looked);
    let folders = recordings::of_all(&asked.paths)?;
    sensible(asked, &filter, folders.len())?;
    if let [one, other] = asked.policy[..] {
        return what_if::what_if(asked, [one, other], &filter);
    }
    let (mut well, mut matched, mut suites, mut drawn) = (0, 0, Vec::new(), Vec::new());
    for folder in &folders {
        let ran = run(folder, asked, &filter)?;
        matched += ran.comparison.matched;
        if let Some(out) = &asked.trace {
            output::write(out, &ran.outcome.trace)?;
        }
        let standing = settle(asked, &ran)?;
        well += usize::from(standing_holds(standing) && ran.outcome.findings.is_empty());
        if asked.junit.is_some() {
            suites.push(junit::Suite::of(&ran));
        }
        if asked.html.is_some() {
            drawn.extend(html::of(&ran, standing, &filter));
        }
    }
    if let Some(out) = &asked.junit {
        output::write(out, &junit::file(&suites))?;
    }
    if let Some(file) = asked.html.as_ref().filter(|_| matched > 0) {
        html::write(file, &drawn)?;
    }
    if matched == 0 {
        let what = format!("nothing in {} matches", counted(folders.len()));
        return Err(nothing_matched(what, &asked.looked, folders.first().map_or(Path::new(APPROVED), |folder| folder)));
    }
    if folders.len() > 1 && !asked.json {
        let ill = folders.len() - well;
        exit::write_out(&format!("{}: {well} as approved and expected, {ill} not so\n", counted(folders.len())))?;
    }
    Ok(if well == folders.len() { Exit::Ok } else { Exit::CheckFailed })
}

/// Prints a recording, and approves what was asked to be approved.
fn settle(asked: &Replay, ran: &Ran) -> Result<Standing, Failure> {
    let standing = match &ran.approved {
        None => Standing::New,
        Some(_) if ran.comparison.differences.is_empty() => Standing::Same,
        Some(_) => Standing::Differs,
    };
    let approves = asked.approve && standing != Standing::Same;
    if approves {
        output::write(&ran.folder.join(APPROVED), &ran.outcome.trace)?;
    }
    if asked.json {
        let standing = if approves { Standing::Approved } else { standing };
        exit::write_out(&format!("{}\n", object::object(ran, standing)))?;
        return Ok(standing);
    }
    exit::write_out(&shown::summary(&ran.outcome))?;
    if ran.comparison.matched == 0 && !looked(&asked.looked).is_open() {
        exit::write_out("no line of it matches what is looked at\n")?;
        return Ok(standing);
    }
    if approves {
        exit::write_out(&shown::approved(ran))?;
        return Ok(Standing::Approved);
    }
    let sides = ran.approved.as_ref().and_then(|approved| approved.told.as_ref()).zip(ran.now.as_ref());
    if let Some((approved, now)) = sides.filter(|_| asked.review && standing == Standing::Differs) {
        return review::review(ran, (approved, now), looked(&asked.looked).is_open());
    }
    exit::write_out(&shown::standing(asked, ran, standing))?;
    Ok(standing)
}

fn standing_holds(standing: Standing) -> bool {
    match standing {
        Standing::Same | Standing::Approved => true,
        Standing::Differs | Standing::New => false,
    }
}

/// Nothing matched what is looked at: which filters those are, and where there is something to ask for.
fn nothing_matched(what: String, looked: &Looked, place: &Path) -> Failure {
    let mut filters: Vec<String> = Vec::new();
    for (flag, values) in [("--page", &looked.page), ("--conversation", &looked.conversation), ("--kind", &looked.kind)]
    {
        filters.extend(values.iter().map(|value| format!("{flag} {value}")));
    }
    for (flag, moment) in [("--from", looked.from), ("--to", looked.to)] {
        filters.extend(moment.map(|moment| format!("{flag} {}", written(moment))));
    }
    filters.extend(looked.conditions.iter().map(|conditions| format!("--where '{}'", conditions.text)));
    let what = if filters.is_empty() { what } else { format!("{what}: {}", filters.join(", ")) };
    let trace = if place.is_dir() {
        format!("pagedesk replay {} --trace FILE", place.display())
    } else {
        place.display().to_string()
    };
    Failure::new(Exit::NothingMatched, what).remedy(format!(
        "leave out one filter after the other, or take words from the lines of a trace: its time, whose it is, its kind and \
         its fields. Such lines: {trace}"
    ))
}

/// A moment as it can be given again.
fn written(moment: Moment) -> String {
    match moment {
        Moment::Since(since) => line::written(since),
        Moment::At(at) => instant::write(at.0),
    }
}

/// Nothing can be at or after one moment and before an earlier one.
fn spans_something(looked: &Looked) -> Result<(), Failure> {
    let (Some(from), Some(to)) = (looked.from, looked.to) else { return Ok(()) };
    let is_empty = match (from, to) {
        (Moment::Since(from), Moment::Since(to)) => to <= from,
        (Moment::At(from), Moment::At(to)) => to <= from,
        (Moment::Since(_), Moment::At(_)) | (Moment::At(_), Moment::Since(_)) => false,
    };
    if !is_empty {
        return Ok(());
    }
    let what = format!("nothing lies between --from {} and --to {}", written(from), written(to));
    Err(Failure::new(Exit::Usage, what).remedy("--to is the first moment that is too late: give one after --from"))
}

/// What the command line cannot say in its own words.
fn sensible(asked: &Replay, filter: &Filter, recordings: usize) -> Result<(), Failure> {
    let (what, remedy) = if asked.trace.is_some() && recordings > 1 {
        (format!("--trace is of one recording, and these are {recordings}"), "name one of them")
    } else if asked.policy.len() == 2 && (asked.trace.is_some() || asked.junit.is_some() || asked.html.is_some()) {
        ("--trace, --junit and --html are of one edition".to_owned(), "give --policy once")
    } else if asked.approve && !filter.is_open() {
        ("--approve is of the whole trace".to_owned(), "leave out the filters, or give --review")
    } else if asked.policy.len() > 2 {
        ("--policy can be given twice at most".to_owned(), "leave some out")
    } else {
        return Ok(());
    };
    Err(Failure::new(Exit::Usage, what).remedy(remedy))
}

fn looked(asked: &Looked) -> Filter {
    Filter {
        pages: asked.page.clone(),
        conversations: asked.conversation.clone(),
        kinds: asked.kind.clone(),
        from: asked.from,
        to: asked.to,
        conditions: asked.conditions.iter().flat_map(|conditions| conditions.all.clone()).collect(),
    }
}

fn run(folder: &Path, asked: &Replay, filter: &Filter) -> Result<Ran, Failure> {
    let recording = Folder::open(folder).map_err(|fault| unreadable(&fault))?;
    let path = folder.join(APPROVED);
    let approved = path.exists().then(|| text(&path, &restore(folder))).transpose()?;
    let outcome = play(&recording, asked)?;
    // Reading a trace takes longer than seeing that it is the same, and recordings are long.
    let closer = asked.json || asked.junit.is_some() || asked.html.is_some() || !filter.is_open();
    if approved.as_ref() == Some(&outcome.trace) && !closer {
        let comparison = Comparison { differences: Vec::new(), matched: outcome.trace.lines().count() };
        let approved = approved.map(|text| Approved { text, told: None });
        return Ok(Ran { folder: folder.to_owned(), recording, outcome, now: None, approved, comparison });
    }
    let now = Told::read(&outcome.trace).map_err(|fault| {
        Failure::new(Exit::Internal, format!("the trace of {} cannot be read again: {fault}", folder.display()))
    })?;
    let approved = match approved {
        Some(text) => Some(Approved { told: Some(read(&path, &text, &restore(folder))?), text }),
        None => None,
    };
    let told = approved.as_ref().and_then(|approved| approved.told.as_ref());
    let comparison = compare(told.unwrap_or(&now), &now, filter);
    Ok(Ran { folder: folder.to_owned(), recording, outcome, now: Some(now), approved, comparison })
}

/// What to do about an approved trace that cannot be read.
fn restore(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "restore the file from where the recording came, or remove it and accept anew: pagedesk replay {folder} --approve"
    )
}

/// Reads a trace that was named.
fn told(path: &Path) -> Result<Told, Failure> {
    let remedy = "name a file that `pagedesk replay FOLDER --trace FILE` wrote, or an approved.trace";
    read(path, &text(path, remedy)?, remedy)
}

fn text(path: &Path, remedy: &str) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|fault| {
        let what = format!("{} cannot be read: {}", path.display(), fault_words(&fault));
        Failure::new(Exit::UnreadableCorpus, what).remedy(remedy)
    })
}

fn read(path: &Path, text: &str, remedy: &str) -> Result<Told, Failure> {
    Told::read(text).map_err(|fault| {
        Failure::new(Exit::UnreadableCorpus, format!("{} is no trace: {fault}", path.display())).remedy(remedy)
    })
}

fn play(recording: &dyn Recorded, asked: &Replay) -> Result<Outcome, Failure> {
    match (asked.policy.first(), asked.depth) {
        (Some(edition), _) => play_under(recording, *edition),
        (None, Some(SimDepth::Core)) => watched(recording, simulator::core::replay),
        (None, Some(SimDepth::Actors) | None) => watched(recording, simulator::replay::replay),
    }
}

fn play_under(recording: &dyn Recorded, edition: EditionId) -> Result<Outcome, Failure> {
    watched(recording, |recording, told| simulator::core::replay_under(recording, Some(edition), told))
}

/// Plays with a bar where somebody looks on and it takes long.
fn watched(
    recording: &dyn Recorded,
    play: impl FnOnce(&dyn Recorded, &mut dyn FnMut(usize, usize)) -> anyhow::Result<Outcome>,
) -> Result<Outcome, Failure> {
    let steps = recording.count();
    let watched = steps >= LONG && io::stderr().is_terminal();
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
    let bar = match ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    let outcome = play(recording, &mut |done, _| bar.set_position(done as u64));
    bar.finish_and_clear();
    outcome.map_err(|fault| Failure::new(Exit::Internal, format!("the recording could not be run: {fault:#}")))
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn counted(recordings: usize) -> String {
    if recordings == 1 { "one recording".to_owned() } else { format!("{recordings} recordings") }
}
