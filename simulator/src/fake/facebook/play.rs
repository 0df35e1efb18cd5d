//! The pages on which one plays the customers: conversations, walls, ads and lead forms.
//!
//! Rendered on the server and escaped; everything works without a script. The small script shows changes as they come and
//! sends forms without leaving the page. Nothing from elsewhere is loaded, nothing inline runs; a GET changes nothing; a
//! form sent from another site is refused.
//!
//! | request | what |
//! |---|---|
//! | `GET /?page=&psid=` | the conversations; with a Page and a customer, theirs; `reply=MID`, `edit=MID` |
//! | `GET /wall`, `/ad`, `/lead` | the Page's wall, ad and lead form |
//! | `GET /play/thread` | the bubbles alone |
//! | `GET /play/events` | the bubbles as they change (server-sent events) |
//! | `GET /play/picture/NAME.png`, `/play/file/NAME` | built-in pictures, uploads |
//! | `POST /play/act` | everything a button does, by its field `do` |
//! | `POST /play/read` | the customer looked: what is unread is read |

mod act;
mod chat;
mod form;
mod layout;
mod offers;
mod sign;
mod stream;
mod thread;
mod wall;

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{
    ACCEPT, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HOST, HeaderValue, LOCATION, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode};
use maud::{Markup, html};

use super::Shared;
use super::media::{File, picture};
use super::server::{Answer, plain, with_type};
use form::Form;
use layout::{Chosen, Room};

const CSS: &str = include_str!("play/style.css");
const SCRIPT: &str = include_str!("play/script.js");
const HTML: &str = "text/html; charset=utf-8";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whether a request may be as large as an upload.
pub(super) fn takes_uploads(head: &Parts) -> bool {
    head.method == Method::POST && head.uri.path() == "/play/act" && comes_from_here(&head.headers)
}

/// Whether a path belongs to the pages.
pub(super) fn is_page(path: &[&str]) -> bool {
    matches!(path, ["" | "wall" | "ad" | "lead"] | ["play", ..])
}

/// Answers everything of the pages.
pub(super) fn answer(shared: &Arc<Shared>, head: &Parts, path: &[&str], query: &str, body: &Bytes) -> Answer {
    let asked = Form::of_query(query);
    let mut answer = match (&head.method, path) {
        (&Method::GET, ["" | "wall" | "ad" | "lead"]) => {
            show(shared, path.first().copied().unwrap_or_default(), &asked)
        }
        (&Method::GET, ["play", "thread"]) => fragment(shared, &asked),
        (&Method::GET, ["play", "events"]) => match (asked.page(), asked.psid()) {
            (Some(page), Some(psid)) => stream::answer(shared, &head.headers, page, psid),
            (_, _) => plain(StatusCode::BAD_REQUEST, "which conversation?"),
        },
        (&Method::GET, ["play", "style.css"]) => with_type(StatusCode::OK, "text/css; charset=utf-8", CSS.into()),
        (&Method::GET, ["play", "script.js"]) => {
            with_type(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT.into())
        }
        (&Method::GET, ["play", "picture", name]) => file(name.strip_suffix(".png").and_then(picture)),
        (&Method::GET, ["play", "file", name]) => {
            file(shared.media.lock().expect("nobody panics while holding the files").file(name))
        }
        (&Method::POST, ["play", "act" | "read"]) if !comes_from_here(&head.headers) => {
            plain(StatusCode::FORBIDDEN, "the form comes from another site")
        }
        (&Method::POST, ["play", "act"]) => {
            let form = Form::of_body(&head.headers, body);
            done(shared, &head.headers, &form, act::carry_out(shared, &form))
        }
        (&Method::POST, ["play", "read"]) => {
            let form = Form::of_body(&head.headers, body);
            let opened = match (form.page(), form.psid()) {
                (Some(page), Some(psid)) => shared.open(&page, &psid).map(|_| Room::Chat.link(&page, Some(&psid))),
                (_, _) => Err("which conversation?".to_owned()),
            };
            done(shared, &head.headers, &form, opened)
        }
        _ => plain(StatusCode::NOT_FOUND, "no such page"),
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    answer
}

/// Browsers name the site that a form comes from.
fn comes_from_here(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let here = headers.get(HOST).and_then(|host| host.to_str().ok()).map(|host| format!("http://{host}"));
    here.is_some_and(|here| origin.as_bytes() == here.as_bytes())
}

fn show(shared: &Shared, room: &str, asked: &Form) -> Answer {
    let (page, psid) = (asked.page(), asked.psid());
    let known = page.filter(|page| shared.world().pages().any(|known| known.id == *page));
    let chosen = Chosen { page: known.as_ref(), psid: psid.as_ref() };
    let (room, title, inside) = match (room, &known) {
        ("wall", Some(page)) => (Room::Wall, "Wall", wall::show(shared, page, psid.as_ref())),
        ("ad", Some(page)) => (Room::Ad, "Ad", offers::ad(shared, page, psid.as_ref())),
        ("lead", Some(page)) => {
            let is_sent = asked.get("sent").is_some();
            (Room::Lead, "Lead form", offers::lead(shared, page, psid.as_ref(), is_sent))
        }
        (_, Some(page)) => (Room::Chat, "Conversation", chat::show(shared, page, psid.as_ref(), asked)),
        (_, None) => (Room::Home, "Conversations", chat::welcome(shared)),
    };
    page_answer(StatusCode::OK, layout::frame(shared, title, room, chosen, &inside))
}

fn fragment(shared: &Shared, asked: &Form) -> Answer {
    let (Some(page), Some(psid)) = (asked.page(), asked.psid()) else {
        return plain(StatusCode::BAD_REQUEST, "which conversation?");
    };
    match chat::live(shared, &page, &psid) {
        Some((_, markup)) => page_answer(StatusCode::OK, markup.into_string()),
        None => plain(StatusCode::NOT_FOUND, "no such customer"),
    }
}

/// A file for a browser: shown where it is harmless, else a download.
fn file(file: Option<File>) -> Answer {
    let Some(file) = file else { return plain(StatusCode::NOT_FOUND, "no such file") };
    let mut answer = with_type(StatusCode::OK, file.kind, file.bytes);
    if !file.is_shown {
        answer.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    answer
}

/// What went wrong as people read it: from a capital letter to a full stop. Orders over the control interface have it bare.
fn sentence(trouble: &str) -> String {
    let mut letters = trouble.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if trouble.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// Leads on, or says what was wrong: in a sentence to the script, else on a page with a way back.
fn done(shared: &Shared, headers: &HeaderMap, form: &Form, done: act::Done) -> Answer {
    let trouble = match done {
        Ok(place) => {
            let mut answer = plain(StatusCode::SEE_OTHER, "");
            let place = HeaderValue::try_from(place).unwrap_or_else(|_| HeaderValue::from_static("/"));
            answer.headers_mut().insert(LOCATION, place);
            return answer;
        }
        Err(trouble) => sentence(&trouble),
    };
    if headers.get(ACCEPT).is_some_and(|accept| accept == "text/plain") {
        return plain(StatusCode::BAD_REQUEST, &trouble);
    }
    let (page, psid) = (form.page(), form.psid());
    let known = page.filter(|page| shared.world().pages().any(|known| known.id == *page));
    let chosen = Chosen { page: known.as_ref(), psid: psid.as_ref() };
    let back = known.as_ref().map_or_else(|| "/".to_owned(), |page| Room::Chat.link(page, psid.as_ref()));
    let inside: Markup = html! {
        div.welcome {
            h1 { "That did not work" }
            p role="alert" { (trouble) }
            div.buttons { a.button href=(back) { "Back" } }
        }
    };
    page_answer(StatusCode::BAD_REQUEST, layout::frame(shared, "That did not work", Room::Chat, chosen, &inside))
}

fn page_answer(status: StatusCode, text: String) -> Answer {
    with_type(status, HTML, text.into())
}
