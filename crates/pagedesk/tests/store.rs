//! The real binary on stores that are not as they should be: damaged, incomplete, readable by others.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use program::{Beside, Ran, first_steps, run};
use serde_json::Value;

const PAGE: usize = 4096;

/// A folder with a played store in `state` and a configuration that names it.
fn played() -> (tempfile::TempDir, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state").display().to_string();
    let recording = first_steps().display().to_string();
    let ran = run(&["--log-level", "warn", "sandbox", "--play", &recording, "--exit", "--json", "--dir", &state]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    let file = dir.path().join("pagedesk.toml");
    let text = format!(
        "[store]\ndir = {state:?}\n[listen]\nwebhook = \"127.0.0.1:0\"\ndesk = \"127.0.0.1:0\"\n\
         [meta]\napp_id = \"990017\"\napp_secrets = [\"s3cret-of-the-app\"]\nverify_tokens = [\"v3rify\"]\n\
         [account]\nid = \"sandbox\"\n[[page]]\nid = \"104000000000017\"\nname = \"Quayside Bakery\"\ntoken = \"t0ken\"\n"
    );
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    (dir, state, file.display().to_string())
}

/// Keeps the head, so that the storage engine takes it for a file of its own, and writes nonsense over all the rest:
/// that brings it down where it reads on.
fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[PAGE..].fill(3);
    fs::write(file, bytes).unwrap();
}

fn look(command: &str, state: &str, more: &[&str]) -> Ran {
    let ran = run(&[&["journal", command, "--dir", state], more].concat());
    assert!(!ran.err.contains("panicked"), "{command}: {}", ran.err);
    ran
}

/// It is told in one sentence that names the file, with what to do; nothing of the storage engine's own text is shown.
fn refuses(ran: &Ran, name: &str, state: &str) {
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{name}: {}", ran.err);
    let said = format!("error: {state}/{name} is damaged: ");
    assert!(ran.err.contains(&said) && !ran.err.contains("panicked"), "{name}: {}", ran.err);
    assert!(
        ran.err.contains("what to do: keep a copy of the folder") && ran.err.contains("from a backup"),
        "{}",
        ran.err
    );
}

#[test]
fn a_damaged_file_is_a_finding_of_verify_and_a_refusal_of_everything_else() {
    let (_dir, state, file) = played();
    for name in ["journal.redb", "keys.redb", "inbox.redb"] {
        let path = Path::new(&state).join(name);
        let sound = fs::read(&path).unwrap();
        damage(&path);
        let ran = look("verify", &state, &["--json"]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{name}: {}", ran.out);
        let report = ran.json();
        assert_eq!(report["sound"], false);
        assert_eq!(report["damaged"].as_array().unwrap().len(), 1, "{report}");
        assert_eq!(report["damaged"][0]["file"], path.display().to_string());
        assert!(!report["damaged"][0]["what"].as_str().unwrap().is_empty());
        let ran = look("verify", &state, &[]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{name}: {}", ran.out);
        assert!(ran.out.contains(&format!("\n{} is damaged: ", path.display())), "{}", ran.out);
        assert!(ran.out.contains("not everything agrees\n  what to do: keep a copy"), "{}", ran.out);
        if name.starts_with("inbox") {
            assert_eq!(look("cat", &state, &[]).code, Some(0), "records need no deliveries");
        } else {
            refuses(&look("cat", &state, &[]), name, &state);
        }
        refuses(&look("stats", &state, &[]), name, &state);
        refuses(&run(&["--log-level", "error", "serve", "--config", &file]), name, &state);
        refuses(&run(&["serve", "--config", &file, "--check"]), name, &state);
        fs::write(&path, sound).unwrap();
    }
    assert_eq!(look("verify", &state, &[]).code, Some(0));
    assert_eq!(run(&["serve", "--config", &file, "--check"]).code, Some(0));
}

#[test]
fn a_damaged_desk_is_refused_and_damaged_read_models_are_made_anew() {
    let (_dir, state, file) = played();
    let (desk, view) = (Path::new(&state).join("desk.redb"), Path::new(&state).join("view.redb"));
    let sound = fs::read(&desk).unwrap();
    damage(&desk);
    refuses(&run(&["--log-level", "error", "serve", "--config", &file]), "desk.redb", &state);
    fs::write(&desk, sound).unwrap();
    damage(&view);
    let mut node = Beside::start(&["--log", "json", "serve", "--config", &file]);
    let said = node.complains("\"ready\"");
    assert!(said.contains("made anew from the journal") && !said.contains("panicked"), "{said}");
    assert_eq!(node.terminate(), Some(0));
    assert_eq!(fs::metadata(&view).unwrap().permissions().mode() & 0o777, 0o600);
}

const FILES: [&str; 5] = ["journal.redb", "keys.redb", "inbox.redb", "inbox.wal", "desk.redb"];

/// Every byte of every file of the store.
fn contents(state: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(state).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// What begins nothing: neither a node, nor a check, nor a sandbox.
fn begins_nothing(state: &str, file: &str, said: &str) {
    let before = contents(state);
    let ran = [
        run(&["--log-level", "error", "serve", "--config", file]),
        run(&["serve", "--config", file, "--check"]),
        run(&["--log-level", "error", "sandbox", "--dir", state]),
    ];
    for ran in ran {
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{said}: {}", ran.err);
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
        assert!(ran.err.contains("what to do: restore the whole folder"), "{}", ran.err);
        assert!(!ran.err.contains("warning:"), "{}", ran.err);
    }
    assert!(before == contents(state), "{said}: something was written");
}

#[test]
fn a_store_that_lost_a_file_is_refused_before_anything_is_written() {
    let (_dir, state, file) = played();
    assert!(Path::new(&state).join("store.json").exists());
    for marked in [true, false] {
        if !marked {
            fs::remove_file(format!("{state}/store.json")).unwrap();
        }
        for name in FILES {
            let path = format!("{state}/{name}");
            let sound = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            begins_nothing(&state, &file, &format!("error: {path} is missing: it holds"));
            let ran = look("verify", &state, &["--json"]);
            let report = ran.json();
            assert_eq!((ran.code, &report["damaged"][0]["missing"]), (Some(1), &Value::from(true)), "{report}");
            fs::write(&path, "").unwrap();
            begins_nothing(&state, &file, &format!("error: {path} is empty: it holds"));
            let ran = look("verify", &state, &[]);
            assert_eq!(ran.code, Some(1), "{}", ran.out);
            assert!(ran.out.contains(&format!("\n{path} is damaged: it ")), "{}", ran.out);
            fs::write(&path, sound).unwrap();
        }
    }
    assert_eq!(run(&["serve", "--config", &file, "--check"]).code, Some(0));
    for name in FILES {
        fs::remove_file(format!("{state}/{name}")).unwrap();
    }
    fs::write(format!("{state}/store.json"), "{}").unwrap();
    begins_nothing(&state, &file, &format!("the store in {state} is not whole:"));
}

#[test]
fn a_log_that_was_cut_off_is_damage() {
    let (_dir, state, file) = played();
    let path = format!("{state}/inbox.wal");
    let sound = fs::read(&path).unwrap();
    for length in [100, 4096, sound.len() - 1] {
        fs::write(&path, &sound[..length]).unwrap();
        let ran = look("verify", &state, &[]);
        assert_eq!(ran.code, Some(1), "{length}: {}", ran.out);
        assert!(ran.out.contains(&format!("\n{path} is damaged: it ")), "{}", ran.out);
        refuses(&run(&["--log-level", "error", "serve", "--config", &file]), "inbox.wal", &state);
    }
    fs::write(&path, vec![0; sound.len()]).unwrap();
    refuses(&run(&["--log-level", "error", "serve", "--config", &file]), "inbox.wal", &state);
}

#[test]
fn a_store_of_before_the_marker_gets_one_and_so_does_an_interrupted_first_start() {
    let (_dir, state, file) = played();
    fs::remove_file(format!("{state}/store.json")).unwrap();
    let starts = || {
        let mut node = Beside::start(&["--log", "json", "serve", "--config", &file]);
        let said = node.complains("\"ready\"");
        assert!(said.contains("\"ready\""), "{said}");
        assert_eq!(node.terminate(), Some(0));
        let marker = fs::read(format!("{state}/store.json")).unwrap();
        serde_json::from_slice::<Value>(&marker).unwrap()
    };
    let first = starts();
    assert_eq!((first["format"].as_u64(), first["store"].as_str().map(str::len)), (Some(1), Some(32)));
    assert_eq!(starts(), first, "it is written once");
    for name in ["store.json", "view.redb", "journal.redb", "keys.redb", "inbox.redb", "inbox.wal", "desk.redb"] {
        fs::remove_file(format!("{state}/{name}")).unwrap();
    }
    fs::write(format!("{state}/desk.redb"), "").unwrap();
    assert_ne!(starts(), first);
}

#[test]
fn records_are_shown_where_only_the_journal_is_left_and_stay_sealed_without_the_keys() {
    let (_dir, state, _) = played();
    for name in ["inbox.redb", "inbox.wal", "desk.redb", "store.json"] {
        fs::remove_file(format!("{state}/{name}")).unwrap();
    }
    let whole = look("cat", &state, &["--json"]);
    assert_eq!((whole.code, whole.err.as_str()), (Some(0), ""));
    fs::remove_file(format!("{state}/keys.redb")).unwrap();
    let sealed = look("cat", &state, &["--json", "--reveal"]);
    assert_eq!((sealed.code, sealed.out.lines().count()), (Some(1), whole.out.lines().count()));
    assert_eq!(sealed.err, format!("warning: {state}/keys.redb is missing or empty: what was sealed stays so\n"));
    assert!(sealed.out.contains("\"body\":\"‹sealed›\""), "{}", sealed.out);
    assert!(!Path::new(&state).join("keys.redb").exists(), "no other keys were made");
}

#[test]
fn a_damaged_desk_is_a_finding_of_verify() {
    let (_dir, state, _) = played();
    let report = look("verify", &state, &["--json"]).json();
    assert_eq!(report["sound"], Value::from(true), "{report}");
    assert!(report["desk"]["tasks"].as_u64() > Some(0) && report["desk"]["findings"].as_array().is_some(), "{report}");
    let desk = Path::new(&state).join("desk.redb");
    damage(&desk);
    let ran = look("verify", &state, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
    assert!(ran.out.contains(&format!("\n{} is damaged: ", desk.display())), "{}", ran.out);
}

#[test]
fn every_file_of_a_store_is_its_owners_alone() {
    let (_dir, state, _) = played();
    let mut names = Vec::new();
    for entry in fs::read_dir(&state).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    for name in ["desk.redb", "inbox.redb", "inbox.wal", "journal.redb", "keys.redb", "store.json", "view.redb"] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
}

#[test]
fn positions_behind_the_end_and_the_wrong_way_round_are_told() {
    let (_dir, state, _) = played();
    let last = look("stats", &state, &["--json"]).json()["journal"]["last"].as_u64().unwrap();
    let ran = look("cat", &state, &["--from", "100000"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(4), ""));
    assert!(ran.err.contains(&format!("the newest position is {last}, and --from is 100000")), "{}", ran.err);
    let ran = look("cat", &state, &["--from", "9", "--to", "3"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("--from 9 lies behind --to 3"), "{}", ran.err);
}
