//! `bench-ingest --known N`: a store with N known conversations, a node started on it in a fresh process: how long until
//! it is ready and takes the first delivery, and how much memory it holds before and after messages to many of them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::Serialize;

use super::bodies::{Order, People, Requests};
use super::child::{Child, Listening};
use super::clock;
use super::figures::{Figures, rounded, tenths};
use super::fill::{Filled, rate};
use super::gauge::{Machine, Usage};
use super::generate::Generated;
use super::ingest::{Load, serve_node};
use super::progress::Progress;
use super::whole::Totals;

/// A start that takes longer has failed.
const START_MAX: Duration = Duration::from_secs(120);

/// How a start went; seconds from the start of the process.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Start {
    /// The node listens.
    pub(crate) listening_s: f64,
    /// The first delivery was answered 200.
    pub(crate) first_accepted_s: f64,
    /// `/ready` answered 200.
    pub(crate) ready_s: f64,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Known {
    bench: &'static str,
    pub(crate) machine: Machine,
    pub(crate) filled: Filled,
    records_per_s_of_filling: f64,
    pub(crate) cold: bool,
    pub(crate) start: Start,
    pub(crate) rss_mib_after_start: f64,
    pub(crate) messages: u64,
    pub(crate) load: Figures,
    pub(crate) worked_off_s: f64,
    pub(crate) worked_off: bool,
    pub(crate) rss_mib_after_load: f64,
    pub(crate) resident: u64,
    pub(crate) resident_max: u64,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The known conversations.
    pub(crate) people: People,
    /// Messages of the load, to conversations drawn at random.
    pub(crate) messages: u64,
    /// Drop the system's page cache before the start.
    pub(crate) cold: bool,
}

/// Measures on the store of `dir`, which is filled if it is empty.
pub(crate) fn measure(plan: Plan, dir: &Path) -> anyhow::Result<Known> {
    let filled = Filled::take_or_make(dir, plan.people, 1)?;
    let machine = Machine::this(dir)?;
    let progress = Progress::over(2);
    progress.says("starting the node".to_owned());
    let (mut node, listening, start) = start(dir, plan.people, plan.cold)?;
    let before: Totals = node.ask("totals")?;
    let started = Usage::of(node.pid())?;
    progress.done(1);
    progress.says("messages to known conversations".to_owned());
    let load = Load { people: plan.people, messages: plan.messages, covering: false, connections: 64, seed: seed() };
    let (mut generator, _) = load.prepare(&listening)?;
    let generated: Generated = generator.ask("go")?;
    let order = format!("worked-off {} {}", before.tasks, before.lines + generated.accepted);
    let done: Totals = node.ask(&order)?;
    let seen: Totals = node.ask("caught-up")?;
    let loaded = Usage::of(node.pid())?;
    generator.finish()?;
    node.stop()?;
    Ok(Known {
        bench: "ingest --known",
        machine,
        records_per_s_of_filling: rate(&filled),
        filled,
        cold: plan.cold,
        start,
        rss_mib_after_start: tenths(started.rss_kib),
        messages: plan.messages,
        load: Figures::of(&generated, started, loaded),
        worked_off_s: rounded(clock::seconds(generated.first_us, done.at_us)),
        worked_off: done.worked_off && seen.worked_off,
        rss_mib_after_load: tenths(loaded.rss_kib),
        resident: seen.resident,
        resident_max: plan.people.pages * u64::try_from(actors::Limits::default().resident_max).expect("a limit"),
    })
}

/// Tells the messages of this run from those of every other: the store may have been used before.
pub(crate) fn seed() -> u64 {
    u64::try_from(clock::wall_us()).unwrap_or(0)
}

/// Starts a node in a fresh process and times its start.
pub(crate) fn start(dir: &Path, people: People, cold: bool) -> anyhow::Result<(Child, Listening, Start)> {
    if cold {
        let dropped = std::fs::write("/proc/sys/vm/drop_caches", "3");
        dropped.context("dropping the page cache takes root; leave --cold out")?;
    }
    let first = Order { people, messages: 1, covering: false, seed: seed(), at: clock::wall_us() / 1_000 };
    let first = Requests::prepare(first);
    let first = first.get(0).context("one request was prepared")?;
    let from = clock::wall_us();
    let mut node = Child::start(&serve_node(people, &dir.display().to_string()))?;
    let listening: Listening = node.hear()?;
    let since = |from| rounded(clock::seconds(from, clock::wall_us()));
    let listening_s = since(from);
    let status = exchange(&listening, first)?;
    ensure!(status == 200, "the first delivery was answered {status}");
    let first_accepted_s = since(from);
    let until = clock::instant() + START_MAX;
    while exchange(&listening, b"GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")? != 200 {
        ensure!(clock::instant() < until, "the node is not ready after {START_MAX:?}");
    }
    Ok((node, listening, Start { listening_s, first_accepted_s, ready_s: since(from) }))
}

/// One request on a connection of its own; the answer's status.
fn exchange(to: &Listening, request: &[u8]) -> anyhow::Result<u16> {
    let mut stream = TcpStream::connect(to.address).context("the node takes a connection")?;
    stream.set_read_timeout(Some(START_MAX)).context("a timeout")?;
    stream.write_all(request).context("a request can be sent")?;
    let mut answer = Vec::new();
    let mut chunk = [0; 1_024];
    while !answer.windows(2).any(|two| two == b"\r\n") {
        match stream.read(&mut chunk).context("an answer comes")? {
            0 => bail!("the node hung up"),
            read => answer.extend_from_slice(&chunk[..read]),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    line.split(' ').nth(1).and_then(|status| status.parse().ok()).context("an answer begins with its status")
}
