//! What a conversation wants next: a turn to send, and its own alarm. Pure.

use machine::conversation::{Conversation, State};
use machine::{Context, Machine as _};
use model::{Span, Timestamp};

/// Deadlines farther than this are left to the node's alarm: the conversation will be let go before.
const OWN_ALARM_SPAN: Span = Span::minutes(10);

/// What a conversation wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ahead {
    /// A part could go: ask the Page for a turn.
    pub wants_turn: bool,
    /// Set the own alarm to this.
    pub alarm_at: Option<Timestamp>,
}

/// Looks at a state.
pub fn ahead(state: &State, context: &Context, now: Timestamp) -> Ahead {
    let wants_turn = machine::conversation::wants_dispatch(state, context, now);
    // What only waits for its turn needs the Page's token and no alarm.
    let alarm_at =
        Conversation::deadline(state).filter(|at| *at - now <= OWN_ALARM_SPAN && !(wants_turn && *at <= now));
    Ahead { wants_turn, alarm_at }
}
