//! Everything that a crash takes: the actors' mailboxes and what they know beside the journal.
//!
//! Starts in the order of `actors::start`. Invariant: an actor that has mail is ready, once; it reads on until its mail is
//! read or it had enough for once.

use std::collections::{BTreeMap, VecDeque};

use actors::Limits;
use actors::host::{Host, Rebuilt};
use actors::rounds::Rounds;
use machine::Machine;
use machine::conversation::{Conversation, Resolution, State};
use machine::outbound::PartId;
use model::{MachineId, PageId, Psid, Timestamp};
use node::NodeConfig;

use super::account::Account;
use super::agenda::{Actor, Agenda, Job, Task};
use super::conversation::Resident;
use super::errands::Errands;
use super::feeder::{Feeder, FeederMsg};
use super::journal::Journal;
use super::page::{Home, Page, PageMsg};
use super::reader::Reader;
use super::{Ground, come, look_again, wait_for_task};
use crate::outside::Outside;

/// Messages that an actor takes from its mailbox in one go: the runtime's budget for one task. The last of them is only
/// handled in the next go.
const BUDGET: u32 = 128;

/// The node's memory.
pub(super) struct Tree {
    pub(super) limits: Limits,
    pub(super) account: Account,
    pub(super) feeder: Feeder,
    pub(super) reader: Reader,
    pub(super) alarm: Alarm,
    pub(super) shard: Mailbox<(usize, PageMsg)>,
    pub(super) pages: Vec<Page>,
    pub(super) pages_by_id: BTreeMap<PageId, usize>,
    pub(super) conversations: Vec<Resident>,
    /// Calls under way, a post for each life of a Page.
    pub(super) posts: Vec<Errands>,
    /// Conversations in memory, as the actors count them.
    pub(super) resident: u64,
    /// Who is reading, and how much they may still read.
    reading: Option<(Actor, u32)>,
}

/// An actor's mail.
pub(super) struct Mailbox<M> {
    pub(super) mail: VecDeque<M>,
    /// Ready, or reading.
    pub(super) awake: bool,
}

impl<M> Default for Mailbox<M> {
    fn default() -> Self {
        Self { mail: VecDeque::new(), awake: false }
    }
}

impl<M> Mailbox<M> {
    /// Leaves a message and wakes the actor.
    pub(super) fn post(&mut self, agenda: &mut Agenda, actor: Actor, message: M) {
        self.mail.push_back(message);
        self.wake(agenda, actor);
    }

    pub(super) fn wake(&mut self, agenda: &mut Agenda, actor: Actor) {
        if !core::mem::replace(&mut self.awake, true) {
            agenda.push(Task::Actor(actor));
        }
    }
}

/// The alarm clock of everything that is not in memory.
pub(super) struct Alarm {
    pub(super) mailbox: Mailbox<bool>,
    rounds: Rounds,
    /// Rung while nobody slept.
    rung: bool,
    /// The sleep that counts, once it has begun.
    asleep: Option<u64>,
    set: u64,
}

impl Tree {
    /// Account, Pages, everything with open effects, then the old deliveries, then comments and deadlines. `None`: the store
    /// did not take what account and Pages are to know, so that nothing starts.
    pub(super) fn start<O: Outside>(ground: &mut Ground<O>, config: &NodeConfig) -> Option<Self> {
        let now = ground.now();
        let alarm = Alarm { mailbox: Mailbox::default(), rounds: Rounds::new(now), rung: false, asleep: None, set: 0 };
        let mut tree = Self {
            limits: config.limits,
            account: Account::load(ground, &config.account),
            feeder: Feeder::new(now, &ground.inbox),
            reader: Reader::default(),
            alarm,
            shard: Mailbox::default(),
            pages: Vec::new(),
            pages_by_id: BTreeMap::new(),
            conversations: Vec::new(),
            posts: Vec::new(),
            resident: 0,
            reading: None,
        };
        ground.refused = false;
        tree.configure_account(ground, config.facts.clone());
        tree.settle(ground);
        if ground.refused {
            return None;
        }
        for (page, of) in &config.pages {
            let page = tree.page(ground, page);
            tree.tell(ground, page, PageMsg::Configure(of.facts()));
            tree.settle(ground);
            if ground.refused {
                return None;
            }
        }
        let open: Vec<MachineId> = ground.journal.open_machines().into_iter().cloned().collect();
        for machine in open {
            tree.wake(ground, &machine);
        }
        tree.feeder.mailbox.post(&mut ground.agenda, Actor::Feeder, FeederMsg::Start);
        tree.settle(ground);
        tree.start_reading(ground);
        tree.alarm.mailbox.post(&mut ground.agenda, Actor::Alarm, true);
        Some(tree)
    }

    fn settle<O: Outside>(&mut self, ground: &mut Ground<O>) {
        while self.step(ground) {}
    }

    /// The place of a Page, made where it is new.
    pub(super) fn page<O>(&mut self, ground: &mut Ground<O>, id: &PageId) -> usize {
        if let Some(index) = self.pages_by_id.get(id) {
            return *index;
        }
        let index = self.pages.len();
        self.pages.push(Page::unborn(&mut ground.journal, id));
        self.pages_by_id.insert(id.clone(), index);
        index
    }

    /// The place of a conversation, made where it is new.
    pub(super) fn conversation<O>(&mut self, ground: &mut Ground<O>, page: usize, psid: &Psid) -> usize {
        let of = &mut self.pages[page];
        if let Some(index) = of.known.get(psid) {
            return *index;
        }
        let index = self.conversations.len();
        self.conversations.push(Resident::new(&mut ground.journal, page, of.id.clone(), psid.clone()));
        of.known.insert(psid.clone(), index);
        index
    }

    /// Passes a message on to a Page: to its actor, or to the shard that starts it.
    pub(super) fn tell<O>(&mut self, ground: &mut Ground<O>, page: usize, message: PageMsg) {
        if self.pages[page].routed {
            self.pages[page].mailbox.post(&mut ground.agenda, Actor::Page(page), message);
        } else {
            self.shard.post(&mut ground.agenda, Actor::Shard, (page, message));
        }
    }

    /// A machine's deadline has come, or it has something open.
    fn wake<O>(&mut self, ground: &mut Ground<O>, machine: &MachineId) {
        if let MachineId::Conversation(page, psid) = machine {
            let page = self.page(ground, page);
            let conversation = self.conversation(ground, page, psid);
            self.tell(ground, page, PageMsg::Wake { conversation });
        }
    }

    pub(super) fn resolve<O>(
        &mut self,
        ground: &mut Ground<O>,
        page: &PageId,
        psid: &Psid,
        (part, resolution, by): (PartId, Resolution, String),
    ) {
        let page = self.page(ground, page);
        let conversation = self.conversation(ground, page, psid);
        self.tell(ground, page, PageMsg::Resolve { conversation, part, resolution, by });
    }

    /// A delivery is durable.
    pub(super) fn came(&mut self, agenda: &mut Agenda) {
        self.feeder.ring_fresh(agenda);
    }

    /// Reads one message, or lets one piece of work go on; `false` where nothing is left to do now.
    pub(super) fn step<O: Outside>(&mut self, ground: &mut Ground<O>) -> bool {
        loop {
            if let Some((actor, left)) = self.reading.take() {
                if !self.has_mail(actor) {
                    self.sleep(actor);
                } else if left == 0 {
                    ground.agenda.sate(actor);
                } else {
                    self.read(ground, actor);
                    self.reading = Some((actor, left - 1));
                    return true;
                }
            }
            match ground.agenda.next() {
                None => return false,
                Some(Task::Actor(actor)) => self.reading = Some((actor, BUDGET - 1)),
                Some(Task::Sated(actor)) => self.reading = Some((actor, BUDGET)),
                Some(Task::Begin(job)) => {
                    self.begin(ground, job);
                    return true;
                }
                Some(Task::Go(job)) => {
                    self.go(ground, job);
                    return true;
                }
            }
        }
    }

    /// Whether an actor has something to read, or has not begun.
    fn has_mail(&self, actor: Actor) -> bool {
        match actor {
            Actor::Feeder => !self.feeder.mailbox.mail.is_empty(),
            Actor::Account => !self.account.mailbox.mail.is_empty(),
            Actor::Reader => !self.reader.mailbox.mail.is_empty(),
            Actor::Alarm => !self.alarm.mailbox.mail.is_empty(),
            Actor::Shard => !self.shard.mail.is_empty(),
            Actor::Page(page) => self.pages[page].has_mail(),
            Actor::Sender(page) => !self.pages[page].sender.mailbox.mail.is_empty(),
            Actor::Conversation(conversation) => self.conversations[conversation].has_mail(),
        }
    }

    /// Reads one message of an actor that has mail.
    fn read<O: Outside>(&mut self, ground: &mut Ground<O>, actor: Actor) {
        match actor {
            Actor::Feeder => self.read_feeder(ground),
            Actor::Account => self.read_account(ground),
            Actor::Reader => self.read_reader(ground),
            Actor::Alarm => {
                if let Some(afresh) = self.alarm.mailbox.mail.pop_front() {
                    self.ring(ground, afresh);
                }
            }
            Actor::Shard => {
                if let Some((page, message)) = self.shard.mail.pop_front() {
                    self.shard_tells(ground, page, message);
                }
            }
            Actor::Page(page) => self.read_page(ground, page),
            Actor::Sender(page) => self.read_sender(ground, page),
            Actor::Conversation(conversation) => self.read_conversation(ground, conversation),
        }
    }

    fn sleep(&mut self, actor: Actor) {
        match actor {
            Actor::Feeder => self.feeder.mailbox.awake = false,
            Actor::Account => self.account.mailbox.awake = false,
            Actor::Reader => self.reader.mailbox.awake = false,
            Actor::Alarm => self.alarm.mailbox.awake = false,
            Actor::Shard => self.shard.awake = false,
            Actor::Page(page) => self.pages[page].mailbox.awake = false,
            Actor::Sender(page) => self.pages[page].sender.mailbox.awake = false,
            Actor::Conversation(conversation) => self.conversations[conversation].sleep(),
        }
    }

    fn begin<O: Outside>(&mut self, ground: &mut Ground<O>, job: Job) {
        let now = ground.now();
        match job {
            Job::Delivery(coming) => come(ground, self, coming),
            Job::Comment(patient) => wait_for_task(ground, patient),
            Job::Errand(errand) => self.errand(ground, errand),
            Job::Bring { reading, replies } => self.bring(ground, reading, replies),
            Job::Feed => self.await_feed(ground),
            Job::Bell { set, next } => self.fall_asleep(ground, set, next),
            Job::Rung => self.go(ground, job),
            Job::Alarm { at, .. }
            | Job::Later { at, .. }
            | Job::Heard { at, .. }
            | Job::PageRestart { at, .. }
            | Job::Round { at }
            | Job::ReadAgain { at }
            | Job::BringAgain { at, .. } => {
                if at > now {
                    ground.agenda.at(at, Task::Go(job));
                } else {
                    self.go(ground, job);
                }
            }
        }
    }

    fn go<O: Outside>(&mut self, ground: &mut Ground<O>, job: Job) {
        match job {
            Job::Delivery(coming) => come(ground, self, coming),
            Job::Comment(patient) => look_again(ground, self, patient),
            Job::Errand(errand) => self.errand(ground, errand),
            Job::Alarm { conversation, set, at: _ } => self.alarm_of(ground, conversation, set),
            Job::Heard { conversation, life, at: _, fate } => self.heard_late(ground, conversation, life, fate),
            Job::Later { page, life, at: _, word } => self.told_later(ground, page, life, word),
            Job::PageRestart { page, at: _ } => self.restart_page(ground, page),
            Job::Round { at: _ } => self.feeder.mailbox.post(&mut ground.agenda, Actor::Feeder, FeederMsg::Round),
            Job::Bell { set, next: _ } => self.wake_up(ground, set),
            Job::Rung => self.alarm.mailbox.post(&mut ground.agenda, Actor::Alarm, true),
            Job::Feed => self.feed_seen(ground),
            Job::ReadAgain { at: _ } => self.read_on(ground),
            Job::Bring { reading, replies: _ } => self.brought(ground, reading),
            Job::BringAgain { reading, at: _, reply } => self.bring_one(ground, reading, reply),
        }
    }

    // The alarm.

    fn ring<O: Outside>(&mut self, ground: &mut Ground<O>, afresh: bool) {
        let now = ground.now();
        let journal = &ground.journal;
        let due =
            |until, after: Option<&_>, limit| Ok::<_, core::convert::Infallible>(journal.due(until, after, limit));
        let Ok(ring) = self.alarm.rounds.ring(now, afresh, due);
        for row in ring.due {
            if let Some(machine) = actors::host::machine_of(&row.key) {
                self.wake(ground, &machine);
            }
        }
        self.alarm.set += 1;
        ground.agenda.spawn(Job::Bell { set: self.alarm.set, next: ring.next });
    }

    fn fall_asleep<O>(&mut self, ground: &mut Ground<O>, set: u64, next: Timestamp) {
        if core::mem::take(&mut self.alarm.rung) {
            self.alarm.mailbox.post(&mut ground.agenda, Actor::Alarm, true);
        } else {
            self.alarm.asleep = Some(set);
            ground.agenda.at(next, Task::Go(Job::Bell { set, next }));
        }
    }

    fn wake_up<O>(&mut self, ground: &mut Ground<O>, set: u64) {
        if self.alarm.asleep == Some(set) {
            self.alarm.asleep = None;
            self.alarm.mailbox.post(&mut ground.agenda, Actor::Alarm, false);
        }
    }

    /// A Page is up: what its conversations had set as their own alarms ended with the actor before it.
    pub(super) fn ring_bell<O>(&mut self, ground: &mut Ground<O>) {
        if self.alarm.asleep.take().is_some() {
            ground.agenda.push(Task::Go(Job::Rung));
        } else {
            self.alarm.rung = true;
        }
    }

    // What is seen from outside.

    pub(super) fn state(&self, machine: &MachineId) -> Option<&State> {
        let MachineId::Conversation(page, psid) = machine else { return None };
        let page = &self.pages[*self.pages_by_id.get(page)?];
        self.conversations[*page.known.get(psid)?].state()
    }

    /// Conversations whose live state is not what their records come to. Only those that wait for no commit.
    pub(super) fn astray(&self, journal: &Journal) -> Vec<MachineId> {
        let astray = self.conversations.iter().filter(|resident| {
            let Some(state) = resident.state().filter(|_| resident.is_durable()) else { return false };
            let rebuilt: Result<Rebuilt<Conversation>, _> = rebuilt(journal, &resident.id, resident.machine);
            rebuilt.map_or(true, |rebuilt| rebuilt.state != *state)
        });
        astray.map(|resident| resident.id.clone()).collect()
    }

    /// Starts a Page or passes the message on; while it is to be started again, what nobody offers again is held.
    fn shard_tells<O>(&mut self, ground: &mut Ground<O>, page: usize, message: PageMsg) {
        match self.pages[page].home {
            Home::Unborn => {
                self.start_page(ground, page, Vec::new());
                self.pages[page].mailbox.post(&mut ground.agenda, Actor::Page(page), message);
            }
            Home::Up => self.pages[page].mailbox.post(&mut ground.agenda, Actor::Page(page), message),
            Home::Backoff => self.pages[page].hold(message),
        }
    }
}

/// A machine as the journal has it: `evolve` only.
pub(super) fn rebuilt<M: Machine>(
    journal: &Journal,
    id: &MachineId,
    machine: usize,
) -> Result<Rebuilt<M>, actors::LoadFault> {
    Rebuilt::of(id, M::fresh(id), journal.history(machine))
}

/// A machine that names no effects, rebuilt.
///
/// # Panics
/// Where its records cannot be read: the journal is this process's own memory.
pub(super) fn host_without_effects<M: Machine>(journal: &Journal, id: &MachineId, machine: usize) -> Host<M> {
    let rebuilt = rebuilt(journal, id, machine).expect("records in memory are those that this build encoded");
    let (host, _none) = Host::new(id.clone(), super::journal::INCARNATION, rebuilt);
    host.without_snapshots()
}
