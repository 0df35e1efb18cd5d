//! The API for scripts: a message is sent once per key, refused in words, and its token may do what it was given.

use machine::conversation::SendOutcome;
use model::{Mid, Span};
use serde_json::json;
use web::{ApiToken, ApiTokens, Scope, SiteSettings, token_hash};

use crate::fake::NOW;
use crate::scene::{HOSTILE, Scene, TALK};
use crate::wire::{Answer, get, post};

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn messages() -> String {
    format!("/api/v1{TALK}/messages")
}

async fn send(scene: &Scene, key: &str, body: &str) -> Answer {
    scene.server.ask(post(&messages(), &[JSON, ("idempotency-key", key)], body.as_bytes())).await
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_script_sends_once_per_key_and_sees_what_became_of_it() {
    let scene = Scene::bound().await;
    let first = send(&scene, "order-7", r#"{"text":"It is on its way."}"#).await;
    assert_eq!(first.status, 201, "{first:?}");
    let told = first.json()["messages"][0].clone();
    assert_eq!((&told["id"], &told["state"]), (&json!("c/1029/5001/1"), &json!("queued")), "{told}");
    assert_eq!((&told["author"], &told["by"]), (&json!("automation"), &json!("anybody")));
    assert_eq!(told["script"], json!({ "token": "anybody", "key": "order-7" }));
    assert_eq!(first.json()["verdict"]["verdict"], "permit");

    let second = send(&scene, "order-7", r#"{"text":"It is on its way."}"#).await;
    assert_eq!((second.status, second.json()["messages"].clone()), (201, first.json()["messages"].clone()));
    let other = send(&scene, "order-7", r#"{"text":"It is lost."}"#).await;
    assert_eq!(code(&other), (409, "idempotency-key-reused".to_owned()));
    let elsewhere =
        post("/api/v1/conversations/1029/5002/messages", &[JSON, ("idempotency-key", "order-7")], b"{\"text\":\"x\"}");
    assert_eq!(code(&scene.server.ask(elsewhere).await), (404, "not-found".to_owned()));

    scene.sent(SendOutcome::Sent { mid: Mid::new("m2") }, NOW);
    let after = scene.server.ask(get("/api/v1/messages/c/1029/5001/1", &[])).await.json();
    assert_eq!((&after["state"], &after["attempts"][0]["outcome"]), (&json!("sent"), &json!("sent")), "{after}");
    assert_eq!(after["attempts"][0]["verdict"]["rule"], "standard_window");
    assert_eq!(scene.server.ask(get("/api/v1/messages/c/1029/5001/2", &[])).await.status, 404);
}

#[tokio::test]
async fn a_refusal_by_the_rules_is_an_answer_and_a_refusal_by_facebook_has_its_trace() {
    let late = Scene::bound_since(Span::days(2)).await;
    let answer = send(&late, "order-7", r#"{"text":"It is on its way."}"#).await;
    let told = answer.json()["messages"][0].clone();
    assert_eq!((answer.status, &told["state"], &told["reason"]), (201, &json!("refused"), &json!("window-closed")));
    assert!(told["sentence"].as_str().is_some_and(|sentence| !sentence.is_empty()));

    let scene = Scene::bound().await;
    send(&scene, "order-7", r#"{"text":"It is on its way."}"#).await;
    let (row, trace) = ("recipient-unavailable".to_owned(), Some("AbCd".to_owned()));
    scene.sent(SendOutcome::Failed { code: (551, Some(1_545_041)), row, trace }, NOW);
    let told = scene.server.ask(get("/api/v1/messages/c/1029/5001/1", &[])).await.json();
    assert_eq!((&told["state"], &told["reason"]), (&json!("failed"), &json!("recipient-unavailable")));
    let attempt = &told["attempts"][0];
    assert_eq!((&attempt["code"], &attempt["subcode"]), (&json!(551), &json!(1_545_041)));
    assert_eq!(attempt["fbtrace_id"], "AbCd");
}

#[tokio::test]
async fn a_text_that_is_none_is_refused_with_its_own_code() {
    let scene = Scene::bound().await;
    let long = format!(r#"{{"text":"{}"}}"#, "a".repeat(100_000));
    for (body, expected) in [
        (r#"{"text":""}"#, (422, "text-empty")),
        (r#"{"text":" \n\u200b"}"#, (422, "text-empty")),
        (r#"{"text":"\u0301\u0301\u20dd\u0e31"}"#, (422, "text-empty")),
        (r#"{"text":"nul \u0000"}"#, (422, "text-unfit")),
        (long.as_str(), (422, "text-too-long")),
        (r#"{"text":"\ud800"}"#, (400, "invalid-json")),
        (r#"{"text":"a","tag":"human_agent"}"#, (422, "invalid-body")),
        (r#"{"text":"a","to":"5001"}"#, (422, "invalid-body")),
        (r#"{}"#, (422, "invalid-body")),
        ("", (400, "invalid-json")),
    ] {
        let answer = send(&scene, "k", body).await;
        assert_eq!(code(&answer), (expected.0, expected.1.to_owned()), "{}", &body[..body.len().min(60)]);
    }
    let keyless = post(&messages(), &[JSON], br#"{"text":"a"}"#);
    assert_eq!(code(&scene.server.ask(keyless).await), (422, "idempotency-key-missing".to_owned()));
    for key in ["", "a b", &"k".repeat(201)] {
        assert_eq!(
            code(&send(&scene, key, r#"{"text":"a"}"#).await),
            (422, "idempotency-key-unfit".to_owned()),
            "{key}"
        );
    }
    let parts = scene.server.ask(get(&format!("/api/v1{TALK}"), &[])).await.json()["parts"].clone();
    assert_eq!(parts, json!([]), "nothing of it was queued");
}

#[tokio::test]
async fn a_plain_form_sends_with_a_token_header_and_never_without_one() {
    let scene = Scene::guarded(ApiTokens::new(["right"])).await;
    scene.bind(Span::hours(1)).await;
    let token = ("x-pagedesk-token", "right");
    let form = |headers: &[(&str, &str)], body: &[u8]| post(&messages(), headers, body);
    let answer = scene.server.ask(form(&[FORM, token], b"text=From+nine%0D%0Ato+five.&key=hours-1")).await;
    assert_eq!((answer.status, &answer.json()["messages"][0]["script"]["key"]), (201, &json!("hours-1")), "{answer:?}");
    let as_json = post(
        &messages(),
        &[JSON, token, ("idempotency-key", "hours-1")],
        br#"{"text":"From nine\nto five.","tag":null}"#,
    );
    assert_eq!(scene.server.ask(as_json).await.json()["messages"][0]["id"], "c/1029/5001/1", "the same call");
    for (body, expected) in [
        (&b"text=a"[..], "idempotency-key-missing"),
        (b"text=a&key=k&by=Ida", "invalid-body"),
        (b"text=a&key=k&tag=human_agent", "invalid-body"),
        (b"text=a&text=b&key=k", "field-twice"),
        (b"text=%ff&key=k", "text-not-utf8"),
        (b"key=k", "text-missing"),
    ] {
        assert_eq!(code(&scene.server.ask(form(&[FORM, token], body)).await), (422, expected.to_owned()));
    }
    assert_eq!(code(&scene.server.ask(form(&[FORM], b"text=a&key=k")).await), (401, "unauthorized".to_owned()));
    let open = Scene::bound().await;
    let bare = open.server.ask(form(&[FORM], b"text=a&key=k")).await;
    assert_eq!(code(&bare), (403, "form-without-token".to_owned()), "a page of another site could send that");
}

/// Asks every address that the index names with a token of every scope.
#[tokio::test]
async fn every_address_wants_its_scope_and_no_other() {
    let text = |scope: Scope| format!("a long text for {}", scope.word());
    let tokens = Scope::ALL
        .map(|scope| ApiToken::hashed(scope.word(), &token_hash(&text(scope)), [scope]).expect("a hash of ours"));
    let settings = SiteSettings { tokens: ApiTokens::default().and(tokens), ..SiteSettings::default() };
    let scene = Scene::with(settings).await;
    scene.bind(Span::hours(1)).await;
    let bearer = |scope| format!("Bearer {}", text(scope));
    let index = scene.server.ask(get("/api/v1", &[("authorization", &bearer(Scope::Read))])).await.json();
    let mut asked = 0;
    for address in index["addresses"].as_array().expect("a list") {
        let path = ["page", "psid", "part", "task"]
            .into_iter()
            .fold(address["path"].as_str().expect("text").to_owned(), |path, hole| {
                path.replace(&format!("{{{hole}}}"), "0")
            });
        let list = |name: &str| address[name].as_array().expect("a list").clone();
        for (method, wanted) in list("methods").iter().zip(list("scopes")) {
            for scope in Scope::ALL {
                let header = bearer(scope);
                let headers = [JSON, ("authorization", header.as_str())];
                let request = if method == "GET" { get(&path, &headers).into() } else { post(&path, &headers, b"{}") };
                let answer = scene.server.ask(request).await;
                let refused = answer.json()["error"]["code"] == "scope-missing";
                assert_eq!(
                    refused,
                    wanted.as_str() != Some(scope.word()),
                    "{method} {path} with {scope:?}: {answer:?}"
                );
                assert_eq!(answer.status == 403, refused);
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 21 * 4);
}

#[tokio::test]
async fn dead_letters_are_listed_with_their_text_only_for_whoever_may_read_it() {
    let tokens = [("all", Scope::ALL.to_vec()), ("clerk", vec![Scope::Resolve])];
    let tokens = tokens.map(|(name, scopes)| ApiToken::new(name, name, scopes));
    let settings = SiteSettings { tokens: ApiTokens::default().and(tokens), ..SiteSettings::default() };
    let scene = Scene::with(settings).await;
    scene.bind(Span::days(2)).await;
    let all = ("authorization", "Bearer all");
    for key in ["order-7", "order-8"] {
        let headers = [JSON, all, ("idempotency-key", key)];
        let body = format!(r#"{{"text":"About {key}."}}"#);
        assert_eq!(scene.server.ask(post(&messages(), &headers, body.as_bytes())).await.status, 201);
    }
    let list = scene.server.ask(get("/api/v1/dead-letters?state=refused", &[all])).await.json();
    let letters = list["dead_letters"].as_array().expect("a list");
    assert_eq!(letters.len(), 2, "{list}");
    assert_eq!((&letters[1]["id"], &letters[1]["text"]), (&json!("c/1029/5001/2"), &json!("About order-8.")));
    assert_eq!((&letters[1]["state"], &letters[1]["reason"]), (&json!("refused"), &json!("window-closed")));
    let clerk = ("authorization", "Bearer clerk");
    let list = scene.server.ask(get("/api/v1/dead-letters", &[clerk])).await.json();
    assert_eq!((list["dead_letters"].as_array().map(Vec::len), list["dead_letters"][0].get("text")), (Some(2), None));
    assert_eq!(
        scene.server.ask(get("/api/v1/dead-letters?state=failed", &[clerk])).await.json()["dead_letters"],
        json!([])
    );

    let skip = post("/api/v1/dead-letters/c/1029/5001/1/skip", &[JSON, clerk], br#"{"by":"Ida"}"#);
    assert_eq!(scene.server.ask(skip).await.json()["message"]["state"], "left unsent");
    let retry = post("/api/v1/dead-letters/c/1029/5001/2/retry", &[JSON, clerk], b"{}");
    let told = scene.server.ask(retry).await.json()["message"].clone();
    assert_eq!((&told["state"], told.get("text")), (&json!("refused"), None), "the rules were asked anew: {told}");
    let list = scene.server.ask(get("/api/v1/dead-letters", &[all])).await.json();
    assert_eq!(list["dead_letters"].as_array().map(Vec::len), Some(1), "{list}");
    let again = post("/api/v1/dead-letters/c/1029/5001/1/skip", &[JSON, clerk], b"{}");
    assert_eq!(code(&scene.server.ask(again).await), (409, "not-applicable".to_owned()));
    let unfit = scene.server.ask(get("/api/v1/dead-letters?cursor=x", &[all])).await;
    assert_eq!(code(&unfit), (422, "cursor-unfit".to_owned()));
}

#[tokio::test]
async fn the_page_of_dead_letters_lists_them_as_text_and_leads_back_after_a_decision() {
    let scene = Scene::bound_since(Span::days(2)).await;
    let hostile = json!({ "text": HOSTILE }).to_string();
    assert_eq!(send(&scene, "order-7", &hostile).await.status, 201);
    let page = scene.server.ask(get("/dead-letters", &[])).await.text().to_owned();
    assert!(page.contains("&lt;script&gt;alert") && !page.contains("<script>alert"), "{page}");
    assert!(page.contains("refused") && page.contains("Try again"), "{page}");
    let form = [FORM, ("sec-fetch-site", "same-origin")];
    let path = format!("{TALK}/parts/1/resolve");
    let answer = scene.server.ask(post(&path, &form, b"resolution=give_up&back=dead-letters")).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/dead-letters")));
    let page = scene.server.ask(get("/dead-letters", &[])).await.text().to_owned();
    assert!(page.contains("Everything was sent."), "{page}");
}
