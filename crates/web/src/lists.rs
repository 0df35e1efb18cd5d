//! What pages and API ask of the read models: lists and counts. The view implements it; a test may stand in for it.
//!
//! Invariant: nothing here is the truth about one conversation; its page asks the node, which reads the journal.

use futures_util::future::BoxFuture;
use machine::outbound::PartId;
use model::{MachineId, PageId, Psid, Span, TaskId, Timestamp};
use policy::Verdict;
use serde::{Deserialize, Serialize};

use crate::port::Unavailable;

/// The read models as the web sees them. Calls answer at once from memory or a file.
pub trait Lists: Send + Sync + 'static {
    /// Up to `limit` conversations, the one with the newest activity first. `after` is a `next` of an earlier answer.
    ///
    /// # Errors
    /// [`NotListed`] says whether to start again from the first page or to try later.
    fn conversations(&self, filter: &Filter, after: Option<&str>, limit: usize) -> Result<ConversationList, NotListed>;

    /// Up to `limit` things that happened on the Pages themselves, of one Page or of all, the newest first. `after` is a
    /// `next` of an earlier answer.
    ///
    /// # Errors
    /// [`NotListed`] says whether to start again from the first page or to try later.
    fn happenings(&self, page: Option<&PageId>, after: Option<&str>, limit: usize) -> Result<HappeningList, NotListed>;

    /// Some of the messages about which a person is to decide, by Page and customer. `after` is a `next` of an earlier
    /// answer.
    ///
    /// # Errors
    /// [`NotListed`] says whether to start again from the first page or to try later.
    fn dead_letters(&self, filter: &DeadFilter, after: Option<&str>, limit: usize) -> Result<DeadList, NotListed>;

    /// The Pages of which something is known, by id.
    ///
    /// # Errors
    /// The read models cannot be read now.
    fn pages(&self) -> Result<Vec<PageName>, Unavailable>;

    /// Counts over the whole node, as one JSON object.
    ///
    /// # Errors
    /// The read models cannot be read now.
    fn totals(&self) -> Result<serde_json::Value, Unavailable>;

    /// How far the lists have followed the journal. A page that asks before it reads misses nothing.
    fn position(&self) -> u64;

    /// Which machines changed after a position.
    fn changes_after(&self, position: u64) -> Changes;

    /// Resolves once the lists stand elsewhere than at `position`.
    fn moved_from(&self, position: u64) -> BoxFuture<'_, ()>;
}

/// What changed after a position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changes {
    /// These machines, and no other.
    Since {
        /// Each once.
        changed: Vec<MachineId>,
        /// Up to here.
        newest: u64,
    },
    /// Too long ago to say, or the position is none of these lists: read everything again.
    Gone {
        /// Where the lists stand.
        newest: u64,
    },
}

/// A Page by its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PageName {
    /// The Page.
    pub page: PageId,
    /// Its public name; empty while unknown.
    pub name: String,
}

/// Why there is no list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotListed {
    /// The cursor is none that was ever given.
    CursorUnfit,
    /// The read models cannot be read now.
    Unavailable(Unavailable),
}

/// Which conversations a list shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// By what is to be done.
    pub which: Which,
    /// Only those of this Page.
    pub page: Option<PageId>,
    /// The node's clock, by which windows end soon.
    pub now: Timestamp,
}

/// A window that closes within this is one that ends soon.
pub const ENDING_WITHIN: Span = Span::hours(3);

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Anything or nothing.
    #[default]
    All,
    /// The customer had the last word.
    Unanswered,
    /// The window closes within [`ENDING_WITHIN`], and the customer had the last word.
    Ending,
    /// Something failed, was refused or is in doubt.
    Failed,
}

/// Some of the conversations.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConversationList {
    /// In order. May be fewer than asked for before the end.
    pub conversations: Vec<ConversationRow>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// One conversation of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConversationRow {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// The customer's name, if known.
    pub name: Option<String>,
    /// The last words of anybody, shortened; before there are any, what happened last.
    pub last_line: Option<String>,
    /// Whose words these are; `None`: the line says what happened.
    pub last_by: Option<LastBy>,
    /// When something happened last.
    pub last_activity_at: Option<Timestamp>,
    /// First instant at which no plain answer goes out any more, guard included; `None`: nothing ever opened a window.
    pub window_ends_at: Option<Timestamp>,
    /// The policy's answer for an agent writing at the time of [`Filter::now`].
    pub verdict: Verdict,
    /// The customer had the last word.
    pub unanswered: bool,
    /// Parts not sent yet.
    pub queued: u64,
    /// Parts that Meta refused and nobody has left unsent.
    pub failed: u64,
    /// Parts that the rules forbade.
    pub refused: u64,
    /// Parts of which nobody knows.
    pub in_doubt: u64,
    /// The bound task.
    pub task: Option<TaskId>,
}

/// Who wrote something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LastBy {
    /// The customer.
    Customer,
    /// An agent, by the name shown.
    Agent(String),
    /// The Page, but not through us.
    Outside,
}

/// Which dead letters a list shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeadFilter {
    /// Only those of this Page.
    pub page: Option<PageId>,
    /// Only those in this state: `refused`, `failed`, `in doubt`.
    pub state: Option<String>,
    /// Only those for this reason, a stable word.
    pub reason: Option<String>,
}

/// Some of the dead letters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadList {
    /// Whose, and which part; in order. May be fewer than asked for before the end.
    pub letters: Vec<(MachineId, PartId)>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// Some of what happened on the Pages themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HappeningList {
    /// In order. May be fewer than asked for before the end.
    pub happenings: Vec<HappeningRow>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// Something that happened on a Page: a comment on a post, a lead, a rating, a word of Meta's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HappeningRow {
    /// The Page.
    pub page: PageId,
    /// When, by Meta's time.
    pub at: Timestamp,
    /// What happened, in words.
    pub what: String,
    /// Who did it, where Meta tells.
    pub who: Option<String>,
    /// What was written, or what else is known of it.
    pub text: Option<String>,
}
