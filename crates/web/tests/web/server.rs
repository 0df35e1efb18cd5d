//! The accept loop: silence, size, number, the second protocol, and the end.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use web::{Ended, Ingress, IngressSettings, Limits};
use webhook::{Secret, signature};

use crate::fake::Fake;
use crate::wire::{Server, get, head, post, quick};

async fn start(node: Fake, limits: Limits) -> (Arc<Fake>, Server) {
    let node = Arc::new(node);
    let settings = IngressSettings { secrets: vec![Secret::new("s")], verify_tokens: Vec::new() };
    let service = Ingress::new(Arc::<Fake>::clone(&node), settings, &limits);
    (node, Server::start(service, limits).await)
}

fn delivery() -> Vec<u8> {
    post("/webhook", &[("x-hub-signature-256", &signature::sign(&Secret::new("s"), b"{}"))], b"{}")
}

#[tokio::test]
async fn whoever_says_nothing_or_half_a_header_is_let_go() {
    let (_, server) = start(Fake::new(), quick(Limits::ingress())).await;
    let mut lines = Vec::new();
    for opening in ["", "P", "PRI * HTTP/2.0\r\n", "GET /live HTT", "GET /live HTTP/1.1\r\nhost: a\r\nx-y: "] {
        let mut line = server.connect().await;
        line.send(opening).await;
        lines.push((opening, line));
    }
    for (opening, mut line) in lines {
        let answer = line.answer().await;
        assert!(answer.is_none(), "{opening:?} was answered {answer:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_serving() {
    let (_, server) = start(Fake::new(), quick(Limits::ingress())).await;
    let mut line = server.connect().await;
    line.send(get("/live", &[])).await;
    assert_eq!(line.answer().await.map(|answer| answer.status), Some(200));
    assert!(line.is_closed().await);
}

#[tokio::test]
async fn too_much_header_gets_431() {
    let (_, server) = start(Fake::new(), Limits { header_max: 8_192, ..Limits::ingress() }).await;
    // Exactly as much as is read: with more the close would reset the connection, and the answer might be lost.
    let mut huge = head("GET", "/live", &[]) + "x-huge: ";
    huge.extend(core::iter::repeat_n('x', 8_192 - huge.len()));
    assert_eq!(server.ask(huge).await.status, 431, "one long one");
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    assert_eq!(server.ask(head("GET", "/live", &[]) + &many + "\r\n").await.status, 431);
    assert_eq!(server.ask("NONSENSE\r\n\r\n").await.status, 400);
}

#[tokio::test]
async fn one_connection_too_many_waits_until_another_ends() {
    let limits = Limits { connections_max: 1, ..quick(Limits::ingress()) };
    let (_, server) = start(Fake::new(), limits).await;
    let mut silent = server.connect().await;
    let mut next = server.connect().await;
    next.send(get("/live", &[("connection", "close")])).await;
    assert_eq!(next.answer().await.map(|answer| answer.status), Some(200));
    assert!(silent.is_closed().await, "the silent one had to go first");
}

#[tokio::test]
async fn the_end_waits_for_the_requests_under_way_and_takes_no_new_ones() {
    let gate = Arc::new(Notify::new());
    let (node, server) = start(Fake::gated(Arc::clone(&gate)), Limits::ingress()).await;
    let address = server.address;
    let mut busy = server.connect().await;
    let mut idle = server.connect().await;
    idle.send(get("/live", &[])).await;
    assert!(idle.answer().await.is_some());
    busy.send(delivery()).await;
    node.entered.notified().await;

    let ended = tokio::spawn(server.stop());
    assert!(idle.is_closed().await, "an idle connection is closed at once");
    assert!(TcpStream::connect(address).await.is_err(), "and nothing new is taken");
    gate.notify_one();
    assert_eq!(busy.answer().await.map(|answer| answer.status), Some(200));
    assert_eq!(ended.await.expect("no panic"), Ended::Drained);
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let limits = Limits { drain_max: Duration::from_millis(50), ..Limits::ingress() };
    let (node, server) = start(Fake::gated(Arc::new(Notify::new())), limits).await;
    let mut stuck = server.connect().await;
    stuck.send(delivery()).await;
    node.entered.notified().await;
    assert_eq!(server.stop().await, Ended::Cut(1));
    assert!(stuck.answer().await.is_none());
}

#[tokio::test]
async fn the_second_protocol_is_spoken_too() {
    let (node, server) = start(Fake::new(), Limits::ingress()).await;
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    for (body, signature, status) in [
        (&b"{}"[..], signature::sign(&Secret::new("s"), b"{}"), 200),
        (&b"{ }"[..], signature::sign(&Secret::new("s"), b"{}"), 403),
    ] {
        let request = http::Request::post("http://desk.example/webhook")
            .header("x-hub-signature-256", signature)
            .body(Full::new(Bytes::from_static(body)))
            .expect("valid");
        let answer = client.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), status);
        answer.into_body().collect().await.expect("a body");
    }
    assert_eq!(node.kept(), 1);
}
