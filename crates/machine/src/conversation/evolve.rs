//! Applies events. Cannot fail, reads no clock, makes no id; recovery is this and nothing else.
//!
//! Invariant: lines enter `waiting` here and leave it only into an effect that an event names, so none is ever lost.

use model::{HandoverAct, Inbound, Kind, Mid, Span, TaskId, Timestamp};
use policy::{Openers, RuleId, Verdict};
use sabotage::{Defect, on};

use super::ad::AdVisits;
use super::command::{Outcome, Resolution};
use super::event::{Event, Line, WakeReason};
use super::opener::{Opens, opens};
use super::state::{Binding, Control, Evidence, HeldEcho, State, Tombstone, TrackerWork};
use crate::outbound::Queue;

/// How many messages that the Page sent without us are remembered: as many as Meta lets read of a thread.
const OUTSIDE_MAX: usize = 20;

/// What an outcome means for the tracker's open effect.
pub(super) enum TrackerAnswer<'a> {
    /// The task stands.
    Opened,
    /// The comments stand.
    Added,
    /// The task is not active: nothing was added.
    Inactive,
    /// The task is gone: nothing was added.
    Gone,
    /// Nothing was done, for good.
    Refused(&'a str),
}

pub(super) fn evolve(state: &mut State, event: &Event) {
    state.seq += 1;
    evolve_queue(&mut state.queue, state.seq, event);
    match event {
        Event::Received { inbound } => received(state, inbound),
        Event::ReplyAsked { reply } => {
            state.replied.insert(reply.source.clone());
        }
        Event::Settled { effect, outcome } => settled(state, *effect, outcome),
        Event::ProfileAsked { until } => {
            state.profile = Some(state.seq);
            state.profile_asked_at = Some(*until);
            state.binding = Binding::Gathering { until: *until, effect: state.seq };
        }
        Event::ProfileAskedAgain { at } => {
            state.profile = Some(state.seq);
            state.profile_asked_at = Some(*at);
        }
        Event::ContactNamed { name } => state.name = Some(name.clone()),
        Event::ContactNaming { contact: _, name: _ } => {
            state.naming.insert(state.seq);
        }
        Event::TaskOpening { name: _, customer, lines, previous } => {
            begin(state, None, false, customer.is_some(), lines);
            state.previous.clone_from(previous);
            state.binding = Binding::Opening { effect: state.seq };
        }
        Event::TaskBound { task, contact } => {
            state.contact = Some(contact.clone());
            state.binding = Binding::Bound { task: task.clone() };
        }
        Event::CommentsAdding { task, lines, if_active } => begin(state, Some(task), *if_active, true, lines),
        Event::EchoHeld { mid, until } => {
            for echo in state.held.iter_mut().filter(|echo| echo.mid == *mid) {
                echo.until = Some(*until);
            }
        }
        Event::SentOutside { mid } => sent_outside(state, mid),
        Event::ThreadOwned { .. } if on(Defect::HandoverIgnored) => {}
        Event::ThreadOwned { ours, at, key } => {
            state.hear(Evidence { at: *at, is_handover: true, key: *key }, !ours);
        }
        Event::ThreadAsked { part, .. } => {
            state.readings.insert(state.seq, *part);
        }
        Event::ControlAsked { until } => {
            state.asking.insert(state.seq);
            state.control = Some(Control { effect: Some(state.seq), until: *until, denied: None });
        }
        Event::PartSent { part: _, mid, at: _ } => state.held.retain(|echo| Some(&echo.mid) != mid.as_ref()),
        Event::AdWindowRefused { part: _, at } => state.ad_refused_at = state.ad_refused_at.max(Some(*at)),
        Event::PrivacyRefused { at } => state.privacy_refused_at = state.privacy_refused_at.max(Some(*at)),
        Event::WindowClosed { at } => state.closed_at = state.closed_at.max(Some(*at)),
        Event::DispatchGranted { .. }
        | Event::Woke { .. }
        | Event::Resolved { .. }
        | Event::PartRefused { .. }
        | Event::PartHeld { .. }
        | Event::SendStarted { .. }
        | Event::PartDelayed { .. }
        | Event::PartFailed { .. }
        | Event::PartInDoubt { .. }
        | Event::DoubtRemained { .. } => {}
    }
}

/// What an event means for the parts. `seq` is the event's own number.
pub(super) fn evolve_queue(queue: &mut Queue, seq: u64, event: &Event) {
    match event {
        Event::ReplyAsked { reply } => queue.enqueue(&reply.source, reply.author, reply.tag, &reply.contents, reply.at),
        Event::Settled { effect, outcome } => {
            if outcome.spares_part() {
                queue.spare(*effect);
            }
            queue.settle(*effect, outcome.mid());
        }
        Event::Woke { reason, at } => match reason {
            WakeReason::Retry => queue.release(*at),
            WakeReason::Held => queue.looked(*at),
            WakeReason::Gathering | WakeReason::Doubt | WakeReason::Echo | WakeReason::Window | WakeReason::Thread => {}
        },
        Event::Resolved { part, resolution, by: _ } => match resolution {
            Resolution::Retry => queue.requeue(*part),
            Resolution::WasSent | Resolution::GiveUp => {}
        },
        Event::PartRefused { part, reason: _, at } if on(Defect::RefusedLaterSent) => {
            queue.delay(*part, *at + Span::hours(6));
        }
        Event::PartRefused { part, reason, at: _ } => queue.refuse(*part, *reason),
        Event::PartHeld { part, reason, at } => queue.hold(*part, *reason, *at),
        Event::SendStarted { part, attempt, verdict, content: _, at } => {
            queue.start(*part, seq, *attempt, rule(verdict), *at);
        }
        Event::PartSent { part, mid, at } => queue.sent(*part, mid.as_ref(), *at),
        Event::PartDelayed { part, at } => queue.delay(*part, *at),
        Event::PartFailed { part, reason, code: _, at: _ } => queue.fail(*part, reason),
        Event::AdWindowRefused { part, at: _ } => queue.again(*part),
        Event::PartInDoubt { part, why: _, until, read_at } => queue.doubt(*part, *until, *read_at),
        Event::ThreadAsked { part, .. } => queue.looked_for(*part),
        Event::DoubtRemained { part } => queue.tell(*part),
        Event::Received { .. }
        | Event::DispatchGranted { .. }
        | Event::ProfileAsked { .. }
        | Event::ProfileAskedAgain { .. }
        | Event::ContactNamed { .. }
        | Event::ContactNaming { .. }
        | Event::TaskOpening { .. }
        | Event::TaskBound { .. }
        | Event::CommentsAdding { .. }
        | Event::EchoHeld { .. }
        | Event::SentOutside { .. }
        | Event::ThreadOwned { .. }
        | Event::ControlAsked { .. }
        | Event::PrivacyRefused { .. }
        | Event::WindowClosed { .. } => {}
    }
}

/// The rule of a permit.
fn rule(verdict: &Verdict) -> Option<RuleId> {
    match verdict {
        Verdict::Permit { rule, .. } => Some(*rule),
        Verdict::Defer { .. } | Verdict::Forbid { .. } => None,
    }
}

fn received(state: &mut State, inbound: &Inbound) {
    let line = state.line(inbound);
    state.seen.insert(inbound.key);
    let (evidence, standby) = State::heard_in(inbound);
    let before = state.standby;
    state.hear(evidence, standby);
    if state.standby != before {
        // Another holder, another question.
        (state.owner, state.control) = (None, None);
    }
    open_window(&mut state.openers, &mut state.ads, &inbound.kind, inbound.at);
    match &inbound.kind {
        Kind::Message(_) | Kind::Postback(_) | Kind::Order(_) => {
            state.newest_at = state.newest_at.max(Some(inbound.at));
            state.waiting.extend(line.filter(|_| state.tracker.is_none() || !on(Defect::CommentLost)));
        }
        Kind::Echo(echo) => {
            let ours = state.part_named_by(echo.metadata.as_deref()).or_else(|| state.queue.part_of_mid(&echo.mid));
            if let (None, Some(line)) = (ours, line) {
                state.held.push(HeldEcho { mid: echo.mid.clone(), line, until: None });
            }
        }
        Kind::Delivered(receipt) => {
            state.receipts.delivered = state.receipts.delivered.max(Some(receipt.watermark));
        }
        Kind::Read(receipt) => state.receipts.read = state.receipts.read.max(Some(receipt.watermark)),
        Kind::Edit(edit) => {
            let (mid, nth) = (edit.mid.clone(), edit.nth.unwrap_or(0));
            state.bury(Tombstone { mid, unsent: false, nth, text: edit.text.clone() });
            noticed(state, line);
        }
        Kind::Unsend(unsend) => {
            state.bury(Tombstone { mid: unsend.mid.clone(), unsent: true, nth: 0, text: None });
            noticed(state, line);
        }
        Kind::Handover(handover) => {
            if state.evidence == Some(evidence) && handover.act != HandoverAct::Requested {
                state.owner.clone_from(&handover.to);
            }
            noticed(state, line);
        }
        Kind::Reaction(_)
        | Kind::Referral(_)
        | Kind::Optin(_)
        | Kind::AccountLink(_)
        | Kind::Feedback(_)
        | Kind::Notice(_) => noticed(state, line),
        Kind::Legacy(_) => {}
    }
}

/// Merges an item into the newest opening actions, by maximum; of the thread's owner or of a bystander alike.
pub(super) fn open_window(openers: &mut Openers, ads: &mut AdVisits, kind: &Kind, at: Timestamp) {
    openers.ad_message_at = ads.hear(kind, at);
    match opens(kind) {
        Opens::Nothing => {}
        Opens::Window => openers.last_action_at = openers.last_action_at.max(Some(at)),
        Opens::Message => {
            openers.last_message_at = openers.last_message_at.max(Some(at));
            openers.last_action_at = openers.last_action_at.max(Some(at));
        }
    }
}

/// The line of something that nobody wrote waits for the task, where one is bound or on its way.
fn noticed(state: &mut State, line: Option<Line>) {
    if state.takes_outside_lines() {
        state.waiting.extend(line);
    }
}

/// The queue knows of it already.
fn settled(state: &mut State, effect: u64, outcome: &Outcome) {
    state.naming.remove(&effect);
    state.readings.remove(&effect);
    state.asking.remove(&effect);
    if let Some(control) = state.control.as_mut().filter(|control| control.effect == Some(effect)) {
        control.effect = None;
        match outcome {
            Outcome::ControlTaken => {}
            Outcome::ControlDenied { reason, owner } => {
                control.denied = Some(reason.clone());
                state.owner = owner.clone().or(state.owner.take());
            }
            Outcome::TaskOpened { .. }
            | Outcome::CommentsAdded { .. }
            | Outcome::TaskInactive
            | Outcome::TaskGone
            | Outcome::TrackerRefused { .. }
            | Outcome::Profile { .. }
            | Outcome::NoProfile { .. }
            | Outcome::Send { .. }
            | Outcome::ContactNamed
            | Outcome::ThreadRead { .. }
            | Outcome::ThreadUnread { .. } => control.denied = Some("unexpected-outcome".to_owned()),
        }
    }
    state.profile.take_if(|open| *open == effect);
    if let Some(work) = state.tracker.take_if(|work| work.effect == effect) {
        tracker_settled(state, work, outcome);
    }
    let mid = outcome.mid();
    state.held.retain(|echo| Some(&echo.mid) != mid);
}

fn tracker_settled(state: &mut State, work: TrackerWork, outcome: &Outcome) {
    let refusal = match tracker_answer(&work, outcome) {
        TrackerAnswer::Opened | TrackerAnswer::Added => {
            state.tracker_refusal = None;
            if work.task.is_none() && on(Defect::LineDoubled) {
                state.waiting.extend(work.lines);
            }
            return;
        }
        TrackerAnswer::Inactive => None,
        TrackerAnswer::Gone => {
            state.previous = work.task;
            state.binding = Binding::None;
            None
        }
        TrackerAnswer::Refused(reason) => {
            if work.task.is_none() {
                state.binding = Binding::None;
            }
            Some(reason.to_owned())
        }
    };
    state.tracker_refusal = refusal;
    for line in work.lines.into_iter().rev() {
        state.waiting.push_front(line);
    }
}

/// Reads an outcome for the work it answers; an answer to another question counts as a refusal, never as success.
pub(super) fn tracker_answer<'a>(work: &TrackerWork, outcome: &'a Outcome) -> TrackerAnswer<'a> {
    let adds = work.task.is_some();
    match outcome {
        Outcome::TaskOpened { .. } if !adds => TrackerAnswer::Opened,
        Outcome::CommentsAdded { .. } if adds => TrackerAnswer::Added,
        Outcome::TaskInactive if adds && work.if_active => TrackerAnswer::Inactive,
        Outcome::TaskGone if adds => TrackerAnswer::Gone,
        Outcome::TrackerRefused { reason } => TrackerAnswer::Refused(reason),
        Outcome::TaskOpened { .. }
        | Outcome::CommentsAdded { .. }
        | Outcome::TaskInactive
        | Outcome::TaskGone
        | Outcome::Profile { .. }
        | Outcome::NoProfile { .. }
        | Outcome::Send { .. }
        | Outcome::ContactNamed
        | Outcome::ThreadRead { .. }
        | Outcome::ThreadUnread { .. }
        | Outcome::ControlTaken
        | Outcome::ControlDenied { .. } => TrackerAnswer::Refused("unexpected-outcome"),
    }
}

/// A held echo turns out to be another's: its line waits for the task, where one is bound or on its way.
fn sent_outside(state: &mut State, mid: &Mid) {
    state.outside.push_back(mid.clone());
    if state.outside.len() > OUTSIDE_MAX {
        state.outside.pop_front();
    }
    if let Some(index) = state.held.iter().position(|echo| echo.mid == *mid) {
        let echo = state.held.remove(index);
        if state.takes_outside_lines() {
            state.waiting.push_back(echo.line);
        }
    }
}

/// The tracker's effect begins: it takes its lines from the front of those that wait.
fn begin(state: &mut State, task: Option<&TaskId>, if_active: bool, named: bool, lines: &[Line]) {
    let taken: Vec<Line> = state.waiting.drain(..lines.len().min(state.waiting.len())).collect();
    // Those that waited are the event's own, unless an older build chose them otherwise: then the event says what it took.
    let lines = if taken == lines { taken } else { lines.to_vec() };
    state.tracker = Some(TrackerWork { effect: state.seq, task: task.cloned(), if_active, named, lines });
}
