//! The structure of a body: envelopes, entries, lists. Finds every item, understands none.
//!
//! The usual form is one object with `object` and an array `entry`, whose elements hold `id`, `time` and one list
//! (`messaging`, `standby` or `changes`). Also read, because they occur: an array around the whole, an object in place of
//! an array (alone, or as `{"0": …}`), other lists, keys in any order, ids as numbers. Source: Meta, *Webhooks for
//! Messenger Platform* and event references, read 2026-11-23.

use std::borrow::Cow;

use model::{PageId, Timestamp};
use serde_json::value::RawValue;

use super::json::{self, elements, members};

/// Names and values of an object's members.
type Members<'a> = Vec<(&'a RawValue, &'a RawValue)>;

/// The outermost form of a body.
pub(super) enum Body<'a> {
    /// One envelope.
    One(Members<'a>),
    /// An array around envelopes.
    Wrapped(Vec<&'a RawValue>),
}

/// What stands in a list.
#[derive(Clone, Copy)]
pub(super) enum Found {
    /// An object.
    Item,
    /// Anything else where an item should be, with the word for it.
    Odd(&'static str),
}

/// The outermost form, or the word for why there is none.
pub(super) fn body(text: &str) -> Result<Body<'_>, &'static str> {
    // Reading the outermost level checks the grammar of the whole text; below it nothing can fail any more.
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => members(text).map(Body::One).map_err(|_| "not-json"),
        Some(b'[') => match elements(text) {
            Ok(envelopes) if envelopes.is_empty() => Err("no-entry"),
            Ok(envelopes) => Ok(Body::Wrapped(envelopes)),
            Err(_) => Err("not-json"),
        },
        _ => match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => Err("no-entry"),
            Err(_) => Err("not-json"),
        },
    }
}

/// The word under `object`; what is no word is no Page either, so its text stands for it. `None` where there is none.
pub(super) fn object<'a>(members: &[(&'a RawValue, &'a RawValue)]) -> Option<Cow<'a, str>> {
    let value = value(members, "object")?;
    if value.get() == "null" { None } else { Some(json::string(value).unwrap_or(Cow::Borrowed(value.get()))) }
}

/// The Page of an entry.
pub(super) fn page(members: &[(&RawValue, &RawValue)], lossy: bool) -> Option<PageId> {
    let id = json::id(value(members, "id")?)?;
    // Two ids with different broken bytes would look the same.
    if lossy && id.contains('\u{fffd}') { None } else { Some(PageId::new(id)) }
}

/// The time of an entry.
pub(super) fn time(members: &[(&RawValue, &RawValue)]) -> Option<Timestamp> {
    json::time(value(members, "time")?)
}

/// The items under a key of an entry. A mere word, a number, `null` or an empty list holds none.
pub(super) fn items<'a>(name: &str, value: &'a RawValue) -> Vec<(Found, &'a RawValue)> {
    let found = |raw: &'a RawValue| (if is_object(raw) { Found::Item } else { Found::Odd("not-an-object") }, raw);
    match (name, spread(value)) {
        // How the items came here belongs to them; it is none itself.
        ("id" | "time" | "hop_context", _) => Vec::new(),
        (_, Some(elements)) => elements.into_iter().map(found).collect(),
        ("messaging" | "standby" | "changes", None) if value.get() != "null" => {
            vec![(Found::Odd("not-a-list"), value)]
        }
        (_, None) => Vec::new(),
    }
}

/// The elements of an array; an object in its place is the only element, or holds them as `{"0": …, "1": …}`. `None` for
/// other types.
pub(super) fn spread(value: &RawValue) -> Option<Vec<&RawValue>> {
    match value.get().as_bytes().first() {
        Some(b'[') => elements(value.get()).ok(),
        Some(b'{') => {
            let members = members(value.get()).ok()?;
            if !members.is_empty() && members.iter().all(|(key, _)| is_index(key)) {
                Some(members.into_iter().map(|(_, element)| element).collect())
            } else {
                Some(vec![value])
            }
        }
        _ => None,
    }
}

/// The elements of an array, or the one value in its place.
pub(super) fn elements_or_one(value: &RawValue) -> Vec<&RawValue> {
    if value.get().starts_with('[') { elements(value.get()).unwrap_or_default() } else { vec![value] }
}

/// Whether the value is an object.
pub(super) fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

fn is_index(key: &RawValue) -> bool {
    json::string(key).is_some_and(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The last value under a key.
fn value<'a>(members: &[(&'a RawValue, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    members.iter().rev().find(|(key, _)| json::key(key) == name).map(|(_, value)| *value)
}
