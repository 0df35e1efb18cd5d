//! The command line of the real binary: help, exit codes, complaints.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use program::{Beside, Ran, run, run_piped, run_with};

const SMALL: &str = r#"
[listen]
webhook = "127.0.0.1:0"
desk = "127.0.0.1:0"
[meta]
app_id = "990017"
app_secrets = ["s3cret-of-the-app"]
verify_tokens = ["v3rify"]
[[page]]
id = "104000000000017"
name = "Quayside Bakery"
token = "t0ken"
"#;

/// A folder with a configuration whose store lies beside it.
fn configured(extra: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pagedesk.toml");
    let store = dir.path().join("state");
    fs::write(&file, format!("{extra}[store]\ndir = {store:?}\n{SMALL}")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    (dir, file.display().to_string())
}

#[test]
fn help_shows_commands_and_examples() {
    let asked: [&[&str]; 12] = [
        &["--help"],
        &["serve", "--help"],
        &["sandbox", "--help"],
        &["journal", "--help"],
        &["journal", "cat", "--help"],
        &["journal", "verify", "--help"],
        &["journal", "stats", "--help"],
        &["corpus", "--help"],
        &["corpus", "export", "--help"],
        &["corpus", "lint", "--help"],
        &["config", "--help"],
        &["agent", "hash", "--help"],
    ];
    let pages: Vec<String> = asked
        .iter()
        .map(|arguments| {
            let ran = run(arguments);
            assert_eq!(ran.code, Some(0));
            ran.out
        })
        .collect();
    insta::assert_snapshot!(pages.join("\n--------\n\n"));
}

#[test]
fn a_command_line_that_makes_no_sense_is_usage() {
    for arguments in [
        &["serve"][..],
        &["dance"],
        &["sandbox", "--exit"],
        &["journal", "cat"],
        &["--log-level", "[", "config", "example"],
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ran.err);
    }
    let ran = run(&["--log-level", "loud", "config", "example"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("PAGEDESK_LOG_LEVEL) \"loud\": \"loud\" is no level"), "{}", ran.err);
    assert!(ran.err.contains("one of off, error, warn, info, debug, trace"), "{}", ran.err);
    let ran = run_with(&["config", "example"], &[("PAGEDESK_LOG_LEVEL", "actors=loud")]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    let ran = run(&["sandbox", "--listen-desk", "0.0.0.0:0"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("stays on this machine"), "{}", ran.err);
}

#[test]
fn a_configuration_is_checked_without_starting_anything() {
    let (dir, file) = configured("");
    let ran = run(&["serve", "--config", &file, "--check"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "the configuration is sound\n", ""));
    assert!(!dir.path().join("state").exists());
}

#[test]
fn a_store_folder_that_cannot_be_made_is_found_by_a_check_that_makes_nothing() {
    let (dir, file) = configured("");
    let check = |state: &str| run(&["serve", "--config", &file, "--check", "--set", &format!("store.dir={state}")]);
    let (below, above) = (dir.path().join("pagedesk.toml/state"), dir.path().join("far/away/state"));
    let ran = check(&below.display().to_string());
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{}", ran.err);
    assert!(ran.err.contains(&format!("`store.dir`: {} cannot be made: {file} is no folder", below.display())));
    assert!(ran.err.contains("what to do: set store.dir"), "{}", ran.err);
    assert_eq!(check(&above.display().to_string()).code, Some(0));
    assert!(!dir.path().join("far").exists());
}

#[test]
fn a_check_finds_a_token_that_can_be_guessed_and_guards_longer_than_their_windows() {
    let (_dir, file) = configured("");
    let set = ["desk.api_token=x", "account.guard_standard=25h", "account.guard_human_agent=8d"];
    let mut arguments = vec!["serve", "--config", &file, "--check"];
    set.iter().for_each(|set| arguments.extend(["--set", set]));
    let ran = run(&arguments);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""));
    insta::assert_snapshot!(ran.err);
}

#[test]
fn a_broken_configuration_lists_its_faults() {
    let (_dir, file) = configured("[lissten]\n[drain]\nat_most = 5\n");
    let ran = run(&["serve", "--config", &file]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""));
    let short = ran.err.replace(&file, "pagedesk.toml");
    insta::assert_snapshot!(short);
}

#[test]
fn what_holds_is_shown_with_its_origin_and_without_secrets() {
    let (_dir, file) = configured("");
    let ran = run(&["config", "show", "--config", &file, "--set", "limits.shards=2"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("shards = 2  # --set limits.shards\n"), "{}", ran.out);
    for secret in ["s3cret", "v3rify", "t0ken"] {
        assert!(!ran.out.contains(secret), "{secret}");
    }
}

#[test]
fn the_example_is_printed() {
    let ran = run(&["config", "example"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn the_hash_of_a_piped_password_goes_into_the_configuration() {
    let Ran { code, out: hash, .. } = run_piped(&["agent", "hash"], "quay side bakery\n");
    assert!(code == Some(0) && hash.starts_with("$argon2id$v=19$") && hash.ends_with('\n'), "{hash}");
    let Ran { code, out: agent, .. } =
        run_piped(&["agent", "hash", "--login", "ada", "--name", "Ada \"O\""], "quay side bakery");
    assert_eq!(code, Some(0));
    let (_dir, file) = configured(&agent);
    let checked = run(&["serve", "--config", &file, "--check", "--set", "listen.desk=0.0.0.0:0"]);
    assert_eq!((checked.code, checked.out.as_str()), (Some(0), "the configuration is sound\n"), "{}", checked.err);
    assert!(checked.err.contains("without https"), "{}", checked.err);
    for (arguments, password) in [
        (&["agent", "hash"][..], "short\n"),
        (&["agent", "hash"], "two lines\nof a password\n"),
        (&["agent", "hash", "--login", "a da"], "quay side bakery"),
        (&["agent", "hash", "--name", "Ada"], "quay side bakery"),
    ] {
        let Ran { code, out, err } = run_piped(arguments, password);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(!err.contains("quay") && !err.contains("lines\nof"), "{err}");
    }
}

#[test]
fn a_node_says_when_it_is_ready_refuses_a_second_one_and_ends_in_order() {
    let (_dir, file) = configured("");
    let mut node = Beside::start(&["--log", "json", "serve", "--config", &file]);
    let said = node.complains("\"ready\"");
    let last: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert!(last["webhook"].as_str().unwrap().starts_with("127.0.0.1:"), "{last}");
    let second = run(&["serve", "--config", &file]);
    assert_eq!(second.code, Some(3), "{}", second.err);
    assert!(second.err.contains("another process has the store") && !second.err.contains("damage"), "{}", second.err);
    assert_eq!(node.terminate(), Some(0));
}

#[test]
fn a_taken_address_is_a_fault_of_configuration() {
    let (_dir, file) = configured("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let desk = format!("listen.desk={}", taken.local_addr().unwrap());
    let ran = run(&["serve", "--config", &file, "--set", &desk]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("cannot listen on") && ran.err.contains("what to do"), "{}", ran.err);
}

#[test]
fn a_folder_without_a_store_is_a_fault_of_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display().to_string();
    for command in ["cat", "verify", "stats"] {
        let ran = run(&["journal", command, "--dir", &at]);
        assert_eq!(ran.code, Some(3), "{}", ran.err);
        assert!(ran.err.contains("holds no store"), "{}", ran.err);
        let ran = run(&["journal", command, "--dir", &format!("{at}/nowhere")]);
        assert_eq!(ran.code, Some(3), "{}", ran.err);
        assert!(ran.err.contains("nowhere does not exist"), "{}", ran.err);
    }
}

#[test]
fn a_recording_that_cannot_be_read_or_is_empty_has_its_own_code() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display().to_string();
    let play = || run(&["sandbox", "--play", &at, "--exit", "--json"]);
    let missing = play();
    assert_eq!((missing.code, missing.out.as_str()), (Some(5), ""), "{}", missing.err);
    let manifest =
        "format = 1\ntitle = \"x\"\nprovenance = \"synthetic\"\napp_id = \"1\"\n[[pages]]\nid = \"1\"\nname = \"x\"\n";
    fs::write(dir.path().join("manifest.toml"), manifest).unwrap();
    fs::write(dir.path().join("deliveries.jsonl"), "").unwrap();
    assert_eq!(play().code, Some(4));
    fs::write(dir.path().join("deliveries.jsonl"), "{\"at\":1}\n").unwrap();
    let unfit = play();
    assert_eq!(unfit.code, Some(5));
    assert!(unfit.err.contains("deliveries.jsonl:1"), "{}", unfit.err);
    for (times, told) in [([-1_i64, 7], "before 1970"), ([0, 4_102_444_800_000], "47482 days behind its first")] {
        let line = |at: i64| format!("{{\"at\":{at},\"body\":\"{{}}\"}}\n");
        fs::write(dir.path().join("deliveries.jsonl"), times.map(line).concat()).unwrap();
        let unfit = run(&["replay", &at]);
        assert_eq!(unfit.code, Some(5));
        assert!(unfit.err.contains(told), "{}", unfit.err);
    }
}

#[test]
fn a_file_where_a_folder_is_asked_for_is_no_folder() {
    let (_dir, file) = configured("");
    for command in ["cat", "verify", "stats"] {
        let ran = run(&["journal", command, "--dir", &file]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""));
        assert!(ran.err.starts_with(&format!("error: {file} is no folder\n")), "{}", ran.err);
    }
    let ran = run(&["sandbox", "--dir", &file]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains(&format!("error: {file} is no folder\n")), "{}", ran.err);
}

#[test]
fn help_is_asked_for_in_either_order() {
    let (first, last) = (run(&["help", "journal", "cat"]), run(&["journal", "cat", "--help"]));
    assert_eq!((first.code, &first.out), (Some(0), &last.out));
    for command in ["verify", "stats"] {
        let help = run(&["help", "journal", command]).out;
        assert!(help.lines().skip_while(|line| !line.starts_with("Options")).all(|line| line.len() <= 100), "{help}");
    }
}

#[test]
fn a_folder_of_recordings_names_those_in_it() {
    let dir = program::first_steps();
    let above = dir.parent().unwrap().display().to_string();
    let ran = run(&["sandbox", "--play", &above, "--exit"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""), "{}", ran.err);
    assert!(ran.err.contains(&format!("{above} is no recording, and holds ")), "{}", ran.err);
    assert!(ran.err.contains(&format!("\n  {above}/first-steps\n")), "{}", ran.err);
    assert!(ran.err.contains("what to do: give one of them, as --play "), "{}", ran.err);
}

#[test]
fn an_answer_for_which_there_is_no_room_is_told_in_a_sentence() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = program::command(&["config", "example"]).stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.starts_with("error: the answer cannot be written: the disk is full"), "{said}");
    assert!(said.contains("what to do: make room where standard output goes"), "{said}");
}
