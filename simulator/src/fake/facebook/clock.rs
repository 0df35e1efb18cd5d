//! The stand-in's time: the given clock, and the port through which a host lets it be moved.
//!
//! Nothing here reads a clock of the system, and nothing here moves a clock that the host did not hand in.

use std::sync::Arc;

use model::{Span, Timestamp};

use super::limits::MOVE_MAX;

/// A source of the current time, in milliseconds.
pub(super) type Source = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock that may be moved forward: everything that reads it moves, the stand-in's own rules too.
///
/// Only a host that wants its time moved hands one in; with none, neither page nor control API has a door for it.
pub trait MovableClock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Moves it forward by a span that is not negative.
    fn advance(&self, span: Span);
}

impl MovableClock for node::MovableClock {
    fn now(&self) -> Timestamp {
        actors::Clock::now(self)
    }

    fn advance(&self, span: Span) {
        self.advance_to(actors::Clock::now(self) + span);
    }
}

/// Meta's clock, as far as the stand-in is Meta.
pub(super) struct Clock {
    source: Source,
    movable: Option<Arc<dyn MovableClock>>,
}

impl Clock {
    pub(super) fn new(source: Source, movable: Option<Arc<dyn MovableClock>>) -> Self {
        Self { source, movable }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.movable.as_ref().map_or_else(|| (self.source)(), |clock| clock.now())
    }

    pub(super) fn is_movable(&self) -> bool {
        self.movable.is_some()
    }

    /// Moves the host's clock; says why not.
    pub(super) fn advance(&self, span: Span) -> Result<(), &'static str> {
        let Some(clock) = &self.movable else { return Err("this clock cannot be moved") };
        if span < Span(0) {
            return Err("time goes forward only");
        }
        if span > MOVE_MAX {
            return Err("366 days at once are the most");
        }
        clock.advance(span);
        Ok(())
    }
}

/// Reads a span as a person writes it: `90`, `90 min`, `3h`, `2 days`. A bare number is hours.
pub(super) fn read_span(text: &str) -> Option<Span> {
    let text = text.trim().trim_start_matches('+').trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: i64 = number.parse().ok().filter(|number| *number <= 1_000_000_000)?;
    match unit.trim().to_ascii_lowercase().as_str() {
        "ms" => Some(Span(number)),
        "s" | "sec" | "second" | "seconds" => Some(Span::seconds(number)),
        "m" | "min" | "minute" | "minutes" => Some(Span::minutes(number)),
        "" | "h" | "hour" | "hours" => Some(Span::hours(number)),
        "d" | "day" | "days" => Some(Span::days(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        let cases = [
            ("+1 h", Some(Span::hours(1))),
            ("25h", Some(Span::hours(25))),
            (" 8 Days ", Some(Span::days(8))),
            ("90 min", Some(Span::minutes(90))),
            ("5", Some(Span::hours(5))),
            ("250 ms", Some(Span(250))),
            ("-1 h", None),
            ("", None),
            ("1 fortnight", None),
            ("99999999999999999999 d", None),
        ];
        for (text, span) in cases {
            assert_eq!(read_span(text), span, "{text}");
        }
    }
}
