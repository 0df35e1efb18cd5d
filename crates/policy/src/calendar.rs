//! From which day on each edition is in force. Its name says so, unless an installation knows better: Meta's own pages give
//! two days for some changes (2020-01-15 is said to have become 2020-03-04), so the days are configuration.
//!
//! Invariant: editions are in force one after the other, each from a later day than the one before it; a day begins at 00:00
//! UTC.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

use model::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::edition::{COUNT, EDITIONS, NAMES};
use crate::{Edition, EditionId};

/// A day of the calendar from 1970 to 9999, `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    pub(crate) const fn new(year: u16, month: u8, day: u8) -> Self {
        Self { year, month, day }
    }

    /// 00:00 UTC of the day.
    pub const fn midnight(self) -> Timestamp {
        // Days since 1970-01-01, counted in years that start in March, so that the leap day comes last.
        let (month, day) = (self.month as i64, self.day as i64);
        let year = self.year as i64 - if month <= 2 { 1 } else { 0 };
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
        Timestamp(Span::days(days).0)
    }

    const fn days_of_month(year: u16, month: u8) -> u8 {
        match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotADay;

impl fmt::Display for NotADay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a day of the calendar since 1970 (expected YYYY-MM-DD)")
    }
}

impl core::error::Error for NotADay {}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let mut parts = text.splitn(3, '-');
        let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotADay);
        };
        let (year, month) = (number(year, 4).ok_or(NotADay)?, number(month, 2).ok_or(NotADay)?);
        let day = number(day, 2).ok_or(NotADay)?;
        let exists = year >= 1970 && (1..=12).contains(&month) && (1..=Self::days_of_month(year, month)).contains(&day);
        exists.then_some(Self { year, month, day }).ok_or(NotADay)
    }
}

/// Digits only, exactly so many.
fn number<T: FromStr>(text: &str, digits: usize) -> Option<T> {
    let exact = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    exact.then(|| text.parse().ok()).flatten()
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The day from which each edition is in force. Stored as those that differ from the edition's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<EditionId, Day>", into = "BTreeMap<EditionId, Day>")]
pub struct Calendar {
    /// In the order of the editions.
    effective_from: [Day; COUNT],
}

impl Calendar {
    /// Every edition is in force from the day that it is named after.
    pub const AS_NAMED: Self = {
        let mut effective_from = [Day::new(1970, 1, 1); COUNT];
        let mut nth = 0;
        while nth < COUNT {
            effective_from[nth] = NAMES[nth].day();
            nth += 1;
        }
        Self { effective_from }
    };

    /// As named, but for these.
    ///
    /// # Errors
    /// An edition would not begin after the one before it.
    pub fn with(moved: &BTreeMap<EditionId, Day>) -> Result<Self, OutOfOrder> {
        let mut calendar = Self::AS_NAMED;
        for (id, from) in NAMES.iter().zip(&mut calendar.effective_from) {
            *from = moved.get(id).copied().unwrap_or(*from);
        }
        let dated = || NAMES.into_iter().zip(calendar.effective_from);
        match dated().zip(dated().skip(1)).find(|((_, one), (_, next))| next <= one) {
            Some((before, edition)) => Err(OutOfOrder { before, edition }),
            None => Ok(calendar),
        }
    }

    /// Whether no edition was moved.
    pub fn is_as_named(&self) -> bool {
        *self == Self::AS_NAMED
    }

    /// The editions that are in force from another day than their name says, with that day.
    pub fn moved(&self) -> impl Iterator<Item = (EditionId, Day)> + use<> {
        NAMES.into_iter().zip(self.effective_from).filter(|(edition, from)| edition.day() != *from)
    }

    /// First instant at which the rules of an edition hold.
    pub fn starts_at(&self, id: EditionId) -> Timestamp {
        let found = NAMES.iter().zip(&self.effective_from).find(|(named, _)| **named == id);
        found.map_or(id.day(), |(_, from)| *from).midnight()
    }

    /// The edition in force at `now`; before the first one starts, the first one.
    pub fn edition_at(&self, now: Timestamp) -> Edition {
        let newest = self.effective_from.iter().rposition(|from| from.midnight() <= now);
        EDITIONS[newest.unwrap_or(0)].under(*self)
    }

    /// All editions, oldest first.
    pub fn editions(&self) -> [Edition; COUNT] {
        EDITIONS.map(|edition| edition.under(*self))
    }

    /// The edition of this name.
    pub fn edition(&self, id: EditionId) -> Edition {
        let found = EDITIONS.iter().find(|edition| edition.id() == id);
        found.expect("an id names an edition of this build").under(*self)
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self::AS_NAMED
    }
}

impl From<Calendar> for BTreeMap<EditionId, Day> {
    fn from(calendar: Calendar) -> Self {
        calendar.moved().collect()
    }
}

impl TryFrom<BTreeMap<EditionId, Day>> for Calendar {
    type Error = OutOfOrder;

    fn try_from(moved: BTreeMap<EditionId, Day>) -> Result<Self, OutOfOrder> {
        Self::with(&moved)
    }
}

/// An edition would not begin after the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfOrder {
    /// The older edition, with its first day.
    pub before: (EditionId, Day),
    /// The newer one, with its first day.
    pub edition: (EditionId, Day),
}

impl fmt::Display for OutOfOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((edition, from), (before, earlier)) = (self.edition, self.before);
        write!(f, "edition {edition} would begin on {from}, and the one before it, {before}, on {earlier}: ")?;
        f.write_str("each must begin on a later day than the one before it")
    }
}

impl core::error::Error for OutOfOrder {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{edition_at, edition_by_id};

    fn day(text: &str) -> Day {
        text.parse().expect("the test's own day")
    }

    fn id(text: &str) -> EditionId {
        text.parse().expect("the test's own edition")
    }

    fn with(moved: &[(&str, &str)]) -> Result<Calendar, OutOfOrder> {
        Calendar::with(&moved.iter().map(|(edition, from)| (id(edition), day(from))).collect())
    }

    #[test]
    fn a_day_begins_at_midnight() {
        for (text, midnight) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400_000),
            ("2000-03-01", 951_868_800_000),
            ("2023-12-31", 1_703_980_800_000),
            ("2020-03-04", 1_583_280_000_000),
        ] {
            assert_eq!((day(text).midnight(), day(text).to_string()), (Timestamp(midnight), text.to_owned()));
        }
    }

    #[test]
    fn only_days_of_the_calendar_are_read() {
        for text in [
            "",
            "2020",
            "2020-03",
            "2020-3-04",
            "2020-03-4",
            "2020-13-01",
            "2020-00-01",
            "2020-04-31",
            "2021-02-29",
            "2100-02-29",
            "2020-03-00",
            "1969-12-31",
            "2020-03-04 ",
            "+020-03-04",
            "2020-03-04T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Day>(), Err(NotADay), "{text}");
        }
    }

    #[test]
    fn an_edition_that_was_moved_begins_then_and_the_one_before_it_goes_on() {
        let calendar = with(&[("2020-01-15", "2020-03-04"), ("2026-04-27", "2026-05-11")]).expect("in order");
        let start = day("2026-05-11").midnight();
        for (now, edition) in [
            (day("2020-01-15").midnight(), "2020-01-15"),
            (day("2026-04-27").midnight(), "2020-01-15"),
            (start - Span(1), "2020-01-15"),
            (start, "2026-04-27"),
            (start + Span(1), "2026-04-27"),
        ] {
            assert_eq!(calendar.edition_at(now).id(), id(edition), "{now:?}");
        }
        assert_eq!(calendar.edition(id("2026-04-27")).starts_at(), start);
        assert_eq!(calendar.starts_at(id("2026-09-28")), edition_by_id("2026-09-28").expect("known").starts_at());
        assert!(calendar.editions().iter().all(|edition| *edition.calendar() == calendar));
        assert!(Calendar::AS_NAMED.edition_at(start).calendar().is_as_named());
        assert_eq!(edition_at(start - Span(1)).id(), id("2026-04-27"), "what is not configured stays as named");
    }

    #[test]
    fn editions_keep_their_order() {
        for moved in [
            [("2020-01-15", "2026-04-27")].as_slice(),
            &[("2026-04-27", "2020-01-15")],
            &[("2026-04-27", "2026-09-28")],
            &[("2020-01-15", "2026-12-01"), ("2026-04-27", "2026-12-02")],
        ] {
            assert!(with(moved).is_err(), "{moved:?}");
        }
        let fault = with(&[("2026-09-28", "2026-04-01")]).expect_err("before its elder");
        assert_eq!(
            fault.to_string(),
            "edition 2026-09-28 would begin on 2026-04-01, and the one before it, 2026-04-27, on 2026-04-27: each must begin \
             on a later day than the one before it"
        );
    }

    #[test]
    fn what_is_stored_names_the_editions_that_were_moved() {
        let calendar = with(&[("2020-01-15", "2020-03-04"), ("2026-09-28", "2026-09-28")]).expect("in order");
        let stored = serde_json::to_string(&calendar).expect("words");
        assert_eq!(stored, r#"{"2020-01-15":"2020-03-04"}"#);
        assert_eq!(serde_json::from_str::<Calendar>(&stored).expect("its own form"), calendar);
        assert_eq!(serde_json::from_str::<Calendar>("{}").expect("nothing moved"), Calendar::AS_NAMED);
        for wrong in [r#"{"2026-04-27":"2020-01-15"}"#, r#"{"2020-01-15":"soon"}"#, r#"{"2020-01-16":"2020-03-04"}"#] {
            assert!(serde_json::from_str::<Calendar>(wrong).is_err(), "{wrong}");
        }
    }
}
