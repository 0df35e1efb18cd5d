//! Agents at the actors depth: they comment on the task of a conversation, and where there is none yet they look again.
//!
//! Invariant: an agent outlives a crash of the node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actors::Clock as _;
use model::{MachineId, Span, Timestamp};

use super::kept::Kept;
use super::stage::Stage;
use crate::outside::{CommentOnTask, Outside};

/// How often an agent who finds no task looks again.
pub(crate) const TASK_AGAIN: Span = Span(250);

/// What a trace says of a comment, after its number, that found no task; its line ends so.
pub(crate) const NOT_WRITTEN: &str = ": NOT WRITTEN, there is no task";

/// Comments of agents.
#[derive(Default)]
pub(crate) struct Agents {
    asked: AtomicU64,
    written: AtomicU64,
    unsettled: AtomicU64,
    waiting: Kept<Patient>,
}

/// An agent who waits for a task to comment on.
#[derive(Clone)]
struct Patient {
    number: usize,
    comment: CommentOnTask,
    until: Timestamp,
    again_at: Timestamp,
}

impl Agents {
    /// Comments written.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Comments that found no task.
    pub(crate) fn unsettled(&self) -> u64 {
        self.unsettled.load(Ordering::Relaxed)
    }

    /// Agents who wait for a task.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.len()
    }

    /// An agent comments now, or as soon as there is a task to comment on, within so long.
    pub(crate) async fn comment<O: Outside + Send + 'static>(
        self: &Arc<Self>,
        stage: &Arc<Stage<O>>,
        comment: CommentOnTask,
        patience: Span,
    ) {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let number = usize::try_from(asked).unwrap_or(usize::MAX);
        if stage.comment(number, &comment).await {
            self.written.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let now = stage.clock.now();
        let patient = Patient { number, comment, until: now + patience, again_at: now + TASK_AGAIN };
        let kept = self.waiting.keep(patient.clone());
        self.wait(stage, kept, patient);
    }

    /// The node runs again: whoever waited goes on.
    pub(crate) fn go_on<O: Outside + Send + 'static>(self: &Arc<Self>, stage: &Arc<Stage<O>>) {
        for (kept, patient) in self.waiting.all() {
            self.wait(stage, kept, patient);
        }
    }

    fn wait<O: Outside + Send + 'static>(self: &Arc<Self>, stage: &Arc<Stage<O>>, kept: u64, mut patient: Patient) {
        let (agents, stage) = (Arc::clone(self), Arc::clone(stage));
        tokio::spawn(async move {
            loop {
                agents.waiting.change(kept, |waits| waits.again_at = patient.again_at);
                stage.clock.reaches(patient.again_at).await;
                if stage.comment(patient.number, &patient.comment).await {
                    agents.written.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                let now = stage.clock.now();
                if now >= patient.until {
                    agents.unsettled.fetch_add(1, Ordering::Relaxed);
                    let whose = MachineId::Conversation(patient.comment.page.clone(), patient.comment.psid.clone());
                    let number = patient.number;
                    stage.recorder.comes(now, Some(&whose), |_| format!("f{number}{NOT_WRITTEN}"));
                    break;
                }
                patient.again_at = now + TASK_AGAIN;
            }
            agents.waiting.drop_one(kept);
        });
    }
}
