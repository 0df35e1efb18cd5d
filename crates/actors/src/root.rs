//! The root: starts the tree, says how it fares, and takes the process with it when it cannot go on.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use machine::conversation::{Reply, Resolution};
use machine::outbound::PartId;
use machine::{AccountFacts, PageFacts};
use model::{AccountId, MachineId, PageId, Psid, Span};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::sync::{oneshot, watch};
use tracker::Cursor;

use crate::account::{AccountActor, AccountBirth, AccountMsg};
use crate::alarm::{AlarmActor, AlarmMsg};
use crate::feeder::{Came, Door, FeederActor, FeederBirth, FeederMsg};
use crate::page::PageMsg;
use crate::ports::{Limits, Ports};
use crate::reader::{ReaderActor, ReaderBirth, ReaderMsg};
use crate::router::Router;
use crate::shard::{ShardActor, ShardBirth, ShardMsg, open_conversations};
use crate::work::Fate;

/// How long a part of the tree may take to answer a ping.
const PING_MS: u64 = 2_000;

/// What the tree is told at its start.
#[derive(Clone, Debug)]
pub struct TreeConfig {
    /// The one account.
    pub account: AccountId,
    /// Its settings.
    pub facts: AccountFacts,
    /// The Pages of this node.
    pub pages: BTreeMap<PageId, PageFacts>,
    /// Limits.
    pub limits: Limits,
}

/// The tree cannot start or has ended.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Failed {
    what: &'static str,
    why: String,
}

impl Failed {
    fn new(what: &'static str, why: &impl ToString) -> Self {
        Self { what, why: why.to_string() }
    }
}

struct Root {
    /// Dropped with the root: whoever watches learns that the tree has ended.
    _ended: oneshot::Sender<String>,
}

struct RootActor;

enum RootMsg {}

impl Actor for RootActor {
    type Msg = RootMsg;
    type State = Root;
    type Arguments = oneshot::Sender<String>;

    async fn pre_start(
        &self,
        _me: ActorRef<RootMsg>,
        ended: oneshot::Sender<String>,
    ) -> Result<Root, ActorProcessingErr> {
        Ok(Root { _ended: ended })
    }

    /// A child of the root that ends takes the tree with it: the process starts again from the journal.
    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<RootMsg>,
        event: SupervisionEvent,
        _root: &mut Root,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(_, fault) => {
                tracing::error!(%fault, "a vital part of the node ended");
                me.stop(Some(fault.to_string()));
            }
            SupervisionEvent::ActorTerminated(_, _, reason) => me.stop(reason),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

/// The running tree.
pub struct Tree {
    root: ActorRef<RootMsg>,
    feeder: Door,
    account: ActorRef<AccountMsg>,
    reader: ActorRef<ReaderMsg>,
    alarm: ActorRef<AlarmMsg>,
    shards: Vec<ActorRef<ShardMsg>>,
    router: Router,
    ports: Ports,
}

/// Starts the tree: account, shards, the Pages of configuration, everything with open effects, then the old deliveries.
/// The receiver resolves when the tree has ended.
pub async fn start(ports: Ports, config: TreeConfig) -> Result<(Tree, oneshot::Receiver<String>), Failed> {
    let (ended, watch_end) = oneshot::channel();
    let (root, _) = RootActor::spawn(None, RootActor, ended).await.map_err(|fault| Failed::new("the root", &fault))?;
    let cell = root.get_cell();
    let router = Router::default();
    let (facts, account_facts) = watch::channel((AccountFacts::default(), 0));

    let birth = AccountBirth { account: config.account, ports: ports.clone(), router: router.clone(), facts };
    let (account, _) = AccountActor::spawn_linked(None, AccountActor, birth, cell.clone())
        .await
        .map_err(|fault| Failed::new("the account", &fault))?;
    let (waiting, fate) = oneshot::channel();
    account
        .cast(AccountMsg::Configure { facts: config.facts, waiting })
        .map_err(|fault| Failed::new("the account", &fault))?;
    fate.await.map_err(|_| Failed::new("the account's settings", &"the journal did not take them"))?;

    let came = Arc::new(Came::default());
    let birth =
        FeederBirth { ports: ports.clone(), limits: config.limits, router: router.clone(), came: Arc::clone(&came) };
    let (feeder, _) = FeederActor::spawn_linked(None, FeederActor, birth, cell.clone())
        .await
        .map_err(|fault| Failed::new("the feeder", &fault))?;
    let feeder = Door::new(feeder, came);
    let mut shards = Vec::new();
    for _ in 0..config.limits.shards.max(1) {
        let birth = ShardBirth {
            ports: ports.clone(),
            limits: config.limits,
            router: router.clone(),
            feeder: feeder.clone(),
            account: account_facts.clone(),
        };
        let (shard, _) = ShardActor::spawn_linked(None, ShardActor, birth, cell.clone())
            .await
            .map_err(|fault| Failed::new("a shard", &fault))?;
        shards.push(shard);
    }
    router.shards(shards.clone());
    configure_pages(&router, config.pages).await?;
    for (page, psids) in open_conversations(&*ports.journal).map_err(|fault| Failed::new("the open effects", &fault))? {
        for psid in psids {
            router.tell(&page, PageMsg::Wake { psid });
        }
    }
    feeder.actor().cast(FeederMsg::Start).map_err(|fault| Failed::new("the feeder", &fault))?;

    let cursor =
        ractor::call_t!(account, AccountMsg::Cursor, PING_MS).map_err(|fault| Failed::new("the account", &fault))?;
    let birth =
        ReaderBirth { ports: ports.clone(), router: router.clone(), account: account.clone(), cursor: Cursor(cursor) };
    let (reader, _) = ReaderActor::spawn_linked(None, ReaderActor, birth, cell.clone())
        .await
        .map_err(|fault| Failed::new("the reader", &fault))?;
    let (alarm, _) = AlarmActor::spawn_linked(None, AlarmActor, (ports.clone(), router.clone()), cell)
        .await
        .map_err(|fault| Failed::new("the alarm", &fault))?;
    Ok((Tree { root, feeder, account, reader, alarm, shards, router, ports }, watch_end))
}

async fn configure_pages(router: &Router, pages: BTreeMap<PageId, PageFacts>) -> Result<(), Failed> {
    for (page, facts) in pages {
        let (waiting, fate) = oneshot::channel();
        router.tell(&page, PageMsg::Configure { facts, waiting });
        fate.await.map_err(|_| Failed::new("a Page's facts", &"the journal did not take them"))?;
    }
    Ok(())
}

impl Tree {
    /// A delivery is durable: let it be offered.
    pub fn offer(&self, seq: u64, received_at: i64, body: &Bytes) {
        self.feeder.offer(seq, received_at, body);
    }

    /// A handle that offers deliveries, for the inbox's writer.
    pub fn offering(&self) -> impl Fn(u64, i64, Bytes) + Send + Sync + Clone + 'static {
        let feeder = self.feeder.clone();
        move |seq, received_at, body| feeder.offer(seq, received_at, &body)
    }

    /// A person decided about a part. Resolves when that is journaled.
    pub async fn resolve(
        &self,
        page: &PageId,
        psid: Psid,
        part: PartId,
        resolution: Resolution,
        by: String,
    ) -> Option<Fate> {
        let (waiting, fate) = oneshot::channel();
        self.router.tell(page, PageMsg::Resolve { psid, part, resolution, by, waiting });
        fate.await.ok()
    }

    /// A script's answer to the customer. Resolves when it is journaled; [`Fate::Nothing`]: it was known.
    pub async fn reply(&self, page: &PageId, psid: Psid, reply: Reply) -> Option<Fate> {
        let (waiting, fate) = oneshot::channel();
        self.router.tell(page, PageMsg::Reply { psid, reply: Arc::new(reply), waiting });
        fate.await.ok()
    }

    /// Asks every vital part of the tree; `Err` names the one that does not answer.
    pub async fn ping(&self) -> Result<usize, &'static str> {
        let unfinished = ask(self.feeder.actor(), FeederMsg::Ping).await.ok_or("feeder")?;
        ask(&self.alarm, AlarmMsg::Ping).await.ok_or("alarm")?;
        ask(&self.account, AccountMsg::Cursor).await.ok_or("account")?;
        ask(&self.reader, ReaderMsg::Ping).await.ok_or("reader")?;
        for shard in &self.shards {
            ask(shard, ShardMsg::Ping).await.ok_or("shard")?;
        }
        for (_, page) in self.router.pages() {
            ask(&page, PageMsg::Ping).await.ok_or("page")?;
        }
        Ok(unfinished)
    }

    /// Pieces of work and deliveries that are not done.
    pub async fn unfinished(&self) -> usize {
        let mut unfinished = ask(self.feeder.actor(), FeederMsg::Ping).await.unwrap_or(0);
        for (_, page) in self.router.pages() {
            unfinished += ask(&page, PageMsg::Ping).await.unwrap_or(0);
        }
        unfinished
    }

    /// Graceful end: offers nothing more, waits until what was offered is journaled (at most so long), then stops.
    /// What is left is in the inbox.
    pub async fn drain(&self, at_most: Span) {
        drop(self.feeder.actor().cast(FeederMsg::Stop));
        let until = self.ports.clock.now() + at_most;
        while self.unfinished().await > 0 && self.ports.clock.now() < until {
            self.ports.clock.sleep_until(self.ports.clock.now() + Span(20)).await;
        }
        if let Err(fault) = self.root.stop_and_wait(None, None).await {
            tracing::warn!(%fault, "the tree did not stop in order");
        }
    }

    /// The machine of a customer on a Page.
    pub fn conversation(page: &PageId, psid: &Psid) -> MachineId {
        MachineId::Conversation(page.clone(), psid.clone())
    }
}

/// Asks an actor; `None` if it does not answer in time.
pub(crate) async fn ask<M: ractor::Message, T: Send + 'static>(
    actor: &ActorRef<M>,
    message: impl FnOnce(RpcReplyPort<T>) -> M,
) -> Option<T> {
    let timeout = Some(core::time::Duration::from_millis(PING_MS));
    match actor.call(message, timeout).await {
        Ok(ractor::rpc::CallResult::Success(answer)) => Some(answer),
        Ok(ractor::rpc::CallResult::Timeout | ractor::rpc::CallResult::SenderError) | Err(_) => None,
    }
}
