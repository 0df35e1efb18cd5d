//! `bench-policy [--json] [--verdicts N]`: how many verdicts one core reaches a second, and how often it asks for memory on
//! the way to a permit. Facts are made before; each leads through all rules of its kind.
//!
//! The floor is a look at the same facts and a comparison of two instants: what no verdict can be quicker than.

use std::alloc::System;
use std::hint::black_box;
use std::io::Write as _;

use anyhow::ensure;
use clap::Parser;
use model::{Span, Timestamp};
use policy::{Facts, Verdict};
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// 2026-11-23T12:00:00Z.
const NOW: Timestamp = Timestamp(1_795_435_200_000);

/// Measures the messaging policy alone.
#[derive(Parser)]
#[command(name = "bench-policy")]
struct Args {
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// Verdicts of each kind.
    #[arg(long, default_value_t = 20_000_000)]
    verdicts: u64,
}

/// An answer to a message this long ago.
fn answer(ago: Span, author: &str) -> anyhow::Result<Facts> {
    let wrote = NOW - ago;
    Ok(serde_json::from_value(json!({
        "openers": { "last_action_at": wrote, "last_message_at": wrote }, "author": author, "tag": null,
        "human_agent_feature": true, "human_agent_base": "message",
        "guards": { "standard": 60_000, "human_agent": 300_000 }, "restricted": false, "token": true, "standby": false,
    }))?)
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let edition = policy::edition_at(NOW);
    let cases = [
        ("response", answer(Span::hours(3), "agent")?, true),
        ("human_agent", answer(Span::days(3), "agent")?, true),
        ("refused", answer(Span::days(9), "automation")?, false),
    ];
    let floor = rate(args.verdicts, |now| {
        let facts = black_box(&cases[0].1);
        facts.openers.last_action_at.is_some_and(|at| now < at + Span::hours(24))
    });
    ensure!(floor.permitted == args.verdicts, "the floor is not what it says");
    let mut rows = vec![("floor", floor.million_per_s, floor.allocations)];
    for (name, facts, permits) in &cases {
        let found = rate(args.verdicts, |now| {
            let verdict = policy::decide(black_box(facts), now, edition);
            matches!(verdict, Verdict::Permit { .. }) && policy::confirm(&verdict, now).is_ok()
        });
        ensure!(found.permitted == if *permits { args.verdicts } else { 0 }, "{name}: {} permits", found.permitted);
        rows.push((name, found.million_per_s, found.allocations));
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        let one = |(case, rate, asked): &(&str, f64, usize)| json!({ "case": case, "million_per_s": rate, "allocations": asked });
        let cases: Vec<_> = rows.iter().map(one).collect();
        writeln!(out, "{}", json!({ "bench": "policy", "edition": edition.id().to_string(), "cases": cases }))?;
    } else {
        for (case, rate, asked) in &rows {
            let ratio = rate / rows[0].1;
            writeln!(out, "{case:<12} {rate:>7.1} million/s  {ratio:>5.3} of the floor  {asked} allocations")?;
        }
    }
    ensure!(rows.iter().all(|(_, _, asked)| *asked == 0), "a verdict asks for memory");
    Ok(())
}

/// What so many questions came to.
struct Rate {
    million_per_s: f64,
    permitted: u64,
    allocations: usize,
}

fn rate(count: u64, mut permits: impl FnMut(Timestamp) -> bool) -> Rate {
    let (memory, began) = (Region::new(ALLOCATOR), tokio::time::Instant::now());
    let mut permitted = 0_u64;
    for nth in 0..count {
        let now = black_box(NOW + Span(i64::try_from(nth % 1_000).unwrap_or(0)));
        permitted += u64::from(black_box(permits(now)));
    }
    let (seconds, allocations) = (began.elapsed().as_secs_f64(), memory.change().allocations);
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let million_per_s = count as f64 / seconds / 1e6;
    Rate { million_per_s, permitted, allocations }
}
