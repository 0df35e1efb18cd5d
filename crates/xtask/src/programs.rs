//! The browser of the tests over real pages: found on the machine, else installed from Debian's packages.
//!
//! Invariant: no test is left out for want of a browser. Where none can be had it is said here what is missing, and the
//! tests that need it fail with what to install.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::shell;

/// Debian's packages.
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

/// Each program by the variable that may name it, and by the words under which it is looked for; the tests look alike.
const PROGRAMS: [(&str, &[&str]); 2] = [
    ("PAGEDESK_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"]),
    ("PAGEDESK_CHROMEDRIVER", &["chromedriver"]),
];

/// Makes sure that there is a browser, or says why there is none.
pub fn provide() {
    if let Err(fault) = install_missing() {
        shell::say(&format!("WARNING: {fault:#}"));
        shell::say("WARNING: the tests that use a browser will fail; they say what to install");
    }
}

/// Whether the chosen tests may need a browser: all but those of chosen packages without `it`.
pub fn is_needed(args: &[String]) -> bool {
    let mut named = Vec::new();
    let mut rest = args.iter().map(String::as_str);
    while let Some(arg) = rest.next() {
        match arg {
            "-p" | "--package" => named.extend(rest.next()),
            _ => named.extend(arg.strip_prefix("--package=").or_else(|| arg.strip_prefix("-p"))),
        }
    }
    named.is_empty() || named.contains(&"it")
}

fn install_missing() -> anyhow::Result<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = |(variable, names): (&str, &[&str])| env::var_os(variable).is_some() || lies_on(&path, names);
    if PROGRAMS.into_iter().all(is_there) {
        return Ok(());
    }
    shell::say(&format!("no browser for the tests is on this machine: installing {}", PACKAGES.join(" and ")));
    ensure!(lies_on(&path, &["apt-get"]), "there is no apt-get to install {} with", PACKAGES.join(" and "));
    let whoami = shell::text("id", &["-u"])?;
    ensure!(whoami == "0", "only root may install {}", PACKAGES.join(" and "));
    let apt = |args: &[&str]| -> anyhow::Result<()> {
        let mut command = Command::new("apt-get");
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        ensure!(shell::show(&mut command)?, "`{}` failed", shell::words(&command));
        Ok(())
    };
    apt(&["update", "-q"])?;
    let install = ["install", "-q", "-y", "--no-install-recommends", PACKAGES[0], PACKAGES[1]];
    apt(&install).context("the browser cannot be installed")?;
    ensure!(PROGRAMS.into_iter().all(is_there), "{} were installed and are not on the path", PACKAGES.join(" and "));
    Ok(())
}

/// Whether one of these programs lies on a search path.
fn lies_on(path: &OsStr, names: &[&str]) -> bool {
    env::split_paths(path).any(|folder| names.iter().any(|name| Path::new(&folder).join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(words: &[&str]) -> bool {
        is_needed(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn a_browser_is_needed_unless_other_packages_are_chosen() {
        for may in
            [&[][..], &["window"], &["-p", "it"], &["-pit"], &["--package=it", "-p", "web"], &["-E", "package(it)"]]
        {
            assert!(needed(may), "{may:?}");
        }
        for not in [&["-p", "webhook"][..], &["-pwebhook", "window"], &["--package", "web", "--package=view"]] {
            assert!(!needed(not), "{not:?}");
        }
    }

    #[test]
    fn programs_are_found_by_any_of_their_names() {
        let path = env::join_paths([Path::new("/nowhere"), &shell::root()]).unwrap();
        assert!(lies_on(&path, &["no-such-program", "Cargo.toml"]));
        assert!(!lies_on(&path, &["no-such-program"]));
    }
}
