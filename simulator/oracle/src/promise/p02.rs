//! P2: 200 is answered only after the raw body is durable; every item ends applied, duplicate, or quarantined with a
//! reason.
//!
//! Looks at what is missing, invented or astray; what is there twice is P3. Lost can be called only what is missing when
//! the world is at rest.

use crate::history::{History, Item};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 2;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = unkept(history);
    violations.extend(lost(history));
    violations.extend(astray(history));
    violations
}

/// Answers before the body was kept.
fn unkept(history: &History) -> Vec<Violation> {
    if !history.setup.tells_kept {
        return Vec::new();
    }
    let posts = history.ledger().posts.iter().filter_map(|(number, post)| Some((number, post, post.acknowledged()?)));
    let early = posts.filter(|(_, post, answered)| post.kept.is_none_or(|kept| kept > *answered));
    early
        .map(|(number, post, answered)| {
            let first = Fact::at(history, answered, format!("delivery {number} is answered with 200"));
            let second = match post.kept {
                Some(kept) => Fact::at(history, kept, "its body is on disk only here"),
                None => Fact::missing("its body is never on disk"),
            };
            Violation::new(PROMISE, first, second)
        })
        .collect()
}

/// What was acknowledged and is nowhere, and what is kept too often or too rarely because nobody understands it.
fn lost(history: &History) -> Vec<Violation> {
    let ledger = history.ledger();
    let mut violations = Vec::new();
    for (key, fate) in &ledger.fates {
        let Some(item) = history.offered(fate) else { continue };
        if item.told.is_odd() {
            violations.extend(odd(history, item, fate.set_aside.len()));
            continue;
        }
        let Some(acknowledged) = fate.acknowledged else { continue };
        let first = || Fact::at(history, acknowledged, format!("the {} {} is acknowledged", item.kind, key.to_hex()));
        if ledger.at_rest.is_some() && fate.is_lost() {
            violations.push(Violation::new(PROMISE, first(), Fact::missing("no record ever tells of it")));
        }
        if let (Some(_), Some(place)) = (fate.received.first(), fate.set_aside.first()) {
            violations.push(Violation::new(
                PROMISE,
                first(),
                Fact::at(history, *place, "it is received and put aside"),
            ));
        }
    }
    violations
}

/// What nobody understands is kept once for each delivery that holds it.
fn odd(history: &History, item: &Item, kept: usize) -> Option<Violation> {
    let ledger = history.ledger();
    let posts: Vec<_> =
        ledger.places_of(history, item.key).filter(|(_, signed)| *signed).map(|(post, _)| post).collect();
    let acknowledged: Vec<usize> = posts.iter().filter_map(|post| post.acknowledged()).collect();
    let too_few = ledger.at_rest.is_some() && kept < acknowledged.len();
    if !too_few && kept <= posts.len() {
        return None;
    }
    let place = *acknowledged.last().or(posts.last()?.offered.as_ref())?;
    let times = format!("{} deliveries hold an item that nobody understands", posts.len());
    let second = Fact::missing(format!("the journal keeps it {kept} times"));
    Some(Violation::new(PROMISE, Fact::at(history, place, times), second))
}

/// What is received though nobody offered it, or by another machine than its own.
fn astray(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (key, fate) in &history.ledger().fates {
        for place in &fate.received {
            let Some(record) = history.record(*place) else { continue };
            let machine = &record.id.machine;
            let item = history.heard(*place).or_else(|| history.offered(fate));
            let second = match item {
                None => "no delivery held it".to_owned(),
                Some(item) if item.is_for(machine) => continue,
                Some(item) => {
                    item.machine().map_or_else(|| "it is nobody's".to_owned(), |own| format!("it is {own}'s"))
                }
            };
            let first = Fact::at(history, *place, format!("{machine} received {}", key.to_hex()));
            violations.push(Violation::new(PROMISE, first, Fact::missing(second)));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use model::ItemKey;

    use super::*;
    use crate::history::{Journaled, Told, Webhook, What};
    use crate::testing::{Play, page, talk, word};

    fn odd_item(play: &Play) -> Item {
        Item { customer: None, ..play.item(9, "5001", Told::Odd { reason: word("unknown-kind") }) }
    }

    fn keep(play: &mut Play, item: &Item) {
        play.record(&page(), Journaled::SetAside { key: item.key, odd: true, cause: word("unknown-kind") });
    }

    #[test]
    fn every_end_of_an_item_is_an_end() {
        let mut play = Play::new();
        play.writes(1, "5001");
        let aside = play.message(2, "5001");
        play.deliver(std::slice::from_ref(&aside));
        play.record(&page(), Journaled::SetAside { key: aside.key, odd: false, cause: word("unknown-page") });
        // Repeated: a duplicate, and nothing more.
        play.deliver(&[aside]);
        let odd = odd_item(&play);
        play.deliver(std::slice::from_ref(&odd));
        keep(&mut play, &odd);
        // Refused: Meta comes again or not.
        let refused = play.message(3, "5001");
        let number = play.offer(&[refused]);
        play.answer(number, 503);
        assert_eq!(judge(play.rest()), []);
    }

    #[test]
    fn an_acknowledged_item_without_a_record_is_lost_once_the_world_rests() {
        let mut play = Play::new();
        let item = play.message(1, "5001");
        play.deliver(&[item]);
        assert_eq!(judge(&play.history), []);
        let violations = judge(play.rest());
        assert_eq!(
            violations[0].sentence,
            "P2: [2 at 1780272000000] the message 01010101010101010101010101010101 is acknowledged, but no record ever \
             tells of it"
        );
        assert_eq!(violations.len(), 1);
    }

    #[test]
    fn an_item_of_another_machine_or_of_nobody_is_astray() {
        let mut play = Play::new();
        let item = play.message(1, "5001");
        play.deliver(std::slice::from_ref(&item));
        play.record(&talk("5002"), Journaled::Received { key: item.key });
        play.record(&talk("5002"), Journaled::Received { key: ItemKey([7; 16]) });
        assert_eq!(judge(play.rest()).len(), 2);
    }

    #[test]
    fn what_nobody_understands_is_kept_as_often_as_it_came() {
        for (kept, violations) in [(1, 1), (2, 0), (3, 1)] {
            let mut play = Play::new();
            let odd = odd_item(&play);
            play.deliver(std::slice::from_ref(&odd));
            play.deliver(std::slice::from_ref(&odd));
            (0..kept).for_each(|_| keep(&mut play, &odd));
            assert_eq!(judge(play.rest()).len(), violations, "{kept}");
        }
    }

    #[test]
    fn an_answer_before_the_body_is_kept_is_found_where_the_world_tells() {
        let history = |kept_first: bool| {
            let mut play = Play::new();
            play.history.setup.tells_kept = true;
            let number = play.offer(&[]);
            if kept_first {
                play.note(What::Webhook(Webhook::Kept { number }));
            }
            play.answer(number, 200);
            play.note(What::Webhook(Webhook::Kept { number }));
            play.history
        };
        assert_eq!(judge(&history(true)), []);
        assert_eq!(judge(&history(false)).len(), 1);
    }
}
