//! The page on which one plays the customer.

use serde_json::Value;

use super::receiver::request;
use super::{Scene, page, psid};

async fn form(scene: &Scene, body: &'static str, origin: Option<&str>) -> u16 {
    let url = format!("{}/play/act", scene.stand_in.base_url());
    let mut request = request("POST", &url, None).header("content-type", "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    scene.http.call(request, body.into()).await.expect("an answer").0
}

async fn text(scene: &Scene, path: &str) -> String {
    let (status, Value::String(text)) = scene.get(path).await else { panic!("{path} is a page") };
    assert_eq!(status, 200, "{path}");
    text
}

#[tokio::test]
async fn both_sides_of_a_conversation_are_shown_escaped() {
    let scene = Scene::start().await;
    assert_eq!(form(&scene, "page=17&psid=5001&name=Ada+Byron&do=write&text=%3Cb%3Ehello%3C%2Fb%3E", None).await, 303);
    scene.send_text("<i>hi</i>").await;
    let shown = text(&scene, "/?page=17&psid=5001").await;
    assert!(shown.contains("&lt;b&gt;hello&lt;/b&gt;") && shown.contains("&lt;i&gt;hi&lt;/i&gt;"), "{shown}");
    assert!(!shown.contains("<b>") && shown.contains("Ada Byron") && shown.contains("Page 18"), "{shown}");
    let thread = text(&scene, "/play/thread?page=17&psid=5001").await;
    assert!(thread.contains("class=\"mine\"") && thread.contains("class=\"theirs\""), "{thread}");
    scene.stand_in.quiet().await;
    assert_eq!(scene.receiver.items()[0]["message"]["text"], "<b>hello</b>");
}

#[tokio::test]
async fn buttons_press_and_read() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    assert_eq!(form(&scene, "page=17&psid=5001&text=&do=press", None).await, 303);
    assert_eq!(form(&scene, "page=17&psid=5001&text=&do=read", None).await, 303);
    scene.stand_in.quiet().await;
    assert_eq!(form(&scene, "page=17&psid=5001&text=outside&do=inbox", None).await, 303);
    scene.stand_in.quiet().await;
    let items = scene.receiver.items();
    assert_eq!(items[3]["message"]["is_echo"], true);
    assert_eq!(items[1]["postback"]["payload"], "GET_STARTED");
    assert!(items[2]["read"]["watermark"].is_i64());
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let scene = Scene::start().await;
    let body = "page=17&psid=5001&do=write&text=hello";
    assert_eq!(form(&scene, body, Some("http://elsewhere.example")).await, 403);
    assert_eq!(form(&scene, body, Some(&scene.stand_in.base_url())).await, 303);
    assert_eq!(scene.stand_in.state().customers[0].wrote.len(), 1);
}

#[tokio::test]
async fn the_page_brings_its_style_and_script_and_a_policy() {
    let scene = Scene::start().await;
    let shown = text(&scene, "/").await;
    assert!(shown.contains("New customer"), "{shown}");
    assert!(text(&scene, "/play/style.css").await.contains("light-dark"));
    assert!(text(&scene, "/play/script.js").await.contains("fetch"));
    assert_eq!(scene.get("/play/nothing").await.0, 404);
}
