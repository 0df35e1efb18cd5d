//! P10: a flood on one conversation delays others by less than a measured bound.
//!
//! A flood is [`FLOOD`] acknowledged items of one conversation within [`FLOOD_WITHIN`]. While one is on, every item of
//! another conversation is received within [`DELAY_MAX`] of its 200, in virtual time; `cargo xtask bench flood` measures
//! the same on a real machine. Where the node does not run, or the world makes a fault, nobody is blamed.

use std::collections::BTreeMap;

use model::{PageId, Psid};

use crate::history::{History, Item};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 10;
/// So many items are a flood.
const FLOOD: usize = 100;
/// Within so many milliseconds.
const FLOOD_WITHIN: i64 = 60_000;
/// Others may wait so many milliseconds.
const DELAY_MAX: i64 = 1_000;

/// A flood of one conversation: its first and its last acknowledged item.
struct Flood<'h> {
    of: Of<'h>,
    from: usize,
    to: usize,
}

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let arrivals = arrivals(history);
    let floods: Vec<Flood<'_>> = arrivals.iter().filter_map(|(of, places)| flood(history, *of, places)).collect();
    if floods.is_empty() {
        return Vec::new();
    }
    let others = arrivals.iter().flat_map(|(of, places)| places.iter().map(move |(place, item)| (*of, *place, *item)));
    others.filter_map(|(of, place, item)| delayed(history, &floods, of, place, item)).collect()
}

/// A conversation.
type Of<'h> = (&'h PageId, &'h Psid);
type Arrivals<'h> = BTreeMap<Of<'h>, Vec<(usize, &'h Item)>>;

/// Where the items of each conversation were acknowledged, in order.
fn arrivals(history: &History) -> Arrivals<'_> {
    let mut arrivals: Arrivals<'_> = BTreeMap::new();
    for post in history.ledger().posts.values() {
        let Some(place) = post.acknowledged().filter(|_| history.post_is_signed(*post)) else { continue };
        for item in history.items_of(*post) {
            if let (Some(page), Some(psid)) = (&item.page, &item.customer) {
                arrivals.entry((page, psid)).or_default().push((place, item));
            }
        }
    }
    for places in arrivals.values_mut() {
        places.sort_by_key(|(place, _)| *place);
    }
    arrivals
}

/// The flood of a conversation, if it has one: the whole of what is close enough.
fn flood<'h>(history: &History, of: Of<'h>, places: &[(usize, &Item)]) -> Option<Flood<'h>> {
    let is_close =
        |pair: &&[(usize, &Item)]| history.time(pair[FLOOD - 1].0).0 - history.time(pair[0].0).0 <= FLOOD_WITHIN;
    let mut close = places.windows(FLOOD).filter(is_close);
    let first = close.next()?;
    let last = close.next_back().unwrap_or(first);
    Some(Flood { of, from: first[0].0, to: last[FLOOD - 1].0 })
}

fn delayed(history: &History, floods: &[Flood<'_>], of: Of<'_>, place: usize, item: &Item) -> Option<Violation> {
    if floods.iter().any(|flood| flood.of == of) {
        return None;
    }
    let flood = floods.iter().find(|flood| flood.from <= place && place <= flood.to)?;
    let received = history.ledger().received(item.key)?;
    let waited = history.time(received).0 - history.time(place).0;
    if waited < DELAY_MAX || history.ledger().is_troubled(place, received) {
        return None;
    }
    let words = format!("{} of {}/{} is received {waited} ms after its 200", item.key.to_hex(), of.0, of.1);
    let (page, psid) = flood.of;
    let second = format!("{page}/{psid} is under a flood, which may delay others by less than {DELAY_MAX} ms");
    Some(Violation::new(PROMISE, Fact::at(history, received, words), Fact::at(history, flood.from, second)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Life;
    use crate::testing::Play;

    fn run(items: usize, waits: i64, faulty: bool) -> usize {
        let mut play = Play::new();
        for number in 0..items {
            let item = play.message(u8::try_from(number).unwrap(), "5001");
            play.deliver(&[item]);
        }
        let other = play.message(200, "5002");
        play.deliver(std::slice::from_ref(&other));
        let last = play.message(201, "5001");
        play.deliver(&[last]);
        if faulty {
            play.life(Life::Crashed);
            play.life(Life::Started);
        }
        play.to(waits).received(&other);
        judge(&play.history).len()
    }

    #[test]
    fn others_wait_less_than_the_bound_during_a_flood() {
        assert_eq!(run(100, 0, false), 0);
        assert_eq!(run(100, 999, false), 0);
        assert_eq!(run(100, 1_000, false), 1);
        assert_eq!(run(100, 1_001, false), 1);
    }

    #[test]
    fn without_a_flood_or_with_a_crash_nobody_is_blamed() {
        assert_eq!(run(98, 5_000, false), 0);
        assert_eq!(run(100, 5_000, true), 0);
    }
}
