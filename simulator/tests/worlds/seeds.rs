//! Seeds that are always the same and fresh ones, all profiles in turn, each played twice and judged; and one world that is
//! played two hundred times.
//!
//! `cargo xtask` draws the first fresh seed, prints it, and hands it on; whoever starts the tests without it gets the same
//! ones each time. A soak plays ten times as many.

use std::ops::Range;

use libtest_mimic::Trial;
use oracle::Coverage;
use simulator::scenario::Scenario;
use simulator::workload::{Profile, scenario};
use simulator::world::{Depth, Run, Verdict, play, play_in_groups, run};

use super::{Judged, trial};

/// The first fresh seed.
const FRESH: &str = "PAGEDESK_FRESH_SEED";
/// Where nobody draws one.
const NOT_DRAWN: u64 = 1_000_000;
/// Set in a soak.
const SOAK: &str = "PAGEDESK_SOAK";
/// Fixed seeds at core depth, and how many of them a test plays.
const CORE: (u64, u64) = (1_000, 125);
/// Seeds in which sends are left in doubt, at core depth, and how many of them a test plays.
const LOSSY: (u64, u64) = (1_000, 125);
/// Fixed seeds at actors depth, and how many of them a test plays.
const ACTORS: (u64, u64) = (200, 20);
/// The same with commits in groups, each played once.
const GROUPED: (u64, u64) = (100, 25);
/// Fresh seeds at each depth.
const FRESH_SEEDS: u64 = 20;
/// Runs of one world that come to one hash.
const RUNS: usize = 200;

/// A test for each handful of seeds.
pub(super) fn trials() -> Vec<Trial> {
    let times = if std::env::var_os(SOAK).is_some() { 10 } else { 1 };
    let fresh = std::env::var(FRESH).ok().and_then(|seed| seed.parse().ok()).unwrap_or(NOT_DRAWN);
    let mut trials = Vec::new();
    for (depth, (seeds, each)) in [(Depth::Core, CORE), (Depth::Actors, ACTORS)] {
        for first in (0..seeds * times).step_by(usize::try_from(each).unwrap()) {
            let range = first..first + each;
            let name = format!("seeds::from_{first:05}_to_{:05}_keep_every_promise_at_{depth}_depth", range.end - 1);
            trials.push(trial(name, move || keep(range, depth)));
        }
        for half in 0..2 {
            let each = FRESH_SEEDS * times / 2;
            let first = fresh + half * each;
            let name = format!("seeds::fresh_ones_keep_every_promise_at_{depth}_depth_{}", half + 1);
            trials.push(trial(name, move || keep(first..first + each, depth)));
        }
        let name = format!("seeds::one_world_comes_to_one_hash_in_{RUNS}_runs_at_{depth}_depth");
        trials.push(trial(name, move || hold_still(depth)));
    }
    for first in (0..GROUPED.0 * times).step_by(usize::try_from(GROUPED.1).unwrap()) {
        let range = first..first + GROUPED.1;
        let name = format!("seeds::from_{first:05}_to_{:05}_keep_every_promise_in_groups", range.end - 1);
        trials.push(trial(name, move || judged(range, &Profile::ALL, play_in_groups, "actors with commits in groups")));
    }
    for first in (0..LOSSY.0 * times).step_by(usize::try_from(LOSSY.1).unwrap()) {
        let range = first..first + LOSSY.1;
        let name = format!("seeds::from_{first:05}_to_{:05}_lose_and_double_no_answer", range.end - 1);
        trials.push(trial(name, move || {
            judged(range, &[Profile::Lossy], |world| run(world, Depth::Core), &Depth::Core.to_string())
        }));
    }
    trials.push(trial("seeds::the_lossy_ones_meet_what_leaves_a_send_in_doubt".to_owned(), meet_doubt));
    trials.push(trial("seeds::the_fixed_ones_meet_what_there_is_to_meet".to_owned(), meet));
    trials
}

fn keep(seeds: Range<u64>, depth: Depth) -> Judged {
    judged(seeds, &Profile::ALL, |world| run(world, depth), &depth.to_string())
}

fn judged(seeds: Range<u64>, profiles: &[Profile], play: impl Fn(&Scenario) -> Run, depth: &str) -> Judged {
    for seed in seeds {
        let profile = Profile::of_seed(seed, profiles);
        let run = play(&scenario(seed, profile));
        if run.verdict != Verdict::Ok {
            let wrong = run.wrong.join("\n  ");
            return Err(format!(
                "seed {seed}: {}\n  {wrong}\n\nagain: pagedesk sim run --seed {seed} --profile {profile} --depth {depth}",
                run.verdict
            ));
        }
    }
    Ok(())
}

/// Two at a time, so that what belongs to the process as a whole cannot hide.
fn hold_still(depth: Depth) -> Judged {
    let world = scenario(9, Profile::Calm);
    let runs = || (0..RUNS / 2).map(|_| play(&world, depth, false).trace_hash).collect::<Vec<_>>();
    let hashes = std::thread::scope(|scope| {
        let lanes = [0; 2].map(|_| scope.spawn(runs));
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect::<Vec<_>>()
    });
    let different = hashes.iter().position(|hash| *hash != hashes[0]);
    match different {
        None if hashes.len() == RUNS && hashes[0].len() == 64 => Ok(()),
        None => Err(format!("{} runs, the first came to {:?}", hashes.len(), hashes[0])),
        Some(index) => Err(format!("the first run came to {}, run {index} to {}", hashes[0], hashes[index])),
    }
}

/// What nothing meets is not tried: made-up worlds have to come by it.
fn meet() -> Judged {
    let mut met = Coverage::default();
    for seed in 0..ACTORS.0 {
        let profile = Profile::of_seed(seed, &Profile::ALL);
        met.add(&play(&scenario(seed, profile), Depth::Core, false).coverage);
    }
    let wanted: [(&str, &[&str]); 8] = [
        ("commands", &["receive", "reply", "settle", "wake", "dispatch", "configure"]),
        ("rules", &["standard-window", "human-agent"]),
        ("refusals", &["window-closed", "human-agent-not-granted", "standby"]),
        ("holds", &["page-restricted"]),
        ("items", &["message", "reaction", "edit", "unsend", "read", "postback", "referral", "on standby"]),
        ("faults", &["crash", "crash-after-commits", "crash-after-writes", "crash-after-calls", "power-cut"]),
        ("faults", &["full-disk", "failing-disk", "commit-refused", "commit-lost", "commit-delayed"]),
        ("faults", &["panic", "stuck-actor"]),
    ];
    let missing: Vec<String> = wanted
        .iter()
        .flat_map(|(set, words)| met.missing(set, words).into_iter().map(move |word| format!("{set}: {word}")))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("never met: {}\n\n{met}", missing.join(", "))) }
}

/// What the lossy worlds are for is met in them: Meta told, or did not, and its thread told instead, or a person was asked.
fn meet_doubt() -> Judged {
    let mut met = Coverage::default();
    let (mut silent, mut found, mut told) = (0, 0, 0);
    for seed in 0..LOSSY.1 {
        let run = play(&scenario(seed, Profile::Lossy), Depth::Core, true);
        silent += u64::from(run.trace.iter().any(|line| line.contains("FAULT echoes-withheld begins")));
        let lines = || run.trace.iter();
        let answered = |line: &&String| line.contains("settled-thread-read");
        found += lines().filter(answered).filter(|line| line.contains("mids=")).count();
        told += lines().filter(|line| line.contains("doubt-remained")).count();
        met.add(&run.coverage);
    }
    let missing = met.missing("faults", &["graph-answer-lost", "graph-request-lost", "crash", "echoes-withheld"]);
    if missing.is_empty() && (LOSSY.1 / 4..LOSSY.1 * 3 / 4).contains(&silent) && found > 10 && told > 50 {
        Ok(())
    } else {
        Err(format!("never met: {missing:?}; {silent} silent, {found} read as sent, {told} told\n\n{met}"))
    }
}
