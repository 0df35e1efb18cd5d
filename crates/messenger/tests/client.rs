//! The client against a server that behaves badly on purpose: every class of outcome, and what a request carries.
//!
//! Not here: what single codes mean (the error table's own tests). Everything runs over loopback; nothing sleeps.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use messenger::{
    Body, BuildFault, Config, Fault, Graph, HttpGraph, Scope, Send, SendOutcome, Sent, Tokens, Usage, appsecret_proof,
};
use model::{Mid, PageId, Psid, Redacted, Span, Timestamp};
use policy::{MessagingType, Permit, RuleId, Tag, Verdict, confirm, edition_at};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const TOKEN: &str = "EAAB-a-page-token";
const SECRET: &str = "an-app-secret";

/// One request as it arrived.
#[derive(Clone, Debug)]
struct Seen {
    method: String,
    path: String,
    query: String,
    authorization: String,
    body: Value,
}

/// How the server behaves.
#[derive(Clone)]
enum Manner {
    Answers(StatusCode, String),
    Redirects,
    ClosesWithoutAnswer,
    NeverAnswers,
}

/// A server of one manner that keeps what it saw.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, kept) = (manner.clone(), Arc::clone(&kept));
                let service = service_fn(move |request| serve(manner.clone(), Arc::clone(&kept), request));
                tokio::spawn(async move {
                    drop(
                        hyper::server::conn::http1::Builder::new()
                            .serve_connection(TokioIo::new(stream), service)
                            .await,
                    );
                });
            }
        });
        Self { address, seen }
    }

    async fn answering(status: u16, body: &str) -> Self {
        Self::start(Manner::Answers(StatusCode::from_u16(status).expect("a status"), body.to_owned())).await
    }

    fn graph(&self) -> HttpGraph {
        graph(&format!("http://{}", self.address), Duration::from_secs(20))
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panics").clone()
    }
}

async fn serve(
    manner: Manner,
    seen: Arc<Mutex<Vec<Seen>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, &'static str> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| "the request broke off")?.to_bytes();
    let authorization = head.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    seen.lock().expect("no panics").push(Seen {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        authorization: authorization.to_owned(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    });
    let answer = Response::builder();
    match manner {
        Manner::Answers(status, body) => answer.status(status).body(Full::from(body)).map_err(|_| "no answer"),
        Manner::Redirects => {
            answer.status(302).header("location", "/elsewhere").body(Full::default()).map_err(|_| "no answer")
        }
        Manner::ClosesWithoutAnswer => Err("closed on purpose"),
        Manner::NeverAnswers => std::future::pending().await,
    }
}

/// Page 17 has a token, page 18 has none.
struct OneToken;

impl Tokens for OneToken {
    fn token(&self, page: &PageId) -> Option<Redacted<String>> {
        (page.as_str() == "17").then(|| TOKEN.into())
    }
}

fn config(base_url: &str, total_timeout: Duration) -> Config {
    let connect_timeout = total_timeout.mul_f32(0.5);
    let app_secret = Some(SECRET.into());
    Config { base_url: base_url.to_owned(), app_secret, connect_timeout, total_timeout, ..Config::default() }
}

fn graph(base_url: &str, total_timeout: Duration) -> HttpGraph {
    HttpGraph::new(config(base_url, total_timeout), Arc::new(OneToken)).expect("a good configuration")
}

fn permit(messaging_type: MessagingType) -> Permit {
    let now = Timestamp(1_780_272_000_000);
    let (edition, rule) = (edition_at(now).id(), RuleId::StandardWindow);
    let verdict = Verdict::Permit { messaging_type, until: now + Span(1), edition, rule };
    confirm(&verdict, now).expect("still good")
}

fn message(page: &str) -> Send {
    Send {
        page: PageId::new(page),
        psid: Psid::new("5001"),
        body: Body::Text("Your parcel is on its way".into()),
        metadata: "pd.1.7.c/17/5001".to_owned(),
    }
}

async fn send(graph: &HttpGraph) -> SendOutcome {
    graph.send(permit(MessagingType::Response), message("17")).await
}

#[tokio::test]
async fn a_taken_message_is_sent_and_carries_type_metadata_token_and_proof() {
    let server = Server::answering(200, r#"{"recipient_id":"5001","message_id":"m_1"}"#).await;
    assert_eq!(send(&server.graph()).await, SendOutcome::Sent { mid: Mid::new("m_1"), usage: Usage::default() });
    let [seen] = &server.seen()[..] else { panic!("one request: {:?}", server.seen()) };
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/v26.0/17/messages"));
    assert_eq!(seen.query, format!("appsecret_proof={}", appsecret_proof(&SECRET.into(), &TOKEN.into())));
    assert_eq!(seen.authorization, format!("Bearer {TOKEN}"));
    let expected = json!({
        "recipient": {"id": "5001"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Your parcel is on its way", "metadata": "pd.1.7.c/17/5001"},
    });
    assert_eq!(seen.body, expected);
}

#[tokio::test]
async fn an_attachment_under_a_tag_goes_out_as_such() {
    let server = Server::answering(200, r#"{"message_id":"m_2"}"#).await;
    let body = Body::Attachment { kind: "image".to_owned(), url: "https://files.example/cat.png".into() };
    let permit = permit(MessagingType::MessageTag(Tag::HumanAgent));
    let outcome = server.graph().send(permit, Send { body, ..message("17") }).await;
    assert_eq!(outcome, SendOutcome::Sent { mid: Mid::new("m_2"), usage: Usage::default() });
    let expected = json!({
        "recipient": {"id": "5001"},
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
        "message": {
            "attachment": {"type": "image", "payload": {"url": "https://files.example/cat.png"}},
            "metadata": "pd.1.7.c/17/5001",
        },
    });
    assert_eq!(server.seen()[0].body, expected);
}

#[tokio::test]
async fn buttons_and_the_message_answered_go_out_beside_the_text() {
    let server = Server::answering(200, r#"{"message_id":"m_3"}"#).await;
    let buttons = vec![("Blue".into(), "COLOUR_BLUE".into()), ("Red".into(), "COLOUR_RED".into())];
    let body = Body::Prompt { text: "Which colour?".into(), buttons, reply_to: Some(Mid::new("m_in1")) };
    server.graph().send(permit(MessagingType::Response), Send { body, ..message("17") }).await;
    let expected = json!({
        "recipient": {"id": "5001"},
        "messaging_type": "RESPONSE",
        "message": {
            "text": "Which colour?",
            "quick_replies": [
                {"content_type": "text", "title": "Blue", "payload": "COLOUR_BLUE"},
                {"content_type": "text", "title": "Red", "payload": "COLOUR_RED"},
            ],
            "metadata": "pd.1.7.c/17/5001",
        },
        "reply_to": {"mid": "m_in1"},
    });
    assert_eq!(server.seen()[0].body, expected);
}

#[tokio::test]
async fn a_template_goes_out_as_utility_with_its_parameters() {
    let server = Server::answering(200, r#"{"message_id":"m_4"}"#).await;
    let template =
        |parameters| Body::Template { name: "ready_for_pickup".to_owned(), language: "en_US".to_owned(), parameters };
    for body in [template(vec!["Mara".into(), "Tuesday".into()]), template(Vec::new())] {
        server.graph().send(permit(MessagingType::Utility), Send { body, ..message("17") }).await;
    }
    let expected = |filled: Value| {
        let mut body = json!({
            "recipient": {"id": "5001"},
            "messaging_type": "UTILITY",
            "message": {
                "template": {"name": "ready_for_pickup", "language": {"code": "en_US"}},
                "metadata": "pd.1.7.c/17/5001",
            },
        });
        if !filled.is_null() {
            body["message"]["template"]["components"] = filled;
        }
        body
    };
    let texts = json!([{"type": "text", "text": "Mara"}, {"type": "text", "text": "Tuesday"}]);
    assert_eq!(server.seen()[0].body, expected(json!([{"type": "body", "parameters": texts}])));
    assert_eq!(server.seen()[1].body, expected(Value::Null));
}

#[tokio::test]
async fn an_error_body_on_a_200_is_a_failure() {
    let server = Server::answering(200, r#"{"error":{"code":10,"error_subcode":2018278,"fbtrace_id":"A1"}}"#).await;
    let expected = SendOutcome::Failed {
        code: (10, Some(2_018_278)),
        row: "window-closed",
        trace: Some("A1".to_owned()),
        scope: Scope::Conversation,
    };
    assert_eq!(send(&server.graph()).await, expected);
}

#[tokio::test]
async fn a_refused_port_is_tried_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let outcome = send(&graph(&format!("http://{address}"), Duration::from_secs(20))).await;
    assert!(matches!(outcome, SendOutcome::Later { code: None, why: "connection-refused", .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_tried_later() {
    let outcome = send(&graph("http://graph.invalid", Duration::from_secs(10))).await;
    assert!(matches!(outcome, SendOutcome::Later { code: None, why: "name-unknown", .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_tried_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let silent = tokio::spawn(async move { listener.accept().await.expect("a connection") });
    let mut config = config(&format!("https://{address}"), Duration::from_secs(20));
    config.connect_timeout = Duration::from_millis(100);
    let graph = HttpGraph::new(config, Arc::new(OneToken)).expect("a good configuration");
    let outcome = send(&graph).await;
    assert!(matches!(outcome, SendOutcome::Later { code: None, why: "connect-timeout", .. }), "{outcome:?}");
    drop(silent.await);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_tried_later() {
    let server = Server::answering(200, "{}").await;
    let outcome = send(&graph(&format!("https://{}", server.address), Duration::from_secs(20))).await;
    assert!(matches!(outcome, SendOutcome::Later { code: None, why: "tls", .. }), "{outcome:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_connection_closed_after_the_request_leaves_it_in_doubt_and_is_not_tried_again() {
    let server = Server::start(Manner::ClosesWithoutAnswer).await;
    assert_eq!(send(&server.graph()).await, SendOutcome::InDoubt { why: "connection-lost" });
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_it_in_doubt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let read = stream.read(&mut request).await.expect("a request");
        assert!(read > 0);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"message_id\":")
            .await
            .expect("half an answer");
    });
    let outcome = send(&graph(&format!("http://{address}"), Duration::from_secs(20))).await;
    assert_eq!(outcome, SendOutcome::InDoubt { why: "connection-lost" });
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_it_in_doubt() {
    let server = Server::start(Manner::NeverAnswers).await;
    let graph = graph(&format!("http://{}", server.address), Duration::from_millis(400));
    assert_eq!(send(&graph).await, SendOutcome::InDoubt { why: "timeout" });
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_server_error_without_a_graph_error_leaves_it_in_doubt() {
    let server = Server::answering(502, "<html>bad gateway</html>").await;
    assert_eq!(send(&server.graph()).await, SendOutcome::InDoubt { why: "server-error" });
    let server = Server::answering(500, r#"{"error":{"code":2,"is_transient":true}}"#).await;
    let outcome = send(&server.graph()).await;
    assert!(matches!(outcome, SendOutcome::Later { code: Some((2, None)), .. }), "{outcome:?}");
}

#[tokio::test]
async fn garbage_on_a_200_leaves_it_in_doubt() {
    let server = Server::answering(200, "for (;;); nonsense").await;
    assert_eq!(send(&server.graph()).await, SendOutcome::InDoubt { why: "unreadable-answer" });
}

#[tokio::test]
async fn a_huge_answer_is_not_read_and_leaves_it_in_doubt() {
    let filler = "x".repeat(1 << 20);
    let server = Server::answering(200, &format!(r#"{{"message_id":"m_1","filler":"{filler}"}}"#)).await;
    assert_eq!(send(&server.graph()).await, SendOutcome::InDoubt { why: "unreadable-answer" });
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start(Manner::Redirects).await;
    assert_eq!(send(&server.graph()).await, SendOutcome::InDoubt { why: "unreadable-answer" });
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_page_without_a_token_calls_nobody() {
    let server = Server::answering(200, "{}").await;
    let outcome = server.graph().send(permit(MessagingType::Response), message("18")).await;
    assert!(matches!(outcome, SendOutcome::Failed { row: "token-invalid", scope: Scope::Page, .. }), "{outcome:?}");
    let fault = server.graph().profile(PageId::new("18"), Psid::new("5001")).await.expect_err("no token");
    assert!(matches!(fault, Fault::GiveUp { row: "token-invalid", scope: Scope::Page, .. }), "{fault:?}");
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_profile_is_read_with_token_and_proof() {
    let server = Server::answering(200, r#"{"first_name":"Ada","last_name":"Byron","id":"5001"}"#).await;
    let profile = server.graph().profile(PageId::new("17"), Psid::new("5001")).await.expect("a profile");
    assert_eq!(profile.name().map(Redacted::into_inner).as_deref(), Some("Ada Byron"));
    let seen = server.seen()[0].clone();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/v26.0/5001"));
    assert!(
        seen.query.contains("appsecret_proof=") && seen.query.contains("fields=first_name%2Clast_name%2Cprofile_pic")
    );
    assert_eq!(seen.authorization, format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn a_profile_out_of_reach_is_a_fault_to_retry() {
    let server = Server::start(Manner::ClosesWithoutAnswer).await;
    let fault = server.graph().profile(PageId::new("17"), Psid::new("5001")).await.expect_err("no answer");
    assert!(matches!(fault, Fault::Retry { why: "connection-lost", .. }), "{fault:?}");
}

#[tokio::test]
async fn a_thread_is_read_with_what_the_page_sent_in_order() {
    let said = |id: &str, at: &str, from: &str, text: &str| json!({ "id": id, "created_time": at, "from": { "id": from, "name": "?" }, "message": text });
    let mut picture = said("m_3", "2026-11-23T12:00:07+0000", "17", "");
    picture["attachments"] = json!({ "data": [{ "mime_type": "image/png" }, { "mime_type": "application/pdf" }] });
    let unreadable = said("m_4", "yesterday", "17", "no time");
    let messages = [
        unreadable,
        picture,
        said("m_2", "2026-11-23T13:00:05+0100", "17", "From eight."),
        said("m_1", "2026-11-23T12:00:01+0000", "5001", "When?"),
    ];
    let answer = json!({ "data": [{ "id": "t_1", "messages": { "data": messages } }], "paging": {} });
    let server = Server::answering(200, &answer.to_string()).await;
    let thread = server.graph().thread(PageId::new("17"), Psid::new("5001")).await.expect("a thread");
    let noon = 1_795_435_200_000;
    let sent = |mid, at, text: Option<&str>, files: &[&str]| Sent {
        mid: Mid::new(mid),
        at: Timestamp(at),
        text: text.map(Redacted::from),
        attachments: files.iter().map(|file| (*file).to_owned()).collect(),
    };
    let expected =
        [sent("m_2", noon + 5_000, Some("From eight."), &[]), sent("m_3", noon + 7_000, None, &["image", "file"])];
    assert_eq!(thread, expected);
    let seen = server.seen()[0].clone();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/v26.0/17/conversations"));
    for part in ["platform=messenger", "user_id=5001", "messages.limit%2820%29", "appsecret_proof="] {
        assert!(seen.query.contains(part), "{part}: {}", seen.query);
    }
}

#[tokio::test]
async fn a_thread_that_is_not_told_is_a_fault_and_never_an_empty_one() {
    let server = Server::answering(200, r#"{"error":{"code":10,"message":"?"}}"#).await;
    let fault = server.graph().thread(PageId::new("17"), Psid::new("5001")).await.expect_err("no permission");
    assert!(matches!(fault, Fault::GiveUp { code: (10, None), .. }), "{fault:?}");
    for (status, body, reason) in [(200, "{}", "unreadable-answer"), (502, "<html>", "server-error")] {
        let server = Server::answering(status, body).await;
        let fault = server.graph().thread(PageId::new("17"), Psid::new("5001")).await.expect_err("no thread");
        assert!(matches!(fault, Fault::Retry { why, .. } if why == reason), "{fault:?}");
    }
    let server = Server::answering(200, r#"{"data":[]}"#).await;
    assert_eq!(server.graph().thread(PageId::new("17"), Psid::new("5001")).await, Ok(Vec::new()));
}

#[tokio::test]
async fn an_id_cannot_lead_a_call_to_another_path() {
    let server = Server::answering(200, "{}").await;
    drop(server.graph().profile(PageId::new("17"), Psid::new("5001/../../me?fields=id#")).await);
    assert_eq!(server.seen()[0].path, "/v26.0/5001%2F..%2F..%2Fme%3Ffields=id%23");
}

#[test]
fn neither_token_nor_secret_is_ever_printed() {
    let config = config("https://graph.facebook.com", Duration::from_secs(30));
    assert!(!format!("{config:?}").contains(SECRET));
    let graph = HttpGraph::new(config, Arc::new(OneToken)).expect("a good configuration");
    let printed = format!("{graph:?}");
    assert!(!printed.contains(SECRET) && !printed.contains(TOKEN), "{printed}");
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let refused = |config: Config| HttpGraph::new(config, Arc::new(OneToken)).expect_err("refused");
    for base_url in ["", "graph.facebook.com", "ftp://graph.facebook.com", "https://graph.facebook.com?x=1"] {
        let config = Config { base_url: base_url.to_owned(), ..Config::default() };
        assert!(matches!(refused(config), BuildFault::Address(_)), "{base_url}");
    }
    for version in ["", "26.0", "v26", "../v26.0", "v26.0/me"] {
        let config = Config { version: version.to_owned(), ..Config::default() };
        assert!(matches!(refused(config), BuildFault::Address(_)), "{version}");
    }
    let short = Config { total_timeout: Duration::from_secs(5), ..Config::default() };
    assert!(matches!(refused(short), BuildFault::Timeouts));
}
