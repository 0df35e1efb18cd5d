//! `Node::start`: opens the store, starts the tree, sets the follower behind it. The same function for every use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actors::{Clock, Counters, Tree, TreeConfig};
use journal::{Drives, Entropy, FileOptions, InboxOptions, JournalOptions, OpenFault, Sources, Store, StoreOptions};
use messenger::Graph;
use model::Incarnation;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tracker::Tracker;
use view::View;

use crate::config::NodeConfig;
use crate::entropy::SharedEntropy;
use crate::follower::follow;
use crate::refusals::Refusals;

/// What a node reaches the world through.
pub struct Ports {
    /// The wall.
    pub clock: Arc<dyn Clock>,
    /// Chance, for keys and nonces.
    pub entropy: Box<dyn Entropy>,
    /// The store's files.
    pub store: Sources,
    /// Who drives the store's writers.
    pub drives: Drives,
    /// Meta.
    pub graph: Arc<dyn Graph>,
    /// Tasks.
    pub tracker: Arc<dyn Tracker>,
    /// Read models.
    pub view: Arc<View>,
}

/// The node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenFault),
    /// The tree cannot start.
    #[error(transparent)]
    Tree(#[from] actors::Failed),
}

/// A running node.
pub struct Node {
    pub(crate) tree: Tree,
    pub(crate) store: Store,
    pub(crate) view: Arc<View>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: SharedEntropy,
    pub(crate) counters: Arc<Counters>,
    pub(crate) refusals: Arc<Mutex<Refusals>>,
    pub(crate) config: NodeConfig,
    ended: Mutex<Option<oneshot::Receiver<String>>>,
    follower: Mutex<Option<JoinHandle<()>>>,
    stop: Arc<AtomicBool>,
    appended: Arc<Notify>,
}

impl Node {
    /// Opens the store, recovers, starts the tree. When this returns deliveries may come.
    ///
    /// # Errors
    /// [`StartFault`]; nothing is left running.
    pub async fn start(config: NodeConfig, ports: Ports) -> Result<Self, StartFault> {
        let file = FileOptions { cache_bytes: config.cache_bytes, ..FileOptions::default() };
        let options = StoreOptions {
            inbox: InboxOptions { file, ..InboxOptions::default() },
            journal: JournalOptions { log: file, ..JournalOptions::default() },
        };
        Self::start_with(config, ports, options).await
    }

    /// As [`Node::start`], with the store's limits and durability chosen by the caller: for tests of overload and of
    /// what a store without syncs would lose.
    ///
    /// # Errors
    /// [`StartFault`]; nothing is left running.
    pub async fn start_with(config: NodeConfig, ports: Ports, options: StoreOptions) -> Result<Self, StartFault> {
        Self::start_behind(config, ports, options, |journal| journal).await
    }

    /// As [`Node::start_with`], with something between the tree and the journal: production puts nothing there, a
    /// simulation commits that fail.
    ///
    /// # Errors
    /// [`StartFault`]; nothing is left running.
    pub async fn start_behind(
        config: NodeConfig,
        ports: Ports,
        options: StoreOptions,
        seam: impl FnOnce(Arc<dyn journal::Journal>) -> Arc<dyn journal::Journal>,
    ) -> Result<Self, StartFault> {
        let inline = !ports.drives.journal.is_thread();
        let entropy = SharedEntropy::new(ports.entropy);
        let store = Store::open(ports.store, options, Box::new(entropy.clone()), ports.drives)?;
        let counters = Arc::new(Counters::default());
        let appended = Arc::new(Notify::new());
        let tree_ports = actors::Ports {
            clock: Arc::clone(&ports.clock),
            inbox: Arc::clone(&store.inbox),
            journal: seam(Arc::clone(&store.journal) as Arc<dyn journal::Journal>),
            graph: ports.graph,
            tracker: ports.tracker,
            incarnation: Incarnation(store.journal.incarnation()),
            appended: Arc::clone(&appended),
            counters: Arc::clone(&counters),
        };
        let tree_config = TreeConfig {
            account: config.account.clone(),
            facts: config.facts.clone(),
            pages: config.pages.iter().map(|(page, of)| (page.clone(), of.facts())).collect(),
            limits: config.limits,
        };
        let (tree, ended) = actors::start(tree_ports, tree_config).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let journal = Arc::clone(&store.journal) as Arc<dyn journal::Journal>;
        let (view, rung) = (Arc::clone(&ports.view), Arc::clone(&appended));
        let follower = tokio::spawn(follow(view, journal, rung, Arc::clone(&stop), inline));
        tracing::info!(account = %config.account, pages = config.pages.len(), "node started");
        Ok(Self {
            tree,
            store,
            view: ports.view,
            clock: ports.clock,
            entropy,
            counters,
            refusals: Arc::default(),
            config,
            ended: Mutex::new(Some(ended)),
            follower: Mutex::new(Some(follower)),
            stop,
            appended,
        })
    }

    /// Resolves, once, with the reason when the tree has ended by itself: the process should end too.
    pub async fn ended(&self) -> String {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        match ended {
            Some(ended) => ended.await.unwrap_or_else(|_| "the tree of actors ended".to_owned()),
            None => core::future::pending().await,
        }
    }

    /// The read models.
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What happened since start, as numbers.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// A graceful end: what was offered is journaled, the store is closed. What is left is in the inbox.
    pub async fn drain(&self) {
        self.tree.drain(self.config.drain).await;
        self.stop.store(true, Ordering::SeqCst);
        self.appended.notify_one();
        let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(follower) = follower {
            // A follower that panicked has said so; the view is rebuilt from the journal.
            drop(follower.await);
        }
        if let Err(fault) = self.view.flush() {
            tracing::warn!(%fault, "the read models were not synced; the next start folds them again");
        }
        self.store.close();
        self.tell_of_refusals();
        tracing::info!("node drained");
    }
}
