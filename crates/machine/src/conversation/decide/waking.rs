//! Deadlines that have come: all that are due now, in one decision. Finding nothing due decides nothing.
//!
//! Invariant: after the decision none of the deadlines that were due is left, so a machine is never woken in a circle.

use std::collections::BTreeSet;

use model::Timestamp;
use policy::Verdict;

use super::{outside, release_echoes, tasking};
use crate::Context;
use crate::conversation::event::{Event, WakeReason};
use crate::conversation::projection::{due, unnoted_end, verdict_of};
use crate::conversation::state::{HeldEcho, State};
use crate::outbound::PartState;

pub(super) fn wake(state: &State, context: &Context, now: Timestamp) -> Vec<Event> {
    let reasons: BTreeSet<WakeReason> = due(state).filter(|(at, _)| *at <= now).map(|(_, reason)| reason).collect();
    let mut events = Vec::new();
    for reason in &reasons {
        // An unclear send that is given up on lets go of every echo held for it.
        if *reason == WakeReason::Echo && reasons.contains(&WakeReason::Doubt) {
            continue;
        }
        // Who is told now has nothing to wait for any more.
        if *reason == WakeReason::Thread && reasons.contains(&WakeReason::Doubt) {
            continue;
        }
        events.push(Event::Woke { reason: *reason, at: now });
        match reason {
            WakeReason::Gathering => {
                let lines = tasking::lines(state, None);
                events.push(tasking::open(state, state.name.as_ref(), lines, state.previous.clone(), context));
            }
            WakeReason::Retry => {}
            WakeReason::Held => events.extend(held_too_long(state, context, now)),
            WakeReason::Doubt => events.extend(doubt_over(state, context)),
            WakeReason::Echo => events.extend(hold_over(state, context, now)),
            WakeReason::Window => events.extend(unnoted_end(state).map(|at| Event::WindowClosed { at })),
            WakeReason::Thread => events.extend(look(state)),
        }
    }
    events
}

/// What was held and may not be sent any more is refused; what may go again asks for its turn.
fn held_too_long(state: &State, context: &Context, now: Timestamp) -> Vec<Event> {
    let asked = state.queue.held().map(|(id, part)| (id, verdict_of(state, context, part, now)));
    asked
        .filter_map(|(part, answer)| match answer {
            Verdict::Forbid { reason } => Some(Event::PartRefused { part, reason, at: now }),
            Verdict::Permit { .. } | Verdict::Defer { .. } => None,
        })
        .collect()
}

/// No echo came soon: the thread is read.
fn look(state: &State) -> Option<Event> {
    let (_, id) = state.queue.next_reading()?;
    let part = state.queue.part(id)?;
    let PartState::InDoubt { until, .. } = part.state else { return None };
    let since = part.started_at.unwrap_or(part.queued_at);
    Some(Event::ThreadAsked { part: id, content: part.content.clone(), since, until })
}

fn doubt_over(state: &State, context: &Context) -> Vec<Event> {
    let Some((_, part)) = state.queue.next_doubt() else { return Vec::new() };
    let mut events = vec![Event::DoubtRemained { part }];
    events.extend(release_echoes(state, None, context));
    events
}

fn hold_over(state: &State, context: &Context, now: Timestamp) -> Vec<Event> {
    let over: Vec<&HeldEcho> = state.held.iter().filter(|echo| echo.until.is_some_and(|until| until <= now)).collect();
    outside(state, &over, context)
}
