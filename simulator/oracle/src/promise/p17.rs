//! P17: a confirmed part is never resent; an unclear one is settled by echo or reading the thread before any retry.
//!
//! A part may reach the customer once, and once more for every time that a person asked for another try.

use super::parts::{Part, parts};
use crate::history::{History, Journaled, Meta, Resolution, Taken, What};
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 17;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations: Vec<Violation> = parts(history).iter().flat_map(|part| of_part(history, part)).collect();
    for (mark, places) in &history.ledger().sends {
        if let [first, second, ..] = places[..] {
            let words = format!("the send {mark} comes to Meta");
            let before = Fact::at(history, first, "it came before");
            violations.push(Violation::new(PROMISE, Fact::at(history, second, words), before));
        }
    }
    violations
}

fn of_part(history: &History, part: &Part<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    // What stands against another start, and what reached the customer.
    let mut against: Option<(usize, &str)> = None;
    let mut reached: Option<usize> = None;
    for (place, record) in &part.records {
        if let Journaled::PartSent { .. } = &record.says {
            against = Some((*place, "it was sent"));
        } else if let Journaled::PartInDoubt { .. } = &record.says {
            against = against.or(Some((*place, "nobody knew whether it was sent")));
        } else if let Journaled::Resolved { resolution: Resolution::Retry, .. } = &record.says {
            (against, reached) = (None, None);
        } else if let Journaled::PartStarted { .. } = &record.says {
            let first = || Fact::at(history, *place, format!("{} is sent", part.words()));
            let before = against.or(reached.map(|place| (place, "Meta had taken it before")));
            if let Some((before, words)) = before {
                violations.push(Violation::new(PROMISE, first(), Fact::at(history, before, words)));
            }
            reached = reached.or_else(|| taken(history, &record.id.to_string()));
        }
    }
    violations
}

/// Where Meta took a send.
fn taken(history: &History, mark: &str) -> Option<usize> {
    let places = history.ledger().sends.get(mark)?;
    let is_taken =
        |place: &usize| matches!(&history.at(*place).what, What::Meta(Meta::SendCame { taken: Taken::Yes { .. }, .. }));
    places.iter().copied().find(is_taken)
}

#[cfg(test)]
mod tests {
    use model::{Mid, Timestamp};

    use super::*;
    use crate::testing::{BEGIN, Play, talk};

    fn doubt() -> Journaled {
        Journaled::PartInDoubt { part: 1, until: Timestamp(BEGIN) }
    }

    fn retry() -> Journaled {
        Journaled::Resolved { part: 1, resolution: Resolution::Retry }
    }

    #[test]
    fn a_delayed_part_is_started_again_and_a_sent_one_is_not() {
        let mut play = Play::new();
        play.asks("5001", "c1", 1);
        let start = play.starts("5001", 1, 1);
        play.comes(&start, Taken::No { code: (2, None) });
        play.record(&talk("5001"), Journaled::PartDelayed { part: 1, until: Timestamp(BEGIN) });
        let again = play.starts("5001", 1, 2);
        play.taken(&again, 1, "x1");
        assert_eq!(judge(&play.history), []);
        play.starts("5001", 1, 3);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn an_unclear_part_is_started_again_only_after_a_person_said_so() {
        let mut play = Play::new();
        play.starts("5001", 1, 1);
        play.record(&talk("5001"), doubt());
        play.record(&talk("5001"), retry());
        play.starts("5001", 1, 2);
        assert_eq!(judge(&play.history), []);
        play.record(&talk("5001"), doubt());
        play.starts("5001", 1, 3);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn a_part_that_reaches_the_customer_twice_is_found() {
        let mut play = Play::new();
        let start = play.starts("5001", 1, 1);
        play.comes(&start, Taken::Yes { mid: Mid::new("x1") });
        play.record(&talk("5001"), Journaled::PartDelayed { part: 1, until: Timestamp(BEGIN) });
        play.starts("5001", 1, 2);
        assert_eq!(judge(&play.history).len(), 1);
    }

    #[test]
    fn a_send_that_comes_to_meta_twice_is_found() {
        let mut play = Play::new();
        let start = play.starts("5001", 1, 1);
        play.comes(&start, Taken::Yes { mid: Mid::new("x1") });
        play.comes(&start, Taken::Yes { mid: Mid::new("x2") });
        assert_eq!(judge(&play.history).len(), 1);
    }
}
