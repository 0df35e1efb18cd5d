//! The binary as a library: configuration and command line, nothing else. What a node does lives in the crates below.
//!
//! `run` is the whole program; a test binary may call it too. Invariants: every way out has one of the exit codes of
//! [`Exit`], and an error says what is wrong, where, and what to do; what a damaged file makes the storage engine do is
//! told in words, never as a panic.

mod agent;
mod asked;
mod assembly;
mod cli;
pub mod config;
pub mod corpus;
mod dead;
mod exit;
mod instant;
mod journal;
mod logs;
mod output;
mod policy;
mod recordings;
mod replay;
mod report;
#[cfg(feature = "sabotage")]
mod sabotage;
mod sandbox;
mod serve;
mod sim;
mod store;
mod token;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Once;

use clap::Parser as _;

pub use exit::Exit;

use cli::{Cli, Command, ConfigCommand, CorpusCommand};
use exit::Failure;

/// The program with the process's own arguments.
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

/// The program. The first argument is its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    // Points where a test stops, fails or kills the process, as the environment orders; compiled out of what ships.
    // A program around this one may have set its own: setting up a scenario would clear those.
    #[cfg(feature = "failpoints")]
    let _points = std::env::var_os("FAILPOINTS").map(|_| fail::FailScenario::setup());
    #[cfg(feature = "sabotage")]
    if let Err(failure) = sabotage::from_environment() {
        return failure.tell();
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(shown) => {
            // Help and version are no errors; where they cannot be printed nobody is left to tell.
            let _closed = shown.print();
            return if shown.exit_code() == 0 { Exit::Ok.into() } else { Exit::Usage.into() };
        }
    };
    silence_guards();
    // A bug ends the program with a code of its own; damage of the store is caught further down, where it has a name.
    let done = std::panic::catch_unwind(|| {
        logs::start(&cli.logs, cli.command.log_level()).and_then(|()| carry_out(cli.command))
    });
    let done = done.unwrap_or_else(|_| Err(panicked()));
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => failure.tell(),
    }
}

fn panicked() -> Failure {
    Failure::new(Exit::Internal, "the program failed inside, as the lines above say".to_owned())
        .remedy("report the lines above; nothing acknowledged is lost")
}

/// A panic that becomes a sentence about a file, or the verdict on a simulated world, is no news for the terminal; every other one is printed as ever.
fn silence_guards() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if ::journal::is_guarded() {
                tracing::debug!(%panic, "the storage engine gave up on a file");
            } else if simulator::world::is_playing() {
                tracing::error!(%panic, "a simulated node panicked");
            } else {
                loud(panic);
            }
        }));
    });
}

fn carry_out(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Serve(asked) => serve::serve(&asked),
        Command::Sandbox(asked) => sandbox::sandbox(&asked),
        Command::Replay(asked) => replay::replay(&asked),
        Command::Why(asked) => why::why(&asked),
        Command::Journal(asked) => journal::journal(&asked),
        Command::Corpus(CorpusCommand::Import(asked)) => corpus::import(&asked),
        Command::Corpus(CorpusCommand::Export(asked)) => corpus::export::export(&asked),
        Command::Corpus(CorpusCommand::Lint(asked)) => corpus::lint::lint(&asked),
        Command::Corpus(CorpusCommand::Journal(asked)) => corpus::journal::keep(&asked),
        Command::Corpus(CorpusCommand::Stats(asked)) => corpus::stats::stats(&asked),
        Command::Corpus(CorpusCommand::Split(asked)) => corpus::split::split(&asked),
        Command::Corpus(CorpusCommand::Join(asked)) => corpus::join::join(&asked),
        Command::Policy(command) => policy::policy(&command),
        Command::Sim(command) => sim::sim(&command),
        Command::Agent(command) => agent::agent(&command),
        Command::DeadLetter(command) => dead::dead(&command),
        Command::Token(command) => token::token(&command),
        Command::Config(ConfigCommand::Show(asked)) => serve::show(&asked),
        Command::Config(ConfigCommand::Example) => exit::print(&config::example()),
    }
}
