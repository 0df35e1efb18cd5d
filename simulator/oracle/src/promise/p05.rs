//! P5: standby traffic is kept as read-only history; sending without control of the thread is refused with that reason.
//!
//! Whose the thread is follows from what the node had received; where one millisecond says both, nobody is
//! blamed.

use model::MachineId;

use super::{Hearing, walk};
use crate::history::{History, Journaled, Record};
use crate::reference::{Owner, Talk};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 5;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    walk(history, |machine, talk, place, record| {
        violations.extend(misread(history, talk, place, record));
        let refused_as = if let Journaled::PartRefused { reason, .. } = &record.says { Some(&**reason) } else { None };
        let started = matches!(record.says, Journaled::PartStarted { .. });
        let (Some(part), true) = (record.says.part(), started || refused_as.is_some()) else { return };
        let second = match talk.owner(history.setup.app.as_ref()) {
            Owner::Elsewhere if refused_as != Some("standby") => "says that another app owns the thread",
            Owner::Ours if refused_as == Some("standby") => "says that the thread is ours",
            Owner::Elsewhere | Owner::Ours | Owner::Unclear => return,
        };
        let words = match refused_as {
            None => format!("part {part} of {machine} is sent"),
            Some(reason) => format!("part {part} of {machine} is refused as {reason}"),
        };
        violations.push(Violation::new(PROMISE, Fact::at(history, place, words), newest(history, talk, second)));
    });
    violations.extend(history.ledger().shown.keys().flat_map(|machine| hidden(history, machine)));
    violations.extend(history.ledger().shown.keys().flat_map(|machine| shown(history, machine)));
    violations
}

/// The newest item that was received.
fn newest(history: &History, talk: &Talk<'_>, words: &str) -> Fact {
    let Some(item) = talk.items().iter().max_by_key(|item| (item.at, item.key)) else {
        return Fact::missing(format!("no item {words}"));
    };
    let words = format!("the {} {} of {} {words}", item.kind, item.key.to_hex(), item.at.0);
    match history.ledger().received(item.key) {
        Some(place) => Fact::at(history, place, words),
        None => Fact::missing(words),
    }
}

/// A hand-over that is held for the opposite of what it says.
fn misread(history: &History, talk: &Talk<'_>, place: usize, record: &Record) -> Option<Violation> {
    let Journaled::ThreadOwned { ours } = &record.says else { return None };
    if talk.answered_at() == Some(record.decided_at) {
        // It follows from an answer and from no item.
        return None;
    }
    let item = talk.items().last()?;
    let mut alone = Talk::default();
    alone.hear(item);
    let second = match (alone.owner(history.setup.app.as_ref()), ours) {
        (Owner::Elsewhere, true) => "it names another app",
        (Owner::Ours, false) => "it names us, or nobody",
        (Owner::Elsewhere, false) | (Owner::Ours, true) | (Owner::Unclear, _) => return None,
    };
    let word = if *ours { "ours" } else { "another's" };
    let first = Fact::at(history, place, format!("the thread is held for {word} after {}", item.key.to_hex()));
    let received = history.ledger().received(item.key)?;
    Some(Violation::new(PROMISE, first, Fact::at(history, received, second)))
}

/// Threads that are shown as ours though another app owns them, or the other way round.
fn shown(history: &History, machine: &MachineId) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut hearing = Hearing::default();
    let mut records = history.records_of(machine).peekable();
    for place in history.ledger().shown.get(machine).into_iter().flatten() {
        while let Some((at, record)) = records.next_if(|(at, _)| at < place) {
            hearing.take(history, at, record);
        }
        let talk = &hearing.talk;
        let Some(shown) = history.shown_at(*place) else { continue };
        let (word, says) = match (talk.owner(history.setup.app.as_ref()), shown.ours) {
            (Owner::Elsewhere, true) => ("ours", "says that another app owns the thread"),
            (Owner::Ours, false) => ("another's", "says that the thread is ours"),
            (Owner::Elsewhere, false) | (Owner::Ours, true) | (Owner::Unclear, _) => continue,
        };
        let first = Fact::at(history, *place, format!("{machine} is shown as {word}"));
        violations.push(Violation::new(PROMISE, first, newest(history, talk, says)));
    }
    violations
}

/// What was written on standby and is not shown.
fn hidden(history: &History, machine: &MachineId) -> Vec<Violation> {
    let Some((place, shown)) = history.last_shown(machine) else { return Vec::new() };
    let received = history.records_of(machine).filter(|(at, _)| *at < place).filter_map(|(at, _)| {
        let item = history.heard(at).filter(|item| item.standby && item.told.is_written())?;
        Some((at, item.key))
    });
    let hidden = received.filter(|(_, key)| shown.bubbles.iter().all(|bubble| bubble.key != Some(*key)));
    hidden
        .map(|(at, key)| {
            let first = Fact::at(history, at, format!("{} was received on standby", key.to_hex()));
            Violation::new(PROMISE, first, Fact::at(history, place, format!("{machine} is shown without it")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use model::AppId;

    use super::*;
    use crate::history::{Bubble, Item, Owning, Screen, Shown, Told, What};
    use crate::testing::{Play, talk, word};

    fn elsewhere(play: &mut Play) -> Item {
        let item = Item { standby: true, ..play.message(1, "5001") };
        play.receive(&item);
        item
    }

    fn refused(reason: &'static str) -> Journaled {
        Journaled::PartRefused { part: 1, reason: word(reason) }
    }

    #[test]
    fn a_refusal_for_standby_is_right_exactly_while_another_app_owns_the_thread() {
        let mut play = Play::new();
        elsewhere(&mut play);
        play.asks("5001", "c1", 1);
        play.record(&talk("5001"), refused("standby"));
        play.to(1);
        play.writes(2, "5001");
        play.starts("5001", 1, 1);
        assert_eq!(judge(&play.history), []);
        play.record(&talk("5001"), refused("standby"));
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn a_send_or_another_reason_while_another_app_owns_the_thread_is_found() {
        let mut play = Play::new();
        elsewhere(&mut play);
        play.starts("5001", 1, 1);
        play.record(&talk("5001"), refused("window-closed"));
        let violations = judge(&play.history);
        assert_eq!(violations.len(), 2);
        assert!(violations[0].sentence.ends_with("says that another app owns the thread"), "{}", violations[0]);
    }

    #[test]
    fn a_hand_over_to_another_app_counts() {
        let mut play = Play::new();
        play.writes(1, "5001");
        play.to(1);
        let handed = play.item(2, "5001", Told::HandedOver { to: Owning::App(AppId::new("7")) });
        play.receive(&handed);
        play.starts("5001", 1, 1);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn a_hand_over_that_is_read_as_its_opposite_is_found() {
        for (to, ours, violations) in [("7", false, 0), ("7", true, 1), ("990", true, 0), ("990", false, 1)] {
            let mut play = Play::new();
            let handed = play.item(2, "5001", Told::HandedOver { to: Owning::App(AppId::new(to)) });
            play.receive(&handed);
            play.record(&talk("5001"), Journaled::ThreadOwned { ours });
            assert_eq!(judge(&play.history).len(), violations, "{to} {ours}");
        }
    }

    #[test]
    fn what_came_on_standby_is_shown_and_so_is_the_owner() {
        let mut play = Play::new();
        let item = elsewhere(&mut play);
        let shown = |ours, bubbles: &[Bubble]| {
            let (machine, bubbles, window_ends_at) = (talk("5001"), bubbles.to_vec(), None);
            Screen::Conversation(Box::new(Shown {
                machine,
                window_ends_at,
                delivered: None,
                read: None,
                ours,
                bubbles,
            }))
        };
        play.note(What::Screen(shown(false, &[Play::bubble(&item)])));
        assert_eq!(judge(&play.history), []);
        play.note(What::Screen(shown(false, &[])));
        assert_eq!(judge(&play.history).len(), 1);
        play.note(What::Screen(shown(true, &[Play::bubble(&item)])));
        assert_eq!(judge(&play.history).len(), 1);
    }
}
