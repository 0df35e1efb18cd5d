//! The conversation: one live machine, resident only while warm. See `actors::conversation`.
//!
//! What is let go keeps its state here, because the state rebuilt from its records is the same; with an effect open, after
//! a failure and after a crash it is rebuilt. Invariant: what depends on a commit waits for it.

use std::collections::VecDeque;
use std::sync::Arc;

use actors::ahead::{Ahead, ahead};
use actors::errand::is_send;
use actors::host::{Flight, Host};
use actors::slot::Cause;
use actors::work::Work;
use journal::{AppendFault, Appended, Batch};
use machine::Context;
use machine::conversation::{Conversation, Effect, Outcome, State};
use model::{EffectId, MachineId, PageId, Psid, Timestamp};

use super::agenda::{Actor, Agenda, Job};
use super::journal::{INCARNATION, Journal};
use super::page::{Child, Letter, PageMsg};
use super::sender::SenderMsg;
use super::tree::{Mailbox, Tree, rebuilt};
use super::{Committed, Ground};

pub(super) enum ConversationMsg {
    /// Do this; say so to the Page when it is durable.
    Work { ticket: u64, work: Work, sure: bool, context: Arc<Context> },
    /// A batch's fate, in the order of the batches.
    Appended(Result<Appended, AppendFault>),
    /// The Page's or the account's facts changed.
    Context(Arc<Context>),
    /// The own deadline may have come.
    Alarm,
    /// Finish and leave.
    Drain,
}

/// A batch under way and the tickets that wait for it.
struct Pending {
    flight: Option<Flight<Conversation>>,
    tickets: Vec<u64>,
    /// The send that the batch settles.
    settled: Option<u64>,
}

/// A conversation that was met since the last start.
pub(super) struct Resident {
    pub(super) page: usize,
    pub(super) psid: Psid,
    pub(super) id: MachineId,
    pub(super) machine: usize,
    host: Option<Host<Conversation>>,
    live: Option<Live>,
}

/// Its actor.
struct Live {
    mailbox: Mailbox<ConversationMsg>,
    /// No other actor has it.
    number: u64,
    /// Takes nothing more.
    leaves: bool,
    /// It has loaded itself.
    born: bool,
    context: Arc<Context>,
    flights: VecDeque<Pending>,
    /// The own alarm: its instant, and the number it was set under.
    timer: Option<(Timestamp, u64)>,
    /// The Page was asked for a turn and has not answered.
    asked: bool,
}

impl Resident {
    pub(super) fn new(journal: &mut Journal, page: usize, page_id: PageId, psid: Psid) -> Self {
        let id = MachineId::Conversation(page_id, psid.clone());
        let machine = journal.machine(&id);
        Self { page, psid, id, machine, host: None, live: None }
    }

    /// Brings it into memory.
    pub(super) fn spawn(&mut self, agenda: &mut Agenda, index: usize, context: Arc<Context>, turn_comes: bool) {
        let mut mailbox = Mailbox::default();
        mailbox.wake(agenda, Actor::Conversation(index));
        let flights = VecDeque::new();
        let number = agenda.number();
        let live =
            Live { mailbox, number, leaves: false, born: false, context, flights, timer: None, asked: turn_comes };
        self.live = Some(live);
    }

    /// Leaves a message; `false` where it takes none.
    pub(super) fn post(&mut self, agenda: &mut Agenda, index: usize, message: ConversationMsg) -> bool {
        let Some(live) = self.live.as_mut().filter(|live| !live.leaves) else { return false };
        live.leaves = matches!(message, ConversationMsg::Drain);
        live.mailbox.post(agenda, Actor::Conversation(index), message);
        true
    }

    /// Whether it has something to read, or has not begun.
    pub(super) fn has_mail(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.born || !live.mailbox.mail.is_empty())
    }

    pub(super) fn sleep(&mut self) {
        if let Some(live) = &mut self.live {
            live.mailbox.awake = false;
        }
    }

    /// Its actor is gone, and with it what was decided and is not durable.
    pub(super) fn forget(&mut self) {
        self.live = None;
        self.host = None;
    }

    /// Its state as decided, durable or not yet.
    pub(super) fn state(&self) -> Option<&State> {
        self.host.as_ref().map(|host| &host.state)
    }

    /// Whether everything that was decided is durable.
    pub(super) fn is_durable(&self) -> bool {
        self.live.as_ref().is_none_or(|live| live.flights.is_empty())
    }

    fn live(&mut self) -> &mut Live {
        self.live.as_mut().expect("only an actor reads mail")
    }

    fn host(&mut self) -> &mut Host<Conversation> {
        self.host.as_mut().expect("it loads itself before it reads anything")
    }

    /// Loads the machine, unless it rests in memory; what is open is to be settled or run again.
    fn load(&mut self, journal: &Journal) -> Result<Vec<(EffectId, Effect)>, actors::LoadFault> {
        if self.host.as_ref().is_some_and(Host::rests) {
            return Ok(Vec::new());
        }
        let (host, open) = Host::new(self.id.clone(), INCARNATION, rebuilt(journal, &self.id, self.machine)?);
        self.host = Some(host.without_snapshots());
        Ok(open)
    }
}

impl Tree {
    pub(super) fn read_conversation<O>(&mut self, ground: &mut Ground<O>, index: usize) {
        let Some(live) = &mut self.conversations[index].live else { return };
        if !live.born {
            live.born = true;
            if !self.load(ground, index) {
                return;
            }
        }
        let Some(message) = self.conversations[index].live().mailbox.mail.pop_front() else { return };
        match message {
            ConversationMsg::Work { ticket, work, sure, context } => {
                let resident = &mut self.conversations[index];
                resident.live().context = context;
                let refuses = !sure && {
                    let (host, live) = (resident.host.as_ref(), resident.live.as_ref());
                    let state = host.zip(live).map(|(host, live)| (&host.state, &live.context));
                    state.is_some_and(|(state, context)| work.would_be_refused(state, context, ground.now()))
                };
                if refuses {
                    self.tell_page(ground, index, PageMsg::Unsure { conversation: index, ticket });
                } else {
                    self.work(ground, index, ticket, &work);
                }
            }
            ConversationMsg::Appended(Ok(appended)) => self.durable(ground, index, appended),
            ConversationMsg::Appended(Err(_)) => self.conversation_fails(ground, index, Cause::Store),
            ConversationMsg::Context(context) => {
                self.conversations[index].live().context = context;
                self.look_ahead(ground, index);
            }
            ConversationMsg::Alarm => self.own_alarm(ground, index),
            ConversationMsg::Drain => {
                let resident = &mut self.conversations[index];
                resident.live = None;
                let page = resident.page;
                self.pages[page].hear_of(&mut ground.agenda, page, Child::Left(index));
            }
        }
    }

    fn load<O>(&mut self, ground: &mut Ground<O>, index: usize) -> bool {
        let resident = &mut self.conversations[index];
        let Ok(open) = resident.load(&ground.journal) else {
            self.conversation_fails(ground, index, Cause::Unreadable);
            return false;
        };
        let page = resident.page;
        for (id, effect) in open {
            let message = SenderMsg::Recover { conversation: index, id, effect };
            self.pages[page].sender.mailbox.post(&mut ground.agenda, Actor::Sender(page), message);
        }
        self.look_ahead(ground, index);
        self.pages[page].hear_of(&mut ground.agenda, page, Child::Started);
        true
    }

    fn conversation_fails<O>(&mut self, ground: &mut Ground<O>, index: usize, cause: Cause) {
        let resident = &mut self.conversations[index];
        resident.forget();
        let page = resident.page;
        self.pages[page].hear_of(&mut ground.agenda, page, Child::Failed(index, cause));
    }

    fn tell_page<O>(&mut self, ground: &mut Ground<O>, index: usize, message: PageMsg) {
        let page = self.conversations[index].page;
        self.pages[page].mailbox.post(&mut ground.agenda, Actor::Page(page), message);
    }

    fn work<O>(&mut self, ground: &mut Ground<O>, index: usize, ticket: u64, work: &Work) {
        if matches!(work, Work::Dispatch) {
            self.conversations[index].live().asked = false;
        }
        if !self.decide(ground, index, ticket, work) {
            self.nothing(ground, index, ticket, work);
        }
        self.look_ahead(ground, index);
    }

    /// Decides and hands the batch over. `false`: nothing changed.
    fn decide<O>(&mut self, ground: &mut Ground<O>, index: usize, ticket: u64, work: &Work) -> bool {
        let now = ground.now();
        let resident = &mut self.conversations[index];
        let context = Arc::clone(&resident.live().context);
        let Some((batch, flight)) = resident.host().decide(work.command(), &context, now) else { return false };
        let settled = match work {
            Work::Settle { effect, outcome: Outcome::Send { .. }, .. } => Some(*effect),
            Work::Settle { .. }
            | Work::Item { .. }
            | Work::Reply(_)
            | Work::Dispatch
            | Work::Wake
            | Work::Resolve { .. } => None,
        };
        resident.live().flights.push_back(Pending { flight: Some(flight), tickets: vec![ticket], settled });
        self.append(ground, index, batch);
        true
    }

    fn append<O>(&mut self, ground: &mut Ground<O>, index: usize, batch: Batch) {
        match ground.commit(self.conversations[index].machine, batch) {
            Committed::Heard(fate) => {
                let mailbox = &mut self.conversations[index].live().mailbox;
                mailbox.post(&mut ground.agenda, Actor::Conversation(index), ConversationMsg::Appended(fate));
            }
            Committed::Late(at, fate) => {
                let life = self.conversations[index].live().number;
                ground.agenda.spawn(Job::Heard { conversation: index, life, at, fate });
            }
            Committed::Panics => self.conversation_fails(ground, index, Cause::Work),
        }
    }

    /// What a conversation was to hear late, if it still is the one that waits for it.
    pub(super) fn heard_late<O>(
        &mut self,
        ground: &mut Ground<O>,
        index: usize,
        life: u64,
        fate: Result<Appended, AppendFault>,
    ) {
        let resident = &mut self.conversations[index];
        if resident.live.as_ref().is_some_and(|live| live.number == life) {
            resident.post(&mut ground.agenda, index, ConversationMsg::Appended(fate));
        }
    }

    /// A duplicate is done when what it repeats is durable.
    fn nothing<O>(&mut self, ground: &mut Ground<O>, index: usize, ticket: u64, work: &Work) {
        if let Work::Settle { effect, outcome: Outcome::Send { .. }, .. } = work {
            // Settled before: let the sender forget it.
            self.forget_send(ground, index, *effect);
        }
        let resident = &mut self.conversations[index];
        if matches!(work, Work::Wake)
            && let Some(batch) = resident.host().rearm(ground.now())
        {
            let pending = Pending { flight: None, tickets: vec![ticket], settled: None };
            resident.live().flights.push_back(pending);
            self.append(ground, index, batch);
            return;
        }
        match resident.live().flights.back_mut() {
            Some(pending) => pending.tickets.push(ticket),
            None => self.report(ground, index, vec![ticket]),
        }
    }

    fn durable<O>(&mut self, ground: &mut Ground<O>, index: usize, appended: Appended) {
        let resident = &mut self.conversations[index];
        let page = resident.page;
        let pending = resident.live().flights.pop_front().expect("there is one word for each batch, in order");
        if let Some(flight) = pending.flight {
            for (id, effect) in resident.host().appended(flight, appended) {
                if is_send(&effect) {
                    let message = SenderMsg::Run { conversation: index, id, effect };
                    self.pages[page].sender.mailbox.post(&mut ground.agenda, Actor::Sender(page), message);
                } else {
                    // Nobody has to remember it, so the sender need not know.
                    self.carry_out(ground, index, id, effect);
                }
            }
        }
        if let Some(effect) = pending.settled {
            self.forget_send(ground, index, effect);
        }
        self.report(ground, index, pending.tickets);
    }

    fn forget_send<O>(&mut self, ground: &mut Ground<O>, index: usize, effect: u64) {
        let page = self.conversations[index].page;
        let message = SenderMsg::Forget { conversation: index, effect };
        self.pages[page].sender.mailbox.post(&mut ground.agenda, Actor::Sender(page), message);
    }

    fn report<O>(&mut self, ground: &mut Ground<O>, index: usize, tickets: Vec<u64>) {
        let page = self.conversations[index].page;
        self.pages[page].leave(&mut ground.agenda, page, Letter::Done { conversation: index, tickets });
    }

    /// Its own alarm has come, if it is the one that was set last.
    pub(super) fn alarm_of<O>(&mut self, ground: &mut Ground<O>, index: usize, set: u64) {
        let resident = &mut self.conversations[index];
        if resident.live.as_ref().and_then(|live| live.timer).is_some_and(|(_, number)| number == set) {
            resident.post(&mut ground.agenda, index, ConversationMsg::Alarm);
        }
    }

    /// The wake goes through the Page like all work, so that the Page knows that something is under way.
    fn own_alarm<O>(&mut self, ground: &mut Ground<O>, index: usize) {
        let live = self.conversations[index].live();
        if live.timer.is_some_and(|(at, _)| at > ground.now()) {
            live.timer = None;
            self.look_ahead(ground, index);
            return;
        }
        self.tell_page(ground, index, PageMsg::Wake { conversation: index });
    }

    /// Asks for a turn if a part could go, and sets the own alarm if a deadline is near.
    fn look_ahead<O>(&mut self, ground: &mut Ground<O>, index: usize) {
        let now = ground.now();
        let resident = &mut self.conversations[index];
        let (Some(host), Some(live)) = (&resident.host, &mut resident.live) else { return };
        let Ahead { wants_turn, alarm_at } = ahead(&host.state, &live.context, now);
        if wants_turn && !live.asked {
            live.asked = true;
            self.tell_page(ground, index, PageMsg::Asks { conversation: index });
        }
        let live = self.conversations[index].live();
        if let Some(at) = alarm_at.filter(|at| live.timer.is_none_or(|(set_to, _)| set_to != *at)) {
            let set = ground.agenda.number();
            live.timer = Some((at, set));
            ground.agenda.spawn(Job::Alarm { conversation: index, set, at });
        }
    }
}
