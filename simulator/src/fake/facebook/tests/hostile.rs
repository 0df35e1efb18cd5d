//! Whatever comes in from outside: the stand-in answers, stays whole, and tells the webhook only JSON.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::receiver::request;
use super::{Scene, StandInOptions, options};

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        Just("5001".to_owned()),
        Just("17".to_owned()),
        Just("</textarea><script>alert(1)</script>".to_owned()),
        Just("\u{0}\u{1b}\u{202e}\r\n\r\n".to_owned()),
        Just("-1".to_owned()),
        Just("99999999999999999999999".to_owned()),
    ]
}

/// An order that is nearly right.
fn order() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        Just("message"),
        Just("postback"),
        Just("reaction"),
        Just("edit"),
        Just("unsend"),
        Just("unsupported"),
        Just("referral"),
        Just("opt_in"),
        Just("linked"),
        Just("feedback"),
        Just("delivered"),
        Just("read"),
        Just("echo"),
        Just("admin_text"),
        Just("pass_thread"),
        Just("take_thread"),
        Just("request_thread"),
        Just("app_roles"),
        Just("policy_enforcement"),
        Just("feed"),
        Just("lead"),
        Just("mention"),
        Just("rating"),
        Just("integrity"),
        Just("elsewhere"),
        Just("raw"),
        Just("nothing"),
    ];
    let value = prop_oneof![
        words().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        words().prop_map(|word| json!([word])),
        words().prop_map(|word| json!([{"type": "image", "url": word}, {"type": "other", "name": word}])),
        words().prop_map(|word| json!({ word: "x" })),
        Just(json!("add")),
        Just(json!("remove")),
        Just(json!("comment")),
        Just(json!("post")),
        Just(json!("plugin")),
    ];
    let key = prop_oneof![
        Just("text"),
        Just("mid"),
        Just("title"),
        Just("payload"),
        Just("attachments"),
        Just("reaction"),
        Just("item"),
        Just("verb"),
        Just("message"),
        Just("post_id"),
        Just("comment_id"),
        Just("source"),
        Just("type"),
        Just("ref"),
        Just("app"),
        Just("to"),
        Just("from"),
        Just("roles"),
        Just("answers"),
        Just("action"),
        Just("list"),
        Just("object"),
        Just("id"),
        Just("changes"),
        Just("watermark"),
        Just("mids"),
        Just("status"),
        Just("good"),
    ];
    let fields = proptest::collection::vec((key, value.clone()), 0..6);
    (kind, fields, words(), proptest::option::of(any::<i64>()), value).prop_map(|(kind, fields, psid, at, odd)| {
        let mut what = json!({ "kind": kind });
        for (key, value) in fields {
            what[key] = value;
        }
        let mut order = json!({ "page": "17", "psid": psid, "what": what, "at": at });
        if odd.is_i64() {
            order["name"] = odd;
        }
        order
    })
}

/// A form with fields that pages know, filled in at random.
fn form() -> impl Strategy<Value = Vec<(String, String)>> {
    let word = prop_oneof![
        Just("write"),
        Just("press"),
        Just("edit"),
        Just("unsend"),
        Just("choose"),
        Just("inbox"),
        Just("comment"),
        Just("answer"),
        Just("like-post"),
        Just("visit"),
        Just("lead"),
        Just("move"),
        Just("ad"),
        Just("take"),
        Just("block"),
        Just("unblock"),
        Just("recommend"),
        Just("share"),
        Just("remove-comment"),
    ];
    let key = prop_oneof![
        Just("page"),
        Just("psid"),
        Just("text"),
        Just("mid"),
        Just("number"),
        Just("post"),
        Just("comment"),
        Just("span"),
        Just("other"),
        Just("name"),
        Just("q_email"),
        Just("react"),
        Just("picture"),
        Just("reply_to"),
    ];
    let fields = proptest::collection::vec((key.prop_map(str::to_owned), words()), 0..6);
    (word, any::<bool>(), fields).prop_map(|(word, known, mut fields)| {
        fields.push(("do".to_owned(), word.to_owned()));
        if known {
            fields.insert(0, ("page".to_owned(), "17".to_owned()));
            fields.insert(1, ("psid".to_owned(), "5001".to_owned()));
        }
        fields
    })
}

fn run<T: core::fmt::Debug>(
    strategy: &impl Strategy<Value = T>,
    mut look: impl AsyncFnMut(&Scene, T) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let hand = super::Hand::default();
    hand.set(super::START);
    let movable: std::sync::Arc<dyn super::MovableClock> = std::sync::Arc::new(hand);
    let scene = runtime.block_on(Scene::with(StandInOptions { movable: Some(movable), batch_max: 100, ..options() }));
    runtime.block_on(async { scene.stand_in.customer_writes(&super::page(), &super::psid(), "hello") });
    let look = core::cell::RefCell::new(&mut look);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let result = runner.run(strategy, |value| {
        let mut look = look.borrow_mut();
        runtime.block_on(look(&scene, value))
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    // Still whole: pages render, the state reads back, what was told is JSON.
    runtime.block_on(async {
        scene.stand_in.quiet().await;
        for path in ["/", "/?page=17&psid=5001", "/wall?page=17&psid=5001", "/ad?page=17", "/lead?page=17&psid=5001"] {
            let shown = scene.text(path).await;
            assert!(!shown.contains("<script>") && !shown.contains("</textarea><script"), "{path}: {shown}");
        }
        assert_eq!(scene.get("/_control/state").await.0, 200);
        for body in scene.receiver.bodies() {
            assert!(body.is_ascii());
            serde_json::from_slice::<Value>(&body).expect("JSON");
        }
    });
}

#[test]
fn no_order_breaks_the_stand_in() {
    run(&order(), async |scene, order| {
        let (status, answer) = scene.control("happen", &order).await;
        prop_assert!(status == 200 || (status == 400 && answer.is_string()), "{} {}", status, answer);
        Ok(())
    });
}

#[test]
fn no_form_breaks_the_stand_in() {
    run(&form(), async |scene, fields| {
        let mut url = reqwest::Url::parse("http://stand-in/").expect("an address");
        url.query_pairs_mut().extend_pairs(fields);
        let body = url.query().unwrap_or_default().to_owned();
        for path in ["act", "read"] {
            let url = format!("{}/play/{path}", scene.stand_in.base_url());
            let request = request("POST", &url, None).header("content-type", "application/x-www-form-urlencoded");
            let answer = scene.http.call(request, body.clone().into()).await;
            prop_assert!(answer.is_some_and(|(status, _)| matches!(status, 303 | 400)));
        }
        Ok(())
    });
}

#[test]
fn no_bytes_break_the_stand_in() {
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let order = prop_oneof![
        Just("customer"),
        Just("happen"),
        Just("inbox"),
        Just("open"),
        Just("faults"),
        Just("clock"),
        Just("webhook"),
    ];
    run(&(order, bytes, words()), async |scene, (order, bytes, word)| {
        let url = format!("{}/_control/{order}", scene.stand_in.base_url());
        let answer = scene.http.call(request("POST", &url, None), bytes.clone().into()).await;
        prop_assert!(answer.is_some_and(|(status, _)| matches!(status, 200 | 400)));
        let mut url = reqwest::Url::parse(&scene.stand_in.base_url()).expect("an address");
        url.set_path("/wall");
        url.query_pairs_mut().append_pair("page", &word).append_pair("psid", &word).append_pair("reply", &word);
        let answer = scene.http.call(request("GET", url.as_str(), None), bytes::Bytes::new()).await;
        prop_assert!(answer.is_some_and(|(status, _)| status == 200));
        let url = format!("{}/play/act", scene.stand_in.base_url());
        let request = request("POST", &url, None).header("content-type", "multipart/form-data; boundary=B");
        let answer = scene.http.call(request, bytes.into()).await;
        prop_assert!(answer.is_some_and(|(status, _)| status == 400));
        Ok(())
    });
}
