//! The Page's children: bringing them into memory, handing them work, letting them go, starting them again. See
//! `actors::page::slots`.

use std::sync::Arc;

use actors::share::Share;
use actors::slot::{Cause, Slot, Stage, idle, longest_idle};
use actors::work::{Ticket, Work};
use model::Psid;

use super::Ground;
use super::agenda::Later;
use super::conversation::ConversationMsg;
use super::page::Page;
use super::tree::Tree;

impl Page {
    /// Conversations that are resident and not leaving.
    pub(super) fn children_up(&self) -> impl Iterator<Item = usize> {
        self.slots.values().filter_map(|slot| match slot.stage {
            Stage::Up(conversation) => Some(conversation),
            Stage::Draining(_) | Stage::Backoff(_) => None,
        })
    }
}

impl Tree {
    /// Takes in a delivery's items; one that is here already is ignored.
    pub(super) fn items<O>(&mut self, ground: &mut Ground<O>, page: usize, share: Share) {
        let items = share.len();
        let Share { delivery, inbounds, page_inbounds, anomalies } = share;
        if self.pages[page].pending.contains_key(&delivery) {
            return;
        }
        self.pages[page].pending.insert(delivery, items);
        // First, because a block or its end concerns everything that follows.
        for inbound in page_inbounds {
            self.receive_own(ground, page, delivery, inbound);
        }
        for anomaly in anomalies {
            self.keep_anomaly(ground, page, delivery, anomaly);
        }
        for inbound in inbounds {
            if self.pages[page].context.page.known {
                let conversation = self.conversation(ground, page, &inbound.psid);
                let work = Work::Item { delivery, inbound: Arc::new(inbound) };
                let ticket = self.pages[page].ticket(work, None);
                self.give(ground, page, conversation, ticket);
            } else {
                self.quarantine(ground, page, (delivery, inbound.key), "unknown-page");
            }
        }
    }

    /// Queues a piece of work for a conversation, bringing it into memory if need be.
    pub(super) fn give<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize, ticket: Ticket<u64>) {
        let now = ground.now();
        if !self.pages[page].slots.contains_key(&self.conversations[conversation].psid) {
            let comes = matches!(ticket.work, Work::Dispatch) || self.pages[page].turns.stands(&conversation);
            self.activate(ground, page, conversation, comes);
        }
        let psid = &self.conversations[conversation].psid;
        let Some(slot) = self.pages[page].slots.get_mut(psid) else { return };
        slot.push(ticket);
        slot.used_at = now;
        self.pump(ground, page, conversation);
    }

    /// Brings a conversation into memory; it loads itself.
    pub(super) fn activate<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize, turn_comes: bool) {
        let context = Arc::clone(&self.pages[page].context);
        self.conversations[conversation].spawn(&mut ground.agenda, conversation, context, turn_comes);
        self.resident += 1;
        let psid = &self.conversations[conversation].psid;
        match self.pages[page].slots.get_mut(psid) {
            Some(slot) => slot.stage = Stage::Up(conversation),
            None => {
                self.pages[page].slots.insert(psid.clone(), Slot::new(conversation, ground.now()));
                self.make_room(ground, page);
            }
        }
    }

    /// The same for one whose work waits here.
    fn activate_again<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize) {
        let of = &self.pages[page];
        let psid = &self.conversations[conversation].psid;
        let comes = of.turns.stands(&conversation) || of.slots.get(psid).is_some_and(Slot::has_turn);
        self.activate(ground, page, conversation, comes);
    }

    /// Hands over as much as the conversation has credit for.
    pub(super) fn pump<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize) {
        let psid = &self.conversations[conversation].psid;
        let Page { slots, context, .. } = &mut self.pages[page];
        let Some(slot) = slots.get_mut(psid) else { return };
        while let Some((_, ticket)) = slot.next(self.limits.conversation_credit) {
            let (ticket, work, sure) = (ticket.id, ticket.work.clone(), ticket.sure);
            let message = ConversationMsg::Work { ticket, work, sure, context: Arc::clone(&*context) };
            if !self.conversations[conversation].post(&mut ground.agenda, conversation, message) {
                // It has just ended; its end will reach us and bring the work back.
                return;
            }
        }
    }

    pub(super) fn done<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize, tickets: &[u64]) {
        let psid = self.conversations[conversation].psid.clone();
        for id in tickets {
            let of = &mut self.pages[page];
            let Some(slot) = of.slots.get_mut(&psid) else { return };
            let Some(ticket) = slot.done(*id) else { continue };
            if let Work::Item { delivery, .. } = ticket.work {
                of.item_done(delivery);
            }
            if let Some(reading) = ticket.waiting {
                self.reply_kept(ground, reading);
            }
        }
        self.pump(ground, page, conversation);
        // While all were at work none could be let go for those who came; the first that have nothing to do leave.
        let quiet = self.pages[page].slots.get(&psid).is_some_and(Slot::quiet);
        if quiet && self.is_over(page) {
            self.let_go(ground, page, &psid);
        }
    }

    /// More are resident than should be, here or everywhere.
    fn is_over(&self, page: usize) -> bool {
        let (here, of) = (self.limits.resident_max, &self.pages[page]);
        self.resident > self.limits.residents_max || of.slots.len() > here + here / 4 + of.leaving
    }

    /// A conversation finished and left.
    pub(super) fn left<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize) {
        self.resident = self.resident.saturating_sub(1);
        let psid = &self.conversations[conversation].psid;
        if self.pages[page].slots.get(psid).is_some_and(Slot::quiet) {
            self.pages[page].slots.remove(psid);
            return;
        }
        self.activate_again(ground, page, conversation);
        self.pump(ground, page, conversation);
    }

    /// A conversation ended unplanned: its work comes back, and after a while it starts again.
    pub(super) fn failed<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize, cause: Cause) {
        self.resident = self.resident.saturating_sub(1);
        let psid = &self.conversations[conversation].psid;
        let Some(slot) = self.pages[page].slots.get_mut(psid) else { return };
        // The store and unreadable records blame no piece of work, so none is set aside here.
        let blame = slot.failed(ground.now(), cause, self.limits.failures_max);
        self.later(ground, page, blame.retry_at, Later::Restart(conversation));
    }

    pub(super) fn restart_child<O>(&mut self, ground: &mut Ground<O>, page: usize, conversation: usize) {
        let psid = &self.conversations[conversation].psid;
        let due = match self.pages[page].slots.get(psid).map(|slot| &slot.stage) {
            Some(Stage::Backoff(at)) => *at <= ground.now(),
            Some(Stage::Up(_) | Stage::Draining(_)) | None => false,
        };
        if due {
            self.activate_again(ground, page, conversation);
            self.pump(ground, page, conversation);
        }
    }

    /// Lets go of conversations without work for longer than the limit.
    pub(super) fn sweep<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        let idle = idle(&self.pages[page].slots, self.limits.idle, ground.now());
        idle.iter().for_each(|psid| self.let_go(ground, page, psid));
    }

    /// Over the limit of residents the longest idle tenth goes.
    fn make_room<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        let of = &self.pages[page];
        let here = of.slots.len() <= self.limits.resident_max + of.leaving;
        if here && self.resident <= self.limits.residents_max {
            return;
        }
        let count = self.limits.resident_max / 10 + 1;
        longest_idle(&of.slots, count).iter().for_each(|psid| self.let_go(ground, page, psid));
        let of = &mut self.pages[page];
        of.leaving = of.slots.values().filter(|slot| matches!(slot.stage, Stage::Draining(_))).count();
    }

    /// Passivation: what is in the mailbox is read first; meanwhile new work is held in the slot.
    fn let_go<O>(&mut self, ground: &mut Ground<O>, page: usize, psid: &Psid) {
        let Some(slot) = self.pages[page].slots.get_mut(psid) else { return };
        if let Stage::Up(conversation) = slot.stage
            && self.conversations[conversation].post(&mut ground.agenda, conversation, ConversationMsg::Drain)
        {
            slot.stage = Stage::Draining(conversation);
        }
    }
}
