//! Two runs of the same deeds: whether {transcript, window, receipts, reactions} are the same.
//!
//! What the node itself sent is left out where only the deliveries were meant to be compared: it depends on when an answer
//! was asked for. Judges nothing by itself; P3, P7 and P19 do.

use model::MachineId;

use crate::history::{Bubble, History, Rerun, Shown, Way, Who};
use crate::violation::{Fact, Violation};

/// What the runs of this way show otherwise.
pub(super) fn compare(history: &History, promise: u8, way: Way) -> Vec<Violation> {
    let reruns = history.reruns().iter().filter(|rerun| rerun.way == way);
    reruns.flat_map(|rerun| differences(history, promise, rerun)).collect()
}

fn differences(history: &History, promise: u8, rerun: &Rerun) -> Vec<Violation> {
    let mut violations = Vec::new();
    for machine in history.ledger().shown.keys() {
        let Some((place, shown)) = history.last_shown(machine) else { continue };
        let (second_place, difference) = match rerun.shown.get(machine) {
            None => (None, Some(("it is shown".to_owned(), "nothing is shown of it".to_owned()))),
            Some((place, other)) => (Some(*place), difference(shown, other)),
        };
        if let Some((ours, theirs)) = difference {
            let first = Fact::at(history, place, format!("of {machine} {ours}"));
            violations.push(Violation::new(promise, first, Fact::elsewhere(rerun.way, second_place, theirs)));
        }
    }
    let more = rerun.shown.keys().filter(|machine| !history.ledger().shown.contains_key(*machine));
    violations.extend(more.map(|machine| unknown(promise, rerun, machine)));
    violations
}

fn unknown(promise: u8, rerun: &Rerun, machine: &MachineId) -> Violation {
    let place = rerun.shown.get(machine).map(|(place, _)| *place);
    let first = Fact::missing(format!("nothing is shown of {machine}"));
    Violation::new(promise, first, Fact::elsewhere(rerun.way, place, "it is shown"))
}

/// The first thing that is not the same, as both have it.
fn difference(ours: &Shown, theirs: &Shown) -> Option<(String, String)> {
    let at = |at: Option<model::Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.0.to_string());
    let pairs = [
        ("the window ends at", at(ours.window_ends_at), at(theirs.window_ends_at)),
        ("everything has arrived up to", at(ours.delivered), at(theirs.delivered)),
        ("everything was read up to", at(ours.read), at(theirs.read)),
        ("the thread is ours:", ours.ours.to_string(), theirs.ours.to_string()),
    ];
    let told = |(what, ours, theirs): (&str, String, String)| (format!("{what} {ours}"), format!("{what} {theirs}"));
    if let Some(pair) = pairs.into_iter().find(|(_, ours, theirs)| ours != theirs) {
        return Some(told(pair));
    }
    let (our_bubbles, their_bubbles) = (said(ours), said(theirs));
    let count = our_bubbles.len().max(their_bubbles.len());
    let index = (0..count).find(|index| our_bubbles.get(*index) != their_bubbles.get(*index))?;
    let word = |bubble: Option<&&Bubble>| bubble.map_or_else(|| "nothing".to_owned(), |bubble| words(bubble));
    let what = format!("message {} is", index + 1);
    Some(told((&what, word(our_bubbles.get(index)), word(their_bubbles.get(index)))))
}

/// What the customer and others wrote.
fn said(shown: &Shown) -> Vec<&Bubble> {
    shown.bubbles.iter().filter(|bubble| matches!(bubble.who, Who::Customer | Who::Outside)).collect()
}

/// A bubble, without a word of what it says.
pub(super) fn words(bubble: &Bubble) -> String {
    let name = match (&bubble.mid, bubble.key) {
        (Some(mid), _) => mid.to_string(),
        (None, Some(key)) => key.to_hex(),
        (None, None) => "nameless".to_owned(),
    };
    let who = match bubble.who {
        Who::Customer => "the customer's".to_owned(),
        Who::Us(part) => format!("our part {part}"),
        Who::Outside => "another's".to_owned(),
    };
    let mut words = format!("{who} {name} of {}, text {:?}", bubble.at.0, bubble.text);
    for (is, word) in [(bubble.edited, ", changed"), (bubble.unsent, ", taken back")] {
        if is {
            words.push_str(word);
        }
    }
    if !bubble.reactions.is_empty() {
        words.push_str(&format!(", {} reactions", bubble.reactions.len()));
    }
    words
}
