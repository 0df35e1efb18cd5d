//! `feed`, `group_feed`, `mention` and `ratings`: what happens on a Page's wall.
//!
//! Source: Meta, *Webhooks reference, Page*, read 2026-11-23. Ids are strings or numbers, authors may be missing or stand as
//! `from`, `sender_id` or `reviewer_id`, `created_time` is in seconds or written out and, of a change, that of the thing
//! itself: the time of a change is its report's.

use model::{Activity, ActivityField, ActivityItem, Author, PageInbound, PageKind, Redacted, Verb};

use super::Surroundings;
use super::anomaly::{self, Reason};
use super::item::page_of;
use super::json::{self, Object};
use crate::dedup;

/// Links read of one post.
const LINKS_MAX: usize = 50;

/// Keys under which links to what was posted stand.
const LINKS: [&str; 4] = ["link", "photo", "video", "url"];

/// Keys under which the id of what was posted stands, the most telling first.
const THINGS: [&str; 7] =
    ["post_id", "open_graph_story_id", "album_id", "event_id", "share_id", "video_id", "photo_id"];

/// Reads one thing that happened.
pub(super) fn read(field: ActivityField, value: &Object<'_>, around: &Surroundings<'_>) -> Result<PageInbound, Reason> {
    let page = page_of(around, None)?;
    let author = author(value);
    let by_page = author.as_ref().and_then(|author| author.id.as_deref()) == Some(page.as_str());
    let name = |key: &str| value.name(key);
    let created_at = value.time("created_time");
    let verb = value.name("verb").map_or(Verb::Add, |verb| Verb::of(&anomaly::short(&verb)));
    let activity = Activity {
        field,
        item: item(field, value),
        post: THINGS.iter().find_map(|key| name(key)),
        comment: name("comment_id"),
        parent: name("parent_id"),
        author,
        by_page,
        text: value.words("message").or_else(|| value.words("review_text")),
        links: links(value),
        published: value.flag("published"),
        hidden: hidden(value, &verb),
        feeling: feeling(value),
        created_at,
        verb,
    };
    let key = dedup::activity(&page, &activity, around.entry_time);
    let made_at = if activity.verb == Verb::Add { created_at } else { None };
    let at = made_at.or(around.entry_time).or(created_at).unwrap_or(around.received_at);
    Ok(PageInbound { page, at, key, kind: PageKind::Activity(Box::new(activity)) })
}

fn item(field: ActivityField, value: &Object<'_>) -> ActivityItem {
    match (value.name("item"), field) {
        (Some(item), _) => ActivityItem::of(&anomaly::short(&item)),
        (None, ActivityField::Ratings) => ActivityItem::Rating,
        (None, ActivityField::Feed | ActivityField::GroupFeed | ActivityField::Mention) => {
            if value.has(&["comment_id"]) { ActivityItem::Comment } else { ActivityItem::Post }
        }
    }
}

fn author(value: &Object<'_>) -> Option<Author> {
    let author = match value.object("from") {
        Some(from) => Author { id: from.name("id"), name: from.words("name") },
        None => Author {
            id: value.name("sender_id").or_else(|| value.name("reviewer_id")),
            name: value.words("sender_name").or_else(|| value.words("reviewer_name")),
        },
    };
    (author.id.is_some() || author.name.is_some()).then_some(author)
}

/// What Meta says, else what the verb says.
fn hidden(value: &Object<'_>, verb: &Verb) -> Option<bool> {
    match verb {
        Verb::Hide => Some(true),
        Verb::Unhide => Some(false),
        Verb::Add | Verb::Edit | Verb::Remove | Verb::Block | Verb::Unblock | Verb::Mute | Verb::Other(_) => {
            value.flag("is_hidden")
        }
    }
}

fn feeling(value: &Object<'_>) -> Option<String> {
    let words = ["reaction_type", "recommendation_type", "rating"];
    let word = words.iter().find_map(|key| value.name(key))?;
    Some(anomaly::short(&word).to_ascii_lowercase())
}

fn links(value: &Object<'_>) -> Vec<Redacted<String>> {
    let single = LINKS.iter().filter_map(|key| value.text(key));
    let photos = value.get("photos").filter(|raw| raw.get().starts_with('['));
    let many = photos.and_then(|raw| json::elements(raw.get()).ok()).unwrap_or_default();
    single.chain(many.into_iter().filter_map(json::text)).take(LINKS_MAX).map(Redacted::new).collect()
}
