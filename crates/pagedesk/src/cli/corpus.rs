//! What the commands over recordings take.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use model::{PageId, Psid, Timestamp};

use crate::{corpus::filter, instant};

/// What of a store goes into a recording. Different filters must all hold, of one given more than once any.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Narrowing {
    /// Nothing that came before this instant
    #[arg(long, value_name = "INSTANT", value_parser = instant::read, allow_negative_numbers = true)]
    pub from: Option<Timestamp>,
    /// Nothing that came at this instant or later
    #[arg(long, value_name = "INSTANT", value_parser = instant::read, allow_negative_numbers = true)]
    pub to: Option<Timestamp>,
    /// Only this Page; may be repeated
    #[arg(long, value_name = "PAGE")]
    pub page: Vec<String>,
    /// Only this conversation; may be repeated
    #[arg(long, value_name = "PAGE/PSID", value_parser = filter::conversation)]
    pub conversation: Vec<(PageId, Psid)>,
    /// Only this kind, as `corpus stats` names it, or its beginning up to a dot; may be repeated
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
}

/// `pagedesk corpus stats`
#[derive(Args, Debug)]
pub(crate) struct CorpusStats {
    /// Recordings, or folders with recordings in them
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `pagedesk corpus split`
#[derive(Args, Debug)]
pub(crate) struct Split {
    /// The recording
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// What belongs together
    #[arg(long, value_enum, value_name = "WAY")]
    pub by: SplitBy,
    /// Deliveries of a part, with --by size
    #[arg(
        long,
        value_name = "N",
        required_if_eq("by", "size"),
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub size: Option<u64>,
    /// The folder that the parts go into; must be empty or missing
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What belongs together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum SplitBy {
    /// What is of one Page
    Page,
    /// What is of one conversation
    Conversation,
    /// What came on one day, in UTC
    Day,
    /// As many deliveries as --size says
    Size,
}

/// `pagedesk corpus join`
#[derive(Args, Debug)]
pub(crate) struct Join {
    /// Recordings, or folders with recordings in them; at the same time what is named first comes first
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// The new recording's folder; must be empty or missing
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The title; the folder's name where nobody says
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub title: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `pagedesk corpus journal`
#[derive(Args, Debug)]
pub(crate) struct KeepJournal {
    /// The store of a sandbox that does not run
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// The folder that the rows go into; made where it is missing
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

pub(super) const COUNTED: &str = "\
Examples:
  pagedesk corpus stats ./recording
  pagedesk corpus stats replay-corpus/recordings --json    each recording below the folder

`duplicates` are items that repeat an earlier one, `repeated bodies` deliveries that are the same
byte for byte. Texts are those that customers wrote, by the script of most of their letters.

Exit codes: 0 counted, 4 an empty recording, 5 no recording, or one that cannot be read";

pub(super) const SPLIT: &str = "\
Examples:
  pagedesk corpus split ./recording --by page --out ./parts
  pagedesk corpus split ./recording --by conversation --out ./parts
  pagedesk corpus split ./recording --by size --size 1000 --out ./parts
  pagedesk corpus join ./parts --out ./again

Each part is a recording in a folder of its own below --out. No body is cut: a delivery of several
Pages or conversations goes into the part `several`, one of none into `none`.

Exit codes: 0 written, 2 also a folder that is the recording's own, 3 it is there already or cannot
be written, 4 nothing in the recording, 5 there is none, or it cannot be read";

pub(super) const JOIN: &str = "\
Examples:
  pagedesk corpus join ./monday ./tuesday --out ./both --title 'Two days'
  pagedesk corpus join ./parts --out ./whole

Everything is put in the order of its time; at the same time what is named first comes first.
Recordings of different apps, or with and without the Human Agent feature, are not joined, and none
with itself.

Exit codes: 0 written, 2 also a recording that is named twice, or a folder in one of them, 3 the
folder is there already or cannot be written, or the recordings do not fit, 4 nothing in them,
5 no recording, or one that cannot be read";

pub(super) const KEPT: &str = "\
Examples:
  pagedesk sandbox --script kinds.txt --dir ./state --exit
  pagedesk corpus journal --dir ./state --out replay-corpus/journals/format-2

Writes rows.jsonl: every row of journal.redb and keys.redb as it is stored, sealed records and
their keys too, so that later builds can be asked what they make of it. Only of a store that nobody
but a sandbox ever wrote into.

Exit codes: 0 written, 3 a store that cannot be used or is no sandbox's, or rows.jsonl is there
already";
