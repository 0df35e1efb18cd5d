//! One round's view of the tables: a row is read when first met and written once, when the round ends.
//!
//! No meaning here; what an event does to rows stands in `fold` and `parts`.

use std::collections::BTreeMap;

use journal::Key;
use machine::AccountFacts;
use machine::conversation::AdVisits;
use model::{PageId, Psid};
use redb::{ReadableTable, Table, WriteTransaction};
use serde::de::DeserializeOwned;

use crate::dead::is_dead;
use crate::row::{
    ACTIVITY, CONVERSATIONS, ConversationRow, DEAD, HAPPENINGS, HappeningRow, META, PAGES, PARTS, PageRow, REPLIES,
    StoredConversation, StoredPart, StoredReply, Totals, activity_key, happening_key, json, part_key,
};

/// A round cannot be folded: the file fails, or does not hold what a view holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Snag {
    /// The file fails.
    #[error(transparent)]
    File(#[from] redb::Error),
    /// A row is not one of this view.
    #[error("a row of {table} cannot be read")]
    Row {
        /// Its table.
        table: &'static str,
    },
}

macro_rules! snag_from {
    ($($fault:ty),*) => {$(
        impl From<$fault> for Snag {
            fn from(fault: $fault) -> Self {
                Self::File(fault.into())
            }
        }
    )*};
}
snag_from!(redb::StorageError, redb::TableError, redb::TransactionError, redb::CommitError, redb::SetDurabilityError);

/// The tables of one write transaction, and the rows met.
pub(crate) struct Round<'t> {
    conversations: Table<'t, &'static [u8], &'static [u8]>,
    activity: Table<'t, &'static [u8], ()>,
    pages: Table<'t, &'static str, &'static [u8]>,
    parts: Table<'t, &'static [u8], &'static [u8]>,
    replies: Table<'t, &'static str, &'static [u8]>,
    dead: Table<'t, &'static [u8], ()>,
    happenings: Table<'t, &'static [u8], &'static [u8]>,
    meta: Table<'t, &'static str, &'static [u8]>,
    conversations_met: BTreeMap<Key, MetAt>,
    #[expect(clippy::vec_box, reason = "thousands of long rows are not moved again and again while it grows")]
    met: Vec<Box<Met>>,
    pages_met: BTreeMap<PageId, PageRow>,
    parts_met: BTreeMap<Vec<u8>, StoredPart>,
    happenings_written: usize,
    /// Sums over the node.
    pub(crate) totals: Totals,
}

/// Where a conversation stands among those met in this round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetAt(usize);

/// A conversation met in this round.
struct Met {
    row: StoredConversation,
    /// Its place in the list as stored.
    listed: Option<Vec<u8>>,
}

impl<'t> Round<'t> {
    /// Opens every table, so that each exists from the first commit on.
    pub(crate) fn open(txn: &'t WriteTransaction) -> Result<Self, Snag> {
        let meta = txn.open_table(META)?;
        let totals = match meta.get("totals")? {
            Some(bytes) => read("meta", bytes.value())?,
            None => Totals::default(),
        };
        Ok(Self {
            conversations: txn.open_table(CONVERSATIONS)?,
            activity: txn.open_table(ACTIVITY)?,
            pages: txn.open_table(PAGES)?,
            parts: txn.open_table(PARTS)?,
            replies: txn.open_table(REPLIES)?,
            dead: txn.open_table(DEAD)?,
            happenings: txn.open_table(HAPPENINGS)?,
            meta,
            conversations_met: BTreeMap::new(),
            met: Vec::new(),
            pages_met: BTreeMap::new(),
            parts_met: BTreeMap::new(),
            happenings_written: 0,
            totals,
        })
    }

    /// Writes the rows met.
    pub(crate) fn finish(mut self) -> Result<(), Snag> {
        for (key, MetAt(at)) in &self.conversations_met {
            let met = &self.met[*at];
            let listed = activity_key(met.row.shown.last_activity_at, key);
            if met.listed.as_ref() != Some(&listed) {
                if let Some(before) = &met.listed {
                    self.activity.remove(before.as_slice())?;
                }
                self.activity.insert(listed.as_slice(), ())?;
            }
            self.conversations.insert(&**key, json(&met.row).as_slice())?;
        }
        for (page, row) in &self.pages_met {
            self.pages.insert(page.as_str(), json(row).as_slice())?;
        }
        for (key, row) in &self.parts_met {
            self.parts.insert(key.as_slice(), json(row).as_slice())?;
            if is_dead(&row.state) {
                self.dead.insert(key.as_slice(), ())?;
            } else {
                self.dead.remove(key.as_slice())?;
            }
        }
        self.meta.insert("totals", json(&self.totals).as_slice())?;
        Ok(())
    }

    /// How many rows the round will write, but for those of Pages.
    pub(crate) fn rows_met(&self) -> usize {
        self.met.len() + self.parts_met.len() + self.happenings_written
    }

    /// A conversation, known or new.
    pub(crate) fn conversation(&mut self, key: &Key, page: &PageId, psid: &Psid) -> Result<MetAt, Snag> {
        if let Some(at) = self.conversations_met.get(key) {
            return Ok(*at);
        }
        let stored = self.conversations.get(&**key)?.map(|bytes| read("conversations", bytes.value())).transpose()?;
        let met = match stored {
            Some(row) => {
                let row: StoredConversation = row;
                let listed = Some(activity_key(row.shown.last_activity_at, key));
                Met { row, listed }
            }
            None => {
                self.totals.conversations += 1;
                self.page(page)?.conversations += 1;
                let shown = ConversationRow::new(page.clone(), psid.clone());
                let (started, heard, parked) = (Vec::new(), Vec::new(), Vec::new());
                Met {
                    row: StoredConversation {
                        shown,
                        last_mid: None,
                        evidence: None,
                        ads: AdVisits::default(),
                        ad_refused_at: None,
                        last_part: 0,
                        started,
                        heard,
                        parked,
                    },
                    listed: None,
                }
            }
        };
        let at = MetAt(self.met.len());
        self.met.push(Box::new(met));
        self.conversations_met.insert(Key::clone(key), at);
        Ok(at)
    }

    /// A conversation that was met.
    pub(crate) fn met(&mut self, at: MetAt) -> &mut StoredConversation {
        &mut self.met[at.0].row
    }

    /// A Page, known or new.
    pub(crate) fn page(&mut self, page: &PageId) -> Result<&mut PageRow, Snag> {
        if !self.pages_met.contains_key(page) {
            let row = match self.pages.get(page.as_str())? {
                Some(bytes) => read("pages", bytes.value())?,
                None => PageRow::new(page.clone()),
            };
            self.pages_met.insert(page.clone(), row);
        }
        Ok(self.pages_met.get_mut(page).expect("it was met just now"))
    }

    /// A part that was asked for before.
    pub(crate) fn part(&mut self, machine: &[u8], part: u32) -> Result<Option<&mut StoredPart>, Snag> {
        let key = part_key(machine, part);
        if !self.parts_met.contains_key(&key) {
            let Some(bytes) = self.parts.get(key.as_slice())? else { return Ok(None) };
            let row = read("parts", bytes.value())?;
            drop(bytes);
            self.parts_met.insert(key.clone(), row);
        }
        Ok(self.parts_met.get_mut(&key))
    }

    /// A new part.
    pub(crate) fn add_part(&mut self, machine: &[u8], part: u32, row: StoredPart) {
        self.parts_met.insert(part_key(machine, part), row);
    }

    /// Which parts a comment became.
    pub(crate) fn add_reply(&mut self, row: &StoredReply) -> Result<(), Snag> {
        self.replies.insert(row.comment.as_str(), json(row).as_slice())?;
        Ok(())
    }

    /// Something happened on a Page: the event of that number in its journal.
    pub(crate) fn add_happening(&mut self, seq: u64, row: &HappeningRow) -> Result<(), Snag> {
        let key = happening_key(row.at, &row.page, seq);
        self.happenings.insert(key.as_slice(), json(row).as_slice())?;
        self.happenings_written += 1;
        Ok(())
    }

    /// The account's settings are these now.
    pub(crate) fn set_account(&mut self, facts: &AccountFacts) -> Result<(), Snag> {
        self.meta.insert("account", json(facts).as_slice())?;
        Ok(())
    }
}

fn read<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, Snag> {
    serde_json::from_slice(bytes).map_err(|_| Snag::Row { table })
}
