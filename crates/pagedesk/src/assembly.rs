//! A node on real files and sockets: opens the store, the desk, the read models and the Graph client and puts them
//! together, for `serve` and for the sandbox alike. Which values go in is theirs to say.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::Clock;
use journal::{Drives, OpenFault, Source, Sources};
use messenger::{Graph, HttpGraph};
use model::Redacted;
use node::{Listeners, Node, NodeConfig, Ports, Serving, StartFault, SystemEntropy, TokenBook};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tracker::{Desk, DeskOptions};
use view::{View, ViewOptions};
use web::{IngressSettings, Limits, SiteSettings};
use webhook::Secret;

use crate::exit::{Exit, Failure};

/// Both doors, bound.
pub(crate) struct Doors {
    /// For Meta.
    pub webhook: TcpListener,
    /// For people and programs.
    pub desk: TcpListener,
}

/// What a node is put together from.
pub(crate) struct Assembly {
    /// Folder of the store; made if it is missing.
    pub dir: PathBuf,
    /// Page cache of the desk's and of the read models' file.
    pub desk_cache_bytes: usize,
    /// What the node is told.
    pub node: NodeConfig,
    /// How Meta is reached.
    pub graph: messenger::Config,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Both doors.
    pub doors: Doors,
    /// Secrets of the webhook.
    pub ingress: IngressSettings,
    /// Limits of the webhook.
    pub ingress_limits: Limits,
    /// Settings of the site.
    pub site: SiteSettings,
    /// Limits of the site.
    pub site_limits: Limits,
}

/// The runtime of a node.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|fault| Failure::new(Exit::Internal, format!("no runtime could be started: {fault}")))
}

/// Binds one door.
pub(crate) async fn listen(address: SocketAddr, what: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|fault| {
        Failure::new(Exit::Configuration, format!("the {what} cannot listen on {address}: {fault}"))
            .remedy("end the other process that uses it, or choose another address")
    })
}

/// Where a door is.
pub(crate) fn address(door: &TcpListener) -> Result<SocketAddr, Failure> {
    door.local_addr().map_err(|fault| Failure::new(Exit::Internal, format!("a door has no address: {fault}")))
}

/// Secrets as the webhook's door takes them.
pub(crate) fn secrets(texts: &[Redacted<String>]) -> Vec<Secret> {
    texts.iter().map(|text| Secret::new(text.reveal().as_bytes())).collect()
}

/// Opens everything and serves.
pub(crate) async fn start(parts: Assembly) -> Result<Serving, Failure> {
    start_with(parts, |graph| graph).await
}

/// As [`start`], with something between the node and Meta.
pub(crate) async fn start_with(
    parts: Assembly,
    between: impl FnOnce(Arc<dyn Graph>) -> Arc<dyn Graph>,
) -> Result<Serving, Failure> {
    let dir = parts.dir;
    // The store holds what customers said: nobody else on this machine reads it.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
    made.map_err(|fault| {
        Failure::new(Exit::Configuration, format!("the store's folder {} cannot be made: {fault}", dir.display()))
            .remedy("give the process the right to write there, or set store.dir")
    })?;
    let tokens = Arc::new(TokenBook::of(&parts.node.pages));
    let graph = HttpGraph::new(parts.graph, tokens)
        .map_err(|fault| Failure::new(Exit::Configuration, format!("meta.graph_url or meta.version: {fault}")))?;
    let opened = |fault| unopened(&dir, &fault);
    let options = DeskOptions { cache_bytes: parts.desk_cache_bytes, ..DeskOptions::default() };
    let desk = Desk::open(Source::Path(dir.join("desk.redb")), options).map_err(opened)?;
    let desk = Arc::new(desk);
    let view = ViewOptions { cache_bytes: parts.desk_cache_bytes, ..ViewOptions::default() };
    let view = View::open(Source::Path(dir.join("view.redb")), view).map_err(opened)?;
    let entropy = SystemEntropy::open()
        .map_err(|fault| Failure::new(Exit::Internal, format!("the system gives no random bytes: {fault}")))?;
    let ports = Ports {
        clock: parts.clock,
        entropy: Box::new(entropy),
        store: Sources::in_dir(&dir),
        drives: Drives::THREADS,
        graph: between(Arc::new(graph)),
        tracker: Arc::clone(&desk) as Arc<dyn tracker::Tracker>,
        view: Arc::new(view),
    };
    let node = Node::start(parts.node, ports).await.map_err(|fault| match fault {
        StartFault::Store(fault) => unopened(&dir, &fault),
        StartFault::Tree(fault) => Failure::new(Exit::Internal, format!("the node cannot start: {fault}")),
    })?;
    let listeners = Listeners {
        webhook: parts.doors.webhook,
        site: parts.doors.desk,
        ingress: parts.ingress,
        ingress_limits: parts.ingress_limits,
        settings: parts.site,
        site_limits: parts.site_limits,
    };
    Ok(Serving::start(node, desk, listeners))
}

/// Why a store cannot be opened, and what to do.
pub(crate) fn unopened(dir: &Path, fault: &OpenFault) -> Failure {
    let dir = dir.display();
    match fault {
        OpenFault::Locked => Failure::new(Exit::Configuration, format!("another process has the store {dir} open"))
            .remedy("end that process, or give this one a store.dir of its own"),
        OpenFault::Newer { .. } => Failure::new(Exit::Configuration, format!("{dir}: {fault}"))
            .remedy("run the newer pagedesk, or restore a backup of before the upgrade"),
        OpenFault::Damaged { .. } => Failure::new(Exit::CheckFailed, format!("{dir}: {fault}"))
            .remedy("keep a copy of the folder and restore a backup"),
        OpenFault::Io(_) => Failure::new(Exit::Configuration, format!("{dir}: {fault}"))
            .remedy("check that the folder exists and this process may use it"),
    }
}
