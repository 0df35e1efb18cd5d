//! One set of verbs for both depths.
//!
//! Forwards and decides nothing. Invariant: a scenario is the same calls at either depth.

use model::{Inbound, MachineId, PageId, Span, TaskId, Timestamp};
use node::NodeConfig;
use oracle::history::Life;

use crate::outside::desk::Deed as Turn;
use crate::outside::{Announced, CommentOnTask, Mood, World};
use crate::witness::Witness;
use crate::{core, tree};

/// A node and the world around it.
pub(super) trait Played {
    /// Everything before this instant happens.
    fn goes_to(&mut self, at: Timestamp);
    /// Meta posts a body now; whether it was taken.
    fn takes(&mut self, name: &Announced, body: &[u8]) -> bool;
    /// An agent comments now.
    fn hears(&mut self, comment: CommentOnTask, patience: Span);
    /// It falls.
    fn falls(&mut self);
    /// It starts again.
    fn rises(&mut self, config: &NodeConfig) -> anyhow::Result<()>;
    /// A person turns the newest task of a conversation; which that was. `None`: it does not apply, or nothing runs.
    fn turns(&mut self, conversation: &MachineId, turn: Turn) -> Option<TaskId>;
    /// Meta grants the app the Human Agent feature, or no more.
    fn grants_human_agent(&mut self, grants: bool);
    /// Meta comes to know of this.
    fn meta_knows(&mut self, inbound: &Inbound);
    /// Sends of a Page fare so from now on.
    fn set_mood(&mut self, page: &PageId, mood: Option<Mood>);
    /// Whether there is a process.
    fn runs(&self) -> bool;
    /// Whether its clock is its own, and can be set.
    fn has_own_clock(&self) -> bool;
    /// Whether nothing is under way, inside and outside.
    fn rests(&self) -> anyhow::Result<bool>;
    /// Now.
    fn time(&self) -> Timestamp;
    /// The living states are compared with their records, where they can be seen.
    fn is_compared(&mut self);
    /// Whoever watches is told something.
    fn notes<T>(&mut self, note: impl FnOnce(&mut Witness) -> T) -> anyhow::Result<T>;

    /// Something befalls it.
    fn life(&mut self, life: Life) -> anyhow::Result<()> {
        let now = self.time();
        self.notes(|witness| witness.life(now, life))
    }
}

impl Played for core::Node<World> {
    fn runs(&self) -> bool {
        self.runs()
    }

    fn has_own_clock(&self) -> bool {
        false
    }

    fn goes_to(&mut self, at: Timestamp) {
        self.run_until(at);
    }

    fn takes(&mut self, name: &Announced, body: &[u8]) -> bool {
        self.deliver_as(self.now(), name, body).is_some()
    }

    fn hears(&mut self, comment: CommentOnTask, patience: Span) {
        self.comment(self.now(), comment, patience);
    }

    fn falls(&mut self) {
        self.crash();
    }

    fn rises(&mut self, config: &NodeConfig) -> anyhow::Result<()> {
        self.restart(config);
        Ok(())
    }

    fn turns(&mut self, conversation: &MachineId, turn: Turn) -> Option<TaskId> {
        if !self.is_up() {
            return None;
        }
        let desk = &mut self.outside_mut().desk;
        let task = desk.task_of(conversation)?;
        desk.act(conversation, turn).then_some(task)
    }

    fn grants_human_agent(&mut self, grants: bool) {
        self.outside_mut().facebook.grants_human_agent(grants);
    }

    fn meta_knows(&mut self, inbound: &Inbound) {
        self.outside_mut().facebook.hear(inbound);
    }

    fn set_mood(&mut self, page: &PageId, mood: Option<Mood>) {
        self.outside_mut().facebook.set_mood(page.clone(), mood);
    }

    fn rests(&self) -> anyhow::Result<bool> {
        Ok(self.on_the_way() == 0 && self.comments().waiting == 0 && self.is_idle())
    }

    fn time(&self) -> Timestamp {
        self.now()
    }

    fn is_compared(&mut self) {
        self.compare();
    }

    fn notes<T>(&mut self, note: impl FnOnce(&mut Witness) -> T) -> anyhow::Result<T> {
        match self.trouble() {
            Some(trouble) => Err(trouble),
            None => Ok(self.note(note)),
        }
    }
}

impl Played for tree::Node<World> {
    fn runs(&self) -> bool {
        self.runs()
    }

    fn has_own_clock(&self) -> bool {
        true
    }

    fn goes_to(&mut self, at: Timestamp) {
        self.run_until(at);
    }

    fn takes(&mut self, name: &Announced, body: &[u8]) -> bool {
        self.deliver_as(self.now(), name, body)
    }

    fn hears(&mut self, comment: CommentOnTask, patience: Span) {
        self.comment(self.now(), comment, patience);
    }

    fn falls(&mut self) {
        self.crash();
    }

    fn rises(&mut self, config: &NodeConfig) -> anyhow::Result<()> {
        self.restart(config.clone())
    }

    fn turns(&mut self, conversation: &MachineId, turn: Turn) -> Option<TaskId> {
        let task = self.desk()?.task_of_binding(conversation).ok()??;
        self.act(self.now(), conversation, turn).then_some(task)
    }

    fn grants_human_agent(&mut self, grants: bool) {
        self.outside().facebook.grants_human_agent(grants);
    }

    fn meta_knows(&mut self, inbound: &Inbound) {
        self.outside().facebook.hear(inbound);
    }

    fn set_mood(&mut self, page: &PageId, mood: Option<Mood>) {
        self.outside().facebook.set_mood(page.clone(), mood);
    }

    fn rests(&self) -> anyhow::Result<bool> {
        Ok(self.on_the_way() == 0 && self.agents_waiting() == 0 && self.is_idle()?)
    }

    fn time(&self) -> Timestamp {
        self.now()
    }

    /// What lives inside the actors is not seen from here.
    fn is_compared(&mut self) {}

    fn notes<T>(&mut self, note: impl FnOnce(&mut Witness) -> T) -> anyhow::Result<T> {
        self.note(note)
    }
}
