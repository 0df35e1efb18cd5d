//! A node on real files and sockets: opens the store, the desk, the read models and the Graph client and puts them
//! together, for `serve` and for the sandbox alike. Which values go in is theirs to say.
//!
//! Invariants: nothing is opened or written before the whole folder was looked at; what cannot be used of the store is told with the name of its file; only the read models, which follow
//! from the journal, are thrown away and made anew.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::Clock;
use journal::{Drives, Entropy as _, FileFault, OpenFault, Source, Sources, guarded};
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
use crate::store::whole::{self, Begun};
use crate::store::{fault_words, unusable};

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
        Failure::new(Exit::Configuration, format!("the {what} cannot listen on {address}: {}", fault_words(&fault)))
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
    let begun = whole::look(&dir)?;
    // The store holds what customers said: nobody else on this machine reads it. Files that are made later, as read
    // models that start over, get no more than this process asks for.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
    made.map_err(|fault| {
        Failure::new(
            Exit::Configuration,
            format!("the store's folder {} cannot be made: {}", dir.display(), fault_words(&fault)),
        )
        .remedy("give the process the right to write there, or set store.dir")
    })?;
    let tokens = Arc::new(TokenBook::of(&parts.node.pages));
    let graph = HttpGraph::new(parts.graph, tokens)
        .map_err(|fault| Failure::new(Exit::Configuration, format!("meta.graph_url or meta.version: {fault}")))?;
    let desk = desk(&dir, parts.desk_cache_bytes)?;
    let view = view(&dir, parts.desk_cache_bytes)?;
    let mut entropy = entropy()?;
    let mut id = [0; 16];
    entropy.fill(&mut id);
    let now = parts.clock.now();
    let ports = Ports {
        clock: parts.clock,
        entropy: Box::new(entropy),
        store: Sources::in_dir(&dir),
        drives: Drives::THREADS,
        graph: between(Arc::new(graph)),
        tracker: Arc::clone(&desk) as Arc<dyn tracker::Tracker>,
        view: Arc::new(view),
    };
    let node = started(&dir, Node::start(parts.node, ports)).await?;
    // Every file is there now, and nothing was acknowledged yet.
    if begun == Begun::Unmarked {
        whole::mark(&dir, now, id)?;
    }
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

/// Fresh chance.
pub(crate) fn entropy() -> Result<SystemEntropy, Failure> {
    SystemEntropy::open()
        .map_err(|fault| Failure::new(Exit::Internal, format!("the system gives no random bytes: {fault}")))
}

fn desk(dir: &Path, cache_bytes: usize) -> Result<Arc<Desk>, Failure> {
    let path = dir.join("desk.redb");
    let options = DeskOptions { cache_bytes, ..DeskOptions::default() };
    let opened = guarded(Some(&path), || Desk::open(Source::Path(path.clone()), options));
    opened.map(Arc::new).map_err(|fault| unusable(dir, &fault))
}

/// The read models, made anew where their file is damaged: everything in it follows from the journal.
fn view(dir: &Path, cache_bytes: usize) -> Result<View, Failure> {
    let path = dir.join("view.redb");
    let open = || {
        let options = ViewOptions { cache_bytes, ..ViewOptions::default() };
        guarded(Some(&path), || View::open(Source::Path(path.clone()), options))
    };
    let opened = match open() {
        Err(FileFault { fault, .. }) if is_damage(&fault) => {
            tracing::warn!(file = %path.display(), %fault, "the read models are damaged and made anew from the journal");
            guarded(Some(&path), || std::fs::remove_file(&path).map_err(OpenFault::Io)).and_then(|()| open())
        }
        opened => opened,
    };
    opened.map_err(|fault| unusable(dir, &fault))
}

fn is_damage(fault: &OpenFault) -> bool {
    match fault {
        OpenFault::Damaged { .. } => true,
        OpenFault::Io(fault) => fault.kind() == std::io::ErrorKind::UnexpectedEof,
        OpenFault::Newer { .. } | OpenFault::Missing | OpenFault::Locked => false,
    }
}

/// Starts the node inside a guard: it opens the store's files one after the other.
async fn started(dir: &Path, starting: impl Future<Output = Result<Node, StartFault>>) -> Result<Node, Failure> {
    let mut starting = pin!(starting);
    let started = poll_fn(|context| {
        let polled = guarded(None, || match starting.as_mut().poll(context) {
            Poll::Ready(Err(StartFault::Store(fault))) => Err(fault),
            polled @ (Poll::Ready(_) | Poll::Pending) => Ok(polled),
        });
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(fault) => Poll::Ready(Err(fault)),
        }
    });
    match started.await {
        Ok(Ok(node)) => Ok(node),
        Ok(Err(fault)) => Err(Failure::new(Exit::Internal, format!("the node cannot start: {fault}"))),
        Err(fault) => Err(unusable(dir, &fault)),
    }
}
