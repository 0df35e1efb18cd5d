//! `docs/API.md` is typed as it stands: every example is run by a shell, in order, on a new sandbox, and must give the
//! answer that stands below it.
//!
//! Invariant: only instants and the journal's position may differ. Needs `bash`, `curl` and `openssl`, as the reader does.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::process::Command;

use program::Beside;
use serde_json::{Deserializer, Value};

const PAGE: &str = include_str!("../../../docs/API.md");

/// How often it is asked for what an example shows, a minute's worth of asking: lists follow, sends take their time.
const TRIES: usize = 3_000;

/// Numbers from here on are instants.
const INSTANTS: i64 = 1_500_000_000_000;

/// One example.
struct Example<'a> {
    typed: &'a str,
    shown: &'a str,
}

/// Every shell block with the block below it.
fn examples() -> Vec<Example<'static>> {
    let mut blocks = PAGE.split("```").skip(1).step_by(2);
    let mut examples = Vec::new();
    while let Some(block) = blocks.next() {
        let Some(typed) = block.strip_prefix("sh\n") else { continue };
        let shown = blocks.next().and_then(|shown| shown.strip_prefix("text\n").or(shown.strip_prefix("json\n")));
        examples.push(Example { typed, shown: shown.unwrap_or_else(|| panic!("no answer stands below {typed}")) });
    }
    examples
}

/// The sandbox of the page, at whatever ports are free.
struct Sandbox {
    _program: Beside,
    webhook: String,
    desk: String,
}

impl Sandbox {
    fn start() -> Self {
        let mut program = Beside::start(&["--log-level", "warn", "sandbox", "--json"]);
        let addresses: Value = serde_json::from_str(&program.line()).unwrap();
        let door = |name: &str| addresses[name].as_str().unwrap().split('/').nth(2).unwrap().to_owned();
        Self { webhook: door("webhook"), desk: door("desk"), _program: program }
    }

    fn types(&self, line: &str) -> String {
        let line = line.replace("127.0.0.1:8080", &self.webhook).replace("127.0.0.1:8081", &self.desk);
        let output = Command::new("bash").args(["-c", &line]).output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("not found"), "this test needs curl and openssl: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Types it until it gives what is wanted; only what changes nothing is typed twice.
    fn comes_to(&self, line: &str, wanted: impl Fn(&str) -> bool) -> String {
        let changes = line.contains("-d '") || line.contains("-d \"");
        // A decision about a part is refused until there is something to decide.
        let once = changes && !line.contains("/resolve");
        let mut answer = self.types(line);
        for _ in 0..TRIES {
            if once || wanted(&answer) {
                break;
            }
            answer = self.types(line);
        }
        answer
    }
}

/// An answer without what differs each time: JSON as JSON, everything else as text, wherever its lines are broken.
fn fixed(answer: &str) -> Vec<Value> {
    let read: Result<Vec<Value>, _> = Deserializer::from_str(answer).into_iter().collect();
    match read {
        Ok(values) => values.into_iter().map(without_chance).collect(),
        Err(_) => vec![answer.lines().map(str::trim_start).collect::<String>().into()],
    }
}

fn is_instant(text: &str) -> bool {
    text.parse().is_ok_and(|number: i64| number >= INSTANTS)
}

fn without_chance(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_some_and(|number| number >= INSTANTS) => "an instant".into(),
        Value::String(text) if text.starts_with("position ") => "a position".into(),
        Value::String(text) if text.split_once('.').is_some_and(|(instant, _)| is_instant(instant)) => {
            "a cursor".into()
        }
        Value::Array(values) => values.into_iter().map(without_chance).collect(),
        Value::Object(fields) => fields.into_iter().map(without_chance_in).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// A name that the profile tells late is a call of the tracker more than one that the task is opened with: of four tasks
/// there are four calls, or up to four more.
fn without_chance_in((name, value): (String, Value)) -> (String, Value) {
    let is_call_a_task = name == "effects" && value.as_u64().is_some_and(|calls| (4..=8).contains(&calls));
    let value = if is_call_a_task { "a call or two for each task".into() } else { without_chance(value) };
    (name, value)
}

#[test]
fn every_example_of_the_page_gives_the_answer_below_it() {
    let sandbox = Sandbox::start();
    let opened = |answer: &str| {
        let totals: Value = serde_json::from_str(answer).unwrap_or_default();
        (&totals["desk"]["tasks"], &totals["node"]["bound"]) == (&3.into(), &3.into())
    };
    let totals = sandbox.comes_to("curl -s http://127.0.0.1:8081/api/v1/totals", opened);
    assert!(opened(&totals), "a new sandbox has three tasks: {totals}");
    // The page's customer writes in a second of their own, behind the others: so they are the first of the list.
    let newest = "curl -s 'http://127.0.0.1:8081/api/v1/conversations?limit=1'; date +%s000";
    let is_over = |answer: &str| {
        let said: Vec<Value> = Deserializer::from_str(answer).into_iter().flatten().collect();
        said[0]["conversations"][0]["last_activity_at"].as_i64() < said[1].as_i64()
    };
    assert!(is_over(&sandbox.comes_to(newest, is_over)));
    let examples = examples();
    assert!(examples.len() >= 19, "{} examples were found", examples.len());
    for Example { typed, shown } in examples {
        let wanted = fixed(shown);
        let answer = sandbox.comes_to(typed, |answer| fixed(answer) == wanted);
        assert!(fixed(&answer) == wanted, "{typed}\ngives\n{answer}\nand the page shows\n{shown}");
    }
}

#[test]
fn an_answer_is_compared_but_for_instants_and_the_position() {
    let page = r#"{"id":"4","at":1795423224000,"detail":"position 7"}"#;
    assert_eq!(fixed(page), fixed(r#"{"detail":"position 19", "at":1795499999999, "id":"4"}"#));
    for other in [r#"{"id":"5","at":1795423224000,"detail":"position 7"}"#, r#"{"id":"4","at":7,"detail":""}"#, "ok"] {
        assert_ne!(fixed(page), fixed(other), "{other}");
    }
    assert_eq!(fixed("{}\n{}").len(), 2);
}
