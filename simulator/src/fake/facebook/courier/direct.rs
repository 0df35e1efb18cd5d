//! The courier without a network: gives the bodies that are to be posted to whoever posts them.
//!
//! Bodies are made, kept back and repeated by the same code as by the courier; nothing waits here. Invariant: an item that
//! is kept back leaves when it is let go, and an order that cannot be carried out changes nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use model::{PageId, Timestamp};

use super::carry::{Delivered, Sent, parcels};
use super::parcel::{Item, Load, Parcel};
use crate::fake::facebook::control::{CarryOrder, Letting};
use crate::fake::facebook::limits::TOGETHER_MAX;
use crate::fake::facebook::wire;

/// A courier that posts nothing itself.
#[derive(Default)]
pub(in crate::fake::facebook) struct Direct {
    held: BTreeMap<PageId, Vec<Item>>,
    delivered: Delivered,
    serial: u64,
}

impl Direct {
    /// The body of an item by itself; `None` where it is kept back.
    pub(in crate::fake::facebook) fn carry(&mut self, mut item: Item, now: Timestamp) -> Option<Bytes> {
        self.serial += 1;
        item.serial = self.serial;
        match self.held.get_mut(&item.page) {
            Some(kept) => {
                kept.push(item);
                None
            }
            None => self.leave(vec![Parcel::Loose(item)], now).pop(),
        }
    }

    /// The body that an item would have alone.
    pub(in crate::fake::facebook) fn alone(item: &Item, now: Timestamp) -> Bytes {
        Bytes::from(wire::envelope(now, core::iter::once((&item.page, &item.list, item.text.as_str()))))
    }

    /// Carries an order out: the bodies to be posted, in order.
    ///
    /// # Errors
    /// A sentence, where it cannot be.
    pub(in crate::fake::facebook) fn order(
        &mut self,
        order: &CarryOrder,
        now: Timestamp,
    ) -> Result<Vec<Bytes>, String> {
        let again = |sent: Option<&Arc<Sent>>, missing: String| sent.map(|sent| vec![sent.body.clone()]).ok_or(missing);
        match order {
            CarryOrder::Hold { pages } => {
                for page in pages {
                    self.held.entry(page.clone()).or_default();
                }
                Ok(Vec::new())
            }
            CarryOrder::Release { pages, how } => self.release(pages, *how, now),
            CarryOrder::Repeat { page } => {
                again(self.delivered.last_of(page), format!("nothing was delivered for {page} yet"))
            }
            CarryOrder::RepeatOf { id } => {
                again(self.delivered.first_about(id), format!("no body that is remembered tells of {id}"))
            }
        }
    }

    fn release(&mut self, pages: &[PageId], how: Letting, now: Timestamp) -> Result<Vec<Bytes>, String> {
        if let Some(free) = pages.iter().find(|page| !self.held.contains_key(*page)) {
            return Err(format!("webhooks of {free} are not kept back"));
        }
        let count: usize = pages.iter().filter_map(|page| self.held.get(page)).map(Vec::len).sum();
        if how == Letting::Together && count > TOGETHER_MAX {
            return Err(format!("{count} items are kept back; one body takes at most {TOGETHER_MAX}"));
        }
        let mut items: Vec<Item> = pages.iter().filter_map(|page| self.held.remove(page)).flatten().collect();
        items.sort_by_key(|item| item.serial);
        Ok(self.leave(parcels(items, how), now))
    }

    fn leave(&mut self, parcels: Vec<Parcel>, now: Timestamp) -> Vec<Bytes> {
        let mut queue = VecDeque::from(parcels);
        let mut bodies = Vec::new();
        while let Some(load) = Load::next(&mut queue, 1) {
            let body = load.body(now);
            self.delivered.keep(load.told(body.clone()));
            bodies.push(body);
        }
        bodies
    }
}
