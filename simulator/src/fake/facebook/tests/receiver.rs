//! The other end in the tests: a receiver of webhooks that keeps what it got, and a client without comfort.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;
use webhook::signature::{Secret, verify};

/// Answers 200, or what was asked for first; keeps every signed body.
#[derive(Clone)]
pub(super) struct Receiver {
    address: std::net::SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    bodies: Vec<Vec<u8>>,
    answers: VecDeque<StatusCode>,
    unsigned: usize,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let receiver = Self { address: listener.local_addr().expect("bound"), kept: Arc::default() };
        let kept = Arc::clone(&receiver.kept);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let service = service_fn(move |request| answer(Arc::clone(&kept), request));
                tokio::spawn(async move {
                    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        receiver
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/webhook", self.address)
    }

    /// The next POSTs are answered so, before 200 again.
    pub(super) fn answers_first(&self, answers: impl IntoIterator<Item = u16>) {
        let answers = answers.into_iter().map(|status| StatusCode::from_u16(status).expect("a status"));
        self.kept.lock().expect("no panics").answers.extend(answers);
    }

    /// Every signed body, in order of arrival.
    pub(super) fn bodies(&self) -> Vec<Vec<u8>> {
        let kept = self.kept.lock().expect("no panics");
        assert_eq!(kept.unsigned, 0, "every webhook is signed");
        kept.bodies.clone()
    }

    /// Every item of every body, in order of arrival.
    pub(super) fn items(&self) -> Vec<Value> {
        let read = |body: Vec<u8>| serde_json::from_slice::<Value>(&body).expect("JSON");
        let entries = self.bodies().into_iter().map(read).flat_map(|body| list(&body["entry"]));
        let lists = |entry: Value| {
            let keys = entry.as_object().expect("an entry").iter().filter(|(_, value)| value.is_array());
            keys.flat_map(|(_, items)| list(items)).collect::<Vec<_>>()
        };
        entries.flat_map(lists).collect()
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().expect("a list").clone()
}

async fn answer(kept: Arc<Mutex<Kept>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let query = head.uri.query().unwrap_or_default();
    if let Some((_, challenge)) = query.split_once("hub.challenge=") {
        let known = query.contains("hub.mode=subscribe&hub.verify_token=stand-in-verify");
        return Ok(Response::new(Full::from(if known { challenge.to_owned() } else { "no".to_owned() })));
    }
    let mut kept = kept.lock().expect("no panics");
    let header = head.headers.get("x-hub-signature-256").map(hyper::header::HeaderValue::as_bytes);
    if verify(&[Secret::new("stand-in-secret")], header, &body).is_err() {
        kept.unsigned += 1;
    }
    kept.bodies.push(body.to_vec());
    let mut response = Response::new(Full::default());
    *response.status_mut() = kept.answers.pop_front().unwrap_or(StatusCode::OK);
    Ok(response)
}

/// A client without retries; `None` is a connection that closed without an answer.
pub(super) struct Http(Client<HttpConnector, Full<Bytes>>);

impl Http {
    pub(super) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    pub(super) async fn get(&self, url: &str, token: Option<&str>) -> Option<(u16, Value)> {
        self.call(request("GET", url, token), Bytes::new()).await
    }

    pub(super) async fn post(&self, url: &str, token: Option<&str>, body: &Value) -> Option<(u16, Value)> {
        let request = request("POST", url, token).header("content-type", "application/json");
        self.call(request, body.to_string().into()).await
    }

    /// Status and a header of the answer to a POST.
    pub(super) async fn header(&self, url: &str, token: &str, body: &Value, name: &str) -> (u16, Option<String>) {
        let request = request("POST", url, Some(token)).header("content-type", "application/json");
        let request = request.body(Full::new(body.to_string().into())).expect("a request");
        let answer = self.0.request(request).await.expect("an answer");
        let header = answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        (answer.status().as_u16(), header)
    }

    /// JSON where the answer is JSON, else its text.
    pub(super) async fn call(&self, request: hyper::http::request::Builder, body: Bytes) -> Option<(u16, Value)> {
        let request = request.body(Full::new(body)).expect("a request");
        let answer = self.0.request(request).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
        Some((status, serde_json::from_slice(&body).unwrap_or_else(|_| text())))
    }
}

pub(super) fn request(method: &str, url: &str, token: Option<&str>) -> hyper::http::request::Builder {
    let request = Request::builder().method(method).uri(url);
    match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    }
}
