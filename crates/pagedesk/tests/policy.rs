//! `pagedesk policy` as the real binary: verdicts from facts, faults of facts, the comparison with the oracle.

mod program;

use std::fs;
use std::path::Path;

use program::{run, run_piped};

const FACTS: &str =
    r#"{"author":"agent","human_agent_feature":true,"openers":{"last_message_at":"2026-06-01T08:00:00Z"}}"#;

#[test]
fn help_shows_what_the_policy_can_be_asked() {
    let asked: [&[&str]; 4] = [
        &["policy", "--help"],
        &["policy", "show", "--help"],
        &["policy", "explain", "--help"],
        &["policy", "fuzz", "--help"],
    ];
    let pages = asked.map(|arguments| run(arguments).out);
    insta::assert_snapshot!(pages.join("\n--------\n\n"));
}

#[test]
fn facts_come_from_standard_input_or_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("facts.json").display().to_string();
    fs::write(&file, FACTS).unwrap();
    let at = ["policy", "explain", "--at", "2026-06-03T08:00:00Z"];
    let from_pipe = run_piped(&at, FACTS);
    assert_eq!((from_pipe.code, from_pipe.err.as_str()), (Some(0), ""));
    assert!(
        from_pipe.out.contains("\nPERMIT MESSAGE_TAG HUMAN_AGENT until 2026-06-08T07:55:00.000Z"),
        "{}",
        from_pipe.out
    );
    assert_eq!(run_piped(&[&at[..], &["-"]].concat(), FACTS).out, from_pipe.out);
    assert_eq!(run(&[&at[..], &[&file]].concat()).out, from_pipe.out);
}

#[test]
fn a_day_is_its_first_instant_and_another_edition_is_a_what_if() {
    let json = |arguments: &[&str]| run_piped(&[&["policy", "explain", "--json"], arguments].concat(), FACTS).json();
    assert_eq!(json(&["--at", "2026-06-03"]), json(&["--at", "2026-06-03T00:00:00.000Z"]));
    assert_eq!(json(&["--at", "2026-06-03"]), json(&["--at", "1780444800000"]));
    let what_if = json(&["--at", "2026-06-03", "--edition", "2020-01-15"]);
    assert_eq!((&what_if["edition"], &what_if["in_force"]), (&"2020-01-15".into(), &"2026-04-27".into()));
}

#[test]
fn facts_that_cannot_be_read_end_with_a_code_of_their_own() {
    let ran =
        run_piped(&["policy", "explain"], "{\n  \"author\": \"agent\",\n  \"openers\": {\"last_mesage_at\": 1}\n}");
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""));
    let place = "error: standard input, line 3, column 30, field `openers.last_mesage_at`: there is no \
                 `last_mesage_at` here: `last_action_at`, `last_message_at`, `ad_message_at` can stand here";
    assert!(ran.err.starts_with(place), "{}", ran.err);
    assert!(ran.err.contains("what to do: docs/format/policy-facts.md"), "{}", ran.err);
    let ran = run(&["policy", "explain", "/nowhere/facts.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""));
    assert!(ran.err.starts_with("error: /nowhere/facts.json: No such file"), "{}", ran.err);
}

#[test]
fn what_cannot_be_asked_is_usage() {
    for (arguments, complaint) in [
        (&["policy", "explain", "--at", "yesterday"][..], "is no instant"),
        (&["policy", "explain", "--edition", "2026-01-01"], "2020-01-15 2026-04-27 2026-09-28"),
        (&["policy", "show", "--at", "2026-13-01"], "is no instant"),
        (&["policy", "show", "--at", "1969-12-31"], "is before 1970"),
        (&["policy", "explain", "--at=-5"], "is before 1970"),
        (&["policy", "fuzz"], "--minutes"),
        (&["policy", "fuzz", "--minutes", "1", "--cases", "1"], "cannot be used with"),
        (&["policy", "fuzz", "--cases", "0"], "0 is not in"),
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.err.contains(complaint), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn the_rules_of_a_day_are_shown() {
    let last_day = run(&["policy", "show", "--at", "2026-04-26"]);
    assert!(last_day.out.starts_with("edition 2020-01-15, in force from 2020-01-15T00:00:00.000Z until 2026-04-27"));
    assert!(last_day.out.contains("update-tags") && !last_day.out.contains("retired-tags"), "{}", last_day.out);
    let json = run(&["policy", "show", "--at", "2026-04-27", "--json"]).json();
    assert_eq!(json["edition"], "2026-04-27");
    assert_eq!(json["rules"].as_array().unwrap().len(), 8);
}

#[test]
fn before_the_first_edition_there_is_none() {
    let said = "error: no edition was in force at 2020-01-14T00:00:00.000Z: the first that this build knows is 2020-01-15, \
                from 2020-01-15T00:00:00.000Z on\n  what to do: ";
    for asked in [&["policy", "show"][..], &["policy", "show", "--json"], &["policy", "explain"]] {
        let ran = run_piped(&[asked, &["--at", "2020-01-14"]].concat(), FACTS);
        assert_eq!((ran.code, ran.out.as_str()), (Some(4), ""), "{asked:?}");
        assert!(ran.err.starts_with(said), "{}", ran.err);
    }
    let what_if = ["policy", "explain", "--at", "2020-01-14", "--edition", "2020-01-15"];
    let ran = run_piped(&what_if, FACTS);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("(a what-if: no edition was in force then)"), "{}", ran.out);
    let json = run_piped(&[&what_if[..], &["--json"]].concat(), FACTS).json();
    assert_eq!((&json["edition"], &json["in_force"]), (&"2020-01-15".into(), &serde_json::Value::Null));
}

/// A configuration that a node could run on, with these days for the editions.
fn configured(dir: &Path, more: &str) -> String {
    let file = dir.join("pagedesk.toml");
    let text = format!(
        "[store]\ndir = \"store\"\n[meta]\napp_id = \"990017\"\napp_secrets = [\"sixteen-letters-\"]\n\
         verify_tokens = [\"v3rify\"]\n[[page]]\nid = \"104000000000017\"\nname = \"Quayside Bakery\"\n{more}"
    );
    fs::write(&file, text).expect("a folder of the test takes a file");
    file.display().to_string()
}

#[test]
fn an_edition_is_in_force_from_the_day_that_is_configured() {
    let dir = tempfile::tempdir().unwrap();
    let days = "[policy.effective_from]\n2020-01-15 = \"2020-03-04\"\n\"2026-04-27\" = 2026-05-11\n";
    let config = configured(dir.path(), days);
    let as_flags = ["--effective-from", "2020-01-15=2020-03-04", "--effective-from", "2026-04-27=2026-05-11"];
    for dated in [&["--config", &config][..], &as_flags] {
        let show = |at: &str| run(&[&["policy", "show", "--at", at], dated].concat());
        let before = show("2020-03-03T23:59:59.999Z");
        assert_eq!((before.code, before.out.as_str()), (Some(4), ""), "{}", before.err);
        assert!(before.err.contains("is 2020-01-15, from 2020-03-04T00:00:00.000Z on"), "{}", before.err);
        let first = show("2026-05-10T23:59:59.999Z").out;
        let head = "edition 2020-01-15, in force from 2020-03-04T00:00:00.000Z until 2026-05-11T00:00:00.000Z\n\
                    not from the day of its name, but from the one that is configured\n";
        assert!(first.starts_with(head) && first.contains("update-tags"), "{first}");
        let second = show("2026-05-11").out;
        assert!(second.starts_with("edition 2026-04-27, in force from 2026-05-11") && second.contains("retired-tags"));
        let last = "Editions of this build: 2020-01-15 (from 2020-03-04), 2026-04-27 (from 2026-05-11), 2026-09-28\n";
        assert!(second.ends_with(last), "{second}");
        let tagged = r#"{"author":"automation","tag":"account_update","openers":{"last_message_at":"2026-04-01"}}"#;
        let explain =
            |at: &str| run_piped(&[&["policy", "explain", "--json", "--at", at], dated].concat(), tagged).json();
        let (day, end) = (explain("2026-05-10"), explain("2026-05-11"));
        assert_eq!((&day["verdict"], &day["edition"]), (&"permit".into(), &"2020-01-15".into()));
        assert_eq!(day["until"], 1_778_457_600_000_i64, "2026-05-11T00:00:00Z");
        assert_eq!(day["changes_at"], day["until"]);
        assert_eq!((&end["reason"], &end["edition"]), (&"tag-retired".into(), &"2026-04-27".into()));
    }
    let json = run(&[&["policy", "show", "--at", "2026-06-01", "--json"], &as_flags[..]].concat()).json();
    assert_eq!(json["effective_from"], serde_json::json!({ "2020-01-15": "2020-03-04", "2026-04-27": "2026-05-11" }));
    let shown = run(&["config", "show", "--config", &config]).out;
    let line = "[policy]\neffective_from = { \"2020-01-15\" = \"2020-03-04\", \"2026-04-27\" = \"2026-05-11\" }  # ";
    assert!(shown.contains(line), "{shown}");
}

#[test]
fn days_that_cannot_be_are_refused_at_their_line() {
    let dir = tempfile::tempdir().unwrap();
    let table = |lines: &str| configured(dir.path(), &format!("[policy.effective_from]\n{lines}\n"));
    let faults = [
        ("2020-01-16 = \"2020-03-04\"", "`policy.effective_from.2020-01-16`: \"2020-01-16\" is not a policy edition"),
        (
            "2020-01-15 = \"2020-02-30\"",
            "`policy.effective_from.2020-01-15`: \"2020-02-30\" is not a day of the calendar",
        ),
        ("2020-01-15 = 20200304", "`policy.effective_from.2020-01-15`: must be a day in quotes"),
        (
            "2026-09-28 = \"2026-04-27\"",
            "`policy.effective_from`: edition 2026-09-28 would begin on 2026-04-27, and the one before it, 2026-04-27, on \
             2026-04-27: each must begin on a later day",
        ),
    ];
    for (lines, fault) in faults {
        let config = table(lines);
        for asked in [&["serve", "--check"][..], &["policy", "show"]] {
            let ran = run(&[asked, &["--config", &config]].concat());
            assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{asked:?} {lines}: {}", ran.err);
            assert!(ran.err.contains("pagedesk.toml:") && ran.err.contains(fault), "{}", ran.err);
        }
    }
    let line = ["--set", "policy.effective_from=2020-01-15=2020-03-04, 2026-09-28=2020-03-04"];
    let ran = run(&[&["config", "show", "--config", &configured(dir.path(), "")], &line[..]].concat());
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("--set policy.effective_from") && ran.err.contains("a later day"), "{}", ran.err);
    for (flag, fault) in [
        ("2020-01-15", "EDITION=DAY"),
        ("2020-01-16=2020-03-04", "not a policy edition of this build"),
        ("2020-01-15=2020-3-4", "not a day of the calendar"),
        ("2020-01-15=2027-01-01", "each must begin on a later day than the one before it"),
    ] {
        let ran = run(&["policy", "show", "--effective-from", flag]);
        assert_eq!(ran.code, Some(2), "{flag}: {}", ran.err);
        assert!(ran.err.contains(fault), "{}", ran.err);
    }
}

#[test]
fn policy_and_oracle_agree_over_a_seed_and_the_same_seed_prints_the_same() {
    let round = |more: &[&str]| run(&[&["policy", "fuzz", "--seed", "7", "--cases", "20000"], more].concat());
    let ran = round(&[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    insta::assert_snapshot!(ran.out);
    assert_eq!(round(&[]).out, ran.out);
    let json = round(&["--json"]).json();
    assert_eq!((&json["seed"], &json["cases"], &json["agree"]), (&7.into(), &20_000.into(), &true.into()));
    assert_eq!(json["unreached"].as_array().unwrap().len(), 0);
}

#[test]
fn a_round_that_was_too_short_says_what_it_did_not_reach() {
    let ran = run(&["policy", "fuzz", "--seed", "7", "--cases", "3"]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.out.contains("0  NOT REACHED\n") && ran.out.contains("NOT REACHED, and so not compared: "),
        "{}",
        ran.out
    );
    let json = run(&["policy", "fuzz", "--cases", "3", "--json"]).json();
    assert!(json["unreached"].as_array().unwrap().len() > 20 && json["seed"].is_u64(), "{json}");
}

#[test]
fn every_example_of_the_documentation_works_as_it_is_written() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/format/policy-facts.md");
    let page = fs::read_to_string(page).unwrap();
    let examples: Vec<_> = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() > 1, "the page has examples");
    for example in &examples {
        let ran = run_piped(&["policy", "explain", "--at", "2026-06-03"], example);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{example}");
    }
    let shown =
        page.split("```console\n$ pagedesk policy explain --at 2026-06-03T08:00:00Z facts.json\n").nth(1).unwrap();
    let ran = run_piped(&["policy", "explain", "--at", "2026-06-03T08:00:00Z"], examples[0]);
    assert_eq!(shown.split("```").next().unwrap(), ran.out);
}
