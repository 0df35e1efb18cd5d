//! The frame of every page, its stylesheet, script and icon. Content comes as markup, already escaped by maud; no page
//! is built from strings anywhere.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use maud::{DOCTYPE, Markup, html};

use super::frame::Frame;
use super::{dead, happenings};

const CSS: &str = include_str!("../assets/site.css");
const JS: &str = include_str!("../assets/live.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// The addresses of stylesheet and script name their content, so that they may be kept for ever.
const CSS_MARK: u32 = fingerprint(CSS.as_bytes());
const JS_MARK: u32 = fingerprint(JS.as_bytes());

/// Which tab of the frame is the present one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tab {
    /// The conversations.
    Conversations,
    /// The tasks.
    Tasks,
    /// What was not sent.
    NotSent,
    /// What happened on the Pages.
    Happenings,
    /// None of them.
    Nowhere,
}

/// What a page shows that changes by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Live<'a> {
    /// Nothing.
    Still,
    /// Many things: any change may be one of it.
    Everything,
    /// This machine, and beside it many things.
    Machine(&'a str),
}

/// A whole page.
pub(crate) fn page(frame: &Frame, title: &str, tab: Tab, live: Live<'_>, content: &Markup) -> Markup {
    let (after, machine) = match live {
        Live::Still => (None, None),
        Live::Everything => (Some(frame.position), None),
        Live::Machine(machine) => (Some(frame.position), Some(machine)),
    };
    // A conversation stands beside its list.
    let wide = (tab == Tab::Conversations && machine.is_some()).then_some("wide");
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body data-after=[after] data-machine=[machine] data-at=[frame.at.as_deref()] {
                a .skip href="#main" { "Skip to the content" }
                header .bar {
                    a .brand href="/" { (logo()) span { "pagedesk" } }
                    @if frame.viewer.is_some() {
                        nav aria-label="Main" {
                            (self::tab("/", "Conversations", tab == Tab::Conversations))
                            (self::tab("/tasks", "Tasks", tab == Tab::Tasks))
                            (self::tab(dead::PATH, "Not sent", tab == Tab::NotSent))
                            (self::tab(happenings::PATH, "Happenings", tab == Tab::Happenings))
                        }
                    }
                    (person(frame))
                }
                p #pulse .pulse role="status" hidden {}
                main #main class=[wide] { (content) }
            }
        }
    }
}

/// A page without tabs, for whoever is not in yet.
pub(crate) fn bare(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body .bare { main #main { (content) } }
        }
    }
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " · pagedesk" }
            link rel="stylesheet" href={ "/assets/site.css?v=" (format!("{CSS_MARK:08x}")) };
            link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
            script src={ "/assets/live.js?v=" (format!("{JS_MARK:08x}")) } defer {}
        }
    }
}

/// Who acts, and the way out.
fn person(frame: &Frame) -> Markup {
    html! {
        @if frame.sign_in && frame.viewer.is_some() {
            div .person {
                span .avatar.small aria-hidden="true" { (initial(frame.by())) }
                span .name { (frame.by()) }
                form .inline method="post" action="/sign-out" { (frame.csrf()) button .quiet.small { "Sign out" } }
            }
        } @else if !frame.sign_in {
            a .person.soft href="/sign-in" { "Nobody signs in here" }
        } @else {
            a .person href="/sign-in" { "Sign in" }
        }
    }
}

/// The product's mark.
pub(crate) fn logo() -> Markup {
    html! { img .logo src="/assets/icon.svg" alt="" width="28" height="28"; }
}

/// The letter that stands for a name.
pub(crate) fn initial(name: &str) -> String {
    name.chars()
        .find(|letter| letter.is_alphanumeric())
        .map_or("·".to_owned(), |letter| letter.to_uppercase().collect())
}

/// A link of a row of tabs.
pub(crate) fn tab(href: &str, name: &str, here: bool) -> Markup {
    html! { a .tab href=(href) aria-current=[here.then_some("page")] { (name) } }
}

/// `/assets/site.css`
pub(crate) fn stylesheet() -> Response {
    asset("text/css; charset=utf-8", CSS)
}

/// `/assets/live.js`
pub(crate) fn script() -> Response {
    asset("text/javascript; charset=utf-8", JS)
}

/// `/assets/icon.svg`
pub(crate) fn icon() -> Response {
    asset("image/svg+xml", ICON)
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    let mut response = content.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let keep = HeaderValue::from_static("public, max-age=604800");
    response.headers_mut().insert(header::CACHE_CONTROL, keep);
    response
}

/// FNV-1a, 32 bits: tells one build's file from another's, nothing more.
const fn fingerprint(bytes: &[u8]) -> u32 {
    let (mut hash, mut at) = (0x811c_9dc5_u32, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}
