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
         [meta]\napp_id = \"990017\"\napp_secrets = [\"s3cret\"]\nverify_tokens = [\"v3rify\"]\n\
         [account]\nid = \"sandbox\"\n[[page]]\nid = \"104000000000017\"\nname = \"Quayside Bakery\"\ntoken = \"t0ken\"\n"
    );
    fs::write(&file, text).unwrap();
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
        for command in ["cat", "stats"] {
            refuses(&look(command, &state, &[]), name, &state);
        }
        refuses(&run(&["--log-level", "error", "serve", "--config", &file]), name, &state);
        fs::write(&path, sound).unwrap();
    }
    assert_eq!(look("verify", &state, &[]).code, Some(0));
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

#[test]
fn a_store_without_its_keys_is_refused_with_what_is_lost() {
    let (_dir, state, file) = played();
    fs::rename(format!("{state}/keys.redb"), format!("{state}/aside")).unwrap();
    let serve = ["--log-level", "error", "serve", "--config", &file];
    let check = ["serve", "--config", &file, "--check"];
    for ran in [look("cat", &state, &[]), look("stats", &state, &[]), run(&serve), run(&check)] {
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{}", ran.err);
        assert!(
            ran.err.contains(&format!("{state}/keys.redb is missing: it holds the keys that open what customers said"))
        );
        assert!(ran.err.contains("what to do: restore it from the backup"), "{}", ran.err);
    }
    let ran = look("verify", &state, &["--json"]);
    let report = ran.json();
    assert_eq!((ran.code, &report["damaged"][0]["missing"]), (Some(1), &Value::from(true)), "{report}");
    assert_eq!(report["journal"]["findings"], Value::from(Vec::<Value>::new()));
    assert!(!Path::new(&state).join("keys.redb").exists(), "no other keys were made");
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
    for name in ["desk.redb", "inbox.redb", "journal.redb", "keys.redb", "view.redb"] {
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
