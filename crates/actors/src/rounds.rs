//! The rounds of the alarm: whom to wake now, and when to look again. Reads through the caller, knows no actor.
//!
//! A row stays until its machine moves it, so a wake that was lost is repeated at the next round.

use std::sync::Arc;

use journal::Due;
use model::{Span, Timestamp};

/// The farthest that the alarm sleeps: clocks step and machines suspend.
const LOOK_AGAIN: Span = Span::seconds(60);
/// Machines woken in one go.
const WAKE_MAX: usize = 256;
/// A pause between two goes, so that a morning after an outage does not stand before today's messages.
const PAUSE: Span = Span(50);

/// How far the alarm is in its round.
#[derive(Debug)]
pub struct Rounds {
    /// Woken since the last whole round.
    after: Option<Due>,
    round_at: Timestamp,
}

/// What a look at the deadlines comes to.
#[derive(Debug)]
pub struct Ring {
    /// Whom to wake, earliest first.
    pub due: Vec<Due>,
    /// When to look again.
    pub next: Timestamp,
}

impl Rounds {
    /// Before the first round.
    pub fn new(now: Timestamp) -> Self {
        Self { after: None, round_at: now }
    }

    /// Looks at the deadlines; `afresh` begins a round. `due(until, after, limit)` reads rows as the journal's `due` does.
    ///
    /// # Errors
    /// The reader's own.
    pub fn ring<E>(
        &mut self,
        now: Timestamp,
        afresh: bool,
        due: impl Fn(i64, Option<&Due>, usize) -> Result<Vec<Due>, E>,
    ) -> Result<Ring, E> {
        if afresh || now - self.round_at >= LOOK_AGAIN {
            self.after = None;
            self.round_at = now;
        }
        let found = due(now.0, self.after.as_ref(), WAKE_MAX)?;
        if let Some(last) = found.last() {
            self.after = Some(last.clone());
        }
        if found.len() == WAKE_MAX {
            return Ok(Ring { due: found, next: now + PAUSE });
        }
        // Rows up to now were rung for; the first one after them says how long to sleep.
        let from = Due { at: now.0.saturating_add(1), key: Arc::from([]) };
        let next = due(i64::MAX, Some(&from), 1).ok().and_then(|rows| rows.first().map(|row| row.at));
        let next = next.map_or(now + LOOK_AGAIN, Timestamp);
        Ok(Ring { due: found, next: next.clamp(now + PAUSE, now + LOOK_AGAIN) })
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use super::*;

    fn ring(rounds: &mut Rounds, rows: &[i64], now: i64, afresh: bool) -> (Vec<i64>, i64) {
        let rows: Vec<Due> = rows.iter().map(|at| Due { at: *at, key: Arc::from(at.to_le_bytes()) }).collect();
        let due = |until: i64, after: Option<&Due>, limit: usize| {
            let found = rows.iter().filter(|row| row.at <= until && after.is_none_or(|after| *row > after));
            Ok::<_, Infallible>(found.take(limit).cloned().collect())
        };
        let Ok(Ring { due, next }) = rounds.ring(Timestamp(now), afresh, due);
        (due.iter().map(|row| row.at).collect(), next.0)
    }

    #[test]
    fn it_sleeps_until_the_next_row_but_neither_too_short_nor_too_long() {
        let mut rounds = Rounds::new(Timestamp(0));
        assert_eq!(ring(&mut rounds, &[100, 120, 9_000], 0, true), (vec![], 100));
        assert_eq!(ring(&mut rounds, &[100, 120, 9_000], 100, false), (vec![100], 150));
        assert_eq!(ring(&mut rounds, &[100, 120, 9_000], 150, false), (vec![120], 9_000));
        assert_eq!(ring(&mut rounds, &[100, 120, 900_000], 200, false), (vec![], 60_200), "once a round");
        assert_eq!(ring(&mut rounds, &[100, 120, 900_000], 60_200, false), (vec![100, 120], 120_200), "a new round");
    }

    #[test]
    fn a_morning_after_an_outage_comes_in_goes() {
        let rows: Vec<i64> = (0..300).collect();
        let mut rounds = Rounds::new(Timestamp(1_000));
        let (first, next) = ring(&mut rounds, &rows, 1_000, true);
        assert_eq!((first.len(), next), (256, 1_050));
        assert_eq!(ring(&mut rounds, &rows, 1_050, false).0.len(), 44);
    }
}
