//! The world's answers: the effect that they settle, and what follows from them.
//!
//! Invariant: an effect that is unknown or settled already settles nothing a second time.

use model::Timestamp;

use super::{control, sending, tasking};
use crate::Context;
use crate::conversation::command::Outcome;
use crate::conversation::event::{Event, Line};
use crate::conversation::evolve::{TrackerAnswer, tracker_answer};
use crate::conversation::state::{Binding, State, TrackerWork};

pub(super) fn settle(state: &State, effect: u64, outcome: Outcome, context: &Context, now: Timestamp) -> Vec<Event> {
    let consequences = if state.profile == Some(effect) {
        profile_settled(state, &outcome, context)
    } else if state.naming.contains(&effect) {
        Vec::new()
    } else if let Some(part) = state.readings.get(&effect) {
        sending::thread_read(state, *part, &outcome, context, now)
    } else if state.asking.contains(&effect) {
        control::settled(state, effect, &outcome, now)
    } else if let Some(work) = state.tracker.as_ref().filter(|work| work.effect == effect) {
        tracker_settled(state, work, &outcome, context)
    } else if let Some(part) = state.queue.part_of_open_send(effect) {
        sending::settled(state, effect, part, &outcome, context, now)
    } else {
        return Vec::new();
    };
    let mut events = Vec::with_capacity(1 + consequences.len());
    events.push(Event::Settled { effect, outcome });
    events.extend(consequences);
    events
}

/// The name is known now, or stays unknown; a task that waited for it opens either way.
fn profile_settled(state: &State, outcome: &Outcome, context: &Context) -> Vec<Event> {
    let fresh = match (&state.name, outcome) {
        (None, Outcome::Profile { name: Some(name) }) if !name.reveal().trim().is_empty() => Some(name),
        (
            Some(_) | None,
            Outcome::Profile { .. }
            | Outcome::NoProfile { .. }
            | Outcome::TaskOpened { .. }
            | Outcome::CommentsAdded { .. }
            | Outcome::TaskInactive
            | Outcome::TaskGone
            | Outcome::TrackerRefused { .. }
            | Outcome::Send { .. }
            | Outcome::ContactNamed
            | Outcome::ThreadRead { .. }
            | Outcome::ThreadUnread { .. }
            | Outcome::ControlTaken
            | Outcome::ControlDenied { .. },
        ) => None,
    };
    let mut events: Vec<Event> = fresh.map(|name| Event::ContactNamed { name: name.clone() }).into_iter().collect();
    match state.binding {
        Binding::Gathering { .. } => {
            let lines = tasking::lines(state, None);
            events.push(tasking::open(state, fresh.or(state.name.as_ref()), lines, state.previous.clone(), context));
        }
        Binding::None | Binding::Opening { .. } | Binding::Bound { .. } => {
            if let (Some(name), Some(contact)) = (fresh, &state.contact) {
                events.push(Event::ContactNaming { contact: contact.clone(), name: name.clone() });
            }
        }
    }
    events
}

fn tracker_settled(state: &State, work: &TrackerWork, outcome: &Outcome, context: &Context) -> Vec<Event> {
    match tracker_answer(work, outcome) {
        TrackerAnswer::Opened => opened(state, work, outcome, context),
        TrackerAnswer::Added => added(state, work, outcome, context),
        TrackerAnswer::Inactive => {
            let lines = returned(state, work);
            let task = work.task.clone();
            if context.account.new_task_if_none_active {
                vec![tasking::open(state, state.name.as_ref(), lines, task, context)]
            } else {
                // The setting changed while the tracker was asked.
                task.map(|task| tasking::add(task, lines, context)).into_iter().collect()
            }
        }
        TrackerAnswer::Gone => {
            let wrote = work.lines.iter().chain(&state.waiting).any(tasking::from_customer);
            if !wrote {
                return Vec::new();
            }
            vec![tasking::open(state, state.name.as_ref(), returned(state, work), work.task.clone(), context)]
        }
        TrackerAnswer::Refused(_) => Vec::new(),
    }
}

/// The task stands: what waited meanwhile goes to it, and a name that came meanwhile to its contact.
fn opened(state: &State, work: &TrackerWork, outcome: &Outcome, context: &Context) -> Vec<Event> {
    let Outcome::TaskOpened { task, contact } = outcome else { return Vec::new() };
    let mut events = vec![Event::TaskBound { task: task.clone(), contact: contact.clone() }];
    if !state.waiting.is_empty() {
        events.push(tasking::add(task.clone(), tasking::lines(state, None), context));
    }
    if let Some(name) = state.name.as_ref().filter(|_| !work.named) {
        events.push(Event::ContactNaming { contact: contact.clone(), name: name.clone() });
    }
    events
}

/// The comments stand, perhaps on the task that theirs was merged into.
fn added(state: &State, work: &TrackerWork, outcome: &Outcome, context: &Context) -> Vec<Event> {
    let Outcome::CommentsAdded { task } = outcome else { return Vec::new() };
    let mut events = Vec::new();
    if let Some(contact) = state.contact.as_ref().filter(|_| work.task.as_ref() != Some(task)) {
        events.push(Event::TaskBound { task: task.clone(), contact: contact.clone() });
    }
    if !state.waiting.is_empty() {
        events.push(tasking::add(task.clone(), tasking::lines(state, None), context));
    }
    events
}

/// The lines that the tracker did not take, then those that wait.
fn returned(state: &State, work: &TrackerWork) -> Vec<Line> {
    work.lines.iter().chain(&state.waiting).take(tasking::LINES_MAX).cloned().collect()
}
