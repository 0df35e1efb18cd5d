//! Meta's own part of a delivery: what comes late, what is posted again and when, and when Meta gives up on a Page.
//!
//! Source: *Webhooks for Messenger*, read 2026-11-23: what is not answered with 200 is posted again, ever less often; after
//! an hour of failures the app is unsubscribed from the Page. Invariant: a body that is neither taken nor given up is posted
//! again at a time that is known.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use model::{PageId, Span, Timestamp};
use serde_json::Value;

use crate::outside::Announced;
use crate::replay::door::POSTED_AGAIN;

/// The longest distance between two tries.
const AGAIN_MAX: Span = Span::minutes(10);
/// So long every try for a Page fails before Meta gives up on it.
const GIVEN_UP: Span = Span::hours(1);

/// A body on its way.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) name: Announced,
    pub(super) body: Bytes,
    /// Tries that failed.
    tries: u32,
}

/// What Meta still has to post.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// By its time; the number keeps the order of one instant.
    due: BTreeMap<(Timestamp, u64), Letter>,
    number: u64,
    /// Since when every try for a Page fails.
    failing: BTreeMap<PageId, Timestamp>,
    unsubscribed: BTreeSet<PageId>,
}

impl Mail {
    /// To be posted then; not at all, where Meta gave up on its Page.
    pub(super) fn put(&mut self, at: Timestamp, name: Announced, body: Bytes) {
        if self.unsubscribed.is_empty() || page_of(&body).is_none_or(|page| !self.unsubscribed.contains(&page)) {
            self.keep(at, Letter { name, body, tries: 0 });
        }
    }

    fn keep(&mut self, at: Timestamp, letter: Letter) {
        self.number += 1;
        self.due.insert((at, self.number), letter);
    }

    /// When something is to be posted next.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// What is to be posted by now, in order.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Letter> {
        let first = self.due.first_entry().filter(|entry| entry.key().0 <= now);
        first.map(|entry| entry.remove())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// It was taken.
    pub(super) fn taken(&mut self, letter: &Letter) {
        if !self.failing.is_empty()
            && let Some(page) = page_of(&letter.body)
        {
            self.failing.remove(&page);
        }
    }

    /// It was not taken; whether Meta gives up on its Page over that.
    pub(super) fn failed(&mut self, mut letter: Letter, now: Timestamp) -> bool {
        let page = page_of(&letter.body).unwrap_or_else(|| PageId::new(""));
        let since = *self.failing.entry(page.clone()).or_insert(now);
        if now - since >= GIVEN_UP {
            self.failing.remove(&page);
            self.due.retain(|_, other| page_of(&other.body).as_ref() != Some(&page));
            return self.unsubscribed.insert(page);
        }
        let distance = Span((POSTED_AGAIN.0 << letter.tries.min(16)).min(AGAIN_MAX.0));
        letter.tries += 1;
        self.keep(now + distance, letter);
        false
    }

    /// What has failed is due now: the node is said to run again.
    pub(super) fn hurries(&mut self, now: Timestamp) {
        let (failed, fresh) = core::mem::take(&mut self.due).into_iter().partition(|(_, letter)| letter.tries > 0);
        self.due = fresh;
        let failed: BTreeMap<(Timestamp, u64), Letter> = failed;
        failed.into_iter().for_each(|((_, number), letter)| drop(self.due.insert((now, number), letter)));
    }

    /// Meta delivers a Page's webhooks again.
    pub(super) fn subscribes(&mut self, page: &PageId) {
        self.unsubscribed.remove(page);
        self.failing.remove(page);
    }

    /// The same for all.
    pub(super) fn subscribes_all(&mut self) {
        self.unsubscribed.clear();
        self.failing.clear();
    }
}

/// The Page of a body, or the first of several.
fn page_of(body: &Bytes) -> Option<PageId> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get("entry")?.get(0)?.get("id")?.as_str().map(PageId::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: Timestamp = Timestamp(1_780_272_000_000);

    fn put(mail: &mut Mail, at: Timestamp, page: &str) {
        let name = Announced { name: "l1".to_owned(), whose: None, what: "delivery".to_owned() };
        mail.put(at, name, Bytes::from(format!(r#"{{"object":"page","entry":[{{"id":"{page}"}}]}}"#)));
    }

    /// Fails every try until Meta gives up, and gives back when the tries were.
    fn tries(mail: &mut Mail) -> Vec<Span> {
        let mut tries = Vec::new();
        while let Some(at) = mail.next_at() {
            let letter = mail.take(at).unwrap();
            tries.push(at - BEGAN);
            mail.failed(letter, at);
        }
        tries
    }

    #[test]
    fn tries_grow_apart_and_end_after_an_hour_with_the_subscription() {
        let mut mail = Mail::default();
        put(&mut mail, BEGAN, "17");
        let seconds: Vec<i64> = tries(&mut mail).iter().map(|span| span.0 / 1_000).collect();
        assert_eq!(seconds, [0, 5, 15, 35, 75, 155, 315, 635, 1_235, 1_835, 2_435, 3_035, 3_635]);
        put(&mut mail, BEGAN + Span::hours(2), "17");
        assert!(mail.is_empty(), "nothing is told of a Page that Meta gave up on");
        put(&mut mail, BEGAN + Span::hours(2), "18");
        assert!(!mail.is_empty());
        mail.subscribes(&PageId::new("17"));
        put(&mut mail, BEGAN + Span::hours(2), "17");
        assert_eq!(mail.due.len(), 2);
    }

    #[test]
    fn one_that_is_taken_ends_the_failing() {
        let mut mail = Mail::default();
        put(&mut mail, BEGAN, "17");
        put(&mut mail, BEGAN, "17");
        let (first, second) = (mail.take(BEGAN).unwrap(), mail.take(BEGAN).unwrap());
        assert!(!mail.failed(first, BEGAN));
        mail.taken(&second);
        let again = mail.take(BEGAN + Span::hours(3)).unwrap();
        assert!(!mail.failed(again, BEGAN + Span::hours(3)));
    }

    #[test]
    fn what_failed_is_hurried_and_what_is_late_is_not() {
        let mut mail = Mail::default();
        put(&mut mail, BEGAN, "17");
        put(&mut mail, BEGAN + Span::minutes(20), "17");
        let letter = mail.take(BEGAN).unwrap();
        mail.failed(letter, BEGAN);
        mail.hurries(BEGAN + Span(1));
        assert!(mail.take(BEGAN + Span(1)).is_some() && mail.take(BEGAN + Span::minutes(1)).is_none());
        assert_eq!(mail.next_at(), Some(BEGAN + Span::minutes(20)));
    }
}
