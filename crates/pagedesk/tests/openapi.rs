//! The OpenAPI document against a sandbox: every operation that it names is asked, and answers as its schema says.
//!
//! Needs `bash`, `curl` and `openssl`, as the page of the API does.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod program;

use std::collections::BTreeSet;
use std::process::Command;

use jsonschema::Validator;
use program::Beside;
use serde_json::{Value, json};

/// A conversation with a customer whom the stand-in does not know: whatever is sent to them fails.
const TALK: &str = "/api/v1/conversations/104000000000017/5550001";
const LETTERS: &str = "/api/v1/dead-letters/c/104000000000017/5550001";

/// How often it is asked for what comes by itself, a minute's worth.
const TRIES: usize = 600;

/// A sandbox, its document, and which operations were asked.
struct Asked {
    _program: Beside,
    desk: String,
    document: Value,
    asked: BTreeSet<(String, String)>,
}

/// Status and body.
type Answer = (u16, Value);

fn shell(line: &str) -> String {
    String::from_utf8(Command::new("bash").args(["-c", line]).output().unwrap().stdout).unwrap()
}

fn curl(line: &str) -> Answer {
    let said = shell(&format!("curl -s -w '\\n%{{http_code}}' {line}"));
    let (body, status) = said.rsplit_once('\n').unwrap_or_else(|| panic!("this test needs curl: {said}"));
    (status.parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

impl Asked {
    fn start() -> Self {
        let mut program = Beside::start(&["--log-level", "warn", "sandbox", "--json"]);
        let addresses: Value = serde_json::from_str(&program.line()).unwrap();
        let door = |name: &str| addresses[name].as_str().unwrap().split('/').nth(2).unwrap().to_owned();
        let (webhook, desk) = (door("webhook"), door("desk"));
        let write = format!(
            r#"BODY='{{"object":"page","entry":[{{"id":"104000000000017","time":0,"messaging":[{{"sender":{{"id":"5550001"}},"recipient":{{"id":"104000000000017"}},"timestamp":'$(date +%s000)',"message":{{"mid":"m_1","text":"Open on Sunday?"}}}}]}}]}}'
            SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac sandbox-app-secret -r | cut -d' ' -f1)
            curl -s http://{webhook}/webhook -H "X-Hub-Signature-256: sha256=$SIGNATURE" -d "$BODY""#
        );
        assert_eq!(shell(&write), "ok");
        let document = curl(&format!("http://{desk}/api/v1/openapi.json")).1;
        assert_eq!(document["openapi"], "3.1.0");
        Self { _program: program, desk, document, asked: BTreeSet::new() }
    }

    /// The operation of a call, by its path with what is filled in.
    fn operation(&self, method: &str, path: &str) -> (String, Value) {
        let words: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
        let fits = |template: &str| {
            let template: Vec<&str> = template.split('/').collect();
            template.len() == words.len()
                && template.iter().zip(&words).all(|(wanted, word)| wanted.starts_with('{') || wanted == word)
        };
        let paths = self.document["paths"].as_object().unwrap();
        let (template, operations) =
            paths.iter().find(|(template, of)| fits(template) && of.get(method).is_some()).unwrap();
        (template.clone(), operations[method].clone())
    }

    /// Whether this is what a schema says; what is wrong otherwise.
    fn check(&self, schema: &Value, value: &Value, what: &str) {
        let schema = json!({ "$ref": schema["$ref"], "components": self.document["components"] });
        let validator: Validator = jsonschema::draft202012::new(&schema).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(value).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
        assert_eq!(faults, [] as [&str; 0], "{what}: {value}");
    }

    /// Asks, and holds body and answer against the document.
    fn ask(&mut self, method: &str, path: &str, body: Option<Value>, more: &str) -> Answer {
        let (template, operation) = self.operation(method, path);
        let what = format!("{method} {path}");
        let data = body.map_or(String::new(), |body| {
            self.check(&operation["requestBody"]["content"]["application/json"]["schema"], &body, &what);
            format!("-H 'Content-Type: application/json' -d '{body}'")
        });
        let (status, answer) = curl(&format!("'http://{}{path}' {data} {more}", self.desk));
        let responses = &operation["responses"];
        let success = responses.get(status.to_string());
        let told = success.unwrap_or(&self.document["components"]["responses"]["Refused"]);
        self.check(&told["content"]["application/json"]["schema"], &answer, &format!("{what} {status}"));
        if success.is_some() {
            self.asked.insert((method.to_owned(), template));
        }
        (status, answer)
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("get", path, None, "")
    }

    fn post(&mut self, path: &str, body: Value) -> Answer {
        self.ask("post", path, Some(body), "")
    }

    fn until(&mut self, path: &str, done: impl Fn(&Answer) -> bool) {
        for _ in 0..TRIES {
            if done(&self.get(path)) {
                return;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(100));
        }
        panic!("{path} never came to it");
    }
}

#[test]
fn every_operation_answers_as_the_document_says() {
    let mut api = Asked::start();
    api.get("/api/v1");
    api.get("/api/v1/openapi.json");
    api.until(TALK, |(status, _)| *status == 200);
    api.until("/api/v1/tasks?limit=200", |(_, list)| list["tasks"].as_array().unwrap().len() == 4);
    for key in ["one", "two"] {
        let wanted = json!({ "text": "Your order is on its way.", "tag": null });
        let (status, _) =
            api.ask("post", &format!("{TALK}/messages"), Some(wanted), &format!("-H 'Idempotency-Key: {key}'"));
        assert_eq!(status, 201);
    }
    let failed = |count: usize| move |(_, list): &Answer| list["dead_letters"].as_array().unwrap().len() == count;
    api.until("/api/v1/dead-letters?state=failed&limit=5", failed(2));
    api.get("/api/v1/conversations?filter=failed&limit=1");
    api.get(TALK);
    api.get("/api/v1/messages/c/104000000000017/5550001/1");
    assert_eq!(api.post(&format!("{LETTERS}/1/retry"), json!({})).0, 200);
    api.until("/api/v1/messages/c/104000000000017/5550001/1", |(_, message)| {
        message["attempts"].as_array().unwrap().len() == 2
    });
    assert_eq!(api.post(&format!("{TALK}/parts/1/resolve"), json!({ "resolution": "give_up", "by": "Ida" })).0, 200);
    assert_eq!(api.post(&format!("{LETTERS}/2/skip"), json!({ "by": "Ida" })).0, 200);
    assert_eq!(api.post(&format!("{LETTERS}/2/skip"), json!({ "by": "Ida" })).0, 409);
    for (path, body, status) in [
        ("comments", json!({ "text": "Until noon.", "audience": "customer", "by": "Ida" }), 201),
        ("comments", json!({ "text": "Ask the baker.", "audience": "internal" }), 201),
        ("status", json!({ "status": 2 }), 200),
        ("status", json!({ "status": 77 }), 422),
        ("trash", json!({}), 200),
        ("restore", json!({}), 200),
        ("trash", json!({}), 200),
        ("purge", json!({}), 200),
        ("restore", json!({}), 410),
    ] {
        assert_eq!(api.post(&format!("/api/v1/tasks/2/{path}"), body).0, status, "{path}");
    }
    assert_eq!(api.post("/api/v1/tasks/3/merge", json!({ "into": "1" })).0, 200);
    api.get("/api/v1/tasks/1");
    api.get("/api/v1/tasks/1/comments?limit=1");
    assert_eq!(api.get("/api/v1/tasks/999").0, 404);
    api.get("/api/v1/statuses");
    api.get("/api/v1/totals");

    let paths = api.document["paths"].as_object().unwrap();
    let all: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, of)| of.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone())))
        .collect();
    assert_eq!(api.asked, all, "every operation was asked, and answered with success");
}
