//! A sandbox in a folder of its own: what it knows again when it is started again, after an orderly end and after none.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use program::{Beside, run};
use serde_json::{Value, json};

const BAKERY: &str = "104000000000017";

/// A running sandbox and where it is.
struct Sandbox {
    program: Beside,
    addresses: Value,
}

impl Sandbox {
    fn start(dir: &Path) -> Self {
        let dir = dir.display().to_string();
        let mut program = Beside::start(&["--log-level", "warn", "sandbox", "--json", "--dir", &dir]);
        let addresses = serde_json::from_str(&program.line()).unwrap();
        Self { program, addresses }
    }

    /// An order to the stand-in.
    fn order(&self, order: &str, body: &Value) -> Value {
        self.ask("facebook", "POST", &format!("_control/{order}"), Some(body))
    }

    fn state(&self) -> Value {
        self.ask("facebook", "GET", "_control/state", None)
    }

    fn ask(&self, door: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.tried(door, method, path, body).unwrap_or_else(|answer| panic!("{method} {path}: {answer}"))
    }

    /// The answer in JSON, or the whole of one that is no success.
    fn tried(&self, door: &str, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let url = self.addresses[door].as_str().unwrap();
        let address = url.strip_prefix("http://").unwrap().trim_end_matches('/');
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{method} /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        if !head.starts_with("HTTP/1.1 2") {
            return Err(answer);
        }
        Ok(serde_json::from_str(text).unwrap_or_else(|fault| panic!("{fault} in {answer}")))
    }

    fn writes(&self, psid: &str, text: &str) -> Value {
        let what = json!({"kind": "message", "text": text});
        self.order("happen", &json!({"page": BAKERY, "psid": psid, "what": what}))
    }

    /// The agent answers, and the customer's thread has it.
    fn answers(&self, psid: &str, text: &str) {
        let conversation = format!("api/v1/conversations/{BAKERY}/{psid}");
        let task = loop {
            let known = self.tried("desk", "GET", &conversation, None).unwrap_or_default();
            if let Some(task) = known["task"].as_str() {
                break task.to_owned();
            }
        };
        let comment = json!({"text": text, "audience": "customer", "by": "Ada Osei"});
        self.ask("desk", "POST", &format!("api/v1/tasks/{task}/comments"), Some(&comment));
        while !texts(&self.state()["bubbles"]).contains(&text.to_owned()) {}
    }

    /// What the stand-in knows is on the disk.
    fn settles(&self) {
        self.order("quiet", &json!({}));
    }
}

fn texts(lines: &Value) -> Vec<String> {
    lines.as_array().unwrap().iter().filter_map(|line| Some(line["text"].as_str()?.to_owned())).collect()
}

fn ids(state: &Value) -> Vec<String> {
    let lines =
        state["customers"].as_array().unwrap().iter().flat_map(|customer| customer["wrote"].as_array().unwrap());
    lines.chain(state["bubbles"].as_array().unwrap()).map(|line| line["mid"].to_string()).collect()
}

#[test]
fn a_sandbox_that_is_started_again_knows_its_customers() {
    let dir = tempfile::tempdir().unwrap();
    let first = Sandbox::start(dir.path());
    first.settles();
    let opened = first.state();
    assert_eq!(opened["customers"].as_array().unwrap().len(), 3, "{opened}");
    let mara = opened["customers"].as_array().unwrap().iter().find(|customer| customer["name"] == "Mara Lindqvist");
    let mara = mara.unwrap()["psid"].as_str().unwrap().to_owned();
    first.answers(&mara, "From eight to noon.");
    first.order("clock", &json!({"advance_ms": 3_600_000}));
    first.settles();
    let before = first.state();
    assert_eq!(first.program.terminate(), Some(0));

    let second = Sandbox::start(dir.path());
    let after = second.state();
    for part in ["customers", "bubbles", "posts"] {
        assert_eq!(after[part], before[part], "{part}");
    }
    assert!(after["now"].as_i64() >= before["now"].as_i64(), "a clock that was moved stays so");
    second.answers(&mara, "And on Saturday from seven.");
    second.writes(&mara, "Thank you!");
    second.settles();
    let state = second.state();
    assert_eq!(texts(&state["bubbles"]), ["From eight to noon.", "And on Saturday from seven."]);
    assert_eq!(state["violations"], json!([]));
    let mut ids = ids(&state);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "no id is given again");
    assert_eq!(second.program.terminate(), Some(0));
}

#[test]
fn a_sandbox_that_is_started_again_is_where_it_was_and_says_so_where_it_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let first = Sandbox::start(dir.path());
    let doors = |sandbox: &Sandbox| ["facebook", "desk", "webhook"].map(|door| sandbox.addresses[door].clone());
    let before = doors(&first);
    assert_eq!(first.program.terminate(), Some(0));
    let second = Sandbox::start(dir.path());
    assert_eq!(doors(&second), before);
    assert_eq!(second.program.terminate(), Some(0));

    let desk = before[1].as_str().unwrap().strip_prefix("http://").unwrap().trim_end_matches('/');
    let taken = std::net::TcpListener::bind(desk).unwrap();
    let mut third = Sandbox::start(dir.path());
    let after = doors(&third);
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    assert_ne!(after[1], before[1]);
    let said = third.program.complains("last time");
    assert!(said.contains(&format!("the desk was at {desk} last time, which cannot be had now: ")), "{said}");
    drop((taken, third));

    std::fs::write(dir.path().join("doors.json"), "nonsense").unwrap();
    assert_eq!(Sandbox::start(dir.path()).program.terminate(), Some(0), "addresses cost no start");
}

#[test]
fn a_sandbox_that_was_killed_knows_its_customers() {
    let dir = tempfile::tempdir().unwrap();
    let first = Sandbox::start(dir.path());
    first.writes("7000000000000001", "Do you bake rye?");
    first.answers("7000000000000001", "Every day but Monday.");
    first.settles();
    let before = first.state();
    // Killed where it is dropped.
    drop(first);

    let second = Sandbox::start(dir.path());
    let after = second.state();
    assert_eq!((&after["customers"], &after["bubbles"]), (&before["customers"], &before["bubbles"]));
    second.answers("7000000000000001", "And on Monday we sleep.");
}

#[test]
fn a_stand_in_that_cannot_be_read_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("stand-in.json");
    let at = dir.path().display().to_string();
    for (text, why, remedy) in [
        ("{\"version\":1,\"world\":{\"now", "cannot be read", "remove it"),
        ("{\"version\":9}", "has version 9", "run the newer pagedesk"),
    ] {
        std::fs::write(&file, text).unwrap();
        let ran = run(&["sandbox", "--dir", &at]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{}", ran.err);
        for said in [file.display().to_string().as_str(), why, remedy] {
            assert!(ran.err.contains(said), "{said}: {}", ran.err);
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        assert_eq!(std::fs::read_dir(&at).unwrap().count(), 1, "nothing was begun");
    }
}
