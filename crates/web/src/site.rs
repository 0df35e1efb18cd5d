//! The service of the people's listener: pages, API, `/live`, `/ready`. Decides who gets in, reads the body within
//! limits, lets axum find the handler, renders refusals and hardens every answer.
//!
//! What pages and API say lives in their own folders. Invariant: a request that changes something passed the guard
//! before a handler sees it, and no answer leaves without the security headers.

use core::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Method, Request, StatusCode, Uri, header};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service;
use tower::ServiceExt as _;
use tracker::desk::Desk;

use crate::body::Reader;
use crate::fault::{self, Fault};
use crate::guard::{self, ApiTokens, Whence};
use crate::limits::Limits;
use crate::lists::Lists;
use crate::pages::form::Sent;
use crate::pages::trouble;
use crate::port::Node;
use crate::{api, health, pages};

/// What pages and API must know beside their sources.
#[derive(Clone, Debug)]
pub struct SiteSettings {
    /// Who may call the API. None: whoever reaches the listener.
    pub tokens: ApiTokens,
    /// In whose name the pages act, until people sign in.
    pub agent_name: String,
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self { tokens: ApiTokens::default(), agent_name: "Agent".to_owned() }
    }
}

/// Where handlers read and write.
pub(crate) struct Sources {
    /// Conversations as they are now, and decisions about parts.
    pub(crate) node: Arc<dyn Node>,
    /// Lists and counts.
    pub(crate) lists: Arc<dyn Lists>,
    /// Tasks and comments.
    pub(crate) desk: Arc<Desk>,
    /// In whose name the pages act.
    pub(crate) agent_name: String,
}

/// The service of the people's listener. Clones share everything.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    node: Arc<dyn Node>,
    tokens: ApiTokens,
    /// Reads the API's bodies.
    calls: Reader,
    /// Reads the pages' forms: some of what is too long too, so that it can be given back.
    forms: Reader,
    body_max: usize,
    router: Router,
}

impl Site {
    /// Pages and API over these sources.
    pub fn new(
        node: Arc<dyn Node>,
        lists: Arc<dyn Lists>,
        desk: Arc<Desk>,
        settings: SiteSettings,
        limits: &Limits,
    ) -> Self {
        let SiteSettings { tokens, agent_name } = settings;
        let sources = Arc::new(Sources { node: Arc::clone(&node), lists, desk, agent_name });
        let router = pages::router()
            .nest("/api/v1", api::router())
            .route("/live", get(async || health::live().map(Body::new)))
            .route("/ready", get(ready))
            .fallback(|| async { Fault::not_found("address") })
            .method_not_allowed_fallback(|| async {
                let sentence = "This address does not take that method.";
                Fault::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", sentence)
            })
            .with_state(sources);
        let calls = Reader::new(limits);
        let forms = calls.up_to(limits.kept_max());
        Self(Arc::new(Inner { node, tokens, calls, forms, body_max: limits.body_max, router }))
    }
}

async fn ready(State(sources): State<Arc<Sources>>) -> Response {
    health::ready(&*sources.node).await.map(Body::new)
}

impl Service<Request<Incoming>> for Site {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { Ok(inner.answer(request).await) })
    }
}

impl Inner {
    async fn answer(&self, request: Request<Incoming>) -> Response {
        let (head, body) = request.into_parts();
        let (method, uri) = (head.method.clone(), head.uri.clone());
        let mut sent = None;
        let answered = match self.hand_on(head, body, &mut sent).await {
            Ok(mut response) => match response.extensions_mut().remove::<Fault>() {
                Some(fault) => Err(fault.allowing(response.headers_mut().remove(header::ALLOW))),
                None => Ok(response),
            },
            Err(fault) => Err(fault),
        };
        let mut response = answered.unwrap_or_else(|fault| {
            let asked = trouble::Asked {
                path: uri.path(),
                sent: sent.as_ref(),
                changes: guard::changes(&method),
                now: self.node.now(),
            };
            fault.render(&if is_api(&uri) { fault::Reader::Program } else { fault::Reader::Person(asked) })
        });
        guard::harden(response.headers_mut());
        if method == Method::HEAD { bodiless(response) } else { response }
    }

    /// `sent` becomes what a form brought, once it was read: it is given back with a refusal.
    async fn hand_on(&self, head: Parts, body: Incoming, sent: &mut Option<Sent>) -> Result<Response, Fault> {
        let api = is_api(&head.uri);
        if api && !self.tokens.admit(&head.headers) {
            let sentence = "The API wants a token: Authorization: Bearer ….";
            return Err(Fault::new(StatusCode::UNAUTHORIZED, "unauthorized", sentence));
        }
        if !guard::changes(&head.method) {
            return Ok(self.route(Request::from_parts(head, Body::empty())).await);
        }
        let authority = head.uri.authority().map(http::uri::Authority::as_str);
        let whence = Whence::of(&head.headers, authority);
        let refused = if api { whence.refuses_call() } else { whence.refuses_form(&head.headers, authority) };
        if let Some(refused) = refused {
            if let Some(missed) = self.missed(&head).await {
                return Ok(missed);
            }
            // What a stranger's page sent was typed nowhere here; a person may have typed the rest.
            if !api && whence != Whence::OtherSite {
                *sent = self.forms.read(body).await.ok().map(|body| Sent::new(&head.headers, body));
            }
            return Err(refused);
        }
        let reader = if api { &self.calls } else { &self.forms };
        let body = reader.read(body).await.map_err(|refused| Fault::unread(refused, self.body_max))?;
        if !api {
            *sent = Some(Sent::new(&head.headers, body.clone()));
            if body.len() > self.body_max {
                return Err(Fault::too_large(self.body_max));
            }
        }
        Ok(self.route(Request::from_parts(head, Body::from(body))).await)
    }

    /// What the router says where there is no such address, or none that takes this method. It is asked with OPTIONS, for
    /// which nothing has a handler, so that no handler sees a request that the guard refused.
    async fn missed(&self, head: &Parts) -> Option<Response> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::OPTIONS;
        *request.uri_mut() = head.uri.clone();
        let answered = self.route(request).await;
        let allow = answered.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok());
        let taken = allow.is_some_and(|allow| allow.split(',').any(|method| method == head.method.as_str()));
        (!taken).then_some(answered)
    }

    async fn route(&self, request: Request<Body>) -> Response {
        let answered = self.router.clone().oneshot(request).await;
        answered.unwrap_or_else(|never| match never {}).into_response()
    }
}

/// The answer to HEAD: as to GET, but for the body (RFC 9110 §9.3.2).
fn bodiless(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(header::CONTENT_LENGTH).or_insert(length.into());
    }
    Response::from_parts(head, Body::empty())
}

fn is_api(uri: &Uri) -> bool {
    uri.path() == "/api" || uri.path().starts_with("/api/")
}
