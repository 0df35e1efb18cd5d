//! What the journal's events do to rows. Pure but for the rows; the machines' own `evolve` stays the only truth.
//!
//! Invariant: a record that cannot be read is counted and named in the log, and nothing else stops for it.

use journal::StoredBatch;
use machine::Machine;
use machine::conversation::{Conversation, Event, Opens, Outcome, opens};
use machine::page::{Event as PageEvent, Page};
use model::{Inbound, Kind, MachineId, PageId, Psid, Redacted, Timestamp};

use crate::brief;
use crate::changes::machine_of;
use crate::parts::{self, Asked};
use crate::round::{MetAt, Round, Snag};
use crate::row::ConversationRow;

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
                    Ok(event) => page_event(round, page, event)?,
                    Err(fault) => unreadable(round, position, &fault),
                }
            }
        }
        // Nothing of an account is listed.
        Some(MachineId::Account(_)) => (),
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

fn page_event(round: &mut Round<'_>, page: &PageId, event: PageEvent) -> Result<(), Snag> {
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
        }
        PageEvent::Configured { facts } => {
            (row.name, row.known, row.token, row.restricted) = (facts.name, facts.known, facts.token, facts.restricted);
        }
        PageEvent::TokenRefused { .. } => row.token = false,
        PageEvent::Restricted => row.restricted = true,
        PageEvent::RestrictionLifted => row.restricted = false,
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
                parts::ask(self, round, &Asked { comment: &reply.comment, count: reply.contents.len() })
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
                if let Some(at) = parts::sent_outside(self, round, mid)? {
                    answered(self.row(round), at);
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
            Event::Woke { .. }
            | Event::Resolved { .. }
            | Event::PartRefused { .. }
            | Event::PartHeld { .. }
            | Event::PartDelayed { .. }
            | Event::PartFailed { .. }
            | Event::PartInDoubt { .. }
            | Event::DoubtRemained { .. } => parts::evolve(self, round, seq, event),
            Event::ProfileAsked { .. } | Event::TaskOpening { .. } => self.unbind(round),
            Event::DispatchGranted { .. }
            | Event::ProfileAskedAgain { .. }
            | Event::ContactNaming { .. }
            | Event::CommentsAdding { .. }
            | Event::EchoHeld { .. }
            | Event::ThreadOwned { .. }
            | Event::WindowClosed { .. } => Ok(()),
        }
    }

    fn received(&self, round: &mut Round<'_>, inbound: &Inbound) -> Result<(), Snag> {
        round.totals.inbounds += 1;
        round.page(self.page)?.received += 1;
        let row = self.row(round);
        match opens(&inbound.kind) {
            Opens::Nothing => {}
            Opens::Window => row.last_action_at = row.last_action_at.max(Some(inbound.at)),
            Opens::Message => {
                row.last_message_at = row.last_message_at.max(Some(inbound.at));
                row.last_action_at = row.last_action_at.max(Some(inbound.at));
            }
        }
        match &inbound.kind {
            Kind::Message(message) => said(row, inbound.at, || brief::message(message)),
            Kind::Postback(postback) => said(row, inbound.at, || brief::postback(postback)),
            Kind::Order(order) => said(row, inbound.at, || brief::order(order)),
            Kind::Reaction(_)
            | Kind::Edit(_)
            | Kind::Unsend(_)
            | Kind::Referral(_)
            | Kind::Optin(_)
            | Kind::Handover(_)
            | Kind::AccountLink(_)
            | Kind::Feedback(_)
            | Kind::Notice(_) => {
                touch(row, inbound.at);
                tell(row, inbound.at, || brief::notice(&inbound.kind));
            }
            Kind::Legacy(_) => touch(row, inbound.at),
            Kind::Echo(echo) => {
                touch(row, inbound.at);
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
            | Outcome::ContactNamed => (),
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
fn said(row: &mut ConversationRow, at: Timestamp, line: impl FnOnce() -> Redacted<String>) {
    touch(row, at);
    row.last_said_at = row.last_said_at.max(Some(at));
    tell(row, at, || Some(line()));
}

/// The list shows the newest line by Meta's time.
fn tell(row: &mut ConversationRow, at: Timestamp, line: impl FnOnce() -> Option<Redacted<String>>) {
    if row.last_line_at <= Some(at)
        && let Some(line) = line()
    {
        (row.last_line_at, row.last_line) = (Some(at), Some(line));
    }
}
