//! `GET /{page}/conversations`: one customer's thread as Meta lets an app read it.
//!
//! Source: *Conversations API*, read 2026-11-23: only the 20 newest messages of a thread can be read, the newest first;
//! neither the app that sent one nor its mark is told. The stand-in reads one thread (`user_id`); it lists none.

use model::{PageId, Psid, Timestamp};
use serde_json::{Value, json};

use super::control::Attachment;
use super::graph::Parameters;
use super::graph_error::GraphError;
use super::state::{Line, Writer};
use super::world::World;

/// How many messages can be read.
const READABLE: usize = 20;

/// Reads a thread. `path` is the Page's id or `me`.
pub(super) fn read(
    world: &World,
    page: &PageId,
    path: &str,
    call: &Parameters,
    now: Timestamp,
) -> Result<Value, GraphError> {
    if path != "me" && path != page.as_str() {
        return Err(GraphError::new(100, Some(33)));
    }
    let psid = Psid::new(call.text("user_id").ok_or_else(|| GraphError::new(100, None))?);
    let Some(thread) = world.thread(page, &psid, now) else { return Ok(json!({ "data": [] })) };
    let shown = thread.lines().iter().rev().filter(|line| !line.unsent).take(READABLE);
    let messages: Vec<Value> = shown.map(|line| message(line, page, &psid)).collect();
    let mut conversation = json!({ "id": format!("t_{psid}") });
    if call.text("fields").is_some_and(|fields| fields.contains("messages")) {
        conversation["messages"] = json!({ "data": messages });
    }
    Ok(json!({ "data": [conversation] }))
}

fn message(line: &Line, page: &PageId, psid: &Psid) -> Value {
    let (from, to) = match line.writer {
        Writer::Customer => (psid.as_str(), page.as_str()),
        Writer::Page | Writer::Meta => (page.as_str(), psid.as_str()),
    };
    let mut message = json!({
        "id": line.mid, "created_time": as_meta_writes(line.at), "from": { "id": from },
        "to": { "data": [{ "id": to }] }, "message": line.text.as_deref().unwrap_or_default(),
    });
    if !line.attachments.is_empty() {
        let files: Vec<Value> = line.attachments.iter().map(|file| json!({ "mime_type": mime_type(file) })).collect();
        message["attachments"] = json!({ "data": files });
    }
    message
}

/// The type of a file, as far as its kind tells it.
fn mime_type(file: &Attachment) -> &'static str {
    match file {
        Attachment::Image { .. } | Attachment::Sticker { .. } => "image/jpeg",
        Attachment::Audio { .. } => "audio/mpeg",
        Attachment::Video { .. } => "video/mp4",
        Attachment::File { .. }
        | Attachment::Fallback { .. }
        | Attachment::Reel { .. }
        | Attachment::Post { .. }
        | Attachment::Template { .. }
        | Attachment::AppointmentBooking { .. }
        | Attachment::Location { .. }
        | Attachment::Other { .. } => "application/octet-stream",
    }
}

/// `2026-11-23T12:00:00+0000`.
fn as_meta_writes(at: Timestamp) -> String {
    let whole = jiff::Timestamp::from_second(at.0.div_euclid(1_000)).unwrap_or_default();
    whole.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}
