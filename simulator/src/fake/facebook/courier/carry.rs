//! Webhooks kept back, let go and repeated on demand.
//!
//! Invariants: what is kept back leaves in an order that was asked for and is never lost while there is room; the memory
//! of delivered bodies is bounded; an order that cannot be carried out changes nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use model::PageId;

use super::Courier;
use super::parcel::{Item, Parcel};
use crate::fake::facebook::control::{Carried, CarryOrder, Letting};
use crate::fake::facebook::limits::{KEPT_BACK_MAX, REPEATABLE_BYTES_MAX, REPEATABLE_MAX, TOGETHER_MAX, WAITING_MAX};

/// Items of Pages whose webhooks are kept back.
#[derive(Default)]
pub(super) struct Held {
    pages: BTreeMap<PageId, Vec<Item>>,
    bytes: usize,
}

/// A body that was delivered.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) pages: BTreeSet<PageId>,
    /// Ids that it tells of, with the number of the item.
    pub(super) about: BTreeMap<String, u64>,
    pub(super) items: u64,
    pub(super) body: Bytes,
}

/// Bodies that were delivered, the oldest first.
#[derive(Default)]
pub(super) struct Delivered {
    kept: VecDeque<Arc<Sent>>,
    bytes: usize,
}

impl Delivered {
    /// Remembers one; the oldest are forgotten.
    pub(super) fn keep(&mut self, sent: Arc<Sent>) {
        self.bytes += sent.body.len();
        self.kept.push_back(sent);
        while self.kept.len() > REPEATABLE_MAX || self.bytes > REPEATABLE_BYTES_MAX {
            let Some(oldest) = self.kept.pop_front() else { return };
            self.bytes -= oldest.body.len();
        }
    }

    pub(super) fn last_of(&self, page: &PageId) -> Option<&Arc<Sent>> {
        self.kept.iter().rev().find(|sent| sent.pages.contains(page))
    }

    /// The body with the oldest item that tells of an id.
    pub(super) fn first_about(&self, id: &str) -> Option<&Arc<Sent>> {
        self.kept.iter().filter(|sent| sent.about.contains_key(id)).min_by_key(|sent| sent.about.get(id).copied())
    }
}

impl Courier {
    /// Keeps an item back where its Page is held; else gives it on.
    pub(super) fn keep_back(&self, item: Item) -> Option<Item> {
        let mut inner = self.inner();
        let (size, is_full) = (item.text.len(), inner.held.bytes + item.text.len() > KEPT_BACK_MAX);
        let Some(kept) = inner.held.pages.get_mut(&item.page) else { return Some(item) };
        if !is_full {
            kept.push(item);
        }
        inner.counts.waiting -= 1;
        if is_full {
            inner.counts.dropped += 1;
        } else {
            inner.held.bytes += size;
            inner.counts.kept_back += 1;
        }
        None
    }

    /// Carries an order out; says what is on its way then.
    ///
    /// # Errors
    /// A sentence, where it cannot be.
    pub(in crate::fake::facebook) fn carry(self: &Arc<Self>, order: &CarryOrder) -> Result<Carried, String> {
        match order {
            CarryOrder::Hold { pages } => {
                let mut inner = self.inner();
                for page in pages {
                    inner.held.pages.entry(page.clone()).or_default();
                }
                Ok(Carried::default())
            }
            CarryOrder::Release { pages, how } => self.release(pages, *how),
            CarryOrder::Repeat { page } => {
                let sent = self.inner().delivered.last_of(page).cloned();
                self.repeat(sent.ok_or_else(|| format!("nothing was delivered for {page} yet"))?)
            }
            CarryOrder::RepeatOf { id } => {
                let sent = self.inner().delivered.first_about(id).cloned();
                self.repeat(sent.ok_or_else(|| format!("no body that is remembered tells of {id}"))?)
            }
        }
    }

    fn repeat(self: &Arc<Self>, sent: Arc<Sent>) -> Result<Carried, String> {
        let page = sent.pages.first().cloned().ok_or("the body belongs to no Page")?;
        let items = sent.items;
        {
            let mut inner = self.inner();
            if inner.counts.waiting + items > WAITING_MAX {
                return Err(format!("{WAITING_MAX} items wait already"));
            }
            inner.counts.waiting += items;
        }
        self.queue(&page, vec![Parcel::Again(sent)]);
        Ok(Carried { bodies: 1, items })
    }

    fn release(self: &Arc<Self>, pages: &[PageId], how: Letting) -> Result<Carried, String> {
        let Some(first) = pages.first() else { return Err("no Page is named".to_owned()) };
        let (parcels, items) = {
            let mut inner = self.inner();
            if let Some(free) = pages.iter().find(|page| !inner.held.pages.contains_key(*page)) {
                return Err(format!("webhooks of {free} are not kept back"));
            }
            let count: usize = pages.iter().filter_map(|page| inner.held.pages.get(page)).map(Vec::len).sum();
            if how == Letting::Together && count > TOGETHER_MAX {
                return Err(format!("{count} items are kept back; one body takes at most {TOGETHER_MAX}"));
            }
            let mut items: Vec<Item> =
                pages.iter().filter_map(|page| inner.held.pages.remove(page)).flatten().collect();
            items.sort_by_key(|item| item.serial);
            let count = items.len() as u64;
            inner.held.bytes -= items.iter().map(|item| item.text.len()).sum::<usize>();
            inner.counts.kept_back -= count;
            inner.counts.waiting += count;
            (parcels(items, how), count)
        };
        let bodies = parcels.len() as u64;
        self.queue(first, parcels);
        Ok(Carried { bodies, items })
    }
}

/// Items in the bodies that they go in. A whole body stays by itself.
pub(super) fn parcels(items: Vec<Item>, how: Letting) -> Vec<Parcel> {
    let alone = |item| Parcel::Sealed(vec![item]);
    match how {
        Letting::InOrder => items.into_iter().map(alone).collect(),
        Letting::Reversed => items.into_iter().rev().map(alone).collect(),
        Letting::Together => {
            let mut bodies: Vec<Vec<Item>> = Vec::new();
            for item in items {
                match bodies.last_mut() {
                    Some(body) if !item.is_whole() && !body.iter().any(Item::is_whole) => body.push(item),
                    Some(_) | None => bodies.push(vec![item]),
                }
            }
            bodies.into_iter().map(Parcel::Sealed).collect()
        }
    }
}
