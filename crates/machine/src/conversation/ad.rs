//! Which message was the first after a click on a Click-to-Messenger ad: from it Meta may keep the window open for seven days.
//!
//! Source: Meta, policy page (2026-09-28), *messaging_referrals* and *messages*, read 2026-11-23. A click is told as an item
//! of its own, inside a pressed button, or inside the message that follows it. It opens nothing by itself. Fed by Meta's
//! time alone. Invariants: of several clicks the newest that a message followed counts; the order of arrival does not show,
//! unless more than [`KEPT`] messages or clicks overtake an older item, and then the window is shorter, never longer.

use std::collections::BTreeSet;

use model::{Kind, Referral, Timestamp};
use serde::{Deserialize, Serialize};

/// Messages and clicks remembered for what comes after them: the newest. An order turned round spans a few items.
const KEPT: usize = 8;

/// Clicks on ads and what followed them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AdVisits {
    /// The newest click that a message followed, and the first message after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    followed: Option<(Timestamp, Timestamp)>,
    /// Clicks that no message followed yet.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    clicks: BTreeSet<Timestamp>,
    /// The newest messages after the click that counts.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    messages: BTreeSet<Timestamp>,
    /// Older messages were forgotten.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    forgot: bool,
}

impl AdVisits {
    /// Nothing was heard of ads, nor of messages.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes in an item. The answer is the message after an ad from which the seven days count now.
    pub fn hear(&mut self, kind: &Kind, at: Timestamp) -> Option<Timestamp> {
        match kind {
            Kind::Message(message) => {
                if message.referral.as_deref().is_some_and(Referral::is_ad) {
                    self.follow(at, at);
                }
                self.wrote(at);
            }
            Kind::Postback(postback) if postback.referral.as_deref().is_some_and(Referral::is_ad) => self.clicked(at),
            Kind::Referral(referral) if referral.is_ad() => self.clicked(at),
            Kind::Postback(_)
            | Kind::Referral(_)
            | Kind::Echo(_)
            | Kind::Delivered(_)
            | Kind::Read(_)
            | Kind::Reaction(_)
            | Kind::Edit(_)
            | Kind::Unsend(_)
            | Kind::Optin(_)
            | Kind::Handover(_)
            | Kind::AccountLink(_)
            | Kind::Feedback(_)
            | Kind::Order(_)
            | Kind::Notice(_)
            | Kind::Legacy(_) => {}
        }
        self.followed.map(|(_, message)| message)
    }

    fn wrote(&mut self, at: Timestamp) {
        if let Some((click, first)) = &mut self.followed
            && *click < at
        {
            *first = at.min(*first);
        }
        if let Some(click) = self.clicks.range(..at).next_back().copied() {
            self.follow(click, at);
        }
        if self.followed.is_none_or(|(click, _)| click < at) {
            self.messages.insert(at);
        }
        if self.messages.len() > KEPT {
            self.messages.pop_first();
            self.forgot = true;
        }
    }

    fn clicked(&mut self, at: Timestamp) {
        if self.followed.is_some_and(|(click, _)| at <= click) {
            return;
        }
        let after = (core::ops::Bound::Excluded(at), core::ops::Bound::Unbounded);
        match self.messages.range(after).next().copied() {
            // Which message was the first is forgotten; it did not come before the click.
            Some(_) if self.forgot && self.messages.first().is_some_and(|oldest| at < *oldest) => self.follow(at, at),
            Some(first) => self.follow(at, first),
            None => {
                self.clicks.insert(at);
                if self.clicks.len() > KEPT {
                    self.clicks.pop_first();
                }
            }
        }
    }

    /// A message followed this click. What is older counts no more.
    fn follow(&mut self, click: Timestamp, message: Timestamp) {
        if let Some((known, first)) = &mut self.followed
            && click <= *known
        {
            if click == *known {
                *first = message.min(*first);
            }
            return;
        }
        self.followed = Some((click, message));
        if self.messages.first().is_some_and(|oldest| *oldest <= click) {
            // What was forgotten is older still.
            self.forgot = false;
        }
        self.clicks.retain(|pending| click < *pending);
        self.messages.retain(|wrote| click < *wrote);
    }
}

#[cfg(test)]
mod tests {
    use model::{Message, Mid, Postback};
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Deed {
        Writes,
        WritesByAd,
        Clicks,
        PressesByAd,
        Links,
    }

    fn by(source: &str) -> Box<Referral> {
        Box::new(Referral { source: Some(source.to_owned()), ..Referral::default() })
    }

    fn kind(deed: Deed) -> Kind {
        let message = Message::new(Mid::new("m"));
        match deed {
            Deed::Writes => Kind::Message(message),
            Deed::WritesByAd => Kind::Message(Message { referral: Some(by("ADS")), ..message }),
            Deed::Clicks => Kind::Referral(by("ADS")),
            Deed::PressesByAd => {
                Kind::Postback(Postback { mid: None, title: None, payload: None, referral: Some(by("ADS")) })
            }
            Deed::Links => Kind::Referral(by("SHORTLINK")),
        }
    }

    fn told(deeds: &[(i64, Deed)]) -> Option<i64> {
        let mut visits = AdVisits::default();
        let told = deeds.iter().map(|(at, deed)| visits.hear(&kind(*deed), Timestamp(*at)));
        told.last().flatten().map(|at| at.0)
    }

    /// By everything that happened, in whatever order it is told.
    fn naive(deeds: &[(i64, Deed)]) -> Option<i64> {
        let firsts = deeds.iter().filter_map(|(click, deed)| match deed {
            Deed::WritesByAd => Some((*click, *click)),
            Deed::Clicks | Deed::PressesByAd => {
                let wrote = |deed| matches!(deed, Deed::Writes | Deed::WritesByAd);
                let first = deeds.iter().filter(|(at, deed)| click < at && wrote(*deed)).map(|(at, _)| *at).min()?;
                Some((*click, first))
            }
            Deed::Writes | Deed::Links => None,
        });
        let (_, first) = firsts.max_by_key(|(click, first)| (*click, -first))?;
        Some(first)
    }

    #[test]
    fn the_first_message_after_the_newest_click_counts() {
        use Deed::*;
        for (deeds, expected) in [
            (&[(1, Clicks)][..], None),
            (&[(1, Writes), (2, Clicks)], None),
            (&[(1, Clicks), (2, Writes), (3, Writes)], Some(2)),
            (&[(1, PressesByAd), (2, Writes)], Some(2)),
            (&[(1, Links), (2, Writes)], None),
            (&[(1, WritesByAd), (2, Writes)], Some(1)),
            (&[(1, Clicks), (2, WritesByAd), (9, Writes)], Some(2)),
            (&[(1, Clicks), (2, Writes), (5, Clicks), (7, Writes)], Some(7)),
            (&[(1, Clicks), (2, Writes), (5, Clicks)], Some(2)),
            (&[(9, Writes), (7, Writes), (5, Clicks)], Some(7)),
        ] {
            assert_eq!(told(deeds), expected, "{deeds:?}");
        }
    }

    #[test]
    fn what_is_forgotten_makes_the_window_shorter_and_never_longer() {
        let mut deeds: Vec<(i64, Deed)> = (10..100).map(|at| (at, Deed::Writes)).collect();
        deeds.push((5, Deed::Clicks));
        assert_eq!((told(&deeds), naive(&deeds)), (Some(5), Some(10)));
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_show(
            deeds in proptest::collection::vec((0_i64..40, prop_oneof![
                Just(Deed::Writes), Just(Deed::WritesByAd), Just(Deed::Clicks), Just(Deed::PressesByAd), Just(Deed::Links),
            ]), 0..9).prop_shuffle()
        ) {
            prop_assert_eq!(told(&deeds), naive(&deeds));
        }
    }
}
