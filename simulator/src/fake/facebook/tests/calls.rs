//! Calls of the Graph API: token, proof, rules, profiles, and what a lost or repeated call does.

use model::{Span, Timestamp};
use serde_json::{Value, json};

use super::receiver::{Http, request};
use super::{Hand, START, Scene, TOKEN, options, page, proof, psid, response};
use crate::fake::facebook::{Customer, FailNext, FaultOrder, StandInOptions};

fn code(answer: &Option<(u16, Value)>) -> (u16, i64, Option<i64>) {
    let (status, body) = answer.as_ref().expect("an answer");
    let error = &body["error"];
    assert!(error["fbtrace_id"].is_string() && error["message"].is_string() && error["type"].is_string(), "{body}");
    (*status, error["code"].as_i64().expect("a code"), error["error_subcode"].as_i64())
}

#[tokio::test]
async fn an_equal_second_post_is_a_second_bubble() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let (first, second) = (scene.send_text("hi").await, scene.send_text("hi").await);
    let (Some((200, first)), Some((200, second))) = (first, second) else { panic!("both are taken") };
    assert_eq!(first["recipient_id"], "5001");
    assert_ne!(first["message_id"], second["message_id"]);
    let bubbles = scene.stand_in.state().bubbles;
    let texts: Vec<_> = bubbles.iter().map(|bubble| (bubble.text.as_deref(), bubble.metadata.as_deref())).collect();
    assert_eq!(texts, [(Some("hi"), Some("pd.1.7.c/17/5001")); 2]);
}

#[tokio::test]
async fn only_the_right_token_with_its_proof_sends() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let base = format!("{}/v26.0/17/messages", scene.stand_in.base_url());
    let call = async |query: String, token: Option<&str>| {
        code(&scene.http.post(&format!("{base}{query}"), token, &response("hi")).await)
    };
    assert_eq!(call(format!("?appsecret_proof={}", proof(TOKEN)), None).await, (400, 2500, None));
    assert_eq!(call(format!("?appsecret_proof={}", proof("x")), Some("x")).await, (400, 190, None));
    assert_eq!(call(String::new(), Some(TOKEN)).await, (400, 100, None));
    assert_eq!(call(format!("?appsecret_proof={}", proof("x")), Some(TOKEN)).await, (400, 100, None));
    let other = "token-of-18";
    assert_eq!(call(format!("?appsecret_proof={}", proof(other)), Some(other)).await, (400, 100, Some(33)));
    let unpinned = format!("{}/17/messages?appsecret_proof={}", scene.stand_in.base_url(), proof(TOKEN));
    assert_eq!(code(&scene.http.post(&unpinned, Some(TOKEN), &response("hi")).await), (400, 2500, None));
    assert_eq!(scene.stand_in.state().bubbles, []);
}

#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let url = format!("{}/v26.0/me/messages", scene.stand_in.base_url());
    let form = format!(
        "recipient=%7B%22id%22%3A%225001%22%7D&messaging_type=RESPONSE&message=%7B%22text%22%3A%22gr%C3%B6%C3%9Fe%22%7D\
         &appsecret_proof={}&access_token={TOKEN}",
        proof(TOKEN)
    );
    let request = request("POST", &url, None).header("content-type", "application/x-www-form-urlencoded");
    let (status, answer) = Http::new().call(request, form.into()).await.expect("an answer");
    assert_eq!(status, 200, "{answer}");
    assert_eq!(scene.stand_in.state().bubbles[0].text.as_deref(), Some("größe"));
}

#[tokio::test]
async fn the_windows_of_meta_are_kept_and_breaking_them_is_counted() {
    let hand = Hand::default();
    let scene = Scene::with(StandInOptions { clock: hand.source(), ..options() }).await;
    let human = json!({
        "recipient": {"id": "5001"}, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "message": {"text": "hi"},
    });
    hand.set(START);
    assert_eq!(code(&scene.send_text("hi").await), (400, 100, Some(2_018_001)));
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let at = async |now: Timestamp, body: &Value| {
        hand.set(now);
        scene.send(body).await
    };
    let taken = |answer: Option<(u16, Value)>| answer.expect("an answer").0 == 200;
    let (day, week) = (START + Span::hours(24), START + Span::days(7));
    assert!(taken(at(day - Span(1), &response("hi")).await));
    assert_eq!(code(&at(day, &response("hi")).await), (400, 10, Some(2_018_278)));
    assert!(taken(at(week - Span(1), &human).await));
    assert_eq!(code(&at(week, &human).await), (400, 10, Some(2_018_278)));
    let state = scene.stand_in.state();
    assert_eq!((state.bubbles.len(), state.violations.len(), state.sends_asked), (2, 3, 5));
    assert_eq!((state.violations[1].code, state.violations[1].at), (10, day));
}

#[tokio::test]
async fn an_answer_is_lost_after_the_bubble_and_a_request_before_it() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    scene.stand_in.order(FaultOrder { lose_answers: Some(1), ..FaultOrder::default() });
    assert_eq!(scene.send_text("first").await, None);
    scene.stand_in.order(FaultOrder { lose_requests: Some(1), ..FaultOrder::default() });
    assert_eq!(scene.send_text("second").await, None);
    assert_eq!(scene.send_text("third").await.expect("an answer").0, 200);
    let texts: Vec<_> = scene.stand_in.state().bubbles.into_iter().filter_map(|bubble| bubble.text).collect();
    assert_eq!(texts, ["first", "third"]);
}

#[tokio::test]
async fn errors_come_on_demand_also_on_a_200() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let fail = Some(FailNext { code: 613, subcode: Some(1996), times: 1, on_200: true });
    scene.stand_in.order(FaultOrder { fail, ..FaultOrder::default() });
    assert_eq!(code(&scene.send_text("hi").await), (200, 613, Some(1996)));
    assert_eq!(scene.send_text("hi").await.expect("an answer").0, 200);
    let order = json!({"restricted": ["17"]});
    assert_eq!(scene.control("faults", &order).await.0, 200);
    assert_eq!(code(&scene.send_text("hi").await), (400, 10, Some(1_893_063)));
    scene.control("faults", &json!({"clear": true, "dead_tokens": ["17"]})).await;
    assert_eq!(code(&scene.send_text("hi").await), (400, 190, Some(460)));
    scene.control("faults", &json!({"clear": true})).await;
    assert_eq!(scene.send_text("hi").await.expect("an answer").0, 200);
    assert_eq!(scene.stand_in.state().violations, []);
}

#[tokio::test]
async fn a_recipient_may_say_by_its_id_how_sends_fare() {
    let scene = Scene::start().await;
    let send = async |psid: &str| {
        let body = json!({"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": {"text": "hi"}});
        scene.send(&body).await
    };
    assert_eq!(code(&send("test-error-10-2018278").await), (400, 10, Some(2_018_278)));
    assert_eq!(code(&send("test-error-on-200-1200").await), (200, 1200, None));
    assert_eq!(send("test-request-lost").await, None);
    assert_eq!(code(&send("test-answer-lost").await), (400, 100, Some(2_018_001)), "the rules hold: nobody wrote");
    for psid in ["test-answer-lost", "test-slow-1", "test-echo-first"] {
        scene.stand_in.customer_writes(&page(), &model::Psid::new(psid), "hello");
    }
    assert_eq!(send("test-answer-lost").await, None);
    assert_eq!(send("test-slow-1").await.expect("an answer").0, 200);
    assert_eq!(send("test-echo-first").await.expect("an answer").0, 200);
    let (texts, state) = (scene.items().await.len(), scene.stand_in.state());
    assert_eq!(state.bubbles.len(), 3, "what was lost on the way back was taken");
    assert!(texts >= 6, "three messages and three echoes");
}

#[tokio::test]
async fn a_page_that_sends_too_often_is_refused_and_told_how_much_it_has_used_up() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    scene.control("faults", &json!({"rates": {"per_second": 3, "thread_per_second": 2}})).await;
    let told = [scene.send_text("1").await, scene.send_text("2").await].map(|told| told.expect("an answer").0);
    assert_eq!(told, [200, 200]);
    assert_eq!(code(&scene.send_text("3").await), (400, 613, Some(1_996)));
    assert_eq!(code(&scene.send_text("4").await), (400, 613, None));
    assert_eq!(scene.stand_in.state().violations.len(), 2);
    scene.control("faults", &json!({"rates": {"calls_per_person": 4}})).await;
    let url = format!("{}/v26.0/17/messages?appsecret_proof={}", scene.stand_in.base_url(), proof(TOKEN));
    let name = "x-business-use-case-usage";
    let (status, header) = scene.http.header(&url, TOKEN, &response("5"), name).await;
    let usage = messenger::Usage::of_header(name, header.expect("a limit is set").as_bytes());
    assert_eq!((status, usage.page), (400, 125), "those that were refused count as well");
    assert!(usage.regain.is_some_and(|regain| regain > Span::hours(23)), "{usage:?}");
}

#[tokio::test]
async fn profiles_are_told_to_the_page_the_customer_wrote_to() {
    let scene = Scene::start().await;
    let named =
        Customer { name: Some("Ada Byron".to_owned()), text: Some("hi".to_owned()), ..Customer::new(&page(), &psid()) };
    scene.stand_in.customer(named);
    let url = |token: &str| {
        let fields = "first_name,last_name";
        format!("{}/v26.0/5001?fields={fields}&appsecret_proof={}", scene.stand_in.base_url(), proof(token))
    };
    let (status, profile) = scene.http.get(&url(TOKEN), Some(TOKEN)).await.expect("an answer");
    assert_eq!((status, profile), (200, json!({"first_name": "Ada", "last_name": "Byron", "id": "5001"})));
    let other = "token-of-18";
    assert_eq!(code(&scene.http.get(&url(other), Some(other)).await), (400, 100, Some(33)));
    scene.stand_in.customer_writes(&page(), &model::Psid::new("5002"), "no name");
    let nameless = url(TOKEN).replace("5001", "5002");
    assert_eq!(code(&scene.http.get(&nameless, Some(TOKEN)).await), (400, 100, Some(2_018_218)));
}

#[tokio::test]
async fn a_thread_is_told_newest_first_and_only_as_far_as_it_can_be_read() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    for number in 0..21 {
        assert_eq!(scene.send_text(&format!("answer {number}")).await.expect("an answer").0, 200);
    }
    let url = |user: &str| {
        let query = format!("user_id={user}&fields=messages.limit(20){{id}}&appsecret_proof={}", proof(TOKEN));
        format!("{}/v26.0/17/conversations?{query}", scene.stand_in.base_url())
    };
    let (status, told) = scene.http.get(&url("5001"), Some(TOKEN)).await.expect("an answer");
    let messages = told["data"][0]["messages"]["data"].as_array().expect("a thread").clone();
    assert_eq!((status, messages.len()), (200, 20));
    assert_eq!((&messages[0]["message"], &messages[19]["message"]), (&json!("answer 20"), &json!("answer 1")));
    assert_eq!(messages[0]["from"]["id"], "17");
    assert!(messages[0]["created_time"].as_str().expect("a time").ends_with("+0000"), "{told}");
    assert_eq!(messages[0].get("metadata").or(messages[0].get("app_id")), None, "Meta tells neither");
    let (status, nobody) = scene.http.get(&url("5009"), Some(TOKEN)).await.expect("an answer");
    assert_eq!((status, nobody), (200, json!({ "data": [] })));
    let all = url("5001").replace("user_id=5001&", "");
    assert_eq!(code(&scene.http.get(&all, Some(TOKEN)).await), (400, 100, None));
}

#[tokio::test]
async fn bad_calls_are_answered() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    assert_eq!(code(&scene.send(&json!([])).await), (400, 100, None));
    assert_eq!(code(&scene.send(&json!({"message": {"text": "hi"}})).await), (400, 100, None));
    let empty = json!({"recipient": {"id": "5001"}, "messaging_type": "RESPONSE", "message": {}});
    assert_eq!(code(&scene.send(&empty).await), (400, 100, Some(2_018_034)));
    let (status, _) =
        scene.http.get(&format!("{}/nowhere/at/all", scene.stand_in.base_url()), None).await.expect("an answer");
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_stopped_stand_in_refuses_connections() {
    let scene = Scene::start().await;
    let address = scene.stand_in.address();
    scene.stand_in.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
