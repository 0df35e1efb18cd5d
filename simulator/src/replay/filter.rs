//! Which lines of a trace are looked at: by Page, conversation, kind, time and conditions on their fields.
//!
//! Invariant: a filter that asks for nothing lets everything through; every part of it must agree.

use model::Timestamp;

use super::line::{Line, moment};
use super::told::Told;

/// What is looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Pages, each by short name or id.
    pub pages: Vec<String>,
    /// Conversations, each by short name, `PAGE/PSID` or PSID.
    pub conversations: Vec<String>,
    /// Kinds of lines, whole or their first words: `received` is every kind of item.
    pub kinds: Vec<String>,
    /// Nothing before.
    pub from: Option<Moment>,
    /// Nothing at it or later.
    pub to: Option<Moment>,
    /// What holds of a line.
    pub conditions: Vec<Condition>,
}

/// A point of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// Milliseconds since its beginning.
    Since(i64),
    /// By the calendar.
    At(Timestamp),
}

/// One comparison: `reason=window-closed`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    field: String,
    test: Test,
    value: String,
}

/// How a field is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Test {
    Is,
    IsNot,
    Holds,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// Longer signs first: `<=` is no `<`.
const TESTS: [(&str, Test); 7] = [
    ("!=", Test::IsNot),
    ("<=", Test::AtMost),
    (">=", Test::AtLeast),
    ("=", Test::Is),
    ("~", Test::Holds),
    ("<", Test::Below),
    (">", Test::Above),
];

impl Condition {
    /// Reads conditions, `FIELD SIGN VALUE`, joined by ` and `.
    ///
    /// # Errors
    /// What would be one, in words.
    pub fn read(text: &str) -> Result<Vec<Self>, String> {
        let parts: Vec<&str> = text.split(" and ").collect();
        let is_and = |part: &str| part == "and" || part.starts_with("and ") || part.ends_with(" and");
        let is_none = |part: &str| is_and(part) || (part.is_empty() && parts.len() > 1);
        if parts.iter().any(|part| is_none(part.trim())) {
            return Err(format!("{text:?} has an `and` without a condition on each side: write A=B and C=D"));
        }
        parts.into_iter().map(Self::one).collect()
    }

    fn one(text: &str) -> Result<Self, String> {
        let found = TESTS.iter().filter_map(|(sign, test)| Some((text.find(sign)?, sign.len(), *test)));
        // The first sign of the text counts, and of those at one place the longest, which stands first in the table.
        let first = found.min_by_key(|(at, length, _)| (*at, usize::MAX - length));
        let (field, test, value) = first
            .map(|(at, length, test)| {
                let (field, rest) = text.split_at(at);
                (field.trim(), test, rest.get(length..).unwrap_or_default().trim())
            })
            .filter(|(field, _, _)| !field.is_empty() && field.split_whitespace().count() == 1)
            .ok_or_else(|| format!("{text:?} is no condition: write FIELD=VALUE, with one of = != ~ < <= > >="))?;
        let value = value.trim_matches('"').to_owned();
        Ok(Self { field: field.to_owned(), test, value })
    }

    /// Whether it holds of a line. A field that a line lacks is nothing at all: only `!=` holds of it.
    fn holds(&self, line: &Line) -> bool {
        let found: Vec<&str> = match self.field.as_str() {
            "kind" => vec![line.kind()],
            "who" => vec![&line.who],
            "text" => line.texts().collect(),
            field => line.field(field).into_iter().collect(),
        };
        match (self.field.as_str(), self.test) {
            ("time", test) => moment(&self.value).is_some_and(|wanted| orders(test, line.at.cmp(&wanted))),
            (_, Test::Is) => found.contains(&self.value.as_str()),
            (_, Test::IsNot) => !found.contains(&self.value.as_str()),
            (_, Test::Holds) => found.iter().any(|found| found.contains(&self.value)),
            (_, test) => found.iter().any(|found| {
                let pair = number(found).zip(number(&self.value));
                pair.is_some_and(|(found, wanted)| orders(test, found.cmp(&wanted)))
            }),
        }
    }
}

/// A number, or a moment in milliseconds.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| moment(text))
}

fn orders(test: Test, order: core::cmp::Ordering) -> bool {
    match test {
        Test::Is => order.is_eq(),
        Test::IsNot => order.is_ne(),
        Test::Holds => false,
        Test::Below => order.is_lt(),
        Test::AtMost => order.is_le(),
        Test::Above => order.is_gt(),
        Test::AtLeast => order.is_ge(),
    }
}

/// A filter that knows who is called what in a trace.
pub struct Chosen<'f> {
    filter: &'f Filter,
    /// Short names that are looked at; `None`: all.
    pages: Option<Vec<String>>,
    conversations: Option<Vec<String>>,
    from: Option<i64>,
    to: Option<i64>,
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// With the names of this trace.
    pub fn in_trace(&self, told: &Told) -> Chosen<'_> {
        let people = told.people();
        let named = |asked: &String| {
            let is_it = |who: &str, id: &str| {
                let page = who.split('/').next().unwrap_or_default();
                let page = people.iter().find(|of| of.who == page).map_or("", |of| of.id.as_str());
                *asked == who || *asked == id || *asked == format!("{page}/{id}")
            };
            people.iter().find(|of| is_it(&of.who, &of.id)).map_or_else(|| asked.clone(), |of| of.who.clone())
        };
        let chosen = |asked: &[String]| (!asked.is_empty()).then(|| asked.iter().map(named).collect());
        let began_at = told.begins().parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
        let since = |at: Moment| match at {
            Moment::Since(at) => at,
            Moment::At(at) => at.0 - began_at,
        };
        Chosen {
            filter: self,
            pages: chosen(&self.pages),
            conversations: chosen(&self.conversations),
            from: self.from.map(since),
            to: self.to.map(since),
        }
    }
}

impl Chosen<'_> {
    /// Whether this line is looked at.
    pub fn takes(&self, line: &Line) -> bool {
        let page = line.who.split('/').next().unwrap_or_default();
        let of_page = self.pages.as_ref().is_none_or(|pages| pages.iter().any(|of| of == page));
        let of_talk = self.conversations.as_ref().is_none_or(|talks| talks.contains(&line.who));
        let in_time = self.from.is_none_or(|from| line.at >= from) && self.to.is_none_or(|to| line.at < to);
        let kind = line.kind();
        let is_kind = |asked: &String| {
            kind.strip_prefix(asked.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let of_kind = self.filter.kinds.is_empty() || self.filter.kinds.iter().any(is_kind);
        of_page && of_talk && in_time && of_kind && self.filter.conditions.iter().all(|condition| condition.holds(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "# trace 1: Two\n# begins 2026-06-01T08:00:00.000Z\n# A        104  Quay\n# A/c1     71   Mara\n\
                         # B        105  Bay\n# B/c1     71\n\n\
                         000:00:00.000 A/c1       1  received-message mid=m_1 \"Open on Sunday?\"\n\
                         001:00:00.000 B/c1       1  part-refused part=1 reason=window-closed\n\
                         002:00:00.000 A        ->  d1: items=3\n\nsummary\n";

    fn taken(filter: &Filter) -> Vec<usize> {
        let told = Told::read(TRACE).unwrap();
        let chosen = filter.in_trace(&told);
        (0..told.lines.len()).filter(|index| chosen.takes(&told.lines[*index])).collect()
    }

    fn of(conditions: &str) -> Vec<usize> {
        taken(&Filter { conditions: Condition::read(conditions).unwrap(), ..Filter::default() })
    }

    #[test]
    fn pages_and_conversations_are_named_short_or_by_id() {
        assert_eq!(taken(&Filter::default()), [0, 1, 2]);
        for page in ["A", "104"] {
            assert_eq!(taken(&Filter { pages: vec![page.to_owned()], ..Filter::default() }), [0, 2], "{page}");
        }
        for talk in ["B/c1", "105/71"] {
            assert_eq!(taken(&Filter { conversations: vec![talk.to_owned()], ..Filter::default() }), [1], "{talk}");
        }
        assert!(taken(&Filter { pages: vec!["C".to_owned()], ..Filter::default() }).is_empty());
    }

    #[test]
    fn kinds_and_times_choose_lines() {
        assert_eq!(taken(&Filter { kinds: vec!["received".to_owned()], ..Filter::default() }), [0]);
        assert!(taken(&Filter { kinds: vec!["receive".to_owned()], ..Filter::default() }).is_empty());
        let ten = Timestamp(1_780_308_000_000);
        let hour = Moment::Since(3_600_000);
        assert_eq!(taken(&Filter { from: Some(hour), to: Some(Moment::At(ten)), ..Filter::default() }), [1]);
    }

    #[test]
    fn conditions_compare_fields_texts_numbers_and_times() {
        for (conditions, lines) in [
            ("reason=window-closed", &[1][..]),
            ("reason != window-closed", &[0, 2]),
            ("text ~ Sunday", &[0]),
            ("items>=3", &[2]),
            ("items>3", &[]),
            ("time<001:00:00.000", &[0]),
            ("who=A/c1 and kind=received-message", &[0]),
            ("who=A/c1 and kind=part-refused", &[]),
        ] {
            assert_eq!(of(conditions), lines, "{conditions}");
        }
        for text in ["", "reason", "=x", "two words=x"] {
            assert!(Condition::read(text).unwrap_err().contains("FIELD=VALUE"), "{text}");
        }
    }
}
