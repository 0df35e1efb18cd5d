//! Server-sent events: what a page that stays open is told.

use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::{Scene, page, psid};

/// A page that listens.
struct Listener {
    body: Incoming,
    heard: String,
}

impl Listener {
    async fn start(scene: &Scene, last: Option<&str>) -> Self {
        let url = format!("{}/play/events?page=17&psid=5001", scene.stand_in.base_url());
        let mut request = Request::get(url);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = request.body(http_body_util::Empty::<bytes::Bytes>::new()).expect("a request");
        let answer = client.request(request).await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(answer.headers().contains_key("content-security-policy"));
        Self { body: answer.into_body(), heard: String::new() }
    }

    /// Waits for words.
    async fn hears(&mut self, words: &str) {
        while !self.heard.contains(words) {
            let frame = self.body.frame().await.expect("the stream goes on").expect("no trouble");
            self.heard.push_str(&String::from_utf8_lossy(&frame.into_data().expect("text")));
        }
    }

    fn last_id(&self) -> String {
        let id = self.heard.lines().rev().find_map(|line| line.strip_prefix("id: "));
        id.expect("an event had an id").to_owned()
    }
}

#[tokio::test]
async fn an_answer_of_the_page_arrives_without_a_reload() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let mut listener = Listener::start(&scene, None).await;
    listener.hears("hello").await;
    scene.send_text("first answer").await;
    listener.hears("first answer").await;
    scene.send_text("second <answer>").await;
    listener.hears("second &lt;answer&gt;").await;
}

#[tokio::test]
async fn who_comes_back_knowing_everything_is_told_nothing_twice() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let mut listener = Listener::start(&scene, None).await;
    listener.hears("hello").await;
    let id = listener.last_id();
    drop(listener);
    let mut back = Listener::start(&scene, Some(&id)).await;
    back.hears(": up to date").await;
    scene.send_text("while you look").await;
    back.hears("while you look").await;
    assert_eq!(back.heard.matches("event: thread").count(), 1, "{}", back.heard);
    let (late, _) = (Listener::start(&scene, Some(&id)).await, ());
    let mut late = late;
    late.hears("while you look").await;
}

#[tokio::test]
async fn streams_are_limited_and_end_with_the_stand_in() {
    let scene = Scene::start().await;
    scene.stand_in.customer_writes(&page(), &psid(), "hello");
    let mut listeners = Vec::new();
    for _ in 0..64 {
        let mut listener = Listener::start(&scene, None).await;
        listener.hears("hello").await;
        listeners.push(listener);
    }
    assert_eq!(scene.get("/play/events?page=17&psid=5001").await.0, 503);
    assert_eq!(scene.get("/play/events?page=17&psid=nobody").await.0, 404);
    assert_eq!(scene.get("/play/events").await.0, 400);
    let mut last = listeners.pop().expect("64");
    drop(listeners);
    scene.stand_in.stop().await;
    while last.body.frame().await.is_some_and(|frame| frame.is_ok()) {}
}
