//! The service of the people's listener: pages, API, `/live`, `/ready`. Decides who gets in, reads the body within
//! limits, lets axum find the handler, renders refusals and hardens every answer.
//!
//! What pages and API say lives in their own folders. Invariant: a request that changes something passed the guard
//! before a handler sees it, and no answer leaves without the security headers.

use core::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Method, Request, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::service::Service;
use tower::ServiceExt as _;
use tracker::desk::Desk;

use crate::body::Reader;
use crate::fault::Fault;
use crate::guard::{self, ApiTokens};
use crate::limits::Limits;
use crate::lists::Lists;
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
    reader: Reader,
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
            .fallback(|| async { Fault::not_found("address") })
            .method_not_allowed_fallback(|| async {
                let sentence = "This address does not take that method.";
                Fault::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", sentence)
            })
            .with_state(sources);
        Self(Arc::new(Inner { node, tokens, reader: Reader::new(limits), router }))
    }
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
        let for_program = is_api(&head.uri);
        let answered = match (head.uri.path(), &head.method) {
            ("/live", &Method::GET | &Method::HEAD) => Ok(health::live().map(Body::new)),
            ("/ready", &Method::GET | &Method::HEAD) => Ok(health::ready(&*self.node).await.map(Body::new)),
            _ => self.hand_on(head, body).await,
        };
        let mut response = match answered {
            Ok(mut response) => match response.extensions_mut().remove::<Fault>() {
                Some(fault) => fault.render(for_program, response.headers()),
                None => response,
            },
            Err(fault) => fault.render(for_program, &http::HeaderMap::new()),
        };
        guard::harden(response.headers_mut());
        response
    }

    async fn hand_on(&self, head: Parts, body: Incoming) -> Result<Response, Fault> {
        self.admit(&head)?;
        let body = if guard::changes(&head.method) {
            self.reader.read(body).await.map_err(|refused| {
                Fault::new(refused.status(), refused.reason(), "The request's body was not taken.")
            })?
        } else {
            bytes::Bytes::new()
        };
        let request = Request::from_parts(head, Body::from(body));
        let answered = self.router.clone().oneshot(request).await;
        Ok(answered.unwrap_or_else(|never| match never {}).into_response())
    }

    fn admit(&self, head: &Parts) -> Result<(), Fault> {
        let api = is_api(&head.uri);
        if api && !self.tokens.admit(&head.headers) {
            let sentence = "The API wants a token: Authorization: Bearer ….";
            return Err(Fault::new(StatusCode::UNAUTHORIZED, "unauthorized", sentence));
        }
        let authority = head.uri.authority().map(http::uri::Authority::as_str);
        let foreign = if api {
            guard::is_foreign_site(&head.headers, authority)
        } else {
            !guard::is_own_site(&head.headers, authority)
        };
        if guard::changes(&head.method) && foreign {
            let sentence = "This was sent from another site and changes nothing. Open the page here and try again.";
            return Err(Fault::new(StatusCode::FORBIDDEN, "cross-site", sentence));
        }
        Ok(())
    }
}

fn is_api(uri: &Uri) -> bool {
    uri.path().starts_with("/api/")
}
