//! Meta's door: the webhook's handshake and its deliveries, on plain hyper because every delivery passes here.
//!
//! Nothing is parsed here. Invariants: the signature is checked over the raw bytes before anything else looks at them;
//! 200 is answered only after the node said that the body is durable, and to every signed body, whatever it holds; a
//! refused request is counted and not kept. Source: *Webhooks for Messenger*, read 2026-11-23.

use core::convert::Infallible;
use std::sync::Arc;

use axum::extract::Query;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::Service;
use serde::Deserialize;
use webhook::{Secret, signature};

use crate::body::Reader;
use crate::health::{live, ready_or_not, text};
use crate::limits::Limits;
use crate::port::{Node, NotAccepted};

/// Seconds after which a refused sender may try again; Meta keeps its own schedule.
const RETRY_AFTER: &str = "5";

/// What the webhook's door must know.
#[derive(Clone, Debug)]
pub struct IngressSettings {
    /// The app's secrets; several while one is being replaced.
    pub secrets: Vec<Secret>,
    /// Accepted values of `hub.verify_token`.
    pub verify_tokens: Vec<Secret>,
}

/// The service of the webhook's listener: `/webhook`, `/live`, `/ready`. Clones share everything.
#[derive(Clone)]
pub struct Ingress(Arc<Inner>);

struct Inner {
    node: Arc<dyn Node>,
    settings: IngressSettings,
    reader: Reader,
}

/// The handshake's parameters, each at most once.
#[derive(Deserialize)]
struct Handshake {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

impl Ingress {
    /// A door to `node`.
    pub fn new(node: Arc<dyn Node>, settings: IngressSettings, limits: &Limits) -> Self {
        Self(Arc::new(Inner { node, settings, reader: Reader::new(limits) }))
    }
}

impl Service<Request<Incoming>> for Ingress {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { Ok(inner.answer(request).await) })
    }
}

impl Inner {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match request.uri().path() {
            "/webhook" => match *request.method() {
                Method::POST => self.deliver(request).await,
                Method::GET => self.handshake(&request),
                _ => {
                    self.node.refused("method");
                    not_allowed("GET, POST")
                }
            },
            "/live" | "/ready" if !matches!(*request.method(), Method::GET | Method::HEAD) => not_allowed("GET, HEAD"),
            "/live" => live(),
            "/ready" => ready_or_not(&*self.node).await,
            _ => text(StatusCode::NOT_FOUND, "not found\n"),
        }
    }

    async fn deliver(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = match self.reader.read(body).await {
            Ok(body) => body,
            Err(refused) => {
                self.node.refused(refused.reason());
                return unread(text(refused.status(), refused.reason()), head.version);
            }
        };
        let claimed = head.headers.get("x-hub-signature-256").map(HeaderValue::as_bytes);
        if let Err(refusal) = signature::verify(&self.settings.secrets, claimed, &body) {
            let reason = reason(refusal);
            self.node.refused(reason);
            return text(StatusCode::FORBIDDEN, reason);
        }
        match self.node.accept(body).await {
            Ok(()) => text(StatusCode::OK, "ok"),
            Err(NotAccepted::Overloaded) => later("overloaded"),
            Err(NotAccepted::StoreFailed) => later("store-failed"),
        }
    }

    fn handshake(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let asked = Query::<Handshake>::try_from_uri(request.uri()).ok();
        let answer = asked.as_ref().and_then(|Query(asked)| {
            let (mode, token) = (asked.mode.as_deref(), asked.verify_token.as_deref());
            webhook::handshake(mode, token, asked.challenge.as_deref(), &self.settings.verify_tokens)
        });
        match answer {
            Some(challenge) => text(StatusCode::OK, challenge.to_owned()),
            None => {
                self.node.refused("handshake");
                text(StatusCode::FORBIDDEN, "handshake")
            }
        }
    }
}

/// The refusal in one stable word for counters and for the sender.
const fn reason(refusal: signature::Refusal) -> &'static str {
    match refusal {
        signature::Refusal::Missing => "signature-missing",
        signature::Refusal::Malformed => "signature-malformed",
        signature::Refusal::Mismatch => "signature-mismatch",
    }
}

fn not_allowed(allow: &'static str) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

fn later(why: &'static str) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, why);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    response
}

/// The body was not read to the end, so an HTTP/1 connection cannot be used any more.
fn unread(mut response: Response<Full<Bytes>>, version: Version) -> Response<Full<Bytes>> {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    if version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
