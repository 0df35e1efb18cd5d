//! The service of the people's listener: pages, API, `/events`, `/live`, `/ready`. Decides who gets in, reads the body
//! within limits, lets axum find the handler, renders refusals and hardens every answer.
//!
//! What pages and API say lives in their own folders. Invariants: where agents sign in, no page is shown and nothing is
//! changed without a session; a request that changes something passed the guard before a handler sees it; no answer
//! leaves without the security headers.

use core::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Method, Request, StatusCode, Uri, header};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service;
use tower::ServiceExt as _;
use tracker::desk::Desk;

use crate::body::Reader;
use crate::fault::{self, Fault};
use crate::guard::{self, Whence};
use crate::guide::{self, Guide};
use crate::limits::Limits;
use crate::lists::Lists;
use crate::live::{self, Live};
use crate::pages::form::Sent;
use crate::pages::{frame::Frame, sign_in, trouble};
use crate::people::{Agent, Lifetimes, People, Standing};
use crate::port::Node;
use crate::report::{self, Reports};
use crate::tokens::ApiTokens;
use crate::{api, health, pages};

/// What pages and API must know beside their sources.
#[derive(Clone, Debug)]
pub struct SiteSettings {
    /// Who may call the API. None: whoever reaches the listener.
    pub tokens: ApiTokens,
    /// Who may sign in to the pages. None: whoever reaches the listener sees and does everything.
    pub agents: Vec<Agent>,
    /// How long a sign-in lasts.
    pub lifetimes: Lifetimes,
    /// Browsers come by https through a proxy that says in `X-Forwarded-For` who asks.
    pub https: bool,
    /// In whose name the pages act where nobody signs in, and the API where the caller does not say.
    pub agent_name: String,
    /// What there is to try, for a sandbox. `None`: the pages say nothing of it.
    pub guide: Option<Guide>,
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self {
            tokens: ApiTokens::default(),
            agents: Vec::new(),
            lifetimes: Lifetimes::default(),
            https: false,
            agent_name: "Agent".to_owned(),
            guide: None,
        }
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
    /// In whose name the API acts where the caller does not say.
    pub(crate) agent_name: String,
    /// Who asks.
    pub(crate) people: Arc<People>,
    /// The pages' event streams.
    pub(crate) live: Live,
    /// What browsers reported.
    pub(crate) reports: Reports,
    /// Browsers come by https through a proxy.
    pub(crate) https: bool,
    /// What there is to try; a node that serves has none.
    pub(crate) guide: Option<guide::Standing>,
}

/// The service of the people's listener. Clones share everything.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    sources: Arc<Sources>,
    tokens: ApiTokens,
    /// Reads the API's bodies.
    calls: Reader,
    /// Reads the pages' forms: some of what is too long too, so that it can be given back.
    forms: Reader,
    /// Reads what anybody may send.
    reports: Reader,
    body_max: usize,
    router: Router,
}

/// Who may come where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    /// Programs with a token.
    Api,
    /// Anybody.
    Everybody,
    /// Agents, where they sign in.
    Pages,
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
        let SiteSettings { tokens, agents, lifetimes, https, agent_name, guide } = settings;
        let people = Arc::new(People::new(agents, lifetimes, https, agent_name.clone(), Arc::clone(&node)));
        let (live, reports) = (Live::new(), Reports::default());
        let guide = guide.map(guide::Standing::new);
        let pages = if guide.is_some() { pages::router().merge(pages::guide_router()) } else { pages::router() };
        let sources = Arc::new(Sources { node, lists, desk, agent_name, people, live, reports, https, guide });
        let router = pages
            .route("/events", get(live::events))
            .route("/csp-report", post(report::take).get(report::show))
            .nest("/api/v1", api::router())
            .route("/live", get(async || health::live().map(Body::new)))
            .route("/ready", get(ready))
            .fallback(|| async { Fault::not_found("address") })
            .method_not_allowed_fallback(|| async {
                let sentence = "This address does not take that method.";
                Fault::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", sentence)
            })
            .with_state(Arc::clone(&sources));
        let calls = Reader::new(limits);
        let (forms, reports) = (calls.up_to(limits.kept_max()), calls.up_to(report::BODY_MAX));
        Self(Arc::new(Inner { sources, tokens, calls, forms, reports, body_max: limits.body_max, router }))
    }

    /// Ends the pages' event streams, which would otherwise keep their connections to the end of `drain_max`. To be
    /// called when the listener ends.
    pub fn end_streams(&self) {
        self.0.sources.live.end();
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
        // A page that looks by itself says so: it keeps nobody signed in.
        let touch = uri.path() != "/events" && !head.headers.contains_key("x-live");
        let standing = self.sources.people.standing(&head.headers, touch);
        let frame = Frame::of(&self.sources, &standing);
        let mut sent = None;
        let answered = match self.hand_on(head, body, standing, &mut sent).await {
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
                frame: &frame,
            };
            fault.render(&if is_api(&uri) { fault::Reader::Program } else { fault::Reader::Person(asked) })
        });
        guard::harden(response.headers_mut());
        if method == Method::HEAD { bodiless(response) } else { response }
    }

    /// `sent` becomes what a form brought, once it was read: it is given back with a refusal.
    async fn hand_on(
        &self,
        mut head: Parts,
        body: Incoming,
        standing: Standing,
        sent: &mut Option<Sent>,
    ) -> Result<Response, Fault> {
        let door = door(&head);
        if door == Door::Api {
            let unauthorized = || {
                let sentence = "The API wants a token: Authorization: Bearer ….";
                Fault::new(StatusCode::UNAUTHORIZED, "unauthorized", sentence)
            };
            head.extensions.insert(self.tokens.admit(&head.headers).ok_or_else(unauthorized)?);
        }
        let viewer = match standing {
            Standing::Known(viewer) => Some(viewer),
            Standing::Stranger => None,
        };
        if !guard::changes(&head.method) {
            if door == Door::Pages && viewer.is_none() {
                return stranger(&head);
            }
            head.extensions.insert(viewer);
            return Ok(self.route(Request::from_parts(head, Body::empty())).await);
        }
        if head.uri.path() == "/csp-report" {
            let body = self.reports.read(body).await.map_err(|refused| Fault::unread(refused, report::BODY_MAX))?;
            return Ok(self.route(Request::from_parts(head, Body::from(body))).await);
        }
        let authority = head.uri.authority().map(http::uri::Authority::as_str);
        let whence = Whence::of(&head.headers, authority);
        let api = door == Door::Api;
        let refused = if api { whence.refuses_call() } else { whence.refuses_form(&head.headers, authority) };
        if let Some(refused) = refused {
            if let Some(missed) = self.missed(&head).await {
                return Ok(missed);
            }
            // What a stranger's page sent was typed nowhere here; a person may have typed the rest.
            if door == Door::Pages && whence != Whence::OtherSite {
                *sent = self.forms.read(body).await.ok().map(|body| Sent::new(&head.headers, body));
            }
            return Err(refused);
        }
        let reader = if api { &self.calls } else { &self.forms };
        let body = reader.read(body).await.map_err(|refused| Fault::unread(refused, self.body_max))?;
        if door == Door::Pages {
            let form = sent.insert(Sent::new(&head.headers, body.clone()));
            match &viewer {
                None => return Err(signed_out()),
                Some(viewer) if !viewer.sent(form.csrf().as_deref()) => return Err(other_session()),
                Some(_) => {}
            }
        }
        if !api && body.len() > self.body_max {
            return Err(Fault::too_large(self.body_max));
        }
        head.extensions.insert(viewer);
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

/// Where a request comes in.
fn door(head: &Parts) -> Door {
    match head.uri.path() {
        _ if is_api(&head.uri) => Door::Api,
        "/live" | "/ready" | sign_in::PATH => Door::Everybody,
        "/csp-report" if guard::changes(&head.method) => Door::Everybody,
        path if path.starts_with("/assets/") => Door::Everybody,
        _ => Door::Pages,
    }
}

/// Somebody who must sign in first: led there by a page, told so by a stream, which cannot be led.
fn stranger(head: &Parts) -> Result<Response, Fault> {
    if head.uri.path() == "/events" {
        return Err(signed_out());
    }
    let here = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    Ok(Redirect::to(&sign_in::leads_to(here)).into_response())
}

fn signed_out() -> Fault {
    let sentence =
        "You are not signed in, or your session has ended, so nothing was changed. Sign in, then send it again.";
    Fault::new(StatusCode::UNAUTHORIZED, "signed-out", sentence)
}

fn other_session() -> Fault {
    let sentence = "This page was made before you signed in, so nothing was changed. Send it again from here.";
    Fault::new(StatusCode::FORBIDDEN, "other-session", sentence)
}

fn is_api(uri: &Uri) -> bool {
    uri.path() == "/api" || uri.path().starts_with("/api/")
}
