//! Webhook bodies as Meta writes them: lists of items per entry, everything outside ASCII escaped.
//!
//! Source: *Meta Webhooks for Messenger Platform* and the webhook reference for Pages, read 2026-11-23. An entry's `time`
//! is in milliseconds for messages and in seconds for changes. The items themselves are in the modules below.

mod attachment;
pub(super) mod change;
pub(super) mod messaging;

use core::fmt::Write as _;

use model::{PageId, Timestamp};
use serde_json::{Map, Value};

/// The list of an entry that an item stands in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum List {
    /// Messages and what belongs to them, for the app that owns the thread.
    Messaging,
    /// The same for an app that does not.
    Standby,
    /// What happens on the wall and around it.
    Changes,
    /// Any other key.
    Odd(String),
    /// No list: the text is a whole body, for another object than `page`.
    Whole,
}

impl List {
    /// By its key.
    pub(super) fn of(key: &str) -> Self {
        match key {
            "messaging" => Self::Messaging,
            "standby" => Self::Standby,
            "changes" => Self::Changes,
            odd => Self::Odd(odd.to_owned()),
        }
    }

    fn key(&self) -> &str {
        match self {
            Self::Messaging => "messaging",
            Self::Standby => "standby",
            Self::Changes => "changes",
            Self::Odd(key) => key,
            Self::Whole => "",
        }
    }
}

/// One body for items of one or more Pages, escaped: neighbours of one Page and list share an entry.
pub(super) fn envelope<'a>(time: Timestamp, items: impl Iterator<Item = (&'a PageId, &'a List, &'a str)>) -> String {
    let mut entries: Vec<((&PageId, &List), Vec<&str>)> = Vec::new();
    for (page, list, item) in items {
        match entries.last_mut() {
            _ if *list == List::Whole => return escape(item),
            Some((last, texts)) if *last == (page, list) => texts.push(item),
            Some(_) | None => entries.push(((page, list), vec![item])),
        }
    }
    let entry = |((page, list), texts): ((&PageId, &List), Vec<&str>)| {
        let id = Value::from(page.as_str());
        let time = if *list == List::Changes { time.0.div_euclid(1_000) } else { time.0 };
        format!(r#"{{"id":{id},"time":{time},{}:[{}]}}"#, Value::from(list.key()), texts.join(","))
    };
    let entries: Vec<String> = entries.into_iter().map(entry).collect();
    escape(&format!(r#"{{"object":"page","entry":[{}]}}"#, entries.join(",")))
}

/// Puts a value where there is one.
fn put(object: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), value.into());
    }
}

/// A number where the id is one, as Meta writes apps and leads.
fn number_or_text(id: &str) -> Value {
    let number = id.parse::<u64>().ok().filter(|number| number.to_string() == id);
    number.map_or_else(|| id.into(), Value::from)
}

/// Writes every UTF-16 unit outside ASCII as `\u00e4`, lower case. Only strings can hold such characters.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{unit:04x}").expect("writing to a String cannot fail");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(items: &[(List, &str)]) -> Value {
        let page = PageId::new("17");
        let items = items.iter().map(|(list, text)| (&page, list, *text));
        serde_json::from_str(&envelope(Timestamp(7_500), items)).expect("JSON")
    }

    #[test]
    fn a_body_is_ascii_with_lower_case_escapes_and_reads_back() {
        let text = "größer 😀 \"quoted\"";
        let item = serde_json::json!({ "text": text }).to_string();
        let body = envelope(Timestamp(7), [(&PageId::new("17"), &List::Messaging, item.as_str())].into_iter());
        assert!(body.is_ascii() && body.contains("gr\\u00f6\\u00dfer \\ud83d\\ude00"), "{body}");
        let value: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(value["entry"][0]["messaging"][0]["text"], text);
        assert_eq!(value["entry"][0]["id"], "17");
    }

    #[test]
    fn neighbours_of_one_list_share_an_entry_and_changes_count_seconds() {
        let odd = List::of("messaging_handovers");
        let items =
            [(List::Messaging, "1"), (List::Messaging, "2"), (List::Changes, "3"), (List::Messaging, "4"), (odd, "5")];
        let expected = serde_json::json!({"object": "page", "entry": [
            {"id": "17", "time": 7_500, "messaging": [1, 2]},
            {"id": "17", "time": 7, "changes": [3]},
            {"id": "17", "time": 7_500, "messaging": [4]},
            {"id": "17", "time": 7_500, "messaging_handovers": [5]},
        ]});
        assert_eq!(body(&items), expected);
        assert_eq!(body(&[(List::Whole, r#"{"object":"user"}"#)]), serde_json::json!({"object": "user"}));
    }

    #[test]
    fn items_of_several_pages_share_a_body_and_not_an_entry() {
        let (one, two) = (PageId::new("17"), PageId::new("18"));
        let items = [(&one, "1"), (&one, "2"), (&two, "3"), (&one, "4")];
        let items = items.into_iter().map(|(page, text)| (page, &List::Messaging, text));
        let expected = serde_json::json!({"object": "page", "entry": [
            {"id": "17", "time": 7, "messaging": [1, 2]},
            {"id": "18", "time": 7, "messaging": [3]},
            {"id": "17", "time": 7, "messaging": [4]},
        ]});
        assert_eq!(serde_json::from_str::<Value>(&envelope(Timestamp(7), items)).expect("JSON"), expected);
    }

    #[test]
    fn an_id_is_a_number_only_where_nothing_is_lost() {
        assert_eq!(number_or_text("9007199254740993"), serde_json::json!(9_007_199_254_740_993_u64));
        assert_eq!(number_or_text("007"), serde_json::json!("007"));
        assert_eq!(number_or_text("+7"), serde_json::json!("+7"));
    }
}
