//! The command line of `bench-ingest`, and which bench it asks for. The subcommands are for the bench's own children.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, Parser, Subcommand};

use super::bodies::{Order, People};
use super::{bare, floor, generate, ingest, known, report, restart, whole};

const EXAMPLES: &str = "Examples:
  cargo xtask bench ingest
  cargo xtask bench ingest --json --messages 50000 --rounds 1
  cargo xtask bench ingest --known 1000000 --store /var/tmp/known
  cargo xtask bench ingest --restart

Quote ratios of one run: absolute figures move with the machine. Quiet it first.";

/// How fast the node takes deliveries, compared with the least that durable acknowledging costs.
#[derive(Parser)]
#[command(name = "bench-ingest", after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Args)]
struct Asked {
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Messages of one run [default: 200000; with --known 20000].
    #[arg(long, value_name = "N")]
    messages: Option<u64>,
    /// Rounds; the figures are medians.
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: u64,
    /// Connections of the generator, one run each.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [64, 256])]
    connections: Vec<usize>,
    /// Conversations; with fewer messages, as many as those.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    conversations: u64,
    /// Pages.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pages: u64,
    /// Where files are made; they are removed at the end [default: the system's folder for temporary files].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Instead: a node with N known conversations.
    #[arg(long, value_name = "N", conflicts_with = "restart")]
    known: Option<u64>,
    /// Instead: restarts with 100,000 conversations and 1,000,000 records.
    #[arg(long)]
    restart: bool,
    /// With --known and --restart: the prepared store; filled if it is empty, and kept.
    #[arg(long, value_name = "DIR", conflicts_with = "dir")]
    store: Option<PathBuf>,
    /// With --known and --restart: drop the system's page cache before each start; takes root.
    #[arg(long)]
    cold: bool,
}

#[derive(Subcommand)]
enum Part {
    /// The load generator.
    #[command(hide = true)]
    Generate {
        address: SocketAddr,
        connections: usize,
        messages: u64,
        conversations: u64,
        pages: u64,
        seed: u64,
        at: i64,
        #[arg(long)]
        covering: bool,
    },
    /// The bare server.
    #[command(hide = true)]
    ServeBare,
    /// The floor.
    #[command(hide = true)]
    ServeFloor { dir: PathBuf, ahead: u64 },
    /// The node.
    #[command(hide = true)]
    ServeNode { dir: PathBuf, conversations: u64, pages: u64 },
}

/// The program: 0 when everything was measured, 1 when something was not answered 200 or not worked off, 70 when the
/// measurement itself failed.
pub fn main() -> ExitCode {
    let CommandLine { part, asked } = CommandLine::parse();
    let ran = match part {
        Some(part) => play(part).map(|()| true),
        None => measure(&asked),
    };
    match ran {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            complain(&fault);
            ExitCode::from(70)
        }
    }
}

#[expect(clippy::print_stderr, reason = "the program's one complaint")]
fn complain(fault: &anyhow::Error) {
    eprintln!("bench-ingest: {fault:#}");
}

fn play(part: Part) -> anyhow::Result<()> {
    match part {
        Part::ServeBare => bare::serve(),
        Part::ServeFloor { dir, ahead } => floor::serve(&dir, ahead),
        Part::ServeNode { dir, conversations, pages } => whole::serve(&dir, People { conversations, pages }),
        Part::Generate { address, connections, messages, conversations, pages, seed, at, covering } => {
            let people = People { conversations, pages };
            generate::run(address, connections, Order { people, messages, covering, seed, at })
        }
    }
}

fn measure(asked: &Asked) -> anyhow::Result<bool> {
    ensure!(asked.pages > 0 && asked.conversations > 0, "at least one Page and one conversation");
    ensure!(asked.rounds > 0 && asked.connections.iter().all(|n| *n > 0), "at least one round and one connection");
    let made = match &asked.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let made = made.context("a folder for the files")?;
    let dir = asked.store.as_deref().unwrap_or(made.path());
    match (asked.known, asked.restart) {
        (Some(conversations), _) => of_known(asked, conversations, dir),
        (None, true) => of_restart(asked, dir),
        (None, false) => of_ingest(asked, made.path()),
    }
}

fn of_ingest(asked: &Asked, dir: &Path) -> anyhow::Result<bool> {
    let messages = asked.messages.unwrap_or(200_000).max(1);
    let people = People { conversations: asked.conversations.min(messages), pages: asked.pages };
    let plan = ingest::Plan { people, messages, connections: asked.connections.clone(), rounds: asked.rounds };
    let measured = ingest::measure(&plan, dir)?;
    if asked.json {
        report::json(&measured)?
    } else {
        report::ingest(&measured)
    }
    Ok(measured.not_200 == 0 && measured.worked_off)
}

fn of_known(asked: &Asked, conversations: u64, dir: &Path) -> anyhow::Result<bool> {
    let people = People { conversations, pages: asked.pages };
    let plan = known::Plan { people, messages: asked.messages.unwrap_or(20_000), cold: asked.cold };
    let measured = known::measure(plan, dir)?;
    if asked.json {
        report::json(&measured)?
    } else {
        report::known(&measured)
    }
    Ok(measured.load.not_200 == 0 && measured.worked_off)
}

fn of_restart(asked: &Asked, dir: &Path) -> anyhow::Result<bool> {
    let people = People { conversations: 100_000, pages: asked.pages };
    let plan = restart::Plan { people, messages: asked.messages.unwrap_or(200_000), cold: asked.cold };
    let measured = restart::measure(plan, dir)?;
    if asked.json {
        report::json(&measured)?
    } else {
        report::restart(&measured)
    }
    Ok(measured.worked_off)
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
    fn without_a_subcommand_it_measures() {
        let line = CommandLine::parse_from(["bench-ingest", "--json", "--connections", "8,16"]);
        assert!(line.part.is_none());
        assert_eq!((line.asked.connections, line.asked.rounds), (vec![8, 16], 3));
    }
}
