//! Waiting for a condition, with a deadline and a name. The one place of this crate where time passes by itself.
//!
//! No test sleeps: it says what it waits for, and fails with those words.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Looks at a condition until it holds, every 5 ms; `false` where it does not hold in time.
pub async fn eventually<F: Future<Output = bool>>(at_most: Duration, holds: impl FnMut() -> F) -> bool {
    looked_at_every(LOOK, at_most, holds).await
}

/// The same for a condition that costs something to look at.
pub async fn looked_at_every<F: Future<Output = bool>>(
    look: Duration,
    at_most: Duration,
    mut holds: impl FnMut() -> F,
) -> bool {
    let deadline = Instant::now() + at_most;
    let mut looks = interval(look);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if holds().await {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
    }
}

/// As [`eventually`], for a condition that needs no waiting itself.
///
/// # Panics
/// Where it does not hold in time, with `what`.
pub async fn until(what: &str, at_most: Duration, mut holds: impl FnMut() -> bool) {
    let held = eventually(at_most, || core::future::ready(holds())).await;
    assert!(held, "waited {at_most:?} in vain until {what}");
}

/// Repeats a question until it is answered.
///
/// # Panics
/// Where no answer comes in time, with `what`.
pub async fn answered<T, F: Future<Output = Option<T>>>(
    what: &str,
    at_most: Duration,
    mut ask: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + at_most;
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {at_most:?} in vain for {what}");
    }
}

/// Lets a span pass: the pace of a load, the moment of a kill. Never a way to wait for something.
pub async fn pass(span: Duration) {
    // A deadline over nothing: the end of it is what is waited for.
    drop(tokio::time::timeout(span, core::future::pending::<()>()).await);
}
