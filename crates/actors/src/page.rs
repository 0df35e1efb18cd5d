//! The Page's actor: directory of its conversations, their credit, the Page's sends per second, and the Page's machine.
//!
//! Keeps: only the Page sends to a conversation; what was handed over stays here until it is durable; a delivery is
//! reported done only when each of its items is. `slots` holds the children, `own` the machine, `turns` the sending.

mod letters;
mod own;
mod slots;
mod trouble;
mod turns;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use journal::{AppendFault, Appended};
use machine::conversation::{Reply, Resolution};
use machine::outbound::PartId;
use machine::page::Page;
use machine::{AccountFacts, Context, PageFacts};
use model::{PageId, Psid, Timestamp};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::sync::{oneshot, watch};

use self::letters::Letter;
pub(crate) use self::letters::Parent;
use self::own::OwnPending;
use crate::conversation::ConversationMsg;
use crate::errand::{Streak, Trouble};
use crate::feeder::{Door, FeederMsg};
use crate::host::{Host, rebuild};
use crate::ports::{Limits, Ports};
use crate::root::ask;
use crate::router::Router;
use crate::sender::{Errands, SenderActor, SenderMsg};
use crate::share::Share;
use crate::slot::Slot;
use crate::turns::Turns;
use crate::work::{Fate, Ticket, Waiting, Work};

pub(crate) enum PageMsg {
    /// From here on the feeder offers in order, beginning with everything that is not finished.
    Begin,
    /// The shares that this Page has in some deliveries. Before [`PageMsg::Begin`] they are of no use: older ones would
    /// come after them.
    Items(Vec<Share>),
    /// An agent's answer.
    Reply { psid: Psid, reply: Arc<Reply>, waiting: oneshot::Sender<Fate> },
    /// A person decided about a part.
    Resolve { psid: Psid, part: PartId, resolution: Resolution, by: String, waiting: oneshot::Sender<Fate> },
    /// The facts of configuration.
    Configure { facts: PageFacts, waiting: oneshot::Sender<Fate> },
    /// A conversation's deadline has come.
    Wake { psid: Psid },
    /// Meta said something about the Page as a whole.
    Trouble(Trouble),
    /// There are letters.
    Letters,
    /// A conversation would refuse this, and does not know whether all of the customer's items are in.
    Unsure { psid: Psid, ticket: u64 },
    /// A conversation has a part that could go.
    Asks { psid: Psid },
    /// The feeder offered everything that was durable when the barrier was set.
    Passed { token: u64 },
    /// There may be a token in the bucket.
    Grant,
    /// A failed conversation may start again.
    Restart { psid: Psid },
    /// Look for conversations to let go.
    Sweep,
    /// The fate of an own batch.
    Own(Result<Appended, AppendFault>),
    /// The account's facts changed.
    Account,
    /// Still there? Pieces of work that are not done.
    Ping(RpcReplyPort<usize>),
}

pub(crate) struct PageBirth {
    pub(crate) page: PageId,
    pub(crate) ports: Ports,
    pub(crate) limits: Limits,
    pub(crate) router: Router,
    pub(crate) feeder: Door,
    pub(crate) account: watch::Receiver<(AccountFacts, u64)>,
    /// Conversations with open effects.
    pub(crate) revive: Vec<Psid>,
}

/// What lives as long as the Page's actor.
pub(crate) struct Desk {
    birth: PageBirth,
    parts: Option<Parts>,
}

/// Made after the start, so that a fault in it ends the actor like any other.
struct Parts {
    host: Host<Page>,
    own: VecDeque<OwnPending>,
    context: Arc<Context>,
    sender: ActorRef<SenderMsg>,
    errands: Arc<Errands>,
    /// The way back to this actor, for its children.
    parent: Parent,
    /// Room for the letters that are being read.
    reading: VecDeque<Letter>,
    slots: BTreeMap<Psid, Slot<ActorRef<ConversationMsg>, Waiting>>,
    by_actor: BTreeMap<ActorId, Psid>,
    /// Work a conversation may hold that is not durable.
    credit: usize,
    /// Conversations told to leave at the last count.
    leaving: usize,
    /// Items of each delivery that are not done.
    pending: BTreeMap<u64, usize>,
    /// Deliveries done since the feeder was told.
    finished: Vec<u64>,
    /// The feeder knows of this actor: what it offers is in order.
    begun: bool,
    next_ticket: u64,
    turns: Turns<Psid>,
    /// Sends in a row whose fate is unknown.
    streak: Streak,
    /// Work that waits for the inbox to be read, by the barrier's number.
    barriers: VecDeque<(u64, Psid, Ticket<Waiting>)>,
    next_token: u64,
}

pub(crate) struct PageActor;

impl Actor for PageActor {
    type Msg = PageMsg;
    type State = Desk;
    type Arguments = PageBirth;

    async fn pre_start(&self, _me: ActorRef<PageMsg>, birth: PageBirth) -> Result<Desk, ActorProcessingErr> {
        Ok(Desk { birth, parts: None })
    }

    async fn post_start(&self, me: ActorRef<PageMsg>, desk: &mut Desk) -> Result<(), ActorProcessingErr> {
        let birth = &mut desk.birth;
        let id = model::MachineId::Page(birth.page.clone());
        let rebuilt = rebuild::<Page>(&*birth.ports.journal, &id)?;
        // The Page machine names no effects, so none can be open.
        let (host, _none) = Host::new(id, birth.ports.incarnation, rebuilt);
        let parent = Parent::new(me.clone());
        let errands = Arc::new(Errands::new(birth.page.clone(), birth.ports.clone(), parent.clone(), &birth.limits));
        let (sender, _) = SenderActor::spawn_linked(None, SenderActor, Arc::clone(&errands), me.get_cell()).await?;
        let context = Arc::new(own::context(&host, &birth.account));
        let now = birth.ports.clock.now();
        let mut parts = Parts {
            host,
            own: VecDeque::new(),
            context,
            sender,
            errands,
            parent,
            reading: VecDeque::new(),
            slots: BTreeMap::new(),
            by_actor: BTreeMap::new(),
            credit: birth.limits.conversation_credit,
            leaving: 0,
            pending: BTreeMap::new(),
            finished: Vec::new(),
            begun: false,
            next_ticket: 0,
            turns: Turns::new(birth.limits.sends_per_second, now),
            streak: Streak::default(),
            barriers: VecDeque::new(),
            next_token: 0,
        };
        parts.rests();
        for psid in core::mem::take(&mut birth.revive) {
            parts.activate(&me, birth, psid, false).await?;
        }
        desk.parts = Some(parts);
        birth.router.up(birth.page.clone(), me.clone());
        birth.feeder.actor().cast(FeederMsg::Up { page: birth.page.clone() })?;
        sweep_later(&me, birth, now);
        Ok(())
    }

    async fn handle(&self, me: ActorRef<PageMsg>, message: PageMsg, desk: &mut Desk) -> Result<(), ActorProcessingErr> {
        fail::fail_point!("page-handler");
        let birth = &mut desk.birth;
        let parts = desk.parts.as_mut().expect("post_start makes them before any message is handled");
        if matches!(message, PageMsg::Letters) {
            parts.parent.heard();
        }
        parts.read_letters(&me, birth).await?;
        match message {
            PageMsg::Letters => {}
            PageMsg::Begin => parts.begun = true,
            // Meant for the actor before this one; what it did not finish comes again after the beginning.
            PageMsg::Items(_) | PageMsg::Passed { .. } if !parts.begun => {}
            PageMsg::Items(shares) => {
                for share in shares {
                    parts.items(&me, birth, share).await?;
                }
            }
            PageMsg::Reply { psid, reply, waiting } => {
                let ticket = parts.ticket(Work::Reply(reply), Some(waiting));
                parts.give(&me, birth, psid, ticket).await?;
            }
            PageMsg::Resolve { psid, part, resolution, by, waiting } => {
                let ticket = parts.ticket(Work::Resolve { part, resolution, by }, Some(waiting));
                parts.give(&me, birth, psid, ticket).await?;
            }
            PageMsg::Configure { facts, waiting } => {
                parts.configure(&me, birth, facts, waiting);
                parts.grant(&me, birth).await?;
            }
            PageMsg::Wake { psid } => {
                let ticket = parts.ticket(Work::Wake, None);
                parts.give(&me, birth, psid, ticket).await?;
            }
            PageMsg::Trouble(trouble) => parts.trouble(&me, birth, trouble).await?,
            PageMsg::Unsure { psid, ticket } => parts.make_sure(birth, psid, ticket)?,
            PageMsg::Asks { psid } => {
                parts.turns.ask(psid);
                parts.grant(&me, birth).await?;
            }
            PageMsg::Grant => {
                parts.turns.woke();
                parts.grant(&me, birth).await?;
            }
            PageMsg::Passed { token } => parts.passed(&me, birth, token).await?,
            PageMsg::Restart { psid } => parts.restart(&me, birth, psid).await?,
            PageMsg::Sweep => {
                let now = birth.ports.clock.now();
                parts.sweep(birth, now);
                sweep_later(&me, birth, now);
            }
            PageMsg::Own(fate) => parts.own_durable(birth, fate)?,
            PageMsg::Account => parts.refresh(birth),
            PageMsg::Ping(reply) => {
                let calls = ask(&parts.sender, SenderMsg::Ping).await.unwrap_or(0);
                drop(reply.send(parts.unfinished() + calls));
            }
        }
        parts.report(birth)
    }

    /// Overridden because the default stops the parent on any child's end.
    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<PageMsg>,
        event: SupervisionEvent,
        desk: &mut Desk,
    ) -> Result<(), ActorProcessingErr> {
        let Some(parts) = desk.parts.as_mut() else { return Ok(()) };
        match event {
            SupervisionEvent::ActorTerminated(cell, _, _) => {
                if cell.get_id() == parts.sender.get_id() {
                    return Err("the Page's sender ended".into());
                }
                parts.left(&me, &desk.birth, cell.get_id()).await?;
            }
            SupervisionEvent::ActorFailed(cell, fault) => {
                if cell.get_id() == parts.sender.get_id() {
                    return Err(fault);
                }
                parts.failed(&me, &desk.birth, cell.get_id(), &fault);
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        parts.report(&desk.birth)
    }

    async fn post_stop(&self, _me: ActorRef<PageMsg>, desk: &mut Desk) -> Result<(), ActorProcessingErr> {
        desk.birth.router.down(&desk.birth.page);
        Ok(())
    }
}

impl Parts {
    fn ticket(&mut self, work: Work, waiting: Option<Waiting>) -> Ticket<Waiting> {
        self.next_ticket += 1;
        Ticket { id: self.next_ticket, work, failures: 0, sure: false, waiting }
    }

    /// Tells the feeder which deliveries are done.
    fn report(&mut self, birth: &PageBirth) -> Result<(), ActorProcessingErr> {
        if !self.finished.is_empty() {
            birth.feeder.done(&birth.page, self.finished.drain(..))?;
        }
        Ok(())
    }

    fn unfinished(&self) -> usize {
        self.pending.len() + self.own.len() + self.slots.values().map(Slot::len).sum::<usize>()
    }

    /// One item of a delivery is done.
    fn item_done(&mut self, delivery: u64) {
        item_done(&mut self.pending, &mut self.finished, delivery);
    }
}

fn item_done(pending: &mut BTreeMap<u64, usize>, finished: &mut Vec<u64>, delivery: u64) {
    let Entry::Occupied(mut left) = pending.entry(delivery) else { return };
    *left.get_mut() = left.get().saturating_sub(1);
    if *left.get() == 0 {
        left.remove();
        finished.push(delivery);
    }
}

fn sweep_later(me: &ActorRef<PageMsg>, birth: &PageBirth, now: Timestamp) {
    let wait = model::Span(birth.limits.idle.0 / 4 + 1);
    later(me, birth, now + wait, || PageMsg::Sweep);
}

/// Sends a message to this Page at `at`, by the wall.
fn later(me: &ActorRef<PageMsg>, birth: &PageBirth, at: Timestamp, message: impl FnOnce() -> PageMsg + Send + 'static) {
    let clock = Arc::clone(&birth.ports.clock);
    let me = me.clone();
    ractor::concurrency::spawn(async move {
        while clock.now() < at {
            clock.sleep_until(at).await;
        }
        // The Page may have ended meanwhile: its successor sets its own times.
        drop(me.cast(message()));
    });
}
