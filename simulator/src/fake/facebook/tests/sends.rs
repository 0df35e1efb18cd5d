//! What the Page may offer with a message, signs instead of messages, and what the customer makes of them.

use serde_json::{Value, json};

use super::{Scene, page, psid};

fn mid(answer: &Option<(u16, Value)>) -> String {
    let (status, body) = answer.as_ref().expect("an answer");
    assert_eq!(*status, 200, "{body}");
    body["message_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn quick_replies_are_offered_chosen_once_and_gone() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let offer = json!({
        "recipient": {"id": "5001"}, "messaging_type": "RESPONSE",
        "message": {"text": "Which colour?", "quick_replies": [
            {"content_type": "text", "title": "Red", "payload": "RED"},
            {"content_type": "text", "title": "Blue", "payload": "BLUE"}]},
    });
    let mid = mid(&scene.send(&offer).await);
    let before = scene.items().await.len();
    let shown = scene.text("/?page=17&psid=5001").await;
    assert!(shown.contains("Quick replies") && shown.contains(">Blue</button>"), "{shown}");
    let choose: &'static str = format!("page=17&psid=5001&do=choose&mid={mid}&number=1").leak();
    assert_eq!(scene.form(choose).await, 303);
    assert_eq!(scene.form(choose).await, 400, "the choice is gone");
    let items = scene.items().await.split_off(before);
    let message = &items[0]["message"];
    assert_eq!((&message["text"], &message["quick_reply"]["payload"]), (&json!("Blue"), &json!("BLUE")));
    assert_eq!(items.len(), 1);
}

#[tokio::test]
async fn buttons_of_a_template_stay_and_are_postbacks() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let template = json!({
        "recipient": {"id": "5001"}, "messaging_type": "RESPONSE",
        "message": {"attachment": {"type": "template", "payload": {"template_type": "button", "text": "May we call?",
            "buttons": [{"type": "postback", "title": "Yes", "payload": "CALL_YES"},
                        {"type": "web_url", "title": "Read more", "url": "https://shop.example/"},
                        {"type": "web_url", "title": "Odd", "url": "javascript:alert(1)"}]}}},
    });
    let mid = mid(&scene.send(&template).await);
    let before = scene.items().await.len();
    let shown = scene.text("/?page=17&psid=5001").await;
    assert!(shown.contains("May we call?") && shown.contains("href=\"https://shop.example/\""), "{shown}");
    assert!(!shown.contains("javascript:"), "{shown}");
    let choose: &'static str = format!("page=17&psid=5001&do=choose&mid={mid}&number=0").leak();
    assert_eq!((scene.form(choose).await, scene.form(choose).await), (303, 303));
    let items = scene.items().await.split_off(before);
    assert_eq!((&items[0]["postback"]["payload"], items.len()), (&json!("CALL_YES"), 2));
}

#[tokio::test]
async fn too_many_or_too_long_quick_replies_are_refused() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let reply = |title: &str| json!({"content_type": "text", "title": title, "payload": "P"});
    let send = async |replies: Vec<Value>| {
        let body = json!({
            "recipient": {"id": "5001"}, "messaging_type": "RESPONSE",
            "message": {"text": "Which?", "quick_replies": replies},
        });
        scene.send(&body).await.expect("an answer").0
    };
    assert_eq!(send(vec![reply("a"); 13]).await, 200);
    assert_eq!(send(vec![reply("a"); 14]).await, 400);
    assert_eq!(send(vec![reply(&"ß".repeat(20))]).await, 200);
    assert_eq!(send(vec![reply(&"ß".repeat(21))]).await, 400);
}

#[tokio::test]
async fn signs_are_shown_and_are_no_bubbles() {
    let scene = Scene::start().await;
    let mid = scene.stand_in.customer_writes(&page(), &psid(), "hello").expect("a Page");
    let sign = async |word: &str, payload: Value| {
        let body = json!({"recipient": {"id": "5001"}, "sender_action": word, "payload": payload});
        scene.send(&body).await.expect("an answer")
    };
    assert_eq!(sign("typing_on", Value::Null).await, (200, json!({"recipient_id": "5001"})));
    assert!(scene.text("/?page=17&psid=5001").await.contains("The Page is typing"));
    sign("typing_off", Value::Null).await;
    assert!(!scene.text("/?page=17&psid=5001").await.contains("The Page is typing"));
    sign("mark_seen", Value::Null).await;
    assert!(scene.text("/?page=17&psid=5001").await.contains("Seen by the Page"));
    assert_eq!(sign("react", json!({"message_id": mid, "reaction": "🎉"})).await.0, 200);
    assert!(scene.text("/?page=17&psid=5001").await.contains('🎉'));
    assert_eq!(sign("react", json!({"message_id": "m_none", "reaction": "x"})).await.0, 400);
    assert_eq!(sign("dance", Value::Null).await.0, 400);
    let both = json!({"recipient": {"id": "5001"}, "sender_action": "typing_on", "message": {"text": "hi"}});
    assert_eq!(scene.send(&both).await.expect("an answer").1["error"]["error_subcode"], 2_018_014);
    assert_eq!(scene.stand_in.state().bubbles, []);
}

#[tokio::test]
async fn an_answer_to_one_message_shows_which() {
    let scene = Scene::start().await;
    let asked = scene.stand_in.customer_writes(&page(), &psid(), "do you have rye?").expect("a Page");
    let body = json!({
        "recipient": {"id": "5001"}, "messaging_type": "RESPONSE", "message": {"text": "we do"},
        "reply_to": {"mid": asked},
    });
    mid(&scene.send(&body).await);
    assert!(scene.text("/?page=17&psid=5001").await.contains("↩ do you have rye?"));
}
