//! A recording at the core depth: the steps, the waits and the count of the actors depth (`replay::course`).

use anyhow::ensure;
use policy::EditionId;

use super::{Node, Setup};
use crate::outside::{Outside, World};
use crate::play::recording::{Recorded, Step};
use crate::replay::course::{REST_AGAIN, REST_MAX, TASK_MAX};
use crate::replay::outcome::{Outcome, Played};
use crate::replay::stage::{comment_of, config, witness, world};
use crate::replay::survey::{Load, Survey};

/// Plays a recording to its end. `told` hears, after every step, how many of how many are done.
///
/// # Errors
/// Where a record cannot be read again, or a state is not what its records come to.
pub fn replay(recording: &dyn Recorded, told: &mut dyn FnMut(usize, usize)) -> anyhow::Result<Outcome> {
    replay_under(recording, None, told)
}

/// As [`replay`], with every decision made, and every send judged by Meta, as in the time of this edition of the policy;
/// `None`: under what was in force when it happened.
///
/// # Errors
/// As [`replay`].
pub fn replay_under(
    recording: &dyn Recorded,
    edition: Option<EditionId>,
    told: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Outcome> {
    let survey = Survey::of(recording)?;
    let mut node = node(recording, &survey, edition);
    let mut deliveries = 0;
    for (index, step) in recording.steps().enumerate() {
        match &*step? {
            Step::Delivery(line) => {
                let load = survey.loads.get(deliveries).copied();
                deliveries += 1;
                node.deliver_as(line.at, &Load::announced(load, deliveries), line.body.as_bytes());
            }
            Step::Fact(line) => node.comment(line.at, comment_of(line), TASK_MAX),
        }
        told(index + 1, recording.count());
    }
    let at_rest = rest(&mut node);
    let astray = node.astray();
    ensure!(astray.is_empty(), "their records come to another state: {astray:?}");
    if let Some(trouble) = node.ground.trouble.take() {
        return Err(trouble);
    }
    let trace_hash = node.trace_hash();
    let (lines, tally) = node.ground.witness.finish();
    let (world, comments) = (&node.ground.outside, node.ground.comments);
    let played = Played {
        lines,
        tally,
        trace_hash,
        meta: world.facebook.counts().clone(),
        tasks: world.desk.tasks(),
        comments: world.desk.comments(),
        refused: 0,
        written: comments.written,
        unsettled: comments.unsettled,
        at_rest,
    };
    Ok(Outcome::of(recording, &survey, played))
}

fn node(recording: &dyn Recorded, survey: &Survey, edition: Option<EditionId>) -> Node<World> {
    let setup = Setup::new(config(recording.manifest()), recording.begins_at());
    let setup = Setup { witness: witness(recording, survey).under(edition), edition, ..setup };
    let mut world = world(recording.manifest(), survey);
    if let Some(id) = edition {
        world.facebook.set_rules_of(recording.manifest().effective_from.starts_at(id));
    }
    Node::new(setup, world)
}

/// Goes on until nothing is under way any more; `false` where that takes too long.
fn rest<O: Outside>(node: &mut Node<O>) -> bool {
    let until = node.now() + REST_MAX;
    while node.now() < until {
        node.run_until(node.now() + REST_AGAIN);
        if node.on_the_way() == 0 && node.comments().waiting == 0 && node.is_idle() {
            return true;
        }
    }
    false
}
