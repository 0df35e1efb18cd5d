//! What is to be done now, in order, and what falls due later.
//!
//! Mirrors a runtime of one thread on a paused clock: who is woken goes behind those who were woken before, a timer counts
//! from the moment its job was first looked at, timers of one instant ring in the order in which they were set. Invariant:
//! the order depends on nothing but the order of calls.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use journal::{AppendFault, Appended};
use machine::conversation::Reply;
use model::{PageId, Psid, Timestamp};

use super::Patient;
use super::errands::Errand;
use crate::outside::Coming;

/// After so many tasks the runtime looks after those who have had enough for once.
const INTERVAL: u32 = 61;

/// Who has a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Actor {
    Feeder,
    Account,
    Reader,
    Alarm,
    Shard,
    Page(usize),
    Sender(usize),
    Conversation(usize),
}

/// What can be done next.
pub(super) enum Task {
    /// An actor has mail.
    Actor(Actor),
    /// An actor that had enough for once goes on.
    Sated(Actor),
    /// A job is looked at for the first time.
    Begin(Job),
    /// Its time has come, or what it waited for.
    Go(Job),
}

/// A piece of work beside the actors.
pub(super) enum Job {
    /// The world delivers. Outlives a crash.
    Delivery(Box<Coming>),
    /// An agent waits for a task. Outlives a crash.
    Comment(Box<Patient>),
    /// A conversation's own alarm: valid while `set` is the one it set last.
    Alarm { conversation: usize, set: u64, at: Timestamp },
    /// A conversation hears late of a batch; nothing to its next life.
    Heard { conversation: usize, life: u64, at: Timestamp, fate: Result<Appended, AppendFault> },
    /// Something that a Page wants to be told later; nothing to its next life.
    Later { page: usize, life: u32, at: Timestamp, word: Later },
    /// An effect is carried out.
    Errand(Box<Errand>),
    /// A failed Page starts again.
    PageRestart { page: usize, at: Timestamp },
    /// The feeder goes on after a pause.
    Round { at: Timestamp },
    /// The alarm sleeps; valid while `set` is the one it set last.
    Bell { set: u64, next: Timestamp },
    /// The alarm was rung out of its sleep.
    Rung,
    /// The reader waits for something new.
    Feed,
    /// The reader tries again.
    ReadAgain { at: Timestamp },
    /// A reading is brought to its conversations.
    Bring { reading: u64, replies: Vec<(PageId, Psid, Arc<Reply>)> },
    /// A reply whose Page lost it is brought again.
    BringAgain { reading: u64, at: Timestamp, reply: (PageId, Psid, Arc<Reply>) },
}

/// What a Page wants to be told later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Later {
    Grant,
    Sweep,
    Restart(usize),
}

impl Task {
    /// Whether it is the world's and not the node's.
    fn is_outside(&self) -> bool {
        match self {
            Self::Actor(_) | Self::Sated(_) => false,
            Self::Begin(job) | Self::Go(job) => matches!(job, Job::Delivery(_) | Job::Comment(_)),
        }
    }
}

/// What is to be done, and when.
pub(super) struct Agenda {
    now: Timestamp,
    number: u64,
    later: BTreeMap<(Timestamp, u64), Task>,
    ready: VecDeque<Task>,
    /// Actors that read as much as they may in one go.
    sated: Vec<Actor>,
    ticks: u32,
}

impl Agenda {
    pub(super) fn new(now: Timestamp) -> Self {
        let (later, ready) = (BTreeMap::new(), VecDeque::new());
        Self { now, number: 0, later, ready, sated: Vec::new(), ticks: 0 }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// A number that was never given before.
    pub(super) fn number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Behind everybody who is ready.
    pub(super) fn push(&mut self, task: Task) {
        self.ready.push_back(task);
    }

    /// A new job: looked at behind everybody who is ready.
    pub(super) fn spawn(&mut self, job: Job) {
        self.push(Task::Begin(job));
    }

    /// At an instant that is not over.
    pub(super) fn at(&mut self, at: Timestamp, task: Task) {
        let number = self.number();
        self.later.insert((at.max(self.now), number), task);
    }

    /// This actor goes on when everybody else had their turn.
    pub(super) fn sate(&mut self, actor: Actor) {
        self.sated.push(actor);
    }

    /// The next thing to do now.
    pub(super) fn next(&mut self) -> Option<Task> {
        if self.ticks == INTERVAL || self.ready.is_empty() {
            self.ticks = 0;
            self.ready.extend(self.sated.drain(..).map(Task::Sated));
        }
        self.ticks += 1;
        self.ready.pop_front()
    }

    /// When something falls due next.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.later.first_key_value().map(|((at, _), _)| *at)
    }

    /// Time goes on: to the next instant at which something falls due, `at` at the latest.
    pub(super) fn advance(&mut self, at: Timestamp) {
        self.now = self.next_at().map_or(at, |next| next.min(at)).max(self.now);
        self.ticks = 0;
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= self.now) {
            self.ready.push_back(entry.remove());
        }
    }

    /// What is the node's is forgotten.
    pub(super) fn crash(&mut self) {
        self.later.retain(|_, task| task.is_outside());
        self.ready.retain(Task::is_outside);
        self.sated.clear();
        self.ticks = 0;
    }

    /// Takes away what is ready, until [`Agenda::go_on`].
    pub(super) fn hold(&mut self) -> VecDeque<Task> {
        core::mem::take(&mut self.ready)
    }

    pub(super) fn go_on(&mut self, held: VecDeque<Task>) {
        self.ready.extend(held);
    }
}
