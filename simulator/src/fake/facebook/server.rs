//! The HTTP server: accepts connections, finds the route, turns answers into responses.
//!
//! Invariant: a lost answer closes the connection without a byte; everything else is answered.

use core::convert::Infallible;
use core::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::control::{CarryOrder, ClockOrder, Customer, Happening, InboxOrder, OpenOrder, WebhookOrder};
use super::conversations;
use super::fault::FaultOrder;
use super::graph::{self, Asked, Parameters};
use super::graph_error::GraphError;
use super::limits::{BODY_MAX, FORM_MAX};
use super::magic::Magic;
use super::routing::{self, Routing};
use super::world::Taken;
use super::{Bubble, Shared, play};

/// Pause after a connection could not be accepted, which mostly means that descriptors ran out.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Longest wait for an echo that is to come before the answer.
const ECHO_FIRST_MAX: Duration = Duration::from_secs(5);

/// The answer that is never written: the connection closes.
#[derive(Debug)]
struct Lost;

impl core::fmt::Display for Lost {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the connection is closed without an answer")
    }
}

impl core::error::Error for Lost {}

/// An HTTP answer: its whole body, or a stream that a page listens to.
pub(super) type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Serves until told to stop, then lets open connections finish.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    // A stand-in that was dropped stops too.
    let mut stopped = pin!(async move { drop(stopped.wait_for(|stopped| *stopped).await) });
    loop {
        match select(stopped.as_mut(), pin!(listener.accept())).await {
            Either::Left(_) => break,
            Either::Right((Ok((stream, _)), _)) => serve(stream, &shared, &graceful),
            Either::Right((Err(error), _)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn serve(stream: TcpStream, shared: &Arc<Shared>, graceful: &GracefulShutdown) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let shared = Arc::clone(shared);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { route(&shared, request).await }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    });
}

async fn route(shared: &Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Lost> {
    let (head, body) = request.into_parts();
    let body_max = if play::takes_uploads(&head) { FORM_MAX } else { BODY_MAX };
    let Ok(body) = Limited::new(body, body_max).collect().await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large or broke off"));
    };
    let body = body.to_bytes();
    let query = head.uri.query().unwrap_or_default();
    let path: Vec<&str> = head.uri.path().trim_matches('/').split('/').collect();
    match (&head.method, path.as_slice()) {
        (&Method::POST, [version, page, "messages"]) if is_version(version) => {
            let parameters = Parameters::read(&head.headers, query, &body);
            send(shared, page, parameters).await
        }
        (&Method::GET, [version, page, "conversations"]) if is_version(version) => {
            Ok(conversations_answer(shared, page, Parameters::read(&head.headers, query, &body)))
        }
        (&Method::POST, [version, page, "take_thread_control"]) if is_version(version) => {
            let parameters = Parameters::read(&head.headers, query, &body);
            Ok(routing_answer(shared, page, Routing::Take, parameters))
        }
        (&Method::GET, [version, page, "thread_owner"]) if is_version(version) => {
            let parameters = Parameters::read(&head.headers, query, &body);
            Ok(routing_answer(shared, page, Routing::Owner, parameters))
        }
        (&Method::GET, [version, node]) if is_version(version) => {
            Ok(node_answer(shared, node, Parameters::read(&head.headers, query, &body)))
        }
        (method, ["_control", order]) if shared.options.control => Ok(control(shared, method, order, &body).await),
        (_, path) if play::is_page(path) => Ok(play::answer(shared, &head, path, query, &body)),
        _ => Ok(refusal(shared, &GraphError::no_path())),
    }
}

/// `v26.0` and the like; unpinned calls find no path.
fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}

async fn send(shared: &Arc<Shared>, path: &str, parameters: Result<Parameters, GraphError>) -> Result<Answer, Lost> {
    let now = shared.clock.now();
    let (taken, usage, slow, echo_first) = {
        let mut world = shared.world();
        let asked = parameters.and_then(|parameters| {
            let page = graph::speaker(&shared.options, &world, &parameters)?;
            graph::read_send(page, path, &parameters)
        });
        let (page, magic) = match &asked {
            Ok(Asked::Message(call)) => (Some(call.page.clone()), Magic::of(call.psid.as_str())),
            Ok(Asked::Signal(_)) | Err(_) => (None, None),
        };
        let (slow, echo_first) = world.manners(magic.as_ref());
        let taken = match asked {
            Ok(Asked::Message(call)) => world.take(*call, magic.as_ref(), now),
            Ok(Asked::Signal(act)) => {
                let psid = act.psid.clone();
                let signalled = world.signal(act, now);
                drop(world);
                shared.changed();
                return Ok(signalled.map_or_else(
                    |error| refusal(shared, &error),
                    |()| json_answer(StatusCode::OK, &graph::signalled(&psid)),
                ));
            }
            Err(error) => Taken::Refused(error),
        };
        let usage = page.and_then(|page| world.usage(&page, now));
        (taken, usage, slow, echo_first)
    };
    shared.changed();
    let mut answer = match taken {
        Taken::Lost => return Err(Lost),
        Taken::Refused(error) => Ok(refusal(shared, &error)),
        Taken::Accepted { bubble, lose_answer } => {
            tell(shared, &bubble, echo_first).await;
            if lose_answer { Err(Lost) } else { Ok(json_answer(StatusCode::OK, &graph::accepted(&bubble))) }
        }
    };
    if let (Ok(answer), Some(Ok(usage))) = (&mut answer, usage.map(HeaderValue::try_from)) {
        answer.headers_mut().insert("x-business-use-case-usage", usage);
    }
    if !slow.is_zero() {
        tokio::time::sleep(slow).await;
    }
    answer
}

/// Sends echo and receipts on their way; with `echo_first` waits until the echo has arrived.
async fn tell(shared: &Arc<Shared>, bubble: &Bubble, echo_first: bool) {
    let (echo, receipts) = {
        let mut world = shared.world();
        (world.echo(bubble), world.receipts(bubble))
    };
    let mut heard = None;
    if let Some((mut item, delay)) = echo {
        heard = echo_first.then(|| item.tell());
        shared.deliver(item, if echo_first { Duration::ZERO } else { delay });
    }
    for (item, delay) in receipts {
        shared.deliver(item, delay);
    }
    if let Some(heard) = heard
        && tokio::time::timeout(ECHO_FIRST_MAX, heard).await.is_err()
    {
        tracing::warn!("the echo was not accepted in time; the answer goes first");
    }
}

fn node_answer(shared: &Arc<Shared>, node: &str, parameters: Result<Parameters, GraphError>) -> Answer {
    let read = parameters.and_then(|parameters| {
        let world = shared.world();
        let page = graph::speaker(&shared.options, &world, &parameters)?;
        graph::read_node(&world, &page, node, &parameters)
    });
    read.map_or_else(|error| refusal(shared, &error), |value| json_answer(StatusCode::OK, &value))
}

fn conversations_answer(shared: &Arc<Shared>, path: &str, parameters: Result<Parameters, GraphError>) -> Answer {
    let read = parameters.and_then(|parameters| {
        let world = shared.world();
        let page = graph::speaker(&shared.options, &world, &parameters)?;
        conversations::read(&world, &page, path, &parameters, shared.clock.now())
    });
    read.map_or_else(|error| refusal(shared, &error), |value| json_answer(StatusCode::OK, &value))
}

fn routing_answer(
    shared: &Arc<Shared>,
    path: &str,
    routing: Routing,
    parameters: Result<Parameters, GraphError>,
) -> Answer {
    let done = parameters.and_then(|parameters| {
        let mut world = shared.world();
        let page = graph::speaker(&shared.options, &world, &parameters)?;
        routing::answer(&mut world, (&page, path), routing, &parameters, shared.clock.now())
    });
    done.map_or_else(|error| refusal(shared, &error), |value| json_answer(StatusCode::OK, &value))
}

fn refusal(shared: &Arc<Shared>, error: &GraphError) -> Answer {
    let status = if error.on_200 { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    json_answer(status, &graph::refused(shared, error))
}

async fn control(shared: &Arc<Shared>, method: &Method, order: &str, body: &[u8]) -> Answer {
    match (method, order) {
        (&Method::GET, "state") => json_answer(StatusCode::OK, &shared.state()),
        (&Method::POST, "customer") => ordered(body, |customer: Customer| shared.act(customer)),
        (&Method::POST, "happen") => ordered(body, |order: Happening| shared.happen(order)),
        (&Method::POST, "open") => {
            ordered(body, |order: OpenOrder| Ok(json!({ "read": shared.open(&order.page, &order.psid)? })))
        }
        (&Method::POST, "inbox") => ordered(body, |order: InboxOrder| shared.answer_elsewhere(order)),
        (&Method::POST, "faults") => ordered(body, |order: FaultOrder| {
            shared.order(order);
            Ok(shared.state().faults)
        }),
        (&Method::POST, "carry") => ordered(body, |order: CarryOrder| shared.carry(&order)),
        (&Method::POST, "clock") if shared.clock.is_movable() => ordered(body, |order: ClockOrder| {
            shared.advance(order.advance_ms)?;
            Ok(json!({ "now": shared.clock.now() }))
        }),
        (&Method::POST, "webhook") => webhook(shared, body).await,
        (&Method::POST, "quiet") => {
            shared.quiet().await;
            json_answer(StatusCode::OK, &shared.courier.counts())
        }
        _ => plain(StatusCode::NOT_FOUND, "no such order"),
    }
}

async fn webhook(shared: &Arc<Shared>, body: &[u8]) -> Answer {
    let order: WebhookOrder = match serde_json::from_slice(body) {
        Ok(order) => order,
        Err(error) => return plain(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let mut done = shared.courier.set_url(&order.url);
    if done.is_ok() && order.verify {
        done = shared.courier.verify(&shared.options.verify_token).await;
    }
    match done {
        Ok(()) => json_answer(StatusCode::OK, &json!({})),
        Err(error) => plain(StatusCode::BAD_REQUEST, &format!("{error:#}")),
    }
}

/// Reads an order, carries it out, answers with what came of it.
fn ordered<O: DeserializeOwned, R: Serialize>(body: &[u8], carry_out: impl FnOnce(O) -> Result<R, String>) -> Answer {
    match serde_json::from_slice(body).map_err(|error| error.to_string()).and_then(carry_out) {
        Ok(result) => json_answer(StatusCode::OK, &result),
        Err(error) => plain(StatusCode::BAD_REQUEST, &error),
    }
}

/// An answer in JSON.
pub(super) fn json_answer(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).unwrap_or_else(|_| Value::Null.to_string().into_bytes());
    with_type(status, "application/json; charset=UTF-8", body.into())
}

/// A plain text answer.
pub(super) fn plain(status: StatusCode, text: &str) -> Answer {
    with_type(status, "text/plain; charset=utf-8", Bytes::copy_from_slice(text.as_bytes()))
}

/// An answer of a type; never kept by caches.
pub(super) fn with_type(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let answer = Response::builder().status(status).header(CONTENT_TYPE, kind).header(CACHE_CONTROL, "no-store");
    answer.body(Full::new(body).boxed_unsync()).expect("constant headers are valid")
}
