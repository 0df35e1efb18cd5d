//! The real node in this process: store, actors, desk, read models and both doors on loopback, against any Graph API.
//!
//! [`Rig`] is one node, [`World`] a node with a stand-in for Facebook beside it. Wires and starts; decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actors::{Clock, Limits};
use anyhow::Context as _;
use journal::{Drives, Journal, StoreOptions};
use machine::AccountFacts;
use messenger::{Config, Graph, HttpGraph};
use model::{AccountId, AppId, PageId, Span};
use node::{Listeners, MovableClock, Node, NodeConfig, PageConfig, Ports, Serving, SystemEntropy, TokenBook};
use simulator::fake::facebook::{Page, Retry, StandIn, StandInOptions};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tracker::desk::CommentView;
use tracker::{Desk, DeskOptions};
use view::{View, ViewOptions};
use web::{IngressSettings, SiteSettings};
use webhook::signature::Secret;

use crate::disks::{Disks, Simulated};
use crate::facts::Facts;
use crate::http::Caller;
use crate::load::Doors;
use crate::promise::{Acknowledged, Counts, judge, unsettled};
use crate::wait::eventually;
use crate::wire::Poster;

/// The invented Pages of these tests.
pub const PAGES: [&str; 2] = ["1001", "1002"];
/// The invented app's secret: it signs webhooks and proves calls.
pub const APP_SECRET: &str = "invented-app-secret";
/// The invented app.
pub const APP: &str = "990017";
/// What the webhook's handshake shows.
pub const VERIFY_TOKEN: &str = "invented-verify-token";

/// Longest wait for the end of everything that is under way.
const SETTLED_MAX: Duration = Duration::from_secs(60);

/// A Page's invented token.
pub fn token(page: &str) -> String {
    format!("token-of-{page}")
}

/// How a node of these tests is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Limits of the actors.
    pub limits: Limits,
    /// Settings of the account.
    pub facts: AccountFacts,
    /// Limits and durability of the store.
    pub store: StoreOptions,
    /// Limits of the webhook's door.
    pub ingress: web::Limits,
}

impl Default for Options {
    /// 300 sends per second and Page, doubts that end after 2 s, the rest as shipped.
    fn default() -> Self {
        Self {
            limits: Limits { sends_per_second: 300, ..Limits::default() },
            facts: AccountFacts {
                app: Some(AppId::new(APP)),
                gather: Span::seconds(2),
                doubt: Span::seconds(2),
                ..AccountFacts::default()
            },
            store: small_caches(),
            ingress: web::Limits::ingress(),
        }
    }
}

/// A store as shipped, with little memory and a short log: these stores are small.
fn small_caches() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.inbox.file.cache_bytes = 16 << 20;
    options.inbox.wal_half = 64 << 10;
    options.journal.log.cache_bytes = 32 << 20;
    options
}

impl Options {
    /// The node's configuration: both invented Pages.
    pub fn config(&self) -> NodeConfig {
        NodeConfig {
            account: AccountId::new("acme"),
            facts: self.facts.clone(),
            pages: pages(),
            limits: self.limits,
            drain: Span::seconds(20),
            cache_bytes: 16 << 20,
        }
    }
}

/// The invented Pages as configured.
pub fn pages() -> BTreeMap<PageId, PageConfig> {
    let page = |id: &str| PageConfig { name: format!("Page {id}"), token: Some(token(id).into()) };
    PAGES.into_iter().map(|id| (PageId::new(id), page(id))).collect()
}

/// Starts the node alone, without doors.
///
/// # Errors
/// Where its files do not open or its actors do not start.
pub async fn node(
    disks: Disks,
    clock: Arc<dyn Clock>,
    graph: Arc<dyn Graph>,
    options: &Options,
) -> anyhow::Result<(Node, Arc<Desk>)> {
    let desk = Arc::new(Desk::open(disks.desk, DeskOptions::default()).context("the desk")?);
    let ports = Ports {
        clock,
        entropy: Box::new(SystemEntropy::open()?),
        store: disks.sources,
        drives: Drives::THREADS,
        graph,
        tracker: Arc::clone(&desk) as Arc<dyn tracker::Tracker>,
        view: Arc::new(View::open(disks.view, ViewOptions::default()).context("the view")?),
    };
    let node = Node::start_with(options.config(), ports, options.store).await.context("the node")?;
    Ok((node, desk))
}

/// The Graph API of a stand-in.
///
/// # Errors
/// Where the address makes no client.
pub fn graph(base_url: String) -> anyhow::Result<Arc<dyn Graph>> {
    let config = Config { base_url, app_secret: Some(APP_SECRET.into()), ..Config::default() };
    Ok(Arc::new(HttpGraph::new(config, Arc::new(TokenBook::of(&pages())))?))
}

/// Every comment of a desk, in the order of writing.
///
/// # Errors
/// Where the desk cannot be read.
pub fn comments(desk: &Desk) -> anyhow::Result<Vec<CommentView>> {
    let (mut all, mut cursor) = (Vec::new(), 0);
    loop {
        let export = desk.export(cursor, 1_000)?;
        if export.comments.is_empty() {
            return Ok(all);
        }
        all.extend(export.comments);
        cursor = export.cursor;
    }
}

/// A node with its doors open on free loopback ports.
pub struct Rig {
    serving: Serving,
    desk: Arc<Desk>,
    webhook: String,
    site: String,
    caller: Caller,
}

impl Rig {
    /// Starts the node and opens its doors.
    ///
    /// # Errors
    /// As [`node`].
    pub async fn start(
        disks: Disks,
        clock: Arc<dyn Clock>,
        graph: Arc<dyn Graph>,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let (node, desk) = node(disks, clock, graph, options).await?;
        let (webhook, site) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let (at, site_at) = (webhook.local_addr()?, site.local_addr()?);
        let listeners = Listeners {
            webhook,
            site,
            ingress: IngressSettings {
                secrets: vec![Secret::new(APP_SECRET.as_bytes())],
                verify_tokens: vec![Secret::new(VERIFY_TOKEN.as_bytes())],
            },
            ingress_limits: options.ingress,
            settings: SiteSettings::default(),
            site_limits: web::Limits::site(),
        };
        let serving = Serving::start(node, Arc::clone(&desk), listeners);
        let (webhook, site) = (format!("http://{at}/webhook"), format!("http://{site_at}"));
        Ok(Self { serving, desk, webhook, site, caller: Caller::default() })
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        self.serving.node()
    }

    /// Its journal.
    pub fn journal(&self) -> &dyn Journal {
        &*self.node().store().journal
    }

    /// Its desk.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The webhook's address.
    pub fn webhook(&self) -> &str {
        &self.webhook
    }

    /// Where pages and API begin.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// Posts signed deliveries to it.
    pub fn poster(&self) -> Poster {
        Poster::new(self.caller.clone(), self.webhook.clone(), APP_SECRET)
    }

    /// Status of `/ready`.
    pub async fn ready(&self) -> u16 {
        let url = self.webhook.replace("/webhook", "/ready");
        self.caller.get(&url).await.map_or(0, |answer| answer.status)
    }

    /// Waits until everything that was acknowledged has come to its end and nothing is open.
    ///
    /// # Panics
    /// Where that takes too long, with what is still open.
    pub async fn settled(&self, acknowledged: &Acknowledged, at_most: Duration) -> Facts {
        let mut facts = Facts::default();
        let mut open = Vec::new();
        let settled = eventually(at_most, || {
            // A store that is being opened again cannot be read for a moment.
            open = match facts.follow(self.journal()) {
                Ok(()) => unsettled(acknowledged, &facts),
                Err(fault) => vec![fault.to_string()],
            };
            if open.is_empty() && self.node().totals().unfinished > 0 {
                open.push(format!("{:?}", self.node().totals()));
            }
            core::future::ready(open.is_empty())
        })
        .await;
        assert!(settled, "after {at_most:?} {} things are open: {:#?}", open.len(), &open[..open.len().min(20)]);
        facts
    }

    /// A graceful end; the desk is closed last.
    pub async fn stop(self) {
        self.serving.drain().await;
        self.desk.close();
    }
}

/// Where a world's node keeps its files.
enum Home {
    Dir(TempDir),
    Simulated(Simulated),
}

impl Home {
    fn files(&self) -> Disks {
        match self {
            Self::Dir(dir) => Disks::in_dir(dir.path()),
            Self::Simulated(disks) => disks.files(),
        }
    }
}

/// A node with files of its own, and the stand-in for Facebook beside it.
pub struct World {
    /// Facebook.
    pub stand_in: StandIn,
    /// The one clock of both, which can be moved on.
    pub clock: MovableClock,
    /// How the node is started.
    pub options: Options,
    home: Home,
    rig: Option<Rig>,
}

impl World {
    /// Starts both, the node in a directory, with webhooks going to it.
    ///
    /// # Errors
    /// Where one of them does not start.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        Self::start_in(Home::Dir(tempfile::tempdir()?), options).await
    }

    /// The same on simulated disks, which can fail.
    ///
    /// # Errors
    /// Where one of them does not start.
    pub async fn start_on(disks: Simulated, options: Options) -> anyhow::Result<Self> {
        Self::start_in(Home::Simulated(disks), options).await
    }

    async fn start_in(home: Home, options: Options) -> anyhow::Result<Self> {
        let clock = MovableClock::default();
        let seen = clock.clone();
        let pages = PAGES.into_iter().map(stand_in_page).collect();
        let stand_in = StandIn::start(StandInOptions {
            app_id: AppId::new(APP),
            app_secret: APP_SECRET.into(),
            verify_token: VERIFY_TOKEN.into(),
            retry: quick_retry(),
            ..StandInOptions::new(pages, Arc::new(move || seen.now()))
        })
        .await?;
        let mut world = Self { stand_in, clock, options, home, rig: None };
        world.start_node().await?;
        Ok(world)
    }

    /// The running node.
    pub fn rig(&self) -> &Rig {
        self.rig.as_ref().expect("the node runs between its start and its stop")
    }

    /// Starts the node on what is stored.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn start_node(&mut self) -> anyhow::Result<()> {
        let clock = Arc::new(self.clock.clone());
        let rig = Rig::start(self.home.files(), clock, graph(self.stand_in.base_url())?, &self.options).await?;
        self.stand_in.set_webhook(rig.webhook())?;
        self.rig = Some(rig);
        Ok(())
    }

    /// Ends the node gracefully; the stand-in goes on.
    pub async fn stop_node(&mut self) {
        if let Some(rig) = self.rig.take() {
            rig.stop().await;
        }
    }

    /// Ends both.
    pub async fn stop(mut self) {
        self.stop_node().await;
        self.stand_in.stop().await;
    }

    /// Waits until everything came to its end on both sides, then holds the node to the promise.
    ///
    /// # Panics
    /// Where something does not end in time, or the promise is broken: with every finding.
    pub async fn keeps(&self, acknowledged: &Acknowledged) -> (Counts, Facts) {
        // What is sent at the end comes back as echoes and receipts, which are deliveries again.
        let mut facts = Facts::default();
        for _ in 0..2 {
            let quiet = tokio::time::timeout(SETTLED_MAX, self.stand_in.quiet()).await;
            assert!(quiet.is_ok(), "the stand-in cannot deliver: {:?}", self.stand_in.state().webhooks);
            facts = self.rig().settled(acknowledged, SETTLED_MAX).await;
        }
        let comments = comments(self.rig().desk()).expect("the desk reads");
        let (counts, findings) = judge(acknowledged, &facts, &comments, &self.stand_in.state().bubbles);
        assert!(findings.is_empty(), "{counts:?}, {} findings: {findings:#?}", findings.len());
        let report = self.rig().node().store().journal.verify().expect("the journal reads");
        assert_eq!(report.findings, [], "the journal is sound");
        (counts, facts)
    }

    /// Where load comes in.
    pub fn doors(&self) -> Doors {
        Doors {
            caller: self.rig().caller.clone(),
            poster: self.rig().poster(),
            site: self.rig().site.clone(),
            stand_in: self.stand_in.base_url(),
            clock: Arc::new(self.clock.clone()),
        }
    }
}

/// A Page of the stand-in.
pub fn stand_in_page(id: &str) -> Page {
    Page { id: PageId::new(id), name: format!("Page {id}"), token: token(id).into() }
}

/// Webhooks that are repeated quickly, so that a restart is noticed at once.
pub fn quick_retry() -> Retry {
    Retry { first: Duration::from_millis(20), longest: Duration::from_millis(200), ..Retry::default() }
}
