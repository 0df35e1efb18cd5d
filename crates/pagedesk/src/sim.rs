//! `pagedesk sim`: plays made-up scenarios, or one of a file, in a world without clock and network, and prints what the
//! oracle says of them.
//!
//! What is made, played and judged is said in `simulator`. Invariant: a seed, a profile and a depth print the same every
//! time.

mod explore;
mod least;
mod told;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::Path;

use oracle::Coverage;
use simulator::scenario::{Scenario, Unplayable};
use simulator::workload::{self, Profile};
use simulator::world::{Depth, Verdict, run};

use crate::cli::{SimCommand, SimDepth, SimPlanted, SimProfile, SimRun, SimScenario};
use crate::exit::{self, Exit, Failure};
use simulator::counted::{counted, verb};

use self::told::{object, tell};

/// Carries out a command about simulated worlds.
pub(crate) fn sim(command: &SimCommand) -> Result<Exit, Failure> {
    match command {
        SimCommand::Run(asked) => planted(&asked.planted).and_then(|()| seeds(asked)),
        SimCommand::Explore(asked) => planted(&asked.planted).and_then(|()| explore::explore(asked)),
        SimCommand::Shrink(asked) => planted(&asked.planted).and_then(|()| least::shrink(asked)),
        SimCommand::Scenario(asked) => planted(&asked.planted).and_then(|()| one(asked)),
    }
}

fn seeds(asked: &SimRun) -> Result<Exit, Failure> {
    let profile = profile(asked.profile);
    let (mut bad, mut met) = (0, Coverage::default());
    let range = asked.range();
    for seed in range.clone() {
        let whole = workload::scenario(seed, profile);
        let scenario = asked.steps.map_or_else(|| whole.clone(), |steps| whole.first(steps.get()));
        let run = run(&scenario, depth(asked.depth));
        if asked.json {
            let mut object = object(&run);
            object["seed"] = seed.into();
            object["profile"] = profile.word().into();
            object["steps"] = scenario.lines.len().into();
            exit::print(&format!("{object}\n"))?;
        } else {
            exit::print(&format!("seed {seed}: {} {}\n", run.verdict, run.trace_hash))?;
        }
        met.add(&run.coverage);
        if run.verdict != Verdict::Ok {
            bad += 1;
            let again = again(seed, profile, run.depth, asked.steps.map(NonZeroUsize::get));
            tell(&scenario, &run, &again, asked.json)?;
        }
    }
    if !asked.json {
        exit::print(&summary(&range, bad, &met))?;
    }
    Ok(if bad == 0 { Exit::Ok } else { Exit::CheckFailed })
}

/// What to type for the same run.
fn again(seed: u64, profile: Profile, depth: Depth, steps: Option<usize>) -> String {
    let steps = steps.map(|steps| format!(" --steps {steps}")).unwrap_or_default();
    format!("pagedesk sim run --seed {seed} --profile {profile} --depth {depth}{steps}")
}

fn summary(range: &Range<u64>, bad: u64, met: &Coverage) -> String {
    let count = range.end - range.start;
    let word = match bad {
        0 => "every promise was kept".to_owned(),
        bad => format!("{bad} {} not ok", verb(bad, "is", "are")),
    };
    format!("\n{met}\n{}: {word}\n", counted(count, "seed"))
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

#[cfg(feature = "sabotage")]
fn planted(asked: &SimPlanted) -> Result<(), Failure> {
    crate::sabotage::from_argument(asked.sabotage.as_deref())
}

#[cfg(not(feature = "sabotage"))]
fn planted(_: &SimPlanted) -> Result<(), Failure> {
    Ok(())
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
        SimProfile::Swarm => workload::Profile::Swarm,
        SimProfile::Lossy => workload::Profile::Lossy,
    }
}
