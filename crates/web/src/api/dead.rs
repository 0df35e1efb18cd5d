//! Dead letters for programs: messages that were refused, failed or are in doubt, until a person has decided about them.
//!
//! Invariants: what a message says is told to those alone whose token reads conversations; sending again asks the rules
//! anew, which is the machine's work.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use http::HeaderMap;
use machine::conversation::Resolution;
use model::PageId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::messages::message;
use super::{limit, not_applicable};
use crate::asked::{self, Asked, PartPath};
use crate::fault::Fault;
use crate::letters::{Letter, letters};
use crate::lists::DeadFilter;
use crate::site::Sources;
use crate::tokens::{Caller, Scope};

/// Which state a dead letter is in.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DeadState {
    Refused,
    Failed,
    InDoubt,
}

impl DeadState {
    const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::InDoubt => "in doubt",
        }
    }
}

/// Parameters of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    cursor: Option<String>,
    limit: Option<usize>,
    page: Option<String>,
    state: Option<DeadState>,
    reason: Option<String>,
}

/// `GET /dead-letters?cursor&limit&page&state=refused|failed|in_doubt&reason`
pub(super) async fn list(
    State(sources): State<Arc<Sources>>,
    Extension(caller): Extension<Caller>,
    Asked(Query(asked)): Asked<Query<Listing>>,
) -> Result<Json<Value>, Fault> {
    let state = asked.state.map(|state| state.word().to_owned());
    let filter = DeadFilter { page: asked.page.map(PageId::new), state, reason: asked.reason };
    let (letters, next) = letters(&sources, &filter, asked.cursor.as_deref(), limit(asked.limit)?).await?;
    let reads = caller.wants(Scope::Read).is_ok();
    let now = sources.node.now();
    let told = letters.iter().filter_map(|Letter { id, part, found }| {
        let message = message(id, found, *part, now)?;
        Some(json!(if reads { message.with_text(found) } else { message }))
    });
    Ok(Json(json!({ "dead_letters": told.collect::<Vec<_>>(), "next": next })))
}

/// Who decides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct By {
    by: Option<String>,
}

/// `POST /dead-letters/c/{page}/{psid}/{part}/retry {by}`
pub(super) async fn retry(
    State(sources): State<Arc<Sources>>,
    Extension(caller): Extension<Caller>,
    Asked(Path(path)): Asked<Path<PartPath>>,
    headers: HeaderMap,
    Asked(Json(By { by })): Asked<Json<By>>,
) -> Result<Json<Value>, Fault> {
    decide(&sources, &caller, (&path, Resolution::Retry), &headers, by).await
}

/// `POST /dead-letters/c/{page}/{psid}/{part}/skip {by}`
pub(super) async fn skip(
    State(sources): State<Arc<Sources>>,
    Extension(caller): Extension<Caller>,
    Asked(Path(path)): Asked<Path<PartPath>>,
    headers: HeaderMap,
    Asked(Json(By { by })): Asked<Json<By>>,
) -> Result<Json<Value>, Fault> {
    decide(&sources, &caller, (&path, Resolution::GiveUp), &headers, by).await
}

async fn decide(
    sources: &Sources,
    caller: &Caller,
    (path, resolution): (&PartPath, Resolution),
    headers: &HeaderMap,
    by: Option<String>,
) -> Result<Json<Value>, Fault> {
    let (id, part) = (path.machine()?, path.part()?);
    let by = by.as_deref().unwrap_or(&sources.agent_name);
    let act = asked::act(by, sources.node.now(), headers)?;
    if !sources.node.resolve(&id, part, resolution, act.by).await? {
        return Err(not_applicable());
    }
    let found = sources.node.conversation(&id).await?.ok_or_else(|| Fault::not_found("message"))?;
    let told = message(&id, &found, part, sources.node.now()).ok_or_else(|| Fault::not_found("message"))?;
    let reads = caller.wants(Scope::Read).is_ok();
    Ok(Json(json!({ "message": if reads { told.with_text(&found) } else { told } })))
}
