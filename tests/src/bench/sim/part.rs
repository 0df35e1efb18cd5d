//! The parts of the bench, each a process of its own that prints its figures as one line of JSON.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::messages::Load;
use super::{core, machine, tree, year};

/// A part that is measured in a process of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub(super) enum Part {
    /// Decide and evolve alone.
    Machine,
    /// The core depth with hash and oracle.
    Core,
    /// The same with the readable trace.
    Trace,
    /// The actors with their stores; one message of every conversation comes at one instant.
    Actors,
    /// The same, one message after the other.
    OneByOne,
    /// A long recording.
    Replay,
    /// A virtual year.
    Year,
}

impl Part {
    /// As it is typed.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Core => "core",
            Self::Trace => "trace",
            Self::Actors => "actors",
            Self::OneByOne => "one-by-one",
            Self::Replay => "replay",
            Self::Year => "year",
        }
    }
}

/// Measures in this process and prints.
pub(super) fn play(part: Part, load: Load) -> anyhow::Result<()> {
    match part {
        Part::Machine => say(&machine::measure(load)?),
        Part::Core => say(&core::measure(load, false)?),
        Part::Trace => say(&core::measure(load, true)?),
        Part::Actors | Part::OneByOne => say(&tree::measure(load)?),
        Part::Year => say(&year::measure(load.conversations)?),
        Part::Replay => anyhow::bail!("the replay has processes of its own"),
    }
}

#[expect(clippy::print_stdout, reason = "the parent hears it")]
fn say(figures: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(figures)?);
    Ok(())
}

/// Lets a process of its own measure a part.
pub(super) fn apart<T: DeserializeOwned>(part: Part, load: Load) -> anyhow::Result<T> {
    let mut program = Command::new(std::env::current_exe().context("where this program lies")?);
    let numbers = [load.messages, load.conversations, load.at_once].map(|number| number.to_string());
    program.args(["part", part.word()]).args(numbers);
    let ran = program.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("a part runs")?;
    ensure!(ran.status.success(), "the part {} ended with {}", part.word(), ran.status);
    serde_json::from_slice(&ran.stdout).with_context(|| format!("what the part {} says", part.word()))
}
