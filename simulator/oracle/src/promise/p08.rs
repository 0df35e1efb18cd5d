//! P8: a poison item is quarantined with its cause; its neighbours, its Page and the node go on.
//!
//! A poison is an item that the world makes fail, or one of a Page that the node does not know. Only such items may be put
//! aside, and what was delivered beside them may not be lost with them.

use model::ItemKey;

use crate::history::{History, Item, Journaled};
use crate::ledger::Fate;
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 8;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (key, fate) in &history.ledger().fates {
        for place in &fate.set_aside {
            violations.extend(causeless(history, *key, *place));
        }
    }
    let poisons = history.ledger().poisoned.iter().map(|(key, place)| (*key, *place));
    violations.extend(poisons.flat_map(|(key, place)| neighbours(history, key, place)));
    violations
}

/// Put aside without a cause, or without being a poison.
fn causeless(history: &History, key: ItemKey, place: usize) -> Option<Violation> {
    let Some(Journaled::SetAside { cause, odd, .. }) = history.record(place).map(|record| &record.says) else {
        return None;
    };
    let first = Fact::at(history, place, format!("{} is put aside as {cause:?}", key.to_hex()));
    if cause.is_empty() {
        return Some(Violation::new(PROMISE, first, Fact::missing("that is no cause")));
    }
    let item = history.item(key)?;
    let is_known = item.page.as_ref().is_some_and(|page| history.setup.pages.contains_key(page));
    let is_poison = history.ledger().poisoned.contains_key(&key) || !is_known;
    if (*odd && item.told.is_odd()) || (!*odd && is_poison && !item.told.is_odd()) {
        return None;
    }
    let words = format!("it is a sound {} of a known Page", item.kind);
    let second = match history.ledger().fates.get(&key).and_then(|fate| fate.acknowledged) {
        Some(place) => Fact::at(history, place, words),
        None => Fact::missing(words),
    };
    Some(Violation::new(PROMISE, first, second))
}

/// What came in one delivery with a poison and is nowhere at the end.
fn neighbours(history: &History, poison: ItemKey, place: usize) -> Vec<Violation> {
    let ledger = history.ledger();
    if ledger.at_rest.is_none() {
        return Vec::new();
    }
    let posts = ledger.places_of(history, poison).filter(|(post, _)| post.acknowledged().is_some());
    let beside = posts.flat_map(|(post, _)| history.items_of(post));
    let is_lost = |item: &&Item| item.key != poison && ledger.fates.get(&item.key).is_none_or(Fate::is_lost);
    beside
        .filter(is_lost)
        .map(|item| {
            let first = Fact::at(history, place, format!("{} is poisoned", poison.to_hex()));
            let words = format!("its neighbour {} ends nowhere", item.key.to_hex());
            Violation::new(PROMISE, first, Fact::missing(words))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use model::PageId;

    use super::*;
    use crate::history::{Life, Told, Word};
    use crate::testing::{Play, page, word};

    fn aside(play: &mut Play, item: &Item, odd: bool, cause: &'static str) {
        play.record(&page(), Journaled::SetAside { key: item.key, odd, cause: Word::Borrowed(cause) });
    }

    #[test]
    fn a_poison_goes_aside_and_its_neighbour_does_not() {
        let mut play = Play::new();
        let (poison, neighbour) = (play.message(1, "5001"), play.message(2, "5002"));
        let unknown = Item { page: Some(PageId::new("7")), ..play.message(3, "5003") };
        let odd = Item { customer: None, ..play.item(4, "5001", Told::Odd { reason: word("not-json") }) };
        play.life(Life::Poisoned { key: poison.key });
        play.deliver(&[poison.clone(), neighbour.clone(), unknown.clone(), odd.clone()]);
        play.received(&neighbour);
        aside(&mut play, &poison, false, "brings-its-conversation-down");
        aside(&mut play, &unknown, false, "unknown-page");
        aside(&mut play, &odd, true, "not-json");
        assert_eq!(judge(play.rest()), []);
    }

    #[test]
    fn a_sound_item_that_is_put_aside_and_one_without_a_cause_are_found() {
        let mut play = Play::new();
        let (sound, poison) = (play.message(1, "5001"), play.message(2, "5001"));
        play.life(Life::Poisoned { key: poison.key });
        play.deliver(&[sound.clone(), poison.clone()]);
        aside(&mut play, &sound, false, "brings-its-conversation-down");
        aside(&mut play, &poison, false, "");
        assert_eq!(judge(play.rest()).len(), 2);
    }

    #[test]
    fn a_neighbour_that_is_lost_with_a_poison_is_found() {
        let mut play = Play::new();
        let (poison, neighbour) = (play.message(1, "5001"), play.message(2, "5002"));
        play.life(Life::Poisoned { key: poison.key });
        play.deliver(&[poison.clone(), neighbour]);
        aside(&mut play, &poison, false, "brings-its-conversation-down");
        assert_eq!(judge(play.rest()).len(), 1);
    }
}
