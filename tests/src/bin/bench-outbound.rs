//! `bench-outbound [--json] [--conversations N] [--per-second R] [--flood N]`: the way out of one Page, over loopback, in one
//! process. Do many answers that are asked for at once leave at the rate that is configured? And does a conversation with
//! thousands of messages to go delay the others (P10)?
//!
//! Beyond Meta's 40 a second a bucket saves up a second's worth, so only what goes beyond that is held back by the rate. The
//! ratio that counts for the flood is taken in the same run: answers beside it against answers without it.

use std::io::Write as _;
use std::time::Duration;

use actors::Limits;
use anyhow::{Context as _, ensure};
use clap::Parser;
use futures_util::StreamExt as _;
use futures_util::stream;
use it::load::{Doors, Pace, comment, customer, task};
use it::rig::{Options, PAGES, World};
use it::wait::{pass, until};
use serde_json::json;

/// Measures whether a Page's messages leave at the rate that is configured, and what a flood of one customer's costs others.
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
    /// Messages of the one conversation that floods.
    #[arg(long, default_value_t = 10_000)]
    flood: usize,
}

/// Calls of the desk at once.
const AT_ONCE: usize = 64;
/// Longest wait for the last answer.
const AT_MOST: Duration = Duration::from_secs(1_800);
/// Answers of others, without the flood and beside it, and how far they are apart.
const OTHERS: usize = 200;
const APART: Duration = Duration::from_millis(50);

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let took_s = runtime.block_on(drains(&args))?;
    let (quiet, beside) = runtime.block_on(flooded(&args))?;
    let past_bucket = u32::try_from(args.conversations)?.saturating_sub(args.per_second);
    let wanted_s = f64::from(past_bucket) / f64::from(args.per_second);
    let off = (took_s / wanted_s - 1.0) * 100.0;
    let mut out = std::io::stdout().lock();
    let Args { json, conversations, per_second, flood } = args;
    let later = beside.1 - quiet.1;
    if json {
        let shown = json!({
            "bench": "outbound", "conversations": conversations, "per_second": per_second, "took_s": took_s,
            "wanted_s": wanted_s, "off_percent": off, "flood": flood, "quiet_p50_ms": quiet.0, "quiet_p99_ms": quiet.1,
            "flooded_p50_ms": beside.0, "flooded_p99_ms": beside.1, "later_p99_ms": later,
        });
        writeln!(out, "{shown}")?;
    } else {
        writeln!(
            out,
            "{conversations} answers at {per_second} a second: {took_s:.2} s of {wanted_s:.2} s, {off:+.2} %"
        )?;
        writeln!(out, "an answer alone: p50 {} ms, p99 {} ms from the comment to Meta", quiet.0, quiet.1)?;
        writeln!(out, "beside a flood of {flood}: p50 {} ms, p99 {} ms, {later:+} ms", beside.0, beside.1)?;
    }
    ensure!(off.abs() <= 2.0, "the rate is off by {off:.2} %");
    ensure!(later < 50, "a flood delays others by {later} ms");
    Ok(())
}

async fn world(args: &Args) -> anyhow::Result<World> {
    let limits = Limits { sends_per_second: args.per_second, ..Limits::default() };
    World::start(Options { limits, ..Options::default() }).await
}

/// The tasks of so many customers who wrote once.
async fn tasks(doors: &Doors, count: usize) -> Vec<String> {
    let known = (0..count).map(|nth| {
        let psid = format!("{}7{nth:05}", PAGES[0]);
        async move {
            customer(doors, PAGES[0], psid.clone(), Pace::count(1)).await;
            task(doors, PAGES[0], &psid, &Pace::count(1)).await.expect("a pace without an end never ends")
        }
    });
    stream::iter(known).buffer_unordered(AT_ONCE).collect().await
}

/// Seconds from the first to the last of many answers at Meta.
async fn drains(args: &Args) -> anyhow::Result<f64> {
    let world = world(args).await?;
    let doors = world.doors();
    let tasks = tasks(&doors, args.conversations).await;
    let asked = stream::iter(&tasks).map(|task| comment(&doors, task, "It is ready.", task));
    asked.buffer_unordered(AT_ONCE).for_each(|_| core::future::ready(())).await;
    let there = || world.stand_in.state().bubbles.len() >= args.conversations;
    until("every answer is a bubble", AT_MOST, || {
        world.rig().node().totals().sends >= args.conversations as u64 && there()
    })
    .await;
    let mut times: Vec<i64> = world.stand_in.state().bubbles.into_iter().map(|bubble| bubble.at.0).collect();
    world.stop().await;
    times.sort_unstable();
    ensure!(times.len() == args.conversations, "{} answers reached Meta", times.len());
    let (first, last) = (times.first().copied().unwrap_or_default(), times.last().copied().unwrap_or_default());
    Ok(Duration::from_millis(u64::try_from(last - first)?).as_secs_f64())
}

/// Median and 99th percentile of an answer's way in milliseconds: without a flood, and beside one.
async fn flooded(args: &Args) -> anyhow::Result<((i64, i64), (i64, i64))> {
    let world = world(args).await?;
    let doors = world.doors();
    let tasks = tasks(&doors, OTHERS + 1).await;
    let (flooding, others) = tasks.split_first().context("there is a task")?;
    let quiet = answers(&world, &doors, others, "alone").await?;
    let messages = (0..args.flood).map(|nth| format!("message {nth} of the flood"));
    let doors_of_flood = &doors;
    let flood = stream::iter(messages).map(|text| async move { comment(doors_of_flood, flooding, &text, &text).await });
    flood.buffer_unordered(AT_ONCE).for_each(|_| core::future::ready(())).await;
    let before = world.rig().node().totals().sends;
    let beside = answers(&world, &doors, others, "beside").await?;
    let after = world.rig().node().totals().sends;
    let of_flood = (after - before).saturating_sub(OTHERS as u64);
    world.stop().await;
    ensure!(of_flood > OTHERS as u64, "the flood was over: {of_flood} of its messages left meanwhile");
    Ok((quiet, beside))
}

/// One answer after the other, each to another customer.
async fn answers(world: &World, doors: &Doors, tasks: &[String], word: &str) -> anyhow::Result<(i64, i64)> {
    let mut asked = Vec::new();
    for task in tasks {
        let text = format!("{word} {task}");
        asked.push((text.clone(), doors.clock.now()));
        comment(doors, task, &text, &text).await;
        pass(APART).await;
    }
    let bubble = |text: &String| {
        let all = world.stand_in.state().bubbles;
        all.into_iter().find(|bubble| bubble.text.as_ref() == Some(text)).map(|bubble| bubble.at)
    };
    let last = asked.last().context("somebody was answered")?.0.clone();
    until("the last answer is a bubble", AT_MOST, || bubble(&last).is_some()).await;
    pass(APART * 4).await;
    let all = world.stand_in.state().bubbles;
    let way = |(text, at): &(String, model::Timestamp)| {
        let bubble = all.iter().find(|bubble| bubble.text.as_ref() == Some(text));
        bubble.map(|bubble| (bubble.at - *at).0).with_context(|| format!("`{text}` never came"))
    };
    let mut ways = asked.iter().map(way).collect::<anyhow::Result<Vec<i64>>>()?;
    ways.sort_unstable();
    let of = |percent: usize| ways[(ways.len() * percent / 100).min(ways.len() - 1)];
    Ok((of(50), of(99)))
}
