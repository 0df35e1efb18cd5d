//! The journal from outside: against a naive model, on failing disks, beside a reading process.
//!
//! Unit tests of layouts and of single parts stand beside the code. The faulty disk is the simulator's own file, taken
//! in by path, since the simulator depends on this crate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../../simulator/src/fake/disk.rs"]
pub mod disk;
mod damage;
mod faults;
mod inbox;
mod journal;
mod model;
mod reader;
mod rig;
