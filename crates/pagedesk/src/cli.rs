//! The command line: which commands there are, what they take, and examples for each. Nothing is carried out here.

mod policy;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::policy::{Explain, Fuzz, PolicyCommand, Show};

const EXAMPLES: &str = "\
Examples:
  pagedesk sandbox                              try everything, without a Facebook account
  pagedesk config example > pagedesk.toml       begin a configuration
  pagedesk serve --config pagedesk.toml         run a node
  pagedesk journal cat --dir /var/lib/pagedesk  read what it decided
  pagedesk replay ./recording                   run recorded traffic against this build
  pagedesk policy explain facts.json            may this be sent, and why?

Exit codes: 0 ok, 1 check failed, 2 usage, 3 configuration or a store that cannot be used,
4 nothing matched, 5 unreadable recording or facts, 6 node unreachable, 70 internal";

const SERVE: &str = "\
Examples:
  pagedesk serve --config /etc/pagedesk.toml
  pagedesk serve --config pagedesk.toml --check           says all that is wrong with it
  pagedesk serve --config pagedesk.toml --set listen.desk=127.0.0.1:9000
  PAGEDESK__STORE__DIR=/srv/pagedesk pagedesk serve --config pagedesk.toml

SIGTERM or SIGINT end it in an orderly way: what is under way is finished, the store is closed.";

const SANDBOX: &str = "\
Examples:
  pagedesk sandbox                                      prints the addresses, ends with Ctrl-C
  pagedesk sandbox --dir ./state                        keeps its state
  pagedesk sandbox --listen-desk 127.0.0.1:8081         fixed addresses instead of free ones
  pagedesk sandbox --play replay-corpus/recordings/first-steps --exit --json

With --json one JSON object goes to standard output: the addresses, or with --play what the
recording came to; then the addresses are one line of JSON on standard error, among the log.
With --play and --exit the exit code is 0 only if nothing was lost and no rule was broken.";

const REPLAY: &str = "\
Examples:
  pagedesk replay replay-corpus/recordings/first-steps            compares with its approved trace
  pagedesk replay replay-corpus/recordings/first-steps --approve  accepts what this build does
  pagedesk replay ./recording --json                              one object for programs
  pagedesk replay ./recording --out now.trace                     keeps the trace elsewhere

The recording runs against the real actors on a clock that stands still while there is
anything to do, so days take seconds and the same recording gives the same trace.

Exit codes: 0 as approved and as expected, 1 not so, 4 nothing in it, 5 unreadable";

const JOURNAL: &str = "\
Examples:
  pagedesk journal cat --dir /var/lib/pagedesk --machine c/104000000000017/
  pagedesk journal cat --dir /var/lib/pagedesk --from 100 --to 200 --json
  pagedesk journal verify --dir /var/lib/pagedesk
  pagedesk journal stats --dir /var/lib/pagedesk --json

All of them write nothing and may run beside a node. What customers said is masked
unless --reveal is given.";

const CORPUS: &str = "\
Examples:
  pagedesk corpus import ./payloads             whole deliveries, single entries or single items
  pagedesk corpus import ./payloads --json

Exit code 0 if every file is JSON, else 5. One bad file never stops the others.";

const AGENT: &str = "\
Examples:
  pagedesk agent hash                                   asks for a password, prints its hash
  pagedesk agent hash --login ada --name 'Ada Osei'     prints an [[agent]] for the configuration
  pwgen 24 1 | pagedesk agent hash --login ada          takes the password from a pipe";

const CAT: &str = "\
Examples:
  pagedesk journal cat --dir /var/lib/pagedesk --machine c/104000000000017/
  pagedesk journal cat --dir /var/lib/pagedesk --from 100 --to 200 --json

A line is one record:
  position  of its batch in the journal; the records of one decision share it
  instant   when it was decided, in UTC
  machine   whose: a/ACCOUNT, p/PAGE, c/PAGE/PSID
  #number   the machine's own count of its records, without gaps
  kind      what happened; `effect`: it asks for work outside, `baseline`: it holds the whole state
  body      JSON, masked unless --reveal is given

Only journal.redb is needed, and keys.redb to open what is sealed.

Exit codes: 1 some records are damaged, or stay sealed because keys.redb is missing (the others
are shown), 3 the journal cannot be used, 4 nothing matched";

const VERIFY: &str = "\
Reads every row of journal.redb, keys.redb, inbox.redb, inbox.wal and
desk.redb and compares them. What it counts:
  batches       decisions; each lies at a position of its own, the newest
                at `last`
  records       events in them; `sealed` ones opened, `erased` ones whose
                key was ended on purpose
  machines      accounts, Pages and conversations
  open effects  work outside that is not settled: sends, tasks, questions
  deadlines     machines that wait for an instant
  snapshots     cached states; losing them costs start-up time only
  deliveries    requests of Meta, with the bytes of their bodies; `without
                row` ones are in inbox.wal alone
  unforgotten   deliveries not yet marked done: marks are stored lazily,
                so some of them may be done
  tasks         of the embedded desk, with their comments and contacts;
                `effects` are requests of the node that it answered

Exit codes: 0 everything agrees, 1 something does not, or a file is damaged
or missing (the table and --json name it), 3 there is no store, or it cannot
be read for another reason";

const STATS: &str = "\
Nothing is checked; `pagedesk journal verify` does that. Beside a running
node the counts are those of the last commit; what the node has done since
is not in them yet.

Exit codes: 0 counted, 3 the store cannot be used";

const CONFIG: &str = "\
Examples:
  pagedesk config example > pagedesk.toml
  pagedesk config show --config pagedesk.toml  what holds, and where each value comes from";

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
    #[arg(long, global = true, default_value = "info", env = "PAGEDESK_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: String,
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
    /// Run a recording against this build and compare what it does with the approved trace
    #[command(after_help = REPLAY)]
    Replay(Replay),
    /// Read a store's journal
    #[command(after_help = JOURNAL)]
    Journal(Journal),
    /// Work with recorded and collected payloads
    #[command(subcommand, after_help = CORPUS)]
    Corpus(CorpusCommand),
    /// Ask the messaging policy, show it, compare it
    #[command(subcommand, after_help = policy::POLICY)]
    Policy(PolicyCommand),
    /// Make the sign-in of an agent
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Show configuration
    #[command(subcommand, after_help = CONFIG)]
    Config(ConfigCommand),
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
    #[arg(long, value_name = "PATH")]
    pub play: Option<PathBuf>,
    /// End when the recording is played
    #[arg(long, requires = "play")]
    pub exit: bool,
    /// Print addresses as one JSON object; with --play what the recording came to, the addresses on standard error
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

/// `pagedesk replay`
#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// The recording's folder
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Print what it came to as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Accept the trace: write it into the recording's folder
    #[arg(long)]
    pub approve: bool,
    /// Write the trace into this file too
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
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
}

/// `pagedesk corpus import`
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// A folder; all its *.json files are read, those of folders inside too
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
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
