//! The account: its settings, and how far the tracker's comments were read. See `actors::account`.

use std::collections::VecDeque;

use actors::host::Host;
use journal::{AppendFault, Appended};
use machine::account::{Account as Machine, Command};
use machine::{AccountFacts, Context};
use model::{AccountId, MachineId};

use super::Ground;
use super::agenda::Actor;
use super::page::PageMsg;
use super::tree::{Mailbox, Tree, host_without_effects};

pub(super) enum AccountMsg {
    Configure(AccountFacts),
    FeedRead(u64),
    Own(Result<Appended, AppendFault>),
}

/// The account's actor.
pub(super) struct Account {
    pub(super) mailbox: Mailbox<AccountMsg>,
    id: MachineId,
    machine: usize,
    /// `None` after an append that failed: read from the journal again before the next decision.
    host: Option<Host<Machine>>,
    /// As the Pages were told.
    pub(super) facts: (AccountFacts, u64),
}

impl Account {
    pub(super) fn load<O>(ground: &mut Ground<O>, account: &AccountId) -> Self {
        let id = MachineId::Account(account.clone());
        let machine = ground.journal.machine(&id);
        let host: Host<Machine> = host_without_effects(&ground.journal, &id, machine);
        let facts = (host.state.facts().clone(), host.state.version());
        Self { mailbox: Mailbox { mail: VecDeque::new(), awake: false }, id, machine, host: Some(host), facts }
    }

    /// Where the tracker's feed goes on.
    pub(super) fn cursor(&self) -> u64 {
        self.host.as_ref().map_or(0, |host| host.state.feed_cursor())
    }
}

impl Tree {
    pub(super) fn configure_account<O>(&mut self, ground: &mut Ground<O>, facts: AccountFacts) {
        self.account.mailbox.post(&mut ground.agenda, Actor::Account, AccountMsg::Configure(facts));
    }

    pub(super) fn read_account<O>(&mut self, ground: &mut Ground<O>) {
        match self.account.mailbox.mail.pop_front() {
            None => {}
            Some(AccountMsg::Configure(facts)) => self.account_decides(ground, Command::Configure(facts)),
            Some(AccountMsg::FeedRead(cursor)) => self.account_decides(ground, Command::FeedRead { cursor }),
            Some(AccountMsg::Own(Ok(_))) => {}
            Some(AccountMsg::Own(Err(_))) => self.account.host = None,
        }
    }

    fn account_decides<O>(&mut self, ground: &mut Ground<O>, command: Command) {
        let (id, machine, now) = (&self.account.id, self.account.machine, ground.now());
        let host = self.account.host.get_or_insert_with(|| host_without_effects(&ground.journal, id, machine));
        let Some((batch, _no_effects)) = host.decide(command, &Context::default(), now) else { return };
        let facts = (host.state.facts().clone(), host.state.version());
        let fate = ground.commit(machine, batch).heard();
        self.account.mailbox.post(&mut ground.agenda, Actor::Account, AccountMsg::Own(fate));
        if self.account.facts != facts {
            self.account.facts = facts;
            for page in self.pages_by_id.values().copied() {
                if self.pages[page].routed {
                    self.pages[page].mailbox.post(&mut ground.agenda, Actor::Page(page), PageMsg::Account);
                }
            }
        }
    }
}
