//! The node at core depth: inbox, parser, Page, machine, codec, journal, desk and hash, and the oracle over all of it.

use anyhow::{Context as _, ensure};
use model::Span;
use oracle::{judge_all, unsettled};
use simulator::chronicle;
use simulator::core::{Node, Setup};
use simulator::witness::Witness;

use super::figures::{Rate, Took, Watch};
use super::floor;
use super::messages::{BEGINS_AT, Load, world};

/// What became durable within this time is settled.
const REST: Span = Span::minutes(2);

/// Measures; `tells`: with the readable trace, too.
pub(super) fn measure(load: Load, tells: bool) -> anyhow::Result<Rate> {
    let posted = load.all();
    let floor = floor::per_second(&posted);
    let config = load.config();
    let pages = config.pages.iter().map(|(page, of)| (page.clone(), of.token.is_some()));
    let asked = chronicle::setup(BEGINS_AT, &config.facts, pages);
    let watch = Watch::start();
    let witness = if tells { Witness::with_trace(BEGINS_AT) } else { Witness::default() };
    let setup = Setup { witness: witness.writing(asked), ..Setup::new(config, BEGINS_AT) };
    let mut node = Node::new(setup, world());
    for posted in &posted {
        node.deliver(posted.at, posted.body.as_bytes());
    }
    node.run_until(node.now() + REST);
    ensure!(node.is_idle(), "something is under way after {REST:?}");
    let judging = Watch::start();
    let history = node.history().context("it was written down")?;
    let (wrong, undone) = (judge_all(&history), unsettled(&history));
    let took = Took { judged_s: judging.seconds(), ..watch.took() };
    ensure!(wrong.is_empty() && undone.is_empty(), "the oracle says {:?} {:?}", wrong.first(), undone.first());
    let lines = node.witness().lines().len();
    ensure!(tells == (lines > 0), "the trace has {lines} lines");
    let events = node.journal().batches().iter().map(|batch| batch.records.len() as u64).sum();
    Rate::of((load.messages, events), took, floor)
}
