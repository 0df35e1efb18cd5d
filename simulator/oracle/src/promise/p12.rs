//! P12: policy is dated data; any edition can be applied to any recording.
//!
//! The dates are Meta's: every send is held against what all customers did, known to the node or not, by the dated rules
//! of [`judge`](crate::judge()). A send that Meta refused for its window or its tag is one, too, unless it was on its way
//! for longer than the guard.

use std::collections::{BTreeMap, BTreeSet};

use model::{MachineId, PageId, Psid, Timestamp};

use super::parts;
use crate::history::{Author, History, Item, Journaled, Meta, Opening, Taken, What};
use crate::judge::{Seen, Sent, breach};
use crate::reference::after_ads;
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 12;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    if history.ledger().spoken.is_empty() {
        return Vec::new();
    }
    let deeds = deeds(history);
    let mut violations = Vec::new();
    for machine in history.ledger().spoken.keys() {
        let MachineId::Conversation(page, psid) = machine else { continue };
        let actions = deeds.get(&(page, psid)).map_or(&[][..], Vec::as_slice);
        for part in parts::parts_of(history, machine).iter().filter(|part| part.asked.is_some()) {
            for (place, _) in part.starts() {
                violations.extend(start(history, actions, place, part.author, &part.words()));
            }
        }
    }
    violations.extend(refused(history, &deeds));
    violations
}

/// What customers did, by whom, each with its place.
type Deeds<'h> = BTreeMap<(&'h PageId, &'h Psid), Vec<(usize, Seen)>>;

fn deeds(history: &History) -> Deeds<'_> {
    let mut told: BTreeMap<(&PageId, &Psid), Vec<(usize, &Item)>> = BTreeMap::new();
    for post in history.ledger().posts.values() {
        let Some(place) = post.offered.filter(|_| history.post_is_signed(*post)) else { continue };
        for item in history.items_of(*post) {
            let (Some(page), Some(psid)) = (&item.page, &item.customer) else { continue };
            told.entry((page, psid)).or_default().push((place, item));
        }
    }
    told.into_iter().map(|(customer, items)| (customer, of_customer(&items))).collect()
}

fn of_customer(items: &[(usize, &Item)]) -> Vec<(usize, Seen)> {
    let by_ad: BTreeSet<Timestamp> =
        after_ads(items.iter().map(|(_, item)| (item.at, &item.told))).map(|(_, first)| first).collect();
    let seen = items.iter().filter_map(|(place, item)| {
        let opening = item.told.opening();
        let is_message = opening == Opening::Message;
        let from_ad = is_message && by_ad.contains(&item.at);
        let (page, psid) = (item.page.clone()?, item.customer.clone()?);
        let seen = Seen { page, psid, at: item.at, opens: true, is_message, from_ad };
        (opening != Opening::Nothing).then_some((*place, seen))
    });
    seen.collect()
}

fn start(history: &History, actions: &[(usize, Seen)], place: usize, author: Author, words: &str) -> Option<Violation> {
    let record = history.record(place)?;
    let Journaled::PartStarted { messaging_type, tag, .. } = &record.says else { return None };
    let MachineId::Conversation(page, psid) = &record.id.machine else { return None };
    let sent = Sent {
        page: page.clone(),
        psid: psid.clone(),
        at: record.decided_at,
        messaging_type: messaging_type.to_string(),
        tag: tag.as_deref().map(str::to_owned),
        author_is_person: author == Author::Person,
    };
    let seen: Vec<&Seen> = actions.iter().map(|(_, seen)| seen).collect();
    // A tag without need is a matter of what the node had heard: P11.
    let breach = breach(&seen, &sent, &history.setup.dates).filter(|breach| !breach.needless)?;
    let tag = sent.tag.as_deref().map(|tag| format!("/{tag}")).unwrap_or_default();
    let first = Fact::at(history, place, format!("{words} is sent as {messaging_type}{tag}"));
    let against = breach.against.and_then(|at| actions.iter().find(|(_, seen)| seen.at == at));
    let second = match against {
        Some((place, _)) => Fact::at(history, *place, breach.words),
        None => Fact::missing(breach.words),
    };
    Some(Violation::new(PROMISE, first, second))
}

/// Sends that Meta refused because of its rules, though they came at once.
fn refused(history: &History, deeds: &Deeds<'_>) -> Vec<Violation> {
    let sends = history.ledger().sends.values().flatten();
    sends
        .filter_map(|place| {
            let What::Meta(Meta::SendCame { mark, taken: Taken::No { code }, .. }) = &history.at(*place).what else {
                return None;
            };
            let is_rule = matches!(code, (10, Some(2_018_278 | 2_018_065)));
            let started = history.start_of(mark).filter(|_| is_rule)?;
            let decided_at = history.record(started)?.decided_at;
            if history.time(*place).0 - decided_at.0 > guard(history, started) || rests_on_ad(history, started, deeds) {
                return None;
            }
            let first = Fact::at(history, *place, format!("Meta refuses {mark} as outside of its windows"));
            Some(Violation::new(PROMISE, first, Fact::at(history, started, "the node held them for open")))
        })
        .collect()
}

/// Whether only a message after an ad speaks for a start: for whom Meta keeps the window open so long, it does not say.
fn rests_on_ad(history: &History, started: usize, deeds: &Deeds<'_>) -> bool {
    let Some(record) = history.record(started) else { return false };
    let MachineId::Conversation(page, psid) = &record.id.machine else { return false };
    let (seen, now) = (deeds.get(&(page, psid)).map_or(&[][..], Vec::as_slice), record.decided_at.0);
    let asked = super::settings::asked(history, started, record.decided_at, Author::Automation, None);
    let day = 86_400_000 - asked.iter().map(|asked| asked.guard.0).max().unwrap_or(0);
    let known = seen.iter().filter(|(place, seen)| *place < started && seen.at.0 <= now);
    let plain = matches!(&record.says, Journaled::PartStarted { tag: None, .. });
    plain && seen.iter().any(|(_, seen)| seen.from_ad) && known.clone().all(|(_, seen)| now - seen.at.0 >= day)
}

/// How long a send may be on its way: the shorter guard.
fn guard(history: &History, place: usize) -> i64 {
    let asked = super::settings::asked(history, place, Timestamp(i64::MAX), Author::Person, None);
    asked.iter().map(|asked| asked.guard.0.min(asked.guard_human_agent.0)).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Entrance, Told};
    use crate::testing::{BEGIN, Play};

    const DAY: i64 = 86_400_000;

    fn sent(author: Author, age: i64, messaging_type: &'static str, tag: Option<&'static str>) -> usize {
        let mut play = Play::new();
        play.writes(1, "5001");
        play.to(age).asks_as("5001", "c1", 1, author);
        play.starts_as("5001", 1, 1, messaging_type, tag);
        judge(&play.history).len()
    }

    #[test]
    fn a_window_ends_at_metas_millisecond() {
        assert_eq!(sent(Author::Automation, DAY - 1, "RESPONSE", None), 0);
        assert_eq!(sent(Author::Automation, DAY, "RESPONSE", None), 1);
        assert_eq!(sent(Author::Person, 7 * DAY - 1, "MESSAGE_TAG", Some("HUMAN_AGENT")), 0);
        assert_eq!(sent(Author::Person, 7 * DAY, "MESSAGE_TAG", Some("HUMAN_AGENT")), 1);
        assert_eq!(sent(Author::Automation, 2 * DAY, "MESSAGE_TAG", Some("HUMAN_AGENT")), 1);
    }

    #[test]
    fn a_retired_tag_is_found_from_its_first_millisecond() {
        let end = 1_777_248_000_000;
        for (at, violations) in [(end - 1, 0), (end, 1)] {
            let mut play = Play::new();
            let item = play.to(at - BEGIN - 10 * DAY).message(1, "5001");
            play.receive(&item);
            play.to(at - BEGIN).asks_as("5001", "c1", 1, Author::Automation);
            play.starts_as("5001", 1, 1, "MESSAGE_TAG", Some("ACCOUNT_UPDATE"));
            assert_eq!(judge(&play.history).len(), violations, "{at}");
        }
    }

    #[test]
    fn what_the_customer_did_speaks_for_a_send_even_if_the_node_did_not_hear_of_it() {
        let mut play = Play::new();
        play.writes(1, "5001");
        let unheard = play.to(DAY).message(2, "5001");
        play.deliver(&[unheard]);
        play.asks("5001", "c1", 1);
        play.starts("5001", 1, 1);
        assert_eq!(judge(&play.history), []);
    }

    #[test]
    fn a_tag_that_a_deed_made_needless_before_anybody_heard_of_it_is_no_breach() {
        let mut play = Play::new();
        play.writes(1, "5001");
        let unheard = play.to(2 * DAY).message(2, "5001");
        play.asks("5001", "c1", 1);
        play.starts_as("5001", 1, 1, "MESSAGE_TAG", Some("HUMAN_AGENT"));
        play.deliver(&[unheard]);
        assert_eq!(judge(&play.history), []);
    }

    #[test]
    fn the_first_message_after_each_ad_speaks_for_a_week_and_a_refusal_of_what_rests_on_one_is_no_breach() {
        let start = 1_790_553_600_000 - BEGIN;
        for (by_ad, again, violations) in [(true, false, 0), (true, true, 0), (false, false, 2)] {
            let mut play = Play::new();
            let by = if by_ad { Entrance::Ad } else { Entrance::Unknown };
            let entered = play.to(start).item(1, "5001", Told::Entered { by });
            let wrote = play.to(start + 1).message(2, "5001");
            play.receive(&entered);
            play.receive(&wrote);
            play.to(start + 2 * DAY).asks("5001", "c1", 1);
            let send = play.starts("5001", 1, 1);
            play.comes(&send, Taken::No { code: (10, Some(2_018_278)) });
            if again {
                let other = play.to(start + 3 * DAY).item(3, "5001", Told::Entered { by });
                let wrote = play.to(start + 3 * DAY + 1).message(4, "5001");
                play.receive(&other);
                play.receive(&wrote);
            }
            assert_eq!(judge(&play.history).len(), violations, "{by_ad} {again}");
        }
    }

    #[test]
    fn a_send_that_meta_refuses_at_once_is_found_and_a_late_one_is_not() {
        for (waits, violations) in [(60_000, 1), (60_001, 0)] {
            let mut play = Play::new();
            play.writes(1, "5001");
            play.asks("5001", "c1", 1);
            let start = play.starts("5001", 1, 1);
            play.to(waits).comes(&start, Taken::No { code: (10, Some(2_018_278)) });
            assert_eq!(judge(&play.history).len(), violations, "{waits}");
        }
    }
}
