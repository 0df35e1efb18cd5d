//! A whole world from one scenario: customers, agents, Meta, tracker and the node at one of two depths; and what the oracle
//! says of it.
//!
//! First the scenario with all that goes wrong in it (safety), then nothing goes wrong any more and everything pending has
//! to settle (liveness). Invariants: the same scenario at the same depth is the same run; no clock, no thread and no chance
//! but what the scenario says.

mod approved;
mod course;
mod depth;
mod expect;
mod mail;
mod outdoors;
mod rerun;
mod shrink;
mod strike;
#[cfg(test)]
mod tests;
mod verdict;

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use oracle::{Coverage, History, Violation, judge_all, unsettled};

use self::course::Course;
use self::depth::Played;
use crate::fault::trouble::Trouble;
use crate::scenario::Scenario;
use crate::witness::Witness;
use crate::{core, tree};

pub use self::approved::{by_machine, trace};
pub use self::shrink::shrink;
pub use self::verdict::{Depth, Verdict};

/// What a scenario came to.
#[derive(Clone, Debug)]
pub struct Run {
    /// At which depth.
    pub depth: Depth,
    /// What it came to.
    pub verdict: Verdict,
    /// What stands for every byte that left and was stored; empty where the run broke off.
    pub trace_hash: String,
    /// What is wrong, sentence by sentence; empty where the verdict is `ok`.
    pub wrong: Vec<String>,
    /// The promises that were broken, each once.
    pub promises: Vec<u8>,
    /// What the scenario expects and was not met, without the numbers of its lines.
    pub unmet: Vec<String>,
    /// Lines that could not be carried out.
    pub findings: Vec<String>,
    /// What the run met at all.
    pub coverage: Coverage,
    /// The trace, where one was asked for or something is wrong.
    pub trace: Vec<String>,
}

thread_local! {
    static PLAYING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread plays a world: then a panic of it becomes a verdict.
pub fn is_playing() -> bool {
    PLAYING.get()
}

/// The promise that equal runs are equal.
const SAME_TRACE: u8 = 33;

/// Plays a scenario twice, compares, lets Meta deliver in other ways, and plays it once more with a trace where something
/// is wrong.
pub fn run(scenario: &Scenario, depth: Depth) -> Run {
    let (first, second) = (varied(scenario, depth), play(scenario, depth, false));
    let mut run = first;
    if run.trace_hash != second.trace_hash && run.verdict != Verdict::Crash {
        run.verdict = Verdict::Nondeterminism;
        run.wrong = vec![format!("two runs came to {} and {}", run.trace_hash, second.trace_hash)];
        run.wrong.extend(parting(scenario, depth));
        run.promises = vec![SAME_TRACE];
    }
    if run.verdict != Verdict::Ok {
        run.trace = play(scenario, depth, true).trace;
    }
    run
}

/// The first line in which the traces of two more runs differ, if they do.
fn parting(scenario: &Scenario, depth: Depth) -> Option<String> {
    let (one, other) = (play(scenario, depth, true).trace, play(scenario, depth, true).trace);
    let same = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let line = |trace: &[String]| trace.get(same).map_or("(nothing more)", |line| line.trim()).to_owned();
    (same < one.len().max(other.len()))
        .then(|| format!("line {} of the trace: {}; and {}", same + 1, line(&one), line(&other)))
}

/// Plays a scenario once; where all is well, and at core depth, once more for each other way to deliver the same.
pub fn varied(scenario: &Scenario, depth: Depth) -> Run {
    let mut run = play(scenario, depth, false);
    if run.verdict != Verdict::Ok || depth != Depth::Core {
        return run;
    }
    match catch_unwind(AssertUnwindSafe(|| rerun::differences(scenario))) {
        Ok(Ok(violations)) if violations.is_empty() => run,
        Ok(Ok(violations)) => {
            run.verdict = Verdict::Safety;
            run.promises = numbers(&violations);
            run.wrong = violations.iter().map(ToString::to_string).collect();
            run
        }
        Ok(Err(fault)) => broken(depth, format!("delivered in another way: {fault:#}")),
        Err(panic) => broken(depth, format!("delivered in another way, the node panicked: {}", words(&*panic))),
    }
}

/// The promises that are broken, each once.
fn numbers(violations: &[Violation]) -> Vec<u8> {
    let mut promises: Vec<u8> = violations.iter().map(|violation| violation.promise).collect();
    promises.sort_unstable();
    promises.dedup();
    promises
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

/// Plays a scenario once.
pub fn play(scenario: &Scenario, depth: Depth, tells: bool) -> Run {
    ended(depth, || match depth {
        Depth::Core => at_core(scenario, tells),
        Depth::Actors => at_actors(scenario, tells, |disks| disks),
    })
}

/// Plays a scenario once at actors depth, where what is stored at one instant shares its commits. Its order, and so its hash,
/// is another than that of [`play`].
pub fn play_in_groups(scenario: &Scenario) -> Run {
    ended(Depth::Actors, || at_actors(scenario, false, tree::Disks::in_groups))
}

fn ended(depth: Depth, play: impl FnOnce() -> anyhow::Result<Ended>) -> Run {
    let before = PLAYING.replace(true);
    let played = catch_unwind(AssertUnwindSafe(play));
    PLAYING.set(before);
    match played {
        Ok(Ok(ended)) => judged(depth, ended),
        Ok(Err(fault)) => broken(depth, format!("{fault:#}")),
        Err(panic) => broken(depth, format!("the node panicked: {}", words(&*panic))),
    }
}

/// A scenario that was played to its end.
struct Ended {
    trace_hash: String,
    history: History,
    findings: Vec<String>,
    /// What was expected and not met: the line's number and a sentence.
    unmet: Vec<(usize, String)>,
    trace: Vec<String>,
}

fn watch(scenario: &Scenario, tells: bool) -> Witness {
    let witness = if tells { Witness::with_trace_of(scenario) } else { Witness::default() };
    witness.writing(course::setup(scenario))
}

fn at_core(scenario: &Scenario, tells: bool) -> anyhow::Result<Ended> {
    let setup = core::Setup::new(course::config(scenario), scenario.begins_at);
    let (trouble, witness) = (strike::trouble(scenario), watch(scenario, tells));
    let setup = core::Setup { trouble: trouble.clone(), witness, ..setup };
    end(scenario, &trouble, core::Node::new(setup, course::world(scenario, trouble.weather())))
}

fn at_actors(
    scenario: &Scenario,
    tells: bool,
    driven: impl FnOnce(tree::Disks) -> tree::Disks,
) -> anyhow::Result<Ended> {
    let setup = tree::Setup::new(course::config(scenario), scenario.begins_at);
    let (trouble, witness) = (strike::trouble(scenario), watch(scenario, tells));
    let disks =
        if strike::is_troubled(scenario) { tree::Disks::under(&trouble) } else { tree::Disks::beside(&trouble) };
    let setup = tree::Setup { disks: driven(disks), witness, ..setup };
    end(scenario, &trouble, tree::Node::new(setup, course::world(scenario, trouble.weather()))?)
}

fn end(scenario: &Scenario, trouble: &Trouble, mut node: impl Played) -> anyhow::Result<Ended> {
    let mut course = Course::new(scenario, trouble.clone(), &mut node);
    course.run()?;
    let findings = std::mem::take(&mut course.findings);
    let unmet = std::mem::take(&mut course.unmet);
    node.notes(|witness| Ended {
        trace_hash: witness.trace_hash(),
        trace: witness.lines().to_vec(),
        history: witness.history().unwrap_or_else(|| History::new(course::setup(scenario))),
        findings,
        unmet,
    })
}

fn judged(depth: Depth, ended: Ended) -> Run {
    let Ended { trace_hash, history, findings, unmet, trace } = ended;
    let (violations, undone) = (judge_all(&history), unsettled(&history));
    let promises = numbers(&violations);
    let verdict = match (violations.is_empty(), undone.is_empty()) {
        (false, _) => Verdict::Safety,
        (true, false) => Verdict::Liveness,
        (true, true) if !unmet.is_empty() => Verdict::Expectation,
        (true, true) => Verdict::Ok,
    };
    let wrong = violations.iter().map(ToString::to_string).chain(undone.iter().map(ToString::to_string));
    let wrong = wrong.chain(unmet.iter().map(|(line, what)| format!("line {line}: {what}"))).collect();
    let unmet = unmet.into_iter().map(|(_, what)| what).collect();
    Run { depth, verdict, trace_hash, wrong, promises, unmet, findings, coverage: Coverage::of(&history), trace }
}

fn broken(depth: Depth, why: String) -> Run {
    Run {
        depth,
        verdict: Verdict::Crash,
        trace_hash: String::new(),
        wrong: vec![why],
        promises: Vec::new(),
        unmet: Vec::new(),
        findings: Vec::new(),
        coverage: Coverage::default(),
        trace: Vec::new(),
    }
}
