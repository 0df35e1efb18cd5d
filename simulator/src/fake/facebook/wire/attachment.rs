//! Attachments as Meta writes them (*messages* webhook reference of 2026-06-01, read 2026-11-23).

use model::Timestamp;
use serde_json::{Map, Value, json};

use super::put;
use crate::fake::facebook::control::Attachment;

/// 2026-06-01T00:00:00Z: stickers have a type of their own.
const STICKERS_FROM: Timestamp = Timestamp(1_780_272_000_000);
/// 2026-08-30T00:00:00Z: the picture beside the sticker is gone.
const TWINS_UNTIL: Timestamp = Timestamp(1_788_048_000_000);

/// All of them, in order; a sticker may be two items.
pub(super) fn list(attachments: &[Attachment], at: Timestamp) -> Vec<Value> {
    attachments.iter().flat_map(|attachment| items(attachment, at)).collect()
}

fn items(attachment: &Attachment, at: Timestamp) -> Vec<Value> {
    let kind = attachment.name();
    let one = |payload: Value| vec![json!({ "type": kind, "payload": payload })];
    match attachment {
        Attachment::Image { url }
        | Attachment::Audio { url }
        | Attachment::Video { url }
        | Attachment::File { url } => one(json!({ "url": url })),
        Attachment::Sticker { url, sticker_id } => {
            let payload = json!({ "url": url, "sticker_id": sticker_id });
            let twin = json!({ "type": "image", "payload": payload });
            let sticker = json!({ "type": "sticker", "payload": payload });
            match at {
                early if early < STICKERS_FROM => vec![twin],
                between if between < TWINS_UNTIL => vec![sticker, twin],
                _ => vec![sticker],
            }
        }
        Attachment::Fallback { url: None, title: None } => vec![json!({ "type": kind })],
        Attachment::Fallback { url, title } => one(fields([("url", url.clone()), ("title", title.clone())])),
        Attachment::Reel { url, title, reel_video_id, .. } => {
            let mut payload = fields([("url", Some(url.clone())), ("title", title.clone())]);
            if let Some(id) = reel_video_id {
                payload["reel_video_id"] = (*id).into();
            }
            one(payload)
        }
        Attachment::Post { url, title, id, .. } => {
            one(fields([("url", Some(url.clone())), ("title", title.clone()), ("id", id.clone())]))
        }
        Attachment::Template { payload, title } => {
            let mut item = Map::new();
            put(&mut item, "title", title.clone());
            if title.is_some() {
                item.insert("url".to_owned(), Value::Null);
            }
            item.insert("type".to_owned(), kind.into());
            item.insert("payload".to_owned(), payload.clone());
            vec![Value::Object(item)]
        }
        Attachment::AppointmentBooking { booking_id, status, start_time, end_time, timezone } => one(json!({
            "booking_id": booking_id, "status": status, "start_time": start_time, "end_time": end_time,
            "timezone": timezone,
        })),
        Attachment::Location { lat, long } => one(json!({ "coordinates": { "lat": lat, "long": long } })),
        Attachment::Other { payload, .. } => one(payload.clone()),
    }
}

fn fields<const N: usize>(fields: [(&str, Option<String>); N]) -> Value {
    let mut object = Map::new();
    for (key, value) in fields {
        put(&mut object, key, value);
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use model::Span;

    use super::*;

    #[test]
    fn a_sticker_is_a_picture_then_both_then_itself() {
        let sticker = [Attachment::Sticker { url: "https://files.example/like.png".to_owned(), sticker_id: 7 }];
        let kinds = |at| list(&sticker, at).iter().map(|item| item["type"].clone()).collect::<Vec<_>>();
        assert_eq!(kinds(STICKERS_FROM - Span(1)), ["image"]);
        assert_eq!(kinds(STICKERS_FROM), ["sticker", "image"]);
        assert_eq!(kinds(TWINS_UNTIL - Span(1)), ["sticker", "image"]);
        assert_eq!(kinds(TWINS_UNTIL), ["sticker"]);
    }
}
