//! A Page's ad, which leads into Messenger, and its lead form.

use maud::{Markup, html};
use model::{PageId, Psid};

use super::chat::page_name;
use super::layout::{face, hidden};
use super::wall::COMES_OF_IT;
use crate::fake::facebook::Shared;

/// The ad: one click, and the conversation opens.
pub(super) fn ad(shared: &Shared, page: &PageId, psid: Option<&Psid>) -> Markup {
    let world = shared.world();
    let name = page_name(&world, page);
    let Some(offer) = world.offer(page) else { return missing() };
    html! {
        (heading(page, &name, "Sponsored"))
        article.card.post {
            p.words { (offer.ad.text) }
            @if let Some(path) = offer.ad.photo_url.strip_prefix(&shared.base_url) { img.photo src=(path) alt="A red bicycle"; }
            form.row.spread method="post" action="/play/act" {
                (hidden(Some(page), psid))
                strong { (offer.ad.title) }
                @if psid.is_none() { label { "Your name" input name="name" autocomplete="off" maxlength="100" placeholder="Robin Invented"; } }
                button name="do" value="ad" { "Send message" }
            }
        }
        p.hint.card {
            "Clicking alone opens no window. The first message you write afterwards carries the ad, and Meta lets the Page \
             answer for up to seven days from then."
        }
    }
}

/// The lead form.
pub(super) fn lead(shared: &Shared, page: &PageId, psid: Option<&Psid>, is_sent: bool) -> Markup {
    let world = shared.world();
    let name = page_name(&world, page);
    let Some(offer) = world.offer(page) else { return missing() };
    let me = psid
        .and_then(|psid| world.names(page, psid))
        .map(|(first, last)| [first, last].into_iter().flatten().collect::<Vec<_>>().join(" "));
    html! {
        (heading(page, &name, &offer.form.name))
        @if is_sent { p.card.good role="status" { "Thank you. The form was sent; the Page is told that a lead is there." } }
        form.card method="post" action="/play/act" {
            (hidden(Some(page), psid))
            @for (key, question, kind) in &offer.form.questions {
                @let known = (*key == "full_name").then(|| me.clone()).flatten();
                label { (question) input name=(format!("q_{key}")) type=(kind) value=[known] autocomplete="off" maxlength="1000"; }
            }
            div.buttons { button name="do" value="lead" { "Send the form" } }
            p.hint { "Meta tells the Page only the number of the lead; its answers are fetched with that. " (COMES_OF_IT) }
        }
    }
}

fn heading(page: &PageId, name: &str, what: &str) -> Markup {
    html! {
        header.peer {
            a.back href="/" aria-label="All conversations" { "‹" }
            (face(page.as_str(), name))
            div { h1 { (name) } p.hint { (what) } }
        }
    }
}

fn missing() -> Markup {
    html! { p.hint.card { "This Page has none." } }
}
