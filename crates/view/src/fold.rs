//! What the journal's events do to rows. Pure but for the rows; the machines' own `evolve` stays the only truth.
//!
//! Invariant: a record that cannot be read is counted and named in the log, and nothing else stops for it.

use journal::StoredBatch;
use machine::Machine;
use machine::account::{Account, Event as AccountEvent};
use machine::conversation::{Conversation, Event, Evidence, Opens, Outcome, ad_refused, opens};
use machine::page::{Event as PageEvent, Page};
use model::{Channel, Edit, Inbound, Kind, MachineId, Mid, PageId, Psid, Redacted, Timestamp};

use crate::brief;
use crate::changes::machine_of;
use crate::happening;
use crate::parts::{self, Asked};
use crate::round::{MetAt, Round, Snag};
use crate::row::{ConversationRow, LastBy, PausedSends, StoredConversation};

/// Folds one batch and says whose it is; `None` where its key names no machine.
pub(crate) fn batch(round: &mut Round<'_>, batch: &StoredBatch) -> Result<Option<MachineId>, Snag> {
    let position = batch.position.0;
    let machine = machine_of(&batch.key);
    match &machine {
        Some(MachineId::Conversation(page, psid)) => {
            let met = round.conversation(&batch.key, page, psid)?;
            let chat = Chat { key: &batch.key, page, psid, met };
            for stored in &batch.records {
                let record = &stored.record;
                match Conversation::decode(record.kind, record.version, &record.body) {
                    Ok(event) => chat.fold(round, stored.seq, &event)?,
                    Err(fault) => unreadable(round, position, &fault),
                }
            }
            chat.row(round).position = position;
        }
        Some(MachineId::Page(page)) => {
            for stored in &batch.records {
                let record = &stored.record;
                match Page::decode(record.kind, record.version, &record.body) {
                    Ok(event) => page_event(round, page, stored.seq, event)?,
                    Err(fault) => unreadable(round, position, &fault),
                }
            }
        }
        Some(MachineId::Account(_)) => {
            for stored in &batch.records {
                let record = &stored.record;
                match Account::decode(record.kind, record.version, &record.body) {
                    Ok(AccountEvent::Configured { facts }) => round.set_account(&facts)?,
                    Ok(AccountEvent::FeedRead { .. }) => {}
                    Err(fault) => unreadable(round, position, &fault),
                }
            }
        }
        None => unreadable(round, position, &"its key names no machine"),
    }
    Ok(machine)
}

fn unreadable(round: &mut Round<'_>, position: u64, fault: &dyn core::fmt::Display) {
    tracing::error!(position, %fault, "a record cannot be shown");
    round.totals.unreadable += 1;
}

/// Most kinds that are counted apart on one Page.
const KINDS_MAX: usize = 500;

fn page_event(round: &mut Round<'_>, page: &PageId, seq: u64, event: PageEvent) -> Result<(), Snag> {
    let row = round.page(page)?;
    match event {
        PageEvent::Received { inbound } => {
            row.received += 1;
            let word = inbound.kind.word();
            let word =
                if row.happened.contains_key(&*word) || row.happened.len() < KINDS_MAX { &word } else { "other" };
            *row.happened.entry(word.to_owned()).or_default() += 1;
            if row.last_line_at <= Some(inbound.at) {
                row.last_line_at = Some(inbound.at);
                row.last_line = Some(brief::of_page(&machine::page::line(&inbound.kind)));
            }
            round.totals.inbounds += 1;
            round.add_happening(seq, &happening::row(page, &inbound))?;
        }
        PageEvent::Configured { facts } => {
            (row.name, row.known, row.token, row.restricted) = (facts.name, facts.known, facts.token, facts.restricted);
        }
        PageEvent::TokenRefused { .. } => row.token = false,
        PageEvent::Restricted => row.restricted = true,
        PageEvent::RestrictionLifted => row.restricted = false,
        PageEvent::SendsPaused { stop, step: _, until } => row.paused = Some(PausedSends { row: stop.row, until }),
        PageEvent::SendsResumed => row.paused = None,
        PageEvent::ItemQuarantined { .. } => {
            row.quarantined += 1;
            round.totals.quarantined += 1;
        }
        PageEvent::AnomalyKept { .. } => {
            row.anomalies += 1;
            round.totals.anomalies += 1;
        }
    }
    Ok(())
}

/// The conversation whose events are folded.
pub(crate) struct Chat<'a> {
    /// Its journal key.
    pub(crate) key: &'a [u8],
    /// The Page.
    pub(crate) page: &'a PageId,
    /// The customer.
    pub(crate) psid: &'a Psid,
    /// Its place among the rows met.
    pub(crate) met: MetAt,
}

impl Chat<'_> {
    fn row<'r>(&self, round: &'r mut Round<'_>) -> &'r mut ConversationRow {
        &mut round.met(self.met).shown
    }

    fn fold(&self, round: &mut Round<'_>, seq: u64, event: &Event) -> Result<(), Snag> {
        match event {
            Event::Received { inbound } => self.received(round, inbound),
            Event::ReplyAsked { reply } => {
                round.totals.replies += 1;
                touch(self.row(round), reply.at);
                let by = LastBy::Agent(reply.by.clone());
                tell(self.stored(round), reply.at, by, None, || brief::answer(&reply.contents));
                parts::ask(self, round, &Asked { comment: reply.source.comment(), count: reply.contents.len() })
            }
            Event::Settled { effect, outcome } => self.settled(round, *effect, outcome),
            Event::ContactNamed { name } => {
                self.row(round).name = Some(name.clone());
                Ok(())
            }
            Event::TaskBound { task, contact: _ } => {
                if self.row(round).task.replace(task.clone()).is_none() {
                    round.totals.bound += 1;
                }
                Ok(())
            }
            Event::SentOutside { mid } => {
                round.totals.sent_outside += 1;
                if let Some((at, line)) = parts::sent_outside(self, round, mid) {
                    answered(self.row(round), at);
                    if let Some(line) = line {
                        tell(self.stored(round), at, LastBy::Outside, Some(mid), || line);
                    }
                }
                Ok(())
            }
            Event::SendStarted { at: _, .. } => {
                round.totals.sends_started += 1;
                parts::evolve(self, round, seq, event)
            }
            Event::PartSent { part: _, mid: _, at } => {
                answered(self.row(round), *at);
                parts::evolve(self, round, seq, event)
            }
            Event::AdWindowRefused { part: _, at } => {
                let stored = self.stored(round);
                stored.ad_refused_at = stored.ad_refused_at.max(Some(*at));
                refused_by_meta(stored);
                parts::evolve(self, round, seq, event)
            }
            Event::Woke { .. }
            | Event::Resolved { .. }
            | Event::PartRefused { .. }
            | Event::PartHeld { .. }
            | Event::PartDelayed { .. }
            | Event::PartFailed { .. }
            | Event::PartInDoubt { .. }
            | Event::ThreadAsked { .. }
            | Event::DoubtRemained { .. } => parts::evolve(self, round, seq, event),
            Event::PrivacyRefused { .. } => Ok(()),
            Event::ProfileAsked { .. } | Event::TaskOpening { .. } => self.unbind(round),
            Event::DispatchGranted { .. }
            | Event::ProfileAskedAgain { .. }
            | Event::ContactNaming { .. }
            | Event::CommentsAdding { .. }
            | Event::ControlAsked { .. }
            | Event::EchoHeld { .. }
            | Event::WindowClosed { .. } => Ok(()),
            Event::ThreadOwned { ours, at, key } => {
                owned(self.stored(round), Evidence { at: *at, is_handover: true, key: *key }, !ours);
                Ok(())
            }
        }
    }

    fn received(&self, round: &mut Round<'_>, inbound: &Inbound) -> Result<(), Snag> {
        round.totals.inbounds += 1;
        round.page(self.page)?.received += 1;
        let (at, stored) = (inbound.at, self.stored(round));
        owned(stored, Evidence { at, is_handover: false, key: inbound.key }, inbound.channel == Channel::Standby);
        stored.shown.ad_message_at = stored.ads.hear(&inbound.kind, inbound.at);
        refused_by_meta(stored);
        let row = &mut stored.shown;
        match opens(&inbound.kind) {
            Opens::Nothing => {}
            Opens::Window => row.last_action_at = row.last_action_at.max(Some(inbound.at)),
            Opens::Message => {
                row.last_message_at = row.last_message_at.max(Some(inbound.at));
                row.last_action_at = row.last_action_at.max(Some(inbound.at));
            }
        }
        match &inbound.kind {
            Kind::Message(message) => said(stored, at, Some(&message.mid), || brief::message(message)),
            Kind::Postback(postback) => said(stored, at, postback.mid.as_ref(), || brief::postback(postback)),
            Kind::Order(order) => said(stored, at, None, || brief::order(order)),
            Kind::Edit(edit) => edited(stored, at, edit, &inbound.kind),
            Kind::Unsend(unsend) if stored.last_mid.as_ref() == Some(&unsend.mid) => {
                touch(row, at);
                row.last_line = Some(Redacted::new("took back a message".to_owned()));
            }
            Kind::Reaction(_)
            | Kind::Unsend(_)
            | Kind::Referral(_)
            | Kind::Optin(_)
            | Kind::AccountLink(_)
            | Kind::Feedback(_)
            | Kind::Notice(_) => notice(row, at, &inbound.kind),
            // Whose the thread is, the mark of the window says.
            Kind::Handover(_) | Kind::Legacy(_) => touch(row, at),
            Kind::Echo(echo) => {
                touch(row, at);
                parts::echoed(self, round, echo, inbound.at)?;
            }
            Kind::Delivered(receipt) => {
                row.delivered_at = row.delivered_at.max(Some(receipt.watermark));
                parts::delivered(self, round, &receipt.mids)?;
            }
            Kind::Read(receipt) => row.read_at = row.read_at.max(Some(receipt.watermark)),
        }
        Ok(())
    }

    /// The messages go to no task until the next one stands.
    fn unbind(&self, round: &mut Round<'_>) -> Result<(), Snag> {
        if self.row(round).task.take().is_some() {
            round.totals.bound = round.totals.bound.saturating_sub(1);
        }
        Ok(())
    }

    fn settled(&self, round: &mut Round<'_>, effect: u64, outcome: &Outcome) -> Result<(), Snag> {
        match outcome {
            Outcome::TaskOpened { .. } => round.totals.tasks_opened += 1,
            Outcome::TaskGone => self.unbind(round)?,
            Outcome::Send { send } => parts::settled(self, round, effect, send)?,
            Outcome::CommentsAdded { .. }
            | Outcome::TaskInactive
            | Outcome::TrackerRefused { .. }
            | Outcome::Profile { .. }
            | Outcome::NoProfile { .. }
            | Outcome::ContactNamed
            | Outcome::ThreadRead { .. }
            | Outcome::ThreadUnread { .. }
            | Outcome::ControlTaken
            | Outcome::ControlDenied { .. } => (),
        }
        Ok(())
    }
}

/// Somebody said something.
fn touch(row: &mut ConversationRow, at: Timestamp) {
    row.last_activity_at = row.last_activity_at.max(at);
}

/// The Page said something.
fn answered(row: &mut ConversationRow, at: Timestamp) {
    touch(row, at);
    row.last_answer_at = row.last_answer_at.max(Some(at));
}

/// The customer said something.
fn said(stored: &mut StoredConversation, at: Timestamp, mid: Option<&Mid>, line: impl FnOnce() -> Redacted<String>) {
    let row = &mut stored.shown;
    touch(row, at);
    row.last_said_at = row.last_said_at.max(Some(at));
    tell(stored, at, LastBy::Customer, mid, line);
}

/// The list shows the newest words. Whatever else happened gives way to them.
fn tell(
    stored: &mut StoredConversation,
    at: Timestamp,
    by: LastBy,
    mid: Option<&Mid>,
    line: impl FnOnce() -> Redacted<String>,
) {
    let row = &mut stored.shown;
    if row.last_by.is_none() || row.last_line_at <= Some(at) {
        (row.last_line_at, row.last_line, row.last_by) = (Some(at), Some(line()), Some(by));
        stored.last_mid = mid.cloned();
    }
}

/// Something happened that nobody wrote: shown as long as there are no words.
fn notice(row: &mut ConversationRow, at: Timestamp, kind: &Kind) {
    touch(row, at);
    if row.last_by.is_none()
        && row.last_line_at <= Some(at)
        && let Some(line) = brief::notice(kind)
    {
        (row.last_line_at, row.last_line) = (Some(at), Some(line));
    }
}

/// A message was changed: the words shown are those it has now.
fn edited(stored: &mut StoredConversation, at: Timestamp, edit: &Edit, kind: &Kind) {
    if stored.last_mid.as_ref() == Some(&edit.mid) {
        touch(&mut stored.shown, at);
        stored.shown.last_line = Some(brief::edited(edit.text.as_ref()));
    } else {
        notice(&mut stored.shown, at, kind);
    }
}

/// Whether what Meta refused rested on the message after an ad that counts now.
fn refused_by_meta(stored: &mut StoredConversation) {
    stored.shown.ad_refused = ad_refused(stored.ad_refused_at, stored.shown.ad_message_at);
}

/// Takes in who owns the thread, unless something stronger is known: as the machine does.
fn owned(stored: &mut StoredConversation, evidence: Evidence, standby: bool) {
    if stored.evidence.is_none_or(|known| known < evidence) {
        stored.evidence = Some(evidence);
        stored.shown.standby = standby;
    }
}
