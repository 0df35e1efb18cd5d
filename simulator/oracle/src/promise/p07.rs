//! P7: splitting or joining a delivery in another way gives the same projection {transcript, window, receipts,
//! reactions}.
//!
//! Compares this run with others in which the same items came in other deliveries.

use super::projection;
use crate::history::{History, Way};
use crate::violation::Violation;

const PROMISE: u8 = 7;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    projection::compare(history, PROMISE, Way::Split)
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::history::{Screen, Shown, What};
    use crate::testing::{BEGIN, Play, talk};

    fn run(change: impl FnOnce(&mut Shown)) -> History {
        let mut play = Play::new();
        let item = play.writes(1, "5001");
        let mut shown = Shown {
            machine: talk("5001"),
            window_ends_at: Some(Timestamp(BEGIN + 86_400_000)),
            delivered: None,
            read: None,
            ours: true,
            bubbles: vec![Play::bubble(&item)],
        };
        change(&mut shown);
        play.note(What::Screen(Screen::Conversation(Box::new(shown))));
        play.history
    }

    fn violations(change: impl FnOnce(&mut Shown)) -> Vec<Violation> {
        let mut history = run(|_| {});
        history.compare(Way::Split, &run(change));
        judge(&history)
    }

    #[test]
    fn the_same_projection_is_right_however_the_items_came() {
        assert_eq!(violations(|_| {}), []);
    }

    #[test]
    fn every_difference_of_a_millisecond_or_a_mark_is_found() {
        let end = Timestamp(BEGIN + 86_400_001);
        assert_eq!(violations(|shown| shown.window_ends_at = Some(end)).len(), 1);
        assert_eq!(violations(|shown| shown.read = Some(Timestamp(BEGIN))).len(), 1);
        assert_eq!(violations(|shown| shown.delivered = Some(Timestamp(BEGIN))).len(), 1);
        assert_eq!(violations(|shown| shown.ours = false).len(), 1);
        assert_eq!(violations(|shown| shown.bubbles.clear()).len(), 1);
        assert_eq!(violations(|shown| shown.bubbles[0].unsent = true).len(), 1);
        assert_eq!(violations(|shown| shown.bubbles[0].at = end).len(), 1);
    }

    #[test]
    fn a_conversation_that_only_one_run_shows_is_found_on_both_sides() {
        let mut history = run(|_| {});
        history.compare(Way::Split, &Play::new().history);
        assert_eq!(judge(&history).len(), 1);
        let mut history = Play::new().history;
        history.compare(Way::Split, &run(|_| {}));
        assert_eq!(judge(&history).len(), 1);
    }
}
