//! Conversations for programs: the list, one of them in full, and a person's decision about a part.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode};
use machine::conversation::transcript::{Entry, Reach, Who};
use machine::conversation::{Receipts, Resolution, window};
use machine::outbound::{Part, PartId};
use model::{AppId, Attachment, ContactId, MachineId, Mid, PageId, Psid, Redacted, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MayISend, limit};
use crate::asked::{self, Asked, ConversationPath, PartPath};
use crate::fault::Fault;
use crate::lists::{ConversationList, Filter, Which};
use crate::port::ConversationNow;
use crate::present::PartWords;
use crate::site::Sources;

/// Parameters of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    cursor: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    filter: Which,
    page: Option<String>,
}

/// `GET /conversations?cursor&limit&filter=all|unanswered|ending|failed&page`
pub(super) async fn list(
    State(sources): State<Arc<Sources>>,
    Asked(Query(asked)): Asked<Query<Listing>>,
) -> Result<Json<ConversationList>, Fault> {
    let filter = Filter { which: asked.filter, page: asked.page.map(PageId::new), now: sources.node.now() };
    Ok(Json(sources.lists.conversations(&filter, asked.cursor.as_deref(), limit(asked.limit)?)?))
}

/// Parameters of one conversation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Detail {
    /// Only this many of the newest entries; all of them where the caller does not say.
    entries: Option<usize>,
}

/// `GET /conversations/{page}/{psid}?entries`
pub(super) async fn show(
    State(sources): State<Arc<Sources>>,
    Asked(Path(path)): Asked<Path<ConversationPath>>,
    Asked(Query(asked)): Asked<Query<Detail>>,
) -> Result<Json<Value>, Fault> {
    let id = path.machine()?;
    let found = sources.node.conversation(&id).await?.ok_or_else(|| Fault::not_found("conversation"))?;
    let entries = found.transcript.entries();
    let mut body = Conversation::of(&id, &found, &entries, sources.node.now());
    if let Some(newest) = asked.entries {
        body.transcript.drain(..body.transcript.len().saturating_sub(newest));
    }
    // Made here, since the answer borrows from what was just read.
    Ok(Json(serde_json::to_value(&body).expect("plain words and numbers always serialise")))
}

/// A person's decision.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    resolution: Resolution,
    by: Option<String>,
}

/// `POST /conversations/{page}/{psid}/parts/{part}/resolve {resolution: retry|was_sent|give_up, by}`
pub(super) async fn resolve(
    State(sources): State<Arc<Sources>>,
    Asked(Path(path)): Asked<Path<PartPath>>,
    headers: HeaderMap,
    Asked(Json(decision)): Asked<Json<Decision>>,
) -> Result<Json<Value>, Fault> {
    let by = decision.by.as_deref().unwrap_or(&sources.agent_name);
    let act = asked::act(by, sources.node.now(), &headers)?;
    let resolved = sources.node.resolve(&path.machine()?, path.part()?, decision.resolution, act.by).await?;
    if resolved { Ok(Json(json!({ "resolved": true }))) } else { Err(not_applicable()) }
}

/// The part does not exist, or its state leaves nothing to decide.
pub(crate) fn not_applicable() -> Fault {
    let sentence = "Nothing is to be decided about this part any more. Load the conversation again.";
    Fault::new(StatusCode::CONFLICT, "not-applicable", sentence)
}

/// A conversation in full. Times are milliseconds since 1970.
#[derive(Serialize)]
struct Conversation<'a> {
    id: &'a MachineId,
    page: Option<&'a PageId>,
    psid: Option<&'a Psid>,
    name: Option<&'a Redacted<String>>,
    contact: Option<&'a ContactId>,
    task: Option<&'a TaskId>,
    previous_task: Option<&'a TaskId>,
    tracker_refusal: Option<&'a str>,
    /// Lines that the tracker has not got yet.
    lines_waiting: usize,
    standby: bool,
    /// The app that has the thread, where another one has it and is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a AppId>,
    window: Window,
    verdict: MayISend,
    receipts: Receipts,
    parts: Vec<PartNow<'a>>,
    transcript: Vec<Line<'a>>,
}

/// The standard window, without guard.
#[derive(Serialize)]
struct Window {
    last_action_at: Option<Timestamp>,
    last_message_at: Option<Timestamp>,
    /// The first message after a click on an ad; from it the window may stay open for seven days.
    #[serde(skip_serializing_if = "Option::is_none")]
    ad_message_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
}

/// A part of an answer.
#[derive(Serialize)]
struct PartNow<'a> {
    part: PartId,
    #[serde(flatten)]
    stored: &'a Part,
    /// The state in one word, receipts included: `queued`, `held`, `sending`, `sent`, `delivered`, `read`, `refused`,
    /// `failed`, `in doubt`.
    shown: &'static str,
    /// Why, and what to do.
    sentence: Option<String>,
}

/// One message.
#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    who: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<PartId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    text: &'a Redacted<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attachments: &'a [Attachment],
    #[serde(skip_serializing_if = "Option::is_none")]
    mid: Option<&'a Mid>,
}

impl<'a> Conversation<'a> {
    fn of(id: &'a MachineId, found: &'a ConversationNow, entries: &'a [Entry], now: Timestamp) -> Self {
        let state = &found.state;
        let (page, psid) = match id {
            MachineId::Conversation(page, psid) => (Some(page), Some(psid)),
            MachineId::Page(page) => (Some(page), None),
            MachineId::Account(_) => (None, None),
        };
        let window = window(state);
        Self {
            id,
            page,
            psid,
            name: state.name(),
            contact: state.contact(),
            task: state.task(),
            previous_task: state.previous_task(),
            tracker_refusal: state.tracker_refusal(),
            lines_waiting: state.waiting().count(),
            standby: state.standby(),
            owner: state.owner(),
            window: Window {
                last_action_at: window.openers.last_action_at,
                last_message_at: window.openers.last_message_at,
                ad_message_at: window.openers.ad_message_at,
                ends_at: window.ends_at,
            },
            verdict: MayISend::of(found, now),
            receipts: state.receipts(),
            parts: parts(found, entries, now),
            transcript: entries.iter().map(Line::of).collect(),
        }
    }
}

fn parts<'a>(found: &'a ConversationNow, entries: &[Entry], now: Timestamp) -> Vec<PartNow<'a>> {
    let reached = |wanted: PartId| -> Option<Reach> {
        let entry = entries.iter().find(|entry| matches!(entry.who, Who::Us { part, .. } if part == wanted));
        entry.and_then(|entry| entry.reach)
    };
    let queue = found.state.queue();
    let shown = queue.parts().map(|(part, stored)| {
        let words = PartWords::of(&stored.state, reached(part), now);
        PartNow { part, stored, shown: words.state, sentence: words.sentence }
    });
    shown.collect()
}

impl<'a> Line<'a> {
    fn of(entry: &'a Entry) -> Self {
        let (who, part, by) = match &entry.who {
            Who::Customer => ("customer", None, None),
            Who::Us { part, by } => ("us", Some(*part), Some(by.as_str())),
            Who::Outside => ("outside", None, None),
            Who::Notice => ("notice", None, None),
        };
        let (text, mid) = (&entry.text, entry.mid.as_ref());
        Self { at: entry.at, who, part, by, text, attachments: &entry.attachments, mid }
    }
}
