//! Editions: the rules in force from a date, as values. A new rule of Meta is a new edition, never a change of an old one.
//!
//! An edition is named after its first day. From which day on it really is in force says its [`Calendar`], which an
//! installation may correct; names stay, since journals hold them.

use core::fmt;
use core::str::FromStr;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Day};
use crate::rule::{self, Rule};
use crate::{RuleId, UpdateTag};

/// How many editions this build knows.
pub(crate) const COUNT: usize = 3;

/// Their names, oldest first. Append only: journals hold them.
pub(crate) const NAMES: [EditionId; COUNT] = [
    // Tags as Meta had them since its policy change of early 2020: three update tags beside HUMAN_AGENT.
    EditionId::new(2020, 1, 15),
    // The three update tags are rejected, and utility templates come in their place (announced 2026-03-27; Meta's changelog, read 2026-11-23).
    EditionId::new(2026, 4, 27),
    // The length of the window depends on the action: seven days after an ad (Meta's policy page, read 2026-11-23).
    EditionId::new(2026, 9, 28),
];

/// The editions of these names, each in force from the day of its name.
pub(crate) static EDITIONS: [Edition; COUNT] = [
    Edition::named(
        NAMES[0],
        &[
            rule::THREAD_CONTROL,
            rule::NEVER_WROTE,
            rule::CONTENT_LIMITS,
            rule::PRIVACY_LIMIT,
            rule::NO_TEMPLATES,
            rule::STANDARD_WINDOW,
            rule::UPDATE_TAGS,
            rule::HUMAN_AGENT,
        ],
    ),
    Edition::named(
        NAMES[1],
        &[
            rule::THREAD_CONTROL,
            rule::NEVER_WROTE,
            rule::CONTENT_LIMITS,
            rule::PRIVACY_LIMIT,
            rule::UTILITY_TEMPLATE,
            rule::STANDARD_WINDOW,
            rule::RETIRED_TAGS,
            rule::HUMAN_AGENT,
        ],
    ),
    Edition::named(
        NAMES[2],
        &[
            rule::THREAD_CONTROL,
            rule::NEVER_WROTE,
            rule::CONTENT_LIMITS,
            rule::PRIVACY_LIMIT,
            rule::UTILITY_TEMPLATE,
            rule::STANDARD_WINDOW,
            rule::AD_WINDOW,
            rule::RETIRED_TAGS,
            rule::HUMAN_AGENT,
        ],
    ),
];

/// An edition's name: its first day as Meta announced it, `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EditionId(Day);

impl EditionId {
    const fn new(year: u16, month: u8, day: u8) -> Self {
        Self(Day::new(year, month, day))
    }

    /// The day that it is.
    pub const fn day(self) -> Day {
        self.0
    }
}

impl fmt::Display for EditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text names no edition that this build knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAnEdition;

impl fmt::Display for NotAnEdition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a policy edition of this build (expected the first day of one, YYYY-MM-DD:")?;
        NAMES.iter().try_for_each(|id| write!(f, " {id}"))?;
        f.write_str(")")
    }
}

impl core::error::Error for NotAnEdition {}

impl FromStr for EditionId {
    type Err = NotAnEdition;

    fn from_str(text: &str) -> Result<Self, NotAnEdition> {
        let id = Self(text.parse().map_err(|_| NotAnEdition)?);
        NAMES.contains(&id).then_some(id).ok_or(NotAnEdition)
    }
}

impl Serialize for EditionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EditionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl serde::de::Visitor<'_> for Name {
            type Value = EditionId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the first day of a policy edition, YYYY-MM-DD")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<EditionId, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Name)
    }
}

/// The rules in force from a date, asked in order; the first that has an answer gives it. Knows from when on the others are
/// in force, so that what ends with an edition ends on the right day.
#[derive(Clone, Copy, Debug)]
pub struct Edition {
    id: EditionId,
    rules: &'static [Rule],
    calendar: Calendar,
}

impl Edition {
    const fn named(id: EditionId, rules: &'static [Rule]) -> Self {
        Self { id, rules, calendar: Calendar::AS_NAMED }
    }

    /// The same rules, dated otherwise.
    pub(crate) const fn under(self, calendar: Calendar) -> Self {
        Self { calendar, ..self }
    }

    /// The name.
    pub const fn id(&self) -> EditionId {
        self.id
    }

    /// First instant at which these rules hold.
    pub fn starts_at(&self) -> Timestamp {
        self.calendar.starts_at(self.id)
    }

    /// From when on this edition and the others are in force.
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The names of its rules, in the order in which they are asked.
    pub fn rule_ids(&self) -> impl Iterator<Item = RuleId> + '_ {
        self.rules.iter().map(|rule| rule.id)
    }

    pub(crate) const fn rules(&self) -> &'static [Rule] {
        self.rules
    }

    /// When a later edition stops accepting the tag, if that still lies ahead of `now`.
    pub(crate) fn retirement_after(&self, tag: UpdateTag, now: Timestamp) -> Option<Timestamp> {
        let later = EDITIONS.iter().find(|later| later.id > self.id && later.retires(tag))?;
        Some(self.calendar.starts_at(later.id)).filter(|at| now < *at)
    }

    fn retires(&self, tag: UpdateTag) -> bool {
        match tag {
            UpdateTag::ConfirmedEventUpdate | UpdateTag::AccountUpdate | UpdateTag::PostPurchaseUpdate => {
                self.rule_ids().any(|rule| rule == RuleId::RetiredTags)
            }
        }
    }
}

/// All editions as they are named, oldest first.
pub fn editions() -> &'static [Edition] {
    &EDITIONS
}

/// The edition in force at `now`, each being so from the day of its name on; before the first one starts, the first one.
pub fn edition_at(now: Timestamp) -> &'static Edition {
    EDITIONS.iter().rev().find(|edition| edition.starts_at() <= now).unwrap_or(&EDITIONS[0])
}

/// The edition of that name, `YYYY-MM-DD`.
pub fn edition_by_id(id: &str) -> Option<&'static Edition> {
    let id = id.parse().ok()?;
    EDITIONS.iter().find(|edition| edition.id == id)
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    #[test]
    fn editions_start_at_midnight_of_the_day_they_are_named_after() {
        assert_eq!(edition_by_id("2020-01-15").expect("known").starts_at(), Timestamp(1_579_046_400_000));
        assert_eq!(edition_by_id("2026-04-27").expect("known").starts_at(), Timestamp(1_777_248_000_000));
        assert_eq!(edition_by_id("2026-09-28").expect("known").starts_at(), Timestamp(1_790_553_600_000));
    }

    #[test]
    fn the_edition_changes_exactly_at_its_start() {
        let [first, second, third] = &EDITIONS;
        let start = second.starts_at();
        for (now, expected) in [
            (Timestamp(i64::MIN), first),
            (first.starts_at() - Span(1), first),
            (first.starts_at(), first),
            (start - Span(1), first),
            (start, second),
            (start + Span(1), second),
            (third.starts_at() - Span(1), second),
            (third.starts_at(), third),
            (Timestamp(i64::MAX), third),
        ] {
            assert_eq!(edition_at(now).id(), expected.id(), "{now:?}");
        }
    }

    #[test]
    fn every_rule_is_listed_by_an_edition_and_every_listed_one_is_known() {
        let listed = |rule: &RuleId| EDITIONS.iter().any(|edition| edition.rule_ids().any(|listed| listed == *rule));
        assert!(RuleId::ALL.iter().all(listed));
        assert!(EDITIONS.iter().flat_map(Edition::rule_ids).all(|rule| RuleId::ALL.contains(&rule)));
    }

    #[test]
    fn editions_are_listed_oldest_first() {
        assert!(EDITIONS.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn only_names_of_known_editions_are_read() {
        for edition in editions() {
            let found = edition_by_id(&edition.id().to_string()).expect("it is listed");
            assert_eq!(found.id(), edition.id());
        }
        for text in ["", "2020", "2020-01", "2020-1-15", "2020-01-16", "+020-01-15", "2020-01-15 ", "2020-01-15-1"] {
            assert!(edition_by_id(text).is_none(), "{text}");
        }
    }
}
