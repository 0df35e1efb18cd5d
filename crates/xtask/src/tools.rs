//! The two cargo subcommands that the gate needs and cargo lacks: found on the machine, else installed as prebuilt
//! wheels into `target/tools`, pinned by hash in `.ci/`. Never compiled here, never installed outside the workspace.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::shell;

/// A cargo subcommand from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Checks the dependency tree: licences, bans, sources, advisories.
    Deny,
    /// Runs tests, each in a process of its own.
    Nextest,
}

impl Tool {
    /// The subcommand, as in `cargo deny`.
    fn verb(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Nextest => "nextest",
        }
    }

    /// The pinned wheels, a requirements file of pip.
    fn pins(self) -> PathBuf {
        shell::root().join(".ci").join(format!("cargo-{}.txt", self.verb()))
    }

    /// `cargo VERB`, installed first where the machine has it not.
    ///
    /// # Errors
    /// When it is missing and cannot be installed; the message says which step failed.
    pub fn command(self) -> anyhow::Result<Command> {
        if !self.answers() {
            shell::say(&format!("cargo-{} is not on this machine: installing it into target/tools", self.verb()));
            self.install().with_context(|| format!("cannot install cargo-{}", self.verb()))?;
            ensure!(self.answers(), "cargo-{} was installed and does not run", self.verb());
        }
        Ok(self.bare())
    }

    /// `cargo VERB` with our own folder of tools last on the path: what the machine has goes first.
    fn bare(self) -> Command {
        let mut command = shell::cargo();
        command.arg(self.verb()).env("PATH", path(env::var_os("PATH").unwrap_or_default()));
        command
    }

    /// True when the subcommand can be called.
    fn answers(self) -> bool {
        let mut command = self.bare();
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Makes the folder of tools, a Python environment, and puts the wheel into it.
    fn install(self) -> anyhow::Result<()> {
        let tools = tools();
        let made = shell::show(Command::new("python3").args(["-m", "venv"]).arg(&tools))?;
        ensure!(made, "`python3 -m venv` failed: is the package python3-venv there?");
        let mut pip = Command::new(tools.join("bin").join("pip"));
        pip.args(["install", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "-r"]).arg(self.pins());
        ensure!(
            shell::show(&mut pip)?,
            "pip failed: is the package registry reached, is this platform among the pins?"
        );
        Ok(())
    }
}

/// The folder of tools, ignored by git.
fn tools() -> PathBuf {
    shell::root().join("target").join("tools")
}

/// The search path with the folder of tools at its end.
fn path(now: OsString) -> OsString {
    let folders = env::split_paths(&now).chain([tools().join("bin")]);
    env::join_paths(folders).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_of_the_machine_go_before_our_own() {
        let path = path(OsString::from("/first:/second"));
        let folders: Vec<_> = env::split_paths(&path).collect();
        assert_eq!(folders[..2], [PathBuf::from("/first"), PathBuf::from("/second")]);
        assert!(folders[2].ends_with("target/tools/bin"));
    }

    #[test]
    fn every_tool_is_pinned_to_one_version_with_hashes() {
        for tool in [Tool::Deny, Tool::Nextest] {
            let pins = std::fs::read_to_string(tool.pins()).unwrap();
            assert_eq!(pins.matches("==").count(), 1, "{tool:?}");
            assert!(pins.contains("--hash=sha256:"), "{tool:?}");
        }
    }
}
