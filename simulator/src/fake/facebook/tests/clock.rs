//! A clock that can be moved, where the host hands one in, and nowhere else.

use std::sync::Arc;

use model::{Span, Timestamp};
use serde_json::json;

use super::{Hand, START, Scene, StandInOptions, options, page, psid};

async fn movable() -> (Scene, Hand) {
    let hand = Hand::default();
    hand.set(START);
    (Scene::with(StandInOptions { movable: Some(Arc::new(hand.clone())), ..options() }).await, hand)
}

#[tokio::test]
async fn without_a_clock_of_the_host_there_is_no_door() {
    let scene = Scene::start().await;
    assert_eq!(scene.control("clock", &json!({"advance_ms": 1})).await.0, 404);
    assert_eq!(scene.form("do=move&span=1+h").await, 400);
    assert!(!scene.text("/").await.contains("Move the clock"));
    assert_eq!(scene.stand_in.state().now, START);
}

#[tokio::test]
async fn the_buttons_move_the_clock_of_the_host_and_the_windows_with_it() {
    let (scene, hand) = movable().await;
    assert!(scene.text("/").await.contains("Move the clock"));
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    assert_eq!(scene.send_text("in time").await.expect("an answer").0, 200);
    assert_eq!(scene.form("page=17&psid=5001&do=move&span=25+h").await, 303);
    assert_eq!(Timestamp(hand.0.load(core::sync::atomic::Ordering::Relaxed)), START + Span::hours(25));
    assert_eq!(scene.send_text("too late").await.expect("an answer").0, 400);
    let human = json!({
        "recipient": {"id": "5001"}, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "message": {"text": "hi"},
    });
    assert_eq!(scene.send(&human).await.expect("an answer").0, 200);
    assert_eq!(scene.form("page=17&psid=5001&do=move&span=8+d").await, 303);
    assert_eq!(scene.send(&human).await.expect("an answer").0, 400);
    assert_eq!(scene.form("do=move&span=other&other=90+min").await, 303);
    assert_eq!(scene.stand_in.state().now, START + Span::hours(25) + Span::days(8) + Span::minutes(90));
}

#[tokio::test]
async fn time_goes_forward_by_a_year_at_most() {
    let (scene, _) = movable().await;
    for form in ["do=move&span=other&other=-1+h", "do=move&span=other&other=400+d", "do=move&span=soon"] {
        assert_eq!(scene.form(form).await, 400, "{form}");
    }
    for advance in [-1, i64::MIN, i64::MAX] {
        assert_eq!(scene.control("clock", &json!({"advance_ms": advance})).await.0, 400, "{advance}");
    }
    assert_eq!(scene.stand_in.state().now, START);
}

#[tokio::test]
async fn the_clock_of_a_node_is_such_a_clock() {
    let clock = node::MovableClock::default();
    clock.start_at(START);
    let scene = Scene::with(StandInOptions { movable: Some(Arc::new(clock.clone())), ..options() }).await;
    assert_eq!(scene.control("clock", &json!({"advance_ms": 3_600_000})).await.0, 200);
    assert!(actors::Clock::now(&clock) >= START + Span::hours(1));
    assert!(scene.stand_in.state().now >= START + Span::hours(1));
}
