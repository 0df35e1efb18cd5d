//! The node at the depth of the actors: the tree that `serve` starts, with its stores (redb, in memory) and the embedded
//! desk, on a clock that stands still while anything is left to do. What comes at one instant
//! shares its commits, as on the threads of a node.

use anyhow::ensure;
use journal::Position;
use model::Span;
use simulator::outside::World;
use simulator::tree::{Node, Setup};

use super::figures::{Rate, Watch};
use super::floor;
use super::messages::{BEGINS_AT, Load, world};

/// What became durable within this time is settled.
const REST: Span = Span::minutes(2);
/// Batches that are read at once.
const PIECE: usize = 16_384;

/// Measures.
pub(super) fn measure(load: Load) -> anyhow::Result<Rate> {
    let posted = load.all();
    let floor = floor::per_second(&posted);
    let setup = Setup::new(load.config(), BEGINS_AT);
    let setup = Setup { disks: setup.disks.in_groups(), ..setup };
    let mut node = Node::new(setup, world())?;
    let watch = Watch::start();
    for together in posted.chunk_by(|one, next| one.at == next.at) {
        let bodies = together.iter().map(|posted| posted.body.as_str());
        ensure!(node.deliver_together(together[0].at, bodies), "a delivery was not taken");
    }
    let until = node.now() + REST;
    node.run_until(until);
    ensure!(node.is_idle()?, "something is under way after {REST:?}");
    // The hash has followed everything that is durable.
    node.trace_hash()?;
    let took = watch.took();
    Rate::of((load.messages, events(&node)?), took, floor)
}

/// Records in the journal.
fn events(node: &Node<World>) -> anyhow::Result<u64> {
    let (mut after, mut count) = (Position::default(), 0);
    loop {
        let piece = node.batches(after, PIECE)?;
        let Some(last) = piece.last() else { return Ok(count) };
        after = last.position;
        count += piece.iter().map(|batch| batch.records.len() as u64).sum::<u64>();
    }
}
