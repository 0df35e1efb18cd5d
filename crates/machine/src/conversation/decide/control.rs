//! A thread that another app has: an agent's answer takes it over, once, where the settings and Meta let it.
//!
//! Source: Meta, *Conversation Routing* (page of 2025-09-24), read 2026-11-23. Invariants: Meta is asked once as long as one
//! app has the thread, a person's retry aside; what waits for the answer is sent or refused, whatever comes.

use model::{Span, Timestamp};
use policy::{Author, ForbidReason};

use super::release_echoes;
use crate::Context;
use crate::conversation::command::Outcome;
use crate::conversation::event::Event;
use crate::conversation::state::{Control, State};
use crate::outbound::{Part, PartId};

/// So long what is to be sent waits for Meta's answer.
const WAIT: Span = Span::seconds(30);

/// The row of the error table that says that another app has the thread.
pub(super) const ROW: &str = "thread-controlled";

/// What is to be sent waits for the thread.
#[derive(Clone, Copy)]
pub(super) struct Wait {
    /// At the latest until then.
    pub(super) until: Timestamp,
    /// Meta is not asked yet.
    fresh: bool,
}

/// Whether something of this author waits for the thread, if another app has it.
pub(super) fn wait(state: &State, context: &Context, author: Author, now: Timestamp) -> Option<Wait> {
    match &state.control {
        None => begin(context, author, now),
        Some(control) => under_way(control, now),
    }
}

/// The same where a person wants it once more.
pub(super) fn wait_anew(state: &State, context: &Context, author: Author, now: Timestamp) -> Option<Wait> {
    let under_way = state.control.as_ref().and_then(|control| under_way(control, now));
    under_way.or_else(|| begin(context, author, now))
}

fn begin(context: &Context, author: Author, now: Timestamp) -> Option<Wait> {
    let may = context.account.take_control && author == Author::Agent;
    may.then(|| Wait { until: now + WAIT, fresh: true })
}

fn under_way(control: &Control, now: Timestamp) -> Option<Wait> {
    let open = control.effect.is_some() && now < control.until;
    open.then_some(Wait { until: control.until, fresh: false })
}

/// Asks Meta, if one of these waits for that and it was not asked yet.
pub(super) fn asks(state: &State, events: &[Event], wait: Option<Wait>) -> Option<Event> {
    let Wait { until, .. } = wait.filter(|wait| wait.fresh && state.standby)?;
    let waits = |event: &Event| matches!(event, Event::PartDelayed { at, .. } if *at == until);
    events.iter().any(waits).then_some(Event::ControlAsked { until })
}

/// Meta says that another app has the thread, whatever was thought: surely not sent.
pub(super) fn elsewhere(
    state: &State,
    (part, found): (PartId, &Part),
    context: &Context,
    now: Timestamp,
) -> Vec<Event> {
    let mut events: Vec<Event> = owned(state, false, now).into_iter().collect();
    match wait(state, context, found.author, now) {
        Some(Wait { until, fresh }) => {
            events.push(Event::PartDelayed { part, at: until });
            events.extend(fresh.then_some(Event::ControlAsked { until }));
        }
        None => events.push(Event::PartRefused { part, reason: ForbidReason::Standby, at: now }),
    }
    if !state.queue.is_unsettled_besides(part) {
        events.extend(release_echoes(state, None, context));
    }
    events
}

/// Meta gave the thread, or did not: what waited goes, or is refused. An answer about an earlier holder says nothing.
pub(super) fn settled(state: &State, effect: u64, outcome: &Outcome, now: Timestamp) -> Vec<Event> {
    let asked = state.control.as_ref().filter(|control| control.effect == Some(effect));
    let Some(control) = asked else { return Vec::new() };
    let taken = matches!(outcome, Outcome::ControlTaken);
    // A hand-over may have come first.
    let ours = taken || !state.standby;
    let owned = owned(state, true, now).filter(|_| taken && state.standby);
    let waiting = state.queue.delayed_until(control.until);
    let decided = waiting.map(|part| match ours {
        true => Event::PartDelayed { part, at: now },
        false => Event::PartRefused { part, reason: ForbidReason::Standby, at: now },
    });
    owned.into_iter().chain(decided).collect()
}

/// Whose the thread is by Meta's answer, which is newer than every item.
fn owned(state: &State, ours: bool, now: Timestamp) -> Option<Event> {
    let newest = state.evidence?;
    Some(Event::ThreadOwned { ours, at: now.max(newest.at + Span(1)), key: newest.key })
}
