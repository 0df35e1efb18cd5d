//! P18: receipts merge by maximum; failed is left only by an explicit retry.
//!
//! What people are shown is the greatest watermark that was received, and it never goes back. A part that failed or was
//! refused moves again only after a person asked for it; that it was sent after all is a matter of P16.

use model::Timestamp;

use super::parts::{Part, parts};
use crate::history::{History, Journaled, Resolution};
use crate::reference::Talk;
use crate::violation::{Fact, Violation};

const PROMISE: u8 = 18;

/// What is wrong.
pub(super) fn judge(history: &History) -> Vec<Violation> {
    let mut violations: Vec<Violation> = parts(history).iter().filter_map(|part| risen(history, part)).collect();
    violations.extend(receipts(history));
    violations
}

/// A part that failed and moves without a person's word.
fn risen(history: &History, part: &Part<'_>) -> Option<Violation> {
    let mut ended: Option<(usize, &str)> = None;
    for (place, record) in &part.records {
        if let Journaled::PartFailed { .. } = &record.says {
            ended = Some((*place, "it failed before, and nobody asked for another try"));
        } else if let Journaled::PartRefused { .. } = &record.says {
            ended = Some((*place, "it was refused before, and nobody asked for another try"));
        } else if let Journaled::Resolved { resolution: Resolution::Retry, .. } = &record.says {
            ended = None;
        } else if let Some((before, words)) = ended
            && let Some(moves) = moves(&record.says)
        {
            let first = Fact::at(history, *place, format!("{} is {moves}", part.words()));
            return Some(Violation::new(PROMISE, first, Fact::at(history, before, words)));
        }
    }
    None
}

const fn moves(says: &Journaled) -> Option<&'static str> {
    if matches!(says, Journaled::PartStarted { .. }) {
        Some("sent")
    } else if matches!(says, Journaled::PartDelayed { .. }) {
        Some("delayed")
    } else if matches!(says, Journaled::PartHeld { .. }) {
        Some("held")
    } else if matches!(says, Journaled::PartInDoubt { .. }) {
        Some("in doubt")
    } else {
        None
    }
}

/// What is shown of receipts.
fn receipts(history: &History) -> Vec<Violation> {
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
            for (shown, expected, what) in
                [(shown.delivered, talk.delivered(), "delivered"), (shown.read, talk.read(), "read")]
            {
                if shown != expected {
                    let first = format!("{machine} is shown as {what} up to {}", words(shown));
                    let second = format!("the greatest watermark that was received is {}", words(expected));
                    violations.push(Violation::new(PROMISE, Fact::at(history, *place, first), Fact::missing(second)));
                }
            }
        }
    }
    violations
}

fn words(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "none".to_owned(), |at| at.0.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Screen, Shown, Told, What};
    use crate::testing::{BEGIN, Play, talk, word};

    fn at(millis: i64) -> Timestamp {
        Timestamp(BEGIN + millis)
    }

    fn shown(delivered: Option<i64>, read: Option<i64>) -> usize {
        let mut play = Play::new();
        for (number, watermark) in [(1, 20), (2, 10)] {
            let told = Told::Delivered { watermark: at(watermark), mids: Vec::new() };
            let item = play.item(number, "5001", told);
            play.receive(&item);
        }
        let item = play.item(3, "5001", Told::Read { watermark: at(15) });
        play.receive(&item);
        let (delivered, read) = (delivered.map(at), read.map(at));
        let (machine, bubbles) = (talk("5001"), Vec::new());
        let shown = Shown { machine, window_ends_at: None, delivered, read, ours: true, bubbles };
        play.note(What::Screen(Screen::Conversation(Box::new(shown))));
        judge(&play.history).len()
    }

    #[test]
    fn the_greatest_watermark_counts_to_the_millisecond() {
        assert_eq!(shown(Some(20), Some(15)), 0);
        assert_eq!(shown(Some(19), Some(15)), 1);
        assert_eq!(shown(Some(21), Some(16)), 2);
        assert_eq!(shown(Some(10), None), 2);
    }

    #[test]
    fn failed_and_refused_are_left_only_by_a_persons_retry() {
        let failed = || Journaled::PartFailed { part: 1, reason: word("blocked"), code: None };
        let refused = || Journaled::PartRefused { part: 1, reason: word("window-closed") };
        for ended in [failed, refused] as [fn() -> Journaled; 2] {
            let mut play = Play::new();
            play.asks("5001", "c1", 1);
            play.record(&talk("5001"), ended());
            play.record(&talk("5001"), Journaled::Resolved { part: 1, resolution: Resolution::Retry });
            play.starts("5001", 1, 1);
            assert_eq!(judge(&play.history), []);
            play.record(&talk("5001"), ended());
            play.starts("5001", 1, 2);
            assert_eq!(judge(&play.history).len(), 1);
        }
    }
}
