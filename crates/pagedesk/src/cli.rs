//! The command line: which commands there are and what they take; examples for each stand in `examples`. Nothing is
//! carried out here.

mod corpus;
mod dead;
mod examples;
mod policy;
mod replay;
mod sim;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use examples::{AGENT, CAT, CONFIG, CORPUS, EXAMPLES, EXPORT, JOURNAL, LINT, SANDBOX, SERVE, STATS, TOKEN, VERIFY};

pub(crate) use corpus::{CorpusStats, Join, KeepJournal, Narrowing, Split, SplitBy};
pub(crate) use dead::{DeadCommand, DeadDecision, DeadExport, DeadFilter, DeadList, DeadState, Reached};
pub(crate) use policy::{Dated, Explain, Fuzz, PolicyCommand, Show};
pub(crate) use replay::{Looked, Replay, ReplayCommand, ReplayDiff, Why};
pub(crate) use sim::{SimCommand, SimDepth, SimExplore, SimPlanted, SimProfile, SimRun, SimScenario, SimShrink};

/// Connects Facebook Pages to a task tracker.
#[derive(Parser, Debug)]
#[command(name = "pagedesk", version, about, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// How the log looks.
    #[command(flatten)]
    pub logs: Logs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How the log looks.
#[derive(Args, Debug)]
pub(crate) struct Logs {
    /// Form of the log on standard error
    #[arg(long, global = true, value_enum, default_value_t = LogForm::Human, env = "PAGEDESK_LOG", value_name = "FORM")]
    pub log: LogForm,
    /// What is logged: off, error, warn, info, debug, trace, or by part as info,actors=debug
    /// [default: info; of simulated worlds nothing]
    #[arg(long, global = true, env = "PAGEDESK_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// Form of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum LogForm {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run a node
    #[command(after_help = SERVE)]
    Serve(Serve),
    /// Run a node, an embedded desk and a stand-in for Facebook in one process
    #[command(after_help = SANDBOX)]
    Sandbox(Sandbox),
    /// Run recordings against this build and compare what it does with the approved traces
    #[command(after_help = replay::REPLAY)]
    Replay(Box<Replay>),
    /// Say why a message was sent, held or refused
    #[command(after_help = replay::WHY)]
    Why(Why),
    /// Read a store's journal
    #[command(after_help = JOURNAL)]
    Journal(Journal),
    /// Work with recorded and collected payloads
    #[command(subcommand, after_help = CORPUS)]
    Corpus(CorpusCommand),
    /// Ask the messaging policy, show it, compare it
    #[command(subcommand, after_help = policy::POLICY)]
    Policy(PolicyCommand),
    /// Play made-up worlds and judge what the node does in them
    #[command(subcommand, after_help = sim::SIM)]
    Sim(SimCommand),
    /// Decide about messages that were not sent, on a running node
    #[command(subcommand, after_help = dead::DEAD)]
    DeadLetter(DeadCommand),
    /// Make the sign-in of an agent
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Make a token for a program that calls the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Show configuration
    #[command(subcommand, after_help = CONFIG)]
    Config(ConfigCommand),
}

impl Command {
    /// What is logged where nobody says: of worlds that are made up nothing, they have a trace; of a replay, which has one
    /// too, only what a person must look at.
    pub(crate) const fn log_level(&self) -> &'static str {
        match self {
            Self::Sim(_) => "off",
            Self::Replay(_) => "error",
            Self::Serve(_) | Self::Sandbox(_) | Self::Why(_) | Self::Journal(_) => "info",
            Self::Corpus(_) | Self::Policy(_) | Self::Agent(_) | Self::Token(_) | Self::Config(_) => "info",
            Self::DeadLetter(_) => "warn",
        }
    }
}

/// Where configuration comes from.
#[derive(Args, Debug)]
pub(crate) struct Configured {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Override a setting; may be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = key_and_value)]
    pub set: Vec<(String, String)>,
}

/// `pagedesk serve`
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Where configuration comes from.
    #[command(flatten)]
    pub configured: Configured,
    /// Check the configuration and whether the store is whole and its folder can be used, make nothing, and end
    #[arg(long)]
    pub check: bool,
}

/// `pagedesk sandbox`
#[derive(Args, Debug)]
pub(crate) struct Sandbox {
    /// Keep the state in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Play a recording against the node, in its own time
    #[arg(long, value_name = "PATH", group = "piece")]
    pub play: Option<PathBuf>,
    /// Play a scenario, which says line by line what customers, agents and Meta do
    #[arg(long, value_name = "FILE", group = "piece")]
    pub script: Option<PathBuf>,
    /// End when the recording or scenario is played
    #[arg(long, requires = "piece")]
    pub exit: bool,
    /// Print addresses as one JSON object; with --play or --script what it came to, the addresses on standard error
    #[arg(long)]
    pub json: bool,
    /// Where the webhook listens
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub listen_webhook: SocketAddr,
    /// Where the desk's pages and API listen
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub listen_desk: SocketAddr,
    /// Where the stand-in for Facebook listens
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub listen_facebook: SocketAddr,
}

/// `pagedesk journal`
#[derive(Args, Debug)]
pub(crate) struct Journal {
    /// What to do with it.
    #[command(subcommand)]
    pub command: JournalCommand,
}

/// What to do with a journal.
#[derive(Subcommand, Debug)]
pub(crate) enum JournalCommand {
    /// Print records in order
    #[command(after_help = CAT)]
    Cat(Cat),
    /// Walk everything and report what does not agree
    #[command(after_help = VERIFY)]
    Verify(Look),
    /// Count
    #[command(after_help = STATS)]
    Stats(Look),
}

/// Which store, and how it is shown.
#[derive(Args, Debug)]
pub(crate) struct Look {
    /// The store's folder
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `pagedesk journal cat`
#[derive(Args, Debug)]
pub(crate) struct Cat {
    /// Which store, and how it is shown.
    #[command(flatten)]
    pub look: Look,
    /// Only machines whose name begins so: a/ACCOUNT, p/PAGE, c/PAGE/PSID
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub machine: String,
    /// From this position on
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub from: u64,
    /// Up to this position
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    pub to: u64,
    /// Show what customers said and are called
    #[arg(long)]
    pub reveal: bool,
}

/// What to do with payloads.
#[derive(Subcommand, Debug)]
pub(crate) enum CorpusCommand {
    /// Read webhook payloads of any origin and say what they hold
    Import(Import),
    /// Write what came into a store as a recording, redacted
    #[command(after_help = EXPORT)]
    Export(Export),
    /// Look for what was forgotten in redacted recordings
    #[command(after_help = LINT)]
    Lint(Lint),
    /// Count what recordings hold
    #[command(after_help = corpus::COUNTED)]
    Stats(CorpusStats),
    /// Take a recording apart
    #[command(after_help = corpus::SPLIT)]
    Split(Split),
    /// Put recordings together
    #[command(after_help = corpus::JOIN)]
    Join(Join),
    /// Keep a sandbox's journal row by row, for tests of recovery
    #[command(after_help = corpus::KEPT)]
    Journal(KeepJournal),
}

/// `pagedesk corpus import`
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// A folder; all its *.json files are read, those of folders inside too
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write them as a recording into this folder, which must be empty or missing; nothing is redacted
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// The title of the recording; the folder's name where nobody says
    #[arg(long, value_name = "TEXT", requires = "out")]
    pub title: Option<String>,
    /// The app whose webhooks the payloads are: an echo of it may be an own one
    #[arg(long, value_name = "APP", default_value = "0", requires = "out")]
    pub app: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `pagedesk corpus export`
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The store
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// The recording's folder; made where it is missing
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The title of a new manifest; the folder's name where nobody says
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Write over an export that is there already; what it says in its manifest stays
    #[arg(long)]
    pub force: bool,
    /// What of the store goes into it
    #[command(flatten)]
    pub narrowing: Narrowing,
    /// Where the key of the pseudonyms is read from; without one the key is new each time, and nobody learns it
    #[arg(long, value_name = "FILE", conflicts_with = "no_redaction")]
    pub key_file: Option<PathBuf>,
    /// Write everything as it is; only of a sandbox's store
    #[arg(long)]
    pub no_redaction: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `pagedesk corpus lint`
#[derive(Args, Debug)]
pub(crate) struct Lint {
    /// Folders of recordings; every file in them is read
    #[arg(value_name = "FOLDER", required = true)]
    pub folders: Vec<PathBuf>,
    /// Names and numbers that must not occur, one a line
    #[arg(long, value_name = "FILE")]
    pub deny: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to do about agents.
#[derive(Subcommand, Debug)]
pub(crate) enum AgentCommand {
    /// Print the hash of a password that is typed or piped in
    #[command(after_help = AGENT)]
    Hash(AgentHash),
}

/// `pagedesk agent hash`
#[derive(Args, Debug)]
pub(crate) struct AgentHash {
    /// Print a whole [[agent]] with this login
    #[arg(long, value_name = "LOGIN")]
    pub login: Option<String>,
    /// In whose name the answers go; the login where nobody says
    #[arg(long, value_name = "NAME", requires = "login")]
    pub name: Option<String>,
}

/// What to do about tokens.
#[derive(Subcommand, Debug)]
pub(crate) enum TokenCommand {
    /// Print a fresh token and its hash
    #[command(after_help = TOKEN)]
    New(TokenNew),
}

/// `pagedesk token new`
#[derive(Args, Debug)]
pub(crate) struct TokenNew {
    /// In whose name its messages go
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// What it may do; may be repeated
    #[arg(long, value_name = "SCOPE", required = true, value_parser = ["read", "send", "resolve", "admin"])]
    pub scope: Vec<String>,
}

/// What to do with a configuration.
#[derive(Subcommand, Debug)]
pub(crate) enum ConfigCommand {
    /// Print the configuration in force with the origin of each value, secrets masked
    Show(Configured),
    /// Print every setting with its meaning
    Example,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if key.contains('.') => Ok((key.trim().to_owned(), value.to_owned())),
        Some(_) | None => Err("write it as SECTION.KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_setting_is_written_with_section_and_value() {
        assert_eq!(key_and_value("a.b=c=d"), Ok(("a.b".to_owned(), "c=d".to_owned())));
        assert!(key_and_value("a=b").is_err() && key_and_value("a.b").is_err());
    }
}
