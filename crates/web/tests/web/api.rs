//! The API: what it answers, and that every refusal is JSON with a stable code.

use machine::conversation::SendOutcome;
use model::{Mid, Span};
use web::ApiTokens;

use crate::fake::{NOW, locked};
use crate::scene::{HOSTILE, Scene, TALK};
use crate::wire::{Answer, bare, get, post};

const JSON: (&str, &str) = ("content-type", "application/json");

fn api(path: &str) -> String {
    format!("/api/v1{path}")
}

async fn send(scene: &Scene, path: &str, body: &str) -> Answer {
    scene.server.ask(post(&api(path), &[JSON], body.as_bytes())).await
}

async fn read(scene: &Scene, path: &str) -> Answer {
    scene.server.ask(get(&api(path), &[])).await
}

fn code(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    let error = answer.json()["error"].clone();
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
    (answer.status, error["code"].as_str().expect("a code").to_owned())
}

#[tokio::test]
async fn a_conversation_tells_its_window_its_verdict_and_what_was_said() {
    let scene = Scene::bound().await;
    scene.answered("7", "We open at nine.", NOW - Span::minutes(30));
    scene.sent(SendOutcome::Sent { mid: Mid::new("m2") }, NOW - Span::minutes(30));
    let body = read(&scene, TALK).await.json();
    assert_eq!(body["task"], "1");
    assert_eq!(body["window"]["ends_at"], (NOW + Span::hours(23)).0);
    assert_eq!(
        (&body["verdict"]["verdict"], &body["verdict"]["until"]),
        (&"permit".into(), &(NOW + Span::hours(23) - Span::minutes(1)).0.into())
    );
    assert_eq!(body["verdict"]["next_change_at"], body["verdict"]["until"]);
    assert_eq!((&body["parts"][0]["part"], &body["parts"][0]["shown"]), (&1.into(), &"sent".into()));
    assert_eq!(body["transcript"][0]["who"], "customer");
    assert_eq!(body["transcript"][0]["text"], HOSTILE);
    assert_eq!(body["transcript"][1]["by"], "Agent");
    let newest = read(&scene, &format!("{TALK}?entries=1")).await.json()["transcript"].clone();
    assert_eq!((newest.as_array().map(Vec::len), &newest[0]["who"]), (Some(1), &"us".into()));
}

#[tokio::test]
async fn after_the_window_the_verdict_says_why_not() {
    let scene = Scene::bound_since(Span::days(2)).await;
    let verdict = read(&scene, TALK).await.json()["verdict"].clone();
    assert_eq!((&verdict["verdict"], &verdict["reason"]), (&"forbid".into(), &"human_agent_not_granted".into()));
    assert!(verdict["sentence"].as_str().is_some_and(|sentence| sentence.contains("24 hours")));
}

#[tokio::test]
async fn a_comment_to_the_customer_says_how_sending_stands_and_an_internal_one_does_not() {
    let scene = Scene::bound().await;
    let answer =
        send(&scene, "/tasks/1/comments", r#"{"text":"We open at nine.","audience":"customer","by":"Ada"}"#).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["sends"], &body["verdict"]["verdict"]), (&true.into(), &"permit".into()));
    let body = send(&scene, "/tasks/1/comments", r#"{"text":"Check the oven.","audience":"internal"}"#).await.json();
    assert_eq!((&body["sends"], &body["verdict"]), (&false.into(), &serde_json::Value::Null));

    let comments = read(&scene, "/tasks/1/comments").await.json()["comments"].clone();
    let writers: Vec<_> = comments.as_array().expect("a list").iter().map(|comment| &comment["writer"]).collect();
    assert_eq!(writers.len(), 3, "{comments}");
    assert_eq!((&writers[1]["by"], &writers[1]["audience"]), (&"Ada".into(), &"customer".into()));
    assert_eq!((&writers[2]["by"], &writers[2]["audience"]), (&"Agent".into(), &"internal".into()));
}

#[tokio::test]
async fn a_comment_that_may_not_be_sent_is_kept_all_the_same() {
    let scene = Scene::bound_since(Span::days(9)).await;
    let answer = send(&scene, "/tasks/1/comments", r#"{"text":"Still there?","audience":"customer"}"#).await;
    assert_eq!((answer.status, &answer.json()["verdict"]["verdict"]), (201, &"forbid".into()));
}

#[tokio::test]
async fn the_same_idempotency_key_adds_one_comment() {
    let scene = Scene::bound().await;
    let comment = |text: &str| {
        let body = format!(r#"{{"text":"{text}","audience":"customer"}}"#);
        post(&api("/tasks/1/comments"), &[JSON, ("idempotency-key", "once")], body.as_bytes())
    };
    let first = scene.server.ask(comment("one")).await.json();
    let second = scene.server.ask(comment("one")).await.json();
    assert_eq!(first["comment"], second["comment"]);
    assert_eq!(code(&scene.server.ask(comment("two")).await), (409, "idempotency-key-reused".to_owned()));
}

#[tokio::test]
async fn a_task_goes_through_status_trash_merge_and_purge() {
    let scene = Scene::bound().await;
    let second = scene.open(NOW).await;
    let statuses = read(&scene, "/statuses").await.json();
    let done = statuses.as_array().expect("a list").iter().find(|status| status["name"] == "Done").expect("Done");
    let body = format!(r#"{{"status":{}}}"#, done["id"]);
    let task = send(&scene, "/tasks/1/status", &body).await.json()["task"].clone();
    assert_eq!((&task["status"]["name"], &task["active"]), (&"Done".into(), &false.into()));

    assert_eq!(read(&scene, "/tasks?active=true").await.json()["tasks"].as_array().map(Vec::len), Some(1));
    assert_eq!(code(&send(&scene, "/tasks/1/purge", "{}").await), (409, "task-not-in-trash".to_owned()));
    assert_eq!(send(&scene, "/tasks/1/trash", "{}").await.json()["task"]["trashed"], true);
    assert_eq!(send(&scene, "/tasks/1/restore", r#"{"by":"Ada"}"#).await.json()["task"]["trashed"], false);

    let merged = send(&scene, "/tasks/1/merge", &format!(r#"{{"into":"{second}"}}"#)).await.json();
    assert_eq!(merged["task"]["id"], second.as_str());
    assert_eq!(send(&scene, &format!("/tasks/{second}/trash"), "{}").await.status, 200);
    assert_eq!(send(&scene, &format!("/tasks/{second}/purge"), "{}").await.status, 200);
    assert_eq!(code(&read(&scene, "/tasks/1").await), (410, "task-gone".to_owned()));
}

#[tokio::test]
async fn a_part_is_resolved_by_a_named_person() {
    let scene = Scene::bound().await;
    let answer = send(&scene, &format!("{TALK}/parts/1/resolve"), r#"{"resolution":"was_sent","by":"Ada"}"#).await;
    assert_eq!((answer.status, &answer.json()["resolved"]), (200, &true.into()));
    assert_eq!(*locked(&scene.node.resolved), ["c/1029/5001 part 1 WasSent by Ada"]);
    let answer = send(&scene, "/conversations/1/2/parts/1/resolve", r#"{"resolution":"retry"}"#).await;
    assert_eq!(code(&answer), (409, "not-applicable".to_owned()));
}

#[tokio::test]
async fn every_refusal_is_json_with_a_stable_code() {
    let scene = Scene::bound().await;
    let comments = "/tasks/1/comments";
    for (path, body, status, wanted) in [
        (comments, r#"{"text":"x","audience":"customer","audienc":1}"#, 422, "invalid-body"),
        (comments, r#"{"text":"x","audience":"everybody"}"#, 422, "invalid-body"),
        (comments, r#"{"text":"x"#, 400, "invalid-json"),
        (comments, r#"{"text":"  ","audience":"customer"}"#, 422, "text-empty"),
        (comments, r#"{"text":"\u200b\u2060 \ufeff","audience":"customer"}"#, 422, "text-empty"),
        (comments, r#"{"text":"a\u0000b","audience":"customer"}"#, 422, "text-unfit"),
        (comments, r#"{"text":"x","audience":"customer","by":"\n"}"#, 422, "by-unfit"),
        ("/tasks/99/comments", r#"{"text":"x","audience":"customer"}"#, 404, "unknown-task"),
        ("/tasks/a%2Fb/comments", r#"{"text":"x","audience":"customer"}"#, 400, "invalid-id"),
        ("/tasks/1/status", r#"{"status":77}"#, 422, "unknown-status"),
        ("/tasks/1/merge", r#"{"into":"1"}"#, 409, "merges-into-itself"),
        ("/conversations/1029/5001/parts/x/resolve", r#"{"resolution":"retry"}"#, 400, "invalid-path"),
        ("/nowhere", "{}", 404, "not-found"),
        ("/statuses", "{}", 405, "method-not-allowed"),
    ] {
        assert_eq!(code(&send(&scene, path, body).await), (status, wanted.to_owned()), "{path} {body}");
    }
    for (path, status, wanted) in [
        ("/conversations/1/2", 404, "not-found"),
        ("/conversations/1/%20", 400, "invalid-id"),
        ("/conversations?cursor=zzz", 422, "cursor-unfit"),
        ("/conversations?filter=odd", 400, "invalid-query"),
        ("/conversations?limit=-1", 400, "invalid-query"),
        ("/conversations?limit=0", 400, "invalid-query"),
        ("/conversations?limit=201", 400, "invalid-query"),
        ("/tasks?limit=900", 400, "invalid-query"),
        ("/tasks?cursor=zzz", 422, "cursor-unfit"),
        ("/tasks/1?limit=900", 400, "invalid-query"),
        ("/tasks/1/comments?limit=900", 400, "invalid-query"),
        ("/tasks?odd=1", 400, "invalid-query"),
        ("/", 404, "not-found"),
    ] {
        assert_eq!(code(&read(&scene, path).await), (status, wanted.to_owned()), "{path}");
    }
    let form = post(&api(comments), &[("content-type", "text/plain")], br#"{"text":"x","audience":"customer"}"#);
    assert_eq!(code(&scene.server.ask(form).await), (415, "not-json".to_owned()));
    let huge = format!(r#"{{"text":"{}","audience":"customer"}}"#, "x".repeat(300_000));
    assert_eq!(code(&send(&scene, comments, &huge).await), (413, "body-too-large".to_owned()));
    let answer = scene.server.ask(bare("DELETE", &api("/statuses"), &[])).await;
    assert_eq!((code(&answer).0, answer.header("allow")), (405, Some("GET,HEAD")));
}

#[tokio::test]
async fn a_limit_that_nobody_answers_is_refused_and_the_greatest_one_is_taken() {
    let scene = Scene::bound().await;
    for path in ["/conversations", "/tasks", "/tasks/1", "/tasks/1/comments"] {
        assert_eq!(read(&scene, &format!("{path}?limit=200")).await.status, 200, "{path}");
    }
    let said = read(&scene, "/tasks?limit=900").await.json()["error"]["message"].clone();
    assert_eq!(said, "The limit is a number from 1 to 200, not 900; “next” leads to the rest.");
}

#[tokio::test]
async fn tasks_are_paged_by_a_cursor_of_text() {
    let scene = Scene::bound().await;
    scene.open(NOW).await;
    let first = read(&scene, "/tasks?limit=1").await.json();
    let next = first["next"].as_str().expect("text, as every cursor").to_owned();
    let second = read(&scene, &format!("/tasks?limit=1&cursor={next}")).await.json();
    assert_eq!((&first["tasks"][0]["id"], &second["tasks"][0]["id"]), (&"2".into(), &"1".into()));
    assert_eq!(read(&scene, "/tasks").await.json()["next"], serde_json::Value::Null);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_without_words_of_a_library() {
    let scene = Scene::bound().await;
    let mut told = Vec::new();
    let comments = "/tasks/1/comments";
    for (path, body) in [
        (comments, "{}"),
        (comments, r#"{"text":5}"#),
        (comments, r#"{"text":"x","audience":"everybody"}"#),
        (comments, r#"{"text":"x","audienc":1}"#),
        (comments, r#"{"text":"x"#),
        (comments, ""),
        ("/tasks/1/status", r#"{"status":"Done"}"#),
    ] {
        let message = send(&scene, path, body).await.json()["error"]["message"].clone();
        told.push(format!("{body}\n    {}", message.as_str().expect("a sentence")));
    }
    for path in ["/tasks?odd=1", "/tasks?limit=many", "/tasks?active=maybe", "/conversations?filter=odd"] {
        let message = read(&scene, path).await.json()["error"]["message"].clone();
        told.push(format!("{path}\n    {}", message.as_str().expect("a sentence")));
    }
    let told = told.join("\n");
    for word in ["deserialize", "invalid type", "missing field", "unknown field", "unknown variant", "EOF"] {
        assert!(!told.contains(word), "{word}: {told}");
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn below_api_every_address_and_method_answers_json() {
    let scene = Scene::bound().await;
    for path in ["/api", "/api/", "/api/v1/", "/api/v2/tasks", "/api/v1/tasks/1/nowhere", "/api/%00"] {
        assert_eq!(code(&scene.server.ask(get(path, &[])).await), (404, "not-found".to_owned()), "{path}");
        let posted = scene.server.ask(post(path, &[JSON], b"{}")).await;
        assert_eq!(code(&posted), (404, "not-found".to_owned()), "{path}");
    }
    for (method, path, allow) in [
        ("DELETE", "/tasks/1", "GET,HEAD"),
        ("PUT", "/tasks/1/comments", "GET,HEAD,POST"),
        ("GET", "/tasks/1/trash", "POST"),
        ("OPTIONS", "/totals", "GET,HEAD"),
        ("BREW", "/conversations", "GET,HEAD"),
    ] {
        let answer = scene.server.ask(bare(method, &api(path), &[])).await;
        assert_eq!(code(&answer), (405, "method-not-allowed".to_owned()), "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
    let guarded = Scene::guarded(ApiTokens::new(["right"])).await;
    assert_eq!(code(&guarded.server.ask(get("/api", &[])).await).0, 401, "what exists is not told to strangers");
    let page = scene.server.ask(get("/apis", &[])).await;
    assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")));
}

#[tokio::test]
async fn the_index_names_every_address_with_the_methods_that_it_takes() {
    let scene = Scene::bound().await;
    let answer = read(&scene, "").await;
    assert_eq!(answer.status, 200);
    let addresses = answer.json()["addresses"].as_array().expect("a list").clone();
    assert_eq!(addresses.len(), 20);
    for address in addresses {
        let named = |name: &str| address[name].as_str().expect("text").to_owned();
        assert!(!named("about").is_empty(), "{address}");
        let path = ["page", "psid", "part", "task"]
            .into_iter()
            .fold(named("path"), |path, hole| path.replace(&format!("{{{hole}}}"), "1"));
        let wrong = scene.server.ask(bare("BREW", &path, &[])).await;
        assert_eq!(code(&wrong).0, 405, "{path}");
        let methods =
            address["methods"].as_array().expect("a list").iter().map(|method| method.as_str().expect("text"));
        let allowed = methods.collect::<Vec<_>>().join(",").replace("GET", "GET,HEAD");
        assert_eq!(wrong.header("allow"), Some(allowed.as_str()), "{path}");
    }
}

#[tokio::test]
async fn ready_tells_the_operator_which_part_is_silent_and_what_was_refused() {
    let scene = Scene::bound().await;
    let answer = scene.server.ask(get("/ready", &[])).await;
    assert_eq!((answer.status, &answer.json()["parts"][0]["name"]), (200, &"actors".into()));
    let counts = serde_json::json!({ "refused": { "signature-mismatch": 12 }, "anomalies": {}, "quarantined": {} });
    assert_eq!(answer.json()["since_start"], counts);
    scene.node.is_ready(false);
    let answer = scene.server.ask(get("/ready", &[])).await;
    assert_eq!((answer.status, &answer.json()["parts"][0]["detail"]), (503, &"no answer within 1 s".into()));
}

#[tokio::test]
async fn a_token_is_wanted_where_one_is_configured() {
    let scene = Scene::guarded(ApiTokens::new(["right"])).await;
    let answer = read(&scene, "/totals").await;
    assert_eq!((code(&answer), answer.header("www-authenticate")), ((401, "unauthorized".to_owned()), Some("Bearer")));
    let wrong = scene.server.ask(get(&api("/totals"), &[("authorization", "Bearer wrong")])).await;
    assert_eq!(code(&wrong).0, 401);
    let right = scene.server.ask(get(&api("/totals"), &[("authorization", "Bearer right")])).await;
    assert_eq!((right.status, &right.json()["node"]["inbounds"]), (200, &3.into()));
    assert_eq!(scene.server.ask(get("/live", &[])).await.status, 200, "health needs none");
}

#[tokio::test]
async fn another_site_cannot_call_the_api_through_a_browser() {
    let scene = Scene::bound().await;
    let body = br#"{"text":"x","audience":"customer"}"#;
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")] {
        let answer = scene.server.ask(post(&api("/tasks/1/comments"), &[JSON, foreign], body)).await;
        assert_eq!(code(&answer), (403, "cross-site".to_owned()));
    }
}
