//! Which app has a conversation: `POST /{page}/take_thread_control` and `GET /{page}/thread_owner`.
//!
//! Source: *Conversation Routing*, read 2026-11-23: taking is refused with code 27 where the Page has no default app; the
//! owner is told to itself and to the default app alone, and nobody's thread has none.

use model::{AppId, PageId, Timestamp};
use serde_json::{Value, json};

use super::graph::Parameters;
use super::graph_error::GraphError;
use super::world::World;

/// What is asked about a conversation.
#[derive(Clone, Copy)]
pub(super) enum Routing {
    /// To have it.
    Take,
    /// Whose it is.
    Owner,
}

/// Answers a call. `path` is the Page's id or `me`.
pub(super) fn answer(
    world: &mut World,
    (page, path): (&PageId, &str),
    routing: Routing,
    call: &Parameters,
    now: Timestamp,
) -> Result<Value, GraphError> {
    if path != "me" && path != page.as_str() {
        return Err(GraphError::new(100, Some(33)));
    }
    let psid = call.recipient().ok_or_else(GraphError::no_parameters)?;
    match routing {
        Routing::Take => world.take_control(page, &psid, now).map(|()| json!({ "success": true })),
        Routing::Owner => Ok(owner(world.owner(page, &psid, now))),
    }
}

fn owner(app: Option<AppId>) -> Value {
    match app {
        Some(app) => json!({ "data": [{ "thread_owner": { "app_id": app } }] }),
        None => json!({ "data": [] }),
    }
}
