//! The feeder's door: what comes once for each delivery is left here, so that the feeder takes in many at once.

use std::sync::Arc;

use bytes::Bytes;
use model::PageId;
use ractor::{ActorProcessingErr, ActorRef};

use super::{FRESH_MAX, FeederMsg};
use crate::porch::Porch;

/// A body up to this size is copied out of the buffer that it was read into.
const SHORT_MAX: usize = 16 << 10;

/// A delivery that is durable.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(super) seq: u64,
    pub(super) received_at: i64,
    pub(super) body: Bytes,
}

/// A body that keeps no more memory than it needs: a short one lies in the buffer that its connection reads into, many
/// times its size, which the connection could not use again.
fn by_itself(body: &Bytes) -> Bytes {
    if body.len() <= SHORT_MAX { Bytes::copy_from_slice(body) } else { body.clone() }
}

/// What the feeder takes in before it looks at a message.
#[derive(Debug, Default)]
pub(crate) struct Came {
    /// New deliveries; beyond the limit they are read from the inbox.
    pub(super) fresh: Porch<Fresh>,
    /// Deliveries that a Page is done with.
    pub(super) done: Porch<(PageId, u64)>,
}

impl Came {
    /// The feeder is about to rest. `true`: nothing lies here, and whoever comes next rings.
    pub(super) fn may_rest(&self) -> bool {
        // Both have to be asked: each rings for itself.
        let (fresh, done) = (self.fresh.may_rest(), self.done.may_rest());
        fresh && done
    }
}

/// The feeder, for whoever brings it something. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door {
    actor: ActorRef<FeederMsg>,
    came: Arc<Came>,
}

impl Door {
    pub(crate) fn new(actor: ActorRef<FeederMsg>, came: Arc<Came>) -> Self {
        Self { actor, came }
    }

    /// The feeder itself.
    pub(crate) fn actor(&self) -> &ActorRef<FeederMsg> {
        &self.actor
    }

    /// A delivery is durable.
    pub(crate) fn offer(&self, seq: u64, received_at: i64, body: &Bytes) {
        let fresh = || Fresh { seq, received_at, body: by_itself(body) };
        if self.came.fresh.leave_if_fewer(FRESH_MAX, fresh) {
            // A tree that is going down reads it from the inbox at the next start.
            drop(self.actor.cast(FeederMsg::Came));
        }
    }

    /// A Page is done with these deliveries.
    pub(crate) fn done(&self, page: &PageId, deliveries: impl Iterator<Item = u64>) -> Result<(), ActorProcessingErr> {
        for seq in deliveries {
            if self.came.done.leave((page.clone(), seq)) {
                self.actor.cast(FeederMsg::Came)?;
            }
        }
        Ok(())
    }
}
