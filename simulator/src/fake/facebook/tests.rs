//! The stand-in against a small receiver and plain HTTP calls, over loopback.
//!
//! Waits are for the thing itself: a webhook that arrives, a queue that is quiet.

mod calls;
mod carry;
mod clock;
mod hostile;
mod kept;
mod kinds;
mod live;
mod page;
mod receiver;
mod sends;
mod threads;
mod wall;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use model::{PageId, Psid, Span, Timestamp};
use serde_json::{Value, json};

use super::{Happened, Happening, MovableClock, Page, StandIn, StandInOptions, What};
use receiver::{Http, Receiver};

/// 2026-06-01T00:00:00Z
const START: Timestamp = Timestamp(1_780_272_000_000);
const TOKEN: &str = "token-of-17";

fn page() -> PageId {
    PageId::new("17")
}

fn psid() -> Psid {
    Psid::new("5001")
}

/// Pages 17 and 18, no delays, quick repetitions, time standing still.
fn options() -> StandInOptions {
    let page =
        |id: &str| Page { id: PageId::new(id), name: format!("Page {id}"), token: format!("token-of-{id}").into() };
    let mut options = StandInOptions::new(vec![page("17"), page("18")], Arc::new(|| START));
    options.delay_max = Duration::ZERO;
    options.retry.first = Duration::from_millis(1);
    options.retry.longest = Duration::from_millis(20);
    options
}

/// A clock that tests move.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Relaxed);
    }

    fn source(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let hand = self.clone();
        Arc::new(move || Timestamp(hand.0.load(Ordering::Relaxed)))
    }
}

impl MovableClock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    fn advance(&self, span: Span) {
        self.0.fetch_add(span.0, Ordering::Relaxed);
    }
}

/// A running stand-in, a receiver of its webhooks, and a client.
struct Scene {
    stand_in: StandIn,
    receiver: Receiver,
    http: Http,
}

impl Scene {
    async fn with(options: StandInOptions) -> Self {
        let receiver = Receiver::start().await;
        let options = StandInOptions { webhook_url: Some(receiver.url()), ..options };
        let stand_in = StandIn::start(options).await.expect("a stand-in");
        Self { stand_in, receiver, http: Http::new() }
    }

    async fn start() -> Self {
        Self::with(options()).await
    }

    /// Sends a body to the Send API of Page 17 with token and proof.
    async fn send(&self, body: &Value) -> Option<(u16, Value)> {
        let proof = proof(TOKEN);
        let url = format!("{}/v26.0/17/messages?appsecret_proof={proof}", self.stand_in.base_url());
        self.http.post(&url, Some(TOKEN), body).await
    }

    async fn send_text(&self, text: &str) -> Option<(u16, Value)> {
        self.send(&response(text)).await
    }

    async fn control(&self, order: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/_control/{order}", self.stand_in.base_url());
        self.http.post(&url, None, body).await.expect("the control API always answers")
    }

    /// Something happens to customer 5001 of Page 17.
    fn happen(&self, what: What) -> Happened {
        self.stand_in.happen(Happening::new(&page(), Some(&psid()), what)).expect("it can be")
    }

    /// Every webhook item so far, once all have arrived.
    async fn items(&self) -> Vec<Value> {
        self.stand_in.quiet().await;
        self.receiver.items()
    }

    /// A form of a page, as a browser sends it.
    async fn form(&self, body: &'static str) -> u16 {
        let url = format!("{}/play/act", self.stand_in.base_url());
        let request = receiver::request("POST", &url, None).header("content-type", "application/x-www-form-urlencoded");
        self.http.call(request, body.into()).await.expect("an answer").0
    }

    /// A page as text.
    async fn text(&self, path: &str) -> String {
        let (status, Value::String(text)) = self.get(path).await else { panic!("{path} is a page") };
        assert_eq!(status, 200, "{path}");
        text
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.http.get(&format!("{}{path}", self.stand_in.base_url()), None).await.expect("an answer")
    }
}

/// An ordinary answer to customer 5001.
fn response(text: &str) -> Value {
    json!({
        "recipient": {"id": "5001"},
        "messaging_type": "RESPONSE",
        "message": {"text": text, "metadata": "pd.1.7.c/17/5001"},
    })
}

fn proof(token: &str) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"stand-in-secret").expect("any length");
    mac.update(token.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
