//! One conversation: what was said as bubbles, what became of each answer, and the composer.
//!
//! Renders only. An answer is a comment of the bound task, addressed to the customer; it is sent from there.

use machine::outbound::PartId;
use maud::{Markup, html};
use model::{PageId, Psid, Timestamp};

use super::conversations::{name, pill};
use super::layout::{self, Tab};
use super::link;
use crate::present::{Composer, PartWords, Tone, Ways, clock, iso};
use crate::talk::{Said, Talk, Who};

/// Characters of one answer; the desk takes as many.
pub(crate) const TEXT_MAX: usize = 20_000;

/// The whole page. `shown`: how many of the newest entries; `now` marks this showing of the composer.
pub(crate) fn page(talk: &Talk, shown: usize, now: Timestamp) -> Markup {
    let name = name(talk.name.as_deref(), &talk.psid);
    let hidden = talk.said.len().saturating_sub(shown);
    let content = html! {
        div .head {
            div {
                h1 { (name) }
                p .soft { "Page " (talk.page_name.as_deref().unwrap_or(talk.page.as_str())) " · customer " (talk.psid) }
            }
            div .marks {
                (pill(talk.composer.tone, &talk.composer.label))
                @if talk.standby { (pill(Tone::Note, "another app holds the thread")) }
                @if let Some(task) = &talk.task { a href=(link::task(task)) { "Task " (task) } }
            }
        }
        @if let Some(refusal) = &talk.tracker_refusal {
            p .why.bad role="alert" {
                "The tracker refused the last lines (" (refusal) "). They are kept and go to a new task with the customer's \
                 next message; tell an admin."
            }
        }
        section .sheet aria-label="Transcript" {
            @if hidden > 0 {
                p .more.padded {
                    a .button.quiet href={ (link::conversation(&talk.page, &talk.psid)) "?shown=" (shown + 200) } {
                        (hidden) " earlier"
                    }
                }
            }
            @if talk.said.is_empty() { p .empty { "Nothing was said yet." } }
            ol .talk { @for said in &talk.said[hidden..] { (entry(talk, said)) } }
            div #end { (composer(talk, now)) }
        }
    };
    layout::page(&name, Tab::Conversations, &content)
}

fn entry(talk: &Talk, said: &Said) -> Markup {
    match &said.who {
        Who::Customer => html! {
            li .said.customer { (bubble(said)) p .under { (moment(said.at)) } }
        },
        Who::Outside => html! {
            li .said.outside { (bubble(said)) p .under { "sent outside · " (moment(said.at)) } }
        },
        Who::Notice => html! {
            li .said.notice { (bubble(said)) p .under { (moment(said.at)) } }
        },
        Who::Us { part, by, words } => {
            let trouble = matches!(words.state, "failed" | "refused" | "in doubt");
            let unsent = matches!(words.state, "queued" | "held" | "sending");
            html! {
                li .said.us .trouble[trouble] .unsent[unsent] id={ "part-" (part) } {
                    (bubble(said))
                    p .under { strong { (words.state) } " · " (by) " · " (moment(said.at)) }
                    @if let Some(sentence) = &words.sentence { p .under { (sentence) } }
                    (ways(&talk.page, &talk.psid, *part, words))
                }
            }
        }
        Who::Soon { by } => html! {
            li .said.us.unsent { (bubble(said)) p .under { strong { "queued" } " · " (by) " · " (moment(said.at)) } }
        },
    }
}

fn bubble(said: &Said) -> Markup {
    html! {
        div .bubble {
            (said.text)
            @for link in &said.links {
                a .attached href=(link) rel="noreferrer noopener" target="_blank" { "open the attachment" }
            }
        }
    }
}

fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(iso(at)) { (clock(at)) } }
}

/// The buttons with which a person decides about a part.
fn ways(page: &PageId, psid: &Psid, part: PartId, words: &PartWords) -> Markup {
    let offered: &[(&str, &str)] = match words.ways {
        Ways::None => return Markup::default(),
        Ways::RetryOrGiveUp => &[("retry", "Try again"), ("give_up", "Leave it")],
        Ways::All => &[("was_sent", "It was sent"), ("retry", "Send again"), ("give_up", "Leave it")],
    };
    html! {
        form .inline.ways method="post" action={ (link::conversation(page, psid)) "/parts/" (part) "/resolve" } {
            @for (value, words) in offered {
                button .quiet.small name="resolution" value=(value) { (words) }
            }
        }
    }
}

fn composer(talk: &Talk, now: Timestamp) -> Markup {
    let Composer { enabled, sentence, .. } = talk.composer;
    html! {
        form .composer method="post" action={ (link::conversation(&talk.page, &talk.psid)) "/reply" } {
            @if let Some(sentence) = sentence { p #why .why .bad[!enabled] { (sentence) } }
            (layout::mark(now.0.unsigned_abs()))
            label .soft for="text" { "Answer to the customer" }
            textarea #text name="text" required maxlength=(TEXT_MAX) disabled[!enabled]
                aria-describedby=[sentence.map(|_| "why")] {}
            div .foot {
                span .soft { (talk.composer.label) }
                button disabled[!enabled] { "Send" }
            }
        }
    }
}
