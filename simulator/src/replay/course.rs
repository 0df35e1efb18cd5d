//! The course of a replay: each step at its time, then rest, then the count.
//!
//! Time is the clock's: between two steps everything that falls due happens at its own instant. Invariant: a step is
//! never held back by an earlier one that waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actors::Clock as _;
use model::{MachineId, Span};

use super::outcome::Outcome;
use super::stage::Stage;
use super::survey::{Load, Survey};
use crate::play::recording::{FactLine, Recording, Step};

/// How long a comment waits for its conversation's task, and how often it looks.
const TASK_MAX: Span = Span::seconds(20);
const TASK_AGAIN: Span = Span(250);
/// How long the node may take to come to rest after the last step, and how often that is looked at.
const REST_MAX: Span = Span::hours(1);
const REST_AGAIN: Span = Span::seconds(1);

/// Comments of agents.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Written.
    pub(super) written: AtomicU64,
    /// Waiting for their task.
    pub(super) waiting: AtomicU64,
    /// Never written.
    pub(super) unsettled: AtomicU64,
}

/// Plays all steps and counts what came of them.
pub(super) async fn run(recording: &Recording, told: &mut dyn FnMut(usize, usize)) -> anyhow::Result<Outcome> {
    let survey = Arc::new(Survey::of(recording));
    let stage = Arc::new(Stage::set(recording, &survey).await?);
    let facts = Arc::new(Facts::default());
    let (mut deliveries, mut comments) = (0, 0);
    for (index, step) in recording.steps.iter().enumerate() {
        stage.clock.reaches(step.at()).await;
        match step {
            Step::Delivery(line) => {
                let what = announced(survey.loads.get(deliveries).copied());
                deliveries += 1;
                let announced = super::door::Announced { name: format!("d{deliveries}"), whose: None, what };
                stage.door.deliver(&announced, line.body.clone()).await;
            }
            Step::Fact(line) => {
                comments += 1;
                comment(&stage, &facts, comments, line).await?;
            }
        }
        told(index + 1, recording.steps.len());
    }
    let at_rest = rest(&stage, &facts).await?;
    Outcome::of(recording, &survey, &stage, &facts, at_rest)
}

fn announced(load: Option<Load>) -> String {
    let Some(Load { inbounds, anomalies, duplicates }) = load else { return "not looked at".to_owned() };
    let mut what = format!("items={inbounds}");
    for (count, word) in [(duplicates, "duplicates"), (anomalies as u64, "anomalies")] {
        if count > 0 {
            what.push_str(&format!(" {word}={count}"));
        }
    }
    what
}

/// Writes the comment now, or as soon as there is a task to write it on.
async fn comment(stage: &Arc<Stage>, facts: &Arc<Facts>, number: usize, fact: &FactLine) -> anyhow::Result<()> {
    if stage.comment(number, fact).await? {
        facts.written.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    facts.waiting.fetch_add(1, Ordering::Relaxed);
    let (stage, facts, fact) = (Arc::clone(stage), Arc::clone(facts), fact.clone());
    tokio::spawn(async move {
        let until = stage.clock.now() + TASK_MAX;
        let mut written = false;
        while !written && stage.clock.now() < until {
            stage.clock.passes(TASK_AGAIN).await;
            // What the desk says against it is said at the end: the comment was not written.
            written = stage.comment(number, &fact).await.unwrap_or(false);
        }
        if written {
            facts.written.fetch_add(1, Ordering::Relaxed);
        } else {
            facts.unsettled.fetch_add(1, Ordering::Relaxed);
            let whose = MachineId::Conversation(fact.page.clone(), fact.psid.clone());
            stage.recorder.comes(stage.clock.now(), Some(&whose), &format!("f{number}: NOT WRITTEN, there is no task"));
        }
        facts.waiting.fetch_sub(1, Ordering::Relaxed);
    });
    Ok(())
}

/// Returns when nothing is under way any more; `false` where that takes too long.
async fn rest(stage: &Stage, facts: &Facts) -> anyhow::Result<bool> {
    let until = stage.clock.now() + REST_MAX;
    while stage.clock.now() < until {
        stage.clock.passes(REST_AGAIN).await;
        if stage.door.on_the_way() == 0 && facts.waiting.load(Ordering::Relaxed) == 0 && stage.is_idle()? {
            return Ok(true);
        }
    }
    Ok(false)
}
