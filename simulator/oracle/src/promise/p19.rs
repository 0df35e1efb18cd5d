//! P19: permuted deliveries give the same projection {transcript, window, receipts, reactions}: order is (Meta timestamp,
//! tie-breaker); task text follows arrival, a late older message is a comment marked with its time.
//!
//! The transcript that is shown is the reference's, and so is that of a run with deliveries in another order. Windows and
//! receipts of one run are P13 and P18.

use std::collections::BTreeMap;

use model::{ItemKey, MachineId};

use super::{projection, walk};
use crate::history::{Bubble, Digest, History, Journaled, Line, Told, Way, Who};
use crate::reference::{Talk, Written, written};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 19;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = projection::compare(history, PROMISE, Way::Permuted);
    violations.extend(history.ledger().shown.keys().filter_map(|machine| transcript(history, machine)));
    for machine in history.ledger().records.keys() {
        violations.extend(order_of_lines(history, machine));
    }
    violations.extend(marks(history));
    violations
}

/// What is shown last is what was received, in Meta's order.
fn transcript(history: &History, machine: &MachineId) -> Option<Violation> {
    let (place, shown) = history.last_shown(machine)?;
    let mut talk = Talk::default();
    let mut outside = Vec::new();
    for (at, record) in history.records_of(machine).take_while(|(at, _)| *at < place) {
        if let Journaled::SentOutside { mid } = &record.says {
            outside.push(mid);
        }
        if let Some(item) = history.heard(at) {
            talk.hear(item);
        }
    }
    // An echo of which it is not clear yet whose it is may wait; P9 sees to it that it does not wait for ever.
    let expected = written(&talk, |mid| !history.ledger().taken.contains_key(mid) && outside.contains(&mid));
    let found: Vec<&Bubble> =
        shown.bubbles.iter().filter(|bubble| matches!(bubble.who, Who::Customer | Who::Outside)).collect();
    let count = expected.len().max(found.len());
    let index = (0..count).find(|index| !matches(found.get(*index).copied(), expected.get(*index)))?;
    let bubble = found.get(index).map_or_else(|| "nothing".to_owned(), |bubble| projection::words(bubble));
    let first = Fact::at(history, place, format!("message {} of {machine} is {bubble}", index + 1));
    let second = match expected.get(index) {
        None => Fact::missing("nothing more was written"),
        Some(written) => {
            let words = format!("by Meta's order it is {} of {}", written.key.to_hex(), written.at.0);
            let words = format!("{words}{}", standing(written));
            match history.ledger().received(written.key) {
                Some(place) => Fact::at(history, place, words),
                None => Fact::missing(words),
            }
        }
    };
    Some(Violation::new(PROMISE, first, second))
}

fn standing(written: &Written) -> String {
    let mut words = written.text.map(|text| format!(", text {text:?}")).unwrap_or_default();
    for (is, word) in [(written.edited, ", changed"), (written.unsent, ", taken back")] {
        if is {
            words.push_str(word);
        }
    }
    format!("{words}, {} reactions", written.reactions.len())
}

fn matches(bubble: Option<&Bubble>, written: Option<&Written>) -> bool {
    let (Some(bubble), Some(written)) = (bubble, written) else { return false };
    bubble.key == Some(written.key)
        && bubble.at == written.at
        && bubble.mid == written.mid
        && (bubble.who == Who::Outside) == written.by_page
        && written.text.is_none_or(|text| text == bubble.text)
        && bubble.reactions == written.reactions
        && (bubble.edited, bubble.unsent) == (written.edited, written.unsent)
}

/// Lines go to the task in the order in which their items were received.
fn order_of_lines(history: &History, machine: &MachineId) -> Option<Violation> {
    let mut arrived: BTreeMap<ItemKey, usize> = BTreeMap::new();
    let mut newest: Option<(usize, usize, ItemKey)> = None;
    let mut known: BTreeMap<ItemKey, usize> = BTreeMap::new();
    for (place, record) in history.records_of(machine) {
        if let Some(item) = history.heard(place).filter(|item| item.told.is_written()) {
            arrived.entry(item.key).or_insert(place);
        }
        for line in record.says.lines().unwrap_or_default() {
            let Some(received) = arrived.get(&line.key).copied() else { continue };
            if known.insert(line.key, place).is_some() {
                continue;
            }
            if let Some((before, _, other)) = newest.filter(|(_, newest, _)| received < *newest) {
                let words = format!("{} goes to the task of {machine}", line.key.to_hex());
                let second = format!("{}, which came later, went before it", other.to_hex());
                let (first, second) = (Fact::at(history, place, words), Fact::at(history, before, second));
                return Some(Violation::new(PROMISE, first, second));
            }
            newest = Some((place, received, line.key));
        }
    }
    None
}

/// A line is marked exactly where its item is older than something that the customer wrote and that came before it.
fn marks(history: &History) -> Vec<Violation> {
    let mut late: BTreeMap<ItemKey, bool> = BTreeMap::new();
    let mut of: Option<&MachineId> = None;
    let mut violations = Vec::new();
    walk(history, |machine, talk, place, record| {
        if of.replace(machine) != Some(machine) {
            late.clear();
        }
        if let Some(item) = history.heard(place).filter(|item| item.told.is_written()) {
            late.entry(item.key).or_insert_with(|| talk.is_late(item.at));
        }
        for line in record.says.lines().unwrap_or_default() {
            let first = |words: &str| Fact::at(history, place, format!("the line of {} {words}", line.key.to_hex()));
            let expected = late.get(&line.key).copied();
            if let Some(expected) = expected.filter(|expected| *expected != line.late) {
                let (is, was) = match expected {
                    true => ("is not marked with its time", "it is older than what came before it"),
                    false => ("is marked with its time", "nothing newer came before it"),
                };
                violations.push(Violation::new(PROMISE, first(is), received(history, line.key, was)));
            }
            if !says_so(history, talk, line) {
                let second = received(history, line.key, "the customer wrote something else");
                violations.push(Violation::new(PROMISE, first("says something of its own"), second));
            }
        }
    });
    violations
}

fn received(history: &History, key: ItemKey, words: &str) -> Fact {
    match history.ledger().received(key) {
        Some(place) => Fact::at(history, place, words),
        None => Fact::missing(words),
    }
}

/// Whether the line of a message says what the customer wrote: its text, a newer one that was known, nothing if it was
/// taken back. The words of other lines are made up by the node.
fn says_so(history: &History, talk: &Talk<'_>, line: &Line) -> bool {
    let Some(Told::Message { mid, text, .. }) = history.item(line.key).map(|item| &item.told) else { return true };
    let says = |told: &Told| {
        if let Told::Edited { mid: edited, text, .. } = told {
            return edited == mid && *text == line.text;
        }
        matches!(told, Told::Unsent { mid: unsent } if unsent == mid) && line.text == Digest::of_line("")
    };
    *text == line.text || talk.items().iter().any(|item| says(&item.told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Item, TrackerAnswer};
    use crate::testing::{Play, talk, text};

    fn two() -> (Play, Item, Item) {
        let mut play = Play::new();
        let older = play.message(2, "5001");
        let newer = play.to(5).message(1, "5001");
        (play, older, newer)
    }

    #[test]
    fn the_transcript_follows_metas_order_whatever_came_first() {
        let (mut play, older, newer) = two();
        play.receive(&newer);
        play.receive(&older);
        play.shows("5001", None, vec![Play::bubble(&older), Play::bubble(&newer)]);
        assert_eq!(judge(&play.history), []);
        play.shows("5001", None, vec![Play::bubble(&newer), Play::bubble(&older)]);
        assert_eq!(judge(&play.history).len(), 1);
        play.shows("5001", None, vec![Play::bubble(&older)]);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn of_one_millisecond_the_key_decides() {
        let mut play = Play::new();
        let (second, first) = (play.message(2, "5001"), play.message(1, "5001"));
        play.receive(&second);
        play.receive(&first);
        play.shows("5001", None, vec![Play::bubble(&first), Play::bubble(&second)]);
        assert_eq!(judge(&play.history), []);
    }

    #[test]
    fn a_changed_or_lost_mark_of_a_message_is_found() {
        let mut play = Play::new();
        let message = play.writes(1, "5001");
        let edit = play.item(2, "5001", Told::Edited { mid: model::Mid::new("m1"), nth: 1, text: text("new") });
        play.receive(&edit);
        let edited = Bubble { text: text("new"), edited: true, ..Play::bubble(&message) };
        play.shows("5001", None, vec![edited.clone()]);
        assert_eq!(judge(&play.history), []);
        play.shows("5001", None, vec![Bubble { text: text("old"), ..edited }]);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn lines_follow_arrival_and_a_late_one_is_marked() {
        for (first_late, second_late, violations) in [(false, true, 0), (false, false, 1), (true, true, 1)] {
            let (mut play, older, newer) = two();
            play.receive(&newer);
            play.receive(&older);
            let line = |item: &Item, late| Line { late, ..Play::line(item) };
            let lines = vec![line(&newer, first_late), line(&older, second_late)];
            play.record(&talk("5001"), Journaled::TaskAsked { lines });
            assert_eq!(judge(&play.history).len(), violations);
        }
    }

    #[test]
    fn lines_in_another_order_are_found_and_repeated_ones_are_not() {
        let mut play = Play::new();
        let (first, second) = (play.writes(1, "5001"), play.writes(2, "5001"));
        play.adds("5001", &[&first], "1", &TrackerAnswer::Inactive);
        play.adds("5001", &[&first, &second], "2", &TrackerAnswer::Down);
        assert_eq!(judge(&play.history), []);
        let (third, fourth) = (play.writes(3, "5001"), play.writes(4, "5001"));
        play.adds("5001", &[&fourth, &third], "2", &TrackerAnswer::Down);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn a_line_says_what_the_customer_wrote() {
        let mut play = Play::new();
        let message = play.writes(1, "5001");
        let other = Line { text: text("other"), ..Play::line(&message) };
        play.record(&talk("5001"), Journaled::TaskAsked { lines: vec![other] });
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn another_order_of_deliveries_shows_the_same() {
        let run = |end| {
            let mut play = Play::new();
            play.shows("5001", end, Vec::new());
            play.history
        };
        let mut history = run(Some(1));
        history.compare(Way::Permuted, &run(Some(1)));
        assert_eq!(judge(&history), []);
        history.compare(Way::Permuted, &run(Some(2)));
        assert_eq!(judge(&history).len(), 1);
    }
}
