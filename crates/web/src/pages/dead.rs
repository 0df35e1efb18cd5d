//! The page of dead letters: what was refused, failed or is in doubt over all conversations, with what can be done.
//!
//! Renders only; every text is escaped by maud. A decision is sent to the conversation's own address and leads back here.

use machine::outbound::{Content, PartId};
use maud::{Markup, html};
use model::{MachineId, PageId, Psid, Timestamp};

use super::conversations::{Names, called, choice, name};
use super::frame::Frame;
use super::layout::{self, Live, Tab};
use super::link;
use crate::letters::Letter;
use crate::present::{PartWords, Ways, clock, instant, iso, reach_of};

/// The list's address.
pub(crate) const PATH: &str = "/dead-letters";

/// The whole page. `of`: the one Page that is asked for; `later`: the list does not begin with the first.
pub(crate) fn page(
    frame: &Frame,
    letters: &[Letter],
    next: Option<&str>,
    of: Option<&PageId>,
    later: bool,
    names: &Names,
) -> Markup {
    let content = html! {
        div .head {
            h1 { "Not sent" }
            div .filters { (choice(PATH, None, of, names)) }
        }
        p .soft {
            "Messages that the rules or Facebook refused, or of which nobody knows whether they were sent, until somebody \
             decides. Trying again asks the rules anew."
        }
        div #list data-live { @if letters.is_empty() {
            p #none .sheet.empty {
                @if next.is_some() { "None among the first." } @else { "Everything was sent." }
            }
        } @else {
            ul .sheet { @for letter in letters { (item(letter, frame, names)) } }
        } }
        p .soft.zone { "Times are UTC." }
        div .more {
            @if later { a .button.quiet href=(address(of)) { "First" } }
            @if let Some(next) = next { a .button.quiet rel="next" href=(more(of, next)) { "More" } }
        }
    };
    layout::page(frame, "Not sent", Tab::NotSent, Live::Everything, &content)
}

fn address(of: Option<&PageId>) -> String {
    of.map_or(PATH.to_owned(), |page| format!("{PATH}?of={}", link::encode(page.as_str())))
}

fn more(of: Option<&PageId>, after: &str) -> String {
    let joint = if of.is_some() { "&" } else { "?" };
    format!("{}{joint}after={}", address(of), link::encode(after))
}

fn item(letter: &Letter, frame: &Frame, names: &Names) -> Markup {
    let Letter { id: MachineId::Conversation(page, psid), part, found } = letter else { return Markup::default() };
    let Some(stored) = found.state.queue().part(*part) else { return Markup::default() };
    let (by, reach) = reach_of(&found.transcript, *part);
    let words = PartWords::of(&stored.state, reach, frame.now);
    let customer = found.state.name().map(|name| name.reveal().as_str());
    let text = match &stored.content {
        Content::Text { text } | Content::Prompt { text, .. } => text.reveal().clone(),
        Content::Attachment { kind, url: _ } => format!("[{kind}]"),
        Content::Template { name, .. } => format!("[template {name}]"),
    };
    html! {
        li .row.plain.letter {
            div .row-top {
                a href={ (link::conversation(page, psid)) "#part-" (part) } { (name(customer, psid)) }
                span .of { (called(names.get(page).map_or("", String::as_str), page)) }
                (moment(stored.queued_at, frame.now))
            }
            p .words dir="auto" { @if let Some(by) = &by { span .soft { bdi { (by) } ": " } } (text) }
            p .reason { strong { (words.state) } @if let Some(sentence) = &words.sentence { " · " (sentence) } }
            (ways(frame, (page, psid, *part), words.ways))
        }
    }
}

fn moment(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(iso(at)) title=(clock(at)) { (instant(at, now)) } }
}

/// The buttons with which a person decides.
fn ways(frame: &Frame, (page, psid, part): (&PageId, &Psid, PartId), ways: Ways) -> Markup {
    let offered = ways.offered();
    if offered.is_empty() {
        return Markup::default();
    }
    html! {
        form .inline.ways method="post" action={ (link::conversation(page, psid)) "/parts/" (part) "/resolve" } {
            (frame.csrf())
            input type="hidden" name="back" value="dead-letters";
            @for (value, words) in offered {
                button .quiet.small name="resolution" value=(value) { (words) }
            }
        }
    }
}
