//! `/live` and `/ready`. Live: the process answers. Ready: the node's parts answer too.
//!
//! Invariant: on the listener that the world can reach `/ready` says yes or no and nothing else: numbers of deliveries
//! and positions are a company's own business.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::Full;

use crate::port::Node;

/// The process runs and serves; asks nobody.
pub(crate) fn live() -> Response<Full<Bytes>> {
    text(StatusCode::OK, "live\n")
}

/// 200 if every part of the node answered in time, else 503; the parts and the counts are listed either way.
pub(crate) async fn ready(node: &dyn Node) -> Response<Full<Bytes>> {
    let readiness = node.ready().await;
    let body = serde_json::to_vec(&readiness).expect("plain strings, numbers and flags always serialise");
    answer(readiness.ready, body)
}

/// The same for strangers: `{"ready":true}` or `{"ready":false}`.
pub(crate) async fn ready_or_not(node: &dyn Node) -> Response<Full<Bytes>> {
    let ready = node.ready().await.ready;
    answer(ready, format!(r#"{{"ready":{ready}}}"#))
}

fn answer(ready: bool, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// A short answer in plain text that no browser takes for anything else.
pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}
