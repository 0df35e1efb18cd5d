//! Items of `changes` as Meta writes them: `{field, value}`, times in seconds.
//!
//! Source: the webhook reference for Pages (*feed*, *leadgen*, *mention*, *ratings*, *business_integrity*), read
//! 2026-11-23. A removed comment has neither text nor time; an author may be missing; leads have numbers for ids.

use model::{PageId, Timestamp};
use serde_json::{Map, Value, json};

use super::{number_or_text, put};
use crate::fake::facebook::control::{Feed, FeedItem, Integrity, LeadOrder, Mention, Rating, Verb};

/// Id and name of who did something.
pub(in crate::fake::facebook) type Author = Option<(String, String)>;

fn change(field: &str, value: impl Into<Value>) -> String {
    json!({ "field": field, "value": value.into() }).to_string()
}

fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000)
}

/// Something on the wall. What has an id besides that of its post has the same number.
pub(in crate::fake::facebook) fn feed(page: &PageId, order: &Feed, author: Author, at: Timestamp) -> String {
    let mut value = Map::new();
    put(&mut value, "from", author.map(|(id, name)| json!({ "id": id, "name": name })));
    value.insert("item".to_owned(), order.item.name().into());
    value.insert("verb".to_owned(), order.verb.name().into());
    put(&mut value, "post_id", order.post_id.clone());
    put(&mut value, "comment_id", order.comment_id.clone());
    let is_gone = order.verb == Verb::Remove;
    if matches!(order.item, FeedItem::Comment | FeedItem::Reaction | FeedItem::Like) {
        put(&mut value, "parent_id", order.parent_id.clone().or_else(|| order.post_id.clone()));
    }
    if !is_gone {
        put(&mut value, "message", order.message.clone());
        put(&mut value, "photo", order.photo.clone());
        put(&mut value, "photos", (!order.photos.is_empty()).then(|| order.photos.clone()));
        put(&mut value, "video", order.video.clone());
        put(&mut value, "link", order.link.clone());
    }
    if !(is_gone && order.item == FeedItem::Comment) {
        value.insert("created_time".to_owned(), seconds(at).into());
    }
    let own = match order.item {
        FeedItem::Photo => Some("photo_id"),
        FeedItem::Video => Some("video_id"),
        FeedItem::Share => Some("share_id"),
        FeedItem::Event => Some("event_id"),
        FeedItem::Album => Some("album_id"),
        FeedItem::Comment | FeedItem::Post | FeedItem::Status | FeedItem::Reaction | FeedItem::Like => None,
    };
    if let Some(key) = own {
        let post = order.post_id.as_deref().unwrap_or_default();
        value.insert(key.to_owned(), post.rsplit('_').next().unwrap_or_default().into());
    }
    match order.item {
        FeedItem::Status | FeedItem::Photo | FeedItem::Share | FeedItem::Video | FeedItem::Album => {
            value.insert("published".to_owned(), i32::from(order.published.unwrap_or(true)).into());
        }
        FeedItem::Reaction => put(&mut value, "reaction_type", Some(order.reaction_type.as_deref().unwrap_or("like"))),
        FeedItem::Comment | FeedItem::Post | FeedItem::Event | FeedItem::Like => {}
    }
    match (order.verb, order.item) {
        (Verb::Hide | Verb::Unhide, _) => put(&mut value, "is_hidden", Some(order.verb == Verb::Hide)),
        (Verb::Edit | Verb::Edited | Verb::Remove, FeedItem::Post) => {
            put(&mut value, "recipient_id", Some(page.as_str()));
        }
        (_, _) => {}
    }
    change("feed", value)
}

/// A lead is there to be fetched.
pub(in crate::fake::facebook) fn leadgen(
    page: &PageId,
    lead: &str,
    form: &str,
    order: &LeadOrder,
    at: Timestamp,
) -> String {
    let id = |id: &str| if order.ids_as_text { Value::from(id) } else { number_or_text(id) };
    let value = json!({
        "leadgen_id": id(lead),
        "form_id": id(form),
        "page_id": id(page.as_str()),
        "ad_id": id(order.ad_id.as_deref().unwrap_or("0")),
        "adgroup_id": id(order.adgroup_id.as_deref().unwrap_or("0")),
        "created_time": seconds(at),
    });
    change("leadgen", value)
}

/// The Page was named elsewhere.
pub(in crate::fake::facebook) fn mention(order: &Mention, at: Timestamp) -> String {
    let mut value = Map::new();
    value.insert("item".to_owned(), order.item.clone().into());
    value.insert("verb".to_owned(), order.verb.name().into());
    put(&mut value, "post_id", order.post_id.clone());
    put(&mut value, "comment_id", order.comment_id.clone());
    put(&mut value, "message", order.message.clone());
    value.insert("created_time".to_owned(), seconds(at).into());
    change("mention", value)
}

/// The Page was rated.
pub(in crate::fake::facebook) fn rating(order: &Rating, reviewer: Author, at: Timestamp) -> String {
    let mut value = Map::new();
    value.insert("item".to_owned(), order.item.clone().into());
    value.insert("verb".to_owned(), order.verb.name().into());
    put(&mut value, "open_graph_story_id", order.open_graph_story_id.clone());
    if let Some((id, name)) = reviewer {
        value.insert("reviewer_id".to_owned(), id.into());
        value.insert("reviewer_name".to_owned(), name.into());
    }
    put(&mut value, "review_text", order.review_text.clone());
    let recommendation = order.recommended.map(|good| if good { "POSITIVE" } else { "NEGATIVE" });
    put(&mut value, "recommendation_type", recommendation);
    put(&mut value, "rating", order.stars);
    put(&mut value, "comment_id", order.comment_id.clone());
    put(&mut value, "message", order.message.clone());
    put(&mut value, "reaction_type", order.reaction_type.clone());
    value.insert("created_time".to_owned(), seconds(at).into());
    change("ratings", value)
}

/// How the Page stands with Meta.
pub(in crate::fake::facebook) fn integrity(order: &Integrity, at: Timestamp) -> String {
    let restrictions: Vec<Value> = order
        .restrictions
        .iter()
        .map(|restriction| {
            json!({
                "feature": restriction.feature, "status": restriction.status, "description": restriction.description,
                "applied_time": seconds(restriction.applied_at),
                "expiration_time": restriction.expires_at.map(seconds),
            })
        })
        .collect();
    let value = json!({
        "timestamp": seconds(at), "status": order.status, "violations": order.violations,
        "restrictions": restrictions, "action_events": order.action_events,
    });
    change("business_integrity", value)
}

/// A whole body for another object than `page`.
pub(in crate::fake::facebook) fn elsewhere(object: &str, id: &str, changes: &[Value], at: Timestamp) -> String {
    json!({ "object": object, "entry": [{ "id": id, "time": seconds(at), "changes": changes }] }).to_string()
}
