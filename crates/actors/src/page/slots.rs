//! The Page's children: bringing them into memory, handing them work, letting them go, starting them again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use machine::Context;
use model::{MachineId, Psid, Timestamp};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef};

use super::{PageBirth, PageMsg, Parts, item_done, later};
use crate::conversation::{Birth, ConversationActor, ConversationMsg, StoreTrouble};
use crate::host::LoadFault;
use crate::ports::Counters;
use crate::share::Share;
use crate::slot::{Cause, Slot, Stage, idle, longest_idle};
use crate::work::{Fate, Ticket, Waiting, Work, tell};

/// Hands over as much as the conversation has credit for.
fn hand_over(slot: &mut Slot<ActorRef<ConversationMsg>, Waiting>, credit: usize, context: &Arc<Context>) {
    while let Some((actor, ticket)) = slot.next(credit) {
        let (id, sure) = (ticket.id, ticket.sure);
        let message =
            ConversationMsg::Work { ticket: id, work: ticket.work.clone(), sure, context: Arc::clone(context) };
        if actor.cast(message).is_err() {
            // It has just ended; its end will reach us and bring the work back.
            return;
        }
    }
}

impl Parts {
    /// Takes in a delivery's items; one that is here already is ignored.
    pub(super) async fn items(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        share: Share,
    ) -> Result<(), ActorProcessingErr> {
        let items = share.len();
        let Share { delivery, inbounds, page_inbounds, anomalies } = share;
        if self.pending.contains_key(&delivery) {
            return Ok(());
        }
        self.pending.insert(delivery, items);
        // First, because a block or its end concerns everything that follows.
        for inbound in page_inbounds {
            self.receive(me, birth, delivery, inbound);
        }
        for anomaly in anomalies {
            self.keep_anomaly(me, birth, delivery, anomaly);
        }
        for inbound in inbounds {
            if self.context.page.known {
                let psid = inbound.psid.clone();
                let ticket = self.ticket(Work::Item { delivery, inbound: Arc::new(inbound) }, None);
                self.give(me, birth, psid, ticket).await?;
            } else {
                birth.ports.counters.oddities.stranger(delivery, &birth.page);
                self.quarantine(me, birth, delivery, inbound.key, "unknown-page");
            }
        }
        Ok(())
    }

    /// Queues a piece of work for a conversation, bringing it into memory if need be.
    pub(super) async fn give(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        psid: Psid,
        ticket: Ticket<Waiting>,
    ) -> Result<(), ActorProcessingErr> {
        let slot = match self.slots.get_mut(&psid) {
            Some(slot) => slot,
            None => {
                let comes = matches!(ticket.work, Work::Dispatch) || self.turns.stands(&psid);
                self.activate(me, birth, psid.clone(), comes).await?;
                let Some(slot) = self.slots.get_mut(&psid) else { return Ok(()) };
                slot
            }
        };
        slot.push(ticket);
        slot.used_at = birth.ports.clock.now();
        hand_over(slot, self.credit, &self.context);
        Ok(())
    }

    /// Brings a conversation into memory; it loads itself. One to which a turn to send comes already does not ask for it,
    /// because of two turns one would be wasted.
    pub(super) async fn activate(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        psid: Psid,
        turn_comes: bool,
    ) -> Result<(), ActorProcessingErr> {
        let now = birth.ports.clock.now();
        let child = Box::new(Birth {
            page: birth.page.clone(),
            psid: psid.clone(),
            ports: birth.ports.clone(),
            parent: self.parent.clone(),
            sender: self.sender.clone(),
            errands: Arc::clone(&self.errands),
            context: Arc::clone(&self.context),
            turn_comes,
        });
        let (actor, _) = ConversationActor::spawn_linked(None, ConversationActor, child, me.get_cell()).await?;
        Counters::add(&birth.ports.counters.activations, 1);
        Counters::add(&birth.ports.counters.resident, 1);
        self.by_actor.insert(actor.get_id(), psid.clone());
        match self.slots.get_mut(&psid) {
            Some(slot) => slot.stage = Stage::Up(actor),
            None => {
                self.slots.insert(psid, Slot::new(actor, now));
                self.make_room(birth);
            }
        }
        Ok(())
    }

    /// The same for one whose work waits here.
    async fn activate_again(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        psid: Psid,
    ) -> Result<(), ActorProcessingErr> {
        let comes = self.turns.stands(&psid) || self.slots.get(&psid).is_some_and(Slot::has_turn);
        self.activate(me, birth, psid, comes).await
    }

    /// Hands over as much as the conversation has credit for.
    pub(super) fn pump(&mut self, psid: &Psid) {
        if let Some(slot) = self.slots.get_mut(psid) {
            hand_over(slot, self.credit, &self.context);
        }
    }

    pub(super) fn done(&mut self, birth: &PageBirth, psid: &Psid, tickets: Vec<(u64, Fate)>) {
        let Some(slot) = self.slots.get_mut(psid) else { return };
        for (id, fate) in tickets {
            let Some(ticket) = slot.done(id) else { continue };
            if let Work::Item { delivery, .. } = ticket.work {
                item_done(&mut self.pending, &mut self.finished, delivery);
            }
            if let Some(waiting) = ticket.waiting {
                tell(waiting, fate);
            }
        }
        hand_over(slot, self.credit, &self.context);
        // While all were at work none could be let go for those who came; the first that have nothing to do leave.
        if slot.quiet() && self.is_over(birth) {
            self.let_go(psid);
        }
    }

    /// More are resident than should be, here or everywhere; a quarter more here, so that a Page at its limit does not
    /// let go of everybody who has answered.
    fn is_over(&self, birth: &PageBirth) -> bool {
        let everywhere = birth.ports.counters.resident.load(Ordering::Relaxed);
        let here = birth.limits.resident_max;
        everywhere > birth.limits.residents_max || self.slots.len() > here + here / 4 + self.leaving
    }

    /// A conversation finished and left.
    pub(super) async fn left(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        actor: ActorId,
    ) -> Result<(), ActorProcessingErr> {
        let Some(psid) = self.by_actor.remove(&actor) else { return Ok(()) };
        Counters::sub(&birth.ports.counters.resident, 1);
        if self.slots.get(&psid).is_some_and(Slot::quiet) {
            self.slots.remove(&psid);
            return Ok(());
        }
        self.activate_again(me, birth, psid.clone()).await?;
        self.pump(&psid);
        Ok(())
    }

    /// A conversation ended unplanned: its work comes back, and after a while it starts again.
    pub(super) fn failed(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        actor: ActorId,
        fault: &ActorProcessingErr,
    ) {
        let Some(psid) = self.by_actor.remove(&actor) else { return };
        Counters::sub(&birth.ports.counters.resident, 1);
        Counters::add(&birth.ports.counters.failures, 1);
        let Some(slot) = self.slots.get_mut(&psid) else { return };
        let cause = if fault.is::<StoreTrouble>() {
            Cause::Store
        } else if fault.is::<LoadFault>() {
            Cause::Unreadable
        } else {
            Cause::Work
        };
        let now = birth.ports.clock.now();
        let blame = slot.failed(now, cause, birth.limits.failures_max);
        let machine = MachineId::Conversation(birth.page.clone(), psid.clone());
        let retry_ms = (blame.retry_at - now).0;
        if cause == Cause::Unreadable {
            tracing::error!(%machine, fault = %fault, retry_ms, "a conversation cannot be rebuilt; run `pagedesk journal verify`");
        } else {
            tracing::warn!(%machine, retry_ms, %cause, "a conversation ended; starting it again");
        }
        if let Some(ticket) = blame.poisoned {
            self.set_aside(me, birth, &machine, ticket);
        }
        later(me, birth, blame.retry_at, move || PageMsg::Restart { psid });
    }

    /// A piece of work that brings its conversation down every time is quarantined; its neighbours go on.
    fn set_aside(&mut self, me: &ActorRef<PageMsg>, birth: &PageBirth, machine: &MachineId, ticket: Ticket<Waiting>) {
        tracing::error!(%machine, work = ticket.work.name(), failures = ticket.failures, "quarantined: it brings its conversation down every time");
        if let Some(waiting) = ticket.waiting {
            tell(waiting, Fate::Quarantined);
        }
        if let Work::Item { delivery, inbound } = ticket.work {
            self.quarantine(me, birth, delivery, inbound.key, "brings-its-conversation-down");
        }
    }

    pub(super) async fn restart(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        psid: Psid,
    ) -> Result<(), ActorProcessingErr> {
        let due = match self.slots.get(&psid).map(|slot| &slot.stage) {
            Some(Stage::Backoff(at)) => *at <= birth.ports.clock.now(),
            Some(Stage::Up(_) | Stage::Draining(_)) | None => false,
        };
        if due {
            self.activate_again(me, birth, psid.clone()).await?;
            self.pump(&psid);
        }
        Ok(())
    }

    /// Lets go of conversations without work for longer than the limit.
    pub(super) fn sweep(&mut self, birth: &PageBirth, now: Timestamp) {
        idle(&self.slots, birth.limits.idle, now).iter().for_each(|psid| self.let_go(psid));
    }

    /// Over the limit of residents the longest idle tenth goes.
    fn make_room(&mut self, birth: &PageBirth) {
        let everywhere = birth.ports.counters.resident.load(Ordering::Relaxed);
        if self.slots.len() <= birth.limits.resident_max + self.leaving && everywhere <= birth.limits.residents_max {
            return;
        }
        let count = birth.limits.resident_max / 10 + 1;
        longest_idle(&self.slots, count).iter().for_each(|psid| self.let_go(psid));
        self.leaving = self.slots.values().filter(|slot| matches!(slot.stage, Stage::Draining(_))).count();
    }

    /// Passivation: `drain` handles what is in the mailbox first; meanwhile new work is held in the slot.
    fn let_go(&mut self, psid: &Psid) {
        let Some(slot) = self.slots.get_mut(psid) else { return };
        if let Stage::Up(actor) = &slot.stage
            && actor.get_cell().drain().is_ok()
        {
            slot.stage = Stage::Draining(actor.clone());
        }
    }
}
