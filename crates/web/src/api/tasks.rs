//! Tasks and comments of the embedded desk for programs. A comment addressed to the customer on a task that is bound to
//! a conversation is what sends; the policy is asked when it leaves, the answer here only says how it stands now.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode};
use model::Redacted;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracker::Audience;
use tracker::desk::{Act, Refusal, StatusId, Task, TaskFilter, TaskList, TaskPage};

use super::{limit, may_i_send};
use crate::asked::{self, Asked};
use crate::fault::Fault;
use crate::site::Sources;

/// Parameters of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    cursor: Option<String>,
    limit: Option<usize>,
    status: Option<StatusId>,
    active: Option<bool>,
    #[serde(default)]
    trashed: bool,
}

/// Some of the tasks.
#[derive(Serialize)]
pub(super) struct Listed {
    tasks: Vec<Task>,
    /// Where the next page starts, as text like every cursor; `None` at the end.
    next: Option<String>,
}

/// `GET /tasks?cursor&limit&status&active&trashed`
pub(super) async fn list(
    State(sources): State<Arc<Sources>>,
    Asked(Query(asked)): Asked<Query<Listing>>,
) -> Result<Json<Listed>, Fault> {
    let filter = TaskFilter { status: asked.status, active: asked.active, trashed: asked.trashed };
    let before = asked.cursor.map(|cursor| cursor.parse().map_err(|_| Refusal::CursorUnfit)).transpose()?;
    let TaskList { tasks, next } = sources.desk.tasks(filter, before, limit(asked.limit)?)?;
    Ok(Json(Listed { tasks, next: next.map(|next: u64| next.to_string()) }))
}

/// Parameters of the comments: `older` is the cursor of an earlier answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Comments {
    older: Option<String>,
    limit: Option<usize>,
}

/// `GET /tasks/{task}?older&limit`: the task, its contact and its newest comments.
pub(super) async fn show(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    Asked(Query(asked)): Asked<Query<Comments>>,
) -> Result<Json<TaskPage>, Fault> {
    let task = asked::task(&task)?;
    Ok(Json(sources.desk.task(&task, asked.older.as_deref(), limit(asked.limit)?)?))
}

/// `GET /tasks/{task}/comments?older&limit`
pub(super) async fn comments(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    Asked(Query(asked)): Asked<Query<Comments>>,
) -> Result<Json<Value>, Fault> {
    let task = asked::task(&task)?;
    let page = sources.desk.task(&task, asked.older.as_deref(), limit(asked.limit)?)?;
    Ok(Json(json!({ "task": page.task.id, "comments": page.comments, "older": page.older })))
}

/// A comment to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewComment {
    text: String,
    audience: Audience,
    by: Option<String>,
}

/// `POST /tasks/{task}/comments {text, audience: customer|internal, by}`, with `Idempotency-Key` where a repeated call
/// must not add a second one. 201 with the comment's id and whether an agent may send at this moment.
pub(super) async fn add_comment(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    headers: HeaderMap,
    Asked(Json(new)): Asked<Json<NewComment>>,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let asked = asked::task(&task)?;
    let act = act(&sources, new.by.as_deref(), &headers)?;
    let comment = sources.desk.add_comment(&asked, new.audience, Redacted::new(new.text), act).await?;
    let task = sources.desk.task(&asked, None, 1)?.task;
    // The comment stands; that the node cannot say how sending stands must not look like a failure.
    let verdict = match new.audience {
        Audience::Customer => may_i_send(&sources, task.binding.as_ref()).await.ok().flatten(),
        Audience::Internal => None,
    };
    let sends = new.audience == Audience::Customer && task.binding.is_some();
    let body = json!({ "comment": comment, "task": task.id, "sends": sends, "verdict": verdict });
    Ok((StatusCode::CREATED, Json(body)))
}

/// A status to set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStatus {
    status: StatusId,
    by: Option<String>,
}

/// `POST /tasks/{task}/status {status, by}`
pub(super) async fn set_status(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    headers: HeaderMap,
    Asked(Json(new)): Asked<Json<NewStatus>>,
) -> Result<Json<Value>, Fault> {
    let task = asked::task(&task)?;
    let act = act(&sources, new.by.as_deref(), &headers)?;
    sources.desk.set_status(&task, new.status, act).await?;
    Ok(Json(json!({ "task": sources.desk.task(&task, None, 1)?.task })))
}

/// Who does it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct By {
    by: Option<String>,
}

/// `POST /tasks/{task}/trash {by}`
pub(super) async fn trash(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    headers: HeaderMap,
    Asked(Json(By { by })): Asked<Json<By>>,
) -> Result<Json<Value>, Fault> {
    let task = asked::task(&task)?;
    sources.desk.trash(&task, act(&sources, by.as_deref(), &headers)?).await?;
    Ok(Json(json!({ "task": sources.desk.task(&task, None, 1)?.task })))
}

/// `POST /tasks/{task}/restore {by}`
pub(super) async fn restore(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    headers: HeaderMap,
    Asked(Json(By { by })): Asked<Json<By>>,
) -> Result<Json<Value>, Fault> {
    let task = asked::task(&task)?;
    sources.desk.restore(&task, act(&sources, by.as_deref(), &headers)?).await?;
    Ok(Json(json!({ "task": sources.desk.task(&task, None, 1)?.task })))
}

/// `POST /tasks/{task}/purge {by}`: out of the trash, for good.
pub(super) async fn purge(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    headers: HeaderMap,
    Asked(Json(By { by })): Asked<Json<By>>,
) -> Result<Json<Value>, Fault> {
    let task = asked::task(&task)?;
    sources.desk.purge(&task, act(&sources, by.as_deref(), &headers)?).await?;
    Ok(Json(json!({ "purged": task })))
}

/// The task that survives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Into {
    into: String,
    by: Option<String>,
}

/// `POST /tasks/{task}/merge {into, by}`: this one ends, its comments are read under the other.
pub(super) async fn merge(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    headers: HeaderMap,
    Asked(Json(asked)): Asked<Json<Into>>,
) -> Result<Json<Value>, Fault> {
    let (from, into) = (asked::task(&task)?, asked::task(&asked.into)?);
    let act = act(&sources, asked.by.as_deref(), &headers)?;
    sources.desk.merge(&from, &into, act).await?;
    Ok(Json(json!({ "task": sources.desk.task(&from, None, 1)?.task })))
}

fn act(sources: &Sources, by: Option<&str>, headers: &HeaderMap) -> Result<Act, Fault> {
    asked::act(by.unwrap_or(&sources.agent_name), sources.node.now(), headers)
}
