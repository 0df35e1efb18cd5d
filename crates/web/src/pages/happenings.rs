//! What happened on the Pages themselves: comments on posts, leads, ratings, mentions, words of Meta's. They come without
//! a customer who could be answered in Messenger, so that no conversation shows them.
//!
//! Renders only. Invariant: the page says that nothing else comes of them yet.

use maud::{Markup, html};
use model::PageId;

use super::conversations::{Names, called, choice};
use super::frame::Frame;
use super::layout::{self, Live, Tab};
use super::link;
use crate::lists::{HappeningList, HappeningRow};
use crate::present::{clock, instant, iso};

/// The list's address.
pub(crate) const PATH: &str = "/happenings";

/// The whole page. `of`: the one Page that is asked for; `later`: the list does not begin with the newest.
pub(crate) fn page(frame: &Frame, list: &HappeningList, of: Option<&PageId>, later: bool, names: &Names) -> Markup {
    let address = address(of);
    let content = html! {
        div .head {
            h1 { "Happenings" }
            div .filters { (choice(PATH, None, of, names)) }
        }
        p .soft {
            "What happens on the Pages themselves, not in Messenger: comments on posts, leads, ratings, mentions, and what \
             Meta says about the Page. It is all kept. No task comes of it yet; answer it at Facebook."
        }
        div #list data-live { @if list.happenings.is_empty() {
            p #none .sheet.empty {
                @if list.next.is_some() { "None among the newest." } @else { "Nothing has happened on the Pages yet." }
            }
        } @else {
            ul .sheet { @for row in &list.happenings { (item(row, frame, names)) } }
        } }
        p .soft.zone { "Times are UTC." }
        div .more {
            @if later { a .button.quiet href=(address) { "Newest" } }
            @if let Some(next) = &list.next { a .button.quiet rel="next" href=(older(of, next)) { "Older" } }
        }
    };
    layout::page(frame, "Happenings", Tab::Happenings, Live::Everything, &content)
}

fn address(of: Option<&PageId>) -> String {
    of.map_or(PATH.to_owned(), |page| format!("{PATH}?of={}", link::encode(page.as_str())))
}

fn older(of: Option<&PageId>, after: &str) -> String {
    let joint = if of.is_some() { "&" } else { "?" };
    format!("{}{joint}after={}", address(of), link::encode(after))
}

fn item(row: &HappeningRow, frame: &Frame, names: &Names) -> Markup {
    html! {
        li .row.plain.happening {
            div .row-top {
                strong { (row.what) }
                span .of { (called(names.get(&row.page).map_or("", String::as_str), &row.page)) }
                time datetime=(iso(row.at)) title=(clock(row.at)) { (instant(row.at, frame.now)) }
            }
            @if row.who.is_some() || row.text.is_some() {
                p .words dir="auto" {
                    @if let Some(who) = &row.who { span .soft { bdi { (who) } @if row.text.is_some() { ": " } } }
                    @if let Some(text) = &row.text { (text) }
                }
            }
        }
    }
}
