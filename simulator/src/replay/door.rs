//! The way in for deliveries, recorded ones and those that Meta makes of our sends: the function that the webhook's door
//! calls once a signature was checked.
//!
//! Invariant: a delivery stands in the trace before anything that follows from it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use actors::Clock as _;
use model::{MachineId, Timestamp};
use node::Node;
use web::Node as _;

use super::clock::PausedClock;
use super::trace::Recorder;

/// Where deliveries go in. Clones are the same door.
#[derive(Clone)]
pub(super) struct Door(Arc<Inner>);

struct Inner {
    /// The node, once it runs. It holds Meta, which holds this door.
    node: OnceLock<Weak<Node>>,
    clock: PausedClock,
    recorder: Recorder,
    refused: AtomicU64,
    on_the_way: AtomicU64,
}

/// A delivery as the trace names it.
pub(super) struct Announced {
    /// Its name.
    pub(super) name: String,
    /// Whose it is, where it is one machine's.
    pub(super) whose: Option<MachineId>,
    /// What is in it.
    pub(super) what: String,
}

impl Door {
    /// A door without a node behind it.
    pub(super) fn new(clock: PausedClock, recorder: Recorder) -> Self {
        let (refused, on_the_way) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Inner { node: OnceLock::new(), clock, recorder, refused, on_the_way }))
    }

    /// The node runs.
    pub(super) fn open(&self, node: &Arc<Node>) {
        // A second node behind one door would be a mistake of the stage, which makes one.
        let _first = self.0.node.set(Arc::downgrade(node));
    }

    /// Delivers now; whether it was taken.
    pub(super) async fn deliver(&self, announced: &Announced, body: String) -> bool {
        let Some(node) = self.0.node.get().and_then(Weak::upgrade) else { return false };
        let Announced { name, whose, what } = announced;
        self.0.recorder.comes(self.0.clock.now(), whose.as_ref(), &format!("{name}: {what}"));
        let taken = node.accept(body.into()).await.is_ok();
        if taken {
            self.0.recorder.call_delivery(node.store().inbox.last_seq(), name.clone());
        } else {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
            self.0.recorder.comes(self.0.clock.now(), whose.as_ref(), &format!("{name}: NOT TAKEN"));
        }
        taken
    }

    /// Delivers later, by itself. The body is made at that time.
    pub(super) fn deliver_at(
        &self,
        at: Timestamp,
        announced: Announced,
        body: impl FnOnce(Timestamp) -> String + Send + 'static,
    ) {
        self.0.on_the_way.fetch_add(1, Ordering::Relaxed);
        let door = self.clone();
        tokio::spawn(async move {
            door.0.clock.reaches(at).await;
            door.deliver(&announced, body(door.0.clock.now())).await;
            door.0.on_the_way.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Deliveries that will still come by themselves.
    pub(super) fn on_the_way(&self) -> u64 {
        self.0.on_the_way.load(Ordering::Relaxed)
    }

    /// Deliveries that the node did not take.
    pub(super) fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}
