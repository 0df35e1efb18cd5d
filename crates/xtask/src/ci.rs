//! The gate: every stage in order, cheap ones first, each measured against its budget; a failing one stops no other.
//!
//! What a stage checks is decided elsewhere; here stands only which stages there are and how they are called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::budget::{Budgets, PAGE};
use crate::stage::{Ending, Stages};
use crate::tools::Tool;
use crate::{shell, shipped, test, tidy};

/// The stages of the gate, in order; docs/TESTING.md holds a budget for each.
pub const STAGES: [&str; 8] = ["fmt", "tidy", "deny", "clippy", "build", "test", "doctest", "shipped"];

/// Names the folder of a checked-out advisory database. Without it advisories are not checked, and that is said.
const ADVISORIES: &str = "PAGEDESK_ADVISORY_DB";

/// The name under which cargo-deny looks for the RustSec database inside its folder of databases: address and hash of
/// the address (read in cargo-deny 0.20.2, 2026-11-23).
const ADVISORY_FOLDER: &str = "advisory-db-3157b0e258782691";

/// Runs the whole gate. The last line is `N passed, N failed`; a failed check counts as one failure.
///
/// # Errors
/// When docs/TESTING.md cannot be read; a fault of a stage is printed and counted.
pub fn run() -> anyhow::Result<bool> {
    let budgets = Budgets::read(&shell::read(PAGE)?)?;
    let mut stages = Stages::default();
    stages.run("fmt", format);
    stages.run("tidy", || Ok(Ending::check(tidy::run()?)));
    stages.run("deny", dependencies);
    stages.run("clippy", lints);
    test::all(&mut stages);
    stages.run("shipped", shipped::check);
    shell::say(&stages.table(&budgets));
    shell::say(&stages.tally().to_string());
    Ok(stages.passed())
}

/// Refuses code that `cargo fmt` would change.
fn format() -> anyhow::Result<Ending> {
    Ok(Ending::check(shell::show(shell::cargo().args(["fmt", "--all", "--check"]))?))
}

/// Checks licences, bans and sources of the dependency tree; advisories where a database is given by path.
fn dependencies() -> anyhow::Result<Ending> {
    let mut command = deny(Path::new(".deny.toml"))?;
    command.args(["check", "--hide-inclusion-graph", "--show-stats", "bans", "licenses", "sources"]);
    let allowed = shell::show(&mut command)?;
    let Some(database) = std::env::var_os(ADVISORIES) else {
        shell::say("NOT RUN: advisories (no database given)");
        return Ok(Ending::check(allowed));
    };
    let mut command = deny(&advisory_settings(Path::new(&database))?)?;
    command.args(["check", "advisories"]);
    Ok(Ending::check(shell::show(&mut command)? && allowed))
}

/// `cargo deny` with these settings and no network: what it needs lies in cargo's cache or is given by path.
fn deny(settings: &Path) -> anyhow::Result<Command> {
    let mut command = Tool::Deny.command()?;
    command.args(["--offline", "--log-level", "error", "--config"]).arg(settings);
    Ok(command)
}

/// Writes settings that look for advisories in the given checkout alone, and gives their path.
fn advisory_settings(database: &Path) -> anyhow::Result<PathBuf> {
    let database = fs::canonicalize(database).with_context(|| format!("{ADVISORIES}={}", database.display()))?;
    ensure!(database.join("crates").is_dir(), "{ADVISORIES}={} holds no folder `crates`", database.display());
    let folder = shell::root().join("target").join("advisories");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let link = folder.join(ADVISORY_FOLDER);
    match fs::remove_file(&link) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            return Err(fault).with_context(|| format!("cannot replace {}", link.display()));
        }
        Ok(()) | Err(_) => {}
    }
    std::os::unix::fs::symlink(&database, &link).with_context(|| format!("cannot make {}", link.display()))?;
    let settings = folder.join("deny.toml");
    let text = format!("[advisories]\ndb-path = {:?}\n", folder.display().to_string());
    fs::write(&settings, text).with_context(|| format!("cannot write {}", settings.display()))?;
    Ok(settings)
}

/// Refuses every warning of the compiler and of clippy, in tests too.
fn lints() -> anyhow::Result<Ending> {
    let mut command = shell::cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--profile", "ci", "--", "-D", "warnings"]);
    Ok(Ending::check(shell::show(&mut command)?))
}
