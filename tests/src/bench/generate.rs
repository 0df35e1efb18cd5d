//! The load generator: prepared requests over persistent connections, one at a time on each, as fast as they are
//! answered. One thread, so that it takes one processor at most.
//!
//! It counts and times; it knows nothing of what it speaks to. A connection that breaks is not opened again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::bodies::{Order, Requests};
use super::clock;
use super::figures::percentile;
use super::subject::{Orders, say};

/// Said when everything is prepared and the connections stand.
#[derive(Serialize, Deserialize)]
pub(crate) struct Prepared {
    /// Requests that will be sent.
    pub(crate) requests: usize,
    /// Bytes of their bodies together.
    pub(crate) body_bytes: u64,
}

/// Said at the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Generated {
    /// Answered 200.
    pub(crate) accepted: u64,
    /// Answered otherwise.
    pub(crate) refused: u64,
    /// Without an answer: under way when their connection broke, or never sent for that reason.
    pub(crate) unanswered: u64,
    /// When the first was sent, by [`clock::wall_us`].
    pub(crate) first_us: i64,
    /// When the last answer came.
    pub(crate) last_us: i64,
    /// Milliseconds from sending to the whole answer, half of them.
    pub(crate) p50_ms: f64,
    /// 99 of 100.
    pub(crate) p99_ms: f64,
    /// All.
    pub(crate) worst_ms: f64,
}

/// Prepares, says so, waits for `go`, sends everything, says how it went.
pub(crate) fn run(address: SocketAddr, connections: usize, order: Order) -> anyhow::Result<()> {
    let requests = Arc::new(Requests::prepare(order));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("a runtime")?;
    runtime.block_on(async {
        let mut orders = Orders::listen();
        let mut streams = Vec::with_capacity(connections);
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await.context("a connection")?;
            stream.set_nodelay(true).context("TCP_NODELAY")?;
            streams.push(stream);
        }
        say(&Prepared { requests: requests.len(), body_bytes: requests.body_bytes() })?;
        ensure!(orders.next().await.as_deref() == Some("go"), "told to stop before the start");
        say(&send(requests, streams).await?)
    })
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    accepted: u64,
    refused: u64,
    took_us: Vec<u32>,
}

async fn send(requests: Arc<Requests>, streams: Vec<TcpStream>) -> anyhow::Result<Generated> {
    let next = Arc::new(AtomicUsize::new(0));
    let first_us = clock::wall_us();
    let mut tasks = JoinSet::new();
    for stream in streams {
        tasks.spawn(converse(stream, Arc::clone(&requests), Arc::clone(&next)));
    }
    let mut all = Seen::default();
    while let Some(seen) = tasks.join_next().await {
        let seen = seen.context("a connection's task")?;
        all.accepted += seen.accepted;
        all.refused += seen.refused;
        all.took_us.extend(seen.took_us);
    }
    let last_us = clock::wall_us();
    all.took_us.sort_unstable();
    let total = u64::try_from(requests.len()).expect("a length");
    Ok(Generated {
        accepted: all.accepted,
        refused: all.refused,
        unanswered: total.saturating_sub(all.accepted + all.refused),
        first_us,
        last_us,
        p50_ms: percentile(&all.took_us, 50) / 1e3,
        p99_ms: percentile(&all.took_us, 99) / 1e3,
        worst_ms: percentile(&all.took_us, 100) / 1e3,
    })
}

/// Takes the next request as long as there is one and the connection stands.
async fn converse(mut stream: TcpStream, requests: Arc<Requests>, next: Arc<AtomicUsize>) -> Seen {
    let mut seen = Seen::default();
    let mut buffer = Vec::with_capacity(4_096);
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let start = clock::instant();
        let Some(status) = exchange(&mut stream, request, &mut buffer).await else { break };
        seen.took_us.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
        if status == 200 { seen.accepted += 1 } else { seen.refused += 1 }
    }
    seen
}

/// One request and its whole answer; `None` where the connection broke.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Option<u16> {
    buffer.clear();
    stream.write_all(request).await.ok()?;
    loop {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        if let Some((status, length)) = answer(buffer)
            && buffer.len() >= length
        {
            return Some(status);
        }
    }
}

/// Status and whole length of an answer whose head has arrived. Servers under measurement announce their length.
fn answer(bytes: &[u8]) -> Option<(u16, usize)> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    Some((status, head + 4 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_announced_length_is_there() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ndate: today\r\n\r\nok";
        assert_eq!(answer(bytes), Some((200, bytes.len())));
        assert_eq!(answer(&bytes[..30]), None);
        assert_eq!(answer(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"), Some((503, 55)));
    }
}
