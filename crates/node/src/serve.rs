//! The node's two doors: the webhook for Meta, the site for people and programs.

use std::sync::Arc;

use futures_util::future::FutureExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracker::Desk;
use web::{Ended, Ingress, IngressSettings, Limits, Site, SiteSettings, serve};

use crate::lists::ViewLists;
use crate::start::Node;

/// Bound sockets and what is served on them.
pub struct Listeners {
    /// For Meta: `/webhook`, `/live`, `/ready`.
    pub webhook: TcpListener,
    /// For people and programs: pages and API.
    pub site: TcpListener,
    /// Secrets of the webhook.
    pub ingress: IngressSettings,
    /// Limits of the webhook.
    pub ingress_limits: Limits,
    /// Settings of the site.
    pub settings: SiteSettings,
    /// Limits of the site.
    pub site_limits: Limits,
}

/// A node that is being served.
pub struct Serving {
    node: Arc<Node>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<Ended>>,
}

impl Serving {
    /// Opens both doors.
    pub fn start(node: Node, desk: Arc<Desk>, listeners: Listeners) -> Self {
        let node = Arc::new(node);
        let (stop, stopped) = watch::channel(false);
        let web_node = Arc::clone(&node) as Arc<dyn web::Node>;
        let ingress = Ingress::new(Arc::clone(&web_node), listeners.ingress, &listeners.ingress_limits);
        let lists = Arc::new(ViewLists::new(Arc::clone(node.view())));
        let site = Site::new(web_node, lists, desk, listeners.settings, &listeners.site_limits);
        let until = |mut stopped: watch::Receiver<bool>| async move { stopped.wait_for(|stop| *stop).await.map(drop) };
        let servers = vec![
            tokio::spawn(serve(listeners.webhook, ingress, listeners.ingress_limits, until(stopped.clone()).map(drop))),
            tokio::spawn(serve(listeners.site, site.clone(), listeners.site_limits, async move {
                until(stopped).map(drop).await;
                site.end_streams();
            })),
        ];
        Self { node, stop, servers }
    }

    /// The node behind the doors.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Closes the doors, finishes what is under way, drains the node.
    pub async fn drain(self) {
        self.stop.send_replace(true);
        for server in self.servers {
            match server.await {
                Ok(Ended::Drained) => {}
                Ok(Ended::Cut(connections)) => tracing::warn!(connections, "connections were cut"),
                Err(fault) => tracing::error!(%fault, "a server panicked"),
            }
        }
        self.node.drain().await;
    }
}
