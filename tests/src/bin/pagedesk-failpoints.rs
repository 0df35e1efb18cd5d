//! pagedesk itself, with one addition: it kills itself (SIGKILL) at a named point, as the environment orders.
//!
//! `PAGEDESK_KILL_AT=send-before:3` kills it at the third hit of that point. Nothing runs after the kill: no destructor,
//! no flush, no answer. Without the variable it is pagedesk.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use rustix::process::{Signal, getpid, kill_process};

fn main() -> ExitCode {
    match std::env::var("PAGEDESK_KILL_AT").map_or(Ok(()), |order| arm(&order)) {
        Ok(()) => pagedesk::main(),
        Err(fault) => {
            // Where standard error is closed the code says that a test set this process up wrongly.
            drop(writeln!(std::io::stderr(), "{fault:#}"));
            ExitCode::from(64)
        }
    }
}

/// Kills this process at the n-th hit of a point.
fn arm(order: &str) -> anyhow::Result<()> {
    let (point, hit) = order.split_once(':').context("PAGEDESK_KILL_AT is NAME:COUNT")?;
    let hit: u64 = hit.parse()?;
    let hits = AtomicU64::new(0);
    let kill = move || {
        if hits.fetch_add(1, Ordering::SeqCst) + 1 == hit {
            kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
            loop {
                std::thread::park();
            }
        }
    };
    fail::cfg_callback(point, kill).map_err(|fault| anyhow::anyhow!("{point}: {fault}"))
}
