//! The command line of `pagedesk sim`.
//!
//! Shapes and texts alone. Invariant: every example can be typed as it stands, with files of one's own.

use std::ops::Range;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

pub(super) const SIM: &str = "\
Examples:
  pagedesk sim run --seed 7
  pagedesk sim run --seeds 0..200 --profile rough
  pagedesk sim run --seeds 0..20 --depth actors --json
  pagedesk sim scenario day.txt

docs/howto/simulate.md tells how to work with it.";

const RUN: &str = "\
Examples:
  pagedesk sim run --seed 7                              one world of the profile `busy`
  pagedesk sim run --seeds 0..200 --profile rough        200 worlds in which the node falls
  pagedesk sim run --seeds 0..20 --depth actors --json   one object a line, for programs

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

Exit codes: 0 ok, 1 not so, 4 nothing is done in it, 5 unreadable";

/// What to do with simulated worlds.
#[derive(Subcommand, Debug)]
pub(crate) enum SimCommand {
    /// Make traffic from seeds, play it, judge it
    #[command(after_help = RUN)]
    Run(SimRun),
    /// Play a scenario of a file and judge it
    #[command(after_help = SCENARIO)]
    Scenario(SimScenario),
}

/// `pagedesk sim run`
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("which").required(true).args(["seed", "seeds"])))]
pub(crate) struct SimRun {
    /// What everything is drawn from
    #[arg(long, value_name = "N")]
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
}
