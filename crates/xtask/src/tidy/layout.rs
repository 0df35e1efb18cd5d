//! The fixed top level of the repository. Whatever else appears there needs a room inside one of these.

use std::collections::BTreeSet;

use super::Finding;

/// What may stand at the top, beside files and folders that begin with a dot.
const TOP: [&str; 9] =
    ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "crates", "docs", "replay-corpus", "simulator", "tests"];

/// Finds entries of the top level that are not among the fixed ones.
pub fn check(paths: &[String]) -> Vec<Finding> {
    let entries: BTreeSet<&str> =
        paths.iter().map(|path| path.split_once('/').map_or(&**path, |(top, _)| top)).collect();
    entries
        .into_iter()
        .filter(|entry| !entry.starts_with('.') && !TOP.contains(entry))
        .map(|entry| {
            Finding::error(
                entry,
                "the top level is fixed",
                "move it into crates/, simulator/, replay-corpus/, tests/ or docs/",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_paths(paths: &[&str]) -> Vec<String> {
        check(&paths.iter().map(ToString::to_string).collect::<Vec<_>>())
            .into_iter()
            .map(|finding| finding.place)
            .collect()
    }

    #[test]
    fn the_fixed_entries_and_dot_files_pass() {
        let paths =
            ["Cargo.toml", "crates/web/src/lib.rs", "tests/Cargo.toml", ".ci/run", ".deny.toml", "docs/TESTING.md"];
        assert!(check_paths(&paths).is_empty());
    }

    #[test]
    fn anything_else_is_named_once() {
        assert_eq!(check_paths(&["scripts/a.sh", "scripts/b.sh", "NOTES.md"]), ["NOTES.md", "scripts"]);
    }
}
