//! One task: its description and comments, what became of each answer, a form for the next comment, its status.
//!
//! Renders only. A comment is addressed to the customer unless the agent chooses otherwise, in another colour.

use std::collections::BTreeMap;

use maud::{Markup, html};
use model::{AppId, CommentId};
use tracker::Audience;
use tracker::desk::{CommentView, Status, Task, TaskPage, Writer};

use super::conversation::{TEXT_MAX, label};
use super::conversations::pill;
use super::frame::Frame;
use super::kept::{self, Kept};
use super::layout::{self, Live, Tab};
use super::line::attachment;
use super::{link, tasks};
use crate::apps;
use crate::present::{Composer, PartWords, Tone, clock, instant, iso};
use crate::talk::parted;

/// What the page shows beside the task itself.
pub(crate) struct Around<'a> {
    /// The statuses to choose from.
    pub(crate) statuses: &'a [Status],
    /// What became of the answers, part by part.
    pub(crate) answers: &'a BTreeMap<CommentId, Vec<PartWords>>,
    /// Whether an agent may send to the customer now; `None`: the task is bound to no conversation.
    pub(crate) composer: Option<&'a Composer>,
    /// Who acts, and what forms need.
    pub(crate) frame: &'a Frame,
    /// The node's own app, where it is known.
    pub(crate) app: Option<&'a AppId>,
    /// A comment that was not taken.
    pub(crate) kept: Option<&'a Kept>,
}

/// The whole page.
pub(crate) fn page(shown: &TaskPage, around: &Around<'_>) -> Markup {
    let task = &shown.task;
    let here = link::task(&task.id);
    let content = html! {
        div .head {
            div {
                h1 dir="auto" { (task.name.reveal()) }
                p .soft {
                    "Task " (task.id) " · opened " time datetime=(iso(task.opened_at)) { (clock(task.opened_at)) }
                }
            }
            div .marks {
                (tasks::status(task))
                @if let Some(href) = task.binding.as_ref().and_then(link::machine) { a href=(href) { "Conversation" } }
                @if let Some(previous) = &task.previous { a href=(link::task(previous)) { "Task before" } }
            }
        }
        (change(task, around, &here))
        section .sheet aria-label="Comments" { div #comments data-live {
            @if let Some(older) = &shown.older {
                p #older .more.padded { a .button.quiet href={ (here) "?older=" (link::encode(older)) } { "Older comments" } }
            }
            @let customer = shown.contact.as_ref().and_then(|contact| contact.name.as_ref()).map(|name| name.reveal().as_str());
            ol #lines { @for comment in &shown.comments { (line(comment, customer, around)) } } }
            div #end { @if !task.trashed { (form(around, &here)) } }
        }
    };
    let machine = task.binding.as_ref().map(ToString::to_string);
    let live = machine.as_deref().map_or(Live::Everything, Live::Machine);
    layout::page(around.frame, task.name.reveal(), Tab::Tasks, live, &content)
}

fn change(task: &Task, around: &Around<'_>, here: &str) -> Markup {
    let (statuses, frame) = (around.statuses, around.frame);
    html! {
        div .foot {
            @if !task.trashed {
                form .inline method="post" action={ (here) "/status" } {
                    (frame.csrf())
                    label for="status" .soft { "Status" }
                    select #status name="status" {
                        @for status in statuses {
                            option value=(status.id.0) selected[status.id == task.status.id] { (status.name) }
                        }
                    }
                    button .quiet.small { "Change" }
                }
            }
            @if task.trashed {
                form .inline method="post" action={ (here) "/restore" } { (frame.csrf()) button .quiet.small { "Take out of the trash" } }
            } @else {
                form .inline method="post" action={ (here) "/trash" } { (frame.csrf()) button .quiet.small { "Move to the trash" } }
            }
        }
    }
}

/// `customer`: the name, where it is known.
fn line(comment: &CommentView, customer: Option<&str>, around: &Around<'_>) -> Markup {
    let (class, who) = match &comment.writer {
        Writer::Customer => ("customer", customer.unwrap_or("Customer").to_owned()),
        Writer::Outside => ("outside", "The Page, sent outside".to_owned()),
        Writer::Agent { by, audience: Audience::Customer } => ("answer", format!("{by} to the customer")),
        Writer::Agent { by, audience: Audience::Internal } => ("internal", format!("{by}, internal note")),
        Writer::System => ("system", "Desk".to_owned()),
    };
    let (text, attached) = parted(comment.text.reveal(), &comment.attachments);
    let text = match &comment.writer {
        Writer::Outside | Writer::System => apps::named(&text, around.app),
        Writer::Customer | Writer::Agent { .. } => text,
    };
    html! {
        li id={ "comment-" (comment.id) } class={ "comment " (class) } {
            p .under {
                strong { (who) } " · " time datetime=(iso(comment.at)) title=(clock(comment.at)) { (instant(comment.at, around.frame.now)) }
                @if comment.description { " · opened this task" }
            }
            @if !text.is_empty() { p .words dir="auto" { (text) } }
            @for attached in &attached { (attachment(attached)) }
            @if class == "answer" { (fate(&comment.id, around)) }
        }
    }
}

/// What became of an answer.
fn fate(comment: &CommentId, around: &Around<'_>) -> Markup {
    match around.answers.get(comment) {
        Some(parts) => html! {
            div .marks { @for part in parts { (pill(tone(part), part.state)) } }
            @for sentence in parts.iter().filter_map(|part| part.sentence.as_ref()) { p .soft { (sentence) } }
        },
        None if around.composer.is_some() => html! { div .marks { (pill(Tone::Quiet, "queued")) } },
        None => html! { div .marks { (pill(Tone::Note, "not sent: no conversation is bound to this task")) } },
    }
}

fn tone(part: &PartWords) -> Tone {
    match part.state {
        "failed" | "refused" | "in doubt" => Tone::Bad,
        "held" => Tone::Note,
        "sent" | "delivered" | "read" => Tone::Open,
        _ => Tone::Quiet,
    }
}

fn form(around: &Around<'_>, here: &str) -> Markup {
    let composer = around.composer;
    let to_customer = composer.is_some_and(|composer| composer.enabled);
    let usual = if to_customer { Audience::Customer } else { Audience::Internal };
    let sentence = composer.and_then(|composer| composer.sentence);
    let chosen = around.kept.map_or(Some(usual), |kept| kept.audience);
    let describes = if around.kept.is_some() { Some("refusal") } else { sentence.map(|_| "why") };
    html! {
        form .composer method="post" action={ (here) "/comments" } {
            (kept::refusal(around.kept))
            @if let Some(sentence) = sentence { p #why .why .bad[!to_customer] { (sentence) } }
            (around.frame.csrf())
            (kept::mark(around.kept, around.frame))
            label .soft for="text" { "Comment" }
            textarea #text name="text" required maxlength=(TEXT_MAX) dir="auto" aria-describedby=[describes] {
                (kept::words(around.kept))
            }
            div .foot {
                (audiences(chosen, to_customer))
                div .marks {
                    @if let Some(composer) = composer { (label(composer)) }
                    button { "Add" }
                }
            }
        }
    }
}

/// For whom a comment is: an explicit choice, in another colour where it is internal.
pub(super) fn audiences(chosen: Option<Audience>, to_customer: bool) -> Markup {
    let is = |audience| chosen == Some(audience);
    html! {
        fieldset {
            legend { "For whom" }
            label .choice {
                input type="radio" name="audience" value="customer" required checked[is(Audience::Customer)]
                    disabled[!to_customer];
                "To the customer"
            }
            label .choice.internal {
                input type="radio" name="audience" value="internal" required checked[is(Audience::Internal)];
                "Internal note"
            }
        }
    }
}
