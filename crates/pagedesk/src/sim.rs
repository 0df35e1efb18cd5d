//! `pagedesk sim`: plays made-up scenarios, or one of a file, in a world without clock and network, and prints what the
//! oracle says of them.
//!
//! What is made, played and judged is said in `simulator`. Invariant: a seed, a profile and a depth print the same every
//! time.

use std::ops::Range;
use std::path::Path;

use oracle::Coverage;
use serde_json::{Value, json};
use simulator::scenario::{Scenario, Unplayable};
use simulator::workload;
use simulator::world::{Depth, Run, Verdict, run, shrink};

use crate::cli::{SimCommand, SimDepth, SimPlanted, SimProfile, SimRun, SimScenario};
use crate::exit::{self, Exit, Failure};

/// Lines of the trace that are printed where something is wrong.
const TRACE_LINES: usize = 30;
/// Sentences of the oracle that are printed.
const WRONG_LINES: usize = 20;
/// Runs for taking lines out of a scenario.
const SHRINK_RUNS: usize = 400;

/// Carries out a command about simulated worlds.
pub(crate) fn sim(command: &SimCommand) -> Result<Exit, Failure> {
    match command {
        SimCommand::Run(asked) => planted(&asked.planted).and_then(|()| seeds(asked)),
        SimCommand::Scenario(asked) => planted(&asked.planted).and_then(|()| one(asked)),
    }
}

fn seeds(asked: &SimRun) -> Result<Exit, Failure> {
    let profile = profile(asked.profile);
    let (mut bad, mut met) = (0, Coverage::default());
    let range = asked.range();
    for seed in range.clone() {
        let scenario = workload::scenario(seed, profile);
        let run = run(&scenario, depth(asked.depth));
        if asked.json {
            let mut object = object(&run);
            object["seed"] = seed.into();
            object["profile"] = profile.word().into();
            exit::print(&format!("{object}\n"))?;
        } else {
            exit::print(&format!("seed {seed}: {} {}\n", run.verdict, run.trace_hash))?;
        }
        met.add(&run.coverage);
        if run.verdict != Verdict::Ok {
            bad += 1;
            let again = format!("pagedesk sim run --seed {seed} --profile {profile} --depth {}", run.depth);
            tell(&scenario, &run, &again, asked.json)?;
        }
    }
    if !asked.json {
        exit::print(&summary(&range, bad, &met))?;
    }
    Ok(if bad == 0 { Exit::Ok } else { Exit::CheckFailed })
}

fn summary(range: &Range<u64>, bad: u64, met: &Coverage) -> String {
    let count = range.end - range.start;
    let word = if bad == 0 { "every promise was kept".to_owned() } else { format!("{bad} are not ok") };
    let seeds = if count == 1 { "seed" } else { "seeds" };
    format!("\n{met}\n{count} {seeds}: {word}\n")
}

fn one(asked: &SimScenario) -> Result<Exit, Failure> {
    let scenario = read(&asked.file)?;
    let run = run(&scenario, depth(asked.depth));
    let file = asked.file.display();
    if asked.json {
        let mut object = object(&run);
        object["scenario"] = file.to_string().into();
        exit::print(&format!("{object}\n"))?;
    } else {
        let findings: String = run.findings.iter().map(|finding| format!("{finding}\n")).collect();
        exit::print(&format!("{findings}{}\n{file}: {} {}\n", run.coverage, run.verdict, run.trace_hash))?;
    }
    if run.verdict == Verdict::Ok {
        return Ok(Exit::Ok);
    }
    tell(&scenario, &run, &format!("pagedesk sim scenario {file} --depth {}", run.depth), asked.json)?;
    Ok(Exit::CheckFailed)
}

fn read(file: &Path) -> Result<Scenario, Failure> {
    Scenario::read(file).map_err(|why| match why {
        Unplayable::Unread(why) => Failure::new(Exit::UnreadableCorpus, format!("{} {why}", file.display())),
        Unplayable::Misread(why) => {
            let lines = why.to_string();
            let lines = lines.lines().map(|line| format!("{}:{line}", file.display()));
            Failure::several(Exit::UnreadableCorpus, format!("{} is no scenario", file.display()), lines)
        }
        Unplayable::Empty => Failure::new(Exit::NothingMatched, format!("nothing is done in {}", file.display()))
            .remedy("add a line that begins with `at`"),
    })
}

/// What is wrong, with the line that shows it again and the least scenario that does. For programs on standard error.
fn tell(scenario: &Scenario, run: &Run, again: &str, on_error: bool) -> Result<(), Failure> {
    let mut text = String::new();
    for line in run.trace.iter().rev().take(TRACE_LINES).rev() {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&format!("\n{}\n", run.verdict));
    for wrong in run.wrong.iter().take(WRONG_LINES) {
        text.push_str(&format!("  {wrong}\n"));
    }
    if let Some(more) = run.wrong.len().checked_sub(WRONG_LINES).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more\n"));
    }
    if run.verdict != Verdict::Nondeterminism {
        let least = shrink(scenario, run, SHRINK_RUNS);
        text.push_str(&format!("\nthe least scenario that shows it:\n\n{least}"));
    }
    text.push_str(&format!("\nagain: {}{again}\n", prefix()));
    if on_error {
        exit::note(&text);
    } else {
        exit::print(&text)?;
    }
    Ok(())
}

#[cfg(feature = "sabotage")]
fn planted(asked: &SimPlanted) -> Result<(), Failure> {
    crate::sabotage::from_argument(asked.sabotage.as_deref())
}

#[cfg(feature = "sabotage")]
fn prefix() -> String {
    crate::sabotage::prefix()
}

#[cfg(not(feature = "sabotage"))]
fn planted(_: &SimPlanted) -> Result<(), Failure> {
    Ok(())
}

#[cfg(not(feature = "sabotage"))]
fn prefix() -> String {
    String::new()
}

/// For programs.
fn object(run: &Run) -> Value {
    json!({
        "depth": run.depth.word(),
        "trace_hash": run.trace_hash,
        "verdict": run.verdict.word(),
        "wrong": run.wrong,
        "findings": run.findings,
        "coverage": coverage(&run.coverage),
    })
}

fn coverage(met: &Coverage) -> Value {
    let set = |set: &'static str| {
        let words = met.words(set).map(|(word, count)| (word.to_owned(), Value::from(count)));
        (set.to_owned(), Value::Object(words.collect()))
    };
    Value::Object(Coverage::sets().map(set).collect())
}

fn depth(asked: SimDepth) -> Depth {
    match asked {
        SimDepth::Core => Depth::Core,
        SimDepth::Actors => Depth::Actors,
    }
}

fn profile(asked: SimProfile) -> workload::Profile {
    match asked {
        SimProfile::Calm => workload::Profile::Calm,
        SimProfile::Busy => workload::Profile::Busy,
        SimProfile::Rough => workload::Profile::Rough,
    }
}
