//! The account's actor: hosts the account machine and tells the Pages its facts.

use std::collections::VecDeque;

use journal::{AppendFault, Appended};
use machine::account::{Account, Command};
use machine::{AccountFacts, Context};
use model::{AccountId, MachineId};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::{oneshot, watch};

use crate::conversation::StoreTrouble;
use crate::host::{Host, rebuild};
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
    host: Host<Account>,
    pending: VecDeque<Option<oneshot::Sender<Fate>>>,
}

pub(crate) struct AccountActor;

impl Actor for AccountActor {
    type Msg = AccountMsg;
    type State = Office;
    type Arguments = AccountBirth;

    async fn pre_start(&self, _me: ActorRef<AccountMsg>, birth: AccountBirth) -> Result<Office, ActorProcessingErr> {
        let id = MachineId::Account(birth.account.clone());
        let rebuilt = rebuild::<Account>(&*birth.ports.journal, &id)?;
        // The account machine names no effects, so none can be open.
        let (host, _none) = Host::new(id, birth.ports.incarnation, rebuilt);
        let office = Office { birth, host, pending: VecDeque::new() };
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
            AccountMsg::Own(fate) => {
                fate.map_err(StoreTrouble)?;
                Counters::add(&office.birth.ports.counters.batches, 1);
                office.birth.ports.appended.notify_one();
                if let Some(Some(waiting)) = office.pending.pop_front() {
                    tell(waiting, Fate::Applied);
                }
            }
            AccountMsg::Cursor(reply) => drop(reply.send(office.host.state.feed_cursor())),
        }
        Ok(())
    }
}

impl Office {
    fn decide(&mut self, me: &ActorRef<AccountMsg>, command: Command, waiting: Option<oneshot::Sender<Fate>>) {
        let now = self.birth.ports.clock.now();
        let Some((batch, _no_effects)) = self.host.decide(command, &Context::default(), now) else {
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

    /// Only a change is told on.
    fn publish(&self) {
        let facts = (self.host.state.facts().clone(), self.host.state.version());
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
