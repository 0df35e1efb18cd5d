//! The real binary with a planted defect: `policy fuzz` finds it, and the line that it prints shows it. Built with the
//! feature `sabotage` alone.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::path::Path;
use std::process::Command;

use program::run_with;
use sabotage::{Defect, Home};

/// Within so many cases each defect is found.
const CASES: [&str; 6] = ["policy", "fuzz", "--seed", "1", "--cases", "2000"];

/// What a shell prints for a line, `pagedesk` being the program under test.
fn shell(line: &str) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_pagedesk")).parent().unwrap().display().to_string();
    let output = Command::new("/bin/sh").args(["-c", line]).env_clear().env("PATH", folder).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The word of a verdict and the reason or the rule with it, as `explain` prints them.
fn gist(explained: &str) -> String {
    let words = ["PERMIT ", "DEFER ", "FORBID "];
    explained.lines().find(|line| words.iter().any(|word| line.starts_with(word))).unwrap().to_owned()
}

#[test]
fn the_binary_finds_every_planted_defect_and_prints_the_line_that_shows_it() {
    for defect in Defect::of(Home::Policy) {
        let planted = [("PAGEDESK_SABOTAGE", defect.code())];
        let ran = run_with(&[&CASES[..], &["--json"]].concat(), &planted);
        let found = ran.json();
        assert_eq!((ran.code, found["agree"].as_bool()), (Some(1), Some(false)), "{}", defect.code());
        let line = found["difference"]["explain"].as_str().unwrap();
        assert!(line.contains(&format!("| PAGEDESK_SABOTAGE={} pagedesk policy explain", defect.code())), "{line}");
        let healed = line.replace(&format!("PAGEDESK_SABOTAGE={} ", defect.code()), "");
        assert_ne!(gist(&shell(line)), gist(&shell(&healed)), "{line}");
    }
    assert_eq!(run_with(&CASES, &[]).code, Some(0));
}

#[test]
fn a_defect_that_does_not_exist_is_refused_with_those_that_do() {
    let ran = run_with(&["policy", "show"], &[("PAGEDESK_SABOTAGE", "everything")]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("PAGEDESK_SABOTAGE=everything names no planted defect"), "{}", ran.err);
    assert!(ran.err.contains("window-ends-late, guard-added"), "{}", ran.err);
}

#[test]
fn a_simulated_world_with_a_planted_defect_tells_what_it_breaks_and_how_to_see_it_again() {
    let seed = ["sim", "run", "--seeds", "0..3"];
    let ran = run_with(&[&seed[..], &["--sabotage", "internal-sent"]].concat(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    assert!(ran.out.contains("P15"), "{}", ran.out);
    let again = ran.out.lines().find_map(|line| line.strip_prefix("again: ")).unwrap();
    assert!(again.starts_with("PAGEDESK_SABOTAGE=internal-sent pagedesk sim run --seed "), "{again}");
    assert!(shell(&format!("{again}; true")).contains("the least scenario that shows it"));
    assert_eq!(run_with(&seed, &[]).code, Some(0));
    assert_eq!(run_with(&[&seed[..], &["--sabotage", "nothing"]].concat(), &[]).code, Some(2));
}

#[test]
fn a_difference_is_told_with_both_answers_and_the_least_facts() {
    let ran = run_with(&CASES, &[("PAGEDESK_SABOTAGE", "window-ends-late")]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn a_store_that_was_decided_otherwise_is_told_before_an_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let (at, recording) = (dir.path().display().to_string(), program::first_steps().display().to_string());
    let play = ["--log-level", "error", "sandbox", "--play", &recording, "--exit", "--json", "--dir", &at];
    assert_eq!(run_with(&play, &[]).code, Some(0));
    let asked = ["replay", "--from-journal", &at, "--json"];
    assert_eq!(run_with(&asked, &[]).json()["same"], true);
    let ran = run_with(&asked, &[("PAGEDESK_SABOTAGE", "guard-added")]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let report = ran.json();
    let found = report["differences"].as_array().unwrap();
    let sends = found.iter().filter(|found| found["group"] == "sends").count();
    assert_eq!((&report["same"], sends), (&false.into(), 8), "every permit ends later: {report}");
    assert!(found.iter().all(|found| found["group"] != "tasks" && found["group"] != "states"), "{report}");
}
