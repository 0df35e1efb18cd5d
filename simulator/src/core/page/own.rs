//! The Page's own machine, and what becomes of the Page when its journal does not take a batch. See `actors::page::own` and
//! `actors::shard`.

use std::sync::Arc;

use actors::slot::page_backoff;
use actors::work::{Ticket, Work};
use machine::conversation::Reply;
use machine::page::Command;
use model::{Anomaly, ItemKey, MachineId, PageInbound, PageKind, Psid};

use super::{Home, Page, PageMsg};
use crate::core::Ground;
use crate::core::agenda::{Actor, Job};
use crate::core::conversation::ConversationMsg;
use crate::core::sender::Sender;
use crate::core::tree::Tree;

impl Tree {
    pub(in crate::core) fn receive_own<O>(
        &mut self,
        ground: &mut Ground<O>,
        page: usize,
        delivery: u64,
        inbound: PageInbound,
    ) {
        let is_policy = matches!(inbound.kind, PageKind::Policy(_));
        self.page_decides(ground, page, Command::Receive(inbound), Some(delivery));
        if is_policy {
            self.refresh(ground, page);
        }
    }

    pub(in crate::core) fn keep_anomaly<O>(
        &mut self,
        ground: &mut Ground<O>,
        page: usize,
        delivery: u64,
        anomaly: Anomaly,
    ) {
        self.page_decides(ground, page, Command::KeepAnomaly { delivery, anomaly }, Some(delivery));
    }

    pub(in crate::core) fn quarantine<O>(
        &mut self,
        ground: &mut Ground<O>,
        page: usize,
        (delivery, key): (u64, ItemKey),
        cause: &str,
    ) {
        let command = Command::Quarantine { delivery, place: None, key: Some(key), cause: cause.to_owned() };
        self.page_decides(ground, page, command, Some(delivery));
    }

    pub(super) fn page_decides<O>(
        &mut self,
        ground: &mut Ground<O>,
        page: usize,
        command: Command,
        delivery: Option<u64>,
    ) {
        let now = ground.now();
        let of = &mut self.pages[page];
        let Some(host) = &mut of.host else { return };
        match host.decide(command, &of.context, now) {
            Some((batch, _no_effects)) => {
                of.own.push_back(delivery.into_iter().collect());
                let fate = ground.commit(of.machine, batch).heard();
                of.mailbox.post(&mut ground.agenda, Actor::Page(page), PageMsg::Own(fate));
            }
            None => match of.own.back_mut() {
                // A duplicate is done when what it repeats is durable.
                Some(last) => last.extend(delivery),
                None => delivery.into_iter().for_each(|delivery| of.item_done(delivery)),
            },
        }
    }

    pub(super) fn own_durable(&mut self, page: usize) {
        let of = &mut self.pages[page];
        let pending = of.own.pop_front().expect("there is one word for each batch, in order");
        pending.into_iter().for_each(|delivery| of.item_done(delivery));
    }

    /// Passes changed facts on to the resident conversations.
    pub(super) fn refresh<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        let context = self.pages[page].context_of(&self.account, ground.edition);
        if *self.pages[page].context == context {
            return;
        }
        let context = Arc::new(context);
        self.pages[page].context = Arc::clone(&context);
        let children: Vec<usize> = self.pages[page].children_up().collect();
        for conversation in children {
            let message = ConversationMsg::Context(Arc::clone(&context));
            self.conversations[conversation].post(&mut ground.agenda, conversation, message);
        }
    }

    /// Its journal did not take a batch: the actor ends with its children, and starts again after a while.
    pub(super) fn page_fails<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        let of = &mut self.pages[page];
        of.failures = of.failures.saturating_add(1);
        of.home = Home::Backoff;
        of.routed = false;
        let lost = of.forget();
        for conversation in of.known.values() {
            self.conversations[*conversation].forget();
        }
        for (conversation, reading, reply) in lost {
            let psid = self.conversations[conversation].psid.clone();
            let id = self.pages[page].id.clone();
            self.reply_lost(ground, reading, (id, psid, reply));
        }
        let at = ground.now() + page_backoff(self.pages[page].failures);
        ground.agenda.spawn(Job::PageRestart { page, at });
    }

    pub(in crate::core) fn restart_page<O>(&mut self, ground: &mut Ground<O>, page: usize) {
        if self.pages[page].home != Home::Backoff {
            return;
        }
        let id = self.pages[page].id.clone();
        let open = ground.journal.open_machines().into_iter().filter_map(|machine| match machine {
            MachineId::Conversation(page, psid) if *page == id => Some(psid.clone()),
            MachineId::Conversation(..) | MachineId::Page(_) | MachineId::Account(_) => None,
        });
        let open: Vec<Psid> = open.collect();
        let revive = open.iter().map(|psid| self.conversation(ground, page, psid)).collect();
        self.start_page(ground, page, revive);
        for message in core::mem::take(&mut self.pages[page].stash) {
            self.pages[page].mailbox.post(&mut ground.agenda, Actor::Page(page), message);
        }
    }
}

impl Page {
    /// What an actor takes with it. Returns the replies that somebody waits for: conversation, reading, reply.
    fn forget(&mut self) -> Vec<(usize, u64, Arc<Reply>)> {
        let mut lost = Vec::new();
        for message in self.mailbox.mail.drain(..) {
            if let PageMsg::Reply { conversation, reply, reading } = message {
                lost.push((conversation, reading, reply));
            }
        }
        let known = &self.known;
        let mut keep = |conversation: usize, ticket: Ticket<u64>| {
            if let (Work::Reply(reply), Some(reading)) = (ticket.work, ticket.waiting) {
                lost.push((conversation, reading, reply));
            }
        };
        for (psid, slot) in core::mem::take(&mut self.slots) {
            let Some(conversation) = known.get(&psid) else { continue };
            slot.into_tickets().for_each(|ticket| keep(*conversation, ticket));
        }
        for (_, conversation, ticket) in self.barriers.drain(..) {
            keep(conversation, ticket);
        }
        self.children.clear();
        self.letters.clear();
        self.letters_rung = false;
        self.host = None;
        self.own.clear();
        self.sender = Sender::default();
        self.leaving = 0;
        self.pending.clear();
        self.finished.clear();
        self.begun = false;
        self.next_ticket = 0;
        self.next_token = 0;
        lost
    }
}
