//! The replay: a recording against the real node (store, actors, desk, read models) on a clock that stands still while
//! anything is left to do, and what came of it as a trace.
//!
//! Deliveries go in through the function that the webhook's door calls, agents' comments through the desk; Meta is in
//! this process and keeps the rules of `oracle`. Nothing decides here. Invariant: one recording gives one trace, byte for
//! byte, on any machine and in any build: one thread, no wall clock, every choice a hash of what it is about.

pub mod accept;
pub mod again;
pub(crate) mod agents;
pub(crate) mod clock;
pub mod compare;
pub(crate) mod course;
pub(crate) mod door;
pub(crate) mod fields;
pub mod filter;
pub mod grounds;
pub(crate) mod kept;
pub mod line;
pub(crate) mod meta;
pub(crate) mod names;
pub(crate) mod outcome;
pub mod report;
pub(crate) mod stage;
pub(crate) mod survey;
pub(crate) mod tally;
pub mod told;
pub(crate) mod trace;
pub(crate) mod watched;

use anyhow::Context as _;

use crate::play::recording::Recorded;

pub use outcome::{Counts, Outcome};

/// Plays a recording to its end. `told` hears, after every step, how many of how many are done.
///
/// Blocks until it is over and must not be called from within a runtime.
///
/// # Errors
/// Where the node does not start, does not come to rest after the last step, or its journal cannot be read.
pub fn replay(recording: &dyn Recorded, told: &mut dyn FnMut(usize, usize)) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .context("no runtime can be made")?;
    runtime.block_on(course::run(recording, told))
}
