//! The frame of every page, its stylesheet and its icon. Content comes as markup, already escaped by maud; no page is
//! built from strings anywhere.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use maud::{DOCTYPE, Markup, html};

const CSS: &str = include_str!("../assets/site.css");
const ICON: &str = include_str!("../assets/icon.svg");

/// The stylesheet's address names its content, so that it may be kept for ever.
const CSS_MARK: u32 = fingerprint(CSS.as_bytes());

/// Which tab of the frame is the present one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tab {
    /// The conversations.
    Conversations,
    /// The tasks.
    Tasks,
    /// None of them.
    Nowhere,
}

/// A whole page.
pub(crate) fn page(title: &str, tab: Tab, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · pagedesk" }
                link rel="stylesheet" href={ "/assets/site.css?v=" (format!("{CSS_MARK:08x}")) };
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
            }
            body {
                a .skip href="#main" { "Skip to the content" }
                header .bar {
                    a .brand href="/" { "pagedesk" }
                    nav aria-label="Main" {
                        (self::tab("/", "Conversations", tab == Tab::Conversations))
                        (self::tab("/tasks", "Tasks", tab == Tab::Tasks))
                    }
                }
                main #main { (content) }
            }
        }
    }
}

/// A link of a row of tabs.
pub(crate) fn tab(href: &str, name: &str, here: bool) -> Markup {
    html! { a .tab href=(href) aria-current=[here.then_some("page")] { (name) } }
}

/// The mark of one showing of a form, by which the same words sent from it twice are known as one act. No browser may
/// fill in an earlier one.
pub(crate) fn mark(showing: u64) -> Markup {
    html! { input type="hidden" name="showing" value=(showing) autocomplete="off"; }
}

/// `/assets/site.css`
pub(crate) fn stylesheet() -> Response {
    asset("text/css; charset=utf-8", CSS)
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

/// FNV-1a, 32 bits: tells one build's stylesheet from another's, nothing more.
const fn fingerprint(bytes: &[u8]) -> u32 {
    let (mut hash, mut at) = (0x811c_9dc5_u32, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}
