//! Each planted defect, alone, is found as the promise that it breaks, and shrunk to a few lines that show it again.
//!
//! The table of `docs/TESTING.md` says where each is looked for, as what it has to be found, within how many seeds and in how
//! many lines. Invariants: every defect of the register has its row; every judged promise is found broken by some defect.

mod scripts;
mod table;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use oracle::promise::{Judged, PROMISES};
use sabotage::{Defect, Home, plant_here};
use simulator::scenario::Scenario;
use simulator::workload::scenario;
use simulator::world::{Run, Verdict, play, run, shrink, varied};

use self::table::{Broken, Row, Source, rows};

/// Runs that shrinking may take.
const SHRINK_RUNS: usize = 250;

/// What a defect was found as.
struct Found {
    /// How many seeds it took.
    seeds: u64,
    run: Run,
    scenario: Scenario,
}

/// The scenarios in which a row looks, in order.
fn worlds(row: &Row) -> Box<dyn Iterator<Item = Scenario> + '_> {
    match &row.source {
        Source::Seeds(profile) => Box::new((0..row.seeds_max).map(|seed| scenario(seed, *profile))),
        Source::Script(name) => Box::new(core::iter::once(scripts::read(name))),
    }
}

/// Plays as a row asks for: one run is compared with others only where that is what shows it.
fn played(row: &Row, scenario: &Scenario) -> Run {
    let mut played = match row.broken {
        Broken::Promise(33) => run(scenario, row.depth),
        Broken::Promise(7) => varied(scenario, row.depth),
        Broken::Promise(_) | Broken::Rest => play(scenario, row.depth, false),
    };
    if let Broken::Promise(promise) = row.broken {
        // Shrunk as this promise, whatever else is broken.
        played.promises.retain(|broken| *broken == promise);
    }
    played
}

fn is_found(row: &Row, run: &Run) -> bool {
    match row.broken {
        Broken::Promise(promise) => run.promises.contains(&promise),
        Broken::Rest => run.verdict == Verdict::Liveness,
    }
}

fn find(row: &Row) -> Option<Found> {
    let mut worlds =
        (1..).zip(worlds(row)).map(|(seeds, scenario)| Found { seeds, run: played(row, &scenario), scenario });
    worlds.find(|found| is_found(row, &found.run))
}

/// Looks for one defect; what was found in a line, or what is wrong.
fn look(row: &Row) -> Result<String, String> {
    let name = row.defect.code();
    plant_here(Some(row.defect));
    let Some(found) = find(row) else { return Err(format!("{name} is not found as {:?}", row.broken)) };
    let least = shrink(&found.scenario, &found.run, SHRINK_RUNS);
    let again = played(row, &least);
    plant_here(None);
    let lines = least.lines.len();
    let told = format!("{name}: {:?} at {}, seed {}, {lines} lines", row.broken, row.depth, found.seeds - 1);
    if !is_found(row, &again) {
        return Err(format!("{told}: the shrunk scenario does not show it\n{least}"));
    }
    if lines > row.lines_max {
        return Err(format!("{told}: more than {}\n{least}", row.lines_max));
    }
    let healed = run(&least, row.depth);
    if healed.verdict != Verdict::Ok {
        return Err(format!("{told}: without the defect it is {}: {:?}\n{least}", healed.verdict, healed.wrong));
    }
    Ok(told)
}

#[test]
fn each_planted_defect_alone_is_found_as_the_promise_that_it_breaks() {
    let rows = rows();
    let (next, told) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
            let looked = look(row);
            told.lock().expect("nobody panics with it").push(looked);
        }
    };
    std::thread::scope(|scope| {
        (0..std::thread::available_parallelism().map_or(2, usize::from)).for_each(|_| drop(scope.spawn(work)));
    });
    let mut wrong = Vec::new();
    for looked in told.into_inner().expect("nobody panicked with it") {
        match looked {
            Ok(told) => eprintln!("{told}"),
            Err(why) => wrong.push(why),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_defect_has_a_row_and_every_judged_promise_a_defect_that_breaks_it() {
    let rows = rows();
    // What the policy does with what no agent writes no world meets: `policy fuzz` finds it.
    let here = Defect::all().filter(|defect| defect.home() != Home::Policy);
    let missing: Vec<&str> =
        here.filter(|defect| rows.iter().all(|row| row.defect != *defect)).map(Defect::code).collect();
    assert_eq!(missing, [] as [&str; 0], "without a row in docs/TESTING.md");
    let broken: BTreeSet<u8> = rows.iter().filter_map(|row| row.broken.promise()).collect();
    let judged =
        PROMISES.iter().filter(|promise| matches!(promise.judged, Judged::By(_))).map(|promise| promise.number);
    assert_eq!(broken, judged.collect(), "broken by a defect, and judged");
}
