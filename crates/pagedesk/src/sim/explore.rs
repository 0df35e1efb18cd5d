//! `pagedesk sim explore`: one fresh seed after the other on all cores, until something is wrong or the time is over.
//!
//! Each thread plays worlds of its own; which of them is faster changes what is met, never what a seed comes to.
//! Invariant: of what was found, the earliest seed is told.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actors::Clock as _;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use journal::Entropy as _;
use model::{Span, Timestamp};
use node::SystemClock;
use oracle::Coverage;
use serde_json::{Value, json};
use simulator::scenario::Scenario;
use simulator::workload::{self, Profile};
use simulator::world::{Depth, Run, Verdict, run, shrink};

use super::told::{SHRINK_RUNS, coverage, object, prefix, wrong};
use super::{again, depth, least, profile};
use crate::assembly;
use crate::cli::SimExplore;
use crate::exit::{self, Exit, Failure};
use simulator::counted::many;

/// Carries out `sim explore`.
pub(super) fn explore(asked: &SimExplore) -> Result<Exit, Failure> {
    let from = asked.from.map_or_else(fresh, Ok)?;
    let profiles: Vec<Profile> = asked.profile.0.iter().copied().map(profile).collect();
    let words: Vec<&str> = profiles.iter().map(|profile| profile.word()).collect();
    if !asked.json {
        exit::print(&format!("from seed {from}, profile {}, depth {}\n", words.join(","), depth(asked.depth)))?;
    }
    let began_at = SystemClock.now();
    let ends_at = asked.minutes.map(|minutes| began_at + Span::minutes(i64::from(minutes)));
    let search = Search { ends_at, worlds_max: asked.worlds, ..Search::new(from, profiles, depth(asked.depth)) };
    let bar = bar(asked);
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            scope.spawn(|| search.goes_on(began_at, &bar));
        }
    });
    bar.finish_and_clear();
    let (met, worlds, found) = search.ended();
    let kept = found.as_ref().map(|found| found.keep(asked)).transpose()?;
    let text = if asked.json {
        let told = found.as_ref().zip(kept.as_ref()).map(|(found, kept)| found.object(kept));
        let all = json!({
            "from": from, "profiles": words, "depth": depth(asked.depth).word(), "worlds": worlds,
            "found": told, "coverage": coverage(&met),
        });
        format!("{all}\n")
    } else {
        match found.as_ref().zip(kept.as_ref()) {
            Some((found, kept)) => found.told(kept, worlds),
            None => format!("\n{met}\n{}: every promise was kept\n", counted(worlds)),
        }
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

/// So many worlds, in groups of three digits.
fn counted(worlds: u64) -> String {
    format!("{} {}", HumanCount(worlds), if worlds == 1 { "world" } else { "worlds" })
}

/// Full when the worlds are played or the time is over; shown at a terminal alone.
fn bar(asked: &SimExplore) -> ProgressBar {
    let whole = asked.worlds.unwrap_or_else(|| u64::from(asked.minutes.unwrap_or_default()) * 60_000);
    let target = if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(whole), target);
    bar.enable_steady_tick(Duration::from_millis(200));
    match ProgressStyle::with_template("{bar:24} {percent}% {elapsed} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What the threads share.
struct Search {
    from: u64,
    profiles: Vec<Profile>,
    depth: Depth,
    ends_at: Option<Timestamp>,
    worlds_max: Option<u64>,
    /// Seeds that were taken so far.
    taken: AtomicU64,
    over: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    met: Coverage,
    worlds: u64,
    found: Option<Found>,
}

/// A world in which something is wrong.
struct Found {
    number: u64,
    seed: u64,
    profile: Profile,
    scenario: Scenario,
    run: Run,
}

impl Search {
    fn new(from: u64, profiles: Vec<Profile>, depth: Depth) -> Self {
        let (taken, over, state) = (AtomicU64::new(0), AtomicBool::new(false), Mutex::default());
        Self { from, profiles, depth, ends_at: None, worlds_max: None, taken, over, state }
    }

    /// One thread's part.
    fn goes_on(&self, began_at: Timestamp, bar: &ProgressBar) {
        while !self.over.load(Ordering::Acquire) && self.ends_at.is_none_or(|end| SystemClock.now() < end) {
            let number = self.taken.fetch_add(1, Ordering::AcqRel);
            if self.worlds_max.is_some_and(|most| most <= number) {
                return;
            }
            let seed = self.from.wrapping_add(number);
            let profile = Profile::of_seed(seed, &self.profiles);
            let scenario = workload::scenario(seed, profile);
            let run = run(&scenario, self.depth);
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.worlds += 1;
            state.met.add(&run.coverage);
            let is_earlier = state.found.as_ref().is_none_or(|found| number < found.number);
            if run.verdict != Verdict::Ok {
                self.over.store(true, Ordering::Release);
                if is_earlier {
                    state.found = Some(Found { number, seed, profile, scenario, run });
                }
            }
            let gone = u64::try_from((SystemClock.now() - began_at).0).unwrap_or(0);
            bar.set_position(self.worlds_max.map_or(gone, |_| state.worlds));
            bar.set_message(counted(state.worlds));
        }
    }

    fn ended(self) -> (Coverage, u64, Option<Found>) {
        let State { met, worlds, found } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (met, worlds, found)
    }
}

/// A scenario that was written down.
struct Kept {
    file: String,
    least: Scenario,
}

impl Found {
    /// Shrinks it and writes it down.
    fn keep(&self, asked: &SimExplore) -> Result<Kept, Failure> {
        let Self { seed, profile, scenario, run: found, .. } = self;
        let mut least = match found.verdict {
            Verdict::Nondeterminism => scenario.clone(),
            Verdict::Ok | Verdict::Safety | Verdict::Liveness | Verdict::Expectation | Verdict::Crash => {
                shrink(scenario, found, SHRINK_RUNS)
            }
        };
        let shown = run(&least, found.depth);
        least.title = self.title(&shown);
        let from = format!("seed {seed} of {profile}");
        let file = least::keep(&asked.out, &self.name(&shown), &least::written(&least, &shown, &from))?;
        Ok(Kept { file: file.display().to_string(), least })
    }

    /// What its folder is called.
    fn name(&self, shown: &Run) -> String {
        let what =
            shown.promises.first().map_or_else(|| shown.verdict.word().to_owned(), |number| format!("p{number}"));
        format!("{what}-{}-{}-{}", self.profile, self.seed, shown.depth)
    }

    fn title(&self, shown: &Run) -> String {
        let broken: Vec<String> = shown.promises.iter().map(|number| format!("P{number}")).collect();
        let what = if broken.is_empty() { shown.verdict.to_string() } else { broken.join(", ") };
        format!("{what}: found by seed {} of {}", self.seed, self.profile)
    }

    fn again(&self) -> String {
        again(self.seed, self.profile, self.run.depth, None)
    }

    fn told(&self, kept: &Kept, worlds: u64) -> String {
        let Kept { file, least } = kept;
        let (seed, profile) = (self.seed, self.profile);
        let lines = (least.lines.len(), self.scenario.lines.len());
        format!(
            "\nseed {seed} of {profile}, after {}\n\n{}\n{} of {} {} it, kept as {file}:\n\n{least}\n\
             again: {}{}\n       {}pagedesk sim scenario {file} --depth {}\n",
            counted(worlds),
            wrong(&self.run),
            lines.0,
            many(lines.1, "line"),
            if lines.0 == 1 { "shows" } else { "show" },
            prefix(),
            self.again(),
            prefix(),
            self.run.depth,
        )
    }

    fn object(&self, kept: &Kept) -> Value {
        let mut object = object(&self.run);
        object["seed"] = self.seed.into();
        object["profile"] = self.profile.word().into();
        object["steps"] = self.scenario.lines.len().into();
        object["least_steps"] = kept.least.lines.len().into();
        object["scenario"] = kept.file.clone().into();
        object
    }
}
