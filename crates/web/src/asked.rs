//! What a request asks, checked before a handler sees it: path, query and JSON body, each refused as a [`Fault`].
//!
//! Invariant: an id that reaches a handler is 1 to 128 visible ASCII characters without a slash.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::HeaderMap;
use http::request::Parts;
use machine::outbound::PartId;
use model::{MachineId, PageId, Psid, TaskId, Timestamp};
use serde::Deserialize;
use tracker::desk::Act;

use crate::fault::Fault;

/// Characters of an id; Meta's and the desk's have at most 20 digits.
const ID_MAX: usize = 128;

/// Characters of a person's name.
const BY_MAX: usize = 100;

/// An extractor of axum whose refusal is a [`Fault`].
pub(crate) struct Asked<E>(pub(crate) E);

impl<S: Send + Sync, T> FromRequestParts<S> for Asked<Path<T>>
where
    Path<T>: FromRequestParts<S, Rejection = PathRejection>,
{
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        Ok(Self(Path::from_request_parts(parts, state).await?))
    }
}

impl<S: Send + Sync, T> FromRequestParts<S> for Asked<Query<T>>
where
    Query<T>: FromRequestParts<S, Rejection = QueryRejection>,
{
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        Ok(Self(Query::from_request_parts(parts, state).await?))
    }
}

impl<S: Send + Sync, T> FromRequest<S> for Asked<Json<T>>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        Ok(Self(Json::from_request(request, state).await?))
    }
}

/// `{page}/{psid}` of a path.
#[derive(Deserialize)]
pub(crate) struct ConversationPath {
    page: String,
    psid: String,
}

impl ConversationPath {
    pub(crate) fn machine(&self) -> Result<MachineId, Fault> {
        conversation(&self.page, &self.psid)
    }
}

/// `{page}/{psid}/…/{part}` of a path.
#[derive(Deserialize)]
pub(crate) struct PartPath {
    page: String,
    psid: String,
    part: String,
}

impl PartPath {
    pub(crate) fn machine(&self) -> Result<MachineId, Fault> {
        conversation(&self.page, &self.psid)
    }

    pub(crate) fn part(&self) -> Result<PartId, Fault> {
        let part = Some(&self.part).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        part.and_then(|part| part.parse().ok()).map(PartId).ok_or_else(|| {
            Fault::new(http::StatusCode::BAD_REQUEST, "invalid-path", "There is no such part of an answer.")
        })
    }
}

fn conversation(page: &str, psid: &str) -> Result<MachineId, Fault> {
    if !is_id(page) {
        return Err(Fault::invalid_id("Page"));
    }
    if !is_id(psid) {
        return Err(Fault::invalid_id("customer"));
    }
    Ok(MachineId::Conversation(PageId::new(page), Psid::new(psid)))
}

/// A task's id as typed.
pub(crate) fn task(text: &str) -> Result<TaskId, Fault> {
    if is_id(text) { Ok(TaskId::new(text)) } else { Err(Fault::invalid_id("task")) }
}

fn is_id(text: &str) -> bool {
    (1..=ID_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}

/// Who acts, when, and under which `Idempotency-Key`.
pub(crate) fn act(by: &str, at: Timestamp, headers: &HeaderMap) -> Result<Act, Fault> {
    let unfit = |code, message| Fault::new(http::StatusCode::UNPROCESSABLE_ENTITY, code, message);
    let by = by.trim();
    if by.is_empty() || by.chars().count() > BY_MAX || by.chars().any(char::is_control) {
        return Err(unfit("by-unfit", "The field “by” names a person in 1 to 100 characters."));
    }
    let key = match headers.get("idempotency-key").map(|key| key.to_str()) {
        Some(Ok(key)) => Some(key.to_owned()),
        Some(Err(_)) => return Err(unfit("idempotency-key-unfit", "The idempotency key must be visible ASCII.")),
        None => None,
    };
    Ok(Act { by: by.to_owned(), at, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_visible_ascii_without_a_slash() {
        for id in ["1029", "c-7_a.b", &"9".repeat(128)] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", "a b", "a/b", "é", "\u{7f}", &"9".repeat(129)] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn an_act_names_a_person() {
        let none = HeaderMap::new();
        assert_eq!(act(" Ada ", Timestamp(5), &none).map(|act| act.by), Ok("Ada".to_owned()));
        for by in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(act(by, Timestamp(5), &none).is_err(), "{by:?}");
        }
    }
}
