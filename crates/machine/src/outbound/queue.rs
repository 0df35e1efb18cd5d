//! Parts in order, at most one in flight. Which part may go next, which send an id belongs to, when to look again.
//!
//! Invariants: a part is started only while no other is in flight or unclear; a sent part never becomes anything else;
//! every send that was started can be found by the number of its event for ever.

use std::collections::{BTreeMap, BTreeSet};

use model::{Mid, Span, Timestamp};
use policy::{Author, DeferReason, ForbidReason, RuleId, UpdateTag};
use sabotage::{Defect, on};
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::part::{Part, PartId, PartState};
use super::source::Source;

/// Starts of one part until a passing trouble counts as a failure: after about a quarter of an hour a person should know.
const TRIES_MAX: u32 = 5;

/// Wait before the second start; each further one waits four times as long.
const BACKOFF: Span = Span::seconds(10);

/// How long a held part waits before it is looked at again.
const LOOK_AGAIN: Span = Span::minutes(15);

/// Parts in order, each with its state.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Queue {
    /// All of them.
    parts: BTreeMap<PartId, Part>,
    /// Queued or held.
    waiting: BTreeSet<PartId>,
    /// Queued for a later instant.
    delayed: BTreeSet<PartId>,
    /// In flight, or unclear and nobody told yet: nothing else goes meanwhile.
    unsettled: BTreeSet<PartId>,
    /// Which part a send was for, by the number of the event that named it.
    sends: BTreeMap<u64, PartId>,
    /// Sends without an outcome.
    open: BTreeSet<u64>,
    /// Which part a message of Meta is.
    mids: BTreeMap<Mid, PartId>,
}

impl Queue {
    /// One part.
    pub fn part(&self, part: PartId) -> Option<&Part> {
        self.parts.get(&part)
    }

    /// All parts in order.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = (PartId, &Part)> {
        self.parts.iter().map(|(id, part)| (*id, part))
    }

    /// The part whose turn it is, if it is due: queued or held, with nothing before it that blocks.
    pub fn next(&self, now: Timestamp) -> Option<(PartId, &Part)> {
        if !self.unsettled.is_empty() {
            return None;
        }
        let id = if on(Defect::PartsSwapped) { self.waiting.last()? } else { self.waiting.first()? };
        let part = self.parts.get(id)?;
        match part.state {
            PartState::Queued { not_before: Some(at) } if now < at => None,
            PartState::Queued { .. } | PartState::Held { .. } => Some((*id, part)),
            PartState::InFlight { .. }
            | PartState::InDoubt { .. }
            | PartState::Sent { .. }
            | PartState::Refused { .. }
            | PartState::Failed { .. } => None,
        }
    }

    /// Whether a part is in flight, or unclear with nobody told yet.
    pub fn is_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    /// The same, leaving this part aside.
    pub fn is_unsettled_besides(&self, part: PartId) -> bool {
        self.unsettled.iter().any(|other| *other != part)
    }

    /// The part that a send was for, settled or not.
    pub fn part_of_send(&self, effect: u64) -> Option<PartId> {
        self.sends.get(&effect).copied()
    }

    /// The part of a send that has no outcome yet.
    pub fn part_of_open_send(&self, effect: u64) -> Option<PartId> {
        if self.open.contains(&effect) { self.part_of_send(effect) } else { None }
    }

    /// The part that Meta knows under this id.
    pub fn part_of_mid(&self, mid: &Mid) -> Option<PartId> {
        self.mids.get(mid).copied()
    }

    /// The number that the next queued part gets.
    pub fn next_id(&self) -> PartId {
        PartId(self.parts.last_key_value().map_or(1, |(last, _)| last.0.saturating_add(1)))
    }

    /// Since when a part could go and nothing but its turn is missing. A deadline that is over from the start: after a
    /// crash it is what brings the conversation back to ask for that turn.
    pub(crate) fn next_turn(&self) -> Option<Timestamp> {
        if !self.unsettled.is_empty() {
            return None;
        }
        let part = self.parts.get(self.waiting.first()?)?;
        match part.state {
            PartState::Queued { not_before: None } => Some(part.queued_at),
            PartState::Queued { not_before: Some(_) }
            | PartState::Held { .. }
            | PartState::InFlight { .. }
            | PartState::InDoubt { .. }
            | PartState::Sent { .. }
            | PartState::Refused { .. }
            | PartState::Failed { .. } => None,
        }
    }

    /// When the next delayed part may be tried again.
    pub fn next_retry(&self) -> Option<Timestamp> {
        self.delayed.iter().filter_map(|id| self.parts.get(id)?.not_before()).min()
    }

    /// What waits until exactly this instant, in order.
    pub(crate) fn delayed_until(&self, at: Timestamp) -> impl Iterator<Item = PartId> {
        let waits = move |id: &PartId| self.parts.get(id).is_some_and(|part| part.not_before() == Some(at));
        self.delayed.iter().copied().filter(waits)
    }

    /// When the next unclear part is to be told to a person, and which.
    pub fn next_doubt(&self) -> Option<(Timestamp, PartId)> {
        self.unsettled.iter().filter_map(|id| Some((self.parts.get(id)?.doubted_until()?, *id))).min()
    }

    /// When a part may be tried again after `attempts` starts, if it may: `after` is Meta's or the sender's own wish, and
    /// where it is 0 the part was not at fault, so that this try is none of those that it has.
    pub(crate) fn retry_at(part: &Part, after: Span, now: Timestamp) -> Option<Timestamp> {
        if after <= Span(0) {
            return Some(now + BACKOFF);
        }
        if part.attempts >= part.attempts_max {
            return None;
        }
        let tries = TRIES_MAX.saturating_sub(part.attempts_max - part.attempts);
        let factor = 4_i64.saturating_pow(tries.saturating_sub(1));
        Some(now + after.max(Span(BACKOFF.0.saturating_mul(factor))))
    }

    /// Queues one part per content.
    pub(crate) fn enqueue(
        &mut self,
        source: &Source,
        author: Author,
        tag: Option<UpdateTag>,
        contents: &[Content],
        at: Timestamp,
    ) {
        for content in contents {
            let id = self.next_id();
            let state = PartState::Queued { not_before: None };
            let (source, content) = (source.clone(), content.clone());
            let part = Part {
                source,
                author,
                tag,
                content,
                queued_at: at,
                attempts: 0,
                attempts_max: TRIES_MAX,
                rule: None,
                started_at: None,
                state,
            };
            self.parts.insert(id, part);
            self.waiting.insert(id);
        }
    }

    /// The call begins; `effect` is the number of the event that says so.
    pub(crate) fn start(&mut self, part: PartId, effect: u64, attempt: u32, rule: Option<RuleId>, at: Timestamp) {
        self.sends.insert(effect, part);
        self.open.insert(effect);
        if let Some(part) = self.parts.get_mut(&part) {
            (part.attempts, part.rule, part.started_at) = (attempt, rule, Some(at));
        }
        self.set(part, PartState::InFlight { effect, since: at });
    }

    /// The call has an outcome; Meta's id is kept whatever became of the part meanwhile.
    pub(crate) fn settle(&mut self, effect: u64, mid: Option<&Mid>) {
        self.open.remove(&effect);
        if let (Some(part), Some(mid)) = (self.part_of_send(effect), mid) {
            self.mids.insert(mid.clone(), part);
        }
    }

    /// Meta has it.
    pub(crate) fn sent(&mut self, part: PartId, mid: Option<&Mid>, at: Timestamp) {
        if let Some(mid) = mid {
            self.mids.insert(mid.clone(), part);
        }
        self.set(part, PartState::Sent { mid: mid.cloned(), at });
    }

    /// It waits for a person or Meta.
    pub(crate) fn hold(&mut self, part: PartId, reason: DeferReason, at: Timestamp) {
        self.set(part, PartState::Held { reason, since: at });
    }

    /// What waits for a person or Meta, in order.
    pub(crate) fn held(&self) -> impl Iterator<Item = (PartId, &Part)> {
        self.waiting.iter().filter_map(|id| {
            let part = self.parts.get(id)?;
            matches!(part.state, PartState::Held { .. }).then_some((*id, part))
        })
    }

    /// When the held part whose turn it is wants to be looked at again: nobody tells a conversation that is not in
    /// memory when its Page is connected again, and what waits too long must be refused rather than forgotten.
    pub(crate) fn next_look(&self) -> Option<Timestamp> {
        match self.parts.get(self.waiting.first()?)?.state {
            PartState::Held { reason: _, since } => Some(since + LOOK_AGAIN),
            PartState::Queued { .. }
            | PartState::InFlight { .. }
            | PartState::InDoubt { .. }
            | PartState::Sent { .. }
            | PartState::Refused { .. }
            | PartState::Failed { .. } => None,
        }
    }

    /// Everything held was looked at.
    pub(crate) fn looked(&mut self, at: Timestamp) {
        for id in &self.waiting {
            if let Some(PartState::Held { reason: _, since }) = self.parts.get_mut(id).map(|part| &mut part.state) {
                *since = at;
            }
        }
    }

    /// What stopped the newest start was not the part's fault: that start is none of those that it has.
    pub(crate) fn spare(&mut self, effect: u64) {
        let part = self.part_of_open_send(effect);
        if let Some(part) = part.and_then(|part| self.parts.get_mut(&part)) {
            part.attempts_max = part.attempts_max.saturating_add(1);
        }
    }

    /// The rules forbid it.
    pub(crate) fn refuse(&mut self, part: PartId, reason: ForbidReason) {
        self.set(part, PartState::Refused { reason });
    }

    /// Surely not sent; again at `at`.
    pub(crate) fn delay(&mut self, part: PartId, at: Timestamp) {
        self.set(part, PartState::Queued { not_before: Some(at) });
    }

    /// Surely not sent; it waits for its turn again.
    pub(crate) fn again(&mut self, part: PartId) {
        self.set(part, PartState::Queued { not_before: None });
    }

    /// Surely not sent, for good.
    pub(crate) fn fail(&mut self, part: PartId, reason: &str) {
        self.set(part, PartState::Failed { reason: reason.to_owned() });
    }

    /// Unclear; only what was in flight can become so.
    pub(crate) fn doubt(&mut self, part: PartId, until: Timestamp, read_at: Option<Timestamp>) {
        if let Some(PartState::InFlight { effect, since: _ }) = self.parts.get(&part).map(|part| part.state.clone()) {
            self.set(part, PartState::InDoubt { effect, until, told: false, read_at });
        }
    }

    /// The unclear part is being looked for in the thread.
    pub(crate) fn looked_for(&mut self, part: PartId) {
        if let Some(PartState::InDoubt { read_at, .. }) = self.parts.get_mut(&part).map(|part| &mut part.state) {
            *read_at = None;
        }
    }

    /// When an unclear part is to be looked for in the thread next, and which.
    pub fn next_reading(&self) -> Option<(Timestamp, PartId)> {
        self.unsettled.iter().filter_map(|id| Some((self.parts.get(id)?.read_at()?, *id))).min()
    }

    /// Whether nobody knows yet if another part that carries the same was sent.
    pub(crate) fn has_unclear_twin(&self, part: PartId, content: &Content) -> bool {
        self.parts.iter().any(|(id, other)| {
            *id != part && other.content.looks_like(content) && matches!(other.state, PartState::InDoubt { .. })
        })
    }

    /// A person was told of the unclear part; the queue goes on.
    pub(crate) fn tell(&mut self, part: PartId) {
        if let Some(PartState::InDoubt { effect, until, told: _, read_at: _ }) =
            self.parts.get(&part).map(|part| part.state.clone())
        {
            self.set(part, PartState::InDoubt { effect, until, told: true, read_at: None });
        }
    }

    /// A person wants it tried again.
    pub(crate) fn requeue(&mut self, part: PartId) {
        if let Some(part) = self.parts.get_mut(&part) {
            part.attempts_max = part.attempts.saturating_add(TRIES_MAX);
        }
        self.set(part, PartState::Queued { not_before: None });
    }

    /// Whatever was delayed until `now` waits for its turn alone.
    pub(crate) fn release(&mut self, now: Timestamp) {
        let Self { parts, delayed, .. } = self;
        delayed.retain(|id| {
            let Some(part) = parts.get_mut(id) else { return false };
            let over = part.not_before().is_none_or(|at| at <= now);
            if over {
                part.state = PartState::Queued { not_before: None };
            }
            !over
        });
    }

    /// The one place where a part's state changes after queueing: keeps the sets true. A sent part stays sent.
    fn set(&mut self, id: PartId, state: PartState) {
        let Some(part) = self.parts.get_mut(&id) else { return };
        match part.state {
            PartState::Sent { .. } => return,
            PartState::Queued { .. }
            | PartState::Held { .. }
            | PartState::InFlight { .. }
            | PartState::InDoubt { .. }
            | PartState::Refused { .. }
            | PartState::Failed { .. } => part.state = state,
        }
        let (waiting, unsettled) = match part.state {
            PartState::Queued { .. } | PartState::Held { .. } => (true, false),
            PartState::InFlight { .. } => (false, true),
            PartState::InDoubt { told, .. } => (false, !told),
            PartState::Sent { .. } | PartState::Refused { .. } | PartState::Failed { .. } => (false, false),
        };
        let delayed = part.not_before().is_some();
        for (set, member) in
            [(&mut self.waiting, waiting), (&mut self.delayed, delayed), (&mut self.unsettled, unsettled)]
        {
            if member {
                set.insert(id);
            } else {
                set.remove(&id);
            }
        }
    }
}

impl Part {
    /// The instant a queued part waits for.
    fn not_before(&self) -> Option<Timestamp> {
        match self.state {
            PartState::Queued { not_before } => not_before,
            PartState::Held { .. }
            | PartState::InFlight { .. }
            | PartState::InDoubt { .. }
            | PartState::Sent { .. }
            | PartState::Refused { .. }
            | PartState::Failed { .. } => None,
        }
    }

    /// Until when the echo of an unclear part is waited for.
    fn doubted_until(&self) -> Option<Timestamp> {
        match self.state {
            PartState::InDoubt { until, told: false, effect: _, read_at: _ } => Some(until),
            PartState::InDoubt { told: true, .. }
            | PartState::Queued { .. }
            | PartState::Held { .. }
            | PartState::InFlight { .. }
            | PartState::Sent { .. }
            | PartState::Refused { .. }
            | PartState::Failed { .. } => None,
        }
    }

    /// When an unclear part is to be looked for in the thread.
    fn read_at(&self) -> Option<Timestamp> {
        match self.state {
            PartState::InDoubt { read_at, .. } => read_at,
            PartState::Queued { .. }
            | PartState::Held { .. }
            | PartState::InFlight { .. }
            | PartState::Sent { .. }
            | PartState::Refused { .. }
            | PartState::Failed { .. } => None,
        }
    }

    /// Whether Meta surely has it.
    pub fn is_sent(&self) -> bool {
        matches!(self.state, PartState::Sent { .. })
    }
}
