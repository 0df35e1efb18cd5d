//! `pagedesk policy fuzz`: runs the comparison of policy and oracle for some time or some cases and prints what it came to.
//!
//! What is drawn and how it is compared is said in `simulator::agreement`. Invariant: a seed and a number of cases print the same
//! every time.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use actors::Clock as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use journal::Entropy as _;
use model::Span;
use node::SystemClock;
use serde_json::{Value, json};
use simulator::agreement::{Found, Round};

use crate::assembly;
use crate::cli::Fuzz;
use crate::exit::{self, Exit, Failure};
use simulator::counted::counted;

/// So many cases go by between two looks at the clock.
const STRIDE: u64 = 1_000;

/// Carries out `policy fuzz`.
pub(super) fn fuzz(asked: &Fuzz) -> Result<Exit, Failure> {
    let seed = asked.seed.map_or_else(fresh, Ok)?;
    let (round, found) = run(asked, seed);
    let text = if asked.json {
        format!("{}\n", object(seed, &round, found.as_deref()))
    } else {
        found.as_deref().map_or_else(|| table(seed, &round), |found| difference(seed, found))
    };
    exit::print(&text)?;
    Ok(if found.is_some() { Exit::CheckFailed } else { Exit::Ok })
}

/// Short enough to be typed again.
fn fresh() -> Result<u64, Failure> {
    let mut bytes = [0; 4];
    assembly::entropy()?.fill(&mut bytes);
    Ok(u64::from(u32::from_le_bytes(bytes)))
}

fn run(asked: &Fuzz, seed: u64) -> (Round, Option<Box<Found>>) {
    let began_at = SystemClock.now();
    let length = asked.minutes.map(|minutes| Span::minutes(i64::from(minutes)));
    let bar = bar(asked);
    let mut round = Round::new(seed);
    let found = loop {
        if asked.cases.is_some_and(|cases| cases <= round.cases()) {
            break None;
        }
        if round.cases().is_multiple_of(STRIDE) {
            let gone = SystemClock.now() - began_at;
            if length.is_some_and(|length| length <= gone) {
                break None;
            }
            bar.set_message(format!("{} cases", round.cases()));
            bar.set_position(asked.cases.map_or(u64::try_from(gone.0).unwrap_or(0), |_| round.cases()));
        }
        if let Err(found) = round.step() {
            break Some(found);
        }
    };
    bar.finish_and_clear();
    (round, found)
}

/// Full when the cases are drawn or the time is over; shown at a terminal alone.
fn bar(asked: &Fuzz) -> ProgressBar {
    let whole = asked.cases.unwrap_or_else(|| u64::from(asked.minutes.unwrap_or_default()) * 60_000);
    let target = if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(whole), target);
    bar.enable_steady_tick(Duration::from_millis(200));
    match ProgressStyle::with_template("{bar:24} {percent}% {elapsed} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What was reached, for people.
fn table(seed: u64, round: &Round) -> String {
    let mut text = format!("seed {seed}: {}\n", counted(round.cases(), "case"));
    for (section, counts) in round.coverage().sections() {
        text.push_str(&format!("\n{section}\n"));
        for (name, count) in counts {
            let missing = if count == 0 { "  NOT REACHED" } else { "" };
            text.push_str(&format!("  {name:<55} {count:>10}{missing}\n"));
        }
    }
    let unreached = round.coverage().unreached().len();
    let missing = match unreached {
        0 => "all that can be said was said".to_owned(),
        unreached => format!("NOT REACHED, and so not compared: {unreached} of the above"),
    };
    text.push_str(&format!("\npolicy and oracle agree; {missing}\n"));
    text
}

fn difference(seed: u64, found: &Found) -> String {
    let Found { number, least, difference, .. } = found;
    format!(
        "seed {seed}: policy and oracle differ in case {}\n\n{difference}\n\nthe least facts that show it:\n\n{}\n\nthe case that was drawn:\n\n{}\n\n\
         again: {}pagedesk policy fuzz --seed {seed} --cases {}\n",
        number + 1,
        planted(&least.explain_line()),
        planted(&found.drawn.explain_line()),
        prefix(),
        number + 1,
    )
}

/// A defect that is planted in this process must be planted in the next one too.
fn planted(line: &str) -> String {
    line.replacen("| pagedesk", &format!("| {}pagedesk", prefix()), 1)
}

#[cfg(feature = "sabotage")]
fn prefix() -> String {
    crate::sabotage::prefix()
}

#[cfg(not(feature = "sabotage"))]
fn prefix() -> String {
    String::new()
}

/// For programs.
fn object(seed: u64, round: &Round, found: Option<&Found>) -> Value {
    let told = found.map(|Found { number, drawn, least, difference }| {
        json!({
            "case": number + 1,
            "how": difference.how.sentence(),
            "policy": difference.policy,
            "oracle": difference.oracle,
            "at": least.now,
            "edition": least.edition,
            "facts": least.facts,
            "explain": planted(&least.explain_line()),
            "drawn": planted(&drawn.explain_line()),
        })
    });
    json!({
        "seed": seed,
        "cases": round.cases(),
        "agree": found.is_none(),
        "difference": told,
        "coverage": round.coverage().json(),
        "unreached": round.coverage().unreached(),
    })
}
