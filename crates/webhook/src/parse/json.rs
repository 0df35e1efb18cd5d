//! Small readings of JSON that never fail where a value has another type than expected: members, elements, ids, texts,
//! times.
//!
//! Numbers are read from their own text, never through a float, since ids go beyond 2^53. Nothing here knows a kind.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use model::{Redacted, Timestamp};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::limits::ID_BYTES_MAX;

/// Values below this are seconds: as milliseconds they would lie before March 1973.
const SECONDS_BELOW: i64 = 100_000_000_000;

/// Values from here on are no times: as milliseconds they lie beyond the year 5138.
const TIMES_BELOW: i64 = 100_000_000_000_000;

/// The members of an object in the order of the text, keys still quoted; double keys are kept.
pub(super) struct Members<'a>(pub(super) Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Object<'a> {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::with_capacity(4);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// The members of an object's text.
pub(super) fn members(text: &str) -> serde_json::Result<Vec<(&RawValue, &RawValue)>> {
    serde_json::from_str::<Members<'_>>(text).map(|members| members.0)
}

/// The elements of an array's text.
pub(super) fn elements(text: &str) -> serde_json::Result<Vec<&RawValue>> {
    serde_json::from_str(text)
}

/// A key as text; one with broken escapes as it stands in the body.
pub(super) fn key<'a>(raw: &'a RawValue) -> Cow<'a, str> {
    string(raw).unwrap_or(Cow::Borrowed(raw.get()))
}

/// A string, unescaped; `None` for other types and for escapes that are no characters.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(raw.get()).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// A text that a person wrote: a string, even with half a surrogate pair (an emoji cut in two), or a number. Not empty.
pub(super) fn text(raw: &RawValue) -> Option<String> {
    let written = match string(raw) {
        Some(text) => text.into_owned(),
        None if raw.get().starts_with('"') => serde_json::from_str(&whole_surrogates(raw.get())).ok()?,
        None => number(raw)?.to_owned(),
    };
    Some(written).filter(|text| !text.is_empty())
}

/// An opaque name of Meta's, string or number; not empty.
pub(super) fn name(raw: &RawValue) -> Option<Cow<'_, str>> {
    let name = string(raw).or_else(|| number(raw).map(Cow::Borrowed))?;
    Some(name).filter(|name| !name.is_empty())
}

/// The id of a Page or a person: a name that can stand in a machine's id.
pub(super) fn id(raw: &RawValue) -> Option<Cow<'_, str>> {
    let speaks = |byte: u8| byte != b'/' && !byte.is_ascii_control() && byte != b' ';
    name(raw).filter(|id| id.len() <= ID_BYTES_MAX && id.bytes().all(speaks))
}

/// A time in seconds or milliseconds, number or string, or written out (ISO 8601); `None` for what cannot be one.
pub(super) fn time(raw: &RawValue) -> Option<Timestamp> {
    let digits = match number(raw) {
        Some(number) => Cow::Borrowed(number),
        None => string(raw)?,
    };
    let Ok(value) = digits.parse::<i64>() else { return super::calendar::read(&digits) };
    match value {
        1..SECONDS_BELOW => Some(Timestamp(value * 1_000)),
        SECONDS_BELOW..TIMES_BELOW => Some(Timestamp(value)),
        _ => None,
    }
}

/// An object of which only some members are looked at; the last one under a key counts, and `null` is none.
pub(super) struct Object<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Object<'a> {
    /// `None` where the value is no object.
    pub(super) fn read(raw: &'a RawValue) -> Option<Self> {
        if raw.get().starts_with('{') { members(raw.get()).ok().map(Self) } else { None }
    }

    /// The value under a key.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rev().find(|(key, _)| self::key(key) == name);
        found.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// Keys and values in the order of the text.
    pub(super) fn members(&self) -> impl Iterator<Item = (Cow<'a, str>, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (self::key(key), *value))
    }

    /// Whether any of these keys has a value.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// An opaque name, as [`name`] reads it.
    pub(super) fn name(&self, key: &str) -> Option<String> {
        self.get(key).and_then(name).map(Cow::into_owned)
    }

    /// A name that is no zero: ids of what is not there are `0`.
    pub(super) fn id_of(&self, key: &str) -> Option<String> {
        self.name(key).filter(|id| id != "0")
    }

    /// A text that a person wrote, as [`text`] reads it.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(text)
    }

    /// The same, personal.
    pub(super) fn words(&self, key: &str) -> Option<Redacted<String>> {
        self.text(key).map(Redacted::new)
    }

    /// A time, as [`time`] reads it.
    pub(super) fn time(&self, key: &str) -> Option<Timestamp> {
        self.get(key).and_then(time)
    }

    /// Yes or no, also as `0`, `1` or in quotes.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)?.get().trim_matches('"') {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// An object inside.
    pub(super) fn object(&self, key: &str) -> Option<Object<'a>> {
        self.get(key).and_then(Self::read)
    }

    /// Objects of an array inside; an object in its place is the only one.
    pub(super) fn objects(&self, key: &str) -> Vec<Object<'a>> {
        self.get(key).and_then(super::envelope::spread).unwrap_or_default().into_iter().filter_map(Self::read).collect()
    }
}

/// Whether the value is `true`.
pub(super) fn is_true(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| raw.get() == "true")
}

/// The digits of a whole number that is not negative.
fn number(raw: &RawValue) -> Option<&str> {
    let digits = raw.get();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// Puts the replacement character for every escape that is half a surrogate pair.
fn whole_surrogates(quoted: &str) -> String {
    let mut whole = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some(at) = rest.find('\\') {
        whole.push_str(&rest[..at]);
        let escape = &rest[at..];
        let taken = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => 0,
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        if taken == 0 {
            whole.push_str("\\ufffd");
            rest = &escape[6..];
        } else {
            let (kept, later) = escape.split_at_checked(taken).unwrap_or((escape, ""));
            whole.push_str(kept);
            rest = later;
        }
    }
    whole.push_str(rest);
    whole
}

/// The UTF-16 unit of an escape `\uXXXX` at the start of the text.
fn unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// A member that ought to be an object.
#[derive(Debug, Default)]
pub(super) enum Maybe<T> {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// As it ought to be.
    Here(T),
    /// Of another type.
    Odd,
}

impl<T> Maybe<T> {
    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(super) const fn here(&self) -> Option<&T> {
        match self {
            Self::Here(value) => Some(value),
            Self::Absent | Self::Odd => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType(PhantomData))
    }
}

struct AnyType<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyType<T> {
    type Value = Maybe<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Maybe<T>, M::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Maybe::Here)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Maybe<T>, S::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Maybe::Odd)
    }

    fn visit_unit<E>(self) -> Result<Maybe<T>, E> {
        Ok(Maybe::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Maybe<T>, E> {
        Ok(Maybe::Odd)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Maybe<T>, E> {
        Ok(Maybe::Odd)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Maybe<T>, E> {
        Ok(Maybe::Odd)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Maybe<T>, E> {
        Ok(Maybe::Odd)
    }

    fn visit_str<E>(self, _: &str) -> Result<Maybe<T>, E> {
        Ok(Maybe::Odd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).expect("the test writes JSON")
    }

    #[test]
    fn ids_are_strings_or_numbers_of_any_size() {
        let cases = [
            (r#""5001""#, Some("5001")),
            ("5001", Some("5001")),
            ("12345678901234567890123", Some("12345678901234567890123")),
            (r#""a\u0062""#, Some("ab")),
            (r#""""#, None),
            (r#""a/b""#, None),
            (r#""a b""#, None),
            ("-1", None),
            ("1.5", None),
            ("1e5", None),
            ("true", None),
            ("null", None),
            (r#"{"id":1}"#, None),
            (r#""\ud800""#, None),
        ];
        for (json, expected) in cases {
            assert_eq!(id(raw(json)).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn times_are_seconds_or_milliseconds() {
        let cases = [
            ("1458692752478", Some(1_458_692_752_478)),
            ("1458692752", Some(1_458_692_752_000)),
            (r#""1458692752478""#, Some(1_458_692_752_478)),
            ("99999999999", Some(99_999_999_999_000)),
            ("100000000000", Some(100_000_000_000)),
            ("99999999999999", Some(99_999_999_999_999)),
            ("100000000000000", None),
            ("0", None),
            ("-5", None),
            ("99999999999999999999999", None),
            (r#""2026-06-01T00:00:00Z""#, Some(1_780_272_000_000)),
            (r#""2026-06-01""#, None),
            ("{}", None),
        ];
        for (json, expected) in cases {
            assert_eq!(time(raw(json)).map(|at| at.0), expected, "{json}");
        }
    }

    #[test]
    fn half_an_emoji_does_not_cost_the_text() {
        let cases = [
            (r#""ok \ud83d\ude00""#, Some("ok \u{1f600}")),
            (r#""cut \ud83d""#, Some("cut \u{fffd}")),
            (r#""\ude00 cut""#, Some("\u{fffd} cut")),
            (r#""\ud83d\ud83d\ude00\n\\ud83d\u0041""#, Some("\u{fffd}\u{1f600}\n\\ud83dA")),
            ("7", Some("7")),
            (r#""""#, None),
            ("[]", None),
        ];
        for (json, expected) in cases {
            assert_eq!(text(raw(json)).as_deref(), expected, "{json}");
        }
    }
}
