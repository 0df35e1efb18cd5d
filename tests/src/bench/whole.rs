//! The node under measurement: store, actors, desk, read models and both doors, put together as the shipped binary
//! does, with its defaults. One setting differs and is printed: profiles are not asked for, since there is no Graph API.
//!
//! Its orders: `totals`, `accepted N` (answers when the inbox has N deliveries), `worked-off CONVERSATIONS LINES`
//! (answers when nothing is left to do), `caught-up` (answers when the read models are behind no more), `stop`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actors::Limits;
use anyhow::{Context as _, bail};
use journal::{Drives, Journal as _, Source, Sources};
use machine::AccountFacts;
use messenger::HttpGraph;
use model::{AccountId, Span};
use node::{Listeners, Node, NodeConfig, PageConfig, Ports, Serving, SystemClock, SystemEntropy, TokenBook};
use serde::{Deserialize, Serialize};
use tracker::{Desk, DeskOptions};
use view::{View, ViewOptions};
use web::{IngressSettings, SiteSettings};
use webhook::Secret;

use super::bodies::{People, SECRET};
use super::child::Listening;
use super::clock;
use super::subject::{Orders, bind, run, say};

/// Page cache of each of the store's files, as in the configuration's defaults.
pub(crate) const CACHE_BYTES: usize = 32 << 20;

/// How often it looks whether something has come true.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What is not worked off after this long will not be.
const WORKED_OFF_MAX: Duration = Duration::from_secs(600);

/// The Graph API's place: nothing listens on port 9, and nothing is sent.
const NOWHERE: &str = "http://127.0.0.1:9";

/// What a node says of itself.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// When it said so, by [`clock::wall_us`].
    pub(crate) at_us: i64,
    /// Number of the newest delivery in the inbox.
    pub(crate) deliveries: u64,
    /// Deliveries that are not done.
    pub(crate) unfinished: u64,
    /// Items recognised as known.
    pub(crate) duplicates: u64,
    /// Items set aside.
    pub(crate) quarantined: u64,
    /// Conversations in memory.
    pub(crate) resident: u64,
    /// Tasks in the desk.
    pub(crate) tasks: u64,
    /// Lines from customers in the desk: a task's description is the first of them.
    pub(crate) lines: u64,
    /// When every conversation was first seen to have its task, by the same clock; 0 while one has none.
    pub(crate) bound_at_us: i64,
    /// Batches that the read models are behind.
    pub(crate) view_behind: u64,
    /// What was waited for has come.
    pub(crate) worked_off: bool,
}

/// Serves until told to stop.
pub(crate) fn serve(dir: &Path, people: People) -> anyhow::Result<()> {
    run(async {
        let listener = bind().await?;
        let address = listener.local_addr().context("a bound port has an address")?;
        tracing_to_stderr();
        let (serving, desk) = start(dir, people, listener).await?;
        let bound = Arc::new(AtomicI64::new(0));
        tokio::spawn(note_bound(Arc::clone(&desk), people.conversations, Arc::clone(&bound)));
        say(&Listening { address })?;
        obey(&serving, &Seen { desk: Arc::clone(&desk), bound }).await?;
        serving.drain().await;
        desk.close();
        Ok(())
    })
}

/// What the bench sees of the tasks.
struct Seen {
    desk: Arc<Desk>,
    /// [`Totals::bound_at_us`].
    bound: Arc<AtomicI64>,
}

/// Notes when every conversation has its task, be the ingest over by then or not.
async fn note_bound(desk: Arc<Desk>, conversations: u64, bound: Arc<AtomicI64>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        if desk.stats().is_ok_and(|stats| stats.tasks >= conversations) {
            return bound.store(clock::wall_us(), Ordering::SeqCst);
        }
    }
}

/// Warnings of the node belong to the figures' reader.
fn tracing_to_stderr() {
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::WARN);
    // Nobody else sets one in this process.
    drop(subscriber.with_writer(std::io::stderr).try_init());
}

/// Everything as in the binary.
async fn start(dir: &Path, people: People, webhook: tokio::net::TcpListener) -> anyhow::Result<(Serving, Arc<Desk>)> {
    let config = config(people);
    let graph = messenger::Config { base_url: NOWHERE.to_owned(), ..messenger::Config::default() };
    let graph = HttpGraph::new(graph, Arc::new(TokenBook::of(&config.pages))).context("a Graph client")?;
    let desk = Arc::new(open_desk(dir)?);
    let ports = Ports {
        clock: Arc::new(SystemClock),
        entropy: Box::new(SystemEntropy::open().context("random bytes")?),
        store: Sources::in_dir(dir),
        drives: Drives::THREADS,
        graph: Arc::new(graph),
        tracker: Arc::clone(&desk) as Arc<dyn tracker::Tracker>,
        view: Arc::new(open_view(dir)?),
    };
    let node = Node::start(config, ports).await.context("the node starts")?;
    let listeners = Listeners {
        webhook,
        site: bind().await?,
        ingress: IngressSettings { secrets: vec![Secret::new(SECRET.as_bytes())], verify_tokens: Vec::new() },
        ingress_limits: web::Limits::ingress(),
        settings: SiteSettings::default(),
        site_limits: web::Limits::site(),
    };
    Ok((Serving::start(node, Arc::clone(&desk), listeners), desk))
}

fn config(people: People) -> NodeConfig {
    let page = |page: model::PageId| (page.clone(), PageConfig { name: format!("Bakery {page}"), token: None });
    NodeConfig {
        account: AccountId::new("bench"),
        facts: facts(),
        pages: people.all_pages().map(page).collect(),
        limits: Limits::default(),
        drain: Span::seconds(60),
        cache_bytes: CACHE_BYTES,
    }
}

/// The account's settings: the defaults, without profiles.
pub(crate) fn facts() -> AccountFacts {
    AccountFacts { profiles: false, ..AccountFacts::default() }
}

/// The desk of a store's folder.
pub(crate) fn open_desk(dir: &Path) -> anyhow::Result<Desk> {
    let options = DeskOptions { cache_bytes: CACHE_BYTES, ..DeskOptions::default() };
    Desk::open(Source::Path(dir.join("desk.redb")), options).context("the desk opens")
}

/// The read models of a store's folder.
pub(crate) fn open_view(dir: &Path) -> anyhow::Result<View> {
    let options = ViewOptions { cache_bytes: CACHE_BYTES, ..ViewOptions::default() };
    View::open(Source::Path(dir.join("view.redb")), options).context("the read models open")
}

async fn obey(serving: &Serving, seen: &Seen) -> anyhow::Result<()> {
    let mut orders = Orders::listen();
    while let Some(order) = orders.next().await {
        let words: Vec<&str> = order.split(' ').collect();
        let totals = match words[..] {
            ["totals"] => totals(serving.node(), seen, true)?,
            ["accepted", deliveries] => accepted(serving.node(), seen, deliveries.parse()?).await?,
            ["caught-up"] => caught_up(serving.node(), seen).await?,
            ["worked-off", tasks, lines] => worked_off(serving.node(), seen, tasks.parse()?, lines.parse()?).await?,
            _ => bail!("unknown order {order:?}"),
        };
        say(&totals)?;
    }
    Ok(())
}

fn totals(node: &Node, seen: &Seen, worked_off: bool) -> anyhow::Result<Totals> {
    let (of, stats) = (node.totals(), seen.desk.stats().context("the desk is readable")?);
    Ok(Totals {
        at_us: clock::wall_us(),
        deliveries: node.store().inbox.last_seq(),
        unfinished: of.unfinished,
        duplicates: of.duplicates,
        quarantined: of.quarantined,
        resident: of.resident,
        tasks: stats.tasks,
        lines: stats.comments,
        bound_at_us: seen.bound.load(Ordering::SeqCst),
        view_behind: node.store().journal.last().0.saturating_sub(node.view().position().0),
        worked_off,
    })
}

/// Waits until the inbox holds so many deliveries.
async fn accepted(node: &Node, seen: &Seen, deliveries: u64) -> anyhow::Result<Totals> {
    let mut look = tokio::time::interval(LOOK_EVERY);
    while node.store().inbox.last_seq() < deliveries {
        look.tick().await;
    }
    totals(node, seen, true)
}

/// Waits until every delivery is done, every conversation has its task and every line stands in the desk.
async fn worked_off(node: &Node, seen: &Seen, tasks: u64, lines: u64) -> anyhow::Result<Totals> {
    let until = clock::instant() + WORKED_OFF_MAX;
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        if node.totals().unfinished == 0 {
            let now = totals(node, seen, true)?;
            if now.tasks >= tasks && now.lines >= lines {
                return Ok(now);
            }
        }
        if clock::instant() > until {
            return totals(node, seen, false);
        }
    }
}

/// Waits until the read models have folded the journal to its end.
async fn caught_up(node: &Node, seen: &Seen) -> anyhow::Result<Totals> {
    let until = clock::instant() + WORKED_OFF_MAX;
    let mut look = tokio::time::interval(LOOK_EVERY);
    while node.view().position() < node.store().journal.last() {
        look.tick().await;
        if clock::instant() > until {
            return totals(node, seen, false);
        }
    }
    totals(node, seen, true)
}
