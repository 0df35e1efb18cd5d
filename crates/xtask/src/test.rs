//! Building and running the tests: the command of the README, the test stages of the gate, the accepting of changes.
//!
//! Every call uses the `ci` profile and the same features, so that one build serves all of them.

use std::fs::File;
use std::io::Read as _;
use std::process::Command;

use anyhow::Context as _;

use crate::programs;
use crate::shell;
use crate::stage::{Ending, Stages};
use crate::tally;
use crate::tally::Tally;
use crate::tools::Tool;

/// Hands the first fresh seed to the tests that play made-up worlds.
const FRESH: &str = "PAGEDESK_FRESH_SEED";

/// Runs the tests; with arguments only those, through cargo-nextest. The last line is `N passed, N failed`.
///
/// # Errors
/// Never: a fault of a stage is printed and counted as a failure.
pub fn run(args: &[String]) -> anyhow::Result<bool> {
    let mut stages = Stages::default();
    if args.is_empty() {
        all(&mut stages);
    } else {
        stages.run("test", || tests(args));
    }
    shell::say(&format!("\n{}", stages.tally()));
    Ok(stages.passed())
}

/// The three stages of a whole run. Where the build fails, the tests are left out: they could only fail again.
pub fn all(stages: &mut Stages) {
    if stages.run("build", build) {
        stages.run("test", || tests(&[]));
        stages.run("doctest", documentation_tests);
    } else {
        let left_out = || Ok(Ending::NotRun("the build failed".to_owned()));
        stages.run("test", left_out);
        stages.run("doctest", left_out);
    }
}

/// Builds tests and binaries with one set of features: tests that start the real binary find it beside themselves.
fn build() -> anyhow::Result<Ending> {
    let mut command = shell::cargo();
    command.args(["build", "--workspace", "--bins", "--tests", "--profile", "ci"]);
    Ok(Ending::check(shell::show(&mut command)?))
}

/// Runs the tests that `args` choose, all of them without any.
fn tests(args: &[String]) -> anyhow::Result<Ending> {
    let mut command = runner(args, "default")?;
    watched(&mut command)
}

/// Runs a test command and counts what it says.
pub(crate) fn watched(command: &mut Command) -> anyhow::Result<Ending> {
    let finished = shell::watch(command, tally::counts)?;
    let tally = Tally::of(finished.kept.iter().map(String::as_str));
    Ok(Ending::tests(tally, finished.success))
}

/// The command that runs the chosen tests: cargo-nextest, or `cargo test` where it cannot be had. What the tests need is
/// installed first.
pub(crate) fn runner(args: &[String], profile: &str) -> anyhow::Result<Command> {
    if programs::is_needed(args) {
        programs::provide();
    }
    let mut command = match Tool::Nextest.command() {
        Ok(mut nextest) => {
            nextest.args(["run", "--cargo-profile", "ci", "--profile", profile, "--color", "never"]);
            nextest
        }
        Err(fault) => {
            shell::say(&format!("WARNING: {fault:#}"));
            shell::say("WARNING: running `cargo test` instead: slower, no time limits, filters of nextest unknown");
            let mut plain = shell::cargo();
            plain.args(["test", "--profile", "ci", "--no-fail-fast", "--color", "never", "--lib", "--bins", "--tests"]);
            plain
        }
    };
    if !names_packages(args) {
        command.arg("--workspace");
    }
    command.args(args);
    let fresh = fresh_seed()?;
    shell::say(&format!("fresh seeds of made-up worlds begin with {fresh}: {FRESH}={fresh} plays them again"));
    command.env(FRESH, fresh);
    Ok(command)
}

/// The first of the seeds that no run played before; the one that is asked for, where one is.
fn fresh_seed() -> anyhow::Result<String> {
    if let Ok(seed) = std::env::var(FRESH) {
        return Ok(seed);
    }
    let mut bytes = [0; 4];
    let source = "/dev/urandom";
    File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).with_context(|| format!("reading {source}"))?;
    Ok(u32::from_le_bytes(bytes).to_string())
}

/// True when the arguments choose packages; `--workspace` would override them silently.
fn names_packages(args: &[String]) -> bool {
    args.iter().any(|arg| {
        arg == "--package" || arg.starts_with("--package=") || (arg.starts_with("-p") && !arg.starts_with("--"))
    })
}

/// Runs the examples in the documentation of the libraries, which nextest does not.
fn documentation_tests() -> anyhow::Result<Ending> {
    let mut command = shell::cargo();
    command.args(["test", "--doc", "--workspace", "--profile", "ci", "--no-fail-fast", "--color", "never"]);
    watched(&mut command)
}

/// Accepts every changed trace and snapshot that the chosen tests see, and lists the files that changed by it.
///
/// # Errors
/// When a program cannot be started.
pub fn bless(args: &[String]) -> anyhow::Result<bool> {
    let mut command = runner(args, "default")?;
    command.env("INSTA_UPDATE", "always").env_remove("CI");
    let finished = shell::watch(&mut command, tally::counts)?;
    let changed = shell::text("git", &["status", "--short", "--untracked-files=all", "--", "*.snap", "replay-corpus"])?;
    if changed.is_empty() {
        shell::say("\nno trace and no snapshot differs from what git has");
    } else {
        shell::say(&format!("\nread `git diff` over these before you commit:\n{changed}"));
    }
    Ok(finished.success)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_fresh_seed_is_a_number_that_can_be_typed() {
        let seed = fresh_seed().unwrap();
        assert!(seed.parse::<u64>().is_ok() && seed.len() <= 20, "{seed}");
    }

    #[test]
    fn a_chosen_package_is_not_drowned_by_the_workspace() {
        for chosen in [&["-p", "webhook"][..], &["-pwebhook"], &["--package", "webhook"], &["x", "--package=webhook"]] {
            assert!(names_packages(&args(chosen)), "{chosen:?}");
        }
        for whole in [&["window"][..], &["--profile", "soak"], &["-E", "package(it)"], &[]] {
            assert!(!names_packages(&args(whole)), "{whole:?}");
        }
    }
}
