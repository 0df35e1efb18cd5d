//! The table of the API: every address with its methods, and what a caller must be allowed. `GET /api/v1` tells it to
//! whoever has just found the door; `openapi` writes it out; the router's guard asks it before every handler.
//!
//! Invariant: the table names every address of the router and nothing else; a test asks each of them.

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{Method, StatusCode};
use serde::Serialize;

use crate::fault::Fault;
use crate::tokens::{Caller, Scope};

/// One thing that can be asked.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    /// How.
    pub(super) method: &'static str,
    /// The path below `/api/v1`; what stands in braces is filled in.
    pub(super) path: &'static str,
    /// What for.
    pub(super) about: &'static str,
    /// Who may.
    pub(super) scope: Scope,
    /// Parameters of the query, by their names among those of `schemas.json`.
    pub(super) query: &'static [&'static str],
    /// The schema of the body, where there is one.
    pub(super) body: Option<&'static str>,
    /// The status of a success, and the schema of its body.
    pub(super) answer: (u16, &'static str),
}

const fn get(path: &'static str, answer: &'static str, about: &'static str) -> Operation {
    Operation { method: "GET", path, about, scope: Scope::Read, query: &[], body: None, answer: (200, answer) }
}

const fn post(
    path: &'static str,
    scope: Scope,
    (body, answer): (&'static str, &'static str),
    about: &'static str,
) -> Operation {
    Operation { method: "POST", path, about, scope, query: &[], body: Some(body), answer: (200, answer) }
}

impl Operation {
    const fn asks(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn makes(self) -> Self {
        Self { answer: (201, self.answer.1), ..self }
    }
}

/// All there is, in the order in which it is told.
pub(super) const OPERATIONS: [Operation; 21] = [
    get("", "Index", "this list"),
    get("/conversations", "ConversationList", "conversations, newest first")
        .asks(&["filter", "page", "cursor", "limit"]),
    get("/conversations/{page}/{psid}", "Conversation", "one conversation: window, parts of answers, transcript")
        .asks(&["entries"]),
    post(
        "/conversations/{page}/{psid}/messages",
        Scope::Send,
        ("MessageWanted", "MessagesAccepted"),
        "send a message, once per idempotency key",
    )
    .makes(),
    post(
        "/conversations/{page}/{psid}/parts/{part}/resolve",
        Scope::Resolve,
        ("Decision", "Resolved"),
        "decide about a part that was not sent or is in doubt",
    ),
    Operation {
        scope: Scope::Resolve,
        ..get(
            "/dead-letters",
            "DeadLetters",
            "messages that were refused, failed or are in doubt, until a person decides",
        )
        .asks(&["page", "state", "reason", "cursor", "limit"])
    },
    post(
        "/dead-letters/c/{page}/{psid}/{part}/retry",
        Scope::Resolve,
        ("By", "MessageDecided"),
        "send one again; the rules are asked anew",
    ),
    post("/dead-letters/c/{page}/{psid}/{part}/skip", Scope::Resolve, ("By", "MessageDecided"), "leave one unsent"),
    get("/messages/c/{page}/{psid}/{part}", "Message", "what became of a message: state, reason, attempts"),
    get("/tasks", "TaskList", "tasks, newest first").asks(&["status", "active", "trashed", "cursor", "limit"]),
    get("/tasks/{task}", "TaskPage", "one task with its contact and newest comments").asks(&["older", "limit"]),
    get("/tasks/{task}/comments", "Comments", "comments, newest last").asks(&["older", "limit"]),
    post(
        "/tasks/{task}/comments",
        Scope::Send,
        ("NewComment", "CommentAdded"),
        "add a comment; one for the customer is sent",
    )
    .makes(),
    post("/tasks/{task}/status", Scope::Admin, ("NewStatus", "TaskChanged"), "give a task a status"),
    post("/tasks/{task}/trash", Scope::Admin, ("By", "TaskChanged"), "move a task to the trash"),
    post("/tasks/{task}/restore", Scope::Admin, ("By", "TaskChanged"), "take a task out of the trash"),
    post("/tasks/{task}/purge", Scope::Admin, ("By", "Purged"), "delete a task of the trash for good"),
    post("/tasks/{task}/merge", Scope::Admin, ("Into", "TaskChanged"), "let another task take this one in"),
    get("/statuses", "Statuses", "the statuses that a task can have"),
    get("/totals", "Totals", "how much there is"),
    get("/openapi.json", "OpenApi", "this API as an OpenAPI document"),
];

/// One address.
#[derive(Serialize)]
struct Address {
    /// The methods that it takes.
    methods: Vec<&'static str>,
    /// Its path.
    path: String,
    /// What it is for.
    about: String,
    /// What a token wants for each method, in their order.
    scopes: Vec<Scope>,
}

/// All of them.
#[derive(Serialize)]
pub(super) struct Index {
    addresses: Vec<Address>,
}

/// `GET /api/v1`
pub(super) async fn list() -> Json<Index> {
    let mut addresses: Vec<Address> = Vec::new();
    for operation in OPERATIONS {
        let path = format!("/api/v1{}", operation.path);
        match addresses.last_mut().filter(|last| last.path == path) {
            Some(last) => {
                last.methods.push(operation.method);
                last.scopes.push(operation.scope);
                last.about = format!("{}; {}", last.about, operation.about);
            }
            None => addresses.push(Address {
                methods: vec![operation.method],
                path,
                about: operation.about.to_owned(),
                scopes: vec![operation.scope],
            }),
        }
    }
    Json(Index { addresses })
}

/// Stands before every handler of the API: lets pass whoever may do that.
///
/// # Errors
/// 403 `scope-missing`.
pub(super) async fn scoped(request: Request, next: Next) -> Result<Response, Fault> {
    let matched = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if let Some(scope) = wanted(request.method(), matched) {
        let nobody = || Fault::new(StatusCode::UNAUTHORIZED, "unauthorized", "The API wants a token.");
        request.extensions().get::<Caller>().ok_or_else(nobody)?.wants(scope)?;
    }
    Ok(next.run(request).await)
}

/// The scope for a method of a path of the router; `None` where the path does not take the method, which it says itself.
/// A path that the table forgot is for admins alone.
fn wanted(method: &Method, matched: &str) -> Option<Scope> {
    let path = matched.strip_prefix("/api/v1").unwrap_or(matched).trim_end_matches('/');
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let mut of_path = OPERATIONS.iter().filter(|operation| operation.path == path).peekable();
    // OPTIONS has no handler anywhere; see `Inner::missed`, which asks so without a caller.
    if of_path.peek().is_none() && method != "OPTIONS" {
        return Some(Scope::Admin);
    }
    of_path.find(|operation| operation.method == method).map(|operation| operation.scope)
}
