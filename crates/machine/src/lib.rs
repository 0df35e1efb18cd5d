//! The pure machines, all of one shape: given a state and a command they decide events, and nothing else.
//!
//! No clock, no chance, no I/O: `now` and the [`Context`] are arguments. Recovery is `evolve` alone and never decides.
//! Outcomes of effects come back as commands; there is no second door.

pub mod account;
mod codec;
mod context;
pub mod conversation;
pub mod outbound;
pub mod page;

use model::{MachineId, Timestamp};

pub use codec::{CodecFault, Encoded, kind_name};
pub use context::{AccountFacts, Context, PageFacts};

/// What every machine can do.
///
/// # Laws
/// - `decide` is total and reads only; a refusal is an event. An exact duplicate decides nothing (an empty list).
/// - The first event of a decision is the fact: complete enough to rebuild its command.
/// - `evolve` cannot fail. The event's number in its machine is `seq(state)` after it was applied, dense from 1.
/// - `effect` and `deadline` are derived, so they are as durable as the events.
pub trait Machine: 'static {
    /// What the machine knows. Rebuilt by folding events over [`Machine::fresh`].
    type State: Clone + Send + 'static;
    /// A request (imperative).
    type Command: Send + 'static;
    /// A fact decided and journaled (past tense).
    type Event: Clone + Send + core::fmt::Debug + PartialEq + 'static;
    /// Work outside, named by an event.
    type Effect: Send + core::fmt::Debug + 'static;

    /// The state before the first event.
    fn fresh(id: &MachineId) -> Self::State;
    /// What follows from a command now.
    fn decide(state: &Self::State, command: Self::Command, context: &Context, now: Timestamp) -> Vec<Self::Event>;
    /// Applies one event.
    fn evolve(state: &mut Self::State, event: &Self::Event);
    /// How many events were applied since the machine's beginning.
    fn seq(state: &Self::State) -> u64;
    /// The work that this event names, if any.
    fn effect(event: &Self::Event) -> Option<Self::Effect>;
    /// The number of the event whose effect this event settles, if it settles one.
    fn settles(event: &Self::Event) -> Option<u64>;
    /// When the machine wants a `Wake` and has not got it yet.
    fn deadline(state: &Self::State) -> Option<Timestamp>;
    /// The command that tells it that its deadline has come; finding nothing due decides nothing.
    fn wake() -> Self::Command;
    /// An event as it is stored.
    fn encode(event: &Self::Event) -> Encoded;
    /// A stored event; older versions are upcast, an unknown kind is a fault and never skipped.
    fn decode(kind: u16, version: u8, body: &[u8]) -> Result<Self::Event, CodecFault>;
    /// A state as a snapshot (version, bytes).
    fn freeze(state: &Self::State) -> (u8, Vec<u8>);
    /// A snapshot's state; `None` where the version is another one, then the machine is rebuilt from its events.
    fn thaw(version: u8, body: &[u8]) -> Option<Self::State>;
}
