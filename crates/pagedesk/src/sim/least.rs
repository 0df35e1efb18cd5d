//! `pagedesk sim shrink`, and how the least scenario of something that was found is written down.
//!
//! Invariant: what is written is a scenario, and says in its comments what is wrong with it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use simulator::scenario::Scenario;
use simulator::world::{Run, Verdict, run, shrink as least_of};

use super::told::SHRINK_RUNS;
use super::{depth, read};
use crate::cli::SimShrink;
use crate::exit::{self, Exit, Failure};
use crate::output;
use simulator::counted::many;

/// Sentences of the oracle that are kept with a scenario.
const SENTENCES: usize = 8;
/// The file of a scenario in its folder.
const FILE: &str = "scenario.txt";

/// Carries out `sim shrink`.
pub(super) fn shrink(asked: &SimShrink) -> Result<Exit, Failure> {
    if let Some(out) = &asked.out {
        output::can_be_written("--out", out)?;
        output::spares("--out", out, &[&asked.file])?;
    }
    let (scenario, file) = (read(&asked.file)?, asked.file.display());
    let found = run(&scenario, depth(asked.depth));
    match found.verdict {
        Verdict::Ok => {
            return Err(Failure::new(Exit::NothingMatched, format!("nothing is wrong with {file} at {}", found.depth))
                .remedy("try the other --depth, or the build in which it failed"));
        }
        Verdict::Nondeterminism => {
            return Err(Failure::new(Exit::CheckFailed, format!("two runs of {file} differ: nothing holds still")));
        }
        Verdict::Safety | Verdict::Liveness | Verdict::Expectation | Verdict::Crash => {}
    }
    let least = least_of(&scenario, &found, SHRINK_RUNS);
    let text = written(&least, &run(&least, found.depth), &format!("shrunk from {file}"));
    let lines = {
        let left = least.lines.len();
        let word = if left == 1 { "is" } else { "are" };
        format!("{left} of {} {word} left\n", many(scenario.lines.len(), "line"))
    };
    match &asked.out {
        None => {
            exit::note(&lines);
            exit::print(&text)?;
        }
        Some(out) => {
            fs::write(out, text).map_err(|fault| unwritable(out, &fault))?;
            exit::print(&lines)?;
        }
    }
    Ok(Exit::Ok)
}

/// A scenario with what is wrong in comments above it; `from` says where it came from.
pub(super) fn written(least: &Scenario, run: &Run, from: &str) -> String {
    let mut text = format!("# {}, at depth {}\n", run.verdict, run.depth);
    // Numbers of lines would not be those of this text.
    let wrong = if run.verdict == Verdict::Expectation { &run.unmet } else { &run.wrong };
    for sentence in wrong.iter().take(SENTENCES) {
        text.push_str(&format!("# {}\n", sentence.replace('\n', " ")));
    }
    if let Some(more) = wrong.len().checked_sub(SENTENCES).filter(|more| *more > 0) {
        text.push_str(&format!("# and {more} more\n"));
    }
    text.push_str(&format!("# {from}, pagedesk {}\n{least}", env!("CARGO_PKG_VERSION")));
    text
}

/// Writes a scenario into a folder of its own, which is told; what lies there already stays.
pub(super) fn keep(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failure> {
    fs::create_dir_all(folder).map_err(|fault| unwritable(folder, &fault))?;
    for number in 1_u32.. {
        let name = if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
        let own = folder.join(name);
        match fs::create_dir(&own) {
            Ok(()) => {
                let file = own.join(FILE);
                fs::write(&file, text).map_err(|fault| unwritable(&file, &fault))?;
                return Ok(file);
            }
            Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => {}
            Err(fault) => return Err(unwritable(&own, &fault)),
        }
    }
    Err(Failure::new(Exit::Configuration, format!("{} is full of scenarios called {name}", folder.display())))
}

fn unwritable(path: &Path, fault: &io::Error) -> Failure {
    Failure::new(Exit::Configuration, format!("{} cannot be written: {fault}", path.display()))
}
