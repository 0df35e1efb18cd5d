//! The course of a replay: each step at its time, then rest, then the count.
//!
//! Time is the clock's: between two steps everything that falls due happens at its own instant. Invariant: a step is
//! never held back by an earlier one that waits.

use std::sync::Arc;

use actors::Clock as _;
use anyhow::{Context as _, ensure};
use model::Span;

use super::agents::Agents;
use super::kept::Kept;
use super::meta::Shared;
use super::outcome::{Outcome, Played};
use super::stage::{self, Disks, Stage, Tasks};
use super::survey::{Load, Survey};
use super::trace::Recorder;
use crate::outside::World;
use crate::play::recording::{Recorded, Step};

/// How long a comment waits for its conversation's task.
pub(crate) const TASK_MAX: Span = Span::seconds(20);
/// How long the node may take to come to rest after the last step, and how often that is looked at.
pub(crate) const REST_MAX: Span = Span::hours(1);
pub(crate) const REST_AGAIN: Span = Span::seconds(1);

/// Plays all steps and counts what came of them.
pub(crate) async fn run(recording: &dyn Recorded, told: &mut dyn FnMut(usize, usize)) -> anyhow::Result<Outcome> {
    let survey = Arc::new(Survey::of(recording)?);
    let (manifest, begins_at) = (recording.manifest(), recording.begins_at());
    let recorder = Recorder::new(stage::witness(recording, &survey));
    let world = stage::world(manifest, &survey);
    let disks = Disks::in_memory();
    let stage = Stage::set(
        stage::config(manifest),
        begins_at,
        (&disks, Tasks::Desk),
        (Shared::new(world), Kept::default()),
        recorder,
    )
    .await?;
    let stage = Arc::new(stage);
    let agents = Arc::new(Agents::default());
    let mut deliveries = 0;
    for (index, step) in recording.steps().enumerate() {
        let step = step?;
        stage.clock.reaches(step.at()).await;
        match &*step {
            Step::Delivery(line) => {
                let load = survey.loads.get(deliveries).copied();
                deliveries += 1;
                let announced = Load::announced(load, deliveries);
                stage.door.deliver(Some(&announced), line.body.clone()).await;
            }
            Step::Fact(line) => agents.comment(&stage, stage::comment_of(line), TASK_MAX).await,
        }
        told(index + 1, recording.count());
    }
    let at_rest = rest(&stage, &agents).await?;
    let sound = stage.node.store().journal.verify().context("the journal cannot be verified")?;
    ensure!(sound.findings.is_empty(), "the journal is not sound: {:?}", sound.findings);
    let (trace_hash, (lines, tally)) = stage.recorder.look(|witness| (witness.trace_hash(), witness.finish()))?;
    let (desk, meta) =
        (stage.desk.stats().context("the desk's counts")?, stage.outside.look().facebook.counts().clone());
    let played = Played {
        lines,
        tally,
        trace_hash,
        meta,
        tasks: desk.tasks,
        comments: desk.comments,
        refused: stage.door.refused(),
        written: agents.written(),
        unsettled: agents.unsettled(),
        at_rest,
    };
    Ok(Outcome::of(recording, &survey, played))
}

/// Returns when nothing is under way any more; `false` where that takes too long.
async fn rest(stage: &Stage<World>, agents: &Agents) -> anyhow::Result<bool> {
    let until = stage.clock.now() + REST_MAX;
    while stage.clock.now() < until {
        stage.clock.passes(REST_AGAIN).await;
        if stage.door.on_the_way() == 0 && agents.waiting() == 0 && stage.is_idle()? {
            return Ok(true);
        }
    }
    Ok(false)
}
