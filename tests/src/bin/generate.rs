//! The load generator as a process of its own: it survives the node, repeats what was not acknowledged, and remembers
//! in memory what was.
//!
//! `generate WEBHOOK SITE STAND_IN PLAN`, the plan as JSON. It talks until a line comes, or its input ends; then it says
//! everything that was acknowledged as one line of JSON and ends.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use it::http::Caller;
use it::load::{Doors, Plan, run};
use it::rig::{APP_SECRET, PAGES};
use it::wire::Poster;
use node::SystemClock;
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio::sync::watch;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = |what| args.next().with_context(|| format!("{what} is missing"));
    let (webhook, site, stand_in) = (next("WEBHOOK")?, next("SITE")?, next("STAND_IN")?);
    let plan: Plan = serde_json::from_str(&next("PLAN")?)?;
    let caller = Caller::default();
    let poster = Poster::new(caller.clone(), webhook, APP_SECRET);
    let doors = Doors { caller, poster, site, stand_in, clock: Arc::new(SystemClock) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let acknowledged = runtime.block_on(async {
        let (enough, stop) = watch::channel(false);
        tokio::spawn(async move {
            // A line or the end of the input: both mean that it is enough.
            drop(BufReader::new(stdin()).read_line(&mut String::new()).await);
            enough.send_replace(true);
        });
        run(&doors, &PAGES, plan, stop).await
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(&acknowledged)?)?;
    out.flush()?;
    // A read of the input may still be waiting on its thread.
    runtime.shutdown_background();
    Ok(())
}
