//! Running a bench: a binary `bench-NAME` of the test crate in its release build, with our own terminal, so that what
//! it prints (one JSON object with `--json`) reaches the caller untouched.

use std::fs;

use anyhow::{Context as _, ensure};

use crate::shell;

/// Where the benches lie.
const FOLDER: &str = "tests/src/bin";

/// Runs the bench with its arguments; without a name prints the names.
///
/// # Errors
/// When there is no such bench; the message lists those there are.
pub fn run(name: Option<&str>, args: &[String]) -> anyhow::Result<bool> {
    let known = names()?;
    let Some(name) = name else {
        shell::say(&listing(&known));
        return Ok(true);
    };
    ensure!(known.iter().any(|bench| bench == name), "there is no bench `{name}`; {}", listing(&known));
    let mut command = shell::cargo();
    command.args(["run", "--quiet", "--release", "--package", "it", "--bin", &format!("bench-{name}"), "--"]);
    shell::show(command.args(args))
}

/// The benches of the test crate, in alphabetical order: `bench-NAME.rs` or `bench-NAME/main.rs`.
fn names() -> anyhow::Result<Vec<String>> {
    let folder = shell::root().join(FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {FOLDER}"))? {
        names.extend(name_of(&entry?.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names)
}

/// The bench that a file or folder holds.
fn name_of(file: &str) -> Option<String> {
    let name = file.strip_prefix("bench-")?;
    Some(name.strip_suffix(".rs").unwrap_or(name).to_owned())
}

/// One line with all names.
fn listing(names: &[String]) -> String {
    if names.is_empty() { format!("no bench in {FOLDER}") } else { format!("benches: {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_is_named_by_its_file_or_its_folder() {
        assert_eq!(name_of("bench-ingest.rs").as_deref(), Some("ingest"));
        assert_eq!(name_of("bench-ingest").as_deref(), Some("ingest"));
        assert_eq!(name_of("generator.rs"), None);
    }

    #[test]
    fn an_unknown_bench_is_refused_with_the_known_ones() {
        let fault = run(Some("no-such-bench"), &[]).unwrap_err();
        assert!(fault.to_string().contains("no bench `no-such-bench`"), "{fault}");
    }
}
