//! The way in for deliveries, recorded ones and those that Meta makes of our sends: the function that the webhook's door
//! calls once a signature was checked.
//!
//! Invariant: a delivery stands in the trace before anything that follows from it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use actors::Clock as _;
use model::Span;
use node::Node;
use web::Node as _;

use super::clock::PausedClock;
use super::kept::Kept;
use super::trace::Recorder;
use crate::outside::{Announced, Coming};

/// Meta posts what was not taken again after so long.
pub(crate) const POSTED_AGAIN: Span = Span::seconds(5);

/// Where deliveries go in. Clones are the same door.
#[derive(Clone)]
pub(crate) struct Door(Arc<Inner>);

struct Inner {
    /// The node, once it runs. It holds Meta, which holds this door.
    node: OnceLock<Weak<Node>>,
    clock: PausedClock,
    recorder: Recorder,
    refused: AtomicU64,
    coming: Kept<Coming>,
}

impl Door {
    /// A door without a node behind it.
    pub(crate) fn new(clock: PausedClock, recorder: Recorder, coming: Kept<Coming>) -> Self {
        Self(Arc::new(Inner { node: OnceLock::new(), clock, recorder, refused: AtomicU64::new(0), coming }))
    }

    /// The node runs.
    pub(crate) fn open(&self, node: &Arc<Node>) {
        // A second node behind one door would be a mistake of the stage, which makes one.
        let _first = self.0.node.set(Arc::downgrade(node));
    }

    /// Delivers now; whether it was taken.
    pub(crate) async fn deliver(&self, announced: Option<&Announced>, body: String) -> bool {
        let Some(node) = self.0.node.get().and_then(Weak::upgrade) else { return false };
        if let Some(announced) = announced {
            self.0.recorder.note(|witness| witness.delivery(self.0.clock.now(), announced));
        }
        let mut number = None;
        self.0.recorder.note(|witness| number = witness.offered(self.0.clock.now(), body.as_bytes()));
        let taken = node.accept(body.into()).await.is_ok();
        self.0.recorder.note(|witness| witness.acknowledged(self.0.clock.now(), number, taken));
        if taken {
            if let Some(announced) = announced {
                let seq = node.store().inbox.last_seq();
                self.0.recorder.note(|witness| witness.call_delivery(seq, &announced.name));
            }
        } else {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
            if let Some(announced) = announced {
                self.0.recorder.note(|witness| witness.not_taken(self.0.clock.now(), announced));
            }
        }
        taken
    }

    /// Delivers at its time, by itself.
    pub(crate) fn deliver_later(&self, coming: Coming) {
        let kept = self.0.coming.keep(coming.clone());
        self.await_time(kept, coming);
    }

    /// What the world wanted to deliver to the node before this one comes to this one.
    pub(crate) fn go_on(&self) {
        for (kept, coming) in self.0.coming.all() {
            self.await_time(kept, coming);
        }
    }

    fn await_time(&self, kept: u64, coming: Coming) {
        let door = self.clone();
        tokio::spawn(async move {
            door.0.clock.reaches(coming.at).await;
            // What is not taken is posted again.
            while !door.deliver(Some(&coming.name), coming.body.clone()).await {
                door.0.clock.passes(POSTED_AGAIN).await;
            }
            door.0.coming.drop_one(kept);
        });
    }

    /// Deliveries that will still come by themselves.
    pub(crate) fn on_the_way(&self) -> u64 {
        self.0.coming.len()
    }

    /// Deliveries that the node did not take.
    pub(crate) fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}
