//! `pagedesk replay` as it is used: the same, another, no approved trace; what cannot be read; what programs get.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::fs;
use std::path::Path;

use program::{Beside, Ran, first_steps, run, run_piped};
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
    let is_the_one = |line: &&str| line.contains("- 000:10:00.000 A/c1") && line.contains("messaging_type=UPDATE");
    assert_eq!(ran.out.lines().filter(is_the_one).count(), 1, "{}", ran.out);
    assert!(ran.out.contains("approved  sent as UPDATE\n    now       sent as RESPONSE\n"), "{}", ran.out);
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
        ("-", "error: --trace - would mix the file with what is printed\n"),
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
    for sentence in ["expects 9 sends, there are 2", "expects 1 refusal for standby, there are 0"] {
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

/// The whole recording and its approved trace, whose app has lost the Human Agent feature since.
fn ungranted() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["manifest.toml", "deliveries.jsonl", "facts.jsonl", "approved.trace"] {
        fs::copy(first_steps().join(name), copy.path().join(name)).unwrap();
    }
    let manifest = copy.path().join("manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap().replace("human_agent = true", "human_agent = false");
    fs::write(&manifest, text.split_once("[expected]").unwrap().0).unwrap();
    copy
}

fn plain(ran: &Ran, copy: &Path) -> String {
    ran.out.replace(&copy.display().to_string(), "RECORDING")
}

#[test]
fn what_differs_is_told_in_groups_and_words() {
    let copy = ungranted();
    let ran = replay(copy.path(), &["--depth", "core"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    insta::assert_snapshot!("differences", plain(&ran, copy.path()));
}

#[test]
fn programs_get_the_differences_too() {
    let copy = ungranted();
    let report = replay(copy.path(), &["--depth", "core", "--json"]).json();
    let found = report["differences"].as_array().unwrap();
    let groups: Vec<&Value> = found.iter().map(|difference| &difference["group"]).collect();
    assert_eq!(groups, ["refusals", "states", "other", "other", "other"], "{report}");
    let first = &found[0];
    assert_eq!((&first["who"], &first["what"]), (&"A/c3".into(), &"message 1".into()));
    assert_eq!(
        (&first["approved"], &first["now"]),
        (&"sent as HUMAN_AGENT".into(), &"refused: human-agent-not-granted".into())
    );
    assert_eq!(report["report"]["differing_entries"].as_array().unwrap().len(), 5);
    assert_eq!((&report["same"], &report["lines_looked_at"]), (&false.into(), &342.into()), "{report}");
}

#[test]
fn filters_choose_what_is_compared_and_nothing_matched_is_never_green() {
    let copy = ungranted();
    let of = |more: &[&str]| {
        let mut arguments = vec!["--depth", "core", "--json"];
        arguments.extend(more);
        let ran = replay(copy.path(), &arguments);
        let found = if ran.code == Some(4) { 0 } else { ran.json()["differences"].as_array().unwrap().len() };
        (ran.code, found)
    };
    for (more, came) in [
        (&["--conversation", "A/c3", "--kind", "part-refused"][..], (Some(1), 1)),
        (&["--conversation", "A/c1"], (Some(0), 0)),
        (&["--page", "B"], (Some(0), 0)),
        (&["--where", "reason=human-agent-not-granted"], (Some(1), 1)),
        (&["--to", "072:00:00.000", "--kind", "send"], (Some(0), 0)),
        (&["--from", "2026-06-04", "--kind", "send-started"], (Some(1), 2)),
        (&["--conversation", "A/c77"], (Some(4), 0)),
        (&["--where", "reason=no-such-reason"], (Some(4), 0)),
    ] {
        assert_eq!(of(more), came, "{more:?}");
    }
    for (more, complaint) in [
        (&["--approve", "--page", "A"][..], "--approve is of the whole trace"),
        (&["--where", "reason"], "is no condition"),
        (&["--from", "2026-06-04", "--to", "2026-06-03"], "nothing lies between --from 2026-06-04"),
        (&["--from", "yesterday"], "010:00:00.000 of the trace"),
    ] {
        let ran = replay(copy.path(), more);
        assert_eq!(ran.code, Some(2), "{}", ran.out);
        assert!(ran.err.contains(complaint), "{}", ran.err);
    }
}

fn review(copy: &Path, answers: &str) -> Ran {
    let folder = copy.display().to_string();
    run_piped(&["--log-level", "error", "replay", &folder, "--depth", "core", "--review"], answers)
}

#[test]
fn conversations_are_accepted_one_by_one_and_the_rest_last() {
    let copy = ungranted();
    let kept = copy.path().join("approved.trace");
    let before = fs::read_to_string(&kept).unwrap();
    for answers in ["n\nn\n", "q\n", "", "perhaps\n"] {
        let ran = review(copy.path(), answers);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(ran.out.contains("nothing was accepted"), "{answers:?}: {}", ran.out);
        assert_eq!(fs::read_to_string(&kept).unwrap(), before, "{answers:?}");
    }
    let ran = review(copy.path(), "y\nn\n");
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    insta::assert_snapshot!("review", plain(&ran, copy.path()));
    let partly = fs::read_to_string(&kept).unwrap();
    assert!(partly.contains("reason=human-agent-not-granted") && partly.contains(" human_agent=true "), "{partly}");
    let left = replay(copy.path(), &["--depth", "core", "--json"]).json();
    let left: Vec<&Value> = left["differences"].as_array().unwrap().iter().map(|found| &found["who"]).collect();
    assert_eq!(left, [&Value::from("account"), &Value::Null], "what was accepted is accepted");
    let folder = copy.path().display().to_string();
    let filtered = ["--log-level", "error", "replay", &folder, "--depth", "core", "--review", "--kind", "configured"];
    let ran = run_piped(&filtered, "y\n");
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let partly = fs::read_to_string(&kept).unwrap();
    assert!(
        partly.contains(" human_agent=false ") && partly.contains("refusals                          1\n"),
        "{partly}"
    );
    let ran = review(copy.path(), "a\n");
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert_eq!(replay(copy.path(), &["--depth", "core"]).code, Some(0));
}

#[test]
fn every_recording_of_a_folder_is_run_and_a_folder_without_one_is_not_green() {
    let root = tempfile::tempdir().unwrap();
    for name in ["a/one", "b"] {
        let folder = root.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        for file in ["manifest.toml", "deliveries.jsonl", "facts.jsonl", "approved.trace"] {
            fs::copy(first_steps().join(file), folder.join(file)).unwrap();
        }
    }
    let ran = replay(root.path(), &["--depth", "core"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.ends_with("2 recordings: 2 as approved and expected, 0 not so\n"), "{}", ran.out);
    fs::remove_file(root.path().join("b/approved.trace")).unwrap();
    let ran = replay(root.path(), &["--depth", "core", "--json"]);
    let same: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["same"].clone()).collect();
    assert_eq!((ran.code, same), (Some(1), vec![true.into(), false.into()]));
    let file = root.path().join("replay.xml");
    let ran = replay(root.path(), &["--depth", "core", "--junit", &file.display().to_string()]);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(text.contains("<testsuites name=\"pagedesk replay\" tests=\"26\" failures=\"1\">"), "{text}");
    assert!(text.contains("<failure message=\"there is no approved trace yet\">"), "{text}");
    let ran = replay(root.path(), &["--trace", "x"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    fs::create_dir(root.path().join("empty")).unwrap();
    assert_eq!(replay(&root.path().join("empty"), &[]).code, Some(5));
}

#[test]
fn two_traces_are_compared_without_a_recording() {
    let copy = ungranted();
    let [before, now] = ["approved.trace", "now.trace"].map(|name| copy.path().join(name).display().to_string());
    replay(copy.path(), &["--depth", "core", "--trace", &now]);
    let diff = |more: &[&str]| {
        let mut arguments = vec!["replay", "diff", &before, &now];
        arguments.extend(more);
        run(&arguments)
    };
    let ran = diff(&["--kind", "part-refused"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("message 1\n    approved  sent as HUMAN_AGENT\n    now       refused: "), "{}", ran.out);
    assert_eq!(diff(&["--json"]).json()["differences"].as_array().unwrap().len(), 5);
    assert_eq!(diff(&["--page", "B"]).code, Some(0));
    assert_eq!(diff(&["--page", "Z"]).code, Some(4));
    assert_eq!(run(&["replay", "diff", &before, &before]).code, Some(0));
    let manifest = copy.path().join("manifest.toml").display().to_string();
    let ran = run(&["replay", "diff", &before, &manifest]);
    assert_eq!(ran.code, Some(5), "{}", ran.out);
    assert!(ran.err.contains("line 1: a trace begins with"), "{}", ran.err);
}

#[test]
fn the_machines_alone_come_to_the_trace_of_the_actors() {
    let ran = replay(&first_steps(), &["--depth", "core", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.json()["same"], true);
}

#[test]
fn two_editions_are_compared_message_by_message() {
    let folder = first_steps().display().to_string();
    let both = ["replay", &folder, "--policy", "2020-01-15", "--policy", "2026-04-27"];
    let ran = run(&both);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(
        ran.out.ends_with("0 of 9 messages have another fate under 2026-04-27 than under 2020-01-15\n"),
        "{}",
        ran.out
    );
    let report = run(&[&both[..], &["--json"]].concat()).json();
    assert_eq!((&report["messages"], &report["counts"][1]["sends"]), (&9.into(), &8.into()), "{report}");
    let one = run(&[&both[..], &["--conversation", "A/c3"]].concat());
    assert!(one.out.contains("0 of 2 messages"), "{}", one.out);
    assert_eq!(run(&[&both[..], &["--conversation", "A/c77"]].concat()).code, Some(4));
    let under = run(&["replay", &folder, "--policy", "2020-01-15", "--json"]);
    assert_eq!(under.code, Some(1), "{}", under.err);
    let found = under.json()["differences"].clone();
    let what: Vec<&Value> = found.as_array().unwrap().iter().map(|found| &found["what"]).collect();
    assert_eq!(what, ["edition"], "{found}");
    let ran = run(&["replay", &folder, "--policy", "2020-01-16"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
}

/// An answer 26 h after a message that followed a click on an ad. Under the rules of a day Meta judges by that day, too.
#[test]
fn an_edition_that_turns_a_fate_is_told_with_the_message() {
    let dir = tempfile::tempdir().unwrap();
    let (wrote_at, hour) = (1_780_300_800_000_i64, 3_600_000);
    let referral = r#""referral":{"source":"ADS","type":"OPEN_THREAD","ad_id":"6001"}"#;
    let body = format!(
        r#"{{"object":"page","entry":[{{"id":"104000000000017","time":{wrote_at},"messaging":[{{"sender":{{"id":"7100000000000001"}},"recipient":{{"id":"104000000000017"}},"timestamp":{wrote_at},"message":{{"mid":"m_1","text":"Is it warm?",{referral}}}}}]}}]}}"#
    );
    let delivery = serde_json::json!({"at": wrote_at, "body": body});
    let fact = serde_json::json!({"at": wrote_at + 26 * hour, "page": "104000000000017", "psid": "7100000000000001",
        "by": "Ada", "text": "It is.", "audience": "customer"});
    let manifest = "format = 2\ntitle = \"By an ad\"\nprovenance = \"synthetic\"\napp_id = \"990017\"\n\
                    human_agent = false\n\n[[pages]]\nid = \"104000000000017\"\nname = \"Quayside Bakery\"\n";
    for (file, text) in [
        ("manifest.toml", manifest.to_owned()),
        ("deliveries.jsonl", format!("{delivery}\n")),
        ("facts.jsonl", format!("{fact}\n")),
    ] {
        fs::write(dir.path().join(file), text).unwrap();
    }
    let ran = run(&["replay", &dir.path().display().to_string(), "--policy", "2026-04-27", "--policy", "2026-09-28"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.out.contains("1 of 1 message has another fate under 2026-09-28 than under 2026-04-27"), "{}", ran.out);
    assert!(
        ran.out.contains("refused: human-agent-not-granted") && ran.out.contains("sent as RESPONSE"),
        "{}",
        ran.out
    );
}

#[test]
fn a_store_is_decided_again_and_tells_why() {
    let dir = tempfile::tempdir().unwrap();
    let (at, recording) = (dir.path().display().to_string(), first_steps().display().to_string());
    let played = run(&["--log-level", "error", "sandbox", "--play", &recording, "--exit", "--json", "--dir", &at]);
    assert_eq!(played.code, Some(0), "{} {}", played.out, played.err);
    let before: Vec<(String, Vec<u8>)> = files(dir.path());
    let ran = run(&["replay", "--from-journal", &at]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains(" decisions were made again, 0 come out otherwise\n"), "{}", ran.out);
    let report = run(&["replay", "--from-journal", &at, "--json"]).json();
    assert!(report["count"]["decisions"].as_u64().unwrap() > 100, "{report}");
    assert_eq!((&report["same"], &report["count"]["left_out"]), (&true.into(), &0.into()), "{report}");
    let ran = run(&["why", "--dir", &at, "104000000000017/7100000000000004"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("PERMIT MESSAGE_TAG HUMAN_AGENT") && !ran.out.contains("Sorry"), "{}", ran.out);
    let told = run(&["why", "--dir", &at, "104000000000017/7100000000000004", "--json"]).json();
    assert_eq!(told[0]["why"]["verdict"], "permit", "{told}");
    assert_eq!(run(&["why", "--dir", &at, "104000000000017/9"]).code, Some(4));
    assert_eq!(files(dir.path()), before, "nothing is written into the store");
    let empty = tempfile::tempdir().unwrap();
    for command in [&["replay", "--from-journal"][..], &["why", "m_1", "--dir"]] {
        let ran = run(&[command, &[&empty.path().display().to_string()]].concat());
        assert_eq!(ran.code, Some(3), "{}", ran.err);
    }
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn deliveries_are_posted_to_a_running_node_and_what_it_did_not_take_is_no_success() {
    let copy = copied();
    let dir = tempfile::tempdir().unwrap();
    let mut node =
        Beside::start(&["--log-level", "error", "sandbox", "--json", "--dir", &dir.path().display().to_string()]);
    let addresses: Value = serde_json::from_str(&node.line()).unwrap();
    let url = addresses["webhook"].as_str().unwrap();
    let secret = copy.path().join("secret");
    let live = |url: &str, more: &[&str]| {
        let mut arguments = vec!["--live", url, "--speed", "1000000"];
        arguments.extend(more);
        replay(copy.path(), &arguments)
    };
    assert_eq!(live(url, &[]).code, Some(3), "there is no secret");
    let file = secret.display().to_string();
    fs::write(&secret, "sandbox-app-secret\n").unwrap();
    let ran = live(url, &["--secret-file", &file]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    let deliveries = fs::read_to_string(copy.path().join("deliveries.jsonl")).unwrap().lines().count();
    assert!(ran.out.contains(&format!("  {deliveries} of {deliveries} deliveries were taken")), "{}", ran.out);
    assert!(ran.out.contains("comments of agents have no door here"), "{}", ran.out);
    fs::write(&secret, "another secret").unwrap();
    let report = live(url, &["--secret-file", &file, "--json"]);
    assert_eq!(report.code, Some(1), "{}", report.out);
    assert_eq!(report.json()["live"]["refused"].as_array().unwrap().len(), deliveries);
    assert_eq!(live("http://127.0.0.1:9/webhook", &["--secret-file", &file]).code, Some(6));
    assert_eq!(live("https://127.0.0.1/webhook", &["--secret-file", &file]).code, Some(2));
}

#[test]
fn a_report_holds_what_is_looked_at_and_nothing_else() {
    let copy = copied();
    let html = copy.path().join("report.html");
    let at = html.display().to_string();
    let ran = replay(copy.path(), &["--conversation", "A/c1", "--html", &at]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let file = fs::read_to_string(&html).unwrap();
    let data = file.split_once("type=\"application/json\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: Value = serde_json::from_str(data).unwrap();
    let of = |key: &str| data[0][key].as_array().unwrap().clone();
    for of_it in [of("entries"), of("windows")] {
        assert!(!of_it.is_empty() && of_it.iter().all(|one| one["who"] == "A/c1"), "{of_it:?}");
    }
    fs::remove_file(&html).unwrap();
    let ran = replay(copy.path(), &["--conversation", "A/c77", "--html", &at]);
    assert_eq!((ran.code, html.exists()), (Some(4), false), "{}", ran.err);
    let ran = replay(copy.path(), &["--policy", "2020-01-15", "--policy", "2026-04-27", "--html", &at]);
    assert_eq!((ran.code, html.exists()), (Some(2), false), "{}", ran.err);
}
