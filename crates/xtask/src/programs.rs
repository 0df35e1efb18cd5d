//! Programs that tests start and that Rust does not bring: the browser of the tests over real pages, and node with npm for a
//! client that others wrote. Found on the machine, else installed from Debian's packages.
//!
//! Invariant: no test is left out for want of a program. Where none can be had it is said here what is missing, and the
//! tests that need it fail with what to install.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::shell;

/// What tests need together.
struct Need {
    /// For people.
    what: &'static str,
    /// Debian's packages.
    packages: [&'static str; 2],
    /// Each program by the variable that may name it, and by the words under which it is looked for; the tests look alike.
    programs: [(&'static str, &'static [&'static str]); 2],
}

const NEEDS: [Need; 2] = [
    Need {
        what: "browser",
        packages: ["chromium", "chromium-driver"],
        programs: [
            ("PAGEDESK_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"]),
            ("PAGEDESK_CHROMEDRIVER", &["chromedriver"]),
        ],
    },
    Need { what: "node with npm", packages: ["nodejs", "npm"], programs: [("", &["node"]), ("", &["npm"])] },
];

/// Makes sure that there is all that tests start, or says what there is not.
pub fn provide() {
    for need in &NEEDS {
        if let Err(fault) = install_missing(need) {
            shell::say(&format!("WARNING: {fault:#}"));
            shell::say(&format!("WARNING: the tests that use a {} will fail; they say what to install", need.what));
        }
    }
}

/// Whether the chosen tests may need one: all but those of chosen packages without `it`.
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

fn install_missing(need: &Need) -> anyhow::Result<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    let named = |variable: &str| !variable.is_empty() && env::var_os(variable).is_some();
    let is_there = |(variable, names): &(&str, &[&str])| named(variable) || lies_on(&path, names);
    if need.programs.iter().all(is_there) {
        return Ok(());
    }
    let packages = need.packages.join(" and ");
    shell::say(&format!("no {} for the tests is on this machine: installing {packages}", need.what));
    ensure!(lies_on(&path, &["apt-get"]), "there is no apt-get to install {packages} with");
    let whoami = shell::text("id", &["-u"])?;
    ensure!(whoami == "0", "only root may install {packages}");
    let apt = |args: &[&str]| -> anyhow::Result<()> {
        let mut command = Command::new("apt-get");
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        ensure!(shell::show(&mut command)?, "`{}` failed", shell::words(&command));
        Ok(())
    };
    apt(&["update", "-q"])?;
    let install = ["install", "-q", "-y", "--no-install-recommends", need.packages[0], need.packages[1]];
    apt(&install).with_context(|| format!("{packages} cannot be installed"))?;
    ensure!(need.programs.iter().all(is_there), "{packages} were installed and are not on the path");
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
    fn programs_are_needed_unless_other_packages_are_chosen() {
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
