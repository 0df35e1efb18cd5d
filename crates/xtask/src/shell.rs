//! Starting other programs: cargo without our own package's variables, output shown as it comes and partly kept.
//!
//! This is the only file that starts processes or prints. It decides nothing about what they say.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, ensure};

/// How a program ended, and the lines of it that were asked for.
#[derive(Debug)]
pub struct Finished {
    /// It exited with 0.
    pub success: bool,
    /// The lines of standard output and standard error that matched, each stream in its order.
    pub kept: Vec<String>,
}

/// The root of the workspace, whatever the current folder is.
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root.pop();
    root
}

/// `cargo` at the root of the workspace, without the variables that cargo set for this program: build scripts of
/// dependencies watch some of them and would run again at every other call.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_"];
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if ours.iter().any(|prefix| name.starts_with(prefix)) || name == "CARGO" || name == "LD_LIBRARY_PATH" {
            command.env_remove(&key);
        }
    }
    command
}

/// The words of a command as one would type them, for messages.
pub fn words(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}

/// Runs a command with our own terminal; true when it exited with 0.
///
/// # Errors
/// When it cannot be started.
pub fn show(command: &mut Command) -> anyhow::Result<bool> {
    let status = command.status().with_context(|| format!("cannot start `{}`", words(command)))?;
    Ok(status.success())
}

/// Runs a command, shows its output as it comes and keeps the lines for which `keep` is true.
///
/// # Errors
/// When it cannot be started or waited for.
pub fn watch(command: &mut Command, keep: fn(&str) -> bool) -> anyhow::Result<Finished> {
    let called = words(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start `{called}`"))?;
    let stdout = child.stdout.take().expect("stdout was piped a line ago");
    let stderr = child.stderr.take().expect("stderr was piped a line ago");
    let beside = thread::spawn(move || pass_on(stderr, io::stderr(), keep));
    let mut kept = pass_on(stdout, io::stdout(), keep);
    kept.extend(beside.join().expect("copying lines does not panic"));
    let status = child.wait().with_context(|| format!("cannot wait for `{called}`"))?;
    Ok(Finished { success: status.success(), kept })
}

/// Copies lines until the stream ends. A reader that went away stops the showing, never the reading.
fn pass_on(from: impl Read, mut to: impl Write, keep: fn(&str) -> bool) -> Vec<String> {
    let mut kept = Vec::new();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let _ = to.write_all(&line).and_then(|()| to.flush());
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if keep(text) {
            kept.push(text.to_owned());
        }
        line.clear();
    }
    kept
}

/// Runs a program at the root and gives its standard output, without the last line break.
///
/// # Errors
/// When it cannot be started or exits with anything but 0; its standard error is in the message.
pub fn text(program: &str, args: &[&str]) -> anyhow::Result<String> {
    let mut command = if program == "cargo" { cargo() } else { Command::new(program) };
    command.args(args).current_dir(root());
    let called = words(&command);
    let output = command.output().with_context(|| format!("cannot start `{called}`"))?;
    ensure!(output.status.success(), "`{called}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}

/// Reads a file of the workspace by its path from the root.
///
/// # Errors
/// When it cannot be read as UTF-8.
pub fn read(path: impl AsRef<Path>) -> anyhow::Result<String> {
    let path = path.as_ref();
    std::fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {}", path.display()))
}

/// Prints a line on standard output. A reader that went away is no fault.
pub fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line on standard error. A reader that went away is no fault.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(read("Cargo.toml").unwrap().contains("[workspace]"));
    }

    #[test]
    fn lines_are_passed_on_as_they_are_and_the_wanted_ones_kept() {
        let mut shown = Vec::new();
        let kept = pass_on(&b"one\ntwo \nlast without end"[..], &mut shown, |line| line.starts_with('t'));
        assert_eq!(shown, b"one\ntwo \nlast without end");
        assert_eq!(kept, ["two"]);
    }

    #[test]
    fn cargo_is_called_without_the_variables_of_this_package() {
        let command = cargo();
        assert!(command.get_envs().any(|(key, value)| key == "CARGO_MANIFEST_DIR" && value.is_none()));
        assert!(command.get_envs().all(|(key, _)| key != "CARGO_HOME"));
    }

    #[test]
    fn a_failing_program_says_why() {
        let fault = text("git", &["no-such-verb"]).unwrap_err();
        assert!(fault.to_string().contains("no-such-verb"), "{fault}");
    }
}
