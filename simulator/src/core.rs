//! The core depth: the node without a runtime. The pure machines, the parser, the codec and a journal of stored bytes,
//! driven synchronously by virtual time.
//!
//! Who lives and who may go next is the same as in `actors`: each actor is a mailbox here, each of its decisions runs the
//! same code, and messages are read in the order in which the actors' runtime reads them. So both depths come to the same
//! events per conversation; a differential test holds them together. Not here: rules (machines), what the world answers
//! ([`Outside`]), supervision of code that panics (the actors depth).
//!
//! Invariant: no clock, no threads, no chance. Time moves only when nothing is left to do at its instant.

mod account;
mod agenda;
mod conversation;
mod errands;
mod feeder;
mod journal;
mod page;
mod play;
mod reader;
mod sender;
mod slots;
mod tree;

use ::journal::{AppendFault, Appended, Batch};
use machine::conversation::{Resolution, State};
use machine::outbound::PartId;
use model::{MachineId, Span, Timestamp};
use node::NodeConfig;
use oracle::History;
use oracle::history::Life;
use policy::EditionId;

use self::agenda::{Agenda, Job, Task};
use self::tree::Tree;
use crate::fault;
use crate::fault::trouble::{Ruling, Trouble, Write};
use crate::outside::{Announced, Coming, CommentOnTask, Outside};
use crate::replay::agents::{NOT_WRITTEN, TASK_AGAIN};
use crate::replay::door::POSTED_AGAIN;
use crate::tree::STARTED_AGAIN;
use crate::witness::Witness;

pub use self::feeder::Inbox;
pub use self::journal::{Fate, Journal, Sound, Storage};
pub use self::play::{replay, replay_under};

/// So many steps at one instant are no progress: a world has a few thousand messages, and a flood some ten thousand.
const STEPS_AT_ONCE: usize = 5_000_000;

/// What a node is made of.
pub struct Setup {
    /// Account, settings, Pages and limits, as the shipped node takes them.
    pub config: NodeConfig,
    /// The first instant.
    pub begins_at: Timestamp,
    /// What becomes of commits.
    pub storage: Box<dyn Storage>,
    /// What goes wrong.
    pub trouble: Trouble,
    /// Who watches.
    pub witness: Witness,
    /// The rules that every decision rests on; `None`: those in force at its time.
    pub edition: Option<EditionId>,
}

impl Setup {
    /// On a sound store, with a hash and without a trace.
    pub fn new(config: NodeConfig, begins_at: Timestamp) -> Self {
        let (trouble, witness) = (Trouble::default(), Witness::default());
        Self { config, begins_at, storage: Box::new(Sound), trouble, witness, edition: None }
    }
}

/// A node and the world around it.
pub struct Node<O> {
    ground: Ground<O>,
    /// `None` after a crash.
    tree: Option<Tree>,
    /// It is to run and does not, because its store took nothing: started again then.
    again: Option<(Timestamp, NodeConfig)>,
}

/// What outlives a crash: the store, the world, and who watches.
struct Ground<O> {
    outside: O,
    journal: Journal,
    inbox: Inbox,
    troubles: Trouble,
    witness: Witness,
    edition: Option<EditionId>,
    agenda: Agenda,
    /// Comments of agents so far, and how many wait for a task or found none.
    comments: Comments,
    /// Deliveries that came by themselves and have not been taken.
    on_the_way: u64,
    /// The witness could not read a record.
    trouble: Option<anyhow::Error>,
    /// Something was not stored since the tree began to start.
    refused: bool,
}

/// Comments of agents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Comments {
    /// Asked for.
    pub asked: u64,
    /// Written.
    pub written: u64,
    /// Waiting for their task.
    pub waiting: u64,
    /// Never written.
    pub unsettled: u64,
}

/// An agent who waits for a task to comment on.
struct Patient {
    number: usize,
    comment: CommentOnTask,
    until: Timestamp,
}

impl<O: Outside> Node<O> {
    /// Starts a node on an empty store.
    pub fn new(setup: Setup, outside: O) -> Self {
        let Setup { config, begins_at, storage, trouble, witness, edition } = setup;
        let mut ground = Ground {
            outside,
            journal: Journal::new(storage),
            inbox: Inbox::default(),
            troubles: trouble,
            witness,
            edition,
            agenda: Agenda::new(begins_at),
            comments: Comments::default(),
            on_the_way: 0,
            trouble: None,
            refused: false,
        };
        ground.witness.life(begins_at, Life::Started);
        let tree = Tree::start(&mut ground, &config);
        let again = if tree.is_none() { Some((begins_at + STARTED_AGAIN, config)) } else { None };
        Self { ground, tree, again }
    }

    /// Meta delivers at `at`; everything before that instant happens first. The number of the delivery in the inbox, `None`
    /// where the node is down. What is delivered at one instant is read together, before anything else of that instant.
    pub fn deliver(&mut self, at: Timestamp, body: &[u8]) -> Option<u64> {
        self.run_until(at);
        self.accept(body, None)
    }

    /// As [`Node::deliver`], with what the trace says of it.
    pub fn deliver_as(&mut self, at: Timestamp, name: &Announced, body: &[u8]) -> Option<u64> {
        self.run_until(at);
        self.accept(body, Some(name))
    }

    fn accept(&mut self, body: &[u8], name: Option<&Announced>) -> Option<u64> {
        let taken = accept(&mut self.ground, self.tree.as_mut(), body, name);
        self.falls_if_felled();
        taken
    }

    /// An agent comments at `at`; where there is no task yet, they look again for so long. While the node is down nobody
    /// comments.
    pub fn comment(&mut self, at: Timestamp, comment: CommentOnTask, patience: Span) {
        self.run_until(at);
        if self.tree.is_none() {
            return;
        }
        self.ground.comments.asked += 1;
        let number = usize::try_from(self.ground.comments.asked).unwrap_or(usize::MAX);
        let patient = Patient { number, comment, until: self.now() + patience };
        if !write(&mut self.ground, self.tree.as_mut(), &patient) {
            self.ground.comments.waiting += 1;
            self.ground.agenda.spawn(Job::Comment(Box::new(patient)));
        }
    }

    /// A person decides about a part. `false`: the node is down.
    pub fn resolve(
        &mut self,
        at: Timestamp,
        conversation: &MachineId,
        part: PartId,
        resolution: Resolution,
        by: String,
    ) -> bool {
        self.run_until(at);
        let MachineId::Conversation(page, psid) = conversation else { return false };
        let Some(tree) = self.tree.as_mut() else { return false };
        tree.resolve(&mut self.ground, page, psid, (part, resolution, by));
        true
    }

    /// Lets everything happen that falls due before `at`, and shows `at` from then. What falls due at `at` itself happens
    /// behind whatever is delivered at `at`.
    pub fn run_until(&mut self, at: Timestamp) {
        while self.ground.agenda.now() < at {
            let steps = std::iter::repeat_with(|| self.step()).take(STEPS_AT_ONCE).take_while(|did| *did).count();
            assert!(steps < STEPS_AT_ONCE, "it goes round and round at {}, with nothing to wait for", self.now().0);
            let again = self.again.as_ref().map_or(at, |(when, _)| at.min(*when));
            self.ground.agenda.advance(again);
            if let Some((_, config)) = self.again.take_if(|(when, _)| *when <= again && *when < at) {
                self.restart(&config);
            }
        }
    }

    fn falls_if_felled(&mut self) {
        if self.tree.is_some() && self.ground.troubles.has_fallen() {
            self.crash();
        }
    }

    /// One message is read, or one piece of work goes on, at the present instant; `false` where nothing is left to do at
    /// it. Between any two steps a crash is possible.
    pub fn step(&mut self) -> bool {
        let Some(tree) = &mut self.tree else { return false };
        let did = tree.step(&mut self.ground);
        self.falls_if_felled();
        did
    }

    /// The instant after the present one at which something falls due.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.ground.agenda.next_at()
    }

    /// Everything is forgotten but what is durable and what the world has in hand.
    pub fn crash(&mut self) {
        if self.tree.take().is_some() {
            let now = self.now();
            self.ground.witness.life(now, Life::Crashed);
        }
        self.again = None;
        self.ground.agenda.crash();
        self.ground.inbox.crash();
    }

    /// Starts again on what is durable, perhaps with other settings: the first start of the actors, step by step. What the
    /// world wanted to deliver meanwhile comes now.
    pub fn restart(&mut self, config: &NodeConfig) {
        self.crash();
        self.ground.troubles.rises();
        if self.ground.troubles.has_bad_disk() {
            // A store that takes nothing does not open; whoever watches over the process tries again.
            self.again = Some((self.now() + STARTED_AGAIN, config.clone()));
            return;
        }
        let (held, now) = (self.ground.agenda.hold(), self.now());
        self.ground.witness.life(now, Life::Started);
        self.tree = Tree::start(&mut self.ground, config);
        if self.tree.is_none() {
            // Whoever watches over the process starts it again.
            self.ground.witness.life(now, Life::Crashed);
            self.ground.agenda.crash();
            self.ground.inbox.crash();
            self.again = Some((now + STARTED_AGAIN, config.clone()));
        }
        self.ground.agenda.go_on(held);
    }

    /// Whether there is a process.
    pub fn runs(&self) -> bool {
        self.tree.is_some()
    }

    /// Whether nothing is under way and no deadline is due.
    pub fn is_idle(&self) -> bool {
        let due = self.ground.journal.next_due().is_some_and(|at| at <= self.now().0);
        self.ground.inbox.is_done() && !self.ground.journal.has_open_effects() && !due
    }

    /// Whether it runs.
    pub(crate) fn is_up(&self) -> bool {
        self.tree.is_some()
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.ground.agenda.now()
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.ground.journal
    }

    /// From now on commits fare like this.
    pub fn set_storage(&mut self, storage: Box<dyn Storage>) {
        self.ground.journal.set_storage(storage);
    }

    /// The inbox.
    pub fn inbox(&self) -> &Inbox {
        &self.ground.inbox
    }

    /// Deliveries that will still come by themselves.
    pub fn on_the_way(&self) -> u64 {
        self.ground.on_the_way
    }

    /// Comments of agents so far.
    pub fn comments(&self) -> Comments {
        self.ground.comments
    }

    /// The world.
    pub fn outside(&self) -> &O {
        &self.ground.outside
    }

    /// The world, to be changed between two steps.
    pub fn outside_mut(&mut self) -> &mut O {
        &mut self.ground.outside
    }

    /// Who watches.
    pub fn witness(&self) -> &Witness {
        &self.ground.witness
    }

    /// Whether somebody could not read a record, at any time.
    pub(crate) fn trouble(&mut self) -> Option<anyhow::Error> {
        self.ground.trouble.take()
    }

    /// Tells whoever watches what stands between two steps.
    pub(crate) fn note<T>(&mut self, note: impl FnOnce(&mut Witness) -> T) -> T {
        note(&mut self.ground.witness)
    }

    /// Tells that the run is over and at rest, and takes what the oracle is to judge; `None` where nobody had it
    /// written down.
    pub fn history(&mut self) -> Option<History> {
        let now = self.now();
        self.note(|witness| witness.life(now, Life::FaultsOver));
        self.compare();
        self.note(|witness| {
            witness.tell(|chronicle| chronicle.show(now));
            witness.life(now, Life::AtRest);
            witness.history()
        })
    }

    /// What stands for the living states of the conversations in memory, compared with their records.
    pub(crate) fn compare(&mut self) {
        let (now, tree) = (self.now(), self.tree.as_ref());
        let mut living =
            |machine: &MachineId| tree.and_then(|tree| tree.state(machine)).map(crate::chronicle::of_state);
        self.ground.witness.tell(|chronicle| chronicle.compare(now, &mut living));
    }

    /// The live state of a conversation that is or was in memory since the last start.
    pub fn state(&self, conversation: &MachineId) -> Option<&State> {
        self.tree.as_ref()?.state(conversation)
    }

    /// Conversations whose live state is not what their records come to; never any.
    pub fn astray(&self) -> Vec<MachineId> {
        self.tree.as_ref().map(|tree| tree.astray(&self.ground.journal)).unwrap_or_default()
    }

    /// The hash over every byte of the journal, every request to Meta and every call of the tracker: 64 hex digits.
    pub fn trace_hash(&self) -> String {
        self.ground.witness.trace_hash()
    }
}

impl<O> Ground<O> {
    fn now(&self) -> Timestamp {
        self.agenda.now()
    }

    /// Makes a batch durable, or says why it is not.
    fn commit(&mut self, machine: usize, batch: Batch) -> Committed {
        let committed = self.ruled(machine, batch);
        self.refused |= matches!(committed, Committed::Heard(Err(_)) | Committed::Panics);
        committed
    }

    fn ruled(&mut self, machine: usize, batch: Batch) -> Committed {
        if !self.troubles.is_on() {
            return Committed::Heard(self.store(machine, batch));
        }
        match self.troubles.commit(&batch.key, self.now()) {
            Ruling::Goes => Committed::Heard(self.write(machine, batch)),
            Ruling::Late(until) => Committed::Late(until, self.write(machine, batch)),
            Ruling::Fated(fault::Fate::Refused) | Ruling::Dead => Committed::Heard(Err(AppendFault::Unavailable)),
            Ruling::Fated(fault::Fate::Lost) => Committed::Heard(Err(AppendFault::Unknown)),
            Ruling::Fated(fault::Fate::Delayed) => {
                Committed::Heard(self.write(machine, batch).and(Err(AppendFault::Unknown)))
            }
            Ruling::Panics => Committed::Panics,
        }
    }

    /// As far as the disk takes it.
    fn write(&mut self, machine: usize, batch: Batch) -> Result<Appended, AppendFault> {
        match self.troubles.write() {
            Write::Goes => {}
            Write::Full | Write::Fails => return Err(AppendFault::Unavailable),
        }
        let fate = self.store(machine, batch);
        if fate.is_ok() {
            // Where the process falls over it, it falls behind this step, and nothing of the step is heard.
            let _fell = self.troubles.stored();
        }
        fate
    }

    fn store(&mut self, machine: usize, batch: Batch) -> Result<Appended, AppendFault> {
        let before = self.journal.batches().len();
        let fate = self.journal.append(machine, batch);
        if let Some(stored) = self.journal.batches().get(before)
            && let Err(trouble) = self.witness.batch(self.journal.id(machine), stored)
        {
            self.trouble.get_or_insert(trouble);
        }
        fate
    }
}

/// What whoever handed a batch over hears of it.
enum Committed {
    /// This, now.
    Heard(Result<Appended, AppendFault>),
    /// This, then.
    Late(Timestamp, Result<Appended, AppendFault>),
    /// Nothing: it panics.
    Panics,
}

impl Committed {
    /// For those whose panic is a batch that is not taken, and who hear of everything at once.
    fn heard(self) -> Result<Appended, AppendFault> {
        match self {
            Self::Heard(fate) | Self::Late(_, fate) => fate,
            Self::Panics => Err(AppendFault::Unavailable),
        }
    }
}

/// Takes a delivery in, if the node runs.
fn accept<O>(ground: &mut Ground<O>, tree: Option<&mut Tree>, body: &[u8], name: Option<&Announced>) -> Option<u64> {
    let now = ground.now();
    if let Some(name) = name {
        ground.witness.delivery(now, name);
    }
    let (number, read) = ground.witness.offered_and_read(now, body).unzip();
    let tree = tree.filter(|_| !ground.troubles.is_on() || ground.troubles.write() == Write::Goes);
    ground.witness.acknowledged(now, number, tree.is_some());
    let Some(tree) = tree else {
        if let Some(name) = name {
            ground.witness.not_taken(now, name);
        }
        return None;
    };
    let seq = ground.inbox.append(now, body, read);
    tree.came(&mut ground.agenda);
    if let Some(name) = name {
        ground.witness.call_delivery(seq, &name.name);
    }
    Some(seq)
}

/// A delivery that comes by itself: now, or at its time. While the node is down it waits.
fn come<O>(ground: &mut Ground<O>, tree: &mut Tree, coming: Box<Coming>) {
    if coming.at > ground.now() {
        ground.agenda.at(coming.at, Task::Go(Job::Delivery(coming)));
        return;
    }
    if accept(ground, Some(tree), coming.body.as_bytes(), Some(&coming.name)).is_some() {
        ground.on_the_way -= 1;
    } else {
        // What is not taken is posted again.
        let again = ground.now() + POSTED_AGAIN;
        ground.agenda.at(again, Task::Go(Job::Delivery(Box::new(Coming { at: again, ..*coming }))));
    }
}

/// Writes a comment if there is a task to write it on.
fn write<O: Outside>(ground: &mut Ground<O>, tree: Option<&mut Tree>, patient: &Patient) -> bool {
    let now = ground.now();
    let Some((task, id)) = ground.outside.comment(&patient.comment, now) else { return false };
    ground.comments.written += 1;
    ground.witness.commented(now, &id, &task, patient.comment.audience);
    let CommentOnTask { page, psid, .. } = &patient.comment;
    if ground.witness.tells() {
        let whose = MachineId::Conversation(page.clone(), psid.clone());
        let told = |manner: &_| patient.comment.told(patient.number, &task, &id, manner);
        ground.witness.comes(now, Some(&whose), told);
    }
    if let Some(tree) = tree {
        tree.feed_grew(ground);
    }
    true
}

/// An agent looks again for a task.
fn look_again<O: Outside>(ground: &mut Ground<O>, tree: &mut Tree, patient: Box<Patient>) {
    if write(ground, Some(tree), &patient) {
        ground.comments.waiting -= 1;
    } else if ground.now() < patient.until {
        wait_for_task(ground, patient);
    } else {
        ground.comments.waiting -= 1;
        ground.comments.unsettled += 1;
        let (CommentOnTask { page, psid, .. }, number) = (&patient.comment, patient.number);
        let whose = MachineId::Conversation(page.clone(), psid.clone());
        let now = ground.now();
        ground.witness.comes(now, Some(&whose), |_| format!("f{number}{NOT_WRITTEN}"));
    }
}

fn wait_for_task<O>(ground: &mut Ground<O>, patient: Box<Patient>) {
    let at = ground.now() + TASK_AGAIN;
    ground.agenda.at(at, Task::Go(Job::Comment(patient)));
}
