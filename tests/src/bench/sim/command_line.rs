//! The command line of `bench-sim`, and the order of its parts. The subcommands are for the bench's own children.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, Parser, Subcommand, ValueEnum as _};
use serde::de::DeserializeOwned;

use super::figures::{Rate, Year, peak_mib};
use super::messages::Load;
use super::part::{self, Part};
use super::replay;
use super::report::{self, Report};
use crate::bench::gauge::Machine;
use crate::bench::progress::Progress;

const EXAMPLES: &str = "Examples:
  cargo xtask bench sim
  cargo xtask bench sim --json --only machine,core,actors
  cargo xtask bench sim --only replay --deliveries 100000

Quote ratios of one run: absolute figures move with the machine. Quiet it first.";

/// How fast simulations and replays are, at both depths.
#[derive(Parser)]
#[command(name = "bench-sim", after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    child: Option<Child>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Args)]
struct Asked {
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// These parts alone [default: all].
    #[arg(long, value_name = "PART,…", value_delimiter = ',')]
    only: Vec<Part>,
    /// Rounds of each part but the replay; the figures are medians.
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: u64,
    /// Messages of one run [default: machine 400000, core and trace 200000, actors 50000, one-by-one 10000].
    #[arg(long, value_name = "N")]
    messages: Option<u64>,
    /// Deliveries of the recording that is replayed.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    deliveries: u64,
    /// New conversations in a month of the virtual year.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    a_month: u64,
    /// Where the recording is written; it is removed at the end [default: the system's folder for temporary files].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Child {
    /// Measures one part.
    #[command(hide = true)]
    Part { part: Part, messages: u64, conversations: u64, at_once: u64 },
    /// The shipped program, which leaves its memory at most in a file.
    #[command(hide = true)]
    Pagedesk {
        gauge: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// The program: 0 when everything was measured, 70 when a measurement failed.
pub fn main() -> ExitCode {
    let CommandLine { child, asked } = CommandLine::parse();
    let ran = match child {
        None => measure(&asked).map(|()| ExitCode::SUCCESS),
        Some(Child::Part { part, messages, conversations, at_once }) => {
            part::play(part, Load { messages, conversations, at_once }).map(|()| ExitCode::SUCCESS)
        }
        Some(Child::Pagedesk { gauge, arguments }) => {
            let code = pagedesk::run(std::iter::once("pagedesk".into()).chain(arguments));
            peak_mib().and_then(|peak| fs::write(gauge, peak.to_string()).context("a gauge")).map(|()| code)
        }
    };
    ran.unwrap_or_else(|fault| {
        complain(&fault);
        ExitCode::from(70)
    })
}

#[expect(clippy::print_stderr, reason = "the program's one complaint")]
fn complain(fault: &anyhow::Error) {
    eprintln!("bench-sim: {fault:#}");
}

fn measure(asked: &Asked) -> anyhow::Result<()> {
    let least = [asked.rounds, asked.deliveries, asked.a_month, asked.messages.unwrap_or(1)].into_iter().min();
    ensure!(least > Some(0), "at least one of everything");
    let made = match &asked.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let made = made.context("a folder for the recording")?;
    let is_asked = |part: &Part| asked.only.is_empty() || asked.only.contains(part);
    let parts: Vec<Part> = Part::value_variants().iter().copied().filter(is_asked).collect();
    let rounds = |part: &Part| if *part == Part::Replay { 1 } else { asked.rounds };
    let bench = Bench { asked, progress: Progress::over(parts.iter().map(rounds).sum()) };
    let mut report = Report::new(Machine::this(made.path())?, asked.rounds);
    for part in parts {
        match part {
            Part::Machine => report.machine_alone = Some(Rate::medians(&bench.rounds(part, (400_000, 10_000))?)),
            Part::Core => report.core = Some(Rate::medians(&bench.rounds(part, (200_000, 10_000))?)),
            Part::Trace => report.trace = Some(Rate::medians(&bench.rounds(part, (200_000, 10_000))?)),
            Part::Actors => report.actors = Some(Rate::medians(&bench.rounds(part, (50_000, 500))?)),
            Part::OneByOne => report.one_by_one = Some(Rate::medians(&bench.rounds(part, (10_000, 500))?)),
            Part::Year => report.year = Some(Year::medians(&bench.rounds(part, (1, asked.a_month))?)),
            Part::Replay => {
                let dir = made.path().join("recording");
                fs::create_dir(&dir).context("a folder for the recording")?;
                let load = Load { messages: asked.deliveries, conversations: 10_000.min(asked.deliveries), at_once: 1 };
                let says = |what: &str| bench.progress.says(format!("replay: {what}"));
                report.replay = Some(replay::measure(load, &dir, &says)?);
                bench.progress.done(1);
            }
        }
    }
    drop(bench);
    report::print(&report, asked.json)
}

struct Bench<'a> {
    asked: &'a Asked,
    progress: Progress,
}

impl Bench<'_> {
    /// Measures a part as often as asked.
    fn rounds<T: DeserializeOwned>(&self, part: Part, (messages, conversations): (u64, u64)) -> anyhow::Result<Vec<T>> {
        let messages = self.asked.messages.unwrap_or(messages);
        let conversations = if part == Part::Year { conversations } else { conversations.min(messages) };
        let at_once = if part == Part::Actors { conversations } else { 1 };
        let load = Load { messages, conversations, at_once };
        let round = |nth| {
            self.progress.says(format!("{}, round {nth} of {}", part.word(), self.asked.rounds));
            let figures = part::apart(part, load)?;
            self.progress.done(1);
            Ok(figures)
        };
        (1..=self.asked.rounds).map(round).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn parts_are_named_one_by_one_and_their_words_are_read_back() {
        let line = CommandLine::parse_from(["bench-sim", "--only", "year,machine,one-by-one"]);
        assert_eq!(line.asked.only, [Part::Year, Part::Machine, Part::OneByOne]);
        for part in Part::value_variants() {
            assert_eq!(Part::from_str(part.word(), false), Ok(*part));
        }
    }
}
