//! One customer on one Page: what they wrote, the task it went to, what is to be answered and what became of it.
//!
//! Decisions live in `decide`, facts are applied in `evolve`, the stored form is in `codec`. Nothing here reads a clock.

mod ad;
pub mod attempts;
pub mod codec;
mod command;
mod decide;
mod effect;
mod event;
mod evolve;
mod line;
mod marks;
mod opener;
mod projection;
mod state;
pub mod transcript;

use model::{MachineId, Timestamp};

pub use ad::AdVisits;
pub use command::{Command, Outcome, Reply, Resolution, SendOutcome};
pub use effect::Effect;
pub use event::{Event, Line, Origin, WakeReason};
pub use line::{attachment_words, notice as notice_line};
pub use opener::{Opens, opens};
pub use projection::{Receipts, Window, facts, facts_of, refused as ad_refused, verdict_now, wants_dispatch, window};
pub use state::{Binding, Evidence, HeldEcho, State, Tombstone, TrackerWork};

use crate::{CodecFault, Context, Encoded, Machine};

/// The machine of conversations.
#[derive(Clone, Copy, Debug)]
pub struct Conversation;

impl Machine for Conversation {
    type State = State;
    type Command = Command;
    type Event = Event;
    type Effect = Effect;

    fn fresh(id: &MachineId) -> State {
        State::fresh(id)
    }

    fn decide(state: &State, command: Command, context: &Context, now: Timestamp) -> Vec<Event> {
        decide::decide(state, command, context, now)
    }

    fn evolve(state: &mut State, event: &Event) {
        evolve::evolve(state, event);
    }

    fn seq(state: &State) -> u64 {
        state.seq
    }

    fn effect(event: &Event) -> Option<Effect> {
        effect::effect(event)
    }

    fn settles(event: &Event) -> Option<u64> {
        effect::settles(event)
    }

    fn deadline(state: &State) -> Option<Timestamp> {
        projection::due(state).map(|(at, _)| at).chain(state.queue.next_turn()).min()
    }

    fn wake() -> Command {
        Command::Wake
    }

    fn encode(event: &Event) -> Encoded {
        codec::encode(event)
    }

    fn decode(kind: u16, version: u8, body: &[u8]) -> Result<Event, CodecFault> {
        codec::decode(kind, version, body)
    }

    fn freeze(state: &State) -> (u8, Vec<u8>) {
        state.freeze()
    }

    fn thaw(version: u8, body: &[u8]) -> Option<State> {
        State::thaw(version, body)
    }
}
