//! When a Page's queue rests, and for how long: what Meta or the way to it said of all its messages at once.
//!
//! Pure. Invariants: a rest only ends by an answer that came after its end, or by a new token; words that come while it
//! lasts (of calls that were under way) lengthen it only where Meta names a longer one; each rest that is met again right
//! after its end is twice as long, up to its longest.

use model::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::Event;

/// A word while the queue rests is heard only where it asks for so much more.
const MORE: Span = Span::seconds(10);

/// Doublings that make a difference; beyond them the longest rest holds.
const STEPS_MAX: u8 = 16;

/// Why no message of the Page has a chance now, and how long to leave it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// Stable name: of a row of the error table, `graph-unreachable`, `graph-failing` or `calls-used-up`.
    pub row: String,
    /// Meta's code, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Meta's subcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
    /// The first rest; doubled whenever it is met again right after.
    pub rest: Span,
    /// No rest is longer, but for one that Meta names.
    pub longest: Span,
    /// What Meta names itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Span>,
    /// So many thousandths longer, but for what Meta names, so that not all Pages ask again at once.
    pub spread: u16,
}

/// A rest that is not known to be over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// Stable name of its reason.
    pub row: String,
    /// One message at a time asks from then on.
    pub until: Timestamp,
    /// How often it was met again.
    pub step: u8,
}

impl Pause {
    /// A word that nothing can be sent.
    pub(super) fn met(known: Option<&Self>, stop: Stop, now: Timestamp) -> Option<Event> {
        let step = known.map_or(0, |pause| pause.step.saturating_add(u8::from(pause.until <= now)).min(STEPS_MAX));
        let doubled = stop.rest.0.max(1).saturating_mul(1_i64 << step).min(stop.longest.0.max(stop.rest.0));
        let spread = doubled.saturating_add(doubled / 1_000 * i64::from(stop.spread));
        let until = now + Span(spread.max(stop.told.map_or(0, |told| told.0)));
        let is_news = known.is_none_or(|pause| pause.until <= now || pause.until + MORE < until);
        is_news.then_some(Event::SendsPaused { stop, step, until })
    }

    /// A message was answered like any other.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(told: Option<Span>) -> Stop {
        let (rest, longest) = (Span::minutes(1), Span::minutes(16));
        Stop { row: "rate-limited".to_owned(), code: Some(613), subcode: None, rest, longest, told, spread: 0 }
    }

    fn pause(until: i64, step: u8) -> Pause {
        Pause { row: "rate-limited".to_owned(), until: Timestamp(until), step }
    }

    fn until(known: Option<&Pause>, stop: Stop, now: i64) -> Option<(i64, u8)> {
        let met = Pause::met(known, stop, Timestamp(now))?;
        let Event::SendsPaused { step, until, .. } = met else { panic!("{met:?}") };
        Some((until.0, step))
    }

    #[test]
    fn a_rest_doubles_only_when_it_is_met_again_after_its_end() {
        assert_eq!(until(None, stop(None), 0), Some((60_000, 0)));
        assert_eq!(until(Some(&pause(60_000, 0)), stop(None), 59_999), Some((119_999, 0)), "much later than was known");
        assert_eq!(until(Some(&pause(60_000, 0)), stop(None), 5_000), None, "a call that was under way");
        assert_eq!(until(Some(&pause(60_000, 0)), stop(None), 60_000), Some((180_000, 1)));
        assert_eq!(until(Some(&pause(0, 9)), stop(None), 0), Some((960_000, 10)), "the longest");
        assert_eq!(until(Some(&pause(0, 255)), stop(None), 0), Some((960_000, 16)));
    }

    #[test]
    fn what_meta_names_counts_beyond_the_longest() {
        let hours = stop(Some(Span::hours(3)));
        assert_eq!(until(Some(&pause(60_000, 0)), hours.clone(), 1_000), Some((10_801_000, 0)));
        assert_eq!(until(None, Stop { spread: 100, ..hours }, 0), Some((10_800_000, 0)), "as it says");
        assert_eq!(until(None, Stop { spread: 100, ..stop(None) }, 0), Some((66_000, 0)), "a tenth later");
        assert_eq!(until(None, stop(Some(Span(1))), 0), Some((60_000, 0)), "never shorter than the table");
    }
}
