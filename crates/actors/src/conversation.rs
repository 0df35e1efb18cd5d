//! The conversation's actor: one live machine, resident only while warm.
//!
//! A handler never awaits an append: it decides, evolves, hands the batch over and goes on; what depends on the commit
//! waits in `flights`. A failed append ends the actor, which its Page rebuilds from the journal.

use std::collections::VecDeque;
use std::sync::Arc;

use journal::{AppendFault, Appended, Batch};
use machine::Context;
use machine::conversation::{Command, Conversation, Outcome, SendOutcome, State};
use model::{MachineId, PageId, Psid, Timestamp};
use ractor::concurrency::JoinHandle;
use ractor::{Actor, ActorProcessingErr, ActorRef, MessagingErr};

use crate::ahead::{Ahead, ahead};
use crate::delay::Delay;
use crate::errand::is_send;
use crate::host::{Flight, Host, rebuild};
use crate::page::{PageMsg, Parent};
use crate::ports::{Counters, Ports};
use crate::sender::{Errands, SenderMsg};
use crate::work::{Fate, Work};

pub(crate) enum ConversationMsg {
    /// Do this; say so to the Page when it is durable.
    Work { ticket: u64, work: Work, sure: bool, context: Arc<Context> },
    /// A batch's fate, in the order of the batches.
    Appended(Result<Appended, AppendFault>),
    /// The Page's or the account's facts changed.
    Context(Arc<Context>),
    /// The own deadline may have come.
    Alarm,
}

/// The store refused: no fault of what the conversation was doing.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the journal did not take a batch: {0}")]
pub(crate) struct StoreTrouble(pub(crate) AppendFault);

/// What a conversation is born with.
pub(crate) struct Birth {
    pub(crate) page: PageId,
    pub(crate) psid: Psid,
    pub(crate) ports: Ports,
    pub(crate) parent: Parent,
    pub(crate) sender: ActorRef<SenderMsg>,
    pub(crate) errands: Arc<Errands>,
    pub(crate) context: Arc<Context>,
    /// It stands in line at its Page, or its turn is among its first work.
    pub(crate) turn_comes: bool,
}

/// Ends a timer with its owner.
struct Timer {
    at: Timestamp,
    handle: JoinHandle<Result<(), MessagingErr<ConversationMsg>>>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// A batch under way and the tickets that wait for it.
struct Pending {
    flight: Option<Flight<Conversation>>,
    tickets: Vec<(u64, Fate)>,
    /// The send that the batch settles.
    settled: Option<u64>,
}

pub(crate) struct Live {
    birth: Birth,
    host: Option<Host<Conversation>>,
    flights: VecDeque<Pending>,
    timer: Option<Timer>,
    /// The Page was asked for a send token and has not answered.
    asked: bool,
}

pub(crate) struct ConversationActor;

impl Actor for ConversationActor {
    type Msg = ConversationMsg;
    /// Boxed, because an actor's futures keep room for it more than once.
    type State = Box<Live>;
    type Arguments = Box<Birth>;

    async fn pre_start(&self, _me: ActorRef<Self::Msg>, birth: Box<Birth>) -> Result<Box<Live>, ActorProcessingErr> {
        let asked = birth.turn_comes;
        Ok(Box::new(Live { birth: *birth, host: None, flights: VecDeque::new(), timer: None, asked }))
    }

    /// Loads here and not in `pre_start`, so that a fault reaches the Page as any other end of this actor.
    async fn post_start(&self, me: ActorRef<Self::Msg>, live: &mut Box<Live>) -> Result<(), ActorProcessingErr> {
        let id = MachineId::Conversation(live.birth.page.clone(), live.birth.psid.clone());
        let rebuilt = rebuild::<Conversation>(&*live.birth.ports.journal, &id)?;
        let (host, open) = Host::new(id, live.birth.ports.incarnation, rebuilt);
        for (id, effect) in open {
            let psid = live.birth.psid.clone();
            live.birth.sender.cast(SenderMsg::Recover { psid, id, effect })?;
        }
        live.host = Some(host);
        live.look_ahead(&me);
        Ok(())
    }

    async fn handle(
        &self,
        me: ActorRef<Self::Msg>,
        message: ConversationMsg,
        live: &mut Box<Live>,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ConversationMsg::Work { ticket, work, sure, context } => {
                live.birth.context = context;
                fail::fail_point!("conversation-handler");
                #[cfg(feature = "failpoints")]
                poison(&work);
                if !sure && live.would_refuse(&work) {
                    return live.birth.parent.cast(PageMsg::Unsure { psid: live.birth.psid.clone(), ticket });
                }
                live.work(&me, ticket, &work)
            }
            ConversationMsg::Appended(Ok(appended)) => live.durable(appended),
            ConversationMsg::Appended(Err(fault)) => Err(StoreTrouble(fault).into()),
            ConversationMsg::Context(context) => {
                live.birth.context = context;
                live.look_ahead(&me);
                Ok(())
            }
            ConversationMsg::Alarm => live.ring(&me),
        }
    }
}

impl Live {
    fn host(&mut self) -> &mut Host<Conversation> {
        self.host.as_mut().expect("post_start loads the machine before any message is handled")
    }

    /// The machine's state as decided, durable or not yet.
    fn state(&self) -> Option<&State> {
        self.host.as_ref().map(|host| &host.state)
    }

    /// Whether the rules would forbid what an agent wants sent, as far as is known here.
    fn would_refuse(&self, work: &Work) -> bool {
        let now = self.birth.ports.clock.now();
        self.state().is_some_and(|state| work.would_be_refused(state, &self.birth.context, now))
    }

    fn work(&mut self, me: &ActorRef<ConversationMsg>, ticket: u64, work: &Work) -> Result<(), ActorProcessingErr> {
        if matches!(work, Work::Dispatch) {
            self.asked = false;
        }
        if !self.decide(me, work.command(), ticket, work) {
            Counters::add(&self.birth.ports.counters.duplicates, u64::from(matches!(work, Work::Item { .. })));
            self.nothing(me, ticket, work)?;
        }
        self.look_ahead(me);
        Ok(())
    }

    /// Decides and hands the batch over. `false`: nothing changed.
    fn decide(&mut self, me: &ActorRef<ConversationMsg>, command: Command, ticket: u64, work: &Work) -> bool {
        let now = self.birth.ports.clock.now();
        let context = Arc::clone(&self.birth.context);
        let Some((batch, flight)) = self.host().decide(command, &context, now) else { return false };
        let settled = match work {
            Work::Settle { effect, outcome: Outcome::Send { send }, why } => {
                self.tell_of_delay(*effect, send, *why);
                Some(*effect)
            }
            Work::Settle { .. }
            | Work::Item { .. }
            | Work::Reply(_)
            | Work::Dispatch
            | Work::Wake
            | Work::Resolve { .. } => None,
        };
        self.flights.push_back(Pending { flight: Some(flight), tickets: vec![(ticket, Fate::Applied)], settled });
        self.append(me, batch);
        true
    }

    /// A send that Meta does not take now waits until the instant that was just decided.
    fn tell_of_delay(&self, effect: u64, send: &SendOutcome, why: Option<&'static str>) {
        match (send, self.state()) {
            (SendOutcome::Later { after: _, code }, Some(state)) => {
                if let Some(delay) = Delay::of(state, effect, *code, why) {
                    delay.tell(state);
                }
            }
            (SendOutcome::Later { .. }, None)
            | (SendOutcome::Sent { .. } | SendOutcome::Failed { .. } | SendOutcome::InDoubt { .. }, _) => {}
        }
    }

    fn append(&self, me: &ActorRef<ConversationMsg>, batch: Batch) {
        let me = me.clone();
        // The actor may have ended meanwhile: then nobody waits.
        self.birth.ports.journal.append(batch, Box::new(move |fate| drop(me.cast(ConversationMsg::Appended(fate)))));
    }

    /// A duplicate is done when what it repeats is durable.
    fn nothing(&mut self, me: &ActorRef<ConversationMsg>, ticket: u64, work: &Work) -> Result<(), ActorProcessingErr> {
        if let Work::Settle { effect, outcome: Outcome::Send { .. }, .. } = work {
            // Settled before: let the sender forget it.
            self.forget(*effect)?;
        }
        if matches!(work, Work::Wake) {
            let now = self.birth.ports.clock.now();
            if let Some(batch) = self.host().rearm(now) {
                self.flights.push_back(Pending { flight: None, tickets: vec![(ticket, Fate::Nothing)], settled: None });
                self.append(me, batch);
                return Ok(());
            }
        }
        match self.flights.back_mut() {
            Some(pending) => pending.tickets.push((ticket, Fate::Nothing)),
            None => self.done(vec![(ticket, Fate::Nothing)])?,
        }
        Ok(())
    }

    fn durable(&mut self, appended: Appended) -> Result<(), ActorProcessingErr> {
        let pending = self.flights.pop_front().expect("the journal calls back once per batch, in order");
        if let Some(flight) = pending.flight {
            for (id, effect) in self.host().appended(flight, appended) {
                let psid = self.birth.psid.clone();
                if is_send(&effect) {
                    self.birth.sender.cast(SenderMsg::Run { psid, id, effect })?;
                } else {
                    // Nobody has to remember it, so the sender need not know.
                    self.birth.errands.run(None, psid, id, effect);
                }
            }
        }
        if let Some(effect) = pending.settled {
            fail::fail_point!("settle-after-commit");
            self.forget(effect)?;
        }
        Counters::add(&self.birth.ports.counters.batches, 1);
        self.birth.ports.appended.notify_one();
        self.done(pending.tickets)
    }

    fn forget(&self, effect: u64) -> Result<(), ActorProcessingErr> {
        Ok(self.birth.sender.cast(SenderMsg::Forget { psid: self.birth.psid.clone(), effect })?)
    }

    fn done(&self, tickets: Vec<(u64, Fate)>) -> Result<(), ActorProcessingErr> {
        self.birth.parent.done(self.birth.psid.clone(), tickets)
    }

    /// The own alarm. The wake goes through the Page like all work, so that the Page knows that something is under way
    /// and does not let go of this conversation meanwhile.
    fn ring(&mut self, me: &ActorRef<ConversationMsg>) -> Result<(), ActorProcessingErr> {
        let now = self.birth.ports.clock.now();
        if self.timer.as_ref().is_some_and(|timer| timer.at > now) {
            // A long sleep comes in pieces.
            self.timer = None;
            self.look_ahead(me);
            return Ok(());
        }
        self.birth.parent.cast(PageMsg::Wake { psid: self.birth.psid.clone() })
    }

    /// Asks for a token if a part could go, and sets the own alarm if a deadline is near.
    fn look_ahead(&mut self, me: &ActorRef<ConversationMsg>) {
        let now = self.birth.ports.clock.now();
        let Some(state) = self.state() else { return };
        let Ahead { wants_turn, alarm_at } = ahead(state, &self.birth.context, now);
        if wants_turn && !self.asked {
            self.asked = self.birth.parent.cast(PageMsg::Asks { psid: self.birth.psid.clone() }).is_ok();
        }
        let Some(at) = alarm_at else { return };
        if self.timer.as_ref().is_none_or(|timer| timer.at != at) {
            let sleep = self.birth.ports.clock.sleep_until(at);
            let me = me.clone();
            let handle = ractor::concurrency::spawn(async move {
                sleep.await;
                me.cast(ConversationMsg::Alarm)
            });
            self.timer = Some(Timer { at, handle });
        }
    }
}

/// Test door: an item whose text is the mark brings its conversation down, every time.
#[cfg(feature = "failpoints")]
fn poison(work: &Work) {
    if let Work::Item { inbound, .. } = work
        && let model::Kind::Message(message) = &inbound.kind
        && message.text.as_ref().is_some_and(|text| text.reveal().contains("failpoint:poison"))
    {
        panic!("poisoned item");
    }
}
