//! `bench-outbound [--json] [--conversations N] [--per-second R]`: one answer to each of many customers of one Page, asked for
//! at once: how near to the Page's configured rate do they reach Meta? One process over loopback.
//!
//! The bucket is full at first, so that what goes beyond one second's worth is what the rate holds back.

use std::io::Write as _;
use std::time::Duration;

use actors::Limits;
use anyhow::ensure;
use clap::Parser;
use futures_util::StreamExt as _;
use futures_util::stream;
use it::load::{Pace, comment, customer, task};
use it::rig::{Options, PAGES, World};
use it::wait::until;

/// Measures whether a Page's messages leave at the rate that is configured.
#[derive(Parser)]
#[command(name = "bench-outbound")]
struct Args {
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// Customers, one answer each.
    #[arg(long, default_value_t = 10_000)]
    conversations: usize,
    /// Sends per second of the Page.
    #[arg(long, default_value_t = 300)]
    per_second: u32,
}

/// Calls of the desk at once.
const AT_ONCE: usize = 64;
/// Longest wait for the last answer.
const AT_MOST: Duration = Duration::from_secs(1_800);

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (asked_s, took_s) = runtime.block_on(drains(&args))?;
    let past_bucket = u32::try_from(args.conversations)?.saturating_sub(args.per_second);
    let wanted_s = f64::from(past_bucket) / f64::from(args.per_second);
    let off = (took_s / wanted_s - 1.0) * 100.0;
    let mut out = std::io::stdout().lock();
    let Args { json, conversations, per_second } = args;
    if json {
        let shown = serde_json::json!({
            "bench": "outbound", "conversations": conversations, "per_second": per_second, "asked_s": asked_s,
            "took_s": took_s, "wanted_s": wanted_s, "off_percent": off,
        });
        writeln!(out, "{shown}")?;
    } else {
        writeln!(out, "{conversations} answers asked for in {asked_s:.2} s")?;
        writeln!(
            out,
            "first to last at Meta in {took_s:.2} s, at {per_second} a second it is {wanted_s:.2} s: {off:+.2} %"
        )?;
    }
    ensure!(off.abs() <= 2.0, "the rate is off by {off:.2} %");
    Ok(())
}

/// Seconds until every answer was asked for, and from the first to the last at Meta.
async fn drains(args: &Args) -> anyhow::Result<(f64, f64)> {
    let limits = Limits { sends_per_second: args.per_second, ..Limits::default() };
    let world = World::start(Options { limits, ..Options::default() }).await?;
    let (doors, page) = (world.doors(), PAGES[0]);
    let known = stream::iter(0..args.conversations).map(|nth| {
        let (doors, psid) = (&doors, format!("{page}7{nth:05}"));
        async move {
            customer(doors, page, psid.clone(), Pace::count(1)).await;
            task(doors, page, &psid, &Pace::count(1)).await.expect("a pace without an end never ends")
        }
    });
    let tasks: Vec<String> = known.buffer_unordered(AT_ONCE).collect().await;
    let began = tokio::time::Instant::now();
    let asked = stream::iter(&tasks).map(|task| comment(&doors, task, "It is ready.", task));
    asked.buffer_unordered(AT_ONCE).for_each(|_| core::future::ready(())).await;
    let asked_s = began.elapsed().as_secs_f64();
    let all = || world.rig().node().totals().sends >= args.conversations as u64;
    until("every answer has left", AT_MOST, all).await;
    let there = || world.stand_in.state().bubbles.len() >= args.conversations;
    until("every answer is a bubble", AT_MOST, there).await;
    let mut times: Vec<i64> = world.stand_in.state().bubbles.into_iter().map(|bubble| bubble.at.0).collect();
    world.stop().await;
    times.sort_unstable();
    ensure!(times.len() == args.conversations, "{} answers reached Meta", times.len());
    let (first, last) = (times.first().copied().unwrap_or_default(), times.last().copied().unwrap_or_default());
    Ok((asked_s, Duration::from_millis(u64::try_from(last - first)?).as_secs_f64()))
}
