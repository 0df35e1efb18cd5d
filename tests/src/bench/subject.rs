//! What every child does: hears orders on its standard input, answers in lines of JSON on its standard output, and runs
//! on the runtime that the shipped binary has.

use std::future::Future;
use std::io::{BufRead as _, Write as _};

use anyhow::Context as _;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::child::Listening;

/// The orders, in the order in which they were given. They end where the input does.
pub(crate) struct Orders(UnboundedReceiver<String>);

impl Orders {
    /// Listens, on a thread of its own that lives as long as the process.
    pub(crate) fn listen() -> Self {
        let (given, orders) = unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { break };
                if given.send(line).is_err() {
                    break;
                }
            }
        });
        Self(orders)
    }

    /// The next order; `None` after `stop` or the end of the input.
    pub(crate) async fn next(&mut self) -> Option<String> {
        self.0.recv().await.filter(|order| order != "stop")
    }
}

/// Answers with one line of JSON.
pub(crate) fn say(answer: &impl Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, answer).context("an answer can be written")?;
    out.write_all(b"\n").and_then(|()| out.flush()).context("an answer can be written")
}

/// Runs a server as the shipped binary runs its own: one worker thread for each core.
pub(crate) fn run(server: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("a runtime")?;
    let ended = runtime.block_on(server);
    runtime.shutdown_background();
    ended
}

/// Binds a free port of the loopback interface.
pub(crate) async fn bind() -> anyhow::Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.context("a free port")
}

/// Says where deliveries are taken.
pub(crate) fn announce(listener: &tokio::net::TcpListener) -> anyhow::Result<()> {
    say(&Listening { address: listener.local_addr().context("a bound port has an address")? })
}
