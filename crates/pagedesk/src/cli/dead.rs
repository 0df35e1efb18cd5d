//! The command line of dead letters: messages that were not sent and about which a person decides.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

pub(crate) const DEAD: &str = "\
Examples:
  pagedesk dead-letter list
  pagedesk dead-letter list --state failed --reason customer-unknown --json
  pagedesk dead-letter retry c/104000000000017/5550001/2 --by Ida
  pagedesk dead-letter skip c/104000000000017/5550001/2 c/104000000000017/5550002/1
  pagedesk dead-letter export --out not-sent.jsonl

They ask a running node: --url, or PAGEDESK_URL, is the address of its desk's pages and API.
Where it wants a token, the environment variable PAGEDESK_TOKEN or --token-file has one with the
scope resolve; what messages say needs read as well.

Exit codes: 0 done, 1 one of them is decided about already, 3 the token or an output cannot be
used, 4 there is no such message, 6 the node cannot be reached or cannot answer now";

/// What to do with dead letters.
#[derive(Subcommand, Debug)]
pub(crate) enum DeadCommand {
    /// Show what was refused, failed or is in doubt, until a person has decided about it
    List(DeadList),
    /// Queue messages again; the rules are asked anew
    Retry(DeadDecision),
    /// Leave messages unsent
    Skip(DeadDecision),
    /// Write them as JSON, one message a line
    Export(DeadExport),
}

/// Which node.
#[derive(Args, Debug)]
pub(crate) struct Reached {
    /// Where the node's pages and API are
    #[arg(long, value_name = "URL", env = "PAGEDESK_URL", default_value = "http://127.0.0.1:8081")]
    pub url: String,
    /// A file with a token for it, instead of PAGEDESK_TOKEN
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// Which dead letters.
#[derive(Args, Debug)]
pub(crate) struct DeadFilter {
    /// Only those of this Page
    #[arg(long, value_name = "ID")]
    pub page: Option<String>,
    /// Only those in this state
    #[arg(long, value_enum, value_name = "STATE")]
    pub state: Option<DeadState>,
    /// Only those for this reason, as window-closed
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
}

/// Why it is not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum DeadState {
    /// The rules forbade it
    Refused,
    /// Meta refused it
    Failed,
    /// Nobody knows whether Meta has it
    InDoubt,
}

/// `pagedesk dead-letter list`
#[derive(Args, Debug)]
pub(crate) struct DeadList {
    /// Which node.
    #[command(flatten)]
    pub reached: Reached,
    /// Which of them.
    #[command(flatten)]
    pub filter: DeadFilter,
    /// Show what they say
    #[arg(long)]
    pub text: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `pagedesk dead-letter retry`, `pagedesk dead-letter skip`
#[derive(Args, Debug)]
pub(crate) struct DeadDecision {
    /// Which node.
    #[command(flatten)]
    pub reached: Reached,
    /// The messages: c/PAGE/PSID/PART, as `list` shows them
    #[arg(value_name = "MESSAGE", required = true)]
    pub messages: Vec<String>,
    /// Who decides; the node's own name for agents where nobody says
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `pagedesk dead-letter export`
#[derive(Args, Debug)]
pub(crate) struct DeadExport {
    /// Which node.
    #[command(flatten)]
    pub reached: Reached,
    /// Which of them.
    #[command(flatten)]
    pub filter: DeadFilter,
    /// Into this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// With what they say
    #[arg(long)]
    pub text: bool,
}
