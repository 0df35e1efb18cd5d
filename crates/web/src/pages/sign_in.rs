//! Signing in and out: the page with the two fields, what it is answered, and where it leads.
//!
//! Who may sign in is the affair of `people`. Invariants: a password comes back in no answer; the way on leads to this
//! site alone.

use core::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use maud::{Markup, html};
use serde::Deserialize;

use super::form::Posted;
use super::frame::Frame;
use super::{layout, link};
use crate::asked::Asked;
use crate::fault::Fault;
use crate::people::NotSignedIn;
use crate::server::Peer;
use crate::site::Sources;

/// Its address.
pub(crate) const PATH: &str = "/sign-in";

/// Bytes of an address to go on to.
const NEXT_MAX: usize = 1_024;

/// The address of the page that leads on to `here`.
pub(crate) fn leads_to(here: &str) -> String {
    if own(here) == "/" { PATH.to_owned() } else { format!("{PATH}?next={}", link::encode(here)) }
}

/// Where to go on to: an address of this site, or the first page.
pub(super) fn own(next: &str) -> &str {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= NEXT_MAX
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !next.starts_with(PATH);
    if is_own { next } else { "/" }
}

/// Parameters of the page.
#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// `GET /sign-in?next`
pub(super) async fn show(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    Asked(Query(asked)): Asked<Query<Next>>,
) -> Response {
    let next = asked.next.unwrap_or_default();
    let next = own(&next);
    if frame.viewer.is_some() && sources.people.sign_in() {
        return Redirect::to(next).into_response();
    }
    Html(page(&frame, next, "", None, sources.guide.is_some()).into_string()).into_response()
}

/// `POST /sign-in`
pub(super) async fn begin(
    State(sources): State<Arc<Sources>>,
    frame: Frame,
    extensions: Extensions,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Fault> {
    let (login, password, next) = (posted.word("login")?, posted.word("password")?, posted.word("next")?);
    let (login, next) = (login.unwrap_or_default(), next.unwrap_or_default());
    let address = address(&extensions, &headers, sources.https);
    let refused = match sources.people.begin(&login, password.unwrap_or_default(), address).await {
        Ok(cookie) => {
            // The session of before, if any, is of no use any more.
            sources.people.end(&headers);
            return Ok(with_cookie(Redirect::to(own(&next)), &cookie));
        }
        Err(refused) => refused,
    };
    let (status, sentence, wait) = match refused {
        NotSignedIn::Wrong => {
            (StatusCode::FORBIDDEN, "This login and password do not belong together.".to_owned(), None)
        }
        NotSignedIn::TooOften(wait) => {
            let minutes = wait.as_secs() / 60 + 1;
            let sentence = format!("Too many attempts have failed. Try again in {minutes} min.");
            (StatusCode::TOO_MANY_REQUESTS, sentence, Some(wait.as_secs() + 1))
        }
        NotSignedIn::Busy => {
            let sentence = "Many people sign in at this moment. Try again in a moment.".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, sentence, Some(5))
        }
    };
    let page = page(&frame, own(&next), &login, Some(&sentence), sources.guide.is_some());
    let mut response = (status, Html(page.into_string())).into_response();
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// `POST /sign-out`
pub(super) async fn end(State(sources): State<Arc<Sources>>, headers: HeaderMap) -> Response {
    with_cookie(Redirect::to(PATH), &sources.people.end(&headers))
}

fn with_cookie(leads: Redirect, cookie: &str) -> Response {
    let mut response = leads.into_response();
    let cookie = HeaderValue::from_str(cookie).expect("a name, hexadecimal digits and attributes");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// From where somebody signs in: the other end of the connection, or, behind a proxy, what it says last.
fn address(extensions: &Extensions, headers: &HeaderMap, proxied: bool) -> Option<IpAddr> {
    let last = || headers.get_all("x-forwarded-for").into_iter().next_back()?.to_str().ok()?.rsplit(',').next();
    let said = proxied.then(last).flatten().and_then(|address| address.trim().parse().ok());
    said.or_else(|| extensions.get::<Peer>().map(|peer| peer.0))
}

/// `tried`: this is a sandbox, which told login and password where it was started.
fn page(frame: &Frame, next: &str, login: &str, refused: Option<&str>, tried: bool) -> Markup {
    let again = refused.is_some();
    let content = html! {
        section .sheet.padded.door {
            (layout::logo())
            h1 { "Sign in" }
            @if frame.sign_in {
                @if let Some(sentence) = refused { p #why .why.bad role="alert" { (sentence) } }
                form method="post" action=(PATH) {
                    input type="hidden" name="next" value=(next);
                    label for="login" { "Login" }
                    input #login type="text" name="login" value=(login) required maxlength="80" autocomplete="username"
                        autocapitalize="none" spellcheck="false" autofocus[!again];
                    label for="password" { "Password" }
                    input #password type="password" name="password" required maxlength="1024"
                        autocomplete="current-password" autofocus[again] aria-describedby=[again.then_some("why")];
                    button { "Sign in" }
                }
                @if tried {
                    p .soft { "Login and password stand in the terminal in which this sandbox was started." }
                } @else {
                    p .soft { "A forgotten password is replaced by whoever runs this node." }
                }
            } @else {
                p { "Nobody signs in here yet: whoever reaches this address acts as the agent." }
                (how())
                p { a .button href="/" { "To the conversations" } }
            }
        }
    };
    layout::bare("Sign in", &content)
}

/// How the first agent is made.
pub(super) fn how() -> Markup {
    html! {
        p .soft {
            "To let agents sign in, run " code { "pagedesk agent hash" } ", put what it prints into the configuration and "
            "start the node again."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_leads_to_this_site_alone() {
        for (next, found) in [
            ("/tasks?show=all", "/tasks?show=all"),
            ("", "/"),
            ("tasks", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("/sign-in?next=/sign-in", "/"),
            ("/é", "/"),
            (&format!("/{}", "x".repeat(NEXT_MAX)), "/"),
        ] {
            assert_eq!(own(next), found, "{next}");
        }
        assert_eq!(leads_to("/"), "/sign-in");
        assert_eq!(leads_to("/tasks?a=b&c"), "/sign-in?next=%2Ftasks%3Fa%3Db%26c");
    }

    #[test]
    fn a_proxy_says_who_asks_where_there_is_one() {
        let mut extensions = Extensions::new();
        extensions.insert(Peer("127.0.0.1".parse().unwrap()));
        let said = |text: &str| HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), text.parse().unwrap())]);
        let from = |text: &str, proxied| address(&extensions, &said(text), proxied).map(|address| address.to_string());
        assert_eq!(from("6.6.6.6, 203.0.113.9", true).as_deref(), Some("203.0.113.9"), "the rest is hearsay");
        assert_eq!(from("203.0.113.9", false).as_deref(), Some("127.0.0.1"));
        assert_eq!(from("nonsense", true).as_deref(), Some("127.0.0.1"));
    }
}
