//! What the tree needs from outside, and its limits by name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use journal::{Inbox, Journal};
use messenger::Graph;
use model::{Incarnation, Span, Timestamp};
use tokio::sync::Notify;
use tracker::Tracker;

use crate::oddity::Oddities;

/// The one clock. Production reads the system's, a simulation its own.
pub trait Clock: Send + Sync {
    /// Now, by the wall.
    fn now(&self) -> Timestamp;
    /// Resolves when `now` has reached `at`, or after a while; the caller looks again.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()>;
}

/// Everything the tree reaches the world through.
#[derive(Clone)]
pub struct Ports {
    /// The wall.
    pub clock: Arc<dyn Clock>,
    /// Raw deliveries.
    pub inbox: Arc<Inbox>,
    /// What the machines decided.
    pub journal: Arc<dyn Journal>,
    /// Meta.
    pub graph: Arc<dyn Graph>,
    /// Tasks.
    pub tracker: Arc<dyn Tracker>,
    /// Which life of the store this is.
    pub incarnation: Incarnation,
    /// Rung after every durable batch: the read models' follower listens.
    pub appended: Arc<Notify>,
    /// What happened, as numbers.
    pub counters: Arc<Counters>,
}

/// Every queue, loop and stash has its limit here.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Work handed to one conversation and not durable yet. Keeps mailboxes short and a flood fair.
    pub conversation_credit: usize,
    /// Items of one Page in memory; beyond it they stay in the inbox.
    pub page_items_max: usize,
    /// Items of all Pages in memory; beyond it everything stays in the inbox.
    pub items_max: usize,
    /// Conversations of one Page kept in memory at the same time; the longest idle goes first.
    pub resident_max: usize,
    /// Conversations of all Pages kept in memory; beyond it each Page lets go of idle ones (some 25 KiB each).
    pub residents_max: u64,
    /// A conversation without work for so long is let go.
    pub idle: Span,
    /// So often does one piece of work bring its conversation down before it is quarantined.
    pub failures_max: u32,
    /// Calls to Meta under way for one Page.
    pub sends_max: usize,
    /// Calls to the tracker under way for one Page.
    pub tracker_calls_max: usize,
    /// Sends per second and Page.
    pub sends_per_second: u32,
    /// Percent of Meta's limits, by its usage headers, from which on a Page's queue rests.
    pub usage_max: u32,
    /// Page supervisors.
    pub shards: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            conversation_credit: 8,
            page_items_max: 16_384,
            items_max: 32_768,
            resident_max: 512,
            residents_max: 12_288,
            idle: Span::minutes(5),
            failures_max: 5,
            sends_max: 32,
            tracker_calls_max: 256,
            sends_per_second: 20,
            usage_max: 90,
            shards: 4,
        }
    }
}

/// Counts since start; every field only grows, but for the resident gauge.
#[derive(Debug, Default)]
pub struct Counters {
    /// Deliveries offered to Pages.
    pub deliveries: AtomicU64,
    /// Items offered.
    pub inbounds: AtomicU64,
    /// Items that could not be understood.
    pub anomalies: AtomicU64,
    /// Items or commands recognised as known.
    pub duplicates: AtomicU64,
    /// Items set aside with a reason.
    pub quarantined: AtomicU64,
    /// Batches made durable.
    pub batches: AtomicU64,
    /// Conversations that ended unplanned.
    pub failures: AtomicU64,
    /// Conversations brought into memory.
    pub activations: AtomicU64,
    /// Conversations in memory now.
    pub resident: AtomicU64,
    /// Calls to the Send API.
    pub sends: AtomicU64,
    /// Rests of Pages' queues that began.
    pub pauses: AtomicU64,
    /// Usage headers of Meta that could not be read.
    pub usage_unreadable: AtomicU64,
    /// Anomalies and items set aside, by reason.
    pub oddities: Oddities,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn sub(counter: &AtomicU64, n: u64) {
        counter.fetch_sub(n, Ordering::Relaxed);
    }
}
