//! Keeps the read models behind the journal by a few milliseconds: on its own thread, because a round is file work.
//! Where the store's writers have no threads of their own there are no threads at all, and a round is done by whoever runs this.
//!
//! While the node is busy it leaves the processors to what is acknowledged and worked off; what it owes then it folds
//! without rests once that is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use journal::{Journal, Position};
use tokio::sync::Notify;
use view::{View, ViewFault};

/// Batches folded in one round, one commit, so that a row of a busy conversation is written once for many messages.
/// The view reads them in small chunks, and ends a round sooner that touches many rows.
const ROUND: usize = 65_536;
/// After a round the follower rests, so that a burst is a few big rounds and not many small ones.
const REST: std::time::Duration = std::time::Duration::from_millis(40);
/// The node is busy where the journal grew by so much while a round was folded. Then the follower rests four times as
/// long as the round took, up to the limit: the read models leave the processors to the rest, and a row is written once
/// a round.
const MUCH: u64 = 512;
const LONG_REST: std::time::Duration = std::time::Duration::from_secs(2);
/// A view that cannot be written is tried again after this.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(2);

/// Follows until told to stop.
pub(crate) fn follow(
    view: Arc<View>,
    journal: Arc<dyn Journal>,
    rung: Arc<Notify>,
    stop: Arc<AtomicBool>,
    inline: bool,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        while !stop.load(Ordering::SeqCst) {
            let (began, last) = (tokio::time::Instant::now(), journal.last());
            let Some(reached) = round(&view, &journal, inline).await else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            let busy = journal.last().0.saturating_sub(last.0) >= MUCH;
            let rest = if busy { (began.elapsed() * 4).clamp(REST, LONG_REST) } else { REST };
            if !busy && reached < last {
                // What is missing is old, and nobody needs the processors: on.
                continue;
            }
            if reached >= journal.last() {
                rung.notified().await;
            }
            if !stop.load(Ordering::SeqCst) {
                tokio::time::sleep(rest).await;
            }
        }
    })
}

/// One round; `None` where it failed, which was said.
async fn round(view: &Arc<View>, journal: &Arc<dyn Journal>, inline: bool) -> Option<Position> {
    let (view, journal) = (Arc::clone(view), Arc::clone(journal));
    let fold = move || -> Result<Position, ViewFault> { view.catch_up(&*journal, ROUND) };
    let done = if inline { Ok(fold()) } else { tokio::task::spawn_blocking(fold).await };
    match done {
        Ok(Ok(reached)) => Some(reached),
        Ok(Err(fault)) => {
            tracing::error!(%fault, "the read models cannot follow the journal");
            None
        }
        Err(fault) => {
            tracing::error!(%fault, "a round of the read models' follower panicked");
            None
        }
    }
}
