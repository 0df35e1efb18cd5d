//! What is going wrong right now: told by the lines of a scenario, asked by whatever stands between a node and its world.
//!
//! Counts and answers; no clock, no chance, no depth. Shared by all lives of a node. Invariants: what was not ordered never
//! happens; from the moment of a fall until the next start nothing succeeds any more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actors::host::key_of;
use journal::Key;
use model::{MachineId, Span, Timestamp};
use tokio::sync::Notify;

use super::weather::Weather;
use super::{After, Fate, Unit};

/// All trouble of one world. Clones are the same; the default is none, for ever.
#[derive(Clone, Default)]
pub struct Trouble(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Whether there ever was any.
    ever: AtomicBool,
    /// Whether the node has a clock of its own, which may be set.
    wanders: AtomicBool,
    /// Rung when the process falls.
    falls: Notify,
    /// What is wrong outside.
    weather: Weather,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the process falls.
    after: Option<After>,
    fallen: bool,
    /// The process ended without an order.
    ended: bool,
    /// The fall takes the power with it.
    power: Option<u64>,
    full: bool,
    /// Writes until the disk takes none.
    writes_left: Option<u64>,
    /// What becomes of the next commits.
    fates: VecDeque<Fate>,
    panics: BTreeSet<Key>,
    hangs: BTreeMap<Key, Timestamp>,
    ahead: Span,
}

/// What becomes of a batch that is handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ruling {
    /// It is stored as far as the disk does it.
    Goes,
    /// The same, and its machine hears of it then.
    Late(Timestamp),
    /// The journal says or conceals that.
    Fated(Fate),
    /// Whoever hands it over panics.
    Panics,
    /// There is no process any more.
    Dead,
}

/// What becomes of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Write {
    /// It succeeds.
    Goes,
    /// It succeeds where it needs no new place.
    Full,
    /// It fails.
    Fails,
}

impl Trouble {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begins(&self) -> MutexGuard<'_, State> {
        self.0.ever.store(true, Ordering::Relaxed);
        self.state()
    }

    /// Whether anything was ever ordered: where not, nobody need ask anything else.
    pub(crate) fn is_on(&self) -> bool {
        self.0.ever.load(Ordering::Relaxed)
    }

    /// Whether the node's clock may be set: then it looks at the clock once a minute, as the one that ships.
    pub(crate) fn wanders(&self) -> bool {
        self.0.wanders.load(Ordering::Relaxed)
    }

    /// What is wrong outside.
    pub(crate) fn weather(&self) -> &Weather {
        &self.0.weather
    }

    // Orders.

    /// The node gets a clock that may be set; to be said before it starts.
    pub(crate) fn lets_clock_wander(&self) {
        self.0.wanders.store(true, Ordering::Relaxed);
    }

    /// The process falls when something has happened so often.
    pub(crate) fn falls_after(&self, after: After) {
        self.begins().after = Some(after);
    }

    /// The process falls.
    pub(crate) fn falls_now(&self) {
        self.state().fallen = true;
    }

    /// Its next fall is a loss of power, and this number draws what becomes of what was not synced.
    pub(crate) fn loses_power(&self, number: u64) {
        self.begins().power = Some(number);
    }

    /// The process is to run (again): what was ordered of its fall is over.
    pub(crate) fn rises(&self) {
        let mut state = self.state();
        (state.after, state.fallen, state.ended, state.power) = (None, false, false, None);
    }

    pub(crate) fn fills_disk(&self) {
        self.begins().full = true;
    }

    pub(crate) fn fails_disk(&self, after: u64) {
        self.begins().writes_left = Some(after);
    }

    pub(crate) fn mends_disk(&self) {
        let mut state = self.state();
        (state.full, state.writes_left) = (false, None);
    }

    pub(crate) fn fates_commits(&self, count: u64, fate: Fate) {
        self.begins().fates.extend((0..count).map(|_| fate));
    }

    pub(crate) fn panics(&self, machine: &MachineId) {
        self.begins().panics.insert(key_of(machine));
    }

    pub(crate) fn hangs(&self, machine: &MachineId, until: Timestamp) {
        self.begins().hangs.insert(key_of(machine), until);
    }

    /// Sets the node's clock by so much.
    pub(crate) fn jumps(&self, by: Span) {
        let mut state = self.begins();
        state.ahead = Span(state.ahead.0 + by.0);
    }

    /// Nothing goes wrong any more. What is late still comes at its time.
    pub(crate) fn ends(&self) {
        self.0.weather.clears();
        let mut state = self.state();
        let (fallen, ended, power) = (state.fallen, state.ended, state.power);
        *state = State { fallen, ended, power, ..State::default() };
    }

    // Questions.

    /// How far the node's clock is ahead of the true one.
    pub(crate) fn ahead(&self) -> Span {
        self.state().ahead
    }

    /// Whether the process has fallen by what was ordered and does not run again.
    pub(crate) fn has_fallen(&self) -> bool {
        self.is_on() && self.state().fallen
    }

    /// The process ends because a vital part of it ended. Without any trouble that is nobody's order.
    pub(crate) fn ended_by_itself(&self) {
        if self.is_on() {
            let mut state = self.state();
            (state.ended, state.fallen) = (!state.fallen, true);
            drop(state);
            self.0.falls.notify_waiters();
        }
    }

    /// Whether that was so.
    pub(crate) fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// Resolves when the process falls.
    pub(crate) async fn falls(&self) {
        while !self.has_fallen() {
            self.0.falls.notified().await;
        }
    }

    /// The number that draws what a loss of power takes; `None` where the fall is a kill.
    pub(crate) fn power(&self) -> Option<u64> {
        self.state().power
    }

    /// Whether nothing is left that strikes at its next occasion.
    pub(crate) fn has_struck(&self) -> bool {
        let state = self.state();
        state.fates.is_empty() && state.panics.is_empty()
    }

    /// Whether a store can be expected not to open.
    pub(crate) fn has_bad_disk(&self) -> bool {
        let state = self.state();
        state.full || state.writes_left.is_some()
    }

    /// A machine hands a batch over.
    pub(crate) fn commit(&self, key: &Key, now: Timestamp) -> Ruling {
        let mut state = self.state();
        if state.fallen {
            return Ruling::Dead;
        }
        if state.panics.remove(key) {
            return Ruling::Panics;
        }
        if let Some(fate) = state.fates.pop_front() {
            return Ruling::Fated(fate);
        }
        match state.hangs.get(key).copied() {
            Some(until) if now <= until => Ruling::Late(until),
            Some(_) => {
                state.hangs.remove(key);
                Ruling::Goes
            }
            None => Ruling::Goes,
        }
    }

    /// A batch is durable; `true`: and the process has fallen over it, before anybody was told.
    pub(crate) fn stored(&self) -> bool {
        self.happened(Unit::Commits)
    }

    /// Meta or the tracker has done what it was asked; `true`: and the process has fallen before it heard of that.
    pub(crate) fn called(&self) -> bool {
        self.is_on() && self.happened(Unit::Calls)
    }

    /// Something is to be written.
    pub(crate) fn write(&self) -> Write {
        let mut state = self.state();
        if let Some(After { count: 0, of: Unit::Writes }) = state.after {
            state.fallen = true;
            drop(state);
            self.0.falls.notify_waiters();
            return Write::Fails;
        }
        if state.fallen || state.writes_left == Some(0) {
            return Write::Fails;
        }
        if let Some(left) = &mut state.writes_left {
            *left -= 1;
        }
        if let Some(After { count, of: Unit::Writes }) = &mut state.after {
            *count -= 1;
        }
        if state.full { Write::Full } else { Write::Goes }
    }

    /// Counts; whether the process is down from now, or was before.
    fn happened(&self, what: Unit) -> bool {
        let mut state = self.state();
        if let Some(After { count, of }) = &mut state.after
            && *of == what
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.fallen = true;
            }
        }
        let fallen = state.fallen;
        drop(state);
        if fallen {
            self.0.falls.notify_waiters();
        }
        fallen
    }
}
