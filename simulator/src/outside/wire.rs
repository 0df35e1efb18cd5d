//! What Meta tells of a send: its echo, that it arrived, that it was read, each as a delivery of its own.
//!
//! Kept apart from the stand-in with its sockets on purpose: approved traces rest on these bytes. Source: the webhook
//! references *message_echoes*, *message_deliveries*, *message_reads*, read 2026-11-23.

use model::{AppId, Mid, PageId, Psid, Timestamp};
use serde_json::{Map, Value, json};

/// A message of the Page as Meta has it.
#[derive(Clone, Debug)]
pub(crate) struct Bubble {
    pub(crate) page: PageId,
    pub(crate) psid: Psid,
    pub(crate) mid: Mid,
    pub(crate) text: Option<String>,
    /// Type and address.
    pub(crate) attachment: Option<(String, String)>,
    /// The sender's mark.
    pub(crate) metadata: String,
    pub(crate) at: Timestamp,
}

/// The echo: sender and recipient are swapped, the app is a number.
pub(crate) fn echo(bubble: &Bubble, app: &AppId) -> Value {
    let mut message = Map::new();
    message.insert("mid".to_owned(), bubble.mid.as_str().into());
    message.insert("is_echo".to_owned(), true.into());
    let app = app.as_str();
    message.insert("app_id".to_owned(), app.parse::<u64>().map_or_else(|_| app.into(), Value::from));
    message.insert("metadata".to_owned(), bubble.metadata.as_str().into());
    if let Some(text) = &bubble.text {
        message.insert("text".to_owned(), text.as_str().into());
    }
    if let Some((kind, url)) = &bubble.attachment {
        message.insert("attachments".to_owned(), json!([{ "type": kind, "payload": { "url": url } }]));
    }
    json!({
        "sender": { "id": bubble.page }, "recipient": { "id": bubble.psid }, "timestamp": bubble.at, "message": message,
    })
}

/// It arrived. Without a `timestamp`, as in Meta's own example.
pub(crate) fn delivered(bubble: &Bubble) -> Value {
    json!({
        "sender": { "id": bubble.psid }, "recipient": { "id": bubble.page },
        "delivery": { "mids": [bubble.mid], "watermark": bubble.at },
    })
}

/// It was read.
pub(crate) fn read(bubble: &Bubble, now: Timestamp) -> Value {
    json!({
        "sender": { "id": bubble.psid }, "recipient": { "id": bubble.page }, "timestamp": now,
        "read": { "watermark": bubble.at },
    })
}

/// One item as a delivery of its own; in `standby` where another app has the conversation.
pub(crate) fn delivery(page: &PageId, now: Timestamp, is_aside: bool, item: &Value) -> String {
    let list = if is_aside { "standby" } else { "messaging" };
    json!({ "object": "page", "entry": [{ "id": page, "time": now, list: [item] }] }).to_string()
}

#[cfg(test)]
mod tests {
    use model::Kind;

    use super::*;

    #[test]
    fn the_node_reads_each_of_them() {
        let bubble = Bubble {
            page: PageId::new("17"),
            psid: Psid::new("5001"),
            mid: Mid::new("m_1"),
            text: Some("größer".to_owned()),
            attachment: None,
            metadata: "pd.1.4.c/17/5001".to_owned(),
            at: Timestamp(1_780_272_000_000),
        };
        let (app, now) = (AppId::new("990017"), Timestamp(1_780_272_000_400));
        for (item, word) in
            [(echo(&bubble, &app), "echo"), (delivered(&bubble), "arrived"), (read(&bubble, now), "read")]
        {
            let body = delivery(&bubble.page, now, false, &item);
            let parsed = webhook::parse(body.as_bytes(), now);
            assert_eq!(parsed.anomalies, []);
            let inbound = &parsed.inbounds[0];
            assert_eq!((&inbound.page, &inbound.psid), (&bubble.page, &bubble.psid));
            let holds = match word {
                "echo" => {
                    matches!(&inbound.kind, Kind::Echo(echo) if echo.metadata.as_deref() == Some("pd.1.4.c/17/5001"))
                }
                "arrived" => matches!(&inbound.kind, Kind::Delivered(receipt) if receipt.watermark == bubble.at),
                _ => matches!(&inbound.kind, Kind::Read(receipt) if receipt.watermark == bubble.at),
            };
            assert!(holds, "{word}: {inbound:?}");
        }
    }
}
