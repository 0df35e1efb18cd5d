//! The command line of `pagedesk sim`.
//!
//! Shapes and texts alone. Invariant: every example can be typed as it stands, with files of one's own.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

pub(super) const SIM: &str = "\
Examples:
  pagedesk sim run --seed 7
  pagedesk sim run --seeds 0..200 --profile rough
  pagedesk sim run --seeds 0..20 --depth actors --json
  pagedesk sim explore --minutes 2
  pagedesk sim shrink day.txt --out least.txt
  pagedesk sim scenario day.txt

docs/howto/simulate.md tells how to work with it.";

const RUN: &str = "\
Examples:
  pagedesk sim run --seed 7                              one world of the profile `busy`
  pagedesk sim run --seeds 0..200 --profile rough        200 worlds in which the node falls
  pagedesk sim run --seeds 0..200 --profile swarm        200 worlds in which anything may go wrong
  pagedesk sim run --seeds 0..20 --depth actors --json   one object a line, for programs
  pagedesk sim run --seed 7 --steps 10                   its first ten lines alone

Each seed is made into a scenario and played twice: the two runs must be equal to the byte. A
world has no network and no clock of its own, so that a week takes a moment.

Verdicts: ok; safety, a promise was broken; liveness, something never settled; crash, the node
fell by itself; nondeterminism, the two runs differ. Where it is not ok the end of the trace,
what is wrong, and the least scenario that shows it are printed, with --json on standard error.

Exit codes: 0 every seed is ok, 1 not so";

const SCENARIO: &str = "\
Examples:
  pagedesk sim scenario day.txt
  pagedesk sim scenario day.txt --depth actors --json

docs/format/scenario.md says what a scenario is.

What it expects and has not come about is the verdict expectation.

Exit codes: 0 ok, 1 not so, 4 nothing is done in it, 5 unreadable";

const EXPLORE: &str = "\
Examples:
  pagedesk sim explore --minutes 2
  pagedesk sim explore --minutes 30 --profile busy,rough --depth actors
  pagedesk sim explore --worlds 500 --from 4711 --json

Plays one fresh seed after the other on all cores until something is wrong or the time is over.
The first that is found is shrunk and written as FOLDER/NAME/scenario.txt, with what is wrong in
its comments. The first seed is printed: --from begins there again.

Exit codes: 0 nothing was found, 1 something was";

const SHRINK: &str = "\
Examples:
  pagedesk sim shrink day.txt
  pagedesk sim shrink day.txt --depth actors --out least.txt

Takes Pages, customers and lines out of a scenario that fails, while it fails for the same reason.

Exit codes: 0 here is the least, 3 it cannot be written, 4 nothing is wrong with it, 5 unreadable";

/// What to do with simulated worlds.
#[derive(Subcommand, Debug)]
pub(crate) enum SimCommand {
    /// Make traffic from seeds, play it, judge it
    #[command(after_help = RUN)]
    Run(SimRun),
    /// Play fresh seeds for some time, and keep the least scenario of the first that fails
    #[command(after_help = EXPLORE)]
    Explore(SimExplore),
    /// Take out of a scenario that fails what is not needed for that
    #[command(after_help = SHRINK)]
    Shrink(SimShrink),
    /// Play a scenario of a file and judge it
    #[command(after_help = SCENARIO)]
    Scenario(SimScenario),
}

/// `pagedesk sim run`
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("which").required(true).args(["seed", "seeds"])))]
pub(crate) struct SimRun {
    /// What everything is drawn from
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..u64::MAX))]
    pub seed: Option<u64>,
    /// From the first of these seeds to before the second
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    pub seeds: Option<Range<u64>>,
    /// How much happens, and how much of it goes wrong
    #[arg(long, value_enum, default_value_t = SimProfile::Busy)]
    pub profile: SimProfile,
    /// How much of the node is played
    #[arg(long, value_enum, default_value_t = SimDepth::Core)]
    pub depth: SimDepth,
    /// Play at most so many lines of what is made
    #[arg(long, value_name = "N")]
    pub steps: Option<NonZeroUsize>,
    /// Print one JSON object a run
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub planted: SimPlanted,
}

impl SimRun {
    /// The seeds that are asked for.
    pub(crate) fn range(&self) -> Range<u64> {
        match (self.seed, &self.seeds) {
            (Some(seed), _) => seed..seed.saturating_add(1),
            (None, Some(seeds)) => seeds.clone(),
            (None, None) => 0..0,
        }
    }
}

/// `pagedesk sim explore`
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("limit").required(true).multiple(true).args(["minutes", "worlds"])))]
pub(crate) struct SimExplore {
    /// Go on for so many minutes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub minutes: Option<u32>,
    /// End after so many worlds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub worlds: Option<u64>,
    /// Which profiles, seed after seed in turn: several between commas, or all
    #[arg(long, value_name = "PROFILE", default_value = "all", value_parser = profiles)]
    pub profile: Profiles,
    /// How much of the node is played
    #[arg(long, value_enum, default_value_t = SimDepth::Core)]
    pub depth: SimDepth,
    /// Begin with this seed; with a fresh one where nobody says
    #[arg(long, value_name = "SEED")]
    pub from: Option<u64>,
    /// Where the folder of what is found is made
    #[arg(long, value_name = "FOLDER", default_value = "replay-corpus/regressions")]
    pub out: PathBuf,
    /// Print what it came to as one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub planted: SimPlanted,
}

/// `pagedesk sim shrink`
#[derive(Args, Debug)]
pub(crate) struct SimShrink {
    /// The scenario
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How much of the node is played
    #[arg(long, value_enum, default_value_t = SimDepth::Core)]
    pub depth: SimDepth,
    /// Write it into this file instead of printing it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub planted: SimPlanted,
}

/// Profiles in the order in which they were named, each once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Profiles(pub Vec<SimProfile>);

fn profiles(text: &str) -> Result<Profiles, String> {
    if text == "all" {
        return Ok(Profiles(SimProfile::value_variants().to_vec()));
    }
    let mut named = Vec::new();
    for word in text.split(',') {
        let profile = SimProfile::from_str(word, false).map_err(|_| {
            let all: Vec<String> = SimProfile::value_variants().iter().filter_map(SimProfile::word).collect();
            format!("`{word}` is none of {}, all", all.join(", "))
        })?;
        if !named.contains(&profile) {
            named.push(profile);
        }
    }
    Ok(Profiles(named))
}

/// `pagedesk sim scenario`
#[derive(Args, Debug)]
pub(crate) struct SimScenario {
    /// The scenario
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How much of the node is played
    #[arg(long, value_enum, default_value_t = SimDepth::Core)]
    pub depth: SimDepth,
    /// Print what it came to as one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub planted: SimPlanted,
}

/// What is wrong with the node on purpose; nothing in a build without planted defects.
#[derive(Args, Debug)]
pub(crate) struct SimPlanted {
    /// Plant this defect
    #[cfg(feature = "sabotage")]
    #[arg(long, value_name = "CODE")]
    pub sabotage: Option<String>,
}

/// How much of the node is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum SimDepth {
    /// The machines and the journal, without a runtime
    Core,
    /// The real actors and the real store, in memory
    Actors,
}

/// How much happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum SimProfile {
    /// One Page, two customers; few bodies come again
    Calm,
    /// Two Pages; Meta repeats, holds back, hands over and restricts
    Busy,
    /// As busy, and the node falls and starts again
    Rough,
    /// As busy, and each run draws what goes wrong in it: falls, disks, commits, actors, clocks, floods
    Swarm,
    /// As busy, and sends are left in doubt: answers and requests are lost, the node falls, half the time without echoes
    Lossy,
}

impl SimProfile {
    fn word(&self) -> Option<String> {
        self.to_possible_value().map(|value| value.get_name().to_owned())
    }
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let ends = text.split_once("..").and_then(|(first, end)| Some((first.parse().ok()?, end.parse().ok()?)));
    match ends {
        Some((first, end)) if first < end => Ok(first..end),
        Some(_) | None => Err("write it as 0..200: the second is larger and is left out".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_seeds_has_two_ends_in_order() {
        assert_eq!(seeds("3..7"), Ok(3..7));
        for bad in ["7..3", "3..3", "3", "..", "a..b", "3..=7"] {
            assert!(seeds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn profiles_are_named_one_by_one_or_all_at_once() {
        assert_eq!(profiles("all").unwrap().0, SimProfile::value_variants());
        assert_eq!(profiles("rough,calm,rough").unwrap().0, [SimProfile::Rough, SimProfile::Calm]);
        for bad in ["", "calm,", "loud", "calm all"] {
            assert!(profiles(bad).unwrap_err().contains("is none of calm, busy"), "{bad}");
        }
    }
}
