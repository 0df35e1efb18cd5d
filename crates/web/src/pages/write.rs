//! What the pages' forms change, each answered by a redirect to the page it came from; a text that is not taken comes
//! back on that page. Who posted it was checked by the
//! site's guard before.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use model::{MachineId, Redacted, TaskId};
use tracker::Audience;
use tracker::desk::Act;

use super::form::Posted;
use super::frame::Frame;
use super::kept::Kept;
use super::{dead, link, read};
use crate::api::not_applicable;
use crate::asked::{self, Asked, ConversationPath, PartPath};
use crate::fault::Fault;
use crate::site::Sources;

type Leads = Result<Response, Fault>;

/// 303: the browser fetches the page afresh.
fn back(to: &str) -> Leads {
    Ok(Redirect::to(to).into_response())
}

/// `POST /conversations/{page}/{psid}/reply`: a comment of the bound task, addressed to the customer.
pub(super) async fn reply(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Path(path)): Asked<Path<ConversationPath>>,
    posted: Posted,
) -> Leads {
    let id = path.machine()?;
    let Err(fault) = answer(&sources, &frame, &id, &posted).await else { return back(&format!("{}#end", here(&id))) };
    match Kept::of(&fault, &posted) {
        // Where the page itself cannot be shown, the refusal has one of its own.
        Some(kept) => read::conversation_again(&sources, frame, &id, &kept).await.or(Err(fault)),
        None => Err(fault),
    }
}

async fn answer(sources: &Sources, frame: &Frame, id: &MachineId, posted: &Posted) -> Result<(), Fault> {
    let (text, showing) = (posted.text()?, posted.showing()?);
    let found = sources.node.conversation(id).await?.ok_or_else(|| Fault::not_found("conversation"))?;
    let Some(task) = found.state.task() else {
        let sentence = "This conversation has no task yet that could hold the answer. Try again in a moment.";
        return Err(Fault::new(http::StatusCode::CONFLICT, "no-task", sentence));
    };
    add(sources, frame, task, Audience::Customer, showing, text).await
}

/// `POST /conversations/{page}/{psid}/parts/{part}/resolve`
pub(super) async fn resolve(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Path(path)): Asked<Path<PartPath>>,
    posted: Posted,
) -> Leads {
    let (id, part) = (path.machine()?, path.part()?);
    if !sources.node.resolve(&id, part, posted.resolution()?, frame.by().to_owned()).await? {
        return Err(not_applicable());
    }
    // From the list of dead letters the next one is decided about.
    if posted.word("back")?.as_deref() == Some("dead-letters") {
        return back(dead::PATH);
    }
    back(&format!("{}#part-{}", here(&id), part))
}

/// `POST /tasks/{task}/comments`
pub(super) async fn comment(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Path(task)): Asked<Path<String>>,
    posted: Posted,
) -> Leads {
    let task = asked::task(&task)?;
    let Err(fault) = note(&sources, &frame, &task, &posted).await else {
        return back(&format!("{}#end", link::task(&task)));
    };
    match Kept::of(&fault, &posted) {
        Some(kept) => read::task_again(&sources, frame, &task, &kept).await.or(Err(fault)),
        None => Err(fault),
    }
}

async fn note(sources: &Sources, frame: &Frame, task: &TaskId, posted: &Posted) -> Result<(), Fault> {
    add(sources, frame, task, posted.audience()?, posted.showing()?, posted.text()?).await
}

/// `POST /tasks/{task}/status`
pub(super) async fn status(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Path(task)): Asked<Path<String>>,
    posted: Posted,
) -> Leads {
    let task = asked::task(&task)?;
    sources.desk.set_status(&task, posted.status()?, act(&frame, None)).await?;
    back(&link::task(&task))
}

/// `POST /tasks/{task}/trash`
pub(super) async fn trash(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Path(task)): Asked<Path<String>>,
) -> Leads {
    let task = asked::task(&task)?;
    sources.desk.trash(&task, act(&frame, None)).await?;
    back(&link::task(&task))
}

/// `POST /tasks/{task}/restore`
pub(super) async fn restore(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Path(task)): Asked<Path<String>>,
) -> Leads {
    let task = asked::task(&task)?;
    sources.desk.restore(&task, act(&frame, None)).await?;
    back(&link::task(&task))
}

/// Adds a comment once: the same text sent again from the same showing of a form (a double click, a page sent again
/// after a lost answer) is the same comment; from a newer showing it is a new one. `showing` is the instant at which the
/// form was shown and serves for nothing else: what the customer wrote since does not hold an answer back.
async fn add(
    sources: &Sources,
    frame: &Frame,
    task: &TaskId,
    audience: Audience,
    showing: u64,
    text: String,
) -> Result<(), Fault> {
    let to = match audience {
        Audience::Customer => "c",
        Audience::Internal => "i",
    };
    let key = format!("page.{task}.{showing}.{to}.{:016x}", fingerprint(text.as_bytes()));
    sources.desk.add_comment(task, audience, Redacted::new(text), act(frame, Some(key))).await?;
    Ok(())
}

fn act(frame: &Frame, key: Option<String>) -> Act {
    Act { by: frame.by().to_owned(), at: frame.now, key }
}

fn here(id: &MachineId) -> String {
    link::machine(id).unwrap_or_else(|| "/".to_owned())
}

/// FNV-1a, 64 bits. A collision is no harm: the desk refuses a known key with another text.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
