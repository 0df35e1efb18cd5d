//! `pagedesk dead-letter` against a sandbox: what was not sent is listed, exported, sent again and left.
//!
//! Needs `bash`, `curl` and `openssl`, as the page of the API does.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::process::Command;

use program::{Beside, Ran, run, run_with};
use serde_json::Value;

const PAGE: &str = "104000000000017";
const MESSAGE: &str = "c/104000000000017/5550001/1";

/// How often it is asked for what comes by itself, a minute's worth.
const TRIES: usize = 600;

/// A sandbox with a customer whom its stand-in does not know: whatever is sent to them fails.
struct Sandbox {
    _program: Beside,
    desk: String,
}

impl Sandbox {
    fn start() -> Self {
        let mut program = Beside::start(&["--log-level", "warn", "sandbox", "--json"]);
        let addresses: Value = serde_json::from_str(&program.line()).unwrap();
        let door = |name: &str| addresses[name].as_str().unwrap().split('/').nth(2).unwrap().to_owned();
        let (webhook, desk) = (door("webhook"), door("desk"));
        let write = format!(
            r#"BODY='{{"object":"page","entry":[{{"id":"{PAGE}","time":0,"messaging":[{{"sender":{{"id":"5550001"}},"recipient":{{"id":"{PAGE}"}},"timestamp":'$(date +%s000)',"message":{{"mid":"m_1","text":"Open on Sunday?"}}}}]}}]}}'
            SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac sandbox-app-secret -r | cut -d' ' -f1)
            curl -s http://{webhook}/webhook -H "X-Hub-Signature-256: sha256=$SIGNATURE" -d "$BODY""#
        );
        assert_eq!(shell(&write), "ok");
        let send = format!(
            "curl -s -o /dev/null -w '%{{http_code}}' http://{desk}/api/v1/conversations/{PAGE}/5550001/messages \
             -H 'Content-Type: application/json' -H 'Idempotency-Key: order-7' -d '{{\"text\":\"Your order is on its way.\"}}'"
        );
        until(|| shell(&send) == "201");
        Self { _program: program, desk: format!("http://{desk}") }
    }

    fn asks(&self, arguments: &[&str]) -> Ran {
        run_with(&[&["dead-letter"], arguments].concat(), &[("PAGEDESK_URL", &self.desk)])
    }
}

fn shell(line: &str) -> String {
    String::from_utf8(Command::new("bash").args(["-c", line]).output().unwrap().stdout).unwrap()
}

fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..TRIES {
        if done() {
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    panic!("it never came");
}

/// Without the instant.
fn timeless(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.ends_with('Z') && word.contains('T') { "INSTANT" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_not_sent_is_listed_exported_sent_again_and_left() {
    let sandbox = Sandbox::start();
    until(|| {
        sandbox.asks(&["list", "--state", "failed", "--json"]).json()["dead_letters"].as_array().unwrap().len() == 1
    });
    let listed = sandbox.asks(&["list", "--text"]);
    assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(timeless(&listed.out), @r"
    c/104000000000017/5550001/1  failed  customer-unknown  INSTANT by anybody
        Your order is on its way.
        Facebook refused it: customer unknown. This Page cannot write to this customer. Leave it.
    1 message
    ");
    assert!(!sandbox.asks(&["list"]).out.contains("on its way"), "what it says is shown where that is asked for");
    assert_eq!(sandbox.asks(&["list", "--state", "refused"]).out, "No message waits for a decision.\n");
    assert_eq!(
        sandbox.asks(&["list", "--reason", "customer-unknown", "--page", PAGE]).out.lines().last(),
        Some("1 message")
    );

    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("not-sent.jsonl");
    let exported = sandbox.asks(&["export", "--out", out.to_str().unwrap()]);
    assert_eq!((exported.code, exported.out.as_str()), (Some(0), ""));
    let line: Value = serde_json::from_str(std::fs::read_to_string(&out).unwrap().trim_end()).unwrap();
    assert_eq!((line["id"].as_str(), line.get("text")), (Some(MESSAGE), None));
    assert!(line["attempts"][0]["fbtrace_id"].is_string(), "{line}");
    assert!(sandbox.asks(&["export", "--text"]).out.contains("on its way"));

    let again = sandbox.asks(&["retry", MESSAGE, "--by", "Ida"]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    until(|| {
        sandbox.asks(&["list", "--json"]).json()["dead_letters"][0]["attempts"]
            .as_array()
            .is_some_and(|attempts| attempts.len() == 2)
    });
    let left = sandbox.asks(&["skip", MESSAGE, "--json"]);
    assert_eq!((left.code, left.json()["state"].as_str()), (Some(0), Some("left unsent")));
    until(|| sandbox.asks(&["list"]).out == "No message waits for a decision.\n");
    let twice = sandbox.asks(&["skip", MESSAGE]);
    assert_eq!(twice.code, Some(1), "{}", twice.err);
    let unknown = sandbox.asks(&["retry", "c/104000000000017/5550009/1"]);
    assert!(matches!(unknown.code, Some(1 | 4)), "{:?} {}", unknown.code, unknown.err);
}

#[test]
fn what_cannot_be_asked_says_why_and_what_to_do() {
    let told = |arguments: &[&str], code: i32| {
        let ran = run(&[&["dead-letter"], arguments].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.err);
        ran.err
    };
    assert!(
        told(&["list", "--url", "http://127.0.0.1:9"], 6).contains("no node can be reached at http://127.0.0.1:9/")
    );
    assert!(told(&["list", "--url", "127.0.0.1:8081"], 2).contains("is no address of a node"));
    assert!(told(&["skip", "5550001"], 2).contains("c/PAGE/PSID/PART"));
    assert!(told(&["list", "--token-file", "/nowhere/token"], 3).contains("/nowhere/token cannot be read"));
    assert!(told(&["export", "--out", "/"], 3).contains("is a folder"));
}
