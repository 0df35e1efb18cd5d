//! Answers on their way out: queued, asked about, started, given up. Every start asks the policy at that instant.
//!
//! Invariants: `SendStarted` rests on a permit given in the same decision; a part that is failed, refused or unclear
//! starts again only after a person said so.

use model::{Span, Timestamp};
use policy::{Facts, ForbidReason, RuleId, Verdict};
use sabotage::{Defect, on};

use super::control::{self, Wait};
use super::release_echoes;
use crate::Context;
use crate::conversation::command::{Outcome, Reply, Resolution, SendOutcome};
use crate::conversation::event::Event;
use crate::conversation::projection::{edition, facts, facts_of, refused, verdict_of};
use crate::conversation::state::State;
use crate::outbound::{Content, Part, PartId, PartState, Queue};

/// An answer is queued in parts; the policy speaks at once, so that an agent need not wait for a refusal.
pub(super) fn reply(state: &State, mut reply: Reply, context: &Context, now: Timestamp) -> Vec<Event> {
    if state.replied.contains(&reply.source) && !on(Defect::CommentAnsweredTwice) {
        return Vec::new();
    }
    reply.contents = reply.contents.into_iter().flat_map(Content::pieces).collect();
    let edition = edition(context, now);
    let answer = |content: &Content| {
        let asked = facts(state, context, reply.author, reply.tag, content.carries());
        policy::decide(&asked, now, &edition)
    };
    let first = state.queue.next_id().0;
    let parts = (first..).zip(&reply.contents);
    let wait = control::wait(state, context, reply.author, now);
    let stops: Vec<Event> = parts.filter_map(|(id, content)| stop(PartId(id), answer(content), wait, now)).collect();
    let mut events = Vec::with_capacity(1 + stops.len());
    events.push(Event::ReplyAsked { reply });
    events.extend(stops);
    events.extend(control::asks(state, &events, wait));
    events
}

/// The event of a verdict that does not let a part go; none for a permit. Where the thread is asked for, what only that
/// keeps back waits for it.
fn stop(part: PartId, answer: Verdict, wait: Option<Wait>, now: Timestamp) -> Option<Event> {
    match answer {
        Verdict::Forbid { reason: ForbidReason::Standby } if let Some(Wait { until, .. }) = wait => {
            Some(Event::PartDelayed { part, at: until })
        }
        Verdict::Permit { .. } => None,
        Verdict::Defer { until: _, reason } => Some(Event::PartHeld { part, reason, at: now }),
        Verdict::Forbid { reason } => Some(Event::PartRefused { part, reason, at: now }),
    }
}

/// The next part may go, if the policy still agrees.
pub(super) fn dispatch(state: &State, context: &Context, now: Timestamp) -> Vec<Event> {
    let Some((id, part)) = state.queue.next(now) else { return Vec::new() };
    let asked_at = if on(Defect::DequeueUnasked) { part.queued_at } else { now };
    let answer = verdict_of(state, context, part, asked_at);
    let wait = control::wait(state, context, part.author, now);
    let decision = stop(id, answer, wait, now).unwrap_or_else(|| Event::SendStarted {
        part: id,
        attempt: part.attempts.saturating_add(1),
        verdict: answer,
        content: part.content.clone(),
        at: now,
    });
    let mut events = vec![Event::DispatchGranted { part: id }, decision];
    events.extend(control::asks(state, &events, wait));
    events
}

/// A person decided about a part. What does not apply decides nothing.
pub(super) fn resolve(
    state: &State,
    part: PartId,
    resolution: Resolution,
    by: String,
    context: &Context,
    now: Timestamp,
) -> Vec<Event> {
    let Some(found) = state.queue.part(part) else { return Vec::new() };
    let doubted = matches!(found.state, PartState::InDoubt { .. });
    let ended = matches!(found.state, PartState::Failed { .. } | PartState::Refused { .. });
    let wait = control::wait_anew(state, context, found.author, now);
    let decision = match resolution {
        Resolution::Retry if doubted || ended => stop(part, verdict_of(state, context, found, now), wait, now),
        Resolution::WasSent if doubted => Some(Event::PartSent { part, mid: None, at: now }),
        Resolution::GiveUp if doubted || (ended && !is_given_up(&found.state)) => {
            Some(Event::PartFailed { part, reason: GIVEN_UP.to_owned(), code: None, at: now })
        }
        Resolution::Retry | Resolution::WasSent | Resolution::GiveUp => return Vec::new(),
    };
    let mut events = vec![Event::Resolved { part, resolution, by }];
    events.extend(decision);
    events.extend(control::asks(state, &events, wait));
    if doubted && !state.queue.is_unsettled_besides(part) {
        events.extend(release_echoes(state, None, context));
    }
    events
}

/// Why a part failed that a person left.
const GIVEN_UP: &str = "given-up";

/// Why a part failed that met passing troubles until its last try.
const TRIES_EXHAUSTED: &str = "tries-exhausted";

/// So long after a send became unclear its thread is read, if no echo came; half of the time that is waited for the echo,
/// where that is less. An echo comes within seconds.
const READ_AFTER: Span = Span::seconds(30);

/// Meta's code and subcode for a send outside of its window (*Common Error Codes*, read 2026-11-23).
const OUTSIDE_WINDOW: (i64, Option<i64>) = (10, Some(2_018_278));

/// The seven days after an ad did not hold for this customer: that is remembered, and the rules that are left decide at
/// once. What may go waits for its turn, and goes under another rule.
fn ad_window_refused(
    state: &State,
    (part, found): (PartId, &Part),
    since: Timestamp,
    context: &Context,
    now: Timestamp,
) -> Vec<Event> {
    let asked = Facts {
        ad_refused: refused(state.ad_refused_at.max(Some(since)), state.openers.ad_message_at),
        ..facts_of(state, context, found)
    };
    let answer = policy::decide(&asked, now, &edition(context, now));
    let mut events = vec![Event::AdWindowRefused { part, at: since }];
    events.extend(stop(part, answer, None, now));
    if !state.queue.is_unsettled_besides(part) {
        events.extend(release_echoes(state, None, context));
    }
    events
}

/// Meta's code and subcode for what the privacy rules of Europe and Japan keep from a customer (*Common Error Codes*, read
/// 2026-11-23).
const PRIVACY: (i64, Option<i64>) = (10, Some(2_018_336));

/// That is remembered. A kind that is not tried again has its reason; what Meta should have taken has failed as its table
/// says.
fn privacy_refused(
    state: &State,
    (part, found): (PartId, &Part),
    row: &str,
    context: &Context,
    now: Timestamp,
) -> Vec<Event> {
    let asked = Facts { privacy_refused_at: Some(now), ..facts_of(state, context, found) };
    let decision = match policy::decide(&asked, now, &edition(context, now)) {
        Verdict::Forbid { reason: reason @ ForbidReason::PrivacyLimited } => {
            Event::PartRefused { part, reason, at: now }
        }
        Verdict::Permit { .. } | Verdict::Defer { .. } | Verdict::Forbid { .. } => {
            Event::PartFailed { part, reason: row.to_owned(), code: Some(PRIVACY), at: now }
        }
    };
    let mut events = vec![Event::PrivacyRefused { at: now }, decision];
    if !state.queue.is_unsettled_besides(part) {
        events.extend(release_echoes(state, None, context));
    }
    events
}

/// What the thread says of an unclear part: it was sent where a message of the Page that is known as no other carries the
/// same; what is not there, or could be another part's, is for a person to settle. A thread that could not be read says
/// nothing, and the echo is waited for.
pub(super) fn thread_read(
    state: &State,
    part: PartId,
    outcome: &Outcome,
    context: &Context,
    now: Timestamp,
) -> Vec<Event> {
    let Outcome::ThreadRead { mids } = outcome else { return Vec::new() };
    let Some(found) = state.queue.part(part) else { return Vec::new() };
    let waits = match found.state {
        PartState::InDoubt { told, .. } => !told,
        // A person was faster: what would go once more, or was told of, is not sent twice where it was sent after all.
        PartState::Queued { .. } | PartState::Held { .. } => false,
        PartState::InFlight { .. } | PartState::Sent { .. } | PartState::Refused { .. } | PartState::Failed { .. } => {
            return Vec::new();
        }
    };
    let mut unknown = mids.iter().filter(|mid| state.queue.part_of_mid(mid).is_none() && !state.outside.contains(mid));
    let mid = unknown.next().filter(|_| !state.queue.has_unclear_twin(part, &found.content));
    let mut events = vec![match mid {
        Some(mid) => Event::PartSent { part, mid: Some(mid.clone()), at: now },
        None if waits => Event::DoubtRemained { part },
        None => return Vec::new(),
    }];
    if !state.queue.is_unsettled_besides(part) {
        events.extend(release_echoes(state, mid, context));
    }
    events
}

fn is_given_up(state: &PartState) -> bool {
    matches!(state, PartState::Failed { reason } if reason == GIVEN_UP)
}

/// What an outcome makes of the part in flight. Whatever is not plainly known is unclear, never sent.
pub(super) fn settled(
    state: &State,
    effect: u64,
    part: PartId,
    outcome: &Outcome,
    context: &Context,
    now: Timestamp,
) -> Vec<Event> {
    let Some(found) = state.queue.part(part) else { return Vec::new() };
    // Its echo may have come first, and then this answer adds nothing.
    let PartState::InFlight { effect: under_way, since } = found.state else { return Vec::new() };
    if under_way != effect {
        return Vec::new();
    }
    let doubt = |why: &str| {
        let until = now + context.account.doubt;
        let read_at = now + READ_AFTER.min(Span(context.account.doubt.0 / 2));
        Event::PartInDoubt { part, why: why.to_owned(), until, read_at: Some(read_at) }
    };
    let decision = match outcome {
        Outcome::Send { send } => match send {
            SendOutcome::Sent { .. } if found.attempts == 1 && on(Defect::SentTwice) => {
                Event::PartDelayed { part, at: now }
            }
            SendOutcome::Sent { mid } => Event::PartSent { part, mid: Some(mid.clone()), at: now },
            SendOutcome::Later { after, code } => match Queue::retry_at(found, (*after).max(Span(0)), now) {
                Some(at) => Event::PartDelayed { part, at },
                None => Event::PartFailed { part, reason: TRIES_EXHAUSTED.to_owned(), code: *code, at: now },
            },
            SendOutcome::Failed { .. } if on(Defect::ResultForgotten) => return Vec::new(),
            SendOutcome::Failed { code, row: _, trace: _ } if found.attempts > 1 && on(Defect::ErrorByCircumstance) => {
                Event::PartFailed { part, reason: "error".to_owned(), code: Some(*code), at: now }
            }
            SendOutcome::Failed { code: OUTSIDE_WINDOW, row: _, trace: _ } if found.rule == Some(RuleId::AdWindow) => {
                return ad_window_refused(state, (part, found), since, context, now);
            }
            SendOutcome::Failed { code: PRIVACY, row, trace: _ } => {
                return privacy_refused(state, (part, found), row, context, now);
            }
            SendOutcome::Failed { code: _, row, trace: _ } if row == control::ROW && context.account.take_control => {
                return control::elsewhere(state, (part, found), context, now);
            }
            SendOutcome::Failed { code, row, trace: _ } => {
                Event::PartFailed { part, reason: row.clone(), code: Some(*code), at: now }
            }
            SendOutcome::InDoubt { .. } if on(Defect::UnknownAsSent) => Event::PartSent { part, mid: None, at: now },
            SendOutcome::InDoubt { .. } if on(Defect::BlindResend) => Event::PartDelayed { part, at: now },
            SendOutcome::InDoubt { why } => doubt(why),
        },
        Outcome::TaskOpened { .. }
        | Outcome::CommentsAdded { .. }
        | Outcome::TaskInactive
        | Outcome::TaskGone
        | Outcome::TrackerRefused { .. }
        | Outcome::Profile { .. }
        | Outcome::NoProfile { .. }
        | Outcome::ContactNamed
        | Outcome::ThreadRead { .. }
        | Outcome::ThreadUnread { .. }
        | Outcome::ControlTaken
        | Outcome::ControlDenied { .. } => doubt("unexpected-outcome"),
    };
    let unclear = matches!(decision, Event::PartInDoubt { .. });
    let mut events = vec![decision];
    if !unclear && !state.queue.is_unsettled_besides(part) {
        events.extend(release_echoes(state, outcome.mid(), context));
    }
    events
}
