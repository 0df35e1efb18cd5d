//! The actors depth: the real node (store, actors, desk, read models) on a paused clock, driven by the verbs of the core
//! depth.
//!
//! A crash drops the runtime with everything in it; disks and world stay. Must not be used from within a runtime.
//! Invariant: time moves only when nothing is left to do at its instant, and only as far as was asked for.

use std::pin::pin;
use std::sync::{Arc, MutexGuard};

use actors::Clock as _;
use anyhow::Context as _;
use futures_util::future::{join_all, select};
use journal::{Journal as _, Position, StoredBatch};
use model::{MachineId, Span, Timestamp};
use node::NodeConfig;
use oracle::history;
use tokio::runtime::Runtime;
use tracker::Desk;

use crate::chronicle::Chronicle;
use crate::outside::desk::Deed;
use crate::outside::{Announced, Coming, CommentOnTask, Outside};
use crate::replay::agents::Agents;
use crate::replay::kept::Kept;
use crate::replay::meta::Shared;
use crate::replay::stage::Stage;
use crate::replay::trace::Recorder;
use crate::witness::Witness;

pub use crate::replay::stage::{Disks, Tasks};

/// A process that could not start is started again after so long.
pub(crate) const STARTED_AGAIN: Span = Span::seconds(5);

/// What a node is made of.
pub struct Setup {
    /// Account, settings, Pages and limits.
    pub config: NodeConfig,
    /// The first instant.
    pub begins_at: Timestamp,
    /// Where it keeps what it knows.
    pub disks: Disks,
    /// Who has the tasks.
    pub tasks: Tasks,
    /// Who watches.
    pub witness: Witness,
}

impl Setup {
    /// On sound disks in memory, with the embedded desk, with a hash and without a trace.
    pub fn new(config: NodeConfig, begins_at: Timestamp) -> Self {
        Self { config, begins_at, disks: Disks::in_memory(), tasks: Tasks::Desk, witness: Witness::default() }
    }
}

/// A node and the world around it.
pub struct Node<O> {
    disks: Disks,
    tasks: Tasks,
    outside: Shared<O>,
    coming: Kept<Coming>,
    agents: Arc<Agents>,
    recorder: Recorder,
    /// Now, while the node is down.
    now: Timestamp,
    life: Option<Life<O>>,
    /// As it was started last.
    config: NodeConfig,
    /// It is to run and does not: started again then.
    again: Option<Timestamp>,
    /// Why it did not start though nothing was wrong with its disks, or ended though nobody ordered it.
    failed: Option<anyhow::Error>,
}

/// What a crash takes. The stage goes before the runtime that it lives in.
struct Life<O> {
    stage: Arc<Stage<O>>,
    runtime: Runtime,
}

impl<O: Outside + Send + 'static> Node<O> {
    /// Starts a node on its disks.
    ///
    /// # Errors
    /// Where the node does not start.
    pub fn new(setup: Setup, outside: O) -> anyhow::Result<Self> {
        let Setup { config, begins_at, disks, tasks, witness } = setup;
        let recorder = Recorder::under(witness, disks.trouble.clone());
        let mut node = Self {
            disks,
            tasks,
            outside: Shared::new(outside),
            coming: Kept::default(),
            agents: Arc::default(),
            recorder,
            now: begins_at,
            life: None,
            config,
            again: None,
            failed: None,
        };
        node.start()?;
        Ok(node)
    }

    /// Meta delivers at `at`; everything before that instant happens first. `false`: not taken, or the node is down.
    pub fn deliver(&mut self, at: Timestamp, body: &[u8]) -> bool {
        self.run_until(at);
        let taken = self.accept(None, body);
        self.falls_if_felled();
        taken
    }

    /// As [`Node::deliver`], with what the trace says of it.
    pub fn deliver_as(&mut self, at: Timestamp, name: &Announced, body: &[u8]) -> bool {
        self.run_until(at);
        let taken = self.accept(Some(name), body);
        self.falls_if_felled();
        taken
    }

    /// Meta delivers all these at `at`, as over as many connections; everything before that instant happens first. `false`:
    /// one was not taken, or the node is down.
    pub fn deliver_together<'b>(&mut self, at: Timestamp, bodies: impl IntoIterator<Item = &'b str>) -> bool {
        self.run_until(at);
        let taken = self.life.as_ref().is_some_and(|Life { stage, runtime }| {
            let all = bodies.into_iter().map(|body| stage.door.deliver(None, body.to_owned()));
            runtime.block_on(join_all(all)).into_iter().all(|taken| taken)
        });
        self.falls_if_felled();
        taken
    }

    fn accept(&self, name: Option<&Announced>, body: &[u8]) -> bool {
        match (&self.life, name) {
            (Some(Life { stage, runtime }), _) => {
                let body = String::from_utf8_lossy(body).into_owned();
                runtime.block_on(stage.door.deliver(name, body))
            }
            (None, name) => {
                self.recorder.note(|witness| {
                    if let Some(name) = name {
                        witness.delivery(self.now, name);
                    }
                    let number = witness.offered(self.now, body);
                    witness.acknowledged(self.now, number, false);
                    if let Some(name) = name {
                        witness.not_taken(self.now, name);
                    }
                });
                false
            }
        }
    }

    /// An agent comments at `at`; where there is no task yet, they look again for so long. While the node is down nobody
    /// comments.
    pub fn comment(&mut self, at: Timestamp, comment: CommentOnTask, patience: Span) {
        self.run_until(at);
        if let Some(Life { stage, runtime }) = &self.life {
            runtime.block_on(self.agents.comment(stage, comment, patience));
        }
        self.falls_if_felled();
    }

    /// A person does something to the newest task of a conversation in the embedded desk; `false` where it does not apply.
    pub fn act(&mut self, at: Timestamp, conversation: &MachineId, deed: Deed) -> bool {
        self.run_until(at);
        let Some(Life { stage, runtime }) = &self.life else { return false };
        runtime.block_on(stage.act(conversation, deed))
    }

    /// Lets everything happen that falls due before `at`, and shows `at` from then. What falls due at `at` itself happens
    /// behind whatever is delivered at `at`.
    pub fn run_until(&mut self, at: Timestamp) {
        loop {
            match &self.life {
                Some(Life { stage, runtime }) => {
                    {
                        let (reaches, falls) = (pin!(stage.clock.reaches(at)), pin!(self.disks.trouble.falls()));
                        runtime.block_on(select(reaches, falls));
                    }
                    if !self.falls_if_felled() {
                        return;
                    }
                }
                None => match self.again.take_if(|when| *when < at) {
                    Some(when) => {
                        self.now = self.now.max(when);
                        self.disks.trouble.rises();
                        self.tries_to_start();
                    }
                    None => {
                        self.now = self.now.max(at);
                        return;
                    }
                },
            }
        }
    }

    /// Falls for good where it was felled; whether it was.
    fn falls_if_felled(&mut self) -> bool {
        let felled = self.disks.trouble.has_fallen() && self.life.is_some();
        if felled {
            if self.disks.trouble.has_ended() {
                self.failed = Some(anyhow::anyhow!("the node ended by itself, because a vital part of it did"));
            }
            self.crash();
        }
        felled
    }

    /// A disk that fails is a reason not to start, and so is what still lies in wait for the next commit or actor: whoever
    /// watches over the process starts it again.
    fn tries_to_start(&mut self) {
        let lies_in_wait = !self.disks.trouble.has_struck();
        let Err(why) = self.start() else { return };
        self.recorder.note(|witness| witness.life(self.now, history::Life::Crashed));
        self.recorder.unfollow();
        self.disks.fall(None);
        if lies_in_wait || self.disks.trouble.has_bad_disk() {
            self.again = Some(self.now + STARTED_AGAIN);
        } else {
            self.failed = Some(why.context("the node does not start again"));
        }
    }

    /// Everything is forgotten but what is durable and what the world has in hand.
    pub fn crash(&mut self) {
        self.now = self.now();
        if let Some(Life { stage, runtime }) = self.life.take() {
            // What is durable is seen before its reader goes.
            self.recorder.note(|witness| witness.life(self.now, history::Life::Crashed));
            self.recorder.unfollow();
            // A process that falls writes nothing more: what is let go here would close its files in order.
            self.disks.trouble.falls_now();
            drop(stage);
            drop(runtime);
            self.disks.fall(self.disks.trouble.power());
        }
        self.again = None;
    }

    /// Starts again on what is durable, perhaps with other settings. What the world wanted to deliver meanwhile comes now.
    ///
    /// # Errors
    /// Where the node does not start.
    pub fn restart(&mut self, config: NodeConfig) -> anyhow::Result<()> {
        self.crash();
        self.disks.trouble.rises();
        self.config = config;
        if self.disks.trouble.has_bad_disk() || !self.disks.trouble.has_struck() {
            self.tries_to_start();
            return Ok(());
        }
        self.start()
    }

    fn start(&mut self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.context("no runtime can be made")?;
        let world = (self.outside.clone(), self.coming.clone());
        self.recorder.note(|witness| {
            witness.life(self.now, history::Life::Started);
            witness.tell(Chronicle::is_blind);
        });
        let set = Stage::set(self.config.clone(), self.now, (&self.disks, self.tasks), world, self.recorder.clone());
        let stage = Arc::new(runtime.block_on(set)?);
        self.recorder.sees();
        {
            let _inside = runtime.enter();
            stage.door.go_on();
            self.agents.go_on(&stage);
            let (node, trouble) = (Arc::clone(&stage.node), self.disks.trouble.clone());
            tokio::spawn(async move {
                node.ended().await;
                trouble.ended_by_itself();
            });
        }
        self.life = Some(Life { stage, runtime });
        Ok(())
    }

    /// Whether there is a process.
    pub fn runs(&self) -> bool {
        self.life.is_some()
    }

    /// Whether nothing is under way and no deadline is due.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn is_idle(&self) -> anyhow::Result<bool> {
        let Some(Life { stage, runtime }) = &self.life else { return Ok(false) };
        let _inside = runtime.enter();
        stage.is_idle()
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        let Some(Life { stage, runtime }) = &self.life else { return self.now };
        // The paused clock is the runtime's: outside of it there is another.
        let _inside = runtime.enter();
        stage.clock.now()
    }

    /// Deliveries that will still come by themselves.
    pub fn on_the_way(&self) -> u64 {
        self.coming.len()
    }

    /// Agents who wait for a task.
    pub fn agents_waiting(&self) -> u64 {
        self.agents.waiting()
    }

    /// The world, to be looked at or changed between two steps.
    pub fn outside(&self) -> MutexGuard<'_, O> {
        self.outside.look()
    }

    /// The embedded desk, while the node runs.
    pub fn desk(&self) -> Option<&Desk> {
        self.life.as_ref().map(|life| &*life.stage.desk)
    }

    /// Everything in the journal after a position, in the order in which it became durable; at most so many.
    ///
    /// # Errors
    /// Where the journal cannot be read, or the node is down.
    pub fn batches(&self, after: Position, limit: usize) -> anyhow::Result<Vec<StoredBatch>> {
        let life = self.life.as_ref().context("the node is down")?;
        Ok(life.stage.node.store().journal.tail(after, limit)?)
    }

    /// The hash over every byte of the journal, every request to Meta and every call of the tracker: 64 hex digits.
    ///
    /// # Errors
    /// Where the journal could not be read, now or earlier.
    pub fn trace_hash(&self) -> anyhow::Result<String> {
        self.recorder.look(|witness| witness.trace_hash())
    }

    /// Tells whoever watches what stands between two steps.
    ///
    /// # Errors
    /// Where the journal could not be read, now or earlier.
    pub(crate) fn note<T>(&self, note: impl FnOnce(&mut Witness) -> T) -> anyhow::Result<T> {
        if let Some(why) = &self.failed {
            anyhow::bail!("{why:#}");
        }
        self.recorder.look(note)
    }

    /// The lines of the trace so far; none where none is told.
    ///
    /// # Errors
    /// Where the journal could not be read, now or earlier.
    pub fn trace(&self) -> anyhow::Result<Vec<String>> {
        self.recorder.look(|witness| witness.lines().to_vec())
    }
}
