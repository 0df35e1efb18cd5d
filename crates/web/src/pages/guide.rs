//! The guide of the sandbox: what to try next, ticked off as it is done, and the way to put it away.
//!
//! Renders, and answers its one form. Its route exists only where there is a guide.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::form::Posted;
use super::frame::Frame;
use super::sign_in::own;
use crate::fault::Fault;
use crate::guide::{Done, Shown};
use crate::site::Sources;

/// Its address.
pub(crate) const PATH: &str = "/guide";

/// `POST /guide`: puts it away or takes it out again.
pub(crate) async fn turn(State(sources): State<Arc<Sources>>, posted: Posted) -> Result<Response, Fault> {
    let standing = sources.guide.as_ref().ok_or_else(|| Fault::not_found("address"))?;
    standing.put_away(posted.word("away")?.as_deref() == Some("yes"));
    let next = posted.word("next")?.unwrap_or_default();
    Ok(Redirect::to(own(&next)).into_response())
}

/// The steps; nothing where there is no guide or it is put away. `here`: the page it stands on.
pub(crate) fn steps(frame: &Frame, guide: Option<&Shown>, here: &str) -> Markup {
    let Some(Shown { customers_url, done: Some(done) }) = guide else { return Markup::default() };
    let stand_in = html! { a href=(customers_url) target="_blank" rel="noopener" { "as the customer" } };
    html! {
        aside #guide .sheet.guide data-live aria-label="What to try" {
            div .guide-head {
                h2 { @if done.all() { "That was the whole way" } @else { "Try it as the agent" } }
                (turning(frame, here, "yes", "Hide"))
            }
            p .soft {
                @if done.all() {
                    "A message became a task, the answer went out and was read, and the rules held. Write " (stand_in)
                    " once more: the conversation opens again, with a new task beside the closed one."
                } @else {
                    "The customers are invented, and nothing leaves this machine."
                }
            }
            ol .steps { (list(*done, &stand_in)) }
        }
    }
}

fn list(done: Done, stand_in: &Markup) -> Markup {
    let steps: [(bool, Markup); 4] = [
        (done.answered, html! { strong { "Answer somebody" } ": open a conversation, write, send." }),
        (done.read, html! { strong { "Read it " (stand_in) } ", in another window. Here it turns to “read”." }),
        (done.closed, html! { strong { "Close a task" } ": open it from its conversation and set it to Done." }),
        (
            done.refused,
            html! { strong { "Move the clock" } " on the customers’ page by 8 days: now nobody may answer." },
        ),
    ];
    let next = steps.iter().position(|(done, _)| !done);
    html! {
        @for (nth, (done, words)) in steps.iter().enumerate() {
            li .done[*done] .next[next == Some(nth)] {
                span .tick aria-hidden="true" { @if *done { "✓" } @else { (nth + 1) } }
                span { (words) @if *done { span .hidden { " (done)" } } }
            }
        }
    }
}

/// The way back to a guide that was put away.
pub(crate) fn again(frame: &Frame, guide: Option<&Shown>, here: &str) -> Markup {
    html! {
        @if guide.is_some_and(|guide| guide.done.is_none()) { (turning(frame, here, "no", "What to try")) }
    }
}

fn turning(frame: &Frame, here: &str, away: &str, words: &str) -> Markup {
    html! {
        form .inline method="post" action=(PATH) {
            (frame.csrf())
            input type="hidden" name="next" value=(here);
            button .quiet.small name="away" value=(away) { (words) }
        }
    }
}
