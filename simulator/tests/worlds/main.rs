//! Whole worlds, a test for each: every folder of scenarios and of regressions by being there, seeds that are always the
//! same, and fresh ones.
//!
//! Which tests there are is found out when the tests start. Invariant: a test that fails says what to type for the same run.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod folders;
mod seeds;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// What a test comes to.
type Judged = Result<(), String>;

fn trial(name: String, judge: impl FnOnce() -> Judged + Send + 'static) -> Trial {
    Trial::test(name, move || judge().map_err(Failed::from))
}

fn main() -> ExitCode {
    let trials = folders::trials().into_iter().chain(seeds::trials()).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
