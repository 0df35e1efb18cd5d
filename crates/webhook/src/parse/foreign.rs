//! Payloads of other people's collections: whole deliveries, single entries, single items, or the bare value of a change.
//!
//! A fragment is put into the envelope that it was cut from; its Page is the one it names, else [`ASSUMED_PAGE`]. Nothing
//! else differs from a live delivery. Never used for live traffic, where a body without structure is an anomaly.

use std::borrow::Cow;

use model::{Delivery, PageId, Timestamp};
use serde_json::value::RawValue;

use super::deliver;
use super::json::{self, Object};

/// The Page of a fragment that names none.
const ASSUMED_PAGE: &str = "0";

/// Keys that only an entry has.
const ENTRY: [&str; 4] = ["messaging", "standby", "changes", "changed_fields"];

/// What a payload is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// `{object, entry}`, or an array of them.
    Delivery,
    /// An element of `entry`.
    Entry,
    /// An element of `messaging` or `standby`.
    Item,
    /// An element of `changes`.
    Change,
    /// The `value` of a change, by the field that it must be of.
    Value(&'static str),
}

/// What a payload is; `None` where it is no JSON or nothing that Meta sends.
pub fn shape(body: &[u8]) -> Option<Shape> {
    let text = core::str::from_utf8(body).ok()?;
    let value: &RawValue = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    if value.get().starts_with('[') {
        let first = json::elements(value.get()).ok()?.into_iter().next()?;
        return Object::read(first).and_then(|object| shape_of(&object));
    }
    Object::read(value).and_then(|object| shape_of(&object))
}

fn shape_of(object: &Object<'_>) -> Option<Shape> {
    let names = |names: &[&str]| object.members().any(|(key, _)| names.contains(&&*key));
    if names(&["entry"]) {
        Some(Shape::Delivery)
    } else if names(&ENTRY) {
        Some(Shape::Entry)
    } else if names(&["sender", "recipient"]) {
        Some(Shape::Item)
    } else if names(&["field"]) {
        Some(Shape::Change)
    } else if names(&["leadgen_id"]) {
        Some(Shape::Value("leadgen"))
    } else if names(&["review_text", "recommendation_type", "open_graph_story_id"]) {
        Some(Shape::Value("ratings"))
    } else if names(&["item"]) {
        Some(Shape::Value("feed"))
    } else if names(&["timestamp", "message", "postback", "optin", "referral", "delivery", "read", "reaction"]) {
        Some(Shape::Item)
    } else {
        None
    }
}

/// Reads a payload of any shape; what has none is read as a delivery and so becomes an anomaly.
pub fn parse_foreign(body: &[u8], received_at: Timestamp) -> Delivery {
    let text = String::from_utf8_lossy(body);
    let lossy = matches!(text, Cow::Owned(_));
    let text = text.trim_start_matches('\u{feff}').trim();
    let list = if text.starts_with('[') { text.to_owned() } else { format!("[{text}]") };
    let whole = match shape(body) {
        Some(Shape::Delivery) | None => Cow::Borrowed(text),
        Some(Shape::Entry) => Cow::Owned(format!(r#"{{"object":"page","entry":{list}}}"#)),
        Some(Shape::Item) => Cow::Owned(format!(r#"{{"object":"page","entry":[{{"messaging":{list}}}]}}"#)),
        Some(Shape::Change) => Cow::Owned(format!(r#"{{"object":"page","entry":[{{"changes":{list}}}]}}"#)),
        Some(Shape::Value(field)) => {
            Cow::Owned(format!(r#"{{"object":"page","entry":[{{"changes":[{{"field":"{field}","value":{text}}}]}}]}}"#))
        }
    };
    deliver(&whole, lossy, Some(&PageId::new(ASSUMED_PAGE)), received_at)
}

/// A payload of any shape as the body of a delivery that Meta might have sent, with the Page named that
/// [`parse_foreign`] takes it for; `None` where it has no shape, or is no UTF-8.
pub fn body_of_foreign(payload: &[u8]) -> Option<String> {
    let shape = shape(payload)?;
    let text = core::str::from_utf8(payload).ok()?.trim_start_matches('\u{feff}').trim();
    if shape == Shape::Delivery {
        return Some(text.to_owned());
    }
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let pieces = if text.starts_with('[') { json::elements(raw.get()).ok()? } else { vec![raw] };
    let entries: Vec<String> = pieces.into_iter().map(|piece| entry(shape, piece.get())).collect();
    Some(format!(r#"{{"object":"page","entry":[{}]}}"#, entries.join(",")))
}

/// A piece as an entry that names its Page.
fn entry(shape: Shape, piece: &str) -> String {
    let page = serde_json::to_string(page_of(piece).as_str()).expect("an id is text");
    match shape {
        Shape::Delivery | Shape::Entry => {
            let members = json::members(piece).unwrap_or_default();
            let is_named = members.is_empty() || members.iter().any(|(key, _)| json::key(key) == "id");
            match piece.strip_prefix('{').filter(|_| !is_named) {
                Some(members) => format!(r#"{{"id":{page},{members}"#),
                None => piece.to_owned(),
            }
        }
        Shape::Item => format!(r#"{{"id":{page},"messaging":[{piece}]}}"#),
        Shape::Change => format!(r#"{{"id":{page},"changes":[{piece}]}}"#),
        Shape::Value(field) => format!(r#"{{"id":{page},"changes":[{{"field":"{field}","value":{piece}}}]}}"#),
    }
}

/// The Page that a piece is taken for.
fn page_of(piece: &str) -> PageId {
    let Delivery { inbounds, page_inbounds, anomalies } = parse_foreign(piece.as_bytes(), Timestamp(0));
    let talk = inbounds.into_iter().map(|inbound| inbound.page).next();
    let other = page_inbounds.into_iter().map(|inbound| inbound.page).next();
    let odd = anomalies.into_iter().filter_map(|anomaly| anomaly.page).next();
    talk.or(other).or(odd).unwrap_or_else(|| PageId::new(ASSUMED_PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_is_read_as_if_it_stood_in_its_delivery() {
        let item = r#"{"sender":{"id":"5001"},"recipient":{"id":"1029"},"message":{"mid":"m_1","text":"hello"}}"#;
        let entry = format!(r#"{{"id":"1029","messaging":[{item}]}}"#);
        let cases = [
            (format!(r#"{{"object":"page","entry":[{entry}]}}"#), Shape::Delivery),
            (entry.clone(), Shape::Entry),
            (format!("[{entry}]"), Shape::Entry),
            (item.to_owned(), Shape::Item),
            (format!(r#"{{"field":"messages","value":{item}}}"#), Shape::Change),
        ];
        for (body, expected) in cases {
            assert_eq!(shape(body.as_bytes()), Some(expected), "{body}");
            let delivery = parse_foreign(body.as_bytes(), Timestamp(1));
            assert_eq!((delivery.inbounds.len(), delivery.anomalies.len()), (1, 0), "{body}");
            let page = delivery.inbounds[0].page.as_str();
            assert_eq!(page, "1029", "{body}");
        }
        let lead = parse_foreign(br#"{"leadgen_id":7,"form_id":8}"#, Timestamp(1));
        assert_eq!((lead.page_inbounds.len(), lead.page_inbounds[0].page.as_str()), (1, "0"));
    }

    #[test]
    fn a_body_made_of_a_payload_is_understood_as_the_payload_is() {
        let item =
            r#"{"sender":{"id":"5001"},"recipient":{"id":"1029"},"timestamp":1,"message":{"mid":"m_1","text":"hi"}}"#;
        let echo = r#"{"sender":{"id":"77"},"recipient":{"id":"5001"},"timestamp":2,"message":{"mid":"m_2","text":"yes","is_echo":true}}"#;
        let like = r#"{"field":"feed","value":{"item":"like","verb":"add"}}"#;
        for payload in [
            format!(r#"{{"object":"page","entry":[{{"id":"1029","messaging":[{item}]}}]}}"#),
            format!(r#"{{"id":"1029","messaging":[{item},{echo}]}}"#),
            format!(r#"[{{"messaging":[{item}]}},{{"changes":[{like}]}}]"#),
            item.to_owned(),
            format!("[{item},{echo}]"),
            format!("\u{feff} {like}"),
            r#"{"leadgen_id":7,"form_id":8}"#.to_owned(),
        ] {
            let body = body_of_foreign(payload.as_bytes()).unwrap();
            let (as_body, as_payload) =
                (crate::parse(body.as_bytes(), Timestamp(1)), parse_foreign(payload.as_bytes(), Timestamp(1)));
            assert_eq!(
                (as_body.inbounds, as_body.page_inbounds),
                (as_payload.inbounds, as_payload.page_inbounds),
                "{body}"
            );
            assert_eq!(as_body.anomalies.len(), as_payload.anomalies.len(), "{body}");
        }
    }

    #[test]
    fn what_meta_never_sends_has_no_shape() {
        for body in ["", "7", "[]", "{}", "[7]", r#"{"hello":"world"}"#, "not json"] {
            assert_eq!((shape(body.as_bytes()), body_of_foreign(body.as_bytes())), (None, None), "{body}");
            assert_eq!(parse_foreign(body.as_bytes(), Timestamp(1)).anomalies.len(), 1, "{body}");
        }
    }
}
