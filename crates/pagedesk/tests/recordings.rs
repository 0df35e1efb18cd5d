//! `pagedesk corpus export|stats|split|join` of the real binary: what a filter leaves, what is counted, what is written.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;
use std::path::Path;

use program::{Ran, first_steps, run};

const SESSION: &str = r##"
title "Two Pages"
begins 2026-06-08T07:30:00Z
page A 104000000000017 "Quayside Bakery"
page B 104000000000023 "Harbour Bicycles"
customer A/c1 7100000000000001 "Mara Lindqvist"
customer A/c2 7100000000000002 "Jonas Ebner"
customer B/c3 7100000000000003 "Pia Sand"
at 0s    A/c1 writes "Do you have rye bread?" as m1
at 10s   A/c1 reacts love to m1
at 1m    meta holds A
after 1s A/c1 writes "one"
after 1s A/c2 writes "two"
after 1s meta releases A together
at 2m    "Ada Osei" answers A/c1 "Yes."
at 3m    B/c3 writes "My brake squeaks."
at 4m    "Ada Osei" notes B/c3 "He was here before."
at 26h   A/c2 writes "Still open?"
"##;

/// A store in which all that happened, kept as long as the folder.
fn store(dir: &Path) -> String {
    let inside = |name: &str| dir.join(name).display().to_string();
    let (script, store) = (inside("session.txt"), inside("store"));
    fs::write(&script, SESSION).unwrap();
    let ran = run(&["--log-level", "error", "sandbox", "--script", &script, "--dir", &store, "--exit", "--json"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    store
}

fn export(store: &str, out: &str, more: &[&str]) -> Ran {
    run(&[&["corpus", "export", "--dir", store, "--out", out, "--json"], more].concat())
}

fn stats(path: &str) -> serde_json::Value {
    let ran = run(&["corpus", "stats", path, "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.json()["recordings"][0].clone()
}

#[test]
fn an_export_holds_what_its_filters_ask_for_and_its_manifest_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let inside = |name: &str| dir.path().join(name).display().to_string();
    let store = store(dir.path());
    let one = "104000000000017/7100000000000001";
    let cases: [(&[&str], [u64; 4]); 7] = [
        // Deliveries, items, comments, bodies that are not as they came.
        (&[], [5, 6, 2, 0]),
        (&["--page", "104000000000017"], [4, 5, 1, 0]),
        (&["--conversation", one], [3, 3, 1, 1]),
        (&["--kind", "reaction"], [1, 1, 0, 0]),
        (&["--kind", "comment.internal", "--kind", "text"], [4, 5, 1, 0]),
        (&["--from", "2026-06-08T07:33:00Z", "--to", "2026-06-09"], [1, 1, 1, 0]),
        (&["--page", "104000000000023", "--conversation", "104000000000023/7100000000000003"], [1, 1, 1, 0]),
    ];
    for (number, (more, expected)) in cases.into_iter().enumerate() {
        let out = inside(&format!("out-{number}"));
        let ran = export(&store, &out, &[more, &["--no-redaction"]].concat());
        assert_eq!(ran.code, Some(0), "{more:?}: {}", ran.err);
        let (told, counted) = (ran.json(), stats(&out));
        let found = [&told["deliveries"], &counted["items"], &told["facts"], &told["cut_bodies"]];
        assert_eq!(found.map(|count| count.as_u64().unwrap()), expected, "{more:?}");
        assert_eq!(counted["cut_bodies"], told["cut_bodies"]);
        let manifest = fs::read_to_string(Path::new(&out).join("manifest.toml")).unwrap();
        assert_eq!(manifest.contains("[filter]"), !more.is_empty(), "{manifest}");
        // The same again goes beside the manifest that is there.
        let again = export(&store, &out, &[more, &["--no-redaction", "--force"]].concat());
        assert_eq!((again.code, again.json()["manifest"].as_str()), (Some(0), Some("kept")), "{}", again.err);
    }
    // What is left can be played.
    let replayed = run(&["--log-level", "error", "replay", &inside("out-2"), "--json"]).json();
    assert_eq!((&replayed["inbounds"], &replayed["sends"]), (&3.into(), &1.into()), "{replayed}");
    let manifest = fs::read_to_string(Path::new(&inside("out-2")).join("manifest.toml")).unwrap();
    insta::assert_snapshot!("filtered_manifest", manifest.replace("out-2", "OUT"));
    let customers = fs::read_to_string(Path::new(&inside("out-2")).join("customers.jsonl")).unwrap();
    assert!(customers.contains("Mara Lindqvist") && customers.lines().count() == 1, "{customers}");

    let other = export(&store, &inside("out-2"), &["--no-redaction", "--force"]);
    assert!(other.code == Some(3) && other.err.contains("narrowed otherwise"), "{}", other.err);
    for more in [&["--page", "17"][..], &["--from", "2027-01-01"], &["--kind", "lead"]] {
        let ran = export(&store, &inside("nothing"), more);
        assert_eq!(ran.code, Some(4), "{more:?}: {}", ran.err);
        assert!(ran.err.contains("is what was asked for with --"), "{}", ran.err);
        assert!(!Path::new(&inside("nothing")).exists(), "nothing is left behind");
    }
    assert_eq!(export(&store, &inside("usage"), &["--conversation", "17"]).code, Some(2));
    let never = export(&store, &inside("usage"), &["--from", "2026-06-09", "--to", "2026-06-08"]);
    assert!(never.code == Some(2) && never.err.contains("nothing lies between --from 2026-06-09"), "{}", never.err);
}

#[test]
fn a_filter_is_told_by_pseudonyms_where_the_recording_is() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let who = "104000000000017/7100000000000001";
    let ran = export(&store(dir.path()), &out.display().to_string(), &["--conversation", who]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.json()["cut_bodies"], 1);
    for file in fs::read_dir(&out).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for plant in ["7100000000000001", "104000000000017", "7100000000000002", "Mara", "Jonas", "Ebner"] {
            assert!(!text.contains(plant), "{plant}: {text}");
        }
    }
    assert_eq!(run(&["corpus", "lint", &out.display().to_string()]).code, Some(0));
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(out.join("manifest.toml")).unwrap()).unwrap();
    let (page, psid) = manifest["filter"]["conversations"][0].as_str().unwrap().split_once('/').unwrap();
    let customers = fs::read_to_string(out.join("customers.jsonl")).unwrap();
    assert!(customers.contains(page) && customers.contains(psid), "{customers}");
}

#[test]
fn a_recording_is_counted_for_people_and_programs() {
    let path = first_steps();
    let ran = run(&["corpus", "stats", &path.display().to_string()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    insta::assert_snapshot!("stats", ran.out.replace(&path.display().to_string(), "first-steps"));
    let counted = stats(&path.display().to_string());
    assert_eq!((counted["deliveries"].as_u64(), counted["duplicates"].as_u64()), (Some(28), Some(3)));

    let all = run(&["corpus", "stats", &path.parent().unwrap().display().to_string(), "--json"]).json();
    let manifests = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(all["recordings"].as_array().unwrap().len(), manifests);
    assert_eq!(run(&["corpus", "stats"]).code, Some(2));
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(&["corpus", "stats", &dir.path().display().to_string()]).code, Some(5));
}

#[test]
fn parts_are_recordings_that_replay_and_are_joined_without_writing_over_anything() {
    let dir = tempfile::tempdir().unwrap();
    let inside = |name: &str| dir.path().join(name).display().to_string();
    let path = first_steps().display().to_string();
    let (parts, whole) = (inside("parts"), inside("whole"));
    let ran = run(&["corpus", "split", &path, "--by", "page", "--out", &parts]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.ends_with("holds 5 parts with 28 deliveries and 9 comments\n"), "{}", ran.out);
    let mut names: Vec<String> =
        fs::read_dir(&parts).unwrap().map(|part| part.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["104000000000017", "104000000000023", "104000000000099", "none", "several"]);
    let part = format!("{parts}/104000000000017");
    let played = run(&["--log-level", "error", "replay", &part, "--approve", "--json"]);
    assert!(played.json()["sends"].as_u64() > Some(0), "{} {}", played.out, played.err);

    let ran = run(&["corpus", "join", &parts, "--out", &whole, "--title", "Whole", "--json"]);
    assert_eq!((ran.code, ran.json()["deliveries"].as_u64()), (Some(0), Some(28)), "{}", ran.err);
    let (before, after) = (stats(&path), stats(&whole));
    for count in
        ["deliveries", "facts", "items", "duplicates", "conversations", "kinds", "pages", "texts", "from", "to"]
    {
        assert_eq!(before[count], after[count], "{count}");
    }
    assert_eq!(fs::read_dir(&whole).unwrap().count(), 4, "nothing is left beside the recording");
    for (again, path) in [("join", &parts), ("split", &path)] {
        let more: &[&str] = if again == "split" { &["--by", "day"] } else { &[] };
        let ran = run(&[&["corpus", again, path, "--out", &whole], more].concat());
        assert!(ran.code == Some(3) && ran.err.contains("is there already"), "{}", ran.err);
    }
    assert_eq!(run(&["corpus", "split", &path, "--by", "size", "--out", &inside("usage")]).code, Some(2));
}

#[test]
fn what_does_not_fit_is_not_joined_and_what_differs_in_origin_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let inside = |name: &str| dir.path().join(name).display().to_string();
    let write = |name: &str, provenance: &str, app: &str| {
        let folder = dir.path().join(name);
        fs::create_dir(&folder).unwrap();
        let manifest = format!(
            "format = 1\ntitle = \"{name}\"\nprovenance = \"{provenance}\"\napp_id = \"{app}\"\n\
             [[pages]]\nid = \"17\"\nname = \"{name}\"\n"
        );
        fs::write(folder.join("manifest.toml"), manifest).unwrap();
        fs::write(folder.join("deliveries.jsonl"), "{\"at\":1,\"body\":\"a\"}\n").unwrap();
        folder.display().to_string()
    };
    let (old, new) = (write("old", "synthetic", "9"), write("new", "recorded", "9"));
    let newer = write("newer", "recorded", "9");
    let (other, broken) = (write("other", "synthetic", "8"), write("broken", "synthetic", "9"));
    let joined = inside("joined");
    assert_eq!(run(&["corpus", "join", &old, &newer, &new, "--out", &joined]).code, Some(0));
    let manifest = fs::read_to_string(Path::new(&joined).join("manifest.toml")).unwrap();
    insta::assert_snapshot!("joined_manifest", manifest);
    let ran = run(&["corpus", "join", &old, &other, "--out", &inside("no")]);
    assert!(ran.code == Some(3) && ran.err.contains("is of the app 8"), "{}", ran.err);
    fs::write(Path::new(&broken).join("deliveries.jsonl"), "{\"at\":1,\"body\":\"a\"}\n{\"at\":0}\n").unwrap();
    for command in [&["join", &old][..], &["split", "--by", "day"]] {
        let ran = run(&[&["corpus"], command, &[&broken, "--out", &inside("no")]].concat());
        assert!(ran.code == Some(5) && ran.err.contains("deliveries.jsonl:2: "), "{}", ran.err);
        assert!(!Path::new(&inside("no")).exists() && !Path::new(&inside("no.new")).exists());
    }
}

#[test]
fn a_sandboxs_journal_is_kept_once_and_comes_to_its_machines() {
    let dir = tempfile::tempdir().unwrap();
    let (store, out) = (store(dir.path()), dir.path().join("kept").display().to_string());
    let keep = |store: &str| run(&["corpus", "journal", "--dir", store, "--out", &out]);
    let ran = keep(&store);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let recovered = simulator::journals::recover(Path::new(&out)).unwrap();
    // An account, two Pages, three customers.
    assert_eq!(recovered.machines.len(), 6, "{:?}", recovered.machines.keys());
    let again = keep(&store);
    assert!(again.code == Some(3) && again.err.contains("File exists"), "{}", again.err);
    assert_eq!(keep(&dir.path().join("nowhere").display().to_string()).code, Some(3));
}
