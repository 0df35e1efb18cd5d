//! `bench-flood [--json] [--messages N]`: delays of other customers' answers without and during a flood on one
//! conversation, as `it::flood` runs it, in one process over loopback.

use std::io::Write as _;

use anyhow::ensure;
use clap::Parser;
use it::flood::{Delays, Scale, run};
use it::rig::{Options, World};

/// Measures how much a flood on one conversation delays the answers to others on the same Page.
#[derive(Parser)]
#[command(name = "bench-flood")]
struct Args {
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// Messages of the flood.
    #[arg(long, default_value_t = Scale::default().messages)]
    messages: usize,
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let figures = runtime.block_on(async {
        let world = World::start(Options::default()).await?;
        let (figures, _) = run(&world, Scale { messages: args.messages, ..Scale::default() }).await?;
        world.stop().await;
        Ok::<_, anyhow::Error>(figures)
    })?;
    let delayed_ms = figures.flooded.p99_ms - figures.quiet.p99_ms;
    let mut out = std::io::stdout().lock();
    if args.json {
        let shown = serde_json::json!({ "bench": "flood", "figures": figures, "p99_delayed_ms": delayed_ms });
        writeln!(out, "{shown}")?;
    } else {
        let line = |delays: Delays| {
            format!(
                "p50 {} ms  p99 {} ms  worst {} ms  of {} answers",
                delays.p50_ms, delays.p99_ms, delays.worst_ms, delays.answers
            )
        };
        writeln!(out, "without a flood   {}", line(figures.quiet))?;
        writeln!(out, "during a flood    {}", line(figures.flooded))?;
        writeln!(
            out,
            "{} messages posted in {} ms, worked off in {} ms",
            figures.messages, figures.posted_ms, figures.worked_off_ms
        )?;
        writeln!(out, "p99 delayed by {delayed_ms} ms")?;
    }
    ensure!(figures.refused == 0, "{} posts were refused", figures.refused);
    Ok(())
}
