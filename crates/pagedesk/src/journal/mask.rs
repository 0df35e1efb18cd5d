//! Masks what a customer said or is called in a stored body: whatever is not known to be harmless.
//!
//! Invariant: the list below names what may be shown; a field that is new is masked until somebody adds it here.

use serde_json::Value;

/// Text under these keys names things of the platform, the tracker or the product, never what a person said.
const HARMLESS: [&str; 34] = [
    "act",
    "app",
    "at",
    "attempt",
    "author",
    "channel",
    "comment",
    "contact",
    "content",
    "delivery",
    "edition",
    "effect",
    "field",
    "if_active",
    "item",
    "key",
    "kind",
    "list",
    "messaging_type",
    "message_tag",
    "mid",
    "mids",
    "origin",
    "outcome",
    "page",
    "part",
    "previous",
    "psid",
    "reason",
    "reply_to",
    "rule",
    "task",
    "verb",
    "way",
];

/// What stands for a masked text.
const MASK: &str = "‹redacted›";

/// The body with everything masked that may be personal.
pub(crate) fn mask(body: &Value) -> Value {
    masked(body, false)
}

fn masked(value: &Value, harmless: bool) -> Value {
    match value {
        Value::String(_) if !harmless => Value::from(MASK),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        Value::Array(values) => values.iter().map(|value| masked(value, harmless)).collect(),
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| (key.clone(), masked(value, HARMLESS.contains(&&**key)));
            Value::Object(fields.iter().map(field).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_masked_wherever_it_stands_and_ids_are_not() {
        let body = json!({
            "mid": "m_1", "at": 7, "text": "hello", "late": true,
            "lines": [{ "key": "a7", "text": "hello", "attachments": [{ "kind": "image", "url": "https://x.example/1" }] }],
            "verdict": { "rule": "standard_window" }, "mids": ["m_1", "m_2"], "brand_new": "Ada",
        });
        let expected = json!({
            "mid": "m_1", "at": 7, "text": MASK, "late": true,
            "lines": [{ "key": "a7", "text": MASK, "attachments": [{ "kind": "image", "url": MASK }] }],
            "verdict": { "rule": "standard_window" }, "mids": ["m_1", "m_2"], "brand_new": MASK,
        });
        assert_eq!(mask(&body), expected);
    }
}
