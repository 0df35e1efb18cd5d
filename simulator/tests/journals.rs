//! Journals that builds wrote once, in `replay-corpus/journals`: every folder there is a test by being there.
//!
//! `states.snap` beside the rows is what they came to when they were kept. It is never blessed away: a difference says that
//! a store of that time would be understood otherwise.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

use std::fs;
use std::path::{Path, PathBuf};

use simulator::journals::{ROWS, recover};

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/journals");
    let mut folders: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

#[test]
fn every_journal_that_was_ever_written_comes_to_the_state_that_it_came_to_then() {
    for folder in folders() {
        let recovered = recover(&folder).unwrap_or_else(|fault| panic!("{}: {fault:#}", folder.display()));
        let mut with = insta::Settings::clone_current();
        with.set_snapshot_path(&folder);
        with.set_prepend_module_to_snapshot(false);
        with.set_omit_expression(true);
        with.bind(|| insta::assert_json_snapshot!("states", recovered));
    }
}

#[test]
fn a_row_that_is_damaged_or_missing_is_found() {
    let folder = folders().remove(0);
    let rows = fs::read_to_string(folder.join(ROWS)).unwrap();
    let changed = |change: &dyn Fn(&str) -> Option<String>| {
        let dir = tempfile::tempdir().unwrap();
        let lines: Vec<String> = rows.lines().filter_map(change).collect();
        fs::write(dir.path().join(ROWS), lines.join("\n")).unwrap();
        recover(dir.path()).map(|recovered| recovered.last)
    };
    let last = changed(&|line| Some(line.to_owned())).unwrap();
    assert!(last > 10);
    let is_third = |line: &str| line.contains(r#""table":"log","key":"0000000000000003""#);
    // One digit near the end of a row: its checksum is wrong.
    let flip = |line: &str| {
        let at = line.len() - 8;
        let digit = if line.as_bytes()[at] == b'0' { "1" } else { "0" };
        format!("{}{digit}{}", &line[..at], &line[at + 1..])
    };
    assert!(changed(&|line| Some(if is_third(line) { flip(line) } else { line.to_owned() })).is_err());
    assert!(changed(&|line| (!is_third(line)).then(|| line.to_owned())).is_err());
    assert!(changed(&|line| (!line.contains(r#""table":"keys""#)).then(|| line.to_owned())).is_err());
}
