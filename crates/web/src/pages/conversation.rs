//! One conversation: what was said, by day and in groups, what became of each answer, and the composer; beside it the
//! list it was chosen from.
//!
//! Renders only. An answer is a comment of the bound task, addressed to the customer; it is sent from there.

use maud::{Markup, html};
use model::{MachineId, Span};

use super::conversations::{self, Listing, Names, avatar, name, pill};
use super::frame::Frame;
use super::kept::{self, Kept};
use super::layout::{self, Live, Tab};
use super::{guide, line, link};
use crate::guide::Shown;
use crate::lists::ConversationList;
use crate::present::{Composer, Tone, day, hours};
use crate::talk::{Said, Talk};

/// Characters of one answer; the desk takes as many.
pub(crate) const TEXT_MAX: usize = 20_000;

/// Lines of one person within this stand together.
const TOGETHER: Span = Span::minutes(5);

/// What stands beside the conversation.
pub(crate) struct Beside {
    /// The list that it was chosen from; `None` where that cannot be read now.
    pub(crate) list: Option<ConversationList>,
    /// Which list that is.
    pub(crate) listing: Listing,
    /// Page names.
    pub(crate) names: Names,
    /// What there is to try.
    pub(crate) guide: Option<Shown>,
}

/// The whole page. `shown`: how many of the newest entries; `kept`: an answer that was not taken.
pub(crate) fn page(frame: &Frame, talk: &Talk, beside: &Beside, shown: usize, kept: Option<&Kept>) -> Markup {
    let name = name(talk.name.as_deref(), &talk.psid);
    let here = (&talk.page, &talk.psid);
    let content = html! {
        @if let Some(list) = &beside.list {
            @let guide = guide::steps(frame, beside.guide.as_ref(), &link::conversation(&talk.page, &talk.psid));
            (conversations::beside(list, &beside.listing, &beside.names, frame, here, &guide))
        }
        article .conversation aria-label=(name) {
            (head(talk, &name, &beside.listing))
            @if let Some(refusal) = &talk.tracker_refusal {
                p .why.bad role="alert" {
                    "The tracker refused the last lines (" (refusal) "). They are kept and go to a new task with the \
                     customer's next message; tell an admin."
                }
            }
            div .scroll tabindex="0" aria-label="Transcript" role="region" { (transcript(frame, talk, shown)) }
            div #end { (composer(frame, talk, &name, kept)) }
        }
    };
    let machine = MachineId::Conversation(talk.page.clone(), talk.psid.clone()).to_string();
    layout::page(frame, &name, Tab::Conversations, Live::Machine(&machine), &content)
}

fn head(talk: &Talk, name: &str, listing: &Listing) -> Markup {
    let page = conversations::called(talk.page_name.as_deref().unwrap_or(""), &talk.page);
    html! {
        header .talk-head {
            a .back href=(listing.address()) { span aria-hidden="true" { "‹" } span .hidden { "Back to the conversations" } }
            (avatar(name, &talk.psid))
            div .titles {
                h1 dir="auto" { (name) }
                p .soft title={ "Customer " (talk.psid) } { (page) " · Messenger" }
            }
            div #state .marks data-live data-turns=[talk.composer.turns.map(|Span(ms)| ms)] {
                (label(&talk.composer))
                @if talk.standby { (pill(Tone::Note, "another app has it")) }
                @if let Some(task) = &talk.task { a .task href=(link::task(task)) { "Task " (task) } }
            }
        }
    }
}

fn transcript(frame: &Frame, talk: &Talk, shown: usize) -> Markup {
    let hidden = talk.said.len().saturating_sub(shown);
    let said = &talk.said[hidden..];
    html! {
        div #talk data-live role="log" aria-label="Messages" {
            @if hidden > 0 {
                p #earlier .more {
                    a .button.quiet.small href={ (link::conversation(&talk.page, &talk.psid)) "?shown=" (shown + 200) } {
                        (hidden) " earlier"
                    }
                }
            }
            @if said.is_empty() { p #silence .empty { "Nothing was said yet." } }
            ol #said .talk {
                @for (nth, line) in said.iter().enumerate() {
                    @let before = nth.checked_sub(1).map(|nth| &said[nth]);
                    @if !before.is_some_and(|before| of_a_day(before, line)) {
                        li id={ "day-" (line.at.0.div_euclid(Span::days(1).0)) } .day { span { (day(line.at, frame.now)) } }
                    }
                    (line::line(line, &line::Place {
                        page: &talk.page,
                        psid: &talk.psid,
                        frame,
                        follows: before.is_some_and(|before| together(before, line)),
                        followed: said.get(nth + 1).is_some_and(|after| together(line, after)),
                    }))
                }
            }
        }
    }
}

fn of_a_day(one: &Said, other: &Said) -> bool {
    one.at.0.div_euclid(Span::days(1).0) == other.at.0.div_euclid(Span::days(1).0)
}

fn together(before: &Said, after: &Said) -> bool {
    line::group(before).is_some()
        && line::group(before) == line::group(after)
        && after.at - before.at <= TOGETHER
        && of_a_day(before, after)
}

/// Whether one may write now, and for how long.
pub(crate) fn label(composer: &Composer) -> Markup {
    html! {
        @match composer.left {
            Some(left) => {
                span class={ "pill " (composer.tone.class()) } {
                    (composer.label) " " span .ticking data-left=(left.0.max(0)) { (hours(left)) }
                }
            }
            None => { (pill(composer.tone, &composer.label)) }
        }
    }
}

fn composer(frame: &Frame, talk: &Talk, name: &str, kept: Option<&Kept>) -> Markup {
    let Composer { enabled, sentence, state, .. } = talk.composer;
    let describes = if kept.is_some() { Some("refusal") } else { sentence.map(|_| "why") };
    let hint = format!("Answer {name}");
    html! {
        form #composer .composer data-state=(state) method="post"
            action={ (link::conversation(&talk.page, &talk.psid)) "/reply" } {
            (kept::refusal(kept))
            div #notice { @if let Some(sentence) = sentence { p #why .why .bad[!enabled] { (sentence) } } }
            (frame.csrf())
            (kept::mark(kept, frame))
            label .hidden for="text" { "Answer to the customer" }
            div .write {
                textarea #text name="text" rows="2" required maxlength=(TEXT_MAX) placeholder=[enabled.then_some(hint)]
                    disabled[!enabled && kept.is_none()] readonly[!enabled && kept.is_some()] dir="auto"
                    aria-describedby=[describes] { (kept::words(kept)) }
                button disabled[!enabled] { "Send" }
            }
            p .soft.under-write {
                span { "As " strong { (frame.by()) } ", to Messenger." span data-script hidden { " Ctrl + Enter sends." } }
                span { "Times are UTC." }
            }
        }
    }
}
