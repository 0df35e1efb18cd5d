//! What follows from a command. Total and read-only: a refusal is an event, an exact duplicate decides nothing.
//!
//! Invariant: the first event is the fact. What later events of the same batch rest on is computed from the state and
//! the fact, never from a changed copy of the state.

mod control;
mod incoming;
mod sending;
mod settling;
mod tasking;
mod waking;

use model::{Mid, Timestamp};

use super::command::Command;
use super::event::Event;
use super::state::{HeldEcho, State};
use crate::Context;

pub(super) fn decide(state: &State, command: Command, context: &Context, now: Timestamp) -> Vec<Event> {
    match command {
        Command::Receive(inbound) => incoming::receive(state, inbound, context, now),
        Command::Reply(reply) => sending::reply(state, reply, context, now),
        Command::Dispatch => sending::dispatch(state, context, now),
        Command::Settle { effect, outcome } => settling::settle(state, effect, outcome, context, now),
        Command::Wake => waking::wake(state, context, now),
        Command::Resolve { part, resolution, by } => sending::resolve(state, part, resolution, by, context, now),
    }
}

/// No send is under way any more: whatever echo was held for it, and is not the one it claims, was sent outside.
fn release_echoes(state: &State, claimed: Option<&Mid>, context: &Context) -> Vec<Event> {
    let held: Vec<&HeldEcho> = state.held.iter().filter(|echo| Some(&echo.mid) != claimed).collect();
    outside(state, &held, context)
}

/// These held echoes were sent outside; the task learns of them.
fn outside(state: &State, held: &[&HeldEcho], context: &Context) -> Vec<Event> {
    let mut events: Vec<Event> = held.iter().map(|echo| Event::SentOutside { mid: echo.mid.clone() }).collect();
    let lines = held.iter().map(|echo| echo.line.clone()).collect();
    events.extend(tasking::outside_came(state, lines, context));
    events
}
