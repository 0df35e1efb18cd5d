//! What the pages' forms change, each answered by a redirect to the page it came from. Who posted it was checked by the
//! site's guard before.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use machine::conversation::Resolution;
use machine::outbound::PartId;
use model::{MachineId, Redacted, TaskId};
use serde::Deserialize;
use tracker::Audience;
use tracker::desk::{Act, StatusId};

use super::link;
use crate::api::not_applicable;
use crate::asked::{self, Asked, ConversationPath, PartPath};
use crate::fault::Fault;
use crate::site::Sources;

type Leads = Result<Response, Fault>;

/// 303: the browser fetches the page afresh.
fn back(to: &str) -> Leads {
    Ok(Redirect::to(to).into_response())
}

/// An answer. `seen`: how many comments the task had when the form was shown.
#[derive(Deserialize)]
pub(super) struct Answer {
    text: String,
    seen: u64,
}

/// `POST /conversations/{page}/{psid}/reply`: a comment of the bound task, addressed to the customer.
pub(super) async fn reply(
    State(sources): State<Arc<Sources>>,
    Asked(Path(path)): Asked<Path<ConversationPath>>,
    Asked(Form(answer)): Asked<Form<Answer>>,
) -> Leads {
    let id = path.machine()?;
    let found = sources.node.conversation(&id).await?.ok_or_else(|| Fault::not_found("conversation"))?;
    let Some(task) = found.state.task() else {
        let sentence = "This conversation has no task yet that could hold the answer. Try again in a moment.";
        return Err(Fault::new(http::StatusCode::CONFLICT, "no-task", sentence));
    };
    add(&sources, task, Audience::Customer, answer.seen, answer.text).await?;
    back(&format!("{}#end", here(&id)))
}

/// A person's decision about a part.
#[derive(Deserialize)]
pub(super) struct Decision {
    resolution: Resolution,
}

/// `POST /conversations/{page}/{psid}/parts/{part}/resolve`
pub(super) async fn resolve(
    State(sources): State<Arc<Sources>>,
    Asked(Path(path)): Asked<Path<PartPath>>,
    Asked(Form(decision)): Asked<Form<Decision>>,
) -> Leads {
    let id = path.machine()?;
    let by = sources.agent_name.clone();
    if !sources.node.resolve(&id, PartId(path.part), decision.resolution, by).await? {
        return Err(not_applicable());
    }
    back(&format!("{}#part-{}", here(&id), path.part))
}

/// A comment.
#[derive(Deserialize)]
pub(super) struct Comment {
    text: String,
    audience: Audience,
    seen: u64,
}

/// `POST /tasks/{task}/comments`
pub(super) async fn comment(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    Asked(Form(comment)): Asked<Form<Comment>>,
) -> Leads {
    let task = asked::task(&task)?;
    add(&sources, &task, comment.audience, comment.seen, comment.text).await?;
    back(&format!("{}#end", link::task(&task)))
}

/// A status.
#[derive(Deserialize)]
pub(super) struct Change {
    status: StatusId,
}

/// `POST /tasks/{task}/status`
pub(super) async fn status(
    State(sources): State<Arc<Sources>>,
    Asked(Path(task)): Asked<Path<String>>,
    Asked(Form(change)): Asked<Form<Change>>,
) -> Leads {
    let task = asked::task(&task)?;
    sources.desk.set_status(&task, change.status, act(&sources, None)).await?;
    back(&link::task(&task))
}

/// `POST /tasks/{task}/trash`
pub(super) async fn trash(State(sources): State<Arc<Sources>>, Asked(Path(task)): Asked<Path<String>>) -> Leads {
    let task = asked::task(&task)?;
    sources.desk.trash(&task, act(&sources, None)).await?;
    back(&link::task(&task))
}

/// `POST /tasks/{task}/restore`
pub(super) async fn restore(State(sources): State<Arc<Sources>>, Asked(Path(task)): Asked<Path<String>>) -> Leads {
    let task = asked::task(&task)?;
    sources.desk.restore(&task, act(&sources, None)).await?;
    back(&link::task(&task))
}

/// Adds a comment once: the same text sent again from the same showing of a form (a double click, a page sent again
/// after a lost answer) is the same comment; from a newer showing it is a new one.
async fn add(sources: &Sources, task: &TaskId, audience: Audience, seen: u64, text: String) -> Result<(), Fault> {
    // Browsers send line ends as CR LF; a message has LF.
    let text = text.replace("\r\n", "\n");
    let to = match audience {
        Audience::Customer => "c",
        Audience::Internal => "i",
    };
    let key = format!("page.{task}.{seen}.{to}.{:016x}", fingerprint(text.as_bytes()));
    sources.desk.add_comment(task, audience, Redacted::new(text), act(sources, Some(key))).await?;
    Ok(())
}

fn act(sources: &Sources, key: Option<String>) -> Act {
    Act { by: sources.agent_name.clone(), at: sources.node.now(), key }
}

fn here(id: &MachineId) -> String {
    link::machine(id).unwrap_or_else(|| "/".to_owned())
}

/// FNV-1a, 64 bits. A collision is no harm: the desk refuses a known key with another text.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
