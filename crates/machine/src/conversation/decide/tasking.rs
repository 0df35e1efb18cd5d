//! From lines to tasks: when a task is opened, when lines become its comments, how both are named.
//!
//! Invariants: one open effect of the tracker at a time, lines wait meanwhile; only what a customer wrote opens a task.

use model::{MachineId, Redacted, Span, TaskId, Timestamp};
use sabotage::{Defect, on};

use crate::Context;
use crate::conversation::event::{Event, Line, Origin};
use crate::conversation::state::{Binding, State};

/// Most lines in one effect: what a tracker takes in one call without a doubt; a flood takes several, one after the other.
pub(super) const LINES_MAX: usize = 50;

/// A name that stayed unknown is asked for again after this long at the earliest.
const ASK_AGAIN: Span = Span::hours(1);

/// The customer wrote `line`: what the tracker is asked for now, if it is free.
pub(super) fn customer_wrote(state: &State, line: Line, context: &Context, now: Timestamp) -> Option<Event> {
    if state.tracker.is_some() {
        return None;
    }
    match &state.binding {
        Binding::Gathering { .. } | Binding::Opening { .. } => None,
        Binding::None if asks_first(state, context) => {
            let chance = if on(Defect::ChanceInDecision) { sabotage::chance() } else { 0 };
            Some(Event::ProfileAsked { until: now + context.account.gather + Span(chance.into()) })
        }
        Binding::None => {
            Some(open(state, state.name.as_ref(), lines(state, Some(line)), state.previous.clone(), context))
        }
        Binding::Bound { task } => {
            let lines = lines(state, Some(line));
            // The old task took the lines not, for good. A setting that wants one task for ever keeps trying that one.
            let refused = state.tracker_refusal.is_some() || on(Defect::TaskOpenedTwice);
            let elsewhere = refused && context.account.new_task_if_none_active;
            Some(if elsewhere {
                open(state, state.name.as_ref(), lines, Some(task.clone()), context)
            } else {
                add(task.clone(), lines, context)
            })
        }
    }
}

/// Whether the name is asked for before a task is opened. Not while a refusal stands: the task waited long enough.
fn asks_first(state: &State, context: &Context) -> bool {
    context.account.profiles && state.name.is_none() && state.profile.is_none() && state.tracker_refusal.is_none()
}

/// The customer wrote to a task that stands or is being opened without a name: whether the name is asked for once more.
pub(super) fn asks_again(state: &State, context: &Context, now: Timestamp) -> Option<Event> {
    let has_task = match &state.binding {
        Binding::Opening { .. } | Binding::Bound { .. } => true,
        Binding::None | Binding::Gathering { .. } => false,
    };
    let rested = state.profile_asked_at.is_none_or(|at| now - at >= ASK_AGAIN);
    let asks = has_task && rested && context.account.profiles && state.name.is_none() && state.profile.is_none();
    asks.then_some(Event::ProfileAskedAgain { at: now })
}

/// Something was sent outside, or happened without a word: a bound task that is free learns of it.
pub(super) fn outside_came(state: &State, outside: Vec<Line>, context: &Context) -> Option<Event> {
    let task = state.task()?;
    if outside.is_empty() || state.tracker.is_some() || state.tracker_refusal.is_some() {
        return None;
    }
    Some(add(task.clone(), lines(state, outside), context))
}

/// The first lines that wait, then `more`, up to the limit of one effect.
pub(super) fn lines(state: &State, more: impl IntoIterator<Item = Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = state.waiting.iter().cloned().chain(more).take(LINES_MAX).collect();
    if on(Defect::LinesReversed) {
        lines.reverse();
    }
    lines
}

/// Comments for a task. What was merely sent outside neither needs an active task nor opens another.
pub(super) fn add(task: TaskId, lines: Vec<Line>, context: &Context) -> Event {
    let if_active = context.account.new_task_if_none_active && lines.iter().any(from_customer);
    Event::CommentsAdding { task, lines, if_active }
}

/// A new task.
pub(super) fn open(
    state: &State,
    customer: Option<&Redacted<String>>,
    lines: Vec<Line>,
    previous: Option<TaskId>,
    context: &Context,
) -> Event {
    let (page, psid) = match &state.id {
        MachineId::Conversation(page, psid) => (page.as_str(), psid.as_str()),
        MachineId::Account(_) | MachineId::Page(_) => ("", ""),
    };
    let page = if context.page.name.is_empty() { page } else { &context.page.name };
    let name = match customer {
        Some(customer) => format!("{} (FB, {page})", customer.reveal()),
        None => format!("Messenger customer {} (FB, {page})", last_four(psid)),
    };
    Event::TaskOpening { name: Redacted::new(name), customer: customer.cloned(), lines, previous }
}

/// Whether the customer wrote it.
pub(super) fn from_customer(line: &Line) -> bool {
    match line.origin {
        Origin::Customer => true,
        Origin::Outside | Origin::Notice => false,
    }
}

fn last_four(psid: &str) -> &str {
    let start = psid.char_indices().rev().nth(3).map_or(0, |(index, _)| index);
    &psid[start..]
}
