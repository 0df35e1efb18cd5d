//! The API for scripts at the real program's door: a call is carried out once, also when the program is killed in the
//! middle of it and after it, and what is no text is refused with its code.

use std::time::Duration;

use it::http::Answer;
use it::real::Stage;
use it::rig::PAGES;
use it::wait::eventually;
use model::{PageId, Psid};
use simulator::fake::facebook::Customer;

use crate::crash::PROGRAMS;
use crate::turn;

const AT_MOST: Duration = Duration::from_secs(60);

const PSID: &str = "5001";

const BODY: &str = r#"{"text":"Your order is on its way."}"#;

fn address(stage: &Stage) -> String {
    format!("{}/api/v1/conversations/{}/{PSID}", stage.site(), PAGES[0])
}

async fn call(stage: &Stage, body: &str) -> anyhow::Result<Answer> {
    let headers = [("content-type", "application/json"), ("idempotency-key", "order-7")];
    stage.caller.post(&format!("{}/messages", address(stage)), &headers, body.to_owned()).await
}

/// A customer writes, and the node has a conversation with them.
async fn met(stage: &Stage) {
    let psid = Psid::new(PSID);
    let order = Customer { text: Some("Where is it?".to_owned()), ..Customer::new(&PageId::new(PAGES[0]), &psid) };
    stage
        .caller
        .post_json(&format!("{}/_control/customer", stage.stand_in_url), &order, None)
        .await
        .expect("the stand-in answers");
    let known = || async { stage.caller.get(&address(stage)).await.is_ok_and(|answer| answer.status == 200) };
    assert!(eventually(AT_MOST, known).await, "{}", stage.last_words());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_was_cut_off_by_a_kill_is_repeated_and_sends_once() {
    let _turn = turn().await;
    let stage = Stage::set(PROGRAMS).await.unwrap();
    let mut node = stage.node(None).unwrap();
    assert!(stage.ready(&mut node, AT_MOST).await.unwrap(), "{}", stage.last_words());
    met(&stage).await;
    node.terminate().unwrap();
    node.end(AT_MOST).await.unwrap().expect("it ends when asked to");

    // The call is kept, and the conversation is never asked.
    let mut node = stage.node(Some("desk-after-commit:1")).unwrap();
    assert!(stage.ready(&mut node, AT_MOST).await.unwrap(), "{}", stage.last_words());
    assert!(call(&stage, BODY).await.is_err(), "the program ended in it");
    node.end(AT_MOST).await.unwrap().expect("it was killed");

    let mut node = stage.node(None).unwrap();
    assert!(stage.ready(&mut node, AT_MOST).await.unwrap(), "{}", stage.last_words());
    let other = call(&stage, r#"{"text":"Your order is lost."}"#).await.unwrap();
    assert_eq!((other.status, &other.json()["error"]["code"]), (409, &"idempotency-key-reused".into()));
    let first = call(&stage, BODY).await.unwrap();
    assert_eq!(first.status, 201, "{}", first.text());
    node.kill().await.unwrap();

    let mut node = stage.node(None).unwrap();
    assert!(stage.ready(&mut node, AT_MOST).await.unwrap(), "{}", stage.last_words());
    let second = call(&stage, BODY).await.unwrap();
    assert_eq!(second.status, 201, "{}", second.text());
    assert_eq!(second.json()["messages"][0]["id"], first.json()["messages"][0]["id"]);
    let shown = || async {
        let told = stage.caller.get(&address(&stage)).await.ok()?;
        told.json()["parts"][0]["shown"].as_str().map(str::to_owned)
    };
    let settled = || async {
        let shown = shown().await;
        shown.is_some_and(|shown| ["sent", "delivered", "read", "in doubt"].contains(&shown.as_str()))
    };
    assert!(eventually(AT_MOST, settled).await, "{}", stage.last_words());
    let shown = shown().await.expect("it was there a moment ago");
    let world = stage.world().await.unwrap();
    let sent = world.bubbles.iter().filter(|bubble| bubble.text.as_deref() == Some("Your order is on its way."));
    // The second kill may have cut the send off before Facebook had it: then it is in doubt, and nobody sends it again.
    let least = usize::from(shown != "in doubt");
    assert!((least..=1).contains(&sent.count()), "shown as {shown}");

    for (body, code) in [
        (r#"{"text":""}"#.to_owned(), (422, "text-empty")),
        (format!(r#"{{"text":"{}"}}"#, "a".repeat(100_000)), (422, "text-too-long")),
        (r#"{"text":"\u0301\u0301"}"#.to_owned(), (422, "text-empty")),
        (r#"{"text":"\ud83d"}"#.to_owned(), (400, "invalid-json")),
        (r#"{"text":"a\u0000"}"#.to_owned(), (422, "text-unfit")),
    ] {
        let answer = call(&stage, &body).await.unwrap();
        assert_eq!((answer.status, answer.json()["error"]["code"].as_str().unwrap()), code, "{}", answer.text());
    }
    node.terminate().unwrap();
    assert_eq!(node.end(AT_MOST).await.unwrap().and_then(|status| status.code()), Some(0));
    stage.strike().await.unwrap();
}
