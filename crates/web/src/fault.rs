//! The one refusal of pages and API: a status, a stable code and a sentence. Handlers return it; the site renders it as
//! JSON under `/api/` and as a page elsewhere, so that no handler needs to know who asked.
//!
//! Invariant: the sentence never holds what a customer wrote, nor a token.

use axum::Json;
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use tracker::desk::Refusal;

use crate::lists::NotListed;
use crate::pages::layout;
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
}

impl Fault {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// Nothing has this address or id.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("There is no such {what}."))
    }

    /// An id that can stand for nothing.
    pub(crate) fn invalid_id(what: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-id", format!("The {what} is not an id."))
    }

    /// As it is told to programs or to people; `headers` are those that the handler set.
    pub(crate) fn render(&self, for_program: bool, headers: &HeaderMap) -> Response {
        let mut response = if for_program {
            let error = json!({ "error": { "code": self.code, "message": self.message } });
            (self.status, Json(error)).into_response()
        } else {
            let title = self.status.canonical_reason().unwrap_or("This did not work");
            layout::plain(self.status, title, &self.message)
        };
        if let Some(allow) = headers.get(header::ALLOW) {
            response.headers_mut().insert(header::ALLOW, allow.clone());
        }
        match self.status {
            StatusCode::UNAUTHORIZED => {
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
            JsonRejection::JsonSyntaxError(fault) => ("invalid-json", fault.body_text()),
            JsonRejection::JsonDataError(fault) => ("invalid-body", fault.body_text()),
            JsonRejection::BytesRejection(_) | _ => ("invalid-body", rejection.body_text()),
        };
        Self::new(rejection.status(), code, message)
    }
}

impl From<FormRejection> for Fault {
    fn from(rejection: FormRejection) -> Self {
        Self::new(rejection.status(), "invalid-form", rejection.body_text())
    }
}

impl From<QueryRejection> for Fault {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), "invalid-query", rejection.body_text())
    }
}

impl From<PathRejection> for Fault {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), "invalid-path", rejection.body_text())
    }
}
