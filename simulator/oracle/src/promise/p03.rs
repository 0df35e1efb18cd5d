//! P3: delivering anything twice changes nothing: replay(x)·replay(x) = replay(x).
//!
//! One item is received once, one message has one key, and a run in which everything came twice shows the same.

use std::collections::BTreeMap;

use model::ItemKey;

use super::projection;
use crate::history::{History, Told, Way};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 3;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = twice(history);
    violations.extend(keys(history));
    violations.extend(projection::compare(history, PROMISE, Way::Twice));
    violations
}

/// Received more than once, or put aside more often than it was delivered: each delivery has its own entry there.
fn twice(history: &History) -> Vec<Violation> {
    let ledger = history.ledger();
    let received = ledger.fates.iter().map(|(key, fate)| (key, &fate.received, 1, "received"));
    let aside = ledger.fates.iter().filter(|(_, fate)| !fate.set_aside.is_empty());
    let aside = aside.filter(|(key, _)| history.item(**key).is_some_and(|item| !item.told.is_odd()));
    let aside = aside.map(|(key, fate)| (key, &fate.set_aside, fate.offers.len(), "put aside"));
    let repeated = received
        .chain(aside)
        .filter_map(|(key, places, most, word)| Some((key, places.first()?, places.get(most)?, word)));
    repeated
        .map(|(key, once, again, word)| {
            let first = Fact::at(history, *again, format!("{} is {word}", key.to_hex()));
            Violation::new(PROMISE, first, Fact::at(history, *once, "it was before"))
        })
        .collect()
}

/// One deed has one key, and two messages have two.
fn keys(history: &History) -> Vec<Violation> {
    let mut of_deed: BTreeMap<u64, (ItemKey, usize)> = BTreeMap::new();
    let mut of_key: BTreeMap<ItemKey, (u64, usize)> = BTreeMap::new();
    let mut violations = Vec::new();
    for post in history.ledger().posts.values() {
        let Some(place) = post.offered else { continue };
        for item in history.items_of(*post) {
            let Some(deed) = item.deed else { continue };
            let here = |words: String| Fact::at(history, place, words);
            let (key, before) = *of_deed.entry(deed).or_insert((item.key, place));
            if key != item.key {
                let first = here(format!("deed {deed} comes as {}", item.key.to_hex()));
                let second = Fact::at(history, before, format!("it came as {}", key.to_hex()));
                violations.push(Violation::new(PROMISE, first, second));
            }
            // Receipts and the like may rightly be one: they say the same.
            if !matches!(item.told, Told::Message { .. } | Told::Echo { .. }) {
                continue;
            }
            let (other, before) = *of_key.entry(item.key).or_insert((deed, place));
            if other != deed {
                let first = here(format!("deed {deed} has the key {}", item.key.to_hex()));
                violations.push(Violation::new(PROMISE, first, Fact::at(history, before, format!("so has {other}"))));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Item, Journaled};
    use crate::testing::{Play, page, talk, word};

    #[test]
    fn a_repeated_delivery_without_a_second_record_is_right() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        play.deliver(&[item]);
        assert_eq!(judge(play.rest()), []);
    }

    #[test]
    fn an_item_that_is_received_again_is_found() {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        play.record(&talk("5001"), Journaled::Received { key: item.key });
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn an_item_is_put_aside_as_often_as_it_was_delivered_and_not_more() {
        let mut play = Play::new();
        let item = play.message(1, "5001");
        for (delivered, violations) in [(true, 0), (true, 0), (false, 1)] {
            if delivered {
                play.deliver(std::slice::from_ref(&item));
            }
            play.record(&page(), Journaled::SetAside { key: item.key, odd: false, cause: word("unknown-page") });
            assert_eq!(judge(&play.history).len(), violations);
        }
    }

    #[test]
    fn one_deed_with_two_keys_and_one_key_for_two_messages_are_found() {
        let mut play = Play::new();
        let deed = |item: Item, deed| Item { deed: Some(deed), ..item };
        let (first, second) = (play.message(1, "5001"), play.message(2, "5001"));
        play.deliver(&[deed(first.clone(), 1), deed(first.clone(), 1), deed(second.clone(), 2)]);
        assert_eq!(judge(&play.history), []);
        play.deliver(&[deed(second, 1)]);
        assert_eq!(judge(&play.history).len(), 2);
    }

    #[test]
    fn a_run_with_everything_twice_shows_the_same() {
        let run = |shown: usize| {
            let mut play = Play::new();
            let item = play.writes(1, "5001");
            play.shows("5001", Some(86_400_000), vec![Play::bubble(&item); shown]);
            play.history
        };
        let mut history = run(1);
        history.compare(Way::Twice, &run(1));
        assert_eq!(judge(&history), []);
        history.compare(Way::Twice, &run(2));
        let violations = judge(&history);
        assert_eq!(violations.len(), 1);
        assert!(violations[0].sentence.contains("in the run with every delivery twice"), "{}", violations[0]);
    }
}
