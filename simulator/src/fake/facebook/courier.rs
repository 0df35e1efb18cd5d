//! Carries webhook items to the node: signs, batches, posts, and posts again until 200.
//!
//! Waiting uses tokio's time. Per Page there is a queue and a limit of posts at once; with a limit of one a Page's items
//! keep their order. What is kept back and repeated on demand stands in `carry`. Every task belongs to the courier's set,
//! so that closing ends them all.

mod carry;
mod direct;
mod parcel;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model::{PageId, Redacted};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use webhook::signature::{Secret, sign};

use super::clock::Clock;
use super::limits::WAITING_MAX;
use super::options::{Retry, StandInOptions};
use super::state::Webhooks;
use carry::{Delivered, Held};
use parcel::{Load, Parcel};

pub(super) use direct::Direct;
pub(super) use parcel::Item;

/// Bytes of a webhook's answer that are read.
const ANSWER_MAX: usize = 64 * 1024;

/// Parcels of one Page that wait, and how many posts are under way.
#[derive(Default)]
struct Lane {
    queue: VecDeque<Parcel>,
    posts: usize,
}

#[derive(Default)]
struct Inner {
    url: Option<Uri>,
    lanes: BTreeMap<PageId, Lane>,
    counts: Webhooks,
    /// Items so far; each has its number.
    serial: u64,
    /// What is kept back.
    held: Held,
    /// What can be repeated.
    delivered: Delivered,
    closed: bool,
}

/// Carries webhook items to the node.
pub(super) struct Courier {
    client: Client<HttpConnector, Full<Bytes>>,
    secret: Secret,
    clock: Arc<Clock>,
    retry: Retry,
    posts_max: usize,
    batch_max: usize,
    inner: Mutex<Inner>,
    tasks: Mutex<JoinSet<()>>,
    quiet: Notify,
}

impl Courier {
    /// A courier without a queue.
    ///
    /// # Errors
    /// Where the webhook address is no plain `http` address.
    pub(super) fn new(options: &StandInOptions, clock: Arc<Clock>) -> anyhow::Result<Self> {
        let url = options.webhook_url.as_deref().map(plain_http).transpose()?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            secret: Secret::new(options.app_secret.reveal().as_bytes()),
            clock,
            retry: options.retry,
            posts_max: options.posts_at_once.max(1),
            batch_max: options.batch_max.max(1),
            inner: Mutex::new(Inner { url, ..Inner::default() }),
            tasks: Mutex::new(JoinSet::new()),
            quiet: Notify::new(),
        })
    }

    /// Where posts go from now on; repetitions under way go there too.
    pub(super) fn set_url(&self, url: &str) -> anyhow::Result<()> {
        self.inner().url = Some(plain_http(url)?);
        Ok(())
    }

    /// What became of the webhooks so far.
    pub(super) fn counts(&self) -> Webhooks {
        self.inner().counts
    }

    /// Puts an item into its Page's queue after a delay.
    pub(super) fn enqueue(self: &Arc<Self>, mut item: Item, delay: Duration) {
        {
            let mut inner = self.inner();
            if inner.closed {
                return;
            }
            if inner.url.is_none() || inner.counts.waiting >= WAITING_MAX {
                inner.counts.dropped += 1;
                return;
            }
            inner.counts.waiting += 1;
            inner.serial += 1;
            item.serial = inner.serial;
        }
        if delay.is_zero() {
            return self.arrive(item);
        }
        let courier = Arc::clone(self);
        self.spawn(async move {
            tokio::time::sleep(delay).await;
            courier.arrive(item);
        });
    }

    /// Returns when nothing waits and nothing is under way, or when the courier was closed.
    pub(super) async fn quiet(&self) {
        loop {
            let notified = self.quiet.notified();
            {
                let inner = self.inner();
                if inner.closed || inner.counts.waiting == 0 {
                    return;
                }
            }
            notified.await;
        }
    }

    /// Ends every task; what waited is forgotten.
    pub(super) fn close(&self) {
        self.inner().closed = true;
        self.tasks.lock().expect("nobody panics while spawning").abort_all();
        self.quiet.notify_waiters();
    }

    /// The handshake of a new webhook address: it must give the challenge back.
    pub(super) async fn verify(&self, token: &Redacted<String>) -> anyhow::Result<()> {
        let url = self.inner().url.clone().context("no webhook address is set")?;
        let challenge = "1158201444";
        let token = encode(token.reveal());
        let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}");
        let asked: Uri = format!("{url}{}{query}", if url.query().is_some() { '&' } else { '?' }).parse()?;
        let request = Request::get(asked).body(Full::default())?;
        let answer = tokio::time::timeout(self.retry.timeout, self.client.request(request)).await??;
        let status = answer.status();
        ensure!(status == StatusCode::OK, "the webhook answered the handshake with {status}");
        let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("reading the handshake's answer: {error}"))?.to_bytes();
        ensure!(body == challenge, "the webhook did not give the challenge back");
        Ok(())
    }

    fn arrive(self: &Arc<Self>, item: Item) {
        let page = item.page.clone();
        match self.keep_back(item) {
            Some(item) => self.queue(&page, vec![Parcel::Loose(item)]),
            None => self.quiet.notify_waiters(),
        }
    }

    /// Puts parcels, whose items are counted as waiting, into a Page's queue.
    fn queue(self: &Arc<Self>, page: &PageId, parcels: Vec<Parcel>) {
        {
            let mut inner = self.inner();
            let lane = inner.lanes.entry(page.clone()).or_default();
            lane.queue.extend(parcels);
            if lane.posts >= self.posts_max || lane.queue.is_empty() {
                return;
            }
            lane.posts += 1;
        }
        let (courier, page) = (Arc::clone(self), page.clone());
        self.spawn(async move { courier.work(&page).await });
    }

    /// Posts what waits for a Page until nothing waits.
    async fn work(&self, page: &PageId) {
        while let Some(load) = self.next_load(page) {
            let body = load.body(self.clock.now());
            let accepted = self.post_until_accepted(&body).await;
            let (count, carried) = (load.count(), load.told(body));
            let mut inner = self.inner();
            inner.counts.waiting -= count;
            if accepted {
                inner.counts.items += count;
                inner.delivered.keep(carried);
            } else {
                inner.counts.dropped += 1;
            }
            if inner.counts.waiting == 0 {
                self.quiet.notify_waiters();
            }
        }
    }

    /// What goes out next for a Page; `None` gives the post's place back.
    fn next_load(&self, page: &PageId) -> Option<Load> {
        let mut inner = self.inner();
        let lane = inner.lanes.get_mut(page)?;
        let load = Load::next(&mut lane.queue, self.batch_max);
        if load.is_none() {
            lane.posts -= 1;
        }
        load
    }

    /// Posts one body until it is answered with 200; `false` where that took too long.
    async fn post_until_accepted(&self, body: &Bytes) -> bool {
        let signature = sign(&self.secret, body);
        let (mut wait, mut waited) = (self.retry.first, Duration::ZERO);
        loop {
            if self.post(body.clone(), &signature).await {
                self.inner().counts.accepted += 1;
                return true;
            }
            if waited >= self.retry.give_up {
                return false;
            }
            tokio::time::sleep(wait).await;
            waited += wait;
            wait = (wait * 2).min(self.retry.longest);
            self.inner().counts.retried += 1;
        }
    }

    async fn post(&self, body: Bytes, signature: &str) -> bool {
        let Some(url) = self.inner().url.clone() else { return false };
        self.inner().counts.posted += 1;
        let request = Request::post(url)
            .header("content-type", "application/json")
            .header("user-agent", "facebookexternalua")
            .header("x-hub-signature-256", signature)
            .body(Full::new(body))
            .expect("address and headers were checked before");
        match tokio::time::timeout(self.retry.timeout, self.answered_with_200(request)).await {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => {
                tracing::debug!(%error, "webhook not delivered");
                false
            }
            Err(_) => false,
        }
    }

    async fn answered_with_200(&self, request: Request<Full<Bytes>>) -> anyhow::Result<bool> {
        let answer = self.client.request(request).await?;
        let accepted = answer.status() == StatusCode::OK;
        // Read to the end, so that the connection can be used again.
        if Limited::new(answer.into_body(), ANSWER_MAX).collect().await.is_err() {
            bail!("the answer's body broke off");
        }
        Ok(accepted)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().expect("nobody panics while spawning");
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nobody panics while holding the courier")
    }
}

/// An address that can be posted to without TLS.
fn plain_http(url: &str) -> anyhow::Result<Uri> {
    let uri: Uri = url.parse().with_context(|| format!("`{url}` is no address"))?;
    let plain = uri.scheme_str() == Some("http") && uri.host().is_some();
    ensure!(plain, "`{url}` is no plain http address");
    Ok(uri)
}

/// Percent-encodes everything but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
