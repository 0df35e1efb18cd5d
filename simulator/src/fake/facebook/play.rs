//! The page on which one plays the customer: choose a Page and a customer, see both sides, write.
//!
//! Rendered on the server and escaped; the small script only fetches the conversation again each second while the page is
//! looked at. Nothing from elsewhere is loaded. A form sent from another site is refused.

use hyper::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderValue, LOCATION, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode};
use maud::{DOCTYPE, Markup, html};
use model::{PageId, Psid, Timestamp};
use reqwest::Url;

use super::Shared;
use super::control::{Customer, CustomerAnswer, InboxOrder};
use super::server::{Answer, plain, with_type};
use super::state::{Line, Writer};
use super::world::World;

const CSS: &str = include_str!("play/style.css");
const SCRIPT: &str = include_str!("play/script.js");
const HTML: &str = "text/html; charset=utf-8";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Lines of a conversation that are shown, the newest ones.
const LINES_MAX: usize = 200;

/// Customers of a Page that are listed.
const CUSTOMERS_MAX: usize = 200;

/// Answers everything under `/` and `/play`.
pub(super) fn answer(shared: &Shared, head: &Parts, path: &[&str], query: &str, body: &[u8]) -> Answer {
    let mut answer = match (&head.method, path) {
        (&Method::GET, [""]) => show(shared, &Fields::read(query)),
        (&Method::GET, ["play", "thread"]) => thread_answer(shared, &Fields::read(query)),
        (&Method::GET, ["play", "style.css"]) => with_type(StatusCode::OK, "text/css; charset=utf-8", CSS.into()),
        (&Method::GET, ["play", "script.js"]) => {
            with_type(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT.into())
        }
        (&Method::POST, ["play", "act"]) if comes_from_here(&head.headers) => {
            act(shared, &Fields::read(&String::from_utf8_lossy(body)))
        }
        (&Method::POST, ["play", "act"]) => plain(StatusCode::FORBIDDEN, "the form comes from another site"),
        _ => plain(StatusCode::NOT_FOUND, "no such page"),
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    answer
}

/// Values of a query or form.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(text: &str) -> Self {
        let mut url = Url::parse("http://stand-in/").expect("a constant address");
        url.set_query(Some(text));
        Self(url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect())
    }

    /// The value of a field that was filled in.
    fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(name, value)| name == key && !value.trim().is_empty())?;
        Some(value.trim())
    }

    fn page(&self) -> Option<PageId> {
        self.get("page").map(PageId::new)
    }

    fn psid(&self) -> Option<Psid> {
        self.get("psid").map(Psid::new)
    }
}

/// Browsers name the site that a form comes from.
fn comes_from_here(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let here = headers.get(HOST).and_then(|host| host.to_str().ok()).map(|host| format!("http://{host}"));
    here.is_some_and(|here| origin.as_bytes() == here.as_bytes())
}

fn act(shared: &Shared, fields: &Fields) -> Answer {
    let Some(page) = fields.page() else { return plain(StatusCode::BAD_REQUEST, "which Page?") };
    let text = fields.get("text").map(str::to_owned);
    if let (Some("inbox"), Some(psid), Some(text)) = (fields.get("do"), fields.psid(), text.clone()) {
        let done = shared.answer_elsewhere(InboxOrder { page: page.clone(), psid, text, app: None });
        return see(&page, done);
    }
    let (mut customer, what) =
        (Customer { psid: fields.psid(), ..Customer::new(&page, &Psid::new("")) }, fields.get("do"));
    match what {
        Some("read") => customer.read = true,
        Some("press") => customer.postback = Some(("Get started".to_owned(), "GET_STARTED".to_owned())),
        Some(_) | None => {
            customer.text = text;
            customer.name = fields.get("name").map(str::to_owned);
        }
    }
    see(&page, shared.act(customer))
}

/// Leads back to the conversation.
fn see(page: &PageId, done: Option<CustomerAnswer>) -> Answer {
    let Some(done) = done else { return plain(StatusCode::NOT_FOUND, "no such Page") };
    let mut answer = plain(StatusCode::SEE_OTHER, "");
    let place = HeaderValue::try_from(link(page, Some(&done.psid)));
    answer.headers_mut().insert(LOCATION, place.unwrap_or_else(|_| HeaderValue::from_static("/")));
    answer
}

fn thread_answer(shared: &Shared, fields: &Fields) -> Answer {
    let (Some(page), Some(psid)) = (fields.page(), fields.psid()) else {
        return plain(StatusCode::BAD_REQUEST, "which conversation?");
    };
    let markup = thread(shared.world().lines(&page, &psid));
    with_type(StatusCode::OK, HTML, markup.into_string().into())
}

fn show(shared: &Shared, fields: &Fields) -> Answer {
    let now = shared.clock.now();
    let world = shared.world();
    let page = fields.page().or_else(|| world.pages().next().map(|page| page.id.clone()));
    let psid = fields.psid();
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Stand-in for Facebook" }
                link rel="stylesheet" href="/play/style.css";
                script defer src="/play/script.js" {}
            }
            body {
                header {
                    h1 { "Stand-in for Facebook" }
                    p { "You are the customer. " (clock_text(now)) " UTC" }
                }
                main {
                    nav aria-label="Conversations" { (directory(&world, page.as_ref(), psid.as_ref())) }
                    section {
                        @match (&page, &psid) {
                            (Some(page), Some(psid)) => (conversation(&world, page, psid)),
                            (Some(page), None) => (newcomer(&world, page)),
                            (None, _) => p.hint { "This stand-in has no Page." },
                        }
                    }
                }
            }
        }
    };
    with_type(StatusCode::OK, HTML, markup.into_string().into())
}

fn directory(world: &World, page: Option<&PageId>, psid: Option<&Psid>) -> Markup {
    html! {
        @for known in world.pages() {
            @let chosen = page == Some(&known.id);
            h2 { (known.name) }
            ul {
                @for (customer, name) in world.customers_of(&known.id).into_iter().take(CUSTOMERS_MAX) {
                    @let current = (chosen && psid == Some(&customer)).then_some("page");
                    li { a href=(link(&known.id, Some(&customer))) aria-current=[current] {
                        (name.unwrap_or_else(|| customer.to_string()))
                    } }
                }
                li { a.new href=(link(&known.id, None)) aria-current=[(chosen && psid.is_none()).then_some("page")] {
                    "New customer"
                } }
            }
        }
    }
}

fn conversation(world: &World, page: &PageId, psid: &Psid) -> Markup {
    let name = world.customers_of(page).into_iter().find(|(known, _)| known == psid).and_then(|(_, name)| name);
    html! {
        h2 { (name.as_deref().unwrap_or(psid.as_str())) " " small { (psid.as_str()) } }
        div #thread data-source=(format!("/play/thread?{}", query(page, Some(psid)))) aria-live="polite" {
            (thread(world.lines(page, psid)))
        }
        form method="post" action="/play/act" {
            (hidden(page, Some(psid)))
            label { "Message" textarea name="text" rows="2" autofocus {} }
            div.buttons {
                button name="do" value="write" { "Send" }
                button.quiet name="do" value="press" { "Press “Get started”" }
                button.quiet name="do" value="read" { "Mark as read" }
                button.quiet name="do" value="inbox" { "Answer as the Page’s own inbox" }
            }
        }
    }
}

fn newcomer(world: &World, page: &PageId) -> Markup {
    let name = world.pages().find(|known| known.id == *page).map_or("", |known| &known.name);
    html! {
        h2 { "Write to " (name) }
        form method="post" action="/play/act" {
            (hidden(page, None))
            label { "Your name" input name="name" autocomplete="off"; }
            label { "Message" textarea name="text" rows="3" required autofocus {} }
            div.buttons { button name="do" value="write" { "Send" } }
        }
    }
}

fn thread(lines: &[Line]) -> Markup {
    html! {
        @if lines.is_empty() { p.hint { "Nothing was written yet." } }
        ol {
            @for line in &lines[lines.len().saturating_sub(LINES_MAX)..] {
                li class=(if line.writer == Writer::Customer { "mine" } else { "theirs" }) title=(line.mid.as_str()) {
                    @if let Some(text) = &line.text { p { (text) } }
                    @if let Some((kind, url)) = &line.attachment { p.file { (kind) ": " (url) } }
                    time { (clock_text(line.at)) }
                }
            }
        }
    }
}

fn hidden(page: &PageId, psid: Option<&Psid>) -> Markup {
    html! {
        input type="hidden" name="page" value=(page.as_str());
        @if let Some(psid) = psid { input type="hidden" name="psid" value=(psid.as_str()); }
    }
}

fn link(page: &PageId, psid: Option<&Psid>) -> String {
    format!("/?{}", query(page, psid))
}

fn query(page: &PageId, psid: Option<&Psid>) -> String {
    let mut url = Url::parse("http://stand-in/").expect("a constant address");
    url.query_pairs_mut().append_pair("page", page.as_str());
    if let Some(psid) = psid {
        url.query_pairs_mut().append_pair("psid", psid.as_str());
    }
    url.query().unwrap_or_default().to_owned()
}

/// Time of day.
fn clock_text(at: Timestamp) -> String {
    let second = at.0.div_euclid(1_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}
