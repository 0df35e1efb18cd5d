//! One company: the settings that hold for all its Pages.
//!
//! Invariant: a decision elsewhere names the version of the settings it used; equal settings are no change.

pub mod codec;

use core::convert::Infallible;

use model::{MachineId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{AccountFacts, CodecFault, Context, Encoded, Machine};

/// Version of the frozen form.
const FROZEN_VERSION: u8 = 1;

/// The machine of accounts.
#[derive(Clone, Copy, Debug)]
pub struct Account;

/// A request to an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// These settings are configured.
    Configure(AccountFacts),
    /// The tracker's comments up to here are journaled by their conversations.
    FeedRead {
        /// Where the tracker's feed goes on.
        cursor: u64,
    },
    /// The deadline has come; an account has none yet.
    Wake,
}

/// A fact of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The account's settings are these now.
    Configured {
        /// All of them.
        facts: AccountFacts,
    },
    /// The tracker's comments up to here are journaled by their conversations.
    FeedRead {
        /// Where the tracker's feed goes on.
        cursor: u64,
    },
}

/// What an account knows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// How many events were applied.
    seq: u64,
    /// The settings in force.
    facts: AccountFacts,
    /// Number of the last change of settings.
    version: u64,
    /// Where the tracker's feed goes on.
    #[serde(default)]
    feed_cursor: u64,
}

impl State {
    /// The settings in force; the defaults before they were ever configured.
    pub fn facts(&self) -> &AccountFacts {
        &self.facts
    }

    /// Number of the last change of settings; 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Where the tracker's feed goes on; what lies before it is journaled.
    pub fn feed_cursor(&self) -> u64 {
        self.feed_cursor
    }
}

impl Machine for Account {
    type State = State;
    type Command = Command;
    type Event = Event;
    type Effect = Infallible;

    fn fresh(_id: &MachineId) -> State {
        State::default()
    }

    fn decide(state: &State, command: Command, _context: &Context, _now: Timestamp) -> Vec<Event> {
        match command {
            Command::Configure(facts) if state.version == 0 || facts != state.facts => {
                vec![Event::Configured { facts }]
            }
            Command::FeedRead { cursor } if cursor > state.feed_cursor => vec![Event::FeedRead { cursor }],
            Command::Configure(_) | Command::FeedRead { .. } | Command::Wake => Vec::new(),
        }
    }

    fn evolve(state: &mut State, event: &Event) {
        state.seq += 1;
        match event {
            Event::Configured { facts } => {
                state.facts = facts.clone();
                state.version = state.seq;
            }
            Event::FeedRead { cursor } => state.feed_cursor = *cursor,
        }
    }

    fn seq(state: &State) -> u64 {
        state.seq
    }

    fn effect(_event: &Event) -> Option<Infallible> {
        None
    }

    fn settles(_event: &Event) -> Option<u64> {
        None
    }

    fn deadline(_state: &State) -> Option<Timestamp> {
        None
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
        (FROZEN_VERSION, serde_json::to_vec(state).expect("a state is plain text and numbers"))
    }

    fn thaw(version: u8, body: &[u8]) -> Option<State> {
        if version == FROZEN_VERSION { serde_json::from_slice(body).ok() } else { None }
    }
}
