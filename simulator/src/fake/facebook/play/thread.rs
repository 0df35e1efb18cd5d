//! The bubbles of one conversation: the part of a page that changes while one looks.
//!
//! Invariant: whatever stands in a line is text; the only addresses that are followed are the stand-in's own files and
//! plain links that a person clicks.

use maud::{Markup, html};
use model::{PageId, Psid};

use super::layout::{Room, day, encoded, hidden, minute, same_day};
use super::sign::{REACTIONS, reaction};
use crate::fake::facebook::control::Attachment;
use crate::fake::facebook::state::{Choice, Line, Press, Writer};
use crate::fake::facebook::world::Thread;
use crate::fake::facebook::world::gist;

/// Lines that are shown, the newest ones.
const SHOWN_MAX: usize = 200;

/// Which conversation is shown, and where the stand-in's own files lie.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) page: &'a PageId,
    pub(super) psid: &'a Psid,
    pub(super) base_url: &'a str,
}

/// All bubbles.
pub(super) fn bubbles(thread: &Thread<'_>, view: View<'_>) -> Markup {
    let lines = thread.lines();
    let shown = &lines[lines.len().saturating_sub(SHOWN_MAX)..];
    let last_of = |writer| shown.iter().rposition(|line| line.writer == writer);
    let (last_mine, last_theirs) = (last_of(Writer::Customer), last_of(Writer::Page));
    let offers = last_theirs.filter(|place| last_mine.is_none_or(|mine| mine < *place));
    html! {
        @if shown.is_empty() { p.hint.middle { "Say hello: the Page answers from its desk." } }
        ol.lines {
            @for (place, line) in shown.iter().enumerate() {
                @let before = place.checked_sub(1).and_then(|place| shown.get(place));
                @if before.is_none_or(|before| !same_day(before.at, line.at)) { li.day { span { (day(line.at)) } } }
                @match line.writer {
                    Writer::Meta => li.note { (line.text.as_deref().unwrap_or_default()) },
                    Writer::Customer | Writer::Page => li.line.(side(line)) {
                        (bubble(thread, line, view))
                        @if last_theirs == Some(place) { p.mark { (told(thread, line)) } }
                        @if last_mine == Some(place) && line.writer == Writer::Customer {
                            p.mark { (if thread.is_seen(line) { "Seen by the Page" } else { "Sent" }) }
                        }
                    },
                }
            }
            @if thread.is_typed_to() { li.line.theirs { div.bubble.typing { span.unseen { "The Page is typing" } i {} i {} i {} } } }
        }
        @if let Some(line) = offers.and_then(|place| shown.get(place)) { (quick_replies(line, view)) }
        @if thread.has_unread() { (read_button(view)) }
    }
}

fn side(line: &Line) -> &'static str {
    if line.writer == Writer::Customer { "mine" } else { "theirs" }
}

/// What the Page was told about its newest message.
fn told(thread: &Thread<'_>, line: &Line) -> String {
    let (delivered_at, read_at) = thread.receipts();
    if read_at >= Some(line.at) {
        "Read – the Page knows".to_owned()
    } else if delivered_at >= Some(line.at) {
        "Delivered – not read yet".to_owned()
    } else {
        "Sent by the Page".to_owned()
    }
}

fn bubble(thread: &Thread<'_>, line: &Line, view: View<'_>) -> Markup {
    let answered = line.reply_to.as_ref().map(|mid| thread.line(mid));
    html! {
        @if let Some(answered) = answered {
            p.quote { "↩ " (answered.map_or_else(|| "an older message".to_owned(), gist)) }
        }
        div.held {
            div.bubble title=(line.mid.as_str()) {
                @if line.unsent {
                    p.gone { "You took this message back." }
                } @else {
                    @if let Some(text) = &line.text { p { (text) } }
                    @for attachment in &line.attachments { (attached(attachment, view.base_url)) }
                }
                @let links: Vec<_> = line.choices.iter().enumerate().filter(|(_, choice)| !choice.is_quick()).collect();
                @if !links.is_empty() { div.links { @for (number, choice) in links { (button(line, number, choice, view)) } } }
            }
            @if !line.unsent { (menu(thread, line, view)) }
        }
        @let signs: Vec<&String> = [&line.reaction, &line.page_reaction].into_iter().flatten().collect();
        @if !signs.is_empty() {
            span.signs { span.unseen { "Reactions: " } @for sign in signs { (reaction(sign)) span.unseen { (sign) " " } } }
        }
        span.at { time { (minute(line.at)) } @if line.edits > 0 { " · changed" } }
    }
}

/// What can be done with a line.
fn menu(thread: &Thread<'_>, line: &Line, view: View<'_>) -> Markup {
    let at = |what: &str| {
        format!("{}&{what}={}#write", Room::Chat.link(view.page, Some(view.psid)), encoded(line.mid.as_str()))
    };
    html! {
        details.menu id=(format!("menu-{}", line.mid)) {
            summary aria-label="React, reply and more" { "⋯" }
            form.pop method="post" action="/play/act" {
                (hidden(Some(view.page), Some(view.psid)))
                input type="hidden" name="mid" value=(line.mid.as_str());
                div.signs-row {
                    @for (name, sign) in REACTIONS {
                        @let on = line.reaction.as_deref().is_some_and(|known| known == sign || known == name);
                        button.sign name="react" value=(name) aria-pressed=(on) aria-label=(name) { (reaction(name)) }
                    }
                }
                a href=(at("reply")) { "Reply" }
                @if thread.may_edit(line) { a href=(at("edit")) { "Change" } }
                @if line.writer == Writer::Customer { button.plain name="do" value="unsend" { "Take back" } }
                @if line.writer == Writer::Page {
                    button.plain name="do" value="good" { "Good answer" }
                    button.plain name="do" value="bad" { "Bad answer" }
                }
            }
        }
    }
}

fn quick_replies(line: &Line, view: View<'_>) -> Markup {
    let quick: Vec<_> = line.choices.iter().enumerate().filter(|(_, choice)| choice.is_quick()).collect();
    html! {
        @if !quick.is_empty() {
            div.quick role="group" aria-label="Quick replies" {
                @for (number, choice) in quick { (button(line, number, choice, view)) }
            }
        }
    }
}

/// One thing to choose.
fn button(line: &Line, number: usize, choice: &Choice, view: View<'_>) -> Markup {
    html! {
        @match &choice.press {
            Press::Link(url) if is_link(url) => a.choice href=(url) rel="noreferrer noopener" target="_blank" { (choice.title) },
            Press::Link(_) => span.choice { (choice.title) },
            Press::QuickReply(_) | Press::Postback(_) => form method="post" action="/play/act" {
                (hidden(Some(view.page), Some(view.psid)))
                input type="hidden" name="do" value="choose";
                input type="hidden" name="mid" value=(line.mid.as_str());
                button.choice name="number" value=(number) { (choice.title) }
            },
        }
    }
}

fn read_button(view: View<'_>) -> Markup {
    html! {
        form #unread method="post" action="/play/read" {
            (hidden(Some(view.page), Some(view.psid)))
            button.quiet { "Mark as read" }
        }
    }
}

/// One attachment: its own files as what they are, everything else as a link or words.
fn attached(attachment: &Attachment, base_url: &str) -> Markup {
    let own = |url: &str| url.strip_prefix(base_url).filter(|path| path.starts_with("/play/")).map(str::to_owned);
    let words = |kind: &str, title: &str| html! { p.file { span.kind { (kind) } " " (title) } };
    match attachment {
        Attachment::Image { url } | Attachment::Sticker { url, .. } => match own(url) {
            Some(path) => html! { img src=(path) class=(attachment.name()) alt=(attachment.name()); },
            None => linked("picture", url, None),
        },
        Attachment::Audio { url } => match own(url) {
            Some(path) => html! { audio controls src=(path) preload="none" {} },
            None => linked("sound", url, None),
        },
        Attachment::Video { url } => match own(url) {
            Some(path) => html! { video controls src=(path) preload="none" {} },
            None => linked("film", url, None),
        },
        Attachment::File { url } => match own(url) {
            Some(path) => html! { p.file { a href=(path) download { "📄 File" } } },
            None => linked("file", url, None),
        },
        Attachment::Fallback { url, title } => match url {
            Some(url) => linked("link", url, title.as_deref()),
            None => words("link", title.as_deref().unwrap_or("without address")),
        },
        Attachment::Reel { url, title, .. } => linked("reel", url, title.as_deref()),
        Attachment::Post { url, title, .. } => linked("post", url, title.as_deref()),
        Attachment::Template { title, .. } => words("template", title.as_deref().unwrap_or_default()),
        Attachment::AppointmentBooking { status, booking_id, .. } => {
            words("appointment", &format!("{status} ({booking_id})"))
        }
        Attachment::Location { lat, long } => words("place", &format!("{lat:.5}, {long:.5}")),
        Attachment::Other { name, .. } => words(name, "(cannot be shown)"),
    }
}

fn linked(kind: &str, url: &str, title: Option<&str>) -> Markup {
    html! {
        p.file {
            span.kind { (kind) } " "
            @if is_link(url) { a href=(url) rel="noreferrer noopener" target="_blank" { (title.unwrap_or(url)) } }
            @else { (title.unwrap_or(url)) }
        }
    }
}

/// Whether an address may be clicked.
fn is_link(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
