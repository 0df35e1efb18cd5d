//! `/api/v1`: JSON for programs. Errors are `{ "error": { "code", "message" } }` with stable codes.
//!
//! `GET /api/v1` lists the addresses. Handlers live in one file per noun; who calls is known from the site, what a caller
//! may do stands in the table of `index`. Unknown fields and parameters are refused, so that a typing error is never
//! silently a default.

mod conversations;
mod dead;
mod index;
mod messages;
mod openapi;
mod tasks;

pub(crate) use conversations::not_applicable;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use machine::conversation::verdict_now;
use model::{MachineId, Timestamp};
use policy::{Author, UpdateTag, Verdict};
use serde::Serialize;
use serde_json::{Value, json};
use tracker::desk::Status;

use crate::fault::Fault;
use crate::port::ConversationNow;
use crate::site::Sources;

/// Most rows of one answer.
const LIMIT_MAX: usize = 200;

/// Rows of one answer where the caller does not say.
const LIMIT: usize = 50;

/// The routes below `/api/v1`.
pub(crate) fn router() -> Router<Arc<Sources>> {
    Router::new()
        .route("/", get(index::list))
        .route("/openapi.json", get(openapi::document))
        .route("/conversations", get(conversations::list))
        .route("/conversations/{page}/{psid}", get(conversations::show))
        .route("/conversations/{page}/{psid}/messages", post(messages::send))
        .route("/dead-letters", get(dead::list))
        .route("/dead-letters/c/{page}/{psid}/{part}/retry", post(dead::retry))
        .route("/dead-letters/c/{page}/{psid}/{part}/skip", post(dead::skip))
        .route("/messages/c/{page}/{psid}/{part}", get(messages::show))
        .route("/conversations/{page}/{psid}/parts/{part}/resolve", post(conversations::resolve))
        .route("/tasks", get(tasks::list))
        .route("/tasks/{task}", get(tasks::show))
        .route("/tasks/{task}/comments", get(tasks::comments).post(tasks::add_comment))
        .route("/tasks/{task}/status", post(tasks::set_status))
        .route("/tasks/{task}/trash", post(tasks::trash))
        .route("/tasks/{task}/restore", post(tasks::restore))
        .route("/tasks/{task}/purge", post(tasks::purge))
        .route("/tasks/{task}/merge", post(tasks::merge))
        .route("/statuses", get(statuses))
        .route("/totals", get(totals))
        .route_layer(axum::middleware::from_fn(index::scoped))
}

async fn statuses(State(sources): State<Arc<Sources>>) -> Result<Json<Vec<Status>>, Fault> {
    Ok(Json(sources.desk.statuses()))
}

async fn totals(State(sources): State<Arc<Sources>>) -> Result<Json<Value>, Fault> {
    let node = sources.lists.totals()?;
    let desk = sources.desk.stats()?;
    let site = json!({ "streams": sources.live.open(), "csp_reports": sources.reports.reported().reports });
    Ok(Json(json!({ "node": node, "desk": desk, "site": site })))
}

/// Rows to answer with: as many as were asked for.
///
/// # Errors
/// 400 where nobody answers so many: a list that is shorter than asked for would look like its end.
fn limit(asked: Option<usize>) -> Result<usize, Fault> {
    match asked {
        None => Ok(LIMIT),
        Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        Some(limit) => {
            let sentence =
                format!("The limit is a number from 1 to {LIMIT_MAX}, not {limit}; “next” leads to the rest.");
            Err(Fault::new(StatusCode::BAD_REQUEST, "invalid-query", sentence))
        }
    }
}

/// Whether somebody may send at this moment, and until when this answer holds.
#[derive(Serialize)]
struct MayISend {
    /// When it was asked, ms since 1970.
    now: Timestamp,
    /// The policy's answer.
    #[serde(flatten)]
    verdict: Verdict,
    /// When the answer changes next by itself; `null`: not before the customer or the Page does something.
    next_change_at: Option<Timestamp>,
    /// Why not, or why later, for people.
    sentence: Option<&'static str>,
}

impl MayISend {
    fn of(found: &ConversationNow, now: Timestamp) -> Self {
        Self::asked(found, Author::Agent, None, now)
    }

    fn asked(found: &ConversationNow, author: Author, tag: Option<UpdateTag>, now: Timestamp) -> Self {
        let (verdict, next_change_at) = verdict_now(&found.state, &found.context, author, tag, now);
        let sentence = match &verdict {
            Verdict::Permit { .. } => None,
            Verdict::Defer { reason, .. } => Some(reason.sentence()),
            Verdict::Forbid { reason } => Some(reason.sentence()),
        };
        Self { now, verdict, next_change_at, sentence }
    }
}

/// The answer for the conversation that a task is bound to; `None` where there is none.
async fn may_i_send(sources: &Sources, binding: Option<&MachineId>) -> Result<Option<MayISend>, Fault> {
    let Some(binding) = binding else { return Ok(None) };
    let found = sources.node.conversation(binding).await?;
    Ok(found.map(|found| MayISend::of(&found, sources.node.now())))
}
