//! The one refusal of pages and API: a status, a stable code and a sentence. Handlers return it; the site renders it as
//! JSON under `/api` and as a page elsewhere, so that no handler needs to know who asked.
//!
//! Invariant: the sentence never holds what a customer wrote, nor a token.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use model::in_plain_words;
use serde_json::json;
use tracker::desk::Refusal;

use crate::body::Refused;
use crate::lists::NotListed;
use crate::pages::trouble;
use crate::port::Unavailable;

/// Why a request was not answered as asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// A stable word for programs.
    pub(crate) code: &'static str,
    /// A sentence for people, with what to do.
    pub(crate) message: String,
    /// The methods that the address takes, where it does not take this one.
    allow: Option<HeaderValue>,
}

/// Who reads a refusal.
pub(crate) enum Reader<'a> {
    /// A program: JSON.
    Program,
    /// A person: a page.
    Person(trouble::Asked<'a>),
}

impl Fault {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), allow: None }
    }

    /// Nothing has this address or id.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("There is no such {what}."))
    }

    /// An id that can stand for nothing.
    pub(crate) fn invalid_id(what: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-id", format!("The {what} is not an id."))
    }

    /// A body that was not read to its end; `body_max` bytes are the most that is taken.
    pub(crate) fn unread(refused: Refused, body_max: usize) -> Self {
        let sentence = match refused {
            Refused::TooLarge => return Self::too_large(body_max),
            Refused::TooSlow => "What was sent did not arrive in time, so nothing was changed. Send it again.",
            Refused::Overloaded => "Too much is being sent at this moment. Nothing was changed; try again in a moment.",
            Refused::Broken => "What was sent did not arrive whole, so nothing was changed. Send it again.",
        };
        Self::new(refused.status(), refused.reason(), sentence)
    }

    /// A body of more than `body_max` bytes.
    pub(crate) fn too_large(body_max: usize) -> Self {
        let (refused, kib) = (Refused::TooLarge, body_max >> 10);
        let sentence = format!("What was sent is longer than {kib} KiB, the most that is taken at once. Shorten it.");
        Self::new(refused.status(), refused.reason(), sentence)
    }

    /// Names the methods that the address takes, as axum found them.
    pub(crate) fn allowing(mut self, allow: Option<HeaderValue>) -> Self {
        if let Some(methods) = allow.as_ref().and_then(|allow| allow.to_str().ok()) {
            self.message = format!("{} It takes {}.", self.message, methods.replace(',', ", "));
        }
        Self { allow, ..self }
    }

    /// As it is told to whoever asked.
    pub(crate) fn render(&self, reader: &Reader<'_>) -> Response {
        let mut response = match reader {
            Reader::Program => {
                let error = json!({ "error": { "code": self.code, "message": self.message } });
                (self.status, Json(error)).into_response()
            }
            Reader::Person(asked) => (self.status, Html(trouble::page(self, asked).into_string())).into_response(),
        };
        if let Some(allow) = &self.allow {
            response.headers_mut().insert(header::ALLOW, allow.clone());
        }
        match self.status {
            StatusCode::UNAUTHORIZED if matches!(reader, Reader::Program) => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

impl IntoResponse for Fault {
    /// Carries itself to the site, which renders it.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::UnknownTask | Refusal::UnknownContact => StatusCode::NOT_FOUND,
            Refusal::TaskGone => StatusCode::GONE,
            Refusal::TaskInTrash
            | Refusal::TaskNotInTrash
            | Refusal::MergesIntoItself
            | Refusal::MergedTooOften
            | Refusal::NotMerged
            | Refusal::KeyReused => StatusCode::CONFLICT,
            Refusal::UnknownStatus
            | Refusal::TextEmpty
            | Refusal::TextTooLong
            | Refusal::TextUnfit
            | Refusal::NameEmpty
            | Refusal::NameTooLong
            | Refusal::KeyUnfit
            | Refusal::CursorUnfit => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Damaged => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, refusal.code(), refusal.sentence())
    }
}

impl From<Unavailable> for Fault {
    fn from(unavailable: Unavailable) -> Self {
        let message = format!("This cannot be answered now: {}. Try again in a moment.", unavailable.0);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }
}

impl From<NotListed> for Fault {
    fn from(fault: NotListed) -> Self {
        match fault {
            NotListed::CursorUnfit => Self::from(Refusal::CursorUnfit),
            NotListed::Unavailable(unavailable) => Self::from(unavailable),
        }
    }
}

impl From<JsonRejection> for Fault {
    fn from(rejection: JsonRejection) -> Self {
        let (code, message) = match &rejection {
            JsonRejection::MissingJsonContentType(_) => {
                ("not-json", "The body must be JSON, with Content-Type: application/json.".to_owned())
            }
            JsonRejection::JsonSyntaxError(fault) => ("invalid-json", unread(&fault.body_text())),
            JsonRejection::JsonDataError(fault) => ("invalid-body", unread(&fault.body_text())),
            JsonRejection::BytesRejection(_) | _ => ("invalid-body", rejection.body_text()),
        };
        Self::new(rejection.status(), code, message)
    }
}

impl From<QueryRejection> for Fault {
    fn from(rejection: QueryRejection) -> Self {
        let text = rejection.body_text();
        let what = text.rsplit_once("query string: ").map_or(text.as_str(), |(_, what)| what);
        let message = format!("The address is not understood after its “?”: {}.", of_field(what));
        Self::new(rejection.status(), "invalid-query", message)
    }
}

/// Why a body cannot be read, and where: axum's sentence is `…: WHAT at line N column N`.
fn unread(text: &str) -> String {
    let what = text.split_once(": ").map_or(text, |(_, what)| what);
    let place = what.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(" column "));
    let place = place.map(|(line, column)| format!(" (line {line}, column {column})")).unwrap_or_default();
    format!("The body is not understood: {}{place}.", of_field(what))
}

/// `FIELD: WHAT`, or `WHAT` alone, in plain words.
fn of_field(what: &str) -> String {
    match what.split_once(": ").filter(|(field, _)| !field.contains([' ', '`'])) {
        Some((field, what)) => format!("{field}: {}", in_plain_words(what)),
        None => in_plain_words(what),
    }
}

impl From<PathRejection> for Fault {
    fn from(rejection: PathRejection) -> Self {
        // Ids are taken as text, so that the only fault left is text that is no UTF-8.
        Self::new(rejection.status(), "invalid-id", "This address holds something that is not an id.")
    }
}
