//! A shard supervises Pages: starts them when something comes for them and again, with backoff, when they end.

use std::collections::BTreeMap;
use std::sync::Arc;

use journal::{Journal, OpenEffect, ReadFault};
use machine::AccountFacts;
use model::{MachineId, PageId, Psid};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::sync::watch;

use crate::feeder::Door;
use crate::host::machine_of;
use crate::page::{PageActor, PageBirth, PageMsg};
use crate::ports::{Limits, Ports};
use crate::router::Router;
use crate::slot::page_backoff;

/// Messages held for a Page that is starting again; what does not fit is offered again by its sender.
const STASH_MAX: usize = 4_096;
/// Open effects looked at in one read.
const CHUNK: usize = 1_024;

pub(crate) enum ShardMsg {
    /// Pass this on to a Page, starting it if need be.
    Tell { page: PageId, message: PageMsg },
    /// A failed Page may start again.
    Restart { page: PageId },
    /// Still there?
    Ping(RpcReplyPort<()>),
}

pub(crate) struct ShardBirth {
    pub(crate) ports: Ports,
    pub(crate) limits: Limits,
    pub(crate) router: Router,
    pub(crate) feeder: Door,
    pub(crate) account: watch::Receiver<(AccountFacts, u64)>,
}

enum Home {
    Up(ActorRef<PageMsg>),
    Backoff(Vec<PageMsg>),
}

pub(crate) struct Shard {
    birth: ShardBirth,
    homes: BTreeMap<PageId, Home>,
    by_actor: BTreeMap<ActorId, PageId>,
    failures: BTreeMap<PageId, u32>,
}

pub(crate) struct ShardActor;

impl Actor for ShardActor {
    type Msg = ShardMsg;
    type State = Shard;
    type Arguments = ShardBirth;

    async fn pre_start(&self, _me: ActorRef<ShardMsg>, birth: ShardBirth) -> Result<Shard, ActorProcessingErr> {
        Ok(Shard { birth, homes: BTreeMap::new(), by_actor: BTreeMap::new(), failures: BTreeMap::new() })
    }

    async fn handle(
        &self,
        me: ActorRef<ShardMsg>,
        message: ShardMsg,
        shard: &mut Shard,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMsg::Tell { page, message } => shard.tell(&me, page, message).await,
            ShardMsg::Restart { page } => {
                if let Some(Home::Backoff(stash)) = shard.homes.remove(&page) {
                    shard.start(&me, page, stash).await;
                }
            }
            ShardMsg::Ping(reply) => drop(reply.send(())),
        }
        Ok(())
    }

    /// Overridden because the default stops the parent on any child's end.
    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<ShardMsg>,
        event: SupervisionEvent,
        shard: &mut Shard,
    ) -> Result<(), ActorProcessingErr> {
        let (actor, fault) = match event {
            SupervisionEvent::ActorTerminated(cell, _, reason) => (cell, reason.unwrap_or_default()),
            SupervisionEvent::ActorFailed(cell, fault) => (cell, fault.to_string()),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => return Ok(()),
        };
        let Some(page) = shard.by_actor.remove(&actor.get_id()) else { return Ok(()) };
        shard.birth.router.down(&page);
        shard.retry(me, page, Vec::new(), &fault);
        Ok(())
    }
}

impl Shard {
    async fn tell(&mut self, me: &ActorRef<ShardMsg>, page: PageId, message: PageMsg) {
        match self.homes.get_mut(&page) {
            Some(Home::Up(actor)) => drop(actor.cast(message)),
            Some(Home::Backoff(stash)) => {
                // The feeder offers again, in order, when the Page is up.
                let offered = matches!(message, PageMsg::Begin | PageMsg::Items(_) | PageMsg::Passed { .. });
                if !offered && stash.len() < STASH_MAX {
                    stash.push(message);
                }
            }
            None => self.start(me, page, vec![message]).await,
        }
    }

    /// A Page that cannot be started now, because its records cannot be read, is started later: its end is not the node's.
    async fn start(&mut self, me: &ActorRef<ShardMsg>, page: PageId, stash: Vec<PageMsg>) {
        match self.spawn(me, &page).await {
            Ok(actor) => {
                for message in stash {
                    // If it has ended again already, its next start brings what is lost here.
                    drop(actor.cast(message));
                }
            }
            Err(fault) => {
                // Whoever configures is not kept waiting: a node that starts says why it cannot.
                let stash = stash.into_iter().filter(|message| !matches!(message, PageMsg::Configure { .. }));
                self.retry(me.clone(), page, stash.collect(), &fault.to_string());
            }
        }
    }

    /// Starts a Page again after a while, longer each time.
    fn retry(&mut self, me: ActorRef<ShardMsg>, page: PageId, stash: Vec<PageMsg>, fault: &str) {
        let failures = self.failures.entry(page.clone()).or_default();
        *failures = failures.saturating_add(1);
        let wait = page_backoff(*failures);
        tracing::error!(%page, fault, retry_ms = wait.0, "a Page's actor ended; starting it again");
        self.homes.insert(page.clone(), Home::Backoff(stash));
        let clock = Arc::clone(&self.birth.ports.clock);
        let at = clock.now() + wait;
        ractor::concurrency::spawn(async move {
            while clock.now() < at {
                clock.sleep_until(at).await;
            }
            // A shard that is gone takes the tree with it.
            drop(me.cast(ShardMsg::Restart { page }));
        });
    }

    async fn spawn(&mut self, me: &ActorRef<ShardMsg>, page: &PageId) -> Result<ActorRef<PageMsg>, ActorProcessingErr> {
        let birth = PageBirth {
            page: page.clone(),
            ports: self.birth.ports.clone(),
            limits: self.birth.limits,
            router: self.birth.router.clone(),
            feeder: self.birth.feeder.clone(),
            account: self.birth.account.clone(),
            // At the node's start the root wakes them all; this is for a Page that starts again.
            revive: if self.failures.contains_key(page) {
                open_conversations(&*self.birth.ports.journal)?.remove(page).unwrap_or_default()
            } else {
                Vec::new()
            },
        };
        let (actor, _) = PageActor::spawn_linked(None, PageActor, birth, me.get_cell()).await?;
        self.by_actor.insert(actor.get_id(), page.clone());
        self.homes.insert(page.clone(), Home::Up(actor.clone()));
        Ok(actor)
    }
}

/// Conversations with open effects, by Page: each has to be loaded so that its effects are settled or run again.
pub(crate) fn open_conversations(journal: &dyn Journal) -> Result<BTreeMap<PageId, Vec<Psid>>, ReadFault> {
    let mut found: BTreeMap<PageId, Vec<Psid>> = BTreeMap::new();
    let mut after: Option<OpenEffect> = None;
    loop {
        let rows = journal.open_effects(after, CHUNK)?;
        let Some(last) = rows.last() else { break };
        after = Some(*last);
        for row in rows {
            let Some(batch) = journal.batch(row.position)? else { continue };
            if let Some(MachineId::Conversation(page, psid)) = machine_of(&batch.key) {
                found.entry(page).or_default().push(psid);
            }
        }
    }
    for psids in found.values_mut() {
        psids.sort_unstable();
        psids.dedup();
    }
    Ok(found)
}
