//! Webhook bodies as Meta writes them, and their signatures: ids as strings, times in milliseconds.
//!
//! Source: the webhook event references, read 2026-11-23. Only the shapes that these tests send.

use bytes::Bytes;
use serde_json::{Value, json};
use webhook::signature::{Secret, sign};

use crate::http::{Answer, Caller};

/// A customer's message.
pub fn message(page: &str, psid: &str, mid: &str, text: &str, at: i64) -> Value {
    json!({
        "sender": { "id": psid },
        "recipient": { "id": page },
        "timestamp": at,
        "message": { "mid": mid, "text": text },
    })
}

/// The Page's message, as its apps are told.
pub fn echo(page: &str, psid: &str, mid: &str, metadata: &str, text: &str, at: i64) -> Value {
    json!({
        "sender": { "id": page },
        "recipient": { "id": psid },
        "timestamp": at,
        "message": { "mid": mid, "text": text, "is_echo": true, "app_id": 990_017, "metadata": metadata },
    })
}

/// One delivery with these items of one Page.
pub fn delivery(page: &str, at: i64, items: &[Value]) -> Bytes {
    let body = json!({ "object": "page", "entry": [{ "id": page, "time": at, "messaging": items }] });
    body.to_string().into()
}

/// One delivery with one message.
pub fn text(page: &str, psid: &str, mid: &str, text: &str, at: i64) -> Bytes {
    delivery(page, at, &[message(page, psid, mid, text, at)])
}

/// Posts signed deliveries to one webhook.
#[derive(Clone, Debug)]
pub struct Poster {
    caller: Caller,
    url: String,
    secret: Secret,
}

impl Poster {
    /// To this address, signing with this app secret.
    pub fn new(caller: Caller, url: impl Into<String>, secret: &str) -> Self {
        Self { caller, url: url.into(), secret: Secret::new(secret.as_bytes()) }
    }

    /// Posts a body once.
    ///
    /// # Errors
    /// Where no answer comes.
    pub async fn post(&self, body: Bytes) -> anyhow::Result<Answer> {
        let signature = sign(&self.secret, &body);
        self.post_signed(body, &signature).await
    }

    /// Posts a body once, with this for a signature.
    ///
    /// # Errors
    /// Where no answer comes.
    pub async fn post_signed(&self, body: Bytes, signature: &str) -> anyhow::Result<Answer> {
        let headers = [("content-type", "application/json"), ("x-hub-signature-256", signature)];
        self.caller.post(&self.url, &headers, body).await
    }
}
