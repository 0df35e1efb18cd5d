//! Webhooks: what they look like to a receiver, how often and in which order they come.

use std::sync::Arc;
use std::time::Duration;

use model::{Kind, Mid, PageId, Psid, Timestamp};
use serde_json::{Value, json};

use super::{Hand, START, Scene, options, page, psid};
use crate::fake::facebook::{FaultOrder, StandInOptions, State};

fn order(scene: &Scene, order: FaultOrder) {
    scene.stand_in.order(order);
}

/// The first key of each item that is neither side nor time.
fn kinds(items: &[Value]) -> Vec<String> {
    let kind = |item: &Value| {
        let echo = item["message"]["is_echo"] == true;
        let keys = item.as_object().expect("an item").keys().map(String::as_str);
        let kind = keys.into_iter().find(|key| !matches!(*key, "sender" | "recipient" | "timestamp"));
        if echo { "echo".to_owned() } else { kind.expect("a kind").to_owned() }
    };
    items.iter().map(kind).collect()
}

#[tokio::test]
async fn a_message_comes_in_and_an_answer_goes_round() {
    let scene = Scene::start().await;
    let wrote = scene.stand_in.customer_writes(&page(), &psid(), "größer 😀").expect("a Page");
    scene.stand_in.quiet().await;
    let (status, answer) = scene.send_text("hi").await.expect("an answer");
    assert_eq!(status, 200, "{answer}");
    scene.stand_in.quiet().await;
    let items = scene.receiver.items();
    assert_eq!(kinds(&items), ["message", "echo", "delivery", "read"]);
    let expected = json!({
        "sender": {"id": "5001"}, "recipient": {"id": "17"}, "timestamp": START.0,
        "message": {"mid": wrote.as_str(), "text": "größer 😀"},
    });
    assert_eq!(items[0], expected);
    let echo = &items[1];
    assert_eq!((&echo["sender"]["id"], &echo["recipient"]["id"]), (&json!("17"), &json!("5001")));
    assert_eq!(echo["message"]["mid"], answer["message_id"]);
    assert_eq!(echo["message"]["metadata"], "pd.1.7.c/17/5001");
    assert_eq!(echo["message"]["app_id"], 990_017);
    assert_eq!(items[2]["delivery"]["mids"][0], answer["message_id"]);
    assert!(scene.receiver.bodies().iter().all(|body| body.is_ascii()), "everything outside ASCII is escaped");
}

#[tokio::test]
async fn the_parser_of_the_node_reads_every_kind() {
    let scene = Scene::start().await;
    let (page, psid) = (page(), psid());
    scene.stand_in.customer_writes(&page, &psid, "hello");
    scene.stand_in.customer_attaches(&page, &psid, "image", "https://files.example/cat.png");
    scene.stand_in.customer_presses(&page, &psid, "Get started", "GET_STARTED");
    scene.stand_in.customer_reads(&page, &psid);
    scene.send_text("hi").await;
    scene.stand_in.quiet().await;
    let mut kinds = Vec::new();
    for body in scene.receiver.bodies() {
        let delivery = webhook::parse(&body, Timestamp(0));
        assert_eq!(delivery.anomalies, []);
        for inbound in delivery.inbounds {
            assert_eq!((&inbound.page, &inbound.psid, inbound.at), (&page, &psid, START));
            kinds.push(match inbound.kind {
                Kind::Message(message) if message.text.is_some() => "text",
                Kind::Message(_) => "attachment",
                Kind::Echo(_) => "echo",
                Kind::Postback(_) => "postback",
                Kind::Delivered(_) => "delivered",
                Kind::Read(_) => "read",
                Kind::Reaction(_)
                | Kind::Edit(_)
                | Kind::Unsend(_)
                | Kind::Referral(_)
                | Kind::Optin(_)
                | Kind::Handover(_)
                | Kind::AccountLink(_)
                | Kind::Feedback(_)
                | Kind::Order(_)
                | Kind::Notice(_)
                | Kind::Legacy(_) => "another",
            });
        }
    }
    assert_eq!(kinds, ["text", "attachment", "postback", "read", "echo", "delivered", "read"]);
}

#[tokio::test]
async fn a_webhook_is_posted_again_until_it_is_answered_with_200() {
    let scene = Scene::start().await;
    scene.receiver.answers_first([503, 500, 404]);
    scene.stand_in.customer_writes(&page(), &psid(), "first");
    scene.stand_in.customer_writes(&page(), &psid(), "second");
    scene.stand_in.quiet().await;
    let bodies = scene.receiver.bodies();
    assert_eq!(bodies.len(), 5);
    assert!(bodies[..4].iter().all(|body| *body == bodies[0]), "a repetition is the same to the byte");
    let texts: Vec<_> = scene.receiver.items().iter().map(|item| item["message"]["text"].clone()).collect();
    assert_eq!(texts, ["first", "first", "first", "first", "second"]);
    let counts = scene.stand_in.state().webhooks;
    assert_eq!((counts.posted, counts.accepted, counts.retried, counts.items, counts.waiting), (5, 2, 3, 2, 0));
}

#[tokio::test]
async fn a_webhook_nobody_takes_is_dropped_in_the_end() {
    let mut options = options();
    options.retry.give_up = Duration::from_millis(5);
    let scene = Scene::with(options).await;
    scene.receiver.answers_first([503; 100]);
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    scene.stand_in.quiet().await;
    let counts = scene.stand_in.state().webhooks;
    assert_eq!((counts.accepted, counts.dropped, counts.waiting), (0, 1, 0));
    assert!(counts.retried > 0);
}

#[tokio::test]
async fn items_that_wait_go_out_together_where_batches_are_wanted() {
    let scene = Scene::with(StandInOptions { batch_max: 10, ..options() }).await;
    scene.receiver.answers_first([503]);
    for number in 0..8 {
        scene.stand_in.customer_writes(&page(), &psid(), &number.to_string());
    }
    scene.stand_in.quiet().await;
    let texts: Vec<_> = scene.receiver.items().iter().map(|item| item["message"]["text"].clone()).collect();
    let counts = scene.stand_in.state().webhooks;
    assert_eq!(counts.items, 8);
    assert!(counts.accepted <= 2, "{counts:?}");
    assert_eq!(texts[texts.len() - 8..], ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn each_second_item_comes_twice_on_demand() {
    let scene = Scene::start().await;
    order(&scene, FaultOrder { duplicate_every: Some(2), ..FaultOrder::default() });
    for text in ["a", "b", "c", "d"] {
        scene.stand_in.customer_writes(&page(), &psid(), text);
    }
    scene.stand_in.quiet().await;
    let texts: Vec<_> = scene.receiver.items().iter().map(|item| item["message"]["text"].clone()).collect();
    assert_eq!(texts, ["a", "b", "b", "c", "d", "d"]);
}

#[tokio::test]
async fn late_items_overtake_each_other_and_none_is_lost() {
    let scene = Scene::start().await;
    order(&scene, FaultOrder { reorder_ms: Some(30), ..FaultOrder::default() });
    let mut wrote: Vec<Mid> = Vec::new();
    for number in 0..30 {
        wrote.extend(scene.stand_in.customer_writes(&page(), &psid(), &number.to_string()));
    }
    scene.stand_in.quiet().await;
    let mid = |item: &Value| Mid::new(item["message"]["mid"].as_str().expect("a mid"));
    let mut came: Vec<Mid> = scene.receiver.items().iter().map(mid).collect();
    assert_ne!(came, wrote);
    came.sort();
    wrote.sort();
    assert_eq!(came, wrote);
}

#[tokio::test]
async fn held_echoes_go_out_when_they_are_released() {
    let scene = Scene::with(StandInOptions { receipts: false, ..options() }).await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    order(&scene, FaultOrder { hold_echoes: Some(true), ..FaultOrder::default() });
    scene.send_text("hi").await;
    scene.stand_in.quiet().await;
    assert_eq!((kinds(&scene.receiver.items()), scene.stand_in.state().echoes_held), (vec!["message".to_owned()], 1));
    order(&scene, FaultOrder { hold_echoes: Some(false), ..FaultOrder::default() });
    scene.stand_in.quiet().await;
    assert_eq!((kinds(&scene.receiver.items()).len(), scene.stand_in.state().echoes_held), (2, 0));
}

#[tokio::test]
async fn the_echo_comes_before_the_answer_on_demand() {
    let scene = Scene::with(StandInOptions { delay_max: Duration::from_secs(60), receipts: false, ..options() }).await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    order(&scene, FaultOrder { echo_first: Some(true), ..FaultOrder::default() });
    let (status, _) = scene.send_text("hi").await.expect("an answer");
    assert_eq!((status, kinds(&scene.receiver.items())), (200, vec!["message".to_owned(), "echo".to_owned()]));
}

#[tokio::test]
async fn a_lost_answer_still_has_its_echo() {
    let scene = Scene::with(StandInOptions { receipts: false, ..options() }).await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    order(&scene, FaultOrder { lose_answers: Some(1), ..FaultOrder::default() });
    assert_eq!(scene.send_text("hi").await, None);
    scene.stand_in.quiet().await;
    assert_eq!(kinds(&scene.receiver.items()), ["message", "echo"]);
}

#[tokio::test]
async fn an_answer_from_the_inbox_of_the_page_is_an_echo_without_a_mark_and_no_bubble() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let mid = scene.stand_in.page_answers_elsewhere(&page(), &psid(), "from the inbox").expect("a Page");
    let order = json!({"page": "17", "psid": "5001", "text": "from another app", "app": "42"});
    assert_eq!(scene.control("inbox", &order).await.0, 200);
    scene.stand_in.quiet().await;
    let items = scene.receiver.items();
    assert_eq!(items[1]["message"], json!({"mid": mid, "is_echo": true, "text": "from the inbox"}));
    assert_eq!(items[2]["message"]["app_id"], 42);
    assert_eq!(scene.stand_in.state().bubbles, []);
}

#[tokio::test]
async fn the_handshake_asks_for_the_challenge() {
    let scene = Scene::start().await;
    scene.stand_in.verify_webhook().await.expect("the challenge comes back");
    let stranger = StandInOptions { verify_token: "another".into(), ..options() };
    let stranger = Scene::with(stranger).await;
    assert!(stranger.stand_in.verify_webhook().await.is_err());
    assert!(stranger.stand_in.set_webhook("https://tls.example/webhook").is_err());
}

#[tokio::test]
async fn another_process_steers_it_over_http() {
    let hand = Hand::default();
    hand.set(START);
    let scene = Scene::with(StandInOptions { movable: Some(Arc::new(hand)), ..options() }).await;
    let customer = json!({"page": "17", "psid": "5001", "name": "Ada Byron", "text": "hello"});
    let (status, answer) = scene.control("customer", &customer).await;
    assert_eq!((status, &answer["psid"]), (200, &json!("5001")));
    let (_, anyone) = scene.control("customer", &json!({"page": "17", "text": "hello"})).await;
    assert_eq!(anyone["psid"].as_str().map(str::len), Some(16));
    assert_eq!(scene.control("customer", &json!({"page": "99", "text": "hello"})).await.0, 400);
    assert_eq!(scene.control("faults", &json!({"looses": 1})).await.0, 400);
    assert_eq!(scene.control("clock", &json!({"advance_ms": 86_400_000})).await.0, 200);
    assert_eq!(scene.send_text("too late").await.expect("an answer").0, 400);
    let url = json!({"url": scene.receiver.url(), "verify": true});
    assert_eq!(scene.control("webhook", &url).await, (200, json!({})));
    assert_eq!(scene.control("quiet", &json!({})).await.0, 200);
    let (_, state) = scene.get("/_control/state").await;
    let state: State = serde_json::from_value(state).expect("the state reads back");
    assert_eq!(state, scene.stand_in.state());
    assert_eq!((state.customers.len(), state.violations.len(), state.webhooks.items), (2, 1, 2));
    assert_eq!(state.customers[0].name.as_deref(), Some("Ada Byron"));
}

#[tokio::test]
async fn the_control_api_can_be_left_out() {
    let scene = Scene::with(StandInOptions { control: false, ..options() }).await;
    assert_eq!(scene.get("/_control/state").await.0, 400);
    let scene = Scene::start().await;
    assert_eq!(scene.control("clock", &json!({"advance_ms": 1})).await.0, 404);
}

#[tokio::test]
async fn pages_do_not_wait_for_each_other() {
    let mut options = options();
    options.retry.first = Duration::from_secs(60);
    options.retry.longest = Duration::from_secs(60);
    let scene = Scene::with(options).await;
    scene.receiver.answers_first([503]);
    scene.stand_in.customer_writes(&page(), &psid(), "stuck");
    while scene.receiver.bodies().is_empty() {
        tokio::task::yield_now().await;
    }
    scene.stand_in.customer_writes(&PageId::new("18"), &Psid::new("6001"), "goes on");
    while scene.stand_in.state().webhooks.accepted == 0 {
        tokio::task::yield_now().await;
    }
    let texts: Vec<_> = scene.receiver.items().iter().map(|item| item["message"]["text"].clone()).collect();
    assert_eq!(texts, ["stuck", "goes on"]);
}
