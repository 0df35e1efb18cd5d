//! `pagedesk policy` on the command line: what its commands take, with examples. Nothing is carried out here.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use model::Timestamp;
use policy::{Day, EditionId};

use crate::instant;

pub(super) const POLICY: &str = "\
Examples:
  pagedesk policy show                                 the rules in force today
  pagedesk policy explain facts.json                   may this be sent now, and why?
  pagedesk policy explain --at 2026-06-03 facts.json   and on that day?
  pagedesk policy fuzz --minutes 2                     policy against an independent statement";

const SHOW: &str = "\
Examples:
  pagedesk policy show
  pagedesk policy show --at 2026-01-31
  pagedesk policy show --at 2020-02-01 --effective-from 2020-01-15=2020-03-04
  pagedesk policy show --config pagedesk.toml          as that node dates them
  pagedesk policy show --json

Exit codes: 0 shown, 2 usage, 3 configuration, 4 no edition was in force then";

const EXPLAIN: &str = "\
Examples:
  pagedesk policy explain facts.json
  pagedesk policy explain --at 2026-06-03T08:00:00Z facts.json
  pagedesk policy explain --at 2026-06-03 --edition 2020-01-15 facts.json    a what-if
  echo '{\"author\":\"agent\",\"openers\":{\"last_message_at\":\"2026-06-01T08:00:00Z\"}}' |
    pagedesk policy explain --at 2026-06-03

Facts are one JSON object; docs/format/policy-facts.md describes every field.

Exit codes: 0 whatever the verdict is, 2 usage, 3 configuration, 4 no edition was in force then
and none is named, 5 the facts cannot be read";

const FUZZ: &str = "\
Examples:
  pagedesk policy fuzz --minutes 2
  pagedesk policy fuzz --cases 1000000 --seed 7 --json

Draws fact sets, instants and editions, mostly beside the edges of windows and guards, and
asks the policy and the simulator's oracle, which states Meta's rules a second time. A
difference is shrunk to the least fact set that shows it. Of a seed the same cases are drawn
in the same order every time.

Exit codes: 0 no difference, 1 they differ, 2 usage";

/// What to do with the messaging policy.
#[derive(Subcommand, Debug)]
pub(crate) enum PolicyCommand {
    /// Print the rules in force, in the order in which they are asked
    #[command(after_help = SHOW)]
    Show(Show),
    /// Say whether a message may be sent, from facts as JSON, with every rule that was asked
    #[command(after_help = EXPLAIN)]
    Explain(Explain),
    /// Compare the policy with the simulator's oracle over arbitrary facts
    #[command(after_help = FUZZ)]
    Fuzz(Fuzz),
}

/// From which day on editions are in force, where that is not the day that they are named after.
#[derive(Args, Debug)]
pub(crate) struct Dated {
    /// An edition is in force from this day on; may be repeated
    #[arg(long, value_name = "EDITION=DAY", value_parser = edition_and_day)]
    pub effective_from: Vec<(EditionId, Day)>,
    /// Take those days from the configuration of a node
    #[arg(long, value_name = "FILE", conflicts_with = "effective_from")]
    pub config: Option<PathBuf>,
}

fn edition_and_day(text: &str) -> Result<(EditionId, Day), String> {
    let (edition, day) = text.split_once('=').ok_or("write it as EDITION=DAY")?;
    let edition = edition.parse().map_err(|fault| format!("{edition:?} is {fault}"))?;
    Ok((edition, day.parse().map_err(|fault| format!("{day:?} is {fault}"))?))
}

/// `pagedesk policy show`
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// As of this instant or day; now where nobody says
    #[arg(long, value_name = "INSTANT|DATE", value_parser = instant::read, allow_hyphen_values = true)]
    pub at: Option<Timestamp>,
    /// When editions begin.
    #[command(flatten)]
    pub dated: Dated,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `pagedesk policy explain`
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Ask as of this instant, or 00:00 UTC of this day; now where nobody says
    #[arg(long, value_name = "INSTANT|DATE", value_parser = instant::read, allow_hyphen_values = true)]
    pub at: Option<Timestamp>,
    /// Ask under this edition; the one in force then where nobody says
    #[arg(long, value_name = "EDITION")]
    pub edition: Option<EditionId>,
    /// When editions begin.
    #[command(flatten)]
    pub dated: Dated,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// The facts; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,
}

/// `pagedesk policy fuzz`
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("limit").required(true).args(["minutes", "cases"])))]
pub(crate) struct Fuzz {
    /// Go on for so long
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub minutes: Option<u32>,
    /// Draw so many cases
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub cases: Option<u64>,
    /// Draw those of this seed; a fresh one where nobody says
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
