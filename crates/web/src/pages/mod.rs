//! Pages for people: rendered here alone, every text escaped by maud; the script only replaces parts of a page by newer
//! ones of the same page. A form's answer is a redirect, so that loading a page again never posts again.
//!
//! Handlers are in `read` and `write`; each page is a pure function of what it shows, that of a refusal in `trouble`.

mod conversation;
mod conversations;
mod dead;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod guide;
mod happenings;
mod kept;
pub(crate) mod layout;
mod line;
mod link;
mod read;
pub(crate) mod sign_in;
mod task;
mod tasks;
pub(crate) mod trouble;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::site::Sources;

/// The route of the guide, where there is one.
pub(crate) fn guide_router() -> Router<Arc<Sources>> {
    Router::new().route(guide::PATH, post(guide::turn))
}

/// The pages' routes.
pub(crate) fn router() -> Router<Arc<Sources>> {
    Router::new()
        .route("/", get(read::conversations))
        .route("/conversations/{page}/{psid}", get(read::conversation))
        .route("/conversations/{page}/{psid}/reply", post(write::reply))
        .route("/conversations/{page}/{psid}/parts/{part}/resolve", post(write::resolve))
        .route(dead::PATH, get(read::dead_letters))
        .route(happenings::PATH, get(read::happenings))
        .route("/tasks", get(read::tasks))
        .route("/tasks/{task}", get(read::task))
        .route("/tasks/{task}/comments", post(write::comment))
        .route("/tasks/{task}/status", post(write::status))
        .route("/tasks/{task}/trash", post(write::trash))
        .route("/tasks/{task}/restore", post(write::restore))
        .route(sign_in::PATH, get(sign_in::show).post(sign_in::begin))
        .route("/sign-out", post(sign_in::end))
        .route("/assets/live.js", get(async || layout::script()))
        .route("/assets/site.css", get(async || layout::stylesheet()))
        .route("/assets/icon.svg", get(async || layout::icon()))
}
