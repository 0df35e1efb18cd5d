//! `bench-ingest --restart`: a store with 100,000 conversations and a million records; the node is killed under load and
//! started again, then stopped in order and started again. How long until the first delivery is taken?

use std::path::Path;

use anyhow::ensure;
use serde::Serialize;

use super::bodies::People;
use super::child::{Child, Listening};
use super::clock;
use super::figures::{rounded, tenths};
use super::fill::Filled;
use super::gauge::{Machine, Usage};
use super::generate::Generated;
use super::ingest::Load;
use super::known::{Start, seed, start};
use super::progress::Progress;
use super::whole::Totals;

/// 4 records for the first message, 3 for each further one: 10 for each conversation.
const MESSAGES_EACH: u64 = 3;

/// Of the load, how much is accepted before the kill: a twentieth.
const KILLED_AFTER: u64 = 20;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Restart {
    bench: &'static str,
    pub(crate) machine: Machine,
    pub(crate) filled: Filled,
    pub(crate) cold: bool,
    /// The first start on the prepared store.
    pub(crate) first: Start,
    /// Answered 200 before the kill.
    pub(crate) acknowledged: u64,
    /// Kept of them and of those under way, and not done when the node started again.
    pub(crate) unfinished_at_restart: u64,
    /// The start after SIGKILL under load.
    pub(crate) after_kill: Start,
    /// From that start until all was worked off.
    pub(crate) worked_off_s: f64,
    pub(crate) worked_off: bool,
    pub(crate) rss_mib: f64,
    /// From the order to stop until the process had ended.
    pub(crate) stop_s: f64,
    /// The start after that.
    pub(crate) after_stop: Start,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The known conversations.
    pub(crate) people: People,
    /// Messages of the load that is cut off.
    pub(crate) messages: u64,
    /// Drop the system's page cache before each start.
    pub(crate) cold: bool,
}

/// Measures on the store of `dir`, which is filled if it is empty.
pub(crate) fn measure(plan: Plan, dir: &Path) -> anyhow::Result<Restart> {
    let filled = Filled::take_or_make(dir, plan.people, MESSAGES_EACH)?;
    let machine = Machine::this(dir)?;
    let progress = Progress::over(3);
    progress.says("a node under load is killed".to_owned());
    let (mut node, listening, first) = start(dir, plan.people, plan.cold)?;
    let before: Totals = node.ask("worked-off 0 0")?;
    let generated = killed_under_load(plan, node, &listening, before.deliveries)?;
    progress.done(1);
    progress.says("it starts again".to_owned());
    let restarted = clock::wall_us();
    let (mut node, _, after_kill) = start(dir, plan.people, plan.cold)?;
    let now: Totals = node.ask("totals")?;
    // The inbox may hold deliveries whose answer was never sent, and one came with each start.
    let kept = now.deliveries - before.deliveries;
    ensure!(kept > generated.accepted, "{} were acknowledged and {kept} are there", generated.accepted);
    let done: Totals = node.ask(&format!("worked-off {} {}", before.tasks, before.lines + kept))?;
    let usage = Usage::of(node.pid())?;
    progress.done(1);
    progress.says("it is stopped and starts again".to_owned());
    let stopping = clock::wall_us();
    node.stop()?;
    let stop_s = rounded(clock::seconds(stopping, clock::wall_us()));
    let (node, _, after_stop) = start(dir, plan.people, plan.cold)?;
    node.stop()?;
    Ok(Restart {
        bench: "ingest --restart",
        machine,
        filled,
        cold: plan.cold,
        first,
        acknowledged: generated.accepted,
        unfinished_at_restart: now.unfinished,
        after_kill,
        worked_off_s: rounded(clock::seconds(restarted, done.at_us)),
        worked_off: done.worked_off,
        rss_mib: tenths(usage.rss_kib),
        stop_s,
        after_stop,
    })
}

/// Sends until the inbox holds a part of the load, then kills the node with the rest under way.
fn killed_under_load(plan: Plan, mut node: Child, at: &Listening, kept: u64) -> anyhow::Result<Generated> {
    let load = Load { people: plan.people, messages: plan.messages, covering: false, connections: 64, seed: seed() };
    let (mut generator, _) = load.prepare(at)?;
    generator.tell("go")?;
    let _under_load: Totals = node.ask(&format!("accepted {}", kept + plan.messages / KILLED_AFTER))?;
    node.kill()?;
    let generated: Generated = generator.hear()?;
    generator.finish()?;
    ensure!(generated.unanswered > 0, "the load was over before the kill: ask for more messages");
    Ok(generated)
}
