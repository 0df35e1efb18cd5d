//! `pagedesk replay` on the command line: what it takes, with examples. Nothing is carried out here.
//!
//! Invariant: every example can be typed as it stands, with folders and files of one's own.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use policy::EditionId;
use simulator::replay::filter::{Condition, Moment};
use simulator::replay::line;

use super::SimDepth;
use crate::instant;

pub(super) const REPLAY: &str = "\
Examples:
  pagedesk replay replay-corpus/recordings                        every recording in it
  pagedesk replay ./recording --approve                           accepts what this build does
  pagedesk replay ./recording --review                            asks for each conversation
  pagedesk replay ./recording --conversation A/c4 --kind part     a part of what differs
  pagedesk replay ./recording --where 'reason=window-closed'
  pagedesk replay ./recording --policy 2020-01-15                 under other rules
  pagedesk replay ./recording --policy 2020-01-15 --policy 2026-04-27
                                                                  whose fate changes, and why
  pagedesk replay ./recording --trace now.trace --json            keeps the trace, and tells programs
  pagedesk replay ./recording --junit replay.xml
  pagedesk replay ./recording --html replay.html                  draws it, for a browser
  pagedesk replay diff before.trace now.trace                     one build against another
  pagedesk replay --from-journal /var/lib/pagedesk                does this build decide the same?
  pagedesk replay ./recording --live http://127.0.0.1:8080/webhook --speed 60 --secret-file secret

A recording runs against the real actors on a clock that stands still while there is anything
to do, so days take seconds and the same recording gives the same trace. What differs from the
approved trace is told in words: tasks, sends, refusals, states, other. docs/format/trace.md
describes traces, differences and filters.

Exit codes: 0 as approved and as expected, 1 not so, 2 usage, 3 a store, secret or file that
cannot be used, 4 nothing in it or nothing matched, 5 no recording or an unreadable one, 6 nobody
answers at the URL";

pub(super) const WHY: &str = "\
Examples:
  pagedesk why --dir /var/lib/pagedesk m_ba9dad9439fba2a7
  pagedesk why --dir /var/lib/pagedesk 104000000000017/7100000000000004/1
  pagedesk why --dir /var/lib/pagedesk c/104000000000017/7100000000000004 --json
  pagedesk why --dir /var/lib/pagedesk pd.1.10.c/104000000000017/7100000000000004

Prints for each decision about the message what the policy was asked with and what each rule said.
Nothing is written, and no text of anybody is shown.

Exit codes: 0 told, 3 the store cannot be used, 4 no such message";

const DIFF: &str = "\
Examples:
  pagedesk replay diff before.trace now.trace
  pagedesk replay diff before.trace now.trace --kind send --json
  pagedesk replay diff before.trace now.trace --html differences.html

Exit codes: 0 they say the same, 1 they differ, 4 nothing matched, 5 one is no trace";

/// `pagedesk replay`
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, disable_help_subcommand = true)]
pub(crate) struct Replay {
    /// Something else than replaying.
    #[command(subcommand)]
    pub command: Option<ReplayCommand>,
    /// Recordings, or folders with recordings in them
    #[arg(value_name = "PATH", required_unless_present = "from_journal")]
    pub paths: Vec<PathBuf>,
    /// Print one JSON object a line, one for each recording
    #[arg(long)]
    pub json: bool,
    /// Accept what this build does: write the trace into the recording's folder
    #[arg(long, conflicts_with_all = ["review", "policy"])]
    pub approve: bool,
    /// Ask for each conversation that differs whether it is accepted; answers are lines of standard input
    #[arg(long, conflicts_with_all = ["json", "policy"])]
    pub review: bool,
    /// Write the trace into this file too; of one recording
    #[arg(long, visible_alias = "out", value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// The real actors on the real store, or the machines alone: faster, and the same trace [default: actors]
    #[arg(long, value_enum, value_name = "DEPTH")]
    pub depth: Option<SimDepth>,
    /// Decide under this edition of the policy; twice: tell whose fate changes between the two
    #[arg(long, value_name = "EDITION", conflicts_with = "depth")]
    pub policy: Vec<EditionId>,
    /// Instead of a recording: decide again what the journal of this store says, and compare
    #[arg(
        long,
        value_name = "STORE",
        conflicts_with_all = ["paths", "approve", "review", "trace", "depth", "policy", "junit", "html", "live", "looked"]
    )]
    pub from_journal: Option<PathBuf>,
    /// Instead of running it here: post its deliveries, signed, to the webhook of a node that runs
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["approve", "review", "trace", "depth", "policy", "junit", "html", "looked"]
    )]
    pub live: Option<String>,
    /// With --live: so many times faster than it was recorded
    #[arg(long, value_name = "N", requires = "live", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: u32,
    /// With --live: where the app secret of that node is read from; else from PAGEDESK_APP_SECRET
    #[arg(long, value_name = "FILE", requires = "live")]
    pub secret_file: Option<PathBuf>,
    /// Write what came of it as a JUnit file too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Draw what came of it into this file, for a browser: one file that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What is looked at.
    #[command(flatten)]
    pub looked: Looked,
}

/// Something else than replaying.
#[derive(Subcommand, Debug)]
pub(crate) enum ReplayCommand {
    /// Compare two traces of one recording, say of two builds
    #[command(after_help = DIFF)]
    Diff(ReplayDiff),
}

/// `pagedesk replay diff`
#[derive(Args, Debug)]
pub(crate) struct ReplayDiff {
    /// The trace of before
    #[arg(value_name = "A")]
    pub before: PathBuf,
    /// The trace that it is compared with
    #[arg(value_name = "B")]
    pub now: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Draw both sides into this file, for a browser: one file that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What is looked at.
    #[command(flatten)]
    pub looked: Looked,
}

/// Which lines are compared and shown.
#[derive(Args, Debug, Default)]
#[group(id = "looked", multiple = true)]
pub(crate) struct Looked {
    /// Only this Page, by its letter or id; may be repeated
    #[arg(long, value_name = "PAGE")]
    pub page: Vec<String>,
    /// Only this conversation: A/c4, PAGE/PSID or PSID; may be repeated
    #[arg(long, value_name = "NAME")]
    pub conversation: Vec<String>,
    /// Only lines of this kind, whole or its first words: part-refused, received, send; may be repeated
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// Nothing before: 010:00:00.000 of the trace, or an instant
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true)]
    pub from: Option<Moment>,
    /// Nothing at it or later
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true)]
    pub to: Option<Moment>,
    /// Only lines of which this holds: FIELD=VALUE, with = != ~ < <= > >=, joined by `and`; may be repeated
    #[arg(long = "where", value_name = "EXPR", value_parser = conditions)]
    pub conditions: Vec<Conditions>,
}

/// What one `--where` says.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    /// As it was given.
    pub text: String,
    /// All of them hold.
    pub all: Vec<Condition>,
}

fn conditions(text: &str) -> Result<Conditions, String> {
    Condition::read(text).map(|all| Conditions { all, text: text.to_owned() })
}

fn moment(text: &str) -> Result<Moment, String> {
    if let Some(since) = line::moment(text) {
        return Ok(Moment::Since(since));
    }
    instant::read(text).map(Moment::At).map_err(|fault| format!("{fault}, or 010:00:00.000 of the trace"))
}

/// `pagedesk why`
#[derive(Args, Debug)]
pub(crate) struct Why {
    /// Meta's id of a sent message, whole or as a trace shortens it, the mark of its send, PAGE/PSID/PART, or PAGE/PSID for
    /// all messages of a conversation; c/ may stand before PAGE
    #[arg(value_name = "MESSAGE")]
    pub message: String,
    /// The store
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
