//! A recording played against the whole product, and what the journal commands show of it afterwards and meanwhile.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use program::{Beside, Ran, first_steps, run};
use serde_json::Value;

fn play(dir: &str) -> Ran {
    let recording = first_steps().display().to_string();
    run(&["--log-level", "warn", "sandbox", "--play", &recording, "--exit", "--json", "--dir", dir])
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_recording_comes_to_what_its_manifest_says_and_its_journal_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display().to_string();
    let played = play(&at);
    assert_eq!(played.code, Some(0), "{} {}", played.out, played.err);
    let mut report = played.json();
    assert!(report.as_object_mut().unwrap().remove("elapsed_ms").unwrap().is_u64());
    insta::assert_json_snapshot!(report);
    verifies(&at);
    counts(&at);
    cats(&at);
    let again = play(&at);
    assert_eq!((again.code, again.out.as_str()), (Some(3), ""), "{}", again.err);
    assert!(again.err.contains("holds a store already"), "{}", again.err);
}

fn verifies(at: &str) {
    let ran = run(&["journal", "verify", "--dir", at]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    assert!(ran.out.ends_with("everything agrees\n"), "{}", ran.out);
    let json = run(&["journal", "verify", "--dir", at, "--json"]).json();
    assert_eq!((&json["sound"], &json["journal"]["open_effects"]), (&Value::from(true), &Value::from(0)));
}

fn counts(at: &str) {
    let json = run(&["journal", "stats", "--dir", at, "--json"]).json();
    // Six conversations, two Pages, the Page that nobody configured, the place of what names no Page, the account.
    assert_eq!(json["journal"]["machines"], 11);
    assert!(json["inbox"]["last_seq"].as_u64().unwrap() >= 28, "{json}");
    let told = run(&["journal", "stats", "--dir", at]).out;
    assert!(told.contains("journal  machines                       11  accounts, Pages and conversations\n"), "{told}");
}

fn cats(at: &str) {
    let everything = run(&["journal", "cat", "--dir", at]);
    assert_eq!(everything.code, Some(0));
    assert!(
        everything.out.contains(" c/104000000000017/7100000000000001 #1     received-message "),
        "{}",
        everything.out
    );
    for secret in ["Sunday", "Lindqvist", "cdn.example", "sourdough"] {
        assert!(!everything.out.contains(secret), "{secret}");
    }
    let machine = "c/104000000000017/7100000000000001";
    let revealed = run(&["journal", "cat", "--dir", at, "--machine", machine, "--json", "--reveal"]);
    let records = lines(&revealed.out);
    assert_eq!(records[0]["kind"], "received-message");
    assert_eq!(records[0]["body"]["text"], "Hello, are you open on Sunday?");
    assert!(records.iter().all(|record| record["machine"] == machine));
    let numbers: Vec<u64> = records.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let masked = lines(&run(&["journal", "cat", "--dir", at, "--machine", machine, "--json"]).out);
    assert_eq!(masked[0]["body"]["text"], "‹redacted›");
    let some = lines(&run(&["journal", "cat", "--dir", at, "--from", "3", "--to", "5", "--json"]).out);
    assert!(some.iter().all(|record| (3..=5).contains(&record["position"].as_u64().unwrap())), "{some:?}");
    let none = run(&["journal", "cat", "--dir", at, "--machine", "c/nobody"]);
    assert_eq!((none.code, none.out.as_str()), (Some(4), ""));
}

#[test]
fn a_sandbox_prints_where_it_is_and_its_journal_is_read_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display().to_string();
    let mut sandbox = Beside::start(&["--log-level", "warn", "sandbox", "--json", "--dir", &at]);
    let addresses: Value = serde_json::from_str(&sandbox.line()).unwrap();
    for door in ["facebook", "desk", "webhook"] {
        assert!(addresses[door].as_str().unwrap().starts_with("http://127.0.0.1:"), "{addresses}");
    }
    assert_eq!(addresses["login"], "ada");
    assert!(addresses["password"].as_str().unwrap().len() >= 20);
    let ran = run(&["journal", "verify", "--dir", &at]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    assert_eq!(sandbox.terminate(), Some(0));
}

/// What the counters are for: each of them sees the fault that it names.
#[cfg(feature = "failpoints")]
mod faults {
    use super::*;

    fn play_with(points: &str) -> Ran {
        let recording = first_steps().display().to_string();
        let arguments = ["--log-level", "error", "sandbox", "--play", &recording, "--exit", "--json"];
        program::run_with(&arguments, &[("FAILPOINTS", points)])
    }

    #[test]
    fn an_acknowledged_delivery_that_is_dropped_is_counted_as_lost() {
        // The third delivery: nothing repeats what is in it.
        let ran = play_with("accept-forgets=2*off->1*return");
        assert_eq!(ran.code, Some(1), "{} {}", ran.out, ran.err);
        let report = ran.json();
        assert_eq!(report["policy_violations"], 0, "{report}");
        // The item is not in the journal and its text not in the desk.
        assert_eq!(report["lost"], 2, "{report}");
    }

    #[test]
    fn a_send_that_comes_too_late_is_counted_as_a_violation() {
        // The last send: no later step of the recording is upset by the day that passed.
        let ran = play_with("policy-ignores-window=7*off->1*return");
        assert_eq!(ran.code, Some(1), "{} {}", ran.out, ran.err);
        let report = ran.json();
        assert_eq!((&report["policy_violations"], &report["lost"]), (&Value::from(1), &Value::from(0)), "{report}");
    }
}
