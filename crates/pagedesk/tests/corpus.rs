//! `pagedesk corpus import` of the real binary, over invented payloads.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;

use program::run;

const MESSAGE: &str = r#"{"sender":{"id":"5001"},"recipient":{"id":"1029"},"timestamp":1780272000123,
    "message":{"mid":"m_1","text":"Do you repair tandems?"}}"#;

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, body) in files {
        let file = dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, body).unwrap();
    }
    dir
}

#[test]
fn payloads_of_every_shape_are_counted_by_kind() {
    let delivery = format!(r#"{{"object":"page","entry":[{{"id":"1029","time":1,"messaging":[{MESSAGE}]}}]}}"#);
    let entry = r#"{"id":"1029","time":1,"changes":[{"field":"feed","value":{"item":"comment","verb":"edited"}}]}"#;
    let dir = folder(&[
        ("a/delivery.json", delivery.as_bytes()),
        ("a/entry.json", entry.as_bytes()),
        ("b/item.json", MESSAGE.as_bytes()),
        ("b/answer.json", br#"{"recipient_id":"5001","message_id":"m_2"}"#),
        ("b/notes.txt", b"not looked at"),
    ]);
    let path = dir.path().display().to_string();
    let ran = run(&["corpus", "import", &path, "--json"]);
    let expected = concat!(
        r#"{"files":4,"parsed":3,"inbounds":3,"anomalies":1,"unreadable":[],"unreadable_because":{},"#,
        r#""kinds":{"anomaly.no-shape":1,"feed.comment.edit":1,"text":2},"#,
        r#""anomalies_in":{"anomaly.no-shape":["b/answer.json"]}}"#
    );
    assert_eq!((ran.code, ran.out.trim_end()), (Some(0), expected), "{}", ran.err);
    let ran = run(&["corpus", "import", &path]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("feed.comment.edit"), "{}", ran.out);
    let where_it_is = "\nwhere what was not understood stands\nanomaly.no-shape\n  b/answer.json\n";
    assert!(ran.out.ends_with(where_it_is), "{}", ran.out);
}

#[test]
fn a_bad_file_is_named_and_costs_no_other() {
    let dir = folder(&[("bad.json", b"\xff{"), ("cut.json", b"{\"entry\":["), ("good.json", MESSAGE.as_bytes())]);
    let ran = run(&["corpus", "import", &dir.path().display().to_string(), "--json"]);
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    let said = ran.json();
    assert_eq!((&said["files"], &said["parsed"], &said["inbounds"]), (&3.into(), &1.into(), &1.into()), "{said}");
    assert_eq!(said["unreadable"], serde_json::json!(["bad.json", "cut.json"]), "{said}");
    assert_eq!(said["unreadable_because"]["cut.json"], "line 1, column 10: the text ends before its ] does");
    let ran = run(&["corpus", "import", &dir.path().display().to_string()]);
    assert!(ran.out.contains("\n  cut.json: line 1, column 10: the text ends before its ] does\n"), "{}", ran.out);
}

#[test]
fn a_folder_without_payloads_matches_nothing() {
    let dir = folder(&[("notes.txt", b"")]);
    let file = dir.path().join("notes.txt").display().to_string();
    for (path, remedy) in [
        (dir.path().display().to_string(), "give the folder that holds the payloads"),
        (file, "give the folder in which it lies"),
        ("/nowhere/at/all".to_owned(), "look for a typing error in the path"),
    ] {
        let ran = run(&["corpus", "import", &path]);
        assert_eq!(ran.code, Some(4), "{}", ran.err);
        assert!(ran.err.contains(&format!("what to do: {remedy}")), "{}", ran.err);
    }
}

#[test]
fn payloads_written_by_others_are_all_readable() {
    let Some(corpus) = std::env::var_os("PAGEDESK_FOREIGN_CORPUS") else {
        eprintln!("NOT RUN: PAGEDESK_FOREIGN_CORPUS is not set, so no payload of others was read");
        return;
    };
    let ran = run(&["corpus", "import", &corpus.to_string_lossy(), "--json"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

#[test]
fn payloads_become_a_recording_in_the_order_of_their_times() {
    let second = MESSAGE.replace("1780272000123", "1780271999000").replace("m_1", "m_2");
    let dir = folder(&[
        ("a/first.json", MESSAGE.as_bytes()),
        ("b/earlier.json", format!("[{second}]").as_bytes()),
        ("c/answer.json", br#"{"recipient_id":"5001","message_id":"m_2"}"#),
        ("d/like.json", br#"{"field":"feed","value":{"item":"like","verb":"add"}}"#),
    ]);
    let (path, out) = (dir.path().display().to_string(), dir.path().join("recording"));
    let import = || run(&["corpus", "import", &path, "--out", &out.display().to_string(), "--app", "990017"]);
    let ran = import();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let lines = fs::read_to_string(out.join("deliveries.jsonl")).unwrap();
    let times: Vec<i64> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["at"].as_i64().unwrap())
        .collect();
    assert_eq!(times, [1_780_271_999_000, 1_780_271_999_000, 1_780_272_000_123]);
    let counted = run(&["corpus", "stats", &out.display().to_string(), "--json"]).json()["recordings"][0].clone();
    assert_eq!(
        (&counted["provenance"], &counted["items"], &counted["anomalies"]),
        (&"imported".into(), &3.into(), &0.into())
    );
    assert_eq!(counted["pages"], serde_json::json!({"0": 1, "1029": 2}));
    let again = import();
    assert!(again.code == Some(3) && again.err.contains("is there already"), "{}", again.err);
    let empty = folder(&[("a.json", b"{}")]);
    let empty = empty.path().display().to_string();
    assert_eq!(run(&["corpus", "import", &empty, "--out", &format!("{empty}/out")]).code, Some(4));
}
