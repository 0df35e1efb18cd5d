//! A sandbox session in which names, phones, addresses, tokens and ids were planted, exported under pseudonyms: none of them
//! is left, the linter agrees, and the recording comes to what the bare one comes to.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;
use std::path::Path;

use program::{Ran, run};

/// What nobody may find any more.
const PLANTS: [&str; 15] = [
    "Quayside Bakery",
    "Mara Lindqvist",
    "Lindqvist",
    "Jonas Ebner",
    "Ada Osei",
    "mara.lindqvist@quayside-bakery.se",
    "quayside-bakery",
    "+46 70 174 06 05",
    "0701740605",
    "701740605",
    "EAAGm0PX4ZCpsBAKZCmZBqQZDZD",
    "104000000000017",
    "7100000000000001",
    "ORDER_LINDQVIST",
    "sourdough",
];

const SESSION: &str = r##"
title "Two days"
begins 2026-06-08T07:30:00Z
human-agent on
page A 104000000000017 "Quayside Bakery"
customer A/c1 7100000000000001 "Mara Lindqvist"
customer A/c2 "Jonas Ebner"
at 0s    A/c1 writes "I am Mara Lindqvist: mara.lindqvist@quayside-bakery.se or +46 70 174 06 05." as m1
at 12s   A/c1 writes "My number is 0701740605, größer 😀" reply to m1
at 20s   A/c1 attaches image "https://quayside-bakery.se/mara/lindqvist.jpg?access_token=EAAGm0PX4ZCpsBAKZCmZBqQZDZD" text "look"
at 1m    "Ada Osei" answers A/c1 "Dear Mara Lindqvist, we bake sourdough."
at 65s   "Ada Osei" notes A/c1 "Call +46 70 174 06 05, token EAAGm0PX4ZCpsBAKZCmZBqQZDZD"
at 2m    A/c2 picks "Yes, Jonas Ebner" payload "ORDER_LINDQVIST" late 40s
at 130s  A/c1 edits m1 to "I am Mara Lindqvist of 104000000000017"
at 140s  A/c1 reacts love to m1
at 150s  A/c1 enters by ad "23850000000000001" ref "mara-lindqvist"
at 160s  A/c1 happens {"kind":"feed","item":"post","verb":"add","message":"Mara Lindqvist was here"}
at 170s  A happens {"kind":"raw","list":"messaging","item":{"sender":{"id":"$A/c1"},"recipient":{"id":"$A"},"timestamp":"$now","parking":{"driver":"Mara Lindqvist","Jonas Ebner":104000000000017,"lindqvist":"https://wa.me/46701740605","mara_lindqvist":{"a46701740605":1}}}}
at 3m    meta holds A
after 1s A/c1 writes "one"
after 1s A/c2 writes "two"
after 1s meta releases A reversed
after 1s meta repeats A
at 40h   "Ada Osei" answers A/c2 "Too late for sourdough?"
at 9d    "Ada Osei" answers A/c2 "Too late"
"##;

fn export(store: &str, out: &str, more: &[&str]) -> Ran {
    run(&[&["corpus", "export", "--dir", store, "--out", out, "--title", "Two days", "--json"], more].concat())
}

fn files(folder: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_session_full_of_names_is_exported_without_any_and_comes_to_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let inside = |name: &str| dir.path().join(name).display().to_string();
    let (script, store) = (inside("session.txt"), inside("store"));
    let [bare, redacted, again, other] = ["bare", "redacted", "again", "other"].map(inside);
    fs::write(&script, SESSION).unwrap();
    let ran = run(&["--log-level", "error", "sandbox", "--script", &script, "--dir", &store, "--exit", "--json"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    let (key, deny) = (inside("key"), inside("deny.txt"));
    fs::write(&key, "a key that nobody would guess\n").unwrap();
    fs::write(&deny, PLANTS.join("\n")).unwrap();
    for (out, more) in [
        (&bare, &["--no-redaction"][..]),
        (&redacted, &["--key-file", &key]),
        (&again, &["--key-file", &key]),
        (&other, &[]),
    ] {
        let ran = export(&store, out, more);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(ran.json()["redacted"], out != &bare);
        assert_eq!(fs::read_dir(out).unwrap().count(), 4, "nothing is left beside the recording");
    }
    assert_eq!(files(&redacted), files(&again), "one key, the same bytes");
    assert_ne!(files(&redacted), files(&other), "another key each time");

    let before: String = files(&bare).into_iter().map(|(_, text)| text).collect();
    for plant in PLANTS {
        assert!(before.contains(plant), "{plant}");
    }
    for (name, text) in files(&redacted).into_iter().chain(files(&other)) {
        let lower = text.to_lowercase();
        for plant in PLANTS {
            assert!(!lower.contains(&plant.to_lowercase()), "{name}: {plant}");
        }
    }
    is_linted(&bare, &redacted, &deny);
    is_replayed(&bare, &redacted);
}

fn is_linted(bare: &str, redacted: &str, deny: &str) {
    let ran = run(&["corpus", "lint", redacted, "--deny", deny]);
    assert_eq!((ran.code, ran.out.lines().last().unwrap().ends_with(": 0 findings")), (Some(0), true), "{}", ran.out);
    let ran = run(&["corpus", "lint", bare, redacted, "--deny", deny, "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    for kind in ["mail", "phone", "link", "token", "id", "denied"] {
        assert!(ran.json()["kinds"][kind].as_u64() > Some(0), "{kind}: {}", ran.out);
    }
    let ran = run(&["corpus", "lint", bare, "--deny", deny]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(PLANTS.iter().all(|plant| !ran.out.contains(plant)), "{}", ran.out);
    let line = format!(
        "{}:1: $.entry[0].messaging[0].message.text: mail: m… (33 characters)",
        Path::new(bare).join("deliveries.jsonl").display()
    );
    assert!(ran.out.lines().any(|found| found == line), "{line}\n{}", ran.out);
}

fn is_replayed(bare: &str, redacted: &str) {
    let [before, after] = [bare, redacted].map(|recording| {
        let ran = run(&["--log-level", "error", "replay", recording, "--approve", "--json"]);
        assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
        ran.json()
    });
    for count in [
        "deliveries",
        "inbounds",
        "anomalies",
        "duplicates",
        "conversations",
        "tasks",
        "comments",
        "facts",
        "sends",
        "sends_by_type",
        "refusals",
        "refusals_by_reason",
        "facts_unsettled",
    ] {
        assert!(before.get(count).is_some(), "{count}: {before}");
        assert_eq!(before[count], after[count], "{count}");
    }
    assert!(before["refusals"].as_u64() > Some(0) && before["sends"].as_u64() > Some(1), "{before}");
    let trace = fs::read_to_string(Path::new(redacted).join("approved.trace")).unwrap();
    assert!(PLANTS.iter().all(|plant| !trace.contains(plant)), "{trace}");
    // The trace, too, is free of what the linter looks for.
    assert_eq!(run(&["corpus", "lint", redacted]).code, Some(0));
}

#[test]
fn what_cannot_be_linted_or_redacted_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let inside = |name: &str| dir.path().join(name).display().to_string();
    let folder = inside("recording");
    assert_eq!(run(&["corpus", "lint"]).code, Some(2));
    assert_eq!(run(&["corpus", "lint", &folder]).code, Some(5), "no folder");
    fs::create_dir(&folder).unwrap();
    assert_eq!(run(&["corpus", "lint", &folder]).code, Some(5), "nothing in it");
    fs::write(Path::new(&folder).join("manifest.toml"), "").unwrap();
    assert_eq!(run(&["corpus", "lint", &folder]).code, Some(4), "nothing is told in it");
    fs::write(Path::new(&folder).join("facts.jsonl"), "{}\n").unwrap();
    let ran = run(&["corpus", "lint", &folder]);
    assert_eq!(ran.code, Some(5));
    assert!(ran.err.contains("facts.jsonl:1: column "), "{}", ran.err);
    fs::write(inside("deny.txt"), "# nobody\n").unwrap();
    let ran = run(&["corpus", "lint", &folder, "--deny", &inside("deny.txt")]);
    assert!(ran.code == Some(3) && ran.err.contains("denies nothing"), "{}", ran.err);
    assert_eq!(
        run(&["corpus", "export", "--dir", "a", "--out", "b", "--no-redaction", "--key-file", "c"]).code,
        Some(2)
    );
}
