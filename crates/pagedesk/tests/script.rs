//! A scenario played against the whole product, what came of it written as a recording, and that run and played again.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use program::{Beside, Ran, run};
use serde_json::Value;

/// Two days of two Pages, with most of what lines can say.
const DAYS: &str = r##"
title "Two days"
begins 2026-06-08T07:30:00Z
human-agent off
page A 104000000000017 "Quayside Bakery"
page B 104000000000023 "Harbour Bicycles"
customer A/c1 7100000000000001 "Mara Lindqvist"
customer A/c2 "Jonas Ebner"
customer B/c1
at 0s       A/c1 writes "Good morning! Are you open on Sunday?" as m1
at 12s      A/c1 writes "And on \"Monday\"? größer 😀" reply to m1
at 1m       Ada answers A/c1 "From eight to noon."
at 1m5s     Ada notes A/c1 "Ask the kitchen."
at 2m       A/c2 picks "Yes" payload "ORDER_YES" late 40s
at 2m20s    A/c1 presses "Opening hours" payload "HOURS"
at 2m30s    A/c1 reacts love to m1
at 2m50s    A/c1 edits m1 to "Are you open on Monday?"
at 3m       A/c1 reads
at 3m20s    B/c1 enters by ad "6001" ref "summer"
at 3m25s    B/c1 writes "hello" as hello
at 3m30s    A happens {"kind":"feed","item":"post","verb":"add","message":"New: rye","by_page":true} as post
at 3m35s    A/c1 happens {"kind":"feed","item":"comment","verb":"add","post_id":"$post","message":"How much?"}
at 3m40s    A happens {"kind":"raw","list":"messaging","item":{"sender":{"id":"$A/c1"},"recipient":{"id":"$A"},"timestamp":"$now","parking":{"spot":7}}}
at 4m       meta holds A
after 1s    A/c1 writes "one"
after 1s    A/c2 writes "two"
after 30s   meta releases A reversed
at 5m       meta repeats A
after 1s    meta repeats m1
at 6m       meta holds A,B
after 1s    A/c1 writes "three"
after 1s    B/c1 writes "four"
after 1s    A/c1 unsends m1
after 1s    meta releases A,B together
at 1h       "Bo Larsen" answers B/c1 "Hi there"
at 3h       Ada answers A/c2 "Your order is ready"
at 30h      Ada answers A/c2 "Too late"
"##;

/// A folder with the scenario in `days.txt`.
fn folder(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("days.txt");
    fs::write(&file, text).unwrap();
    (dir, file.display().to_string())
}

fn inside(dir: &tempfile::TempDir, name: &str) -> String {
    dir.path().join(name).display().to_string()
}

fn played(file: &str, store: &str) -> Ran {
    run(&["--log-level", "error", "sandbox", "--script", file, "--dir", store, "--exit", "--json"])
}

fn exported(store: &str, out: &str, more: &[&str]) -> Ran {
    run(&[&["corpus", "export", "--dir", store, "--out", out, "--no-redaction"], more].concat())
}

/// The lines of a recording's file.
fn lines(recording: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(recording.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_scenario_is_played_written_as_a_recording_and_that_comes_to_the_same() {
    let (dir, file) = folder(DAYS);
    let (store, out) = (inside(&dir, "store"), inside(&dir, "recording"));
    let ran = played(&file, &store);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    let mut report = ran.json();
    assert!(report.as_object_mut().unwrap().remove("elapsed_ms").unwrap().is_u64());
    insta::assert_json_snapshot!("report", report);

    let ran = exported(&store, &out, &["--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.json()["deliveries"], report["deliveries"]);
    assert_eq!(ran.json()["facts"], report["comments"]);
    is_what_the_scenario_says(Path::new(&out));

    let ran = run(&["--log-level", "error", "replay", &out, "--approve", "--json"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    let replayed = ran.json();
    for (of_replay, of_script) in [
        ("deliveries", "deliveries"),
        ("facts", "comments"),
        ("sends", "sends"),
        ("refusals", "refused"),
        ("refusals_by_reason", "refused_by_reason"),
    ] {
        assert_eq!(replayed[of_replay], report[of_script], "{of_replay}");
    }
    let stats = run(&["journal", "verify", "--dir", &store, "--json"]).json();
    assert_eq!(replayed["tasks"], stats["desk"]["tasks"], "{stats}");
    assert_eq!(replayed["conversations"], 3);

    let ran = run(&["--log-level", "error", "sandbox", "--play", &out, "--exit", "--json"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    let again = ran.json();
    for (name, of_script) in
        [("deliveries", "deliveries"), ("sends", "sends"), ("refused", "refused"), ("facts", "comments")]
    {
        assert_eq!(again[name], report[of_script], "{name}");
    }
    assert_eq!(again["tasks"], replayed["tasks"]);
}

fn is_what_the_scenario_says(recording: &Path) {
    let manifest = fs::read_to_string(recording.join("manifest.toml")).unwrap();
    insta::assert_snapshot!("manifest", manifest);
    let mut facts = lines(recording, "facts.jsonl");
    // The clock goes on while a line is carried out.
    facts.iter_mut().for_each(|fact| fact["at"] = (fact["at"].as_i64().unwrap() / 60_000 * 60_000).into());
    insta::assert_json_snapshot!("facts", facts);
    let deliveries = lines(recording, "deliveries.jsonl");
    let body = |line: &Value| line["body"].as_str().unwrap().to_owned();
    let bodies: Vec<String> = deliveries.iter().map(body).collect();
    let at = |text: &str| bodies.iter().position(|body| body.contains(text)).unwrap();
    assert!(at("\"two\"") < at("\"one\""), "the newest first");
    assert_eq!(at("\"two\"") + 1, at("\"one\""));
    assert_eq!(bodies[at("\"one\"") + 1], bodies[at("\"one\"")], "repeated byte for byte");
    assert_eq!(bodies[at("\"one\"") + 2], bodies[0], "repeated byte for byte, by what it told of");
    let together: Value = serde_json::from_str(&bodies[at("\"three\"")]).unwrap();
    let pages: Vec<&str> =
        together["entry"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    assert_eq!(pages, ["104000000000017", "104000000000023", "104000000000017"]);
    assert!(bodies.iter().all(|body| !body.contains("is_echo") && !body.contains("\"delivery\"")), "{bodies:?}");
    assert!(deliveries.iter().map(|line| line["at"].as_i64().unwrap()).is_sorted());
    let begins = deliveries[0]["at"].as_i64().unwrap() - 1_780_903_800_000;
    assert!((0..60_000).contains(&begins), "{begins}");
}

#[test]
fn a_line_that_cannot_be_carried_out_is_told_and_costs_no_other() {
    let text = "title \"t\"\npage A 17 \"p\"\ncustomer A/c1\ncustomer A/c2\n\
                at 0s Ada answers A/c2 \"nobody wrote\"\n\
                at 1s A/c1 happens {\"kind\":\"read\"} as nothing\nat 2s A/c1 unsends nothing\n\
                at 3s A/c1 writes \"hello\"\nat 4s Ada answers A/c1 \"hi\"\n";
    let (dir, file) = folder(text);
    let ran = played(&file, &inside(&dir, "store"));
    assert_eq!(ran.code, Some(1), "{} {}", ran.out, ran.err);
    let report = ran.json();
    assert_eq!((&report["lines"], &report["failed"], &report["sends"]), (&2.into(), &3.into(), &1.into()), "{report}");
    let findings = [
        format!("{file}:5: the conversation has no task to comment on"),
        format!("{file}:6: nothing came to be that could be called nothing"),
        format!("{file}:7: nothing never came to be"),
    ];
    assert_eq!(report["findings"], serde_json::json!(findings));
    let ran = run(&["--log-level", "error", "sandbox", "--script", &file, "--exit"]);
    assert!(!ran.out.contains("sign in there") && !ran.out.contains("Ctrl-C"), "nobody has the time: {}", ran.out);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(
        ran.out.ends_with("not every line could be carried out\n") && ran.out.contains(&findings[0]),
        "{}",
        ran.out
    );
}

#[test]
fn what_is_no_scenario_is_told_before_anything_starts() {
    let (dir, file) = folder("title \"t\"\npage A 17 \"p\"\nat 0s A/c9 reads\nat 0s A/c1 sleeps\n");
    let ran = played(&file, &inside(&dir, "store"));
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""), "{}", ran.err);
    for sentence in [
        format!("error: {file} is no scenario:\n  {file}:3:7: nobody is called A/c9: add `customer A/c9` above\n"),
        "what to do: docs/format/scenario.md describes what a scenario says\n".to_owned(),
    ] {
        assert!(ran.err.contains(&sentence), "{}", ran.err);
    }
    assert!(!dir.path().join("store").exists());
    fs::write(&file, "title \"t\"\npage A 17 \"p\"\n").unwrap();
    assert_eq!(played(&file, &inside(&dir, "store")).code, Some(4));
    assert_eq!(played(&inside(&dir, "nowhere"), &inside(&dir, "store")).code, Some(5));
    assert_eq!(run(&["sandbox", "--script", &file, "--play", &file]).code, Some(2));
    assert_eq!(run(&["sandbox", "--exit"]).code, Some(2));
}

/// A short scenario's store.
fn store() -> (tempfile::TempDir, String) {
    let text = "title \"t\"\npage A 17 \"p\"\ncustomer A/c1 5001\nat 0s A/c1 writes \"hello\"\n";
    let (dir, file) = folder(text);
    let store = inside(&dir, "store");
    assert_eq!(played(&file, &store).code, Some(0));
    let again = played(&file, &store);
    assert_eq!(again.code, Some(3), "{}", again.err);
    assert!(again.err.contains("holds a store already, and a scenario needs an empty one"), "{}", again.err);
    (dir, store)
}

#[test]
fn an_export_writes_over_nothing_and_into_no_other_recording() {
    let (dir, store) = store();
    let out = inside(&dir, "recording");
    let path = PathBuf::from(&out);
    assert_eq!(exported(&store, &out, &["--title", "A \"title\" of its own"]).code, Some(0));
    let manifest = fs::read_to_string(path.join("manifest.toml")).unwrap();
    assert!(manifest.contains("title = 'A \"title\" of its own'\n"), "{manifest}");
    let ran = exported(&store, &out, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""));
    assert!(ran.err.contains("deliveries.jsonl is there already") && ran.err.contains("--force"), "{}", ran.err);
    // What was written by hand is kept.
    let kept = format!("# Mine.\n{manifest}\n[expected]\ntasks = 1\n");
    fs::write(path.join("manifest.toml"), &kept).unwrap();
    let ran = exported(&store, &out, &["--force"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.ends_with("holds 1 delivery and 0 comments; its manifest was kept\n  not redacted\n"),
        "{}",
        ran.out
    );
    assert_eq!(fs::read_to_string(path.join("manifest.toml")).unwrap(), kept);
    assert_eq!(fs::read_dir(&path).unwrap().count(), 3, "nothing is left beside it");
    for (from, to, sentence) in [
        ("id = \"17\"", "id = \"18\"", "names the Pages 18, and the store is of 17"),
        ("990017", "990018", "names the app 990018, and the store is of 990017"),
        ("human_agent = false", "human_agent = true", "says human_agent = true, and in the store it was false"),
    ] {
        assert!(kept.contains(from), "{kept}");
        fs::write(path.join("manifest.toml"), kept.replace(from, to)).unwrap();
        let ran = exported(&store, &out, &["--force"]);
        assert_eq!(ran.code, Some(3), "{}", ran.out);
        assert!(ran.err.contains(sentence), "{sentence}: {}", ran.err);
    }
    fs::write(path.join("manifest.toml"), "title = 7").unwrap();
    assert_eq!(exported(&store, &out, &["--force"]).code, Some(5));
}

#[test]
fn a_store_that_is_not_a_sandboxs_alone_is_never_exported_as_it_is() {
    let (dir, store) = store();
    let file = dir.path().join("pagedesk.toml");
    let out = inside(&dir, "recording");
    let text = format!(
        "[store]\ndir = {store:?}\n[listen]\nwebhook = \"127.0.0.1:0\"\ndesk = \"127.0.0.1:0\"\n\
         [meta]\napp_id = \"990017\"\napp_secrets = [\"s3cret-of-the-app\"]\nverify_tokens = [\"v3rify\"]\n\
         [account]\nid = \"ACCOUNT\"\n[[page]]\nid = \"17\"\nname = \"p\"\ntoken = \"TOKEN\"\n"
    );
    // Under the sandbox's own account with a real Page's token, then under an account of its own.
    for (account, token) in [("sandbox", "t0ken"), ("main", "sandbox-token-17")] {
        let serves = if account == "main" { inside(&dir, "other") } else { store.clone() };
        let text = text.replace("ACCOUNT", account).replace("TOKEN", token).replace(&store, &serves);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let mut serving = Beside::start(&["--log", "json", "serve", "--config", &file.display().to_string()]);
        serving.complains("\"ready\"");
        assert_eq!(serving.terminate(), Some(0));
        let ran = exported(&serves, &out, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{account}");
        assert!(ran.err.contains(&format!("{serves} is not the store of a sandbox alone")), "{}", ran.err);
        assert!(ran.err.contains("leave out --no-redaction: this store may hold"), "{}", ran.err);
        assert!(!Path::new(&out).exists(), "nothing was begun");
    }
    // Under pseudonyms it may go anywhere.
    let ran = run(&["corpus", "export", "--dir", &store, "--out", &out, "--json"]);
    assert_eq!((ran.code, &ran.json()["redacted"], &ran.json()["deliveries"]), (Some(0), &true.into(), &1.into()));
    let text = fs::read_to_string(Path::new(&out).join("deliveries.jsonl")).unwrap();
    assert!(!text.contains("hello"), "{text}");
    assert_eq!(exported(&inside(&dir, "nowhere"), &out, &[]).code, Some(3));
}

#[test]
fn a_delivery_that_is_no_text_is_named_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (store, out) = (inside(&dir, "store"), inside(&dir, "recording"));
    let mut sandbox = Beside::start(&["--log-level", "error", "sandbox", "--dir", &store, "--json"]);
    let addresses: Value = serde_json::from_str(&sandbox.line()).unwrap();
    let webhook = addresses["webhook"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    assert_eq!(posted(&webhook, b"{\"object\":\"page\",\"entry\":[\xff]}"), "HTTP/1.1 200 OK");
    // Beside the running sandbox it is the same.
    let ran = exported(&store, &out, &[]);
    assert_eq!(ran.code, Some(5), "{} {}", ran.out, ran.err);
    assert_eq!(sandbox.terminate(), Some(0));
    let ran = exported(&store, &out, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""), "{}", ran.err);
    assert!(ran.err.starts_with("error: delivery ") && ran.err.contains("is no UTF-8 text"), "{}", ran.err);
    assert!(!Path::new(&out).exists(), "what was begun is gone");
}

/// Posts a signed body to a sandbox's webhook; the first line of the answer.
fn posted(webhook: &str, body: &[u8]) -> String {
    let (address, _) = webhook.split_once('/').unwrap();
    let signature = webhook::sign(&webhook::Secret::new("sandbox-app-secret"), body);
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         x-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}
