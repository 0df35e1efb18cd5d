//! `bench-policy [--json] [--verdicts N]`: how many verdicts one core reaches a second, and how often it asks for memory on the
//! way to a permit. Facts are made before; every one leads through all rules of its kind.

use std::alloc::System;
use std::hint::black_box;
use std::io::Write as _;

use clap::Parser;
use model::{Span, Timestamp};
use policy::{Author, Facts, Guards, HumanAgentBase, Openers, Verdict};
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

/// An agent's answer to a message this long ago.
fn answer(ago: Span, author: Author) -> Facts {
    let wrote = Some(NOW - ago);
    Facts {
        openers: Openers { last_action_at: wrote, last_message_at: wrote, ad_message_at: None },
        author,
        tag: None,
        human_agent_feature: true,
        human_agent_base: HumanAgentBase::Message,
        guards: Guards::default(),
        restricted: false,
        token: true,
        standby: false,
        ad_refused: false,
    }
}

/// What is asked, by name: within a day, within a week, too late.
fn cases() -> [(&'static str, Facts, bool); 3] {
    [
        ("response", answer(Span::hours(3), Author::Agent), true),
        ("human_agent", answer(Span::days(3), Author::Agent), true),
        ("refused", answer(Span::days(9), Author::Automation), false),
    ]
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let edition = policy::edition_at(NOW);
    let mut figures = Vec::new();
    for (name, facts, permits) in cases() {
        let (memory, began) = (Region::new(ALLOCATOR), tokio::time::Instant::now());
        let mut permitted = 0_u64;
        for nth in 0..args.verdicts {
            let now = NOW + Span(i64::try_from(nth % 1_000)?);
            let verdict = policy::decide(black_box(&facts), black_box(now), edition);
            let confirmed = matches!(verdict, Verdict::Permit { .. }) && policy::confirm(&verdict, now).is_ok();
            permitted += u64::from(black_box(confirmed));
        }
        let (seconds, asked) = (began.elapsed().as_secs_f64(), memory.change().allocations);
        anyhow::ensure!(permitted == if permits { args.verdicts } else { 0 }, "{name}: {permitted} permits");
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        figures.push((name, args.verdicts as f64 / seconds / 1e6, asked));
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        let one = |(name, rate, asked): &(&str, f64, usize)| serde_json::json!({ "case": name, "million_verdicts_per_s": rate, "allocations": asked });
        let cases: Vec<_> = figures.iter().map(one).collect();
        writeln!(
            out,
            "{}",
            serde_json::json!({ "bench": "policy", "edition": edition.id().to_string(), "cases": cases })
        )?;
        return Ok(());
    }
    for (name, rate, asked) in figures {
        writeln!(out, "{name:<12} {rate:>6.1} million verdicts/s  {asked} allocations")?;
    }
    Ok(())
}
