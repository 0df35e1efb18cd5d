//! Messages for programs: a script sends one, and asks later what became of it.
//!
//! Invariants: a call is durable under its token's name and its key before anything is asked of the conversation, so that
//! the same call sends once, whatever ends in between; a refusal by the rules is an answer and no fault.

use std::sync::Arc;

use axum::extract::{FromRequest as _, Path, Request, State};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use machine::conversation::Reply;
use machine::conversation::attempts::Attempt;
use machine::outbound::{Content, PartId, PartState, ScriptCall, Source};
use model::{MachineId, PageId, Psid, Redacted, Timestamp};
use policy::{Author, UpdateTag};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tracker::desk::{Refusal, text_fits};

use super::MayISend;
use crate::asked::{Asked, ConversationPath, PartPath};
use crate::fault::Fault;
use crate::pages::form::{Posted, is_form};
use crate::port::{ConversationNow, Unavailable};
use crate::present::{PartWords, reach_of};
use crate::site::Sources;
use crate::tokens::Caller;

/// What a script wants sent.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    text: Redacted<String>,
    /// What makes it a special message, by which rules of other times permit it.
    #[serde(default)]
    tag: Option<UpdateTag>,
}

/// One message to a customer, in every state. Times are milliseconds since 1970.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    /// `c/PAGE/PSID/PART`, as `pagedesk why` takes it.
    id: String,
    page: &'a PageId,
    psid: &'a Psid,
    part: PartId,
    /// The state in one word, receipts included.
    state: &'static str,
    /// Why, where it was refused, failed or is held: a stable word.
    reason: Option<String>,
    /// Why, and what to do, for people.
    sentence: Option<String>,
    /// Who wrote it: the name of an agent, or of a script's token.
    by: Option<String>,
    author: Author,
    tag: Option<UpdateTag>,
    #[serde(flatten)]
    source: &'a Source,
    queued_at: Timestamp,
    /// What it says, for whoever may read it and where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a Redacted<String>>,
    attempts: &'a [Attempt],
}

/// `POST /conversations/{page}/{psid}/messages {text, tag?}` with `Idempotency-Key`, or a form of the same fields and `key`.
pub(super) async fn send(
    State(sources): State<Arc<Sources>>,
    Extension(caller): Extension<Caller>,
    Asked(Path(path)): Asked<Path<ConversationPath>>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let id = path.machine()?;
    let (wanted, key) = read(&caller, request).await?;
    text_fits(&wanted.text)?;
    let before = find(&sources, &id).await?;
    let source = Source::Script(ScriptCall { token: caller.name.as_ref().to_owned(), key: key.clone() });
    let now = sources.node.now();
    sources.desk.claim(&caller.name, &key, digest(&id, &wanted), now).await?;
    let tag = wanted.tag;
    if !before.state.has_replied(&source) {
        let reply = Reply {
            source: source.clone(),
            task: None,
            author: Author::Automation,
            by: caller.name.as_ref().to_owned(),
            contents: vec![Content::Text { text: wanted.text }],
            tag,
            at: now,
        };
        sources.node.reply(&id, reply).await?;
    }
    let found = find(&sources, &id).await?;
    let now = sources.node.now();
    let of_call = found.state.queue().parts().filter(|(_, stored)| stored.source == source);
    let messages: Vec<Message<'_>> = of_call.filter_map(|(part, _)| message(&id, &found, part, now)).collect();
    if messages.is_empty() {
        return Err(Unavailable("the conversation did not take the message".to_owned()).into());
    }
    let verdict = MayISend::asked(&found, Author::Automation, tag, now);
    Ok((StatusCode::CREATED, Json(json!({ "messages": messages, "verdict": verdict }))))
}

/// `GET /messages/c/{page}/{psid}/{part}`
pub(super) async fn show(
    State(sources): State<Arc<Sources>>,
    Asked(Path(path)): Asked<Path<PartPath>>,
) -> Result<Json<Value>, Fault> {
    let (id, part) = (path.machine()?, path.part()?);
    let found = sources.node.conversation(&id).await?.ok_or_else(|| Fault::not_found("message"))?;
    let told = message(&id, &found, part, sources.node.now()).ok_or_else(|| Fault::not_found("message"))?;
    // Made here, since the answer borrows from what was just read.
    Ok(Json(serde_json::to_value(&told).expect("plain words and numbers always serialise")))
}

/// A message as it stands; `None` where there is no such part.
pub(super) fn message<'a>(
    id: &'a MachineId,
    found: &'a ConversationNow,
    part: PartId,
    now: Timestamp,
) -> Option<Message<'a>> {
    let MachineId::Conversation(page, psid) = id else { return None };
    let stored = found.state.queue().part(part)?;
    let (by, reach) = reach_of(&found.transcript, part);
    let words = PartWords::of(&stored.state, reach, now);
    Some(Message {
        id: format!("{id}/{part}"),
        page,
        psid,
        part,
        state: words.state,
        reason: reason(&stored.state),
        sentence: words.sentence,
        by,
        author: stored.author,
        tag: stored.tag,
        source: &stored.source,
        queued_at: stored.queued_at,
        text: None,
        attempts: found.attempts.of(part),
    })
}

impl<'a> Message<'a> {
    /// The same with its text, if it is one.
    pub(super) fn with_text(self, found: &'a ConversationNow) -> Self {
        let text = found.state.queue().part(self.part).and_then(|stored| match &stored.content {
            Content::Text { text } | Content::Prompt { text, .. } => Some(text),
            Content::Attachment { .. } | Content::Template { .. } => None,
        });
        Self { text, ..self }
    }
}

/// The stable word for why a part is where it is.
fn reason(state: &PartState) -> Option<String> {
    match state {
        PartState::Refused { reason } => Some(reason.code().to_owned()),
        PartState::Held { reason, since: _ } => Some(reason.code().to_owned()),
        PartState::Failed { reason } => Some(reason.clone()),
        PartState::Queued { .. } | PartState::InFlight { .. } | PartState::InDoubt { .. } | PartState::Sent { .. } => {
            None
        }
    }
}

async fn find(sources: &Sources, id: &MachineId) -> Result<ConversationNow, Fault> {
    sources.node.conversation(id).await?.ok_or_else(|| Fault::not_found("conversation"))
}

/// SHA-256 over what a call asks, so that another call under the same key is told apart.
fn digest(id: &MachineId, wanted: &Wanted) -> [u8; 32] {
    let asked = (id, wanted.text.reveal(), wanted.tag);
    Sha256::digest(serde_json::to_vec(&asked).expect("plain words always serialise")).into()
}

/// What is wanted and under which key, from JSON or from a form.
async fn read(caller: &Caller, request: Request) -> Result<(Wanted, String), Fault> {
    let headers = request.headers().clone();
    if !is_form(&headers) {
        let Asked(Json(wanted)) = Asked::<Json<Wanted>>::from_request(request, &()).await?;
        return Ok((wanted, key(&headers, None)?));
    }
    if !caller.has_header {
        let sentence = "A form is taken with the header Authorization or X-Pagedesk-Token alone, which no page of another \
                        site can send. Add one, or send JSON.";
        return Err(Fault::new(StatusCode::FORBIDDEN, "form-without-token", sentence));
    }
    let posted = Posted::from_request(request, &()).await?;
    if let Some(name) = posted.names().find(|name| !matches!(name.as_str(), "text" | "tag" | "key")) {
        return Err(unfit("invalid-body", format!("The form has a field “{name}”; it takes “text”, “tag” and “key”.")));
    }
    let tag = posted.word("tag")?.filter(|tag| !tag.is_empty()).map(|tag| {
        serde_json::from_value(Value::String(tag)).map_err(|_| {
            let sentence = "The field “tag” is account_update, confirmed_event_update or post_purchase_update.";
            unfit("invalid-body", sentence.to_owned())
        })
    });
    let wanted = Wanted { text: Redacted::new(posted.text()?), tag: tag.transpose()? };
    Ok((wanted, key(&headers, posted.word("key")?)?))
}

/// The idempotency key, from the header or from a form's field. 1 to 200 visible ASCII characters.
fn key(headers: &HeaderMap, field: Option<String>) -> Result<String, Fault> {
    let missing = || {
        let sentence = "A call that sends wants an Idempotency-Key: a text of its own for every message, and the same one \
                        when the call is repeated. Nothing was sent.";
        unfit("idempotency-key-missing", sentence.to_owned())
    };
    let header = headers.get("idempotency-key").map(|key| key.to_str().map(str::to_owned));
    let header = header.transpose().map_err(|_| Fault::from(Refusal::KeyUnfit))?;
    let key = match (header, field) {
        (Some(header), Some(field)) if header != field => return Err(Refusal::KeyUnfit.into()),
        (Some(key), _) | (None, Some(key)) => key,
        (None, None) => return Err(missing()),
    };
    if key.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(key) } else { Err(Refusal::KeyUnfit.into()) }
}

fn unfit(code: &'static str, sentence: String) -> Fault {
    Fault::new(StatusCode::UNPROCESSABLE_ENTITY, code, sentence)
}
