//! The player's HTTP: signed deliveries to the webhook, JSON to and from the desk's API.
//!
//! Invariant: a delivery is posted until it is answered, and only 503 and a lost connection are tried again.

use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model::Redacted;
use serde_json::Value;
use webhook::{Secret, sign};

use super::Stage;

/// How long one call may take.
const CALL_MAX: Duration = Duration::from_secs(30);
/// How long a delivery is posted again after 503.
const POST_MAX: Duration = Duration::from_secs(60);
/// Wait before the first repetition; doubles up to a second.
const AGAIN: Duration = Duration::from_millis(20);

/// A client of one stage.
pub(super) struct Wire {
    post: Post,
    desk: String,
}

/// Posts to a webhook as Meta does.
pub(super) struct Post {
    client: Client<HttpConnector, Full<Bytes>>,
    secret: Secret,
    webhook: String,
}

/// An answer of the desk's API.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Wire {
    pub(super) fn new(stage: &Stage<'_>) -> anyhow::Result<Self> {
        Ok(Self { post: Post::to(stage.webhook.clone(), &stage.app_secret), desk: stage.desk.clone() })
    }

    /// Posts a body as Meta does. `true`: it was acknowledged.
    pub(super) async fn deliver(&self, body: &str) -> anyhow::Result<bool> {
        let began = tokio::time::Instant::now();
        let mut wait = AGAIN;
        loop {
            match self.post.once(body).await {
                Ok(StatusCode::OK) => return Ok(true),
                Ok(StatusCode::SERVICE_UNAVAILABLE) => {}
                Ok(_) => return Ok(false),
                Err(fault) if began.elapsed() >= POST_MAX => return Err(fault.context("posting a delivery")),
                Err(_) => {}
            }
            if began.elapsed() >= POST_MAX {
                return Ok(false);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(1));
        }
    }

    /// Asks the API. `path` begins after `/api/v1`.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.api(Method::GET, path, None, None).await
    }

    /// Tells the API, once for each key.
    pub(super) async fn post(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        self.api(Method::POST, path, Some(key), Some(body)).await
    }

    async fn api(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(format!("{}/api/v1{path}", self.desk));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(Full::new(bytes)).context("the desk's address")?;
        let (status, bytes) = self.post.call(request).await.with_context(|| format!("asking the desk for {path}"))?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_server_error() {
            bail!("the desk answered {status} to {path}");
        }
        Ok(Answer { status, body })
    }
}

impl Post {
    /// To this webhook, signed with this secret.
    pub(super) fn to(webhook: String, secret: &Redacted<String>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, secret: Secret::new(secret.reveal().as_bytes()), webhook }
    }

    /// Posts a body; what it was answered.
    pub(super) async fn once(&self, body: &str) -> anyhow::Result<StatusCode> {
        let request = Request::post(&self.webhook)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", sign(&self.secret, body.as_bytes()))
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .context("the webhook's address")?;
        self.call(request).await.map(|(status, _)| status)
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        let answered = async {
            let answer = self.client.request(request).await.context("no answer")?;
            let status = answer.status();
            let body = answer.into_body().collect().await.context("half an answer")?.to_bytes();
            anyhow::Ok((status, body))
        };
        tokio::time::timeout(CALL_MAX, answered).await.context("no answer in time")?
    }
}
