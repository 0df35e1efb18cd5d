//! The real node under everything that only processes, sockets and disks have: kills, torn writes, panics, floods.
//!
//! One binary, one module for each kind of trouble. What is shared lives in the library of this crate.

mod bench;
mod browser;
mod crash;
mod disk;
mod door;
mod doubt;
mod flood;
mod judge;
mod overload;
mod restart;
mod scripts;
mod supervision;
mod third_party;

use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());

/// Tests of one process take turns: fail points belong to the process.
async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}
