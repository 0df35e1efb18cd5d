//! Webhook items and bodies as Meta writes them: ids as strings, times in milliseconds, everything outside ASCII escaped.
//!
//! Source: the webhook event references (*messages*, *message_echoes*, *messaging_postbacks*, *message_deliveries*,
//! *message_reads*), read 2026-11-23. An echo's `app_id` is a number; echoes swap sender and recipient.

use model::{AppId, Mid, PageId, Psid, Timestamp};
use serde_json::{Map, Value, json};

use super::state::Line;

/// A message of the customer.
pub(super) fn message(page: &PageId, psid: &Psid, line: &Line) -> String {
    let message = content(&line.mid, line.text.as_deref(), line.attachment.as_ref());
    item(psid.as_str(), page.as_str(), Some(line.at), "message", Value::Object(message))
}

/// A pressed button.
pub(super) fn postback(page: &PageId, psid: &Psid, mid: &Mid, at: Timestamp, title: &str, payload: &str) -> String {
    let body = json!({ "mid": mid, "title": title, "payload": payload });
    item(psid.as_str(), page.as_str(), Some(at), "postback", body)
}

/// A message of the Page, told to the apps of the Page. `app` sent it; none did where a person or Meta itself wrote.
pub(super) fn echo(page: &PageId, psid: &Psid, line: &Line, app: Option<&AppId>, metadata: Option<&str>) -> String {
    let mut message = content(&line.mid, line.text.as_deref(), line.attachment.as_ref());
    message.insert("is_echo".to_owned(), true.into());
    if let Some(app) = app {
        message.insert("app_id".to_owned(), number_or_text(app.as_str()));
    }
    if let Some(metadata) = metadata {
        message.insert("metadata".to_owned(), metadata.into());
    }
    item(page.as_str(), psid.as_str(), Some(line.at), "message", Value::Object(message))
}

/// Everything up to `watermark` has arrived. Without a `timestamp`, as in Meta's own example.
pub(super) fn delivery(page: &PageId, psid: &Psid, mid: &Mid, watermark: Timestamp) -> String {
    item(psid.as_str(), page.as_str(), None, "delivery", json!({ "mids": [mid], "watermark": watermark }))
}

/// Everything up to `watermark` was read.
pub(super) fn read(page: &PageId, psid: &Psid, watermark: Timestamp) -> String {
    item(psid.as_str(), page.as_str(), Some(watermark), "read", json!({ "watermark": watermark }))
}

/// One body for items of one Page, escaped.
pub(super) fn envelope<'a>(page: &PageId, time: Timestamp, items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<&str> = items.collect();
    let page = Value::from(page.as_str());
    escape(&format!(
        r#"{{"object":"page","entry":[{{"id":{page},"time":{},"messaging":[{}]}}]}}"#,
        time.0,
        items.join(",")
    ))
}

fn content(mid: &Mid, text: Option<&str>, attachment: Option<&(String, String)>) -> Map<String, Value> {
    let mut message = Map::new();
    message.insert("mid".to_owned(), mid.as_str().into());
    if let Some(text) = text {
        message.insert("text".to_owned(), text.into());
    }
    if let Some((kind, url)) = attachment {
        message.insert("attachments".to_owned(), json!([{ "type": kind, "payload": { "url": url } }]));
    }
    message
}

fn item(sender: &str, recipient: &str, timestamp: Option<Timestamp>, key: &str, body: Value) -> String {
    let mut item = Map::new();
    item.insert("sender".to_owned(), json!({ "id": sender }));
    item.insert("recipient".to_owned(), json!({ "id": recipient }));
    if let Some(at) = timestamp {
        item.insert("timestamp".to_owned(), at.0.into());
    }
    item.insert(key.to_owned(), body);
    Value::Object(item).to_string()
}

fn number_or_text(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| id.into(), Value::from)
}

/// Writes every UTF-16 unit outside ASCII as `\u00e4`, lower case. Only strings can hold such characters.
fn escape(json: &str) -> String {
    use core::fmt::Write as _;
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
    use crate::fake::facebook::Writer;

    fn line(text: &str) -> Line {
        let (mid, at) = (Mid::new("m_1"), Timestamp(1_780_272_000_000));
        Line { writer: Writer::Customer, mid, at, text: Some(text.to_owned()), attachment: None }
    }

    #[test]
    fn a_body_is_ascii_with_lower_case_escapes_and_reads_back() {
        let text = "größer 😀 \"quoted\"";
        let item = message(&PageId::new("17"), &Psid::new("5001"), &line(text));
        let body = envelope(&PageId::new("17"), Timestamp(7), [item.as_str()].into_iter());
        assert!(body.is_ascii() && body.contains("gr\\u00f6\\u00dfer \\ud83d\\ude00"), "{body}");
        let value: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(value["entry"][0]["messaging"][0]["message"]["text"], text);
        assert_eq!(value["entry"][0]["id"], "17");
        assert_eq!(value["entry"][0]["messaging"][0]["sender"]["id"], "5001");
    }

    #[test]
    fn an_echo_swaps_the_sides_and_numbers_the_app() {
        let (page, psid) = (PageId::new("17"), Psid::new("5001"));
        let attachment = Some(("image".to_owned(), "https://files.example/cat.png".to_owned()));
        let line = Line { writer: Writer::Page, mid: Mid::new("m_2"), at: Timestamp(9), text: None, attachment };
        let app = AppId::new("990017");
        let text = echo(&page, &psid, &line, Some(&app), Some("pd.1.1.c/17/5001"));
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let expected = json!({
            "sender": {"id": "17"},
            "recipient": {"id": "5001"},
            "timestamp": 9,
            "message": {
                "mid": "m_2", "is_echo": true, "app_id": 990_017, "metadata": "pd.1.1.c/17/5001",
                "attachments": [{"type": "image", "payload": {"url": "https://files.example/cat.png"}}],
            },
        });
        assert_eq!(value, expected);
    }
}
