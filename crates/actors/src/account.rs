//! The account's actor: hosts the account machine and tells the Pages its facts.

use std::collections::VecDeque;

use journal::{AppendFault, Appended};
use machine::account::{Account, Command};
use machine::{AccountFacts, Context};
use model::{AccountId, MachineId};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::{oneshot, watch};

use crate::host::{Host, LoadFault, rebuild};
use crate::page::PageMsg;
use crate::ports::{Counters, Ports};
use crate::router::Router;
use crate::work::{Fate, tell};

pub(crate) enum AccountMsg {
    /// The settings of configuration.
    Configure { facts: AccountFacts, waiting: oneshot::Sender<Fate> },
    /// The tracker's comments were read and journaled up to here.
    FeedRead { cursor: u64 },
    /// The fate of a batch.
    Own(Result<Appended, AppendFault>),
    /// Where to go on in the tracker's feed.
    Cursor(RpcReplyPort<u64>),
}

pub(crate) struct AccountBirth {
    pub(crate) account: AccountId,
    pub(crate) ports: Ports,
    pub(crate) router: Router,
    pub(crate) facts: watch::Sender<(AccountFacts, u64)>,
}

pub(crate) struct Office {
    birth: AccountBirth,
    /// `None` after an append that failed: read from the journal again before the next decision.
    host: Option<Host<Account>>,
    pending: VecDeque<Option<oneshot::Sender<Fate>>>,
}

pub(crate) struct AccountActor;

impl Actor for AccountActor {
    type Msg = AccountMsg;
    type State = Office;
    type Arguments = AccountBirth;

    async fn pre_start(&self, _me: ActorRef<AccountMsg>, birth: AccountBirth) -> Result<Office, ActorProcessingErr> {
        let mut office = Office { birth, host: None, pending: VecDeque::new() };
        office.load()?;
        office.publish();
        Ok(office)
    }

    async fn handle(
        &self,
        me: ActorRef<AccountMsg>,
        message: AccountMsg,
        office: &mut Office,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AccountMsg::Configure { facts, waiting } => office.decide(&me, Command::Configure(facts), Some(waiting)),
            AccountMsg::FeedRead { cursor } => office.decide(&me, Command::FeedRead { cursor }, None),
            AccountMsg::Own(fate) => office.own_durable(fate),
            AccountMsg::Cursor(reply) => {
                drop(reply.send(office.host.as_ref().map_or(0, |host| host.state.feed_cursor())));
            }
        }
        Ok(())
    }
}

impl Office {
    /// Reads the account from the journal.
    fn load(&mut self) -> Result<(), LoadFault> {
        let id = MachineId::Account(self.birth.account.clone());
        let rebuilt = rebuild::<Account>(&*self.birth.ports.journal, &id)?;
        // The account machine names no effects, so none can be open.
        let (host, _none) = Host::new(id, self.birth.ports.incarnation, rebuilt);
        self.host = Some(host);
        Ok(())
    }

    /// What cannot be decided now is dropped: a cursor that is not saved is saved by the next reading, and whoever waits
    /// learns it.
    fn decide(&mut self, me: &ActorRef<AccountMsg>, command: Command, waiting: Option<oneshot::Sender<Fate>>) {
        if self.host.is_none()
            && let Err(fault) = self.load()
        {
            tracing::warn!(%fault, "the account cannot be read again yet");
            return;
        }
        let now = self.birth.ports.clock.now();
        let Some(host) = self.host.as_mut() else { return };
        let Some((batch, _no_effects)) = host.decide(command, &Context::default(), now) else {
            if let Some(waiting) = waiting {
                tell(waiting, Fate::Nothing);
            }
            return;
        };
        self.pending.push_back(waiting);
        let me = me.clone();
        self.birth.ports.journal.append(batch, Box::new(move |fate| drop(me.cast(AccountMsg::Own(fate)))));
        self.publish();
    }

    /// A journal that does not take a batch is no reason to end: this actor's end would be the node's.
    fn own_durable(&mut self, fate: Result<Appended, AppendFault>) {
        let waiting = self.pending.pop_front().flatten();
        if let Err(fault) = fate {
            tracing::warn!(%fault, "the journal did not take a batch of the account");
            self.host = None;
            return;
        }
        Counters::add(&self.birth.ports.counters.batches, 1);
        self.birth.ports.appended.notify_one();
        if let Some(waiting) = waiting {
            tell(waiting, Fate::Applied);
        }
    }

    /// Only a change is told on.
    fn publish(&self) {
        let Some(host) = &self.host else { return };
        let facts = (host.state.facts().clone(), host.state.version());
        let changed = self.birth.facts.send_if_modified(|known| {
            let changed = *known != facts;
            *known = facts;
            changed
        });
        if changed {
            for (_, page) in self.birth.router.pages() {
                drop(page.cast(PageMsg::Account));
            }
        }
    }
}
