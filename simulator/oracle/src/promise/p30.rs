//! P30: the signature is checked on raw bytes before parsing; refused requests are counted, never processed.
//!
//! A delivery under a wrong signature is refused by a status of 4xx, and what stands in it alone is never received.

use crate::history::History;
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 30;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let ledger = history.ledger();
    let mut violations = Vec::new();
    for (number, post) in &ledger.posts {
        let Some(offered) = post.offered.filter(|_| !history.post_is_signed(*post)) else { continue };
        let forged = || Fact::at(history, offered, "it is not signed as it should be");
        if let Some((place, status)) = post.answered.filter(|(_, status)| !(400..500).contains(status)) {
            let first = Fact::at(history, place, format!("delivery {number} is answered with {status}"));
            violations.push(Violation::new(PROMISE, first, forged()));
        }
        for item in history.items_of(*post) {
            if ledger.places_of(history, item.key).any(|(_, signed)| signed) {
                continue;
            }
            let Some(fate) = ledger.fates.get(&item.key) else { continue };
            for place in [&fate.received, &fate.set_aside].into_iter().filter_map(|places| places.first()) {
                let words = format!("{} of delivery {number} is in the journal", item.key.to_hex());
                violations.push(Violation::new(PROMISE, Fact::at(history, *place, words), forged()));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Item, Webhook, What};
    use crate::testing::Play;

    fn forged(play: &mut Play, item: &Item) -> u64 {
        let (number, items) = (99, vec![item.clone()]);
        play.note(What::Webhook(Webhook::Offered { number, signed: false, items }));
        number
    }

    #[test]
    fn a_forged_delivery_is_refused() {
        for (status, violations) in [(200, 1), (399, 1), (400, 0), (401, 0), (499, 0), (500, 1), (503, 1)] {
            let mut play = Play::new();
            let item = play.message(1, "5001");
            let number = forged(&mut play, &item);
            play.answer(number, status);
            assert_eq!(judge(&play.history).len(), violations, "{status}");
        }
    }

    #[test]
    fn what_only_a_forged_delivery_held_is_never_received() {
        let mut play = Play::new();
        let item = play.message(1, "5001");
        forged(&mut play, &item);
        play.received(&item);
        assert_eq!(judge(&play.history).len(), 1);
        play.deliver(&[item]);
        assert_eq!(judge(&play.history), []);
    }
}
