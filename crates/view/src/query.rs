//! What pages read. Each call sees one round's rows; nothing here writes.

use std::collections::BTreeMap;
use std::ops::Bound;

use machine::AccountFacts;
use machine::conversation::transcript::Reach;
use machine::outbound::{PartId, PartState};
use model::{CommentId, MachineId, PageId, Timestamp};
use redb::{ReadOnlyTable, ReadTransaction, TableDefinition};
use serde::de::DeserializeOwned;

use crate::dead::{DeadFilter, DeadLetter, DeadLetters};
use crate::row::{
    ACTIVITY, CONVERSATIONS, ConversationRow, DEAD, HAPPENINGS, HappeningRow, META, PAGES, PARTS, PageRow, REPLIES,
    StoredConversation, StoredPart, StoredReply, Totals, activity_key, activity_of, happening_key, happening_seq,
    part_key, part_of,
};
use crate::{COMMENTS_MAX, PAGE_MAX, SCAN_MAX, ViewFault};

/// Which conversations a list shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConversationFilter {
    /// Only those of this Page.
    pub page: Option<PageId>,
    /// Only those where the customer waits for an answer.
    pub unanswered: bool,
    /// Only those with a part that needs a person: failed, refused, or in doubt.
    pub troubled: bool,
    /// Only those whose newest action that opens the standard window lies after the first and not after the second. With
    /// [`Self::by_ad`], only those of whose two windows the last one ends so.
    pub opened: Option<(Timestamp, Timestamp)>,
    /// After which instant, and until which, a message after an ad opened a window that is not over and ends soon; `None`
    /// where ads open none.
    pub by_ad: Option<(Timestamp, Timestamp)>,
}

/// One page of conversations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConversationList {
    /// The newest activity first. May be fewer than asked for, even none, before the end of the list.
    pub conversations: Vec<ConversationRow>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// One page of what happened on Pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HappeningList {
    /// The newest first. May be fewer than asked for, even none, before the end of the list.
    pub happenings: Vec<HappeningRow>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// Where a part of a reply stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplyPart {
    /// Whose.
    pub machine: MachineId,
    /// Which.
    pub part: PartId,
    /// Where it stands, with the reason where there is one.
    pub state: PartState,
    /// How far it got; `None` while it is not sent.
    pub reach: Option<Reach>,
}

/// The parts of each comment, in order.
pub type ReplyStates = BTreeMap<CommentId, Vec<ReplyPart>>;

/// One round's rows.
pub(crate) struct Query {
    txn: ReadTransaction,
}

impl Query {
    pub(crate) fn new(txn: ReadTransaction) -> Self {
        Self { txn }
    }

    fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<ReadOnlyTable<K, V>, ViewFault> {
        self.txn.open_table(table).map_err(storage)
    }

    pub(crate) fn conversations(
        &self,
        filter: &ConversationFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ConversationList, ViewFault> {
        let (activity, rows) = (self.table(ACTIVITY)?, self.table(CONVERSATIONS)?);
        let limit = limit.clamp(1, PAGE_MAX);
        let start = after.map(place_of).transpose()?;
        let start = start.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut conversations = Vec::new();
        let mut last = None;
        for (scanned, entry) in activity.range::<&[u8]>((start, Bound::Unbounded)).map_err(storage)?.enumerate() {
            if conversations.len() == limit || scanned == SCAN_MAX {
                return Ok(ConversationList { conversations, next: last });
            }
            let place = entry.map_err(storage)?.0;
            let (at, machine) = activity_of(place.value()).ok_or_else(|| unfit("activity"))?;
            last = Some(cursor(at, machine));
            let bytes = rows.get(machine).map_err(storage)?.ok_or_else(|| unfit("conversations"))?;
            let row: StoredConversation = read("conversations", bytes.value())?;
            if filter.matches(&row.shown) {
                conversations.push(row.shown);
            }
        }
        Ok(ConversationList { conversations, next: None })
    }

    pub(crate) fn conversation(&self, machine: &MachineId) -> Result<Option<ConversationRow>, ViewFault> {
        let rows = self.table(CONVERSATIONS)?;
        let Some(bytes) = rows.get(machine.to_string().as_bytes()).map_err(storage)? else { return Ok(None) };
        read("conversations", bytes.value()).map(|row: StoredConversation| Some(row.shown))
    }

    pub(crate) fn reply_states(&self, comments: &[CommentId]) -> Result<ReplyStates, ViewFault> {
        let (replies, parts) = (self.table(REPLIES)?, self.table(PARTS)?);
        let mut conversations: BTreeMap<MachineId, Option<ConversationRow>> = BTreeMap::new();
        let mut states = ReplyStates::new();
        for comment in comments.iter().take(COMMENTS_MAX) {
            let Some(bytes) = replies.get(comment.as_str()).map_err(storage)? else { continue };
            let reply: StoredReply = read("replies", bytes.value())?;
            if !conversations.contains_key(&reply.machine) {
                conversations.insert(reply.machine.clone(), self.conversation(&reply.machine)?);
            }
            let Some(Some(row)) = conversations.get(&reply.machine) else { return Err(unfit("replies")) };
            let machine = reply.machine.to_string();
            let mut found = Vec::new();
            for part in (reply.first..).take(reply.count as usize) {
                let bytes = parts.get(part_key(machine.as_bytes(), part).as_slice()).map_err(storage)?;
                let stored: StoredPart = read("parts", bytes.ok_or_else(|| unfit("parts"))?.value())?;
                let reach = reach(&stored, row);
                found.push(ReplyPart {
                    machine: reply.machine.clone(),
                    part: PartId(part),
                    state: stored.state,
                    reach,
                });
            }
            states.insert(comment.clone(), found);
        }
        Ok(states)
    }

    pub(crate) fn pages(&self) -> Result<Vec<PageRow>, ViewFault> {
        let table = self.table(PAGES)?;
        let rows = table.range::<&str>(..).map_err(storage)?;
        rows.map(|entry| read("pages", entry.map_err(storage)?.1.value())).collect()
    }

    pub(crate) fn happenings(
        &self,
        page: Option<&PageId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<HappeningList, ViewFault> {
        let table = self.table(HAPPENINGS)?;
        let limit = limit.clamp(1, PAGE_MAX);
        let start = after.map(happening_place_of).transpose()?;
        let start = start.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut happenings = Vec::new();
        let mut last = None;
        for (scanned, entry) in table.range::<&[u8]>((start, Bound::Unbounded)).map_err(storage)?.enumerate() {
            if happenings.len() == limit || scanned == SCAN_MAX {
                return Ok(HappeningList { happenings, next: last });
            }
            let (place, bytes) = entry.map_err(storage)?;
            let row: HappeningRow = read("happenings", bytes.value())?;
            let seq = happening_seq(place.value()).ok_or_else(|| unfit("happenings"))?;
            last = Some(format!("{}.{seq}.{}", row.at.0, row.page));
            if page.is_none_or(|page| *page == row.page) {
                happenings.push(row);
            }
        }
        Ok(HappeningList { happenings, next: None })
    }

    pub(crate) fn account(&self) -> Result<AccountFacts, ViewFault> {
        let meta = self.table(META)?;
        match meta.get("account").map_err(storage)? {
            Some(bytes) => read("meta", bytes.value()),
            None => Ok(AccountFacts::default()),
        }
    }

    pub(crate) fn dead_letters(
        &self,
        filter: &DeadFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<DeadLetters, ViewFault> {
        let (dead, parts) = (self.table(DEAD)?, self.table(PARTS)?);
        let limit = limit.clamp(1, PAGE_MAX);
        let of_page = filter.page.as_ref().map_or("c/".to_owned(), |page| format!("c/{page}/"));
        let start = match after {
            Some(after) if !after.starts_with(&of_page) => return Err(ViewFault::CursorUnfit),
            Some(after) => Bound::Excluded(dead_place_of(after)?),
            None => Bound::Included(of_page.clone().into_bytes()),
        };
        let start = start.as_ref().map(Vec::as_slice);
        let mut letters = Vec::new();
        let mut last = None;
        for (scanned, entry) in dead.range::<&[u8]>((start, Bound::Unbounded)).map_err(storage)?.enumerate() {
            let place = entry.map_err(storage)?.0;
            if !place.value().starts_with(of_page.as_bytes()) {
                break;
            }
            if letters.len() == limit || scanned == SCAN_MAX {
                return Ok(DeadLetters { letters, next: last });
            }
            let (machine, part) = part_of(place.value()).ok_or_else(|| unfit("dead"))?;
            last = Some(format!("{machine}/{part}"));
            let bytes = parts.get(place.value()).map_err(storage)?.ok_or_else(|| unfit("parts"))?;
            let StoredPart { state, .. } = read("parts", bytes.value())?;
            if filter.matches(&state) {
                letters.push(DeadLetter { machine, part: PartId(part), state });
            }
        }
        Ok(DeadLetters { letters, next: None })
    }

    pub(crate) fn totals(&self) -> Result<Totals, ViewFault> {
        let meta = self.table(META)?;
        match meta.get("totals").map_err(storage)? {
            Some(bytes) => read("meta", bytes.value()),
            None => Ok(Totals::default()),
        }
    }
}

impl ConversationFilter {
    /// Whether the list shows a row.
    pub fn matches(&self, row: &ConversationRow) -> bool {
        self.page.as_ref().is_none_or(|page| *page == row.page)
            && (!self.unanswered || row.unanswered())
            && (!self.troubled || row.troubled())
            && self.opened.is_none_or(|opened| self.ends_so(row, opened))
    }

    /// Whether a window of the row is open, and the last that is ends soon.
    fn ends_so(&self, row: &ConversationRow, opened: (Timestamp, Timestamp)) -> bool {
        let by_ad = row.ad_message_at.filter(|_| !row.ad_refused).zip(self.by_ad);
        let windows = || row.opened_at().zip(Some(opened)).into_iter().chain(by_ad);
        windows().any(|(at, (after, _))| after < at) && windows().all(|(at, (_, until))| at <= until)
    }
}

/// How far a sent part got: by its echo's time where that is known, else by when we learned of it; or a receipt named it.
fn reach(part: &StoredPart, row: &ConversationRow) -> Option<Reach> {
    let PartState::Sent { at, .. } = &part.state else { return None };
    let at = part.echo_at.unwrap_or(*at);
    let covers = |watermark: Option<Timestamp>| watermark.is_some_and(|watermark| at <= watermark);
    Some(if covers(row.read_at) {
        Reach::Read
    } else if covers(row.delivered_at) || part.delivered {
        Reach::Delivered
    } else {
        Reach::Sent
    })
}

/// The text form of a place in the list: time, a dot, the machine.
fn cursor(at: Timestamp, machine: &[u8]) -> String {
    format!("{}.{}", at.0, String::from_utf8_lossy(machine))
}

fn place_of(cursor: &str) -> Result<Vec<u8>, ViewFault> {
    let (at, machine) = cursor.split_once('.').ok_or(ViewFault::CursorUnfit)?;
    let at = at.parse().map_err(|_| ViewFault::CursorUnfit)?;
    Ok(activity_key(Timestamp(at), machine.as_bytes()))
}

/// Machine and part, as a message's id has them: a place in the list of dead letters.
fn dead_place_of(cursor: &str) -> Result<Vec<u8>, ViewFault> {
    let (machine, part) = cursor.rsplit_once('/').ok_or(ViewFault::CursorUnfit)?;
    let part = part.parse().map_err(|_| ViewFault::CursorUnfit)?;
    Ok(part_key(machine.as_bytes(), part))
}

/// Time, number of the event and Page, each after a dot: a place in the list of happenings.
fn happening_place_of(cursor: &str) -> Result<Vec<u8>, ViewFault> {
    let (at, rest) = cursor.split_once('.').ok_or(ViewFault::CursorUnfit)?;
    let (seq, page) = rest.split_once('.').ok_or(ViewFault::CursorUnfit)?;
    let at = at.parse().map_err(|_| ViewFault::CursorUnfit)?;
    let seq = seq.parse().map_err(|_| ViewFault::CursorUnfit)?;
    Ok(happening_key(Timestamp(at), &PageId::new(page), seq))
}

fn read<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, ViewFault> {
    serde_json::from_slice(bytes).map_err(|_| unfit(table))
}

fn unfit(table: &'static str) -> ViewFault {
    ViewFault::Storage(format!("a row of {table} cannot be read"))
}

fn storage(fault: impl core::fmt::Display) -> ViewFault {
    ViewFault::Storage(fault.to_string())
}
