//! The view's tables and rows. All JSON and all rebuildable: a change of any shape raises [`VERSION`], nothing is upcast.
//!
//! ```text
//! meta           name                       "version", "stamp", "position" -> u64 LE; "totals", "account" -> JSON
//! conversations  machine id text            JSON
//! activity       8 B newest first + id      nothing: the order of the list
//! pages          page id                    JSON
//! parts          machine id, 0, part u32 BE JSON
//! dead           as a part's                nothing: a person is to decide about that part
//! replies        comment id                 JSON: which parts of which machine
//! happenings     8 B newest first + Page, 0, JSON
//!                number of the event u64 BE, newest first
//! ```

use std::collections::BTreeMap;

use machine::conversation::{AdVisits, Evidence};
use machine::outbound::PartState;
use model::{CommentId, MachineId, Mid, PageId, Psid, Redacted, TaskId, Timestamp};
use redb::TableDefinition;
use serde::{Deserialize, Serialize};

pub(crate) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
pub(crate) const CONVERSATIONS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("conversations");
pub(crate) const ACTIVITY: TableDefinition<&[u8], ()> = TableDefinition::new("activity");
pub(crate) const PAGES: TableDefinition<&str, &[u8]> = TableDefinition::new("pages");
pub(crate) const PARTS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("parts");
pub(crate) const DEAD: TableDefinition<&[u8], ()> = TableDefinition::new("dead");
pub(crate) const REPLIES: TableDefinition<&str, &[u8]> = TableDefinition::new("replies");
pub(crate) const HAPPENINGS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("happenings");

/// The shape of rows and of the fold. A view of another one is folded anew.
pub(crate) const VERSION: u64 = 6;

/// A conversation as lists show it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConversationRow {
    /// The Page.
    pub page: PageId,
    /// The customer.
    pub psid: Psid,
    /// The customer's name, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Redacted<String>>,
    /// The last words of anybody, in one line of at most 120 characters; before there are any, what happened last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_line: Option<Redacted<String>>,
    /// Time of that line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_line_at: Option<Timestamp>,
    /// Whose words these are; `None`: nobody's, the line says what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_by: Option<LastBy>,
    /// Time of the newest thing said by anybody; the order of the list.
    #[serde(default)]
    pub last_activity_at: Timestamp,
    /// The customer's newest action that opens the standard window, by Meta's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_action_at: Option<Timestamp>,
    /// The newest thing the customer said: a message, a button, an order. A reaction asks for no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_said_at: Option<Timestamp>,
    /// The customer's newest message, by Meta's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<Timestamp>,
    /// The customer's first message after the newest click on an ad that one followed, by Meta's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_message_at: Option<Timestamp>,
    /// Meta refused what rested on that message.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub ad_refused: bool,
    /// The newest thing that the Page said, through us or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_answer_at: Option<Timestamp>,
    /// Everything sent up to here has arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// Everything sent up to here was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// Another app owns the thread.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub standby: bool,
    /// The task that the messages go to; none while the next one is being opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// How many parts stand where.
    #[serde(default)]
    pub parts: PartCounts,
    /// Position of its newest batch.
    #[serde(default)]
    pub position: u64,
}

impl ConversationRow {
    pub(crate) fn new(page: PageId, psid: Psid) -> Self {
        Self {
            page,
            psid,
            name: None,
            last_line: None,
            last_line_at: None,
            last_by: None,
            last_said_at: None,
            last_activity_at: Timestamp::default(),
            last_action_at: None,
            last_message_at: None,
            ad_message_at: None,
            ad_refused: false,
            last_answer_at: None,
            delivered_at: None,
            read_at: None,
            standby: false,
            task: None,
            parts: PartCounts::default(),
            position: 0,
        }
    }

    /// The machine.
    pub fn machine(&self) -> MachineId {
        MachineId::Conversation(self.page.clone(), self.psid.clone())
    }

    /// The customer's newest action that opens the standard window, a message or another.
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.last_action_at.max(self.last_message_at)
    }

    /// The customer said something, and the Page has said nothing since.
    pub fn unanswered(&self) -> bool {
        self.last_said_at > self.last_answer_at
    }

    /// Some part needs a person: failed, refused, or in doubt.
    pub fn troubled(&self) -> bool {
        self.parts.failed + self.parts.refused + self.parts.in_doubt > 0
    }
}

/// Who wrote something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastBy {
    /// The customer.
    Customer,
    /// An agent or an automation of ours, by the name shown.
    Agent(String),
    /// The Page, but not through us.
    Outside,
}

/// How many parts of a conversation stand where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PartCounts {
    /// Wait for their turn or another try.
    pub queued: u32,
    /// Wait for something to be mended.
    pub held: u32,
    /// Under way.
    pub in_flight: u32,
    /// Sent or not: unknown.
    pub in_doubt: u32,
    /// Meta has them.
    pub sent: u32,
    /// The rules forbid them.
    pub refused: u32,
    /// Meta refused them.
    pub failed: u32,
    /// A person decided to leave them unsent: nothing is to be done about them any more.
    pub given_up: u32,
}

/// The reason with which a part failed that a person gave up.
const GIVEN_UP: &str = "given-up";

impl PartCounts {
    /// The count that a part in this state belongs to.
    pub(crate) fn of(&mut self, state: &PartState) -> &mut u32 {
        match state {
            PartState::Queued { .. } => &mut self.queued,
            PartState::Held { .. } => &mut self.held,
            PartState::InFlight { .. } => &mut self.in_flight,
            PartState::InDoubt { .. } => &mut self.in_doubt,
            PartState::Sent { .. } => &mut self.sent,
            PartState::Refused { .. } => &mut self.refused,
            PartState::Failed { reason } if reason == GIVEN_UP => &mut self.given_up,
            PartState::Failed { .. } => &mut self.failed,
        }
    }
}

/// A Page as lists show it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PageRow {
    /// Its id.
    pub page: PageId,
    /// Its name, public; empty while unknown.
    #[serde(default)]
    pub name: String,
    /// Configured on this node.
    #[serde(default)]
    pub known: bool,
    /// There is a token that Meta did not refuse.
    #[serde(default)]
    pub token: bool,
    /// Meta forbids the Page to send for now.
    #[serde(default)]
    pub restricted: bool,
    /// The queue rests, or asks with single messages whether it may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<PausedSends>,
    /// Conversations on it.
    #[serde(default)]
    pub conversations: u64,
    /// Items applied; duplicates leave no trace in the journal and are not counted.
    #[serde(default)]
    pub received: u64,
    /// Items put aside because their machine failed on them.
    #[serde(default)]
    pub quarantined: u64,
    /// Items that nobody understood.
    #[serde(default)]
    pub anomalies: u64,
    /// Items of the Page itself, by their kind's stable word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub happened: BTreeMap<String, u64>,
    /// What happened on the Page last, in one line of at most 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_line: Option<Redacted<String>>,
    /// Meta's time of that line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_line_at: Option<Timestamp>,
}

/// A rest of a Page's queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PausedSends {
    /// Stable name of the reason.
    pub row: String,
    /// One message at a time asks from then on.
    pub until: Timestamp,
}

impl PageRow {
    pub(crate) fn new(page: PageId) -> Self {
        Self {
            page,
            name: String::new(),
            known: false,
            token: false,
            restricted: false,
            paused: None,
            conversations: 0,
            received: 0,
            quarantined: 0,
            anomalies: 0,
            happened: BTreeMap::new(),
            last_line: None,
            last_line_at: None,
        }
    }
}

/// Something that happened on a Page, as lists show it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HappeningRow {
    /// The Page.
    pub page: PageId,
    /// Meta's time of it.
    pub at: Timestamp,
    /// What happened, in words: `New comment`, `Comment changed`, `New lead`.
    pub what: String,
    /// Who did it, where Meta tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Redacted<String>>,
    /// What was written, or what else is known of it; at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Redacted<String>>,
}

/// Sums over the node since the journal's beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Items applied.
    pub inbounds: u64,
    /// Items that nobody understood.
    pub anomalies: u64,
    /// Items put aside because their machine failed on them.
    pub quarantined: u64,
    /// Conversations.
    pub conversations: u64,
    /// Conversations that have a task now.
    pub bound: u64,
    /// Tasks opened.
    pub tasks_opened: u64,
    /// Answers of agents taken.
    pub replies: u64,
    /// Calls of the Send API begun.
    pub sends_started: u64,
    /// Parts that Meta has.
    pub sent: u64,
    /// Messages of the Page that were not ours.
    pub sent_outside: u64,
    /// Records that this build cannot read; an operator must look.
    pub unreadable: u64,
}

/// A conversation as stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct StoredConversation {
    /// What lists show.
    pub(crate) shown: ConversationRow,
    /// Meta's id of the message that the last line is from, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_mid: Option<Mid>,
    /// What `standby` rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<Evidence>,
    /// What `ad_message_at` rests on.
    #[serde(default, skip_serializing_if = "AdVisits::is_empty")]
    pub(crate) ads: AdVisits,
    /// When the newest send began that Meta refused though it rested on the seven days after an ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ad_refused_at: Option<Timestamp>,
    /// Number of its last part.
    #[serde(default)]
    pub(crate) last_part: u32,
    /// The newest parts that were started, to know their echoes and receipts by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) started: Vec<Started>,
    /// What Meta said lately about messages that are not known as ours yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) heard: Vec<Heard>,
    /// Parts that wait for an instant, or are held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parked: Vec<u32>,
}

/// A part that was started.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    /// Its number.
    pub(crate) part: u32,
    /// Numbers of the events that started it.
    pub(crate) sends: Vec<u64>,
    /// Meta's id, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mid: Option<Mid>,
}

/// What Meta said about a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// The message.
    pub(crate) mid: Mid,
    /// Its echo's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) echo_at: Option<Timestamp>,
    /// A receipt named it as delivered.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(crate) delivered: bool,
    /// Its words in one line, for the list, until it is known whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<Redacted<String>>,
}

/// A part as stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct StoredPart {
    /// Where it stands.
    pub(crate) state: PartState,
    /// Meta's time of it, once its echo came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) echo_at: Option<Timestamp>,
    /// A receipt named it as delivered.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(crate) delivered: bool,
}

/// Which parts a comment became.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct StoredReply {
    /// The comment.
    pub(crate) comment: CommentId,
    /// Whose parts.
    pub(crate) machine: MachineId,
    /// The first.
    pub(crate) first: u32,
    /// How many.
    pub(crate) count: u32,
}

/// A row's bytes.
pub(crate) fn json(row: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(row).expect("a row is plain words and numbers, which JSON can always say")
}

/// The key of a part.
pub(crate) fn part_key(machine: &[u8], part: u32) -> Vec<u8> {
    let mut key = Vec::with_capacity(machine.len() + 5);
    key.extend(machine);
    key.push(0);
    key.extend(part.to_be_bytes());
    key
}

/// Reads the machine and the part from a part's key.
pub(crate) fn part_of(key: &[u8]) -> Option<(MachineId, u32)> {
    let (rest, part) = key.split_last_chunk::<4>()?;
    let (separator, machine) = rest.split_last()?;
    let machine = core::str::from_utf8(machine).ok()?.parse().ok()?;
    (*separator == 0).then(|| (machine, u32::from_be_bytes(*part)))
}

/// The place of a conversation in the list: newest first, then by id.
pub(crate) fn activity_key(at: Timestamp, machine: &[u8]) -> Vec<u8> {
    let mut key = newest_first(at).to_vec();
    key.extend(machine);
    key
}

/// Flips the sign so that bytes sort as numbers do, then all bits so that the newest comes first.
fn newest_first(at: Timestamp) -> [u8; 8] {
    (!(at.0 ^ i64::MIN)).to_be_bytes()
}

/// The place of a happening in the list: newest first, by Page, then by the number of its event in the Page's journal.
pub(crate) fn happening_key(at: Timestamp, page: &PageId, seq: u64) -> Vec<u8> {
    let mut key = newest_first(at).to_vec();
    key.extend(page.as_str().as_bytes());
    key.push(0);
    key.extend((!seq).to_be_bytes());
    key
}

/// Reads the number of the event from a place in the list of happenings.
pub(crate) fn happening_seq(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|order| !u64::from_be_bytes(*order))
}

/// Reads a place in the list.
pub(crate) fn activity_of(key: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (order, machine) = key.split_first_chunk::<8>()?;
    Some((Timestamp(!i64::from_be_bytes(*order) ^ i64::MIN), machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_activity_sorts_first() {
        let ats = [i64::MAX, 1_795_392_000_001, 1_795_392_000_000, 0, -1, i64::MIN];
        let keys: Vec<_> = ats.iter().map(|at| activity_key(Timestamp(*at), b"c/1/2")).collect();
        assert!(keys.is_sorted());
        for (at, key) in ats.iter().zip(&keys) {
            assert_eq!(activity_of(key), Some((Timestamp(*at), b"c/1/2".as_slice())));
        }
    }
}
