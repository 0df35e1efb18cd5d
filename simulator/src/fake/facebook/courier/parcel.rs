//! What travels: items, the parcels they wait in, and the load of one POST.
//!
//! Invariant: every item is in one parcel, and every parcel in one load; a body that is repeated is the same bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use model::{PageId, Timestamp};
use tokio::sync::oneshot;

use super::carry::Sent;
use crate::fake::facebook::wire::{self, List};

/// One webhook item on its way.
pub(in crate::fake::facebook) struct Item {
    pub(super) page: PageId,
    pub(super) list: List,
    pub(super) text: String,
    /// Which one it is, in the order in which they happened; 0 before the courier has it.
    pub(super) serial: u64,
    /// The id of what it tells of.
    pub(super) about: Option<String>,
    /// Told when the item was accepted.
    told: Option<oneshot::Sender<()>>,
}

impl Item {
    /// An item of a list as JSON text.
    pub(in crate::fake::facebook) fn new(page: &PageId, list: List, text: String) -> Self {
        Self { page: page.clone(), list, text, serial: 0, about: None, told: None }
    }

    /// The same item, known to tell of this id.
    pub(in crate::fake::facebook) fn about(self, id: Option<&str>) -> Self {
        Self { about: id.map(str::to_owned), ..self }
    }

    /// The same item once more, telling nobody.
    pub(in crate::fake::facebook) fn copy(&self) -> Self {
        Self::new(&self.page, self.list.clone(), self.text.clone()).about(self.about.as_deref())
    }

    /// Resolves when the item was accepted or dropped.
    pub(in crate::fake::facebook) fn tell(&mut self) -> oneshot::Receiver<()> {
        let (told, heard) = oneshot::channel();
        self.told = Some(told);
        heard
    }

    /// Whether it is a body of its own.
    pub(super) fn is_whole(&self) -> bool {
        self.list == List::Whole
    }
}

/// What waits in a queue.
pub(super) enum Parcel {
    /// An item that may share a body with its neighbours.
    Loose(Item),
    /// Items that go in one body by themselves.
    Sealed(Vec<Item>),
    /// A body that was delivered before.
    Again(Arc<Sent>),
}

/// What goes into one POST.
pub(super) enum Load {
    /// Items, in a body that is written now.
    Items(Vec<Item>),
    /// A body that was delivered before.
    Again(Arc<Sent>),
}

impl Load {
    /// The next one of a queue; loose items share it, up to `batch_max`, a whole body travels alone.
    pub(super) fn next(queue: &mut VecDeque<Parcel>, batch_max: usize) -> Option<Self> {
        let first = match queue.pop_front()? {
            Parcel::Sealed(items) => return Some(Self::Items(items)),
            Parcel::Again(sent) => return Some(Self::Again(sent)),
            Parcel::Loose(item) => item,
        };
        if first.is_whole() {
            return Some(Self::Items(vec![first]));
        }
        let shares = |parcel: &&Parcel| matches!(parcel, Parcel::Loose(item) if !item.is_whole());
        let more = queue.iter().take_while(shares).count().min(batch_max.saturating_sub(1));
        let loose = |parcel| if let Parcel::Loose(item) = parcel { Some(item) } else { None };
        Some(Self::Items(core::iter::once(first).chain(queue.drain(..more).filter_map(loose)).collect()))
    }

    /// How many items it has.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Items(items) => items.len() as u64,
            Self::Again(sent) => sent.items,
        }
    }

    /// Its body.
    pub(super) fn body(&self, now: Timestamp) -> Bytes {
        match self {
            Self::Items(items) => {
                let items = items.iter().map(|item| (&item.page, &item.list, item.text.as_str()));
                Bytes::from(wire::envelope(now, items))
            }
            Self::Again(sent) => sent.body.clone(),
        }
    }

    /// Tells whoever waits for its items, and says what was sent.
    pub(super) fn told(self, body: Bytes) -> Arc<Sent> {
        let items = match self {
            Self::Items(items) => items,
            Self::Again(sent) => return sent,
        };
        let mut sent = Sent { items: items.len() as u64, body, ..Sent::default() };
        for item in items {
            if item.told.is_some_and(|told| told.send(()).is_err()) {
                tracing::trace!("nobody waits for this item any more");
            }
            sent.pages.insert(item.page);
            sent.about.extend(item.about.map(|id| (id, item.serial)));
        }
        Arc::new(sent)
    }
}
