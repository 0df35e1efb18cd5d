//! What happens to a thread: what opens its window, who owns it, what the customer sees of it.

use std::sync::Arc;

use messenger::{Config, Control, Graph as _, HttpGraph, Tokens};
use model::{AppId, PageId, Redacted, Span, Timestamp};
use serde_json::json;

use super::{Hand, Scene, StandInOptions, TOKEN, options, page, proof, psid};
use crate::fake::facebook::{Handover, Happening, OptIn, Referral, Said, What};

fn inbox() -> Handover {
    Handover { from: Some(AppId::new("990017")), to: Some(AppId::new("263902037430900")), metadata: None }
}

fn said(text: &str) -> What {
    What::Message(Said { text: Some(text.to_owned()), ..Said::default() })
}

#[tokio::test]
async fn only_what_opens_a_window_opens_it() {
    let ad = Referral { source: "ADS".to_owned(), ..Referral::default() };
    let link = Referral { source: "SHORTLINK".to_owned(), ..Referral::default() };
    let react = |undo| {
        move |mid: &model::Mid| What::Reaction {
            mid: mid.clone(),
            reaction: "love".to_owned(),
            emoji: None,
            undo,
            by_page: false,
        }
    };
    type Deed = Box<dyn Fn(&model::Mid) -> What>;
    let cases: Vec<(&str, Deed, u16)> = vec![
        ("a message", Box::new(|_| said("again")), 200),
        ("a button", Box::new(|_| What::Postback { title: "A".into(), payload: "A".into(), referral: None }), 200),
        ("a reaction", Box::new(react(false)), 200),
        ("a link", Box::new(move |_| What::Referral(link.clone())), 200),
        ("a plugin", Box::new(|_| What::OptIn(OptIn::Plugin { word: "box".into(), user_ref: None })), 200),
        ("a reaction taken back", Box::new(react(true)), 400),
        ("an edit", Box::new(|mid| What::Edit { mid: mid.clone(), text: "x".into() }), 400),
        ("an unsend", Box::new(|mid| What::Unsend { mid: mid.clone() }), 400),
        ("a receipt", Box::new(|_| What::Read { watermark: None }), 400),
        ("a click on an ad", Box::new(move |_| What::Referral(ad.clone())), 400),
        ("a linked account", Box::new(|_| What::Linked { authorization_code: "c".into() }), 400),
    ];
    for (name, what, status) in cases {
        let hand = Hand::default();
        hand.set(super::START);
        let scene = Scene::with(StandInOptions { clock: hand.source(), ..options() }).await;
        let mid = scene.stand_in.customer_writes(&page(), &psid(), "hello").expect("a Page");
        hand.set(super::START + Span::hours(30));
        scene.happen(what(&mid));
        assert_eq!(scene.send_text("still there?").await.expect("an answer").0, status, "{name}");
    }
}

#[tokio::test]
async fn a_message_after_an_ad_is_marked_and_opens_seven_days() {
    let hand = Hand::default();
    // 2026-11-01T00:00:00Z
    let start = Timestamp(1_793_491_200_000);
    hand.set(start);
    let scene = Scene::with(StandInOptions { clock: hand.source(), ..options() }).await;
    assert_eq!(scene.form("page=17&name=Ada+Byron&do=ad").await, 303);
    let psid = scene.stand_in.state().customers[0].psid.clone();
    scene.stand_in.customer_writes(&page(), &psid, "is it still there?");
    scene.stand_in.customer_writes(&page(), &psid, "hello?");
    let items = scene.items().await;
    assert_eq!(items[1]["message"]["referral"]["source"], "ADS");
    assert!(items[2]["message"].get("referral").is_none(), "only the first message follows the ad");
    let answer = json!({"recipient": {"id": psid.as_str()}, "messaging_type": "RESPONSE", "message": {"text": "yes"}});
    for (age, status) in [(Span(604_799_999), 200), (Span(604_800_000), 400)] {
        hand.set(start + age);
        assert_eq!(scene.send(&answer).await.expect("an answer").0, status);
    }
}

#[tokio::test]
async fn a_thread_of_another_app_comes_in_standby_and_takes_no_sends() {
    let hand = Hand::default();
    hand.set(super::START);
    let scene = Scene::with(StandInOptions { clock: hand.source(), receipts: false, ..options() }).await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    scene.happen(What::TakeThread(inbox()));
    scene.stand_in.customer_writes(&page(), &psid(), "anybody?");
    let (status, body) = scene.send_text("we are").await.expect("an answer");
    assert_eq!((status, &body["error"]["code"], &body["error"]["error_subcode"]), (400, &json!(10), &json!(2_018_300)));
    scene.stand_in.quiet().await;
    let body: serde_json::Value = serde_json::from_slice(&scene.receiver.bodies()[2]).expect("JSON");
    assert_eq!(body["entry"][0]["standby"][0]["message"]["text"], "anybody?");
    assert!(scene.text("/?page=17&psid=5001").await.contains("inbox has this conversation"));
    scene.happen(What::PassThread(Handover { to: Some(AppId::new("990017")), ..Handover::default() }));
    assert_eq!(scene.send_text("we are").await.expect("an answer").0, 200);
    // Control ends by itself after a day without activity.
    scene.happen(What::TakeThread(inbox()));
    hand.set(super::START + Span::hours(24));
    scene.stand_in.customer_writes(&page(), &psid(), "tomorrow");
    assert_eq!(scene.send_text("good morning").await.expect("an answer").0, 200);
}

#[tokio::test]
async fn a_blocked_page_sends_nothing_until_it_is_unblocked() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let enforce = |action: &str| What::PolicyEnforcement { action: action.to_owned(), reason: None };
    for (action, status) in [("warning", 200), ("block", 400), ("unblock", 200)] {
        scene.happen(enforce(action));
        assert_eq!(scene.send_text("hi").await.expect("an answer").0, status, "{action}");
    }
}

#[tokio::test]
async fn a_late_item_has_its_own_time_and_an_impossible_one_is_refused() {
    let scene = Scene::start().await;
    let at = |at| Happening { at: Some(at), ..Happening::new(&page(), Some(&psid()), said("late")) };
    assert_eq!(scene.stand_in.happen(at(Timestamp(1_000))).map(|happened| happened.at), Ok(Timestamp(1_000)));
    assert_eq!(scene.items().await[0]["timestamp"], 1_000);
    for odd in [Timestamp(-1), Timestamp(i64::MAX), Timestamp(i64::MIN)] {
        assert!(scene.stand_in.happen(at(odd)).is_err());
    }
    assert!(scene.stand_in.happen(Happening::new(&page(), Some(&psid()), said(&"ß".repeat(20_001)))).is_err());
    assert!(scene.stand_in.happen(Happening::new(&page(), Some(&psid()), What::Message(Said::default()))).is_err());
    assert_eq!(scene.items().await.len(), 1);
}

#[tokio::test]
async fn a_thread_keeps_its_newest_lines() {
    let scene = Scene::with(StandInOptions { webhook_url: None, ..options() }).await;
    for number in 0..2_000 {
        scene.stand_in.customer_writes(&page(), &psid(), &format!("line {number}"));
    }
    let wrote = scene.stand_in.state().customers[0].wrote.clone();
    assert!(wrote.len() <= 1_000, "{}", wrote.len());
    assert_eq!(wrote.last().and_then(|line| line.text.as_deref()), Some("line 1999"));
}

/// One token for every Page.
struct OneToken;

impl Tokens for OneToken {
    fn token(&self, _page: &PageId) -> Option<Redacted<String>> {
        Some(TOKEN.into())
    }
}

fn client(scene: &Scene) -> HttpGraph {
    let (base_url, app_secret) = (scene.stand_in.base_url().to_owned(), Some("stand-in-secret".into()));
    HttpGraph::new(Config { base_url, app_secret, ..Config::default() }, Arc::new(OneToken)).expect("a client")
}

#[tokio::test]
async fn a_thread_is_taken_over_where_the_pages_features_let_the_app() {
    let scene = Scene::with(StandInOptions { gives_control: true, ..options() }).await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    scene.happen(What::TakeThread(inbox()));
    assert_eq!(scene.send_text("we are").await.expect("an answer").0, 400);
    assert_eq!(client(&scene).take_control(page(), psid()).await, Ok(Control::Taken));
    assert_eq!(scene.send_text("we are").await.expect("an answer").0, 200);
    let stranger = client(&scene).take_control(page(), model::Psid::new("5009")).await;
    assert_eq!(stranger, Ok(Control::Denied { reason: "customer-unknown".to_owned(), owner: None }));
}

#[tokio::test]
async fn a_thread_stays_the_others_where_the_pages_features_lack_it() {
    let scene = Scene::with(options()).await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    scene.happen(What::TakeThread(inbox()));
    let denied = Control::Denied { reason: "not-offered".to_owned(), owner: None };
    assert_eq!(client(&scene).take_control(page(), psid()).await, Ok(denied));
    let url = |call: &str| format!("{}/v26.0/17/{call}?appsecret_proof={}", scene.stand_in.base_url(), proof(TOKEN));
    let recipient = json!({ "recipient": { "id": "5001" } });
    let take = url("take_thread_control");
    let (status, refused) = scene.http.post(&take, Some(TOKEN), &recipient).await.expect("an answer");
    assert_eq!((status, &refused["error"]["code"]), (400, &json!(27)));
    assert_eq!(scene.send_text("we are").await.expect("an answer").0, 400, "nothing was taken");
}
