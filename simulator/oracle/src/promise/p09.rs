//! P9: a foreign echo is shown as sent outside and never moves the window.
//!
//! Foreign is every echo of a message whose id Meta never gave to a send of the node.

use model::{Mid, Timestamp};

use super::walk;
use crate::history::{History, Journaled, Told};
use crate::reference::{DAY, Talk};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 9;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    walk(history, |machine, talk, place, record| {
        if let Journaled::PartSent { part, mid: Some(mid) } = &record.says
            && !history.ledger().taken.contains_key(mid)
            && let Some(echo) = echo_place(history, talk, mid)
        {
            let first = Fact::at(history, place, format!("part {part} of {machine} is sent as {mid}"));
            let second = Fact::at(history, echo, "that is the echo of a message that the node never sent");
            violations.push(Violation::new(PROMISE, first, second));
        }
        if let Journaled::WindowClosed { ended_at } = &record.says {
            let words = format!("the window of {machine} ended at {}", ended_at.0);
            violations.extend(moved(history, talk, *ended_at, Fact::at(history, place, words)));
        }
    });
    violations.extend(hidden(history));
    violations
}

/// An end of the window that follows from an echo and from nothing that the customer did.
fn moved(history: &History, talk: &Talk<'_>, ended_at: Timestamp, first: Fact) -> Option<Violation> {
    if talk.window_ends_at() == Some(ended_at) {
        return None;
    }
    let is_it = |at: Timestamp| at.0.saturating_add(DAY) == ended_at.0;
    let item = talk.items().iter().find(|item| matches!(item.told, Told::Echo { .. }) && is_it(item.at))?;
    let place = history.ledger().received(item.key)?;
    let words = format!("24 hours before only the Page wrote, echo {}", item.key.to_hex());
    Some(Violation::new(PROMISE, first, Fact::at(history, place, words)))
}

/// Where the echo of a message was received.
fn echo_place(history: &History, talk: &Talk<'_>, mid: &Mid) -> Option<usize> {
    let of_it = |told: &Told| matches!(told, Told::Echo { mid: echoed, .. } if echoed == mid);
    let item = talk.items().iter().find(|item| of_it(&item.told))?;
    history.ledger().received(item.key)
}

/// Foreign echoes that nobody is told of, once the world rests.
fn hidden(history: &History) -> Vec<Violation> {
    let ledger = history.ledger();
    if ledger.at_rest.is_none() {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for machine in ledger.records.keys() {
        let outside: Vec<&Mid> = history
            .records_of(machine)
            .filter_map(|(_, record)| if let Journaled::SentOutside { mid } = &record.says { Some(mid) } else { None })
            .collect();
        for (place, _) in history.records_of(machine) {
            let Some(Told::Echo { mid, .. }) = history.heard(place).map(|item| &item.told) else { continue };
            if !ledger.taken.contains_key(mid) && !outside.contains(&mid) {
                let first = Fact::at(history, place, format!("the foreign echo of {mid} came to {machine}"));
                violations.push(Violation::new(PROMISE, first, Fact::missing("nobody says that it was sent outside")));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{BEGIN, Play, talk};

    #[test]
    fn a_foreign_echo_is_sent_outside_and_an_own_one_is_not() {
        let mut play = Play::new();
        play.writes(1, "5001");
        let echo = play.echo(2, "5001", "f1");
        play.receive(&echo);
        play.record(&talk("5001"), Journaled::SentOutside { mid: Mid::new("f1") });
        play.answered("5001", "c1", 1, "x1");
        let own = play.echo(3, "5001", "x1");
        play.receive(&own);
        play.to(DAY).record(&talk("5001"), Journaled::WindowClosed { ended_at: Timestamp(BEGIN + DAY) });
        assert_eq!(judge(play.rest()), []);
    }

    #[test]
    fn a_foreign_echo_of_which_nobody_is_told_is_found_at_rest() {
        let mut play = Play::new();
        let echo = play.echo(2, "5001", "f1");
        play.receive(&echo);
        assert_eq!(judge(&play.history), []);
        assert_eq!(judge(play.rest()).len(), 1);
    }

    #[test]
    fn a_foreign_echo_that_proves_a_part_is_found() {
        let mut play = Play::new();
        let echo = play.echo(2, "5001", "f1");
        play.receive(&echo);
        play.record(&talk("5001"), Journaled::PartSent { part: 1, mid: Some(Mid::new("f1")) });
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn a_window_that_an_echo_moved_is_found() {
        let mut play = Play::new();
        play.writes(1, "5001");
        let echo = play.to(5).echo(2, "5001", "f1");
        play.receive(&echo);
        for (ended_at, violations) in [(DAY, 0), (DAY + 4, 0), (DAY + 5, 1), (DAY + 6, 0)] {
            let mut history = play.history.clone();
            let says = Journaled::WindowClosed { ended_at: Timestamp(BEGIN + ended_at) };
            let id = history.record(history.ledger().records[&talk("5001")][0]).unwrap().id.clone();
            let record = crate::history::Record { id, decided_at: Timestamp(BEGIN + ended_at), says };
            history.note(Timestamp(BEGIN + ended_at), crate::history::What::Journal(record));
            assert_eq!(judge(&history).len(), violations, "{ended_at}");
        }
    }
}
