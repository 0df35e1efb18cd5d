//! What was typed into a form that was not taken: it stands in the same form on the page it was sent from, with the
//! sentence that says what is wrong.
//!
//! Renders only. Invariant: sent again from there it is the same act as before, by the mark of its showing.

use http::StatusCode;
use maud::{Markup, html};
use tracker::Audience;

use super::form::Posted;
use super::frame::{Frame, showing};
use crate::fault::Fault;

/// A form that comes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Kept {
    /// The status that the page is answered with.
    pub(crate) status: StatusCode,
    /// What is wrong, for people.
    pub(crate) sentence: String,
    /// What was typed.
    pub(crate) text: String,
    /// For whom it was to be, where the form said so.
    pub(crate) audience: Option<Audience>,
    /// The showing it was sent from, where the form said so.
    showing: Option<u64>,
}

impl Kept {
    /// The form, if what is wrong with it can be mended where it was filled in.
    pub(crate) fn of(fault: &Fault, posted: &Posted) -> Option<Self> {
        let mends = matches!(fault.status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT);
        mends.then(|| Self {
            status: fault.status,
            sentence: fault.message.clone(),
            text: posted.words(),
            audience: posted.audience().ok(),
            showing: posted.showing().ok(),
        })
    }
}

/// The sentence of a form that came back.
pub(crate) fn refusal(kept: Option<&Kept>) -> Markup {
    html! { @if let Some(kept) = kept { p #refusal .why.bad role="alert" { (kept.sentence) } } }
}

/// What stands in the text of a form. A browser drops the first line end of a textarea.
pub(crate) fn words(kept: Option<&Kept>) -> Markup {
    html! { @if let Some(kept) = kept { "\n" (kept.text) } }
}

/// The mark of the showing.
pub(crate) fn mark(kept: Option<&Kept>, frame: &Frame) -> Markup {
    match kept.and_then(|kept| kept.showing) {
        Some(known) => showing(known),
        None => frame.showing(),
    }
}
