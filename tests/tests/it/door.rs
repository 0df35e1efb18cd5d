//! Bad input at the webhook's door: whatever is signed is stored and answered 200, whatever is not is refused, and
//! nobody waits for anybody else.

use std::time::Duration;

use bytes::Bytes;
use it::load::{Pace, direct};
use it::promise::Acknowledged;
use it::rig::{APP_SECRET, Options, PAGES, World};
use it::wire;
use machine::page;
use model::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use webhook::signature::{Secret, sign};

use crate::turn;

/// A Page that no node of these tests knows.
const STRANGER: &str = "7777";

/// Everything that Meta never sends, and somebody will.
fn odd_bodies() -> Vec<Bytes> {
    let whole = wire::text(PAGES[0], "616161", "m_cut", "cut in the middle", 1_790_000_000_000);
    vec![
        Bytes::new(),
        Bytes::from_static(b"\xff\xfe\x00 no JSON, not even text"),
        Bytes::from_static(b"null"),
        whole.slice(..whole.len() / 2),
        Bytes::from("[".repeat(10_000)),
        Bytes::from("[".repeat(10_000) + &"]".repeat(10_000)),
        Bytes::from(format!(r#"{{"object":"page","entry":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000))),
        Bytes::from_static(br#"{"object":"permissions","entry":[{"id":"1","time":1,"changes":[{"field":"x"}]}]}"#),
        Bytes::from_static(br#"{"object":"page","entry":[{"id":"1001","time":1,"messaging":[{"nothing":"known"}]}]}"#),
        Bytes::from_static(br#"{"object":"page","entry":[{"time":1,"messaging":[{}]}]}"#),
        wire::text(STRANGER, "616161", "m_stranger", "to a Page that is not here", 1_790_000_000_000),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_signed_is_stored_counted_and_never_lost() {
    let _turn = turn().await;
    let mut world = World::start(Options::default()).await.unwrap();
    let doors = world.doors();
    let bodies = odd_bodies();
    for body in &bodies {
        let answer = doors.poster.post(body.clone()).await.unwrap();
        assert_eq!(answer.status, 200, "{:?}", &body[..body.len().min(80)]);
    }
    let good = direct(&doors, PAGES[0], "626262".to_owned(), Pace::count(5)).await;
    let acknowledged = Acknowledged { lanes: vec![good], answers: Vec::new() };
    let (_, facts) = world.keeps(&acknowledged).await;

    let parsed: Vec<_> = bodies.iter().map(|body| webhook::parse(body, Timestamp(1))).collect();
    let expected: usize = parsed.iter().map(|delivery| delivery.anomalies.len()).sum();
    assert!(expected >= bodies.len() - 2, "{expected}");
    let of_pages: usize = parsed.iter().map(|delivery| delivery.page_inbounds.len()).sum();
    let received = |event: &&page::Event| matches!(event, page::Event::Received { .. });
    assert_eq!((facts.pages.values().flatten().filter(received).count(), of_pages), (1, 1));
    let kept = |event: &&page::Event| matches!(event, page::Event::AnomalyKept { .. });
    assert_eq!(facts.pages.values().flatten().filter(kept).count(), expected, "every anomaly is kept, once");
    let totals = world.rig().node().totals();
    assert_eq!((totals.anomalies, totals.quarantined, totals.unfinished), (expected as u64, 1, 0));
    assert!(
        matches!(facts.page(STRANGER), [page::Event::ItemQuarantined { cause, key: Some(_), .. }] if cause == "unknown-page"),
        "{:?}",
        facts.page(STRANGER)
    );
    for (seq, body) in (1..).zip(&bodies) {
        let stored = world.rig().node().store().inbox.get(seq).unwrap().unwrap();
        assert_eq!(stored.body, body, "the raw body is kept");
    }
    let before = facts.batches;
    world.stop_node().await;
    world.start_node().await.unwrap();
    let (_, facts) = world.keeps(&acknowledged).await;
    assert_eq!(facts.pages.values().flatten().filter(kept).count(), expected);
    assert_eq!(facts.batches, before, "a restart changes nothing");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_too_long_or_no_delivery_is_refused_and_not_stored() {
    let _turn = turn().await;
    let world = World::start(Options::default()).await.unwrap();
    let poster = world.doors().poster;
    let body = wire::text(PAGES[0], "636363", "m_1", "hello", 1_790_000_000_000);
    let foreign = sign(&Secret::new(b"another app".as_slice()), &body);
    for signature in ["", "sha256=", "sha256=00", &foreign, &foreign.replace("sha256", "sha1")] {
        assert_eq!(poster.post_signed(body.clone(), signature).await.unwrap().status, 403, "{signature}");
    }
    let long = Bytes::from(vec![b' '; (8 << 20) + 1]);
    assert_eq!(poster.post(long).await.unwrap().status, 413);
    let deleted = raw(&world, "DELETE /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
    assert!(deleted.starts_with("HTTP/1.1 405"), "{deleted}");
    assert_eq!(world.rig().node().store().inbox.last_seq(), 0);
    let most = Bytes::from(vec![b' '; 8 << 20]);
    assert_eq!(poster.post(most).await.unwrap().status, 200, "exactly the limit is taken");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_senders_get_408_while_others_go_on() {
    let _turn = turn().await;
    let mut options = Options::default();
    options.ingress.body_timeout = Duration::from_millis(700);
    let world = World::start(options).await.unwrap();
    let body = wire::text(PAGES[0], "646464", "m_slow", "slow", 1_790_000_000_000);
    let signature = sign(&Secret::new(APP_SECRET.as_bytes()), &body);
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n{}",
        body.len(),
        core::str::from_utf8(&body[..10]).unwrap()
    );
    let slow = futures_util::future::join_all((0..40).map(|_| raw(&world, &head)));
    let doors = world.doors();
    let others = direct(&doors, PAGES[0], "656565".to_owned(), Pace::count(100));
    let (slow, others) = futures_util::join!(slow, others);
    for answer in slow {
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    world.keeps(&Acknowledged { lanes: vec![others], answers: Vec::new() }).await;
    world.stop().await;
}

/// Says this over a connection of its own and reads until the other side is done.
async fn raw(world: &World, said: &str) -> String {
    let url = world.rig().webhook();
    let address = url.trim_start_matches("http://").trim_end_matches("/webhook");
    let mut stream = TcpStream::connect(address).await.expect("the door is open");
    stream.write_all(said.as_bytes()).await.expect("it listens");
    let mut answer = vec![0; 1024];
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut answer)).await;
    String::from_utf8_lossy(&answer[..read.expect("an answer in time").expect("a whole answer")]).into_owned()
}
