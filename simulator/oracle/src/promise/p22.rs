//! P22: receiving never needs a token.
//!
//! While a Page has none, its deliveries are answered with 200, and received no later than at other times. Where the node
//! does not run, or the world makes a fault, nobody is blamed.

use crate::history::{History, Item};
use crate::ledger::{Fate, Post};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 22;
/// An item is received within so many milliseconds.
const RECEIVED_WITHIN: i64 = 60_000;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let ledger = history.ledger();
    if ledger.tokenless.is_empty() {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for (number, post) in &ledger.posts {
        let Some(offered) = post.offered.filter(|_| history.post_is_signed(*post)) else { continue };
        let items = history.items_of(*post);
        let tokenless =
            items.iter().filter(|item| item.page.as_ref().is_some_and(|page| ledger.is_tokenless(page, offered)));
        let tokenless: Vec<&Item> = tokenless.collect();
        let Some(page) = tokenless.first().and_then(|item| item.page.as_ref()) else { continue };
        let without = || Fact::at(history, offered, format!("the Page {page} has no token and needs none for it"));
        if let Some((place, status)) = post.answered.filter(|(_, status)| *status != 200)
            && !ledger.is_troubled(offered, place)
        {
            let first = Fact::at(history, place, format!("delivery {number} is answered with {status}"));
            violations.push(Violation::new(PROMISE, first, without()));
        }
        for item in tokenless {
            if let Some(lost) = lost(history, *post, item) {
                violations.push(Violation::new(PROMISE, lost, without()));
            }
            if let Some(late) = late(history, *post, item) {
                violations.push(Violation::new(PROMISE, late, without()));
            }
        }
    }
    violations
}

/// An item that nobody ever received, though it was acknowledged.
fn lost(history: &History, post: Post, item: &Item) -> Option<Fact> {
    let ledger = history.ledger();
    let acknowledged = post.acknowledged().filter(|_| ledger.at_rest.is_some())?;
    let is_lost = ledger.fates.get(&item.key).is_none_or(Fate::is_lost);
    is_lost.then(|| Fact::at(history, acknowledged, format!("{} is acknowledged and nowhere", item.key.to_hex())))
}

/// An item that waited too long for its machine.
fn late(history: &History, post: Post, item: &Item) -> Option<Fact> {
    let acknowledged = post.acknowledged()?;
    let received = history.ledger().received(item.key)?;
    let waited = history.time(received).0 - history.time(acknowledged).0;
    let is_late = received > acknowledged && waited > RECEIVED_WITHIN;
    (is_late && !history.ledger().is_troubled(acknowledged, received))
        .then(|| Fact::at(history, received, format!("{} is received {waited} ms after its 200", item.key.to_hex())))
}

#[cfg(test)]
mod tests {
    use model::PageId;

    use super::*;
    use crate::history::{Life, Meta, What};
    use crate::testing::{Play, word};

    fn run(dead: bool, status: u16, waits: i64, faulty: bool) -> usize {
        let mut play = Play::new();
        if dead {
            play.note(What::Meta(Meta::TokenDied { page: PageId::new("1029") }));
        }
        if faulty {
            play.life(Life::FaultBegan { fault: word("full-disk") });
        }
        let item = play.message(1, "5001");
        let number = play.offer(std::slice::from_ref(&item));
        play.answer(number, status);
        play.to(waits).received(&item);
        judge(&play.history).len()
    }

    #[test]
    fn a_page_without_a_token_receives_as_ever() {
        assert_eq!(run(true, 200, RECEIVED_WITHIN, false), 0);
        assert_eq!(run(true, 200, RECEIVED_WITHIN + 1, false), 1);
        assert_eq!(run(true, 503, 0, false), 1);
    }

    #[test]
    fn what_a_page_without_a_token_acknowledged_is_received_in_the_end() {
        for (received, found) in [(true, 0), (false, 1)] {
            let mut play = Play::new();
            play.note(What::Meta(Meta::TokenDied { page: PageId::new("1029") }));
            let item = play.message(1, "5001");
            let number = play.offer(std::slice::from_ref(&item));
            play.answer(number, 200);
            if received {
                play.received(&item);
            }
            play.life(Life::AtRest);
            assert_eq!(judge(&play.history).len(), found);
        }
    }

    #[test]
    fn with_a_token_or_under_a_fault_it_is_another_matter() {
        assert_eq!(run(false, 503, RECEIVED_WITHIN + 1, false), 0);
        assert_eq!(run(true, 503, RECEIVED_WITHIN + 1, true), 0);
    }
}
