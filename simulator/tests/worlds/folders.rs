//! `replay-corpus/scenarios` and `replay-corpus/regressions`: each leaf folder is a scenario that keeps every promise, meets
//! what it expects, comes to its approved trace, and to the same events at both depths.
//!
//! `cargo xtask bless` accepts what the scenarios come to now.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use simulator::scenario::{Deed, Scenario};
use simulator::world::{Depth, Run, Verdict, by_machine, play, trace, varied};

use super::{Judged, trial};

/// What the environment says where changes are accepted, as for snapshots.
const ACCEPT: (&str, &str) = ("INSTA_UPDATE", "always");

/// A test for each folder.
pub(super) fn trials() -> Vec<Trial> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus");
    let mut trials = Vec::new();
    for root in ["scenarios", "regressions"] {
        for folder in leaves(&corpus.join(root)) {
            let name = folder.strip_prefix(&corpus).unwrap().display().to_string().replace('/', "::");
            trials.push(trial(name, move || judged(&folder)));
        }
    }
    trials
}

/// The folders without folders in them; none where there is no such folder.
fn leaves(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    let below = |folder: &PathBuf| {
        let below = leaves(folder);
        if below.is_empty() { vec![folder.clone()] } else { below }
    };
    folders.iter().flat_map(below).collect()
}

/// As one types it at the root.
fn from_root(folder: &Path) -> String {
    let names: Vec<_> = folder.iter().skip_while(|name| *name != "replay-corpus").collect();
    names.iter().collect::<PathBuf>().display().to_string()
}

fn judged(folder: &Path) -> Judged {
    let scenario = Scenario::read(&folder.join("scenario.txt")).map_err(|why| format!("scenario.txt: {why}"))?;
    let core = kept(folder, &scenario, Depth::Core)?;
    let actors = kept(folder, &scenario, Depth::Actors)?;
    agree(&scenario, &core, &actors)?;
    approved(folder, &trace(&scenario, &core))
}

/// Plays it with a trace and without, to the same hash, and in other deliveries, and wants all to be well.
fn kept(folder: &Path, scenario: &Scenario, depth: Depth) -> Result<Run, String> {
    let (mut run, silent) = (play(scenario, depth, true), varied(scenario, depth));
    if run.verdict == Verdict::Ok {
        (run.verdict, run.wrong) = (silent.verdict, silent.wrong);
    }
    let again = format!("pagedesk sim scenario {}/scenario.txt --depth {depth}", from_root(folder));
    if run.verdict != Verdict::Ok || !run.findings.is_empty() {
        let last = run.trace.iter().rev().take(30).rev().cloned().collect::<Vec<_>>().join("\n  ");
        let wrong = run.wrong.iter().chain(&run.findings).cloned().collect::<Vec<_>>().join("\n  ");
        return Err(format!("{} at depth {depth}\n  {last}\n\n  {wrong}\n\nagain: {again}", run.verdict));
    }
    if run.trace_hash != silent.trace_hash {
        return Err(format!("two runs at depth {depth} differ\n\nagain: {again}"));
    }
    Ok(run)
}

/// What strikes each depth in its own grain leaves nothing to compare. A node that starts again is watched only once it
/// runs: what it asks during its start stands elsewhere.
fn agree(scenario: &Scenario, core: &Run, actors: &Run) -> Judged {
    if scenario.lines.iter().any(|line| matches!(&line.deed, Deed::Fault(fault) if !fault.is_one_at_both_depths())) {
        return Ok(());
    }
    let (one, other) = (by_machine(core), by_machine(actors));
    for who in one.keys().chain(other.keys()) {
        let of = |events: &BTreeMap<&str, Vec<&str>>| events.get(who).cloned().unwrap_or_default().join("\n");
        differ(&format!("{who}: core and actors"), &of(&one), &of(&other))?;
    }
    if scenario.lines.iter().any(|line| matches!(line.deed, Deed::Crash | Deed::Fault(_))) {
        return Ok(());
    }
    differ("core and actors", &core.trace.join("\n"), &actors.trace.join("\n"))
}

fn approved(folder: &Path, found: &str) -> Judged {
    let file = folder.join("approved.trace");
    if std::env::var(ACCEPT.0).is_ok_and(|word| word == ACCEPT.1) {
        return fs::write(&file, found).map_err(|fault| format!("{}: {fault}", file.display()));
    }
    let accept = "accept it with `cargo xtask bless -p simulator --test worlds` and read `git diff`";
    let wanted = fs::read_to_string(&file).map_err(|fault| format!("{}: {fault}: {accept}", file.display()))?;
    differ("approved.trace and this build", &wanted, found).map_err(|told| format!("{told}\n\n{accept}"))
}

/// The first line that differs, with what stands before it.
fn differ(what: &str, one: &str, other: &str) -> Judged {
    if one == other {
        return Ok(());
    }
    let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let before = one[same.saturating_sub(5)..same].join("\n  ");
    let line = |lines: &[&str]| lines.get(same).copied().unwrap_or("(nothing more)").to_owned();
    Err(format!("{what} differ\n  {before}\n- {}\n+ {}", line(&one), line(&other)))
}
