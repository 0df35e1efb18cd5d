//! Keeps the read models behind the journal by a few milliseconds: on its own thread, because a round is file work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use journal::Journal;
use tokio::sync::Notify;
use view::View;

/// Batches folded in one round, one commit.
const ROUND: usize = 4_096;
/// After a round the follower rests, so that a burst is a few big rounds and not many small ones.
const REST: std::time::Duration = std::time::Duration::from_millis(40);
/// A view that cannot be written is tried again after this.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(2);

/// Follows until told to stop.
pub(crate) fn follow(
    view: Arc<View>,
    journal: Arc<dyn Journal>,
    rung: Arc<Notify>,
    stop: Arc<AtomicBool>,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        while !stop.load(Ordering::SeqCst) {
            let (v, j) = (Arc::clone(&view), Arc::clone(&journal));
            let round = tokio::task::spawn_blocking(move || v.catch_up(&*j, ROUND)).await;
            match round {
                Ok(Ok(reached)) if reached >= journal.last() => rung.notified().await,
                Ok(Ok(_)) => continue,
                Ok(Err(fault)) => {
                    tracing::error!(%fault, "the read models cannot follow the journal");
                    tokio::time::sleep(AGAIN).await;
                }
                Err(fault) => {
                    tracing::error!(%fault, "a round of the read models' follower panicked");
                    tokio::time::sleep(AGAIN).await;
                }
            }
            tokio::time::sleep(REST).await;
        }
    })
}
