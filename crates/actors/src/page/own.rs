//! The Page's own machine: its facts, what was set aside, and the context that its conversations decide under.

use std::sync::Arc;

use journal::{AppendFault, Appended};
use machine::page::{Command, Page};
use machine::{AccountFacts, Context, PageFacts};
use model::{Anomaly, ItemKey, PageInbound, PageKind, PolicyAct};
use ractor::{ActorProcessingErr, ActorRef};
use tokio::sync::{oneshot, watch};

use super::{PageBirth, PageMsg, Parts};
use crate::conversation::{ConversationMsg, StoreTrouble};
use crate::host::Host;
use crate::ports::Counters;
use crate::slot::Stage;
use crate::work::{Fate, tell};

/// What waits for an own batch.
#[derive(Debug, Default)]
pub(super) struct OwnPending {
    /// One entry per item.
    deliveries: Vec<u64>,
    waiting: Vec<oneshot::Sender<Fate>>,
}

pub(super) fn context(host: &Host<Page>, account: &watch::Receiver<(AccountFacts, u64)>) -> Context {
    let (account, account_version) = account.borrow().clone();
    Context {
        account,
        account_version,
        page: host.state.facts().clone(),
        page_version: host.state.version(),
        edition: None,
    }
}

impl Parts {
    pub(super) fn configure(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        facts: PageFacts,
        waiting: oneshot::Sender<Fate>,
    ) {
        self.decide(me, birth, Command::Configure(facts), None, Some(waiting));
        self.rests();
        self.refresh(birth);
    }

    /// An item of the Page itself. That of a Page which nobody configured is kept too: it names no customer whose
    /// conversation it could open.
    pub(super) fn receive(&mut self, me: &ActorRef<PageMsg>, birth: &PageBirth, delivery: u64, inbound: PageInbound) {
        let act = if let PageKind::Policy(policy) = &inbound.kind { Some(policy.act.clone()) } else { None };
        self.decide(me, birth, Command::Receive(inbound), Some(delivery), None);
        let Some(act) = act else { return };
        match act {
            PolicyAct::Block => tracing::error!(page = %birth.page, "Meta blocks the Page's messages"),
            PolicyAct::Unblock => tracing::info!(page = %birth.page, "Meta lets the Page send again"),
            PolicyAct::Warning | PolicyAct::Other(_) => {
                tracing::warn!(page = %birth.page, "Meta warns the Page for its policy");
            }
        }
        self.refresh(birth);
    }

    pub(super) fn keep_anomaly(&mut self, me: &ActorRef<PageMsg>, birth: &PageBirth, delivery: u64, anomaly: Anomaly) {
        self.decide(me, birth, Command::KeepAnomaly { delivery, anomaly }, Some(delivery), None);
    }

    pub(super) fn quarantine(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        delivery: u64,
        key: ItemKey,
        cause: &str,
    ) {
        Counters::add(&birth.ports.counters.quarantined, 1);
        birth.ports.counters.oddities.set_aside(cause);
        let command = Command::Quarantine { delivery, place: None, key: Some(key), cause: cause.to_owned() };
        self.decide(me, birth, command, Some(delivery), None);
    }

    pub(super) fn decide(
        &mut self,
        me: &ActorRef<PageMsg>,
        birth: &PageBirth,
        command: Command,
        delivery: Option<u64>,
        waiting: Option<oneshot::Sender<Fate>>,
    ) {
        let pending = OwnPending { deliveries: delivery.into_iter().collect(), waiting: waiting.into_iter().collect() };
        match self.host.decide(command, &self.context, birth.ports.clock.now()) {
            Some((batch, _no_effects)) => {
                self.own.push_back(pending);
                let me = me.clone();
                birth.ports.journal.append(batch, Box::new(move |fate| drop(me.cast(PageMsg::Own(fate)))));
            }
            None => match self.own.back_mut() {
                // A duplicate is done when what it repeats is durable.
                Some(last) => {
                    last.deliveries.extend(pending.deliveries);
                    last.waiting.extend(pending.waiting);
                }
                None => self.settle_own(pending, Fate::Nothing),
            },
        }
    }

    fn settle_own(&mut self, pending: OwnPending, fate: Fate) {
        pending.deliveries.into_iter().for_each(|delivery| self.item_done(delivery));
        pending.waiting.into_iter().for_each(|waiting| tell(waiting, fate));
    }

    pub(super) fn own_durable(
        &mut self,
        birth: &PageBirth,
        fate: Result<Appended, AppendFault>,
    ) -> Result<(), ActorProcessingErr> {
        fate.map_err(StoreTrouble)?;
        let pending = self.own.pop_front().expect("the journal calls back once per batch, in order");
        self.settle_own(pending, Fate::Applied);
        Counters::add(&birth.ports.counters.batches, 1);
        birth.ports.appended.notify_one();
        Ok(())
    }

    /// Passes changed facts on to the resident conversations.
    pub(super) fn refresh(&mut self, birth: &PageBirth) {
        let context = context(&self.host, &birth.account);
        if *self.context == context {
            return;
        }
        self.context = Arc::new(context);
        for slot in self.slots.values() {
            if let Stage::Up(actor) = &slot.stage {
                // One that has just ended is told when it starts again.
                drop(actor.cast(ConversationMsg::Context(Arc::clone(&self.context))));
            }
        }
    }
}
