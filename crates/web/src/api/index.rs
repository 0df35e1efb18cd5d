//! `GET /api/v1`: which addresses there are, for whoever has just found the door. What they take and answer is written in
//! the repository's `docs/API.md`.
//!
//! Invariant: the list names every address of the router and nothing else; a test asks each of them.

use axum::Json;
use serde::Serialize;

/// One address.
#[derive(Serialize)]
struct Address {
    /// The methods that it takes.
    methods: &'static [&'static str],
    /// Its path; what stands in braces is filled in.
    path: &'static str,
    /// What it is for.
    about: &'static str,
}

/// All of them.
#[derive(Serialize)]
pub(super) struct Index {
    addresses: &'static [Address],
}

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];

const ADDRESSES: [Address; 14] = [
    Address { methods: GET, path: "/api/v1", about: "this list" },
    Address { methods: GET, path: "/api/v1/conversations", about: "conversations, newest first" },
    Address {
        methods: GET,
        path: "/api/v1/conversations/{page}/{psid}",
        about: "one conversation: window, parts of answers, transcript",
    },
    Address {
        methods: POST,
        path: "/api/v1/conversations/{page}/{psid}/parts/{part}/resolve",
        about: "decide about a part that was not sent or is in doubt",
    },
    Address { methods: GET, path: "/api/v1/tasks", about: "tasks, newest first" },
    Address { methods: GET, path: "/api/v1/tasks/{task}", about: "one task with its contact and newest comments" },
    Address {
        methods: &["GET", "POST"],
        path: "/api/v1/tasks/{task}/comments",
        about: "comments; a new one for the customer is sent",
    },
    Address { methods: POST, path: "/api/v1/tasks/{task}/status", about: "give a task a status" },
    Address { methods: POST, path: "/api/v1/tasks/{task}/trash", about: "move a task to the trash" },
    Address { methods: POST, path: "/api/v1/tasks/{task}/restore", about: "take a task out of the trash" },
    Address { methods: POST, path: "/api/v1/tasks/{task}/purge", about: "delete a task of the trash for good" },
    Address { methods: POST, path: "/api/v1/tasks/{task}/merge", about: "let another task take this one in" },
    Address { methods: GET, path: "/api/v1/statuses", about: "the statuses that a task can have" },
    Address { methods: GET, path: "/api/v1/totals", about: "how much there is" },
];

/// `GET /api/v1`
pub(super) async fn list() -> Json<Index> {
    Json(Index { addresses: &ADDRESSES })
}
