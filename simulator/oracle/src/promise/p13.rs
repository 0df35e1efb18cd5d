//! P13: one window function, in milliseconds, fed by customer actions alone; server, page and simulator share it; ±1 ms
//! tested.
//!
//! What is journaled as the window's end and what people are shown of it is 24 hours after the customer's newest opening
//! action that was received before, to the millisecond.

use model::Timestamp;

use super::walk;
use crate::history::{History, Journaled};
use crate::reference::Talk;
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 13;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut last = None;
    walk(history, |machine, talk, place, record| {
        let Journaled::WindowClosed { ended_at } = &record.says else { return };
        let first = || Fact::at(history, place, format!("the window of {machine} ended at {}", ended_at.0));
        if talk.window_ends_at() != Some(*ended_at) {
            violations.push(Violation::new(PROMISE, first(), opener(history, talk)));
        }
        if record.decided_at < *ended_at {
            let second = Fact::missing(format!("it was only {} then", record.decided_at.0));
            violations.push(Violation::new(PROMISE, first(), second));
        }
        if let Some((of, before, noted)) = last.replace((machine, place, *ended_at))
            && of == machine
            && noted >= *ended_at
        {
            let second = Fact::at(history, before, format!("the end at {} was noted before", noted.0));
            violations.push(Violation::new(PROMISE, first(), second));
        }
    });
    violations.extend(shown(history));
    violations
}

/// The windows that people are shown.
fn shown(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (machine, places) in &history.ledger().shown {
        let mut talk = Talk::default();
        let mut records = history.records_of(machine).peekable();
        for place in places {
            while let Some((at, _)) = records.next_if(|(at, _)| at < place) {
                if let Some(item) = history.heard(at) {
                    talk.hear(item);
                }
            }
            let Some(shown) = history.shown_at(*place) else { continue };
            if shown.window_ends_at != talk.window_ends_at() {
                let words = match shown.window_ends_at {
                    Some(at) => format!("the window of {machine} is shown to end at {}", at.0),
                    None => format!("no window of {machine} is shown"),
                };
                violations.push(Violation::new(PROMISE, Fact::at(history, *place, words), opener(history, &talk)));
            }
        }
    }
    violations
}

/// The action that the window rests on.
fn opener(history: &History, talk: &Talk<'_>) -> Fact {
    let Some(Timestamp(opened_at)) = talk.opened_at() else {
        return Fact::missing("the customer never did anything that opens one");
    };
    let words = format!("the customer's last opening action was at {opened_at}");
    let opener = talk.items().iter().rev().find(|item| item.at.0 == opened_at);
    match opener.and_then(|item| history.ledger().received(item.key)) {
        Some(place) => Fact::at(history, place, words),
        None => Fact::missing(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Digest, Entrance, Told};
    use crate::testing::{BEGIN, Play, talk};

    const DAY: i64 = 86_400_000;

    fn closed(play: &mut Play, ended_at: i64) {
        play.record(&talk("5001"), Journaled::WindowClosed { ended_at: Timestamp(BEGIN + ended_at) });
    }

    #[test]
    fn an_end_is_right_to_the_millisecond() {
        for (ended_at, violations) in [(DAY - 1, 1), (DAY, 0), (DAY + 1, 1)] {
            let mut play = Play::new();
            play.writes(1, "5001");
            play.to(2 * DAY);
            closed(&mut play, ended_at);
            play.shows("5001", Some(ended_at), Vec::new());
            assert_eq!(judge(&play.history).len(), 2 * violations, "{ended_at}");
        }
    }

    #[test]
    fn an_end_is_noted_neither_early_nor_twice() {
        let mut play = Play::new();
        play.writes(1, "5001");
        play.to(DAY - 1);
        closed(&mut play, DAY);
        assert_eq!(judge(&play.history).len(), 1);
        play.to(DAY);
        closed(&mut play, DAY);
        assert_eq!(judge(&play.history).len(), 2);
    }

    #[test]
    fn only_the_customers_opening_actions_move_the_window() {
        let (mid, sign) = (model::Mid::new("m1"), Digest::of(b"!"));
        let reacted = |added, by_page| Told::Reacted { mid: mid.clone(), added, by_page, sign };
        let text = Digest::of(b"");
        for (told, moves) in [
            (reacted(true, false), true),
            (reacted(true, true), false),
            (reacted(false, false), false),
            (Told::Pressed { mid: None, by_ad: false }, true),
            (Told::Entered { by: Entrance::Link }, true),
            (Told::Entered { by: Entrance::Ad }, false),
            (Told::Read { watermark: Timestamp(BEGIN + 5) }, false),
            (Told::Edited { mid: mid.clone(), nth: 1, text }, false),
            (Told::Unsent { mid: mid.clone() }, false),
            (Told::Echo { mid: mid.clone(), mark: None, text }, false),
            (Told::Other, false),
        ] {
            let mut play = Play::new();
            play.writes(1, "5001");
            let item = play.to(5).item(2, "5001", told);
            play.receive(&item);
            play.shows("5001", Some(if moves { DAY + 5 } else { DAY }), Vec::new());
            assert_eq!(judge(&play.history), [], "{:?}", item.told);
            play.shows("5001", Some(if moves { DAY } else { DAY + 5 }), Vec::new());
            assert_eq!(judge(&play.history).len(), 1, "{:?}", item.told);
        }
    }

    #[test]
    fn an_older_action_that_comes_late_moves_nothing_back() {
        let mut play = Play::new();
        let older = play.message(1, "5001");
        play.to(7).writes(2, "5001");
        play.receive(&older);
        play.shows("5001", Some(DAY + 7), Vec::new());
        assert_eq!(judge(&play.history), []);
    }
}
