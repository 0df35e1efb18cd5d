//! Entry of `cargo xtask`: reads the command line, calls the chore, turns its answer into the exit code.
//!
//! No logic lives here.

use std::process::ExitCode;

use clap::Parser;
use xtask::cli::{Chore, Cli};
use xtask::{bench, ci, shell, soak, test, tidy};

fn main() -> ExitCode {
    let answer = match Cli::parse().chore {
        Chore::Ci => ci::run(),
        Chore::Test { args } => test::run(&args),
        Chore::Tidy => tidy::run(),
        Chore::Bless { args } => test::bless(&args),
        Chore::Bench { name, args } => bench::run(name.as_deref(), &args),
        Chore::Soak { args } => soak::run(&args),
    };
    match answer {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            shell::complain(&format!("error: {fault:#}"));
            ExitCode::from(70)
        }
    }
}
