//! Meta's door: which answer for which request, and that nobody waits for somebody else.

use std::sync::Arc;

use tokio::sync::Notify;
use web::{Ingress, IngressSettings, Limits, NotAccepted};
use webhook::{Secret, signature};

use crate::fake::{Fake, locked};
use crate::wire::{Server, bare, get, head, post, quick};

const BODY: &[u8] = br#"{"object":"page","entry":[{"id":"1029","time":1795000000000,"messaging":[]}]}"#;

fn secret() -> Secret {
    Secret::new("app-secret-of-the-test")
}

fn signed(body: &[u8]) -> Vec<u8> {
    post("/webhook", &[("x-hub-signature-256", &signature::sign(&secret(), body))], body)
}

fn ingress(node: &Arc<Fake>, limits: &Limits) -> Ingress {
    let settings = IngressSettings {
        secrets: vec![Secret::new("former-secret"), secret()],
        verify_tokens: vec![Secret::new("let-me-in")],
    };
    Ingress::new(Arc::<Fake>::clone(node), settings, limits)
}

async fn start(node: &Arc<Fake>, limits: Limits) -> Server {
    Server::start(ingress(node, &limits), limits).await
}

async fn started() -> (Arc<Fake>, Server) {
    let node = Arc::new(Fake::new());
    let server = start(&node, Limits::ingress()).await;
    (node, server)
}

#[tokio::test]
async fn a_signed_body_is_kept_as_it_came_and_answered_200_whatever_is_in_it() {
    let (node, server) = started().await;
    for body in [BODY, b"", b"not json", b"\x00\xff\xfe", br#"{"object":"elsewhere"}"#] {
        let answer = server.ask(signed(body)).await;
        assert_eq!((answer.status, answer.text()), (200, "ok"));
        assert_eq!(locked(&node.kept).last().map(|kept| kept.to_vec()), Some(body.to_vec()));
    }
    assert!(node.refused_as().is_empty());
}

#[tokio::test]
async fn what_is_not_signed_over_its_raw_bytes_is_refused_counted_and_not_kept() {
    let (node, server) = started().await;
    let right = signature::sign(&secret(), BODY);
    let spaced = [BODY, b" "].concat();
    for (headers, body, reason) in [
        (vec![], BODY, "signature-missing"),
        (vec![("x-hub-signature-256", "sha1=00")], BODY, "signature-malformed"),
        (vec![("x-hub-signature-256", "sha256=00")], BODY, "signature-malformed"),
        (vec![("x-hub-signature-256", right.as_str())], &spaced, "signature-mismatch"),
        (vec![("x-hub-signature", right.as_str())], BODY, "signature-missing"),
    ] {
        let answer = server.ask(post("/webhook", &headers, body)).await;
        assert_eq!((answer.status, answer.text()), (403, reason));
        assert_eq!(node.refused_as().last(), Some(&reason));
    }
    let other = signature::sign(&Secret::new("another app"), BODY);
    assert_eq!(server.ask(post("/webhook", &[("x-hub-signature-256", &other)], BODY)).await.status, 403);
    assert_eq!(node.kept(), 0);
    let former = signature::sign(&Secret::new("former-secret"), BODY);
    assert_eq!(server.ask(post("/webhook", &[("x-hub-signature-256", &former)], BODY)).await.status, 200);
}

#[tokio::test]
async fn the_handshake_gives_the_challenge_back_to_who_knows_the_token() {
    let (node, server) = started().await;
    let answer =
        server.ask(get("/webhook?hub.mode=subscribe&hub.verify_token=let%2Dme-in&hub.challenge=1158201444", &[])).await;
    assert_eq!((answer.status, answer.text()), (200, "1158201444"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    for query in [
        "",
        "?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1",
        "?hub.mode=unsubscribe&hub.verify_token=let-me-in&hub.challenge=1",
        "?hub.mode=subscribe&hub.verify_token=let-me-in",
        "?hub.mode=subscribe&hub.mode=subscribe&hub.verify_token=let-me-in&hub.challenge=1",
    ] {
        assert_eq!(server.ask(get(&format!("/webhook{query}"), &[])).await.status, 403, "{query}");
    }
    assert_eq!(node.refused_as(), ["handshake"; 5]);
}

#[tokio::test]
async fn other_methods_get_405_and_other_addresses_404() {
    let (node, server) = started().await;
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"] {
        let answer = server.ask(bare(method, "/webhook", &[("connection", "close")])).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST")), "{method}");
    }
    assert_eq!(node.refused_as(), ["method"; 5]);
    assert_eq!(server.ask(bare("POST", "/live", &[("content-length", "0")])).await.status, 405);
    for path in ["/", "/webhook/", "/Webhook", "/api/v1/totals", "/%77ebhook"] {
        assert_eq!(server.ask(get(path, &[])).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_gets_413_announced_or_not() {
    let node = Arc::new(Fake::new());
    let server = start(&node, Limits { body_max: 1_000, ..Limits::ingress() }).await;
    let exactly = vec![b'x'; 1_000];
    assert_eq!(server.ask(signed(&exactly)).await.status, 200);
    assert_eq!(server.ask(signed(&[b'x'; 1_001])).await.status, 413);

    // Announced: refused without a byte of it.
    let announced = head("POST", "/webhook", &[("content-length", "9000000")]) + "\r\n";
    assert_eq!(server.ask(&announced).await.status, 413);
    let patient = head("POST", "/webhook", &[("content-length", "9000000"), ("expect", "100-continue")]) + "\r\n";
    assert_eq!(server.ask(&patient).await.status, 413);

    // In pieces: refused once it is too much.
    let mut line = server.connect().await;
    line.send(head("POST", "/webhook", &[("transfer-encoding", "chunked")]) + "\r\n").await;
    for _ in 0..20 {
        line.send(format!("100\r\n{}\r\n", "x".repeat(256))).await;
    }
    line.send("0\r\n\r\n").await;
    assert_eq!(line.answer().await.map(|answer| answer.status), Some(413));
    assert_eq!(node.refused_as(), ["body-too-large"; 4]);
    assert_eq!(node.kept(), 1);
}

#[tokio::test]
async fn pieces_and_expectations_are_fine() {
    let (node, server) = started().await;
    let signature = signature::sign(&secret(), BODY);
    let headers = [("x-hub-signature-256", signature.as_str()), ("transfer-encoding", "chunked")];
    let mut line = server.connect().await;
    line.send(head("POST", "/webhook", &headers) + "\r\n").await;
    for piece in BODY.chunks(10) {
        line.send([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()).await;
    }
    line.send("0\r\n\r\n").await;
    assert_eq!(line.answer().await.map(|answer| answer.status), Some(200));

    let length = BODY.len().to_string();
    let headers =
        [("x-hub-signature-256", signature.as_str()), ("content-length", &length), ("expect", "100-continue")];
    line.send(head("POST", "/webhook", &headers) + "\r\n").await;
    assert_eq!(line.answer().await.map(|answer| answer.status), Some(100), "the same connection still serves");
    line.send(BODY).await;
    assert_eq!(line.answer().await.map(|answer| answer.status), Some(200));
    assert_eq!(node.kept(), 2);
}

#[tokio::test]
async fn a_slow_sender_gets_408_and_holds_nobody_up() {
    let node = Arc::new(Fake::new());
    let server = start(&node, quick(Limits::ingress())).await;
    let mut slow = server.connect().await;
    slow.send(head("POST", "/webhook", &[("content-length", "100")]) + "\r\n{\"obj").await;
    for _ in 0..50 {
        assert_eq!(server.ask(signed(BODY)).await.status, 200);
    }
    let answer = slow.answer().await.expect("an answer, not a reset");
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    assert!(slow.is_closed().await);
    assert_eq!(node.refused_as(), ["body-too-slow"]);
    assert_eq!(node.kept(), 50);
}

#[tokio::test]
async fn a_node_that_cannot_keep_it_answers_503_and_when_to_come_again() {
    let (node, server) = started().await;
    for (fault, reason) in [(NotAccepted::Overloaded, "overloaded"), (NotAccepted::StoreFailed, "store-failed")] {
        node.accepts(Err(fault));
        let answer = server.ask(signed(BODY)).await;
        assert_eq!((answer.status, answer.text(), answer.header("retry-after")), (503, reason, Some("5")));
    }
    node.accepts(Ok(()));
    assert_eq!(server.ask(signed(BODY)).await.status, 200, "and takes it again afterwards");
}

#[tokio::test]
async fn all_large_bodies_together_stay_within_their_limit() {
    let node = Arc::new(Fake::new());
    let server = start(&node, Limits { bodies_max: 200_000, ..Limits::ingress() }).await;
    assert_eq!(server.ask(signed(&vec![b'x'; 150_000])).await.status, 200);
    assert_eq!(server.ask(signed(&vec![b'x'; 150_000])).await.status, 200, "the first gave its share back");
    let answer = server.ask(signed(&vec![b'x'; 500_000])).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(node.refused_as(), ["bodies-overloaded"]);
}

#[tokio::test]
async fn a_waiting_commit_delays_only_its_own_request() {
    let gate = Arc::new(Notify::new());
    let node = Arc::new(Fake::gated(Arc::clone(&gate)));
    let server = start(&node, Limits::ingress()).await;
    let mut first = server.connect().await;
    first.send(signed(BODY)).await;
    node.entered.notified().await;
    assert_eq!(server.ask(get("/live", &[])).await.text(), "live\n");
    assert_eq!(node.kept(), 0);
    gate.notify_one();
    assert_eq!(first.answer().await.map(|answer| answer.status), Some(200));
    assert_eq!(node.kept(), 1, "200 only after it was kept");
}

#[tokio::test]
async fn ready_says_yes_or_no_to_strangers_and_nothing_else() {
    let (node, server) = started().await;
    let answer = server.ask(get("/ready", &[])).await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"ready":true}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    node.is_ready(false);
    let answer = server.ask(get("/ready", &[])).await;
    assert_eq!((answer.status, answer.text()), (503, r#"{"ready":false}"#));
    assert_eq!(server.ask(get("/live", &[])).await.status, 200, "the process lives all the same");
}
