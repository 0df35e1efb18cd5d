//! P6: one send is one bubble, whichever of echo and HTTP answer comes first.
//!
//! Which messages are the node's own follows from the ids that Meta gave to its sends, not from what the node believes.

use std::collections::{BTreeMap, BTreeSet};

use model::{MachineId, Mid};

use super::parts::parts;
use crate::history::{History, Journaled, Shown, Told, Who};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 6;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = confirmed(history);
    for machine in history.ledger().records.keys() {
        violations.extend(echoes(history, machine));
    }
    for places in history.ledger().shown.values() {
        violations.extend(places.iter().filter_map(|place| doubled(history, *place, history.shown_at(*place)?)));
    }
    violations
}

/// One part is confirmed once, and one message confirms one part.
fn confirmed(history: &History) -> Vec<Violation> {
    let mut by_mid: BTreeMap<&Mid, (usize, String)> = BTreeMap::new();
    let mut violations = Vec::new();
    for part in parts(history) {
        let sent = part.records.iter().filter_map(|(place, record)| {
            if let Journaled::PartSent { mid, .. } = &record.says { Some((*place, mid.as_ref())) } else { None }
        });
        let mut before = None;
        for (place, mid) in sent {
            let first = || Fact::at(history, place, format!("{} is sent", part.words()));
            if let Some(before) = before {
                violations.push(Violation::new(PROMISE, first(), Fact::at(history, before, "it was sent already")));
            }
            before = Some(place);
            let Some(mid) = mid else { continue };
            match by_mid.get(mid) {
                Some((before, other)) if *other != part.words() => {
                    let second = Fact::at(history, *before, format!("its message {mid} is that of {other}"));
                    violations.push(Violation::new(PROMISE, first(), second));
                }
                Some(_) => {}
                None => {
                    by_mid.insert(mid, (place, part.words()));
                }
            }
        }
    }
    violations
}

/// An echo of the node's own message is never another's, and it proves its part.
fn echoes(history: &History, machine: &MachineId) -> Vec<Violation> {
    let taken = &history.ledger().taken;
    let mut proved: BTreeSet<&Mid> = BTreeSet::new();
    let mut echoed: Vec<(usize, &Mid)> = Vec::new();
    let mut violations = Vec::new();
    for (place, record) in history.records_of(machine) {
        if let Journaled::SentOutside { mid } = &record.says
            && let Some(taken) = taken.get(mid)
        {
            let first = Fact::at(history, place, format!("{machine} holds {mid} for another's"));
            let second = Fact::at(history, *taken, "Meta gave that id to a send of the node");
            violations.push(Violation::new(PROMISE, first, second));
        }
        if let Journaled::PartSent { mid: Some(mid), .. } = &record.says {
            proved.insert(mid);
        }
        if let Some(Told::Echo { mid, .. }) = history.heard(place).map(|item| &item.told)
            && taken.contains_key(mid)
        {
            echoed.push((place, mid));
        }
    }
    if history.ledger().at_rest.is_some() {
        let unproved = echoed.into_iter().filter(|(_, mid)| !proved.contains(mid));
        violations.extend(unproved.map(|(place, mid)| {
            let first = Fact::at(history, place, format!("the echo of {mid} came to {machine}"));
            Violation::new(PROMISE, first, Fact::missing("no part was ever sent as that"))
        }));
    }
    violations
}

/// A message, or a part, stands twice in what is shown.
fn doubled(history: &History, place: usize, shown: &Shown) -> Option<Violation> {
    let mut mids: BTreeMap<&Mid, usize> = BTreeMap::new();
    let mut parts: BTreeMap<u32, usize> = BTreeMap::new();
    for (index, bubble) in shown.bubbles.iter().enumerate() {
        let by_mid = bubble.mid.as_ref().and_then(|mid| mids.insert(mid, index));
        let by_part = if let Who::Us(part) = bubble.who { parts.insert(part, index) } else { None };
        if let Some(before) = by_mid.or(by_part) {
            let words = format!("{} is shown with message {}", shown.machine, index + 1);
            let second = Fact::at(history, place, format!("message {} is the same one", before + 1));
            return Some(Violation::new(PROMISE, Fact::at(history, place, words), second));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Bubble, Taken};
    use crate::testing::{Play, talk};

    fn ours(play: &Play, part: u32, mid: &str) -> Bubble {
        let echo = play.echo(9, "5001", mid);
        Bubble { who: Who::Us(part), ..Play::bubble(&echo) }
    }

    #[test]
    fn answer_and_echo_in_either_order_are_one_bubble() {
        let mut play = Play::new();
        play.writes(1, "5001");
        play.answered("5001", "c1", 1, "x1");
        let echo = play.echo(2, "5001", "x1");
        play.receive(&echo);
        // Now the echo first: it proves the part, and the answer adds nothing.
        play.asks("5001", "c2", 1);
        let start = play.starts("5001", 2, 1);
        play.comes(&start, Taken::Yes { mid: Mid::new("x2") });
        let echo = play.echo(3, "5001", "x2");
        play.receive(&echo);
        play.record(&talk("5001"), Journaled::PartSent { part: 2, mid: Some(Mid::new("x2")) });
        let bubbles = vec![ours(&play, 1, "x1"), ours(&play, 2, "x2")];
        play.shows("5001", None, bubbles);
        assert_eq!(judge(play.rest()), []);
    }

    #[test]
    fn an_own_echo_that_is_held_for_anothers_is_found() {
        let mut play = Play::new();
        play.answered("5001", "c1", 1, "x1");
        play.record(&talk("5001"), Journaled::SentOutside { mid: Mid::new("x1") });
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn a_part_that_is_confirmed_twice_and_a_message_of_two_parts_are_found() {
        let mut play = Play::new();
        let sent = |part| Journaled::PartSent { part, mid: Some(Mid::new("x1")) };
        play.answered("5001", "c1", 1, "x1");
        play.record(&talk("5001"), sent(1));
        assert_eq!(judge(&play.history).len(), 1);
        play.record(&talk("5001"), sent(2));
        assert_eq!(judge(&play.history).len(), 2);
    }

    #[test]
    fn an_echo_that_proves_nothing_is_found_at_rest() {
        let mut play = Play::new();
        let start = play.starts("5001", 1, 1);
        play.comes(&start, Taken::Yes { mid: Mid::new("x1") });
        let echo = play.echo(2, "5001", "x1");
        play.receive(&echo);
        assert_eq!(judge(&play.history), []);
        assert_eq!(judge(play.rest()).len(), 1);
    }

    #[test]
    fn a_message_that_is_shown_twice_is_found() {
        let mut play = Play::new();
        for (bubbles, violations) in [
            (vec![ours(&play, 1, "x1"), ours(&play, 2, "x2")], 0),
            (vec![ours(&play, 1, "x1"), ours(&play, 1, "x2")], 1),
            (vec![ours(&play, 1, "x1"), Bubble { who: Who::Outside, ..ours(&play, 1, "x1") }], 1),
        ] {
            let mut play = Play::new();
            play.shows("5001", None, bubbles);
            assert_eq!(judge(&play.history).len(), violations);
        }
        play.rest();
    }
}
