//! One Page: what it is called, whether it can send, what happens on it, and what of its deliveries had to be put aside.
//!
//! Comments and leads are journaled and counted here. Invariants: a refused token stays refused until another one is
//! configured; a restriction is lifted by Meta's word, and a rest of the queue by an answer, never by a restart. No effects
//! yet, no deadline.

pub mod codec;
mod line;
mod pause;
mod state;
mod wall;

use core::convert::Infallible;

use model::{Anomaly, ItemKey, MachineId, PageInbound, PageKind, Place, PolicyAct, Timestamp};

pub use line::line;
pub use pause::{Pause, Stop};
pub use state::State;
pub use wall::Standing;

use crate::{CodecFault, Context, Encoded, Machine, PageFacts};

/// The machine of Pages.
#[derive(Clone, Copy, Debug)]
pub struct Page;

/// A request to a Page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Meta delivered an item that belongs to the Page.
    Receive(PageInbound),
    /// These facts are configured. `restricted` is not configuration and is ignored.
    Configure(PageFacts),
    /// An item made its machine fail again and again: it is put aside.
    Quarantine {
        /// Number of its delivery in the inbox.
        delivery: u64,
        /// Where it stood; `None` for the delivery as a whole.
        place: Option<Place>,
        /// Its de-duplication key, where it was understood.
        key: Option<ItemKey>,
        /// Why, stable and free of customer text.
        cause: String,
    },
    /// An item that nobody understands is kept.
    KeepAnomaly {
        /// Number of its delivery in the inbox.
        delivery: u64,
        /// The item.
        anomaly: Anomaly,
    },
    /// Meta said something about the Page's right to send.
    Observe(Trouble),
    /// The deadline has come; a Page has none yet.
    Wake,
}

/// What Meta says about a Page's right to send. Messenger error table, read 2026-11-23.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The token is not taken (102, 190).
    TokenRefused {
        /// Meta's code.
        code: i64,
        /// Meta's subcode.
        subcode: Option<i64>,
    },
    /// The Page may not send for now (10/1893063, 368).
    Restricted,
    /// It may again.
    RestrictionLifted,
    /// No message has a chance for a while: limits, a restriction that only an error told of, a Graph API that fails.
    Stopped(Stop),
    /// A message was answered like any other.
    Answered,
}

/// A fact of a Page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Meta delivered an item.
    Received {
        /// The item.
        inbound: PageInbound,
    },
    /// The Page's facts are these now.
    Configured {
        /// All of them, what Meta said included.
        facts: PageFacts,
    },
    /// An item was put aside.
    ItemQuarantined {
        /// Number of its delivery in the inbox.
        delivery: u64,
        /// Where it stood.
        place: Option<Place>,
        /// Its de-duplication key, where it was understood.
        key: Option<ItemKey>,
        /// Why.
        cause: String,
    },
    /// An item that nobody understands was kept.
    AnomalyKept {
        /// Number of its delivery in the inbox.
        delivery: u64,
        /// The item.
        anomaly: Anomaly,
    },
    /// Meta refused the configured token: sends are held until another one is configured.
    TokenRefused {
        /// Meta's code.
        code: i64,
        /// Meta's subcode.
        subcode: Option<i64>,
    },
    /// Meta restricted the Page: sends are held.
    Restricted,
    /// Meta lets the Page send again.
    RestrictionLifted,
    /// The queue rests.
    SendsPaused {
        /// Why, and what was said of its length.
        stop: Stop,
        /// How often it was met again.
        step: u8,
        /// One message at a time asks from then on.
        until: Timestamp,
    },
    /// The queue goes on.
    SendsResumed,
}

impl Machine for Page {
    type State = State;
    type Command = Command;
    type Event = Event;
    type Effect = Infallible;

    fn fresh(_id: &MachineId) -> State {
        State::default()
    }

    fn decide(state: &State, command: Command, _context: &Context, now: Timestamp) -> Vec<Event> {
        decide(state, command, now)
    }

    fn evolve(state: &mut State, event: &Event) {
        state.evolve(event);
    }

    fn seq(state: &State) -> u64 {
        state.seq()
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
        state.freeze()
    }

    fn thaw(version: u8, body: &[u8]) -> Option<State> {
        State::thaw(version, body)
    }
}

fn decide(state: &State, command: Command, now: Timestamp) -> Vec<Event> {
    let decided = match command {
        Command::Receive(inbound) => return receive(state, inbound),
        Command::Configure(wanted) => return configure(state, wanted),
        Command::Quarantine { delivery, place, key, cause } => (!state.has_quarantined(delivery, place.as_ref(), key))
            .then_some(Event::ItemQuarantined { delivery, place, key, cause }),
        Command::KeepAnomaly { delivery, anomaly } => {
            (!state.has_kept(delivery, &anomaly)).then_some(Event::AnomalyKept { delivery, anomaly })
        }
        Command::Observe(Trouble::TokenRefused { code, subcode }) => {
            state.facts().token.then_some(Event::TokenRefused { code, subcode })
        }
        Command::Observe(Trouble::Restricted) => (!state.facts().restricted).then_some(Event::Restricted),
        Command::Observe(Trouble::RestrictionLifted) => state.facts().restricted.then_some(Event::RestrictionLifted),
        Command::Observe(Trouble::Stopped(stop)) => Pause::met(state.pause(), stop, now),
        Command::Observe(Trouble::Answered) => {
            state.pause().is_some_and(|pause| pause.is_over(now)).then_some(Event::SendsResumed)
        }
        Command::Wake => None,
    };
    decided.into_iter().collect()
}

/// A Page that was connected anew need not wait for what was said of it before.
fn configure(state: &State, wanted: PageFacts) -> Vec<Event> {
    let facts = state.effective(wanted);
    if state.is_configured() && facts == *state.facts() {
        return Vec::new();
    }
    let is_connected_anew = facts.token && facts.token_mark != state.facts().token_mark;
    let resumed = (is_connected_anew && state.pause().is_some()).then_some(Event::SendsResumed);
    [Event::Configured { facts }].into_iter().chain(resumed).collect()
}

/// A known key decides nothing. A block or its end takes force at once, unless a newer word of Meta's is known.
fn receive(state: &State, inbound: PageInbound) -> Vec<Event> {
    if state.has_seen(inbound.key) {
        return Vec::new();
    }
    let restricts = restricts(&inbound.kind).filter(|_| state.is_news(&inbound));
    let mut events = vec![Event::Received { inbound }];
    match restricts {
        Some(true) if !state.facts().restricted => events.push(Event::Restricted),
        Some(false) if state.facts().restricted => events.push(Event::RestrictionLifted),
        Some(_) | None => {}
    }
    events
}

/// What an item says about the Page's right to send.
fn restricts(kind: &PageKind) -> Option<bool> {
    match kind {
        PageKind::Policy(policy) => match &policy.act {
            PolicyAct::Block => Some(true),
            PolicyAct::Unblock => Some(false),
            PolicyAct::Warning | PolicyAct::Other(_) => None,
        },
        // Its words for standings and features are not documented; the Send API's own answer tells.
        PageKind::Integrity(_)
        | PageKind::Activity(_)
        | PageKind::Lead(_)
        | PageKind::AppRoles(_)
        | PageKind::TemplateStatus(_)
        | PageKind::Changed(_)
        | PageKind::Stranger(_)
        | PageKind::Installation(_) => None,
    }
}
