//! The course of a replay: each step at its time, then rest, then the count.
//!
//! Time is the clock's: between two steps everything that falls due happens at its own instant. Invariant: a step is
//! never held back by an earlier one that waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actors::Clock as _;
use anyhow::{Context as _, ensure};
use model::{MachineId, Span};

use super::outcome::{Outcome, Played};
use super::stage::{self, Disks, Stage, Tasks};
use super::survey::{Load, Survey};
use super::trace::Recorder;
use crate::outside::{CommentOnTask, World};
use crate::play::recording::{Recording, Step};

/// How long a comment waits for its conversation's task, and how often it looks.
pub(crate) const TASK_MAX: Span = Span::seconds(20);
pub(crate) const TASK_AGAIN: Span = Span(250);
/// How long the node may take to come to rest after the last step, and how often that is looked at.
pub(crate) const REST_MAX: Span = Span::hours(1);
pub(crate) const REST_AGAIN: Span = Span::seconds(1);

/// Comments of agents.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Written.
    pub(crate) written: AtomicU64,
    /// Waiting for their task.
    pub(crate) waiting: AtomicU64,
    /// Never written.
    pub(crate) unsettled: AtomicU64,
}

/// Plays all steps and counts what came of them.
pub(crate) async fn run(recording: &Recording, told: &mut dyn FnMut(usize, usize)) -> anyhow::Result<Outcome> {
    let survey = Arc::new(Survey::of(recording));
    let (manifest, begins_at) = (&recording.manifest, recording.begins_at());
    let recorder = Recorder::new(stage::witness(recording, &survey));
    let world = stage::world(manifest, &survey);
    let disks = Disks::in_memory();
    let stage = Stage::set(stage::config(manifest), begins_at, (&disks, Tasks::Desk), (world, recorder)).await?;
    let stage = Arc::new(stage);
    let facts = Arc::new(Facts::default());
    let (mut deliveries, mut comments) = (0, 0);
    for (index, step) in recording.steps.iter().enumerate() {
        stage.clock.reaches(step.at()).await;
        match step {
            Step::Delivery(line) => {
                let load = survey.loads.get(deliveries).copied();
                deliveries += 1;
                let announced = Load::announced(load, deliveries);
                stage.door.deliver(&announced, line.body.clone()).await;
            }
            Step::Fact(line) => {
                comments += 1;
                comment(&stage, &facts, comments, stage::comment_of(line)).await?;
            }
        }
        told(index + 1, recording.steps.len());
    }
    let at_rest = rest(&stage, &facts).await?;
    let sound = stage.node.store().journal.verify().context("the journal cannot be verified")?;
    ensure!(sound.findings.is_empty(), "the journal is not sound: {:?}", sound.findings);
    let (trace_hash, (lines, tally)) = (stage.recorder.trace_hash()?, stage.recorder.finish()?);
    let (desk, meta) =
        (stage.desk.stats().context("the desk's counts")?, stage.outside.world().facebook.counts().clone());
    let played = Played {
        lines,
        tally,
        trace_hash,
        meta,
        tasks: desk.tasks,
        comments: desk.comments,
        refused: stage.door.refused(),
        written: facts.written.load(Ordering::Relaxed),
        unsettled: facts.unsettled.load(Ordering::Relaxed),
        at_rest,
    };
    Ok(Outcome::of(recording, &survey, played))
}

/// Writes the comment now, or as soon as there is a task to write it on.
async fn comment(
    stage: &Arc<Stage<World>>,
    facts: &Arc<Facts>,
    number: usize,
    comment: CommentOnTask,
) -> anyhow::Result<()> {
    if stage.comment(number, &comment).await? {
        facts.written.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    facts.waiting.fetch_add(1, Ordering::Relaxed);
    let (stage, facts) = (Arc::clone(stage), Arc::clone(facts));
    tokio::spawn(async move {
        let until = stage.clock.now() + TASK_MAX;
        let mut written = false;
        while !written && stage.clock.now() < until {
            stage.clock.passes(TASK_AGAIN).await;
            // What the desk says against it is said at the end: the comment was not written.
            written = stage.comment(number, &comment).await.unwrap_or(false);
        }
        if written {
            facts.written.fetch_add(1, Ordering::Relaxed);
        } else {
            facts.unsettled.fetch_add(1, Ordering::Relaxed);
            let whose = MachineId::Conversation(comment.page.clone(), comment.psid.clone());
            stage
                .recorder
                .comes(stage.clock.now(), Some(&whose), |_| format!("f{number}: NOT WRITTEN, there is no task"));
        }
        facts.waiting.fetch_sub(1, Ordering::Relaxed);
    });
    Ok(())
}

/// Returns when nothing is under way any more; `false` where that takes too long.
async fn rest(stage: &Stage<World>, facts: &Facts) -> anyhow::Result<bool> {
    let until = stage.clock.now() + REST_MAX;
    while stage.clock.now() < until {
        stage.clock.passes(REST_AGAIN).await;
        if stage.door.on_the_way() == 0 && facts.waiting.load(Ordering::Relaxed) == 0 && stage.is_idle()? {
            return Ok(true);
        }
    }
    Ok(false)
}
