//! Where each part of a reply stands, and how far it got. Follows the rules of the machines' own queue.
//!
//! Echoes and receipts come before or after the answer to a send, so what Meta said about a message that is not known as
//! ours yet is kept for a while. Invariant: a sent part never becomes anything else.

use machine::conversation::{Event, Resolution, SendOutcome, WakeReason};
use machine::outbound::{PartId, PartState};
use model::{CommentId, Echo, EffectId, MachineId, Mid, Redacted, Timestamp};

use crate::brief;
use crate::fold::Chat;
use crate::round::{Round, Snag};
use crate::row::{Heard, Started, StoredConversation, StoredPart, StoredReply};

/// How many of the newest started parts are known by their sends and mids. Receipts and echoes come within minutes.
const STARTED_MAX: usize = 32;

/// How many messages of unknown origin are remembered.
const HEARD_MAX: usize = 32;

/// A reply that was asked for.
pub(crate) struct Asked<'a> {
    /// The comment; `None`: a script asked, and no comment shows where its parts stand.
    pub(crate) comment: Option<&'a CommentId>,
    /// How many parts.
    pub(crate) count: usize,
}

/// Queues a reply's parts.
pub(crate) fn ask(chat: &Chat<'_>, round: &mut Round<'_>, asked: &Asked<'_>) -> Result<(), Snag> {
    let count = u32::try_from(asked.count).unwrap_or(u32::MAX);
    let row = chat.stored(round);
    let first = row.last_part.saturating_add(1);
    row.last_part = row.last_part.saturating_add(count);
    row.shown.parts.queued = row.shown.parts.queued.saturating_add(count);
    for part in (first..).take(asked.count) {
        let state = PartState::Queued { not_before: None };
        round.add_part(chat.key, part, StoredPart { state, echo_at: None, delivered: false });
    }
    let Some(comment) = asked.comment.cloned() else { return Ok(()) };
    let machine = MachineId::Conversation(chat.page.clone(), chat.psid.clone());
    round.add_reply(&StoredReply { comment, machine, first, count })
}

/// Applies an event that names a part. Others change nothing.
pub(crate) fn evolve(chat: &Chat<'_>, round: &mut Round<'_>, seq: u64, event: &Event) -> Result<(), Snag> {
    match event {
        Event::PartRefused { part, reason, at: _ } => set(chat, round, *part, &PartState::Refused { reason: *reason }),
        Event::PartHeld { part, reason, at } => {
            set(chat, round, *part, &PartState::Held { reason: *reason, since: *at })
        }
        Event::AdWindowRefused { part, at: _ } => set(chat, round, *part, &PartState::Queued { not_before: None }),
        Event::PartDelayed { part, at } => set(chat, round, *part, &PartState::Queued { not_before: Some(*at) }),
        Event::PartFailed { part, reason, .. } => {
            set(chat, round, *part, &PartState::Failed { reason: reason.clone() })
        }
        Event::Resolved { part, resolution: Resolution::Retry, by: _ } => {
            set(chat, round, *part, &PartState::Queued { not_before: None })
        }
        Event::SendStarted { part, at, .. } => {
            started(chat.stored(round), *part, seq);
            set(chat, round, *part, &PartState::InFlight { effect: seq, since: *at })
        }
        Event::PartSent { part, mid, at } => {
            set(chat, round, *part, &PartState::Sent { mid: mid.clone(), at: *at })?;
            match mid {
                Some(mid) => place(chat, round, *part, mid),
                None => Ok(()),
            }
        }
        Event::PartInDoubt { part, until, why: _, read_at } => {
            if let Some(PartState::InFlight { effect, .. }) = state(chat, round, *part)? {
                set(chat, round, *part, &PartState::InDoubt { effect, until: *until, told: false, read_at: *read_at })?;
            }
            Ok(())
        }
        Event::ThreadAsked { part, .. } => {
            if let Some(PartState::InDoubt { effect, until, told, read_at: _ }) = state(chat, round, *part)? {
                set(chat, round, *part, &PartState::InDoubt { effect, until, told, read_at: None })?;
            }
            Ok(())
        }
        Event::DoubtRemained { part } => {
            if let Some(PartState::InDoubt { effect, until, told: _, read_at: _ }) = state(chat, round, *part)? {
                set(chat, round, *part, &PartState::InDoubt { effect, until, told: true, read_at: None })?;
            }
            Ok(())
        }
        Event::Woke { reason: WakeReason::Retry, at } => release(chat, round, *at),
        Event::Woke { reason: WakeReason::Held, at } => looked(chat, round, *at),
        Event::Woke {
            reason:
                WakeReason::Gathering | WakeReason::Doubt | WakeReason::Echo | WakeReason::Window | WakeReason::Thread,
            ..
        }
        | Event::Resolved { resolution: Resolution::WasSent | Resolution::GiveUp, .. }
        | Event::Received { .. }
        | Event::ReplyAsked { .. }
        | Event::DispatchGranted { .. }
        | Event::Settled { .. }
        | Event::ProfileAsked { .. }
        | Event::ProfileAskedAgain { .. }
        | Event::ContactNamed { .. }
        | Event::ContactNaming { .. }
        | Event::TaskOpening { .. }
        | Event::TaskBound { .. }
        | Event::CommentsAdding { .. }
        | Event::EchoHeld { .. }
        | Event::ThreadOwned { .. }
        | Event::ControlAsked { .. }
        | Event::SentOutside { .. }
        | Event::PrivacyRefused { .. }
        | Event::WindowClosed { .. } => Ok(()),
    }
}

/// A send has an outcome: Meta's id is known from here.
pub(crate) fn settled(chat: &Chat<'_>, round: &mut Round<'_>, effect: u64, send: &SendOutcome) -> Result<(), Snag> {
    match send {
        SendOutcome::Sent { mid } => match part_of_send(chat.stored(round), effect) {
            Some(part) => place(chat, round, part, mid),
            None => Ok(()),
        },
        SendOutcome::Later { .. } | SendOutcome::Failed { .. } | SendOutcome::InDoubt { .. } => Ok(()),
    }
}

/// An echo came: of one of ours, or of a message to be remembered.
pub(crate) fn echoed(chat: &Chat<'_>, round: &mut Round<'_>, echo: &Echo, at: Timestamp) -> Result<(), Snag> {
    let row = chat.stored(round);
    let named = echo.metadata.as_deref().and_then(|metadata| metadata.parse::<EffectId>().ok());
    let named = named.filter(|effect| effect.machine == row.shown.machine());
    match named.and_then(|effect| part_of_send(row, effect.seq)).or_else(|| part_of_mid(row, &echo.mid)) {
        Some(part) => {
            let heard = Heard { mid: echo.mid.clone(), echo_at: Some(at), delivered: false, line: None };
            note(chat, round, part, &heard)
        }
        None => {
            let heard = hear(row, &echo.mid);
            heard.echo_at.get_or_insert(at);
            heard.line.get_or_insert_with(|| brief::echo(echo));
            Ok(())
        }
    }
}

/// A receipt named messages as delivered.
pub(crate) fn delivered(chat: &Chat<'_>, round: &mut Round<'_>, mids: &[Mid]) -> Result<(), Snag> {
    for mid in mids {
        let row = chat.stored(round);
        match part_of_mid(row, mid) {
            Some(part) => {
                let heard = Heard { mid: mid.clone(), echo_at: None, delivered: true, line: None };
                note(chat, round, part, &heard)?;
            }
            None => hear(row, mid).delivered = true,
        }
    }
    Ok(())
}

/// It was decided that another sent a message: says when and what, where its echo is remembered.
pub(crate) fn sent_outside(
    chat: &Chat<'_>,
    round: &mut Round<'_>,
    mid: &Mid,
) -> Option<(Timestamp, Option<Redacted<String>>)> {
    // It stays remembered, but for its words: the answer to a send may still claim it.
    let heard = chat.stored(round).heard.iter_mut().find(|heard| heard.mid == *mid)?;
    Some((heard.echo_at?, heard.line.take()))
}

impl Chat<'_> {
    pub(crate) fn stored<'r>(&self, round: &'r mut Round<'_>) -> &'r mut StoredConversation {
        round.met(self.met)
    }
}

fn state(chat: &Chat<'_>, round: &mut Round<'_>, part: PartId) -> Result<Option<PartState>, Snag> {
    Ok(round.part(chat.key, part.0)?.map(|row| row.state.clone()))
}

/// The one place where a part's state changes: keeps the counts.
fn set(chat: &Chat<'_>, round: &mut Round<'_>, part: PartId, state: &PartState) -> Result<(), Snag> {
    let Some(row) = round.part(chat.key, part.0)? else { return Ok(()) };
    if matches!(row.state, PartState::Sent { .. }) {
        return Ok(());
    }
    let before = core::mem::replace(&mut row.state, state.clone());
    if matches!(state, PartState::Sent { .. }) {
        round.totals.sent += 1;
    }
    let row = chat.stored(round);
    let count = row.shown.parts.of(&before);
    *count = count.saturating_sub(1);
    *row.shown.parts.of(state) += 1;
    row.parked.retain(|parked| *parked != part.0);
    if matches!(state, PartState::Queued { not_before: Some(_) } | PartState::Held { .. }) {
        row.parked.push(part.0);
    }
    Ok(())
}

/// Whatever was delayed until `at` waits for its turn alone.
fn release(chat: &Chat<'_>, round: &mut Round<'_>, at: Timestamp) -> Result<(), Snag> {
    for part in chat.stored(round).parked.clone() {
        let part = PartId(part);
        if let Some(PartState::Queued { not_before: Some(not_before) }) = state(chat, round, part)?
            && not_before <= at
        {
            set(chat, round, part, &PartState::Queued { not_before: None })?;
        }
    }
    Ok(())
}

/// Whatever is held was looked at.
fn looked(chat: &Chat<'_>, round: &mut Round<'_>, at: Timestamp) -> Result<(), Snag> {
    for part in chat.stored(round).parked.clone() {
        if let Some(row) = round.part(chat.key, part)?
            && let PartState::Held { reason: _, since } = &mut row.state
        {
            *since = at;
        }
    }
    Ok(())
}

/// Remembers a start.
fn started(row: &mut StoredConversation, part: PartId, seq: u64) {
    if let Some(started) = row.started.iter_mut().find(|started| started.part == part.0) {
        started.sends.push(seq);
        return;
    }
    if row.started.len() == STARTED_MAX {
        row.started.remove(0);
    }
    row.started.push(Started { part: part.0, sends: vec![seq], mid: None });
}

/// Meta's id of a part is known: what was heard of it belongs to the part.
fn place(chat: &Chat<'_>, round: &mut Round<'_>, part: PartId, mid: &Mid) -> Result<(), Snag> {
    let row = chat.stored(round);
    if let Some(started) = row.started.iter_mut().find(|started| started.part == part.0) {
        started.mid = Some(mid.clone());
    }
    match row.heard.iter().position(|heard| heard.mid == *mid) {
        Some(index) => {
            let heard = row.heard.remove(index);
            note(chat, round, part, &heard)
        }
        None => Ok(()),
    }
}

/// What Meta said about a part. Of several echoes the earliest counts.
fn note(chat: &Chat<'_>, round: &mut Round<'_>, part: PartId, heard: &Heard) -> Result<(), Snag> {
    if let Some(row) = round.part(chat.key, part.0)? {
        row.echo_at = [row.echo_at, heard.echo_at].into_iter().flatten().min();
        row.delivered |= heard.delivered;
    }
    Ok(())
}

/// The memory of a message of unknown origin.
fn hear<'r>(row: &'r mut StoredConversation, mid: &Mid) -> &'r mut Heard {
    let index = match row.heard.iter().position(|heard| heard.mid == *mid) {
        Some(index) => index,
        None => {
            if row.heard.len() == HEARD_MAX {
                row.heard.remove(0);
            }
            row.heard.push(Heard { mid: mid.clone(), echo_at: None, delivered: false, line: None });
            row.heard.len() - 1
        }
    };
    &mut row.heard[index]
}

fn part_of_send(row: &StoredConversation, effect: u64) -> Option<PartId> {
    row.started.iter().find(|started| started.sends.contains(&effect)).map(|started| PartId(started.part))
}

fn part_of_mid(row: &StoredConversation, mid: &Mid) -> Option<PartId> {
    row.started.iter().find(|started| started.mid.as_ref() == Some(mid)).map(|started| PartId(started.part))
}
