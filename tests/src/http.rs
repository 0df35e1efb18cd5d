//! A plain HTTP client: what Meta, programs and probes do to a node. Every call ends in time.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde_json::Value;

/// Longest wait for an answer.
const AT_MOST: Duration = Duration::from_secs(20);

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Calls over kept connections; clones share them.
#[derive(Clone, Debug)]
pub struct Caller(Client<HttpConnector, Full<Bytes>>);

impl Default for Caller {
    fn default() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }
}

impl Caller {
    /// `GET`.
    ///
    /// # Errors
    /// Where no whole answer comes.
    pub async fn get(&self, url: &str) -> anyhow::Result<Answer> {
        self.call(Request::get(url).body(Full::default())?).await
    }

    /// `POST` with headers.
    ///
    /// # Errors
    /// Where no whole answer comes.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> anyhow::Result<Answer> {
        let mut request = Request::post(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.call(request.body(Full::new(body.into()))?).await
    }

    /// `POST` of JSON, with an idempotency key where one is given.
    ///
    /// # Errors
    /// Where no whole answer comes.
    pub async fn post_json(&self, url: &str, body: &impl Serialize, key: Option<&str>) -> anyhow::Result<Answer> {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        self.post(url, &headers, serde_json::to_vec(body)?).await
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        self.within(AT_MOST, request).await
    }

    /// Any request, answered whole within a time of its own.
    ///
    /// # Errors
    /// Where no whole answer comes.
    pub async fn within(&self, at_most: Duration, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let answered = async {
            let answer = self.0.request(request).await?;
            let status = answer.status().as_u16();
            Ok::<_, anyhow::Error>(Answer { status, body: answer.into_body().collect().await?.to_bytes() })
        };
        tokio::time::timeout(at_most, answered).await.context("no answer in time")?
    }
}
