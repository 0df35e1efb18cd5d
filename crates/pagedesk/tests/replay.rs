//! `pagedesk replay` as it is used: the same, another, no approved trace; what cannot be read; what programs get.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;
use std::path::Path;

use program::{Ran, first_steps, run};
use serde_json::Value;

fn replay(folder: &Path, more: &[&str]) -> Ran {
    let folder = folder.display().to_string();
    let mut arguments = vec!["--log-level", "error", "replay", &folder];
    arguments.extend(more);
    run(&arguments)
}

/// The first hours of the recording, approved as this build runs them; may be changed.
fn copied() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let of = |name: &str| fs::read_to_string(first_steps().join(name)).unwrap();
    let (manifest, _expected) =
        of("manifest.toml").split_once("[expected]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    fs::write(copy.path().join("manifest.toml"), manifest).unwrap();
    for name in ["deliveries.jsonl", "facts.jsonl"] {
        let at = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["at"].as_i64().unwrap();
        let lines: Vec<String> =
            of(name).lines().filter(|line| at(line) < 1_780_308_000_000).map(|line| format!("{line}\n")).collect();
        fs::write(copy.path().join(name), lines.concat()).unwrap();
    }
    assert_eq!(replay(copy.path(), &["--approve"]).code, Some(0));
    copy
}

#[test]
fn a_recording_as_approved_ends_well_and_prints_the_same_every_time() {
    let runs = [(), ()].map(|()| replay(&first_steps(), &["--json"]));
    for ran in &runs {
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
        assert_eq!(ran.out, runs[0].out);
    }
    let report = runs[0].json();
    assert_eq!((&report["same"], &report["unexpected"]), (&Value::from(true), &Value::from(0)), "{report}");
    assert_eq!(report["trace_sha256"], report["approved_sha256"]);
    assert_eq!(report["refusals_by_reason"]["window-closed"], 1);
    assert_eq!((&report["deliveries"], &report["sends"], &report["duplicates"]), (&28.into(), &8.into(), &3.into()));
}

#[test]
fn a_changed_trace_is_shown_as_a_difference_until_it_is_approved() {
    let copy = copied();
    let kept = copy.path().join("approved.trace");
    let approved = fs::read_to_string(&kept).unwrap();
    fs::write(&kept, approved.replacen("messaging_type=RESPONSE", "messaging_type=UPDATE", 1)).unwrap();
    let ran = replay(copy.path(), &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let is_the_one = |line: &&str| line.starts_with("-000:10:00.000 A/c1") && line.contains("messaging_type=UPDATE");
    assert_eq!(ran.out.lines().filter(is_the_one).count(), 1, "{}", ran.out);
    assert!(ran.out.contains("--approve\n") && !ran.out.contains('\u{1b}'), "{}", ran.out);
    assert_eq!(replay(copy.path(), &["--json"]).json()["same"], false);
    let ran = replay(copy.path(), &["--approve"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    assert_eq!(fs::read_to_string(&kept).unwrap(), approved);
    assert_eq!(fs::read_dir(copy.path()).unwrap().count(), 4, "nothing is left beside it");
}

#[test]
fn a_recording_without_an_approved_trace_says_what_to_do() {
    let copy = copied();
    let kept = copy.path().join("approved.trace");
    let approved = fs::read_to_string(&kept).unwrap();
    fs::remove_file(&kept).unwrap();
    let out = copy.path().join("now.trace");
    let ran = replay(copy.path(), &["--out", &out.display().to_string()]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("there is no approved trace yet") && ran.out.contains("--approve"), "{}", ran.out);
    assert!(!kept.exists());
    assert_eq!(fs::read_to_string(&out).unwrap(), approved);
}

#[test]
fn a_trace_that_cannot_be_written_is_told_before_anything_runs() {
    let copy = copied();
    let folder = copy.path().display().to_string();
    let missing = copy.path().join("nowhere/now.trace").display().to_string();
    for (out, said) in [
        ("-", "error: --out - would mix the trace with what is printed\n"),
        (folder.as_str(), " is a folder\n"),
        (missing.as_str(), "now.trace cannot be written: there is no folder "),
    ] {
        let ran = replay(copy.path(), &["--out", out]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{out}: {}", ran.err);
        assert!(ran.err.contains(said) && ran.err.contains("what to do: "), "{}", ran.err);
    }
    assert!(!std::path::Path::new("-").exists());
}

#[test]
fn a_manifest_that_expects_something_else_is_noticed_and_not_approved_away() {
    let copy = copied();
    let manifest = copy.path().join("manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text}\n[expected]\nsends = 9\ntasks = 6\nrefusals_by_reason = {{ standby = 1 }}\n"))
        .unwrap();
    let ran = replay(copy.path(), &["--approve"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    for sentence in ["expects 9 sends, there are 2", "expects 1 refusals for standby, there are 0"] {
        assert!(ran.out.contains(sentence), "{sentence}: {}", ran.out);
    }
    assert!(!ran.out.contains("tasks, there are"), "{}", ran.out);
}

#[test]
fn what_cannot_be_read_and_what_holds_nothing_have_codes_of_their_own() {
    let copy = copied();
    fs::write(copy.path().join("deliveries.jsonl"), "{\"at\":\"never\"}\n").unwrap();
    let ran = replay(copy.path(), &[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""), "{}", ran.err);
    assert!(ran.err.contains("deliveries.jsonl:1: "), "{}", ran.err);
    fs::write(copy.path().join("deliveries.jsonl"), "").unwrap();
    fs::write(copy.path().join("facts.jsonl"), "").unwrap();
    assert_eq!(replay(copy.path(), &[]).code, Some(4));
    assert_eq!(replay(&copy.path().join("nowhere"), &[]).code, Some(5));
}
