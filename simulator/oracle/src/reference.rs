//! A conversation as Meta's page describes it, folded from the items alone: windows, owner of the thread, receipts and
//! what was written. Naive on purpose: it keeps every item and computes each answer anew.
//!
//! Source: platform page *Webhooks* and *Messaging window*, read 2026-11-23. Invariant: the order of arrival does not
//! show in any answer, but in [`Talk::is_late`], which is about nothing else.

mod owner;
mod table;
mod transcript;

use core::cmp::Reverse;

use model::{AppId, Timestamp};

use crate::history::{Entrance, Item, Opening, Told};
pub(crate) use owner::Owner;
pub(crate) use table::{Allowed, Asked, allowed};
pub(crate) use transcript::{Written, written};

/// 24 hours.
pub(crate) const DAY: i64 = 86_400_000;
/// 7 days.
pub(crate) const WEEK: i64 = 604_800_000;

/// A conversation, as far as somebody heard of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Talk<'a> {
    items: Vec<&'a Item>,
    opened_at: Option<Timestamp>,
    wrote_at: Option<Timestamp>,
    newest_written_at: Option<Timestamp>,
    ad_refused_at: Option<Timestamp>,
    delivered: Option<Timestamp>,
    read: Option<Timestamp>,
    /// What Meta's newest answer to a call said about the owner, and when.
    answered: Option<(Timestamp, Owner)>,
}

impl<'a> Talk<'a> {
    /// The next item, in whatever order they come. Each is to be told once.
    pub(crate) fn hear(&mut self, item: &'a Item) {
        self.items.push(item);
        let at = Some(item.at);
        match item.told.opening() {
            Opening::Nothing => {}
            Opening::Window => self.opened_at = self.opened_at.max(at),
            Opening::Message => {
                self.opened_at = self.opened_at.max(at);
                self.wrote_at = self.wrote_at.max(at);
            }
        }
        if item.told.is_written() {
            self.newest_written_at = self.newest_written_at.max(at);
        }
        match &item.told {
            Told::Delivered { watermark, .. } => self.delivered = self.delivered.max(Some(*watermark)),
            Told::Read { watermark } => self.read = self.read.max(Some(*watermark)),
            Told::Message { .. }
            | Told::Pressed { .. }
            | Told::Ordered
            | Told::Reacted { .. }
            | Told::Edited { .. }
            | Told::Unsent { .. }
            | Told::Echo { .. }
            | Told::Entered { .. }
            | Told::HandedOver { .. }
            | Told::Other
            | Told::Odd { .. } => {}
        }
    }

    /// Everything heard, in order of arrival.
    pub(crate) fn items(&self) -> &[&'a Item] {
        &self.items
    }

    /// The customer's newest action that opens a window.
    pub(crate) const fn opened_at(&self) -> Option<Timestamp> {
        self.opened_at
    }

    /// The customer's newest message.
    pub(crate) const fn wrote_at(&self) -> Option<Timestamp> {
        self.wrote_at
    }

    /// Meta refused as outside of its window what rested on an ad; the send began at this instant.
    pub(crate) fn refuse(&mut self, at: Timestamp) {
        self.ad_refused_at = self.ad_refused_at.max(Some(at));
    }

    /// The message from which the seven days after an ad count, unless Meta refused what rested on it.
    pub(crate) fn wrote_by_ad_at(&self) -> Option<Timestamp> {
        after_ad(self.items.iter().map(|item| (item.at, &item.told))).filter(|at| self.ad_refused_at < Some(*at))
    }

    /// First instant outside the standard window.
    pub(crate) fn window_ends_at(&self) -> Option<Timestamp> {
        self.opened_at.map(|at| Timestamp(at.0.saturating_add(DAY)))
    }

    /// Everything up to here has arrived.
    pub(crate) const fn delivered(&self) -> Option<Timestamp> {
        self.delivered
    }

    /// Everything up to here was read.
    pub(crate) const fn read(&self) -> Option<Timestamp> {
        self.read
    }

    /// Whether something that the customer wrote would come after something newer of theirs.
    pub(crate) fn is_late(&self, at: Timestamp) -> bool {
        self.newest_written_at.is_some_and(|newest| at < newest)
    }

    /// Whose the thread is, for the node of this app.
    pub(crate) fn owner(&self, app: Option<&AppId>) -> Owner {
        let newest_at = self.items.iter().map(|item| item.at).max();
        match self.answered {
            Some((at, owner)) if newest_at <= Some(at) => owner,
            Some(_) | None => owner::owner(&self.items, app),
        }
    }

    /// An answer of Meta to a call told whose the thread is.
    pub(crate) fn answer(&mut self, at: Timestamp, owner: Owner) {
        self.answered = Some((at, owner));
    }

    /// When Meta's newest answer told that.
    pub(crate) fn answered_at(&self) -> Option<Timestamp> {
        self.answered.map(|(at, _)| at)
    }
}

/// The first message after a click on an ad; of several clicks the newest that a message followed. A click is told in the
/// message that follows it, in a pressed button or alone, and opens nothing.
pub(crate) fn after_ad<'a>(deeds: impl Iterator<Item = (Timestamp, &'a Told)> + Clone) -> Option<Timestamp> {
    after_ads(deeds).max_by_key(|(click, first)| (*click, Reverse(*first))).map(|(_, first)| first)
}

/// Each click that a message followed, with the first that did.
pub(crate) fn after_ads<'a>(
    deeds: impl Iterator<Item = (Timestamp, &'a Told)> + Clone,
) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    deeds.clone().filter_map(move |(click, told)| match told {
        Told::Message { by_ad: true, .. } => Some((click, click)),
        Told::Pressed { by_ad: true, .. } | Told::Entered { by: Entrance::Ad } => {
            let wrote = deeds.clone().filter(|(at, told)| click < *at && matches!(told, Told::Message { .. }));
            Some((click, wrote.map(|(at, _)| at).min()?))
        }
        Told::Message { .. }
        | Told::Pressed { .. }
        | Told::Entered { .. }
        | Told::Ordered
        | Told::Reacted { .. }
        | Told::Edited { .. }
        | Told::Unsent { .. }
        | Told::Echo { .. }
        | Told::Delivered { .. }
        | Told::Read { .. }
        | Told::HandedOver { .. }
        | Told::Other
        | Told::Odd { .. } => None,
    })
}
