//! A recording against a node that runs somewhere: its deliveries as signed webhooks, in their order and pace.
//!
//! Posts and counts; what the node makes of them is the node's to show. Agents' comments have no door and are left out.
//! Invariant: the next delivery is posted only when the one before was answered.

use std::time::Duration;

use hyper::StatusCode;
use model::Redacted;
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};

use super::recording::{Recorded, Step, Unreadable};
use super::wire::Post;

/// How long a delivery is posted again where the node is too busy or its connection is lost.
const AGAIN_MAX: Duration = Duration::from_secs(60);
/// Pause before it is posted again.
const AGAIN: Duration = Duration::from_millis(250);

/// Where a recording is posted, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// The webhook's address, `http://HOST:PORT/PATH`.
    pub url: String,
    /// The app secret of that node.
    pub secret: Redacted<String>,
    /// So many times faster than it was recorded.
    pub speed: u32,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Live {
    /// Deliveries in the recording.
    pub deliveries: u64,
    /// Deliveries that were answered with 200.
    pub taken: u64,
    /// Deliveries that were answered otherwise, with the last answer to each; `0`: with none.
    pub refused: Vec<u16>,
    /// Posts that were made again.
    pub again: u64,
    /// Comments of agents, which were not made.
    pub facts_left_out: u64,
    /// How long it took, by the wall.
    pub elapsed_ms: u64,
}

/// Why it ended before all was posted.
#[derive(Debug)]
pub enum Stop {
    /// Nobody answers at the address; what the last try came to.
    Unreachable(String),
    /// The recording cannot be read on.
    Unreadable(Unreadable),
}

/// Posts every delivery. `told` hears how many of how many are done.
///
/// # Errors
/// [`Stop`]; where nobody answers, at once for the first delivery, else after a minute.
pub async fn live(recording: &dyn Recorded, target: &Target, told: &mut dyn FnMut(usize, usize)) -> Result<Live, Stop> {
    let post = Post::to(target.url.clone(), &target.secret);
    let (began, begins_at) = (Instant::now(), recording.begins_at());
    let mut live = Live::default();
    for (index, step) in recording.steps().enumerate() {
        match &*step.map_err(Stop::Unreadable)? {
            Step::Fact(_) => live.facts_left_out += 1,
            Step::Delivery(line) => {
                let after = u64::try_from((line.at - begins_at).0).unwrap_or(0) / u64::from(target.speed.max(1));
                sleep_until(began + Duration::from_millis(after)).await;
                live.deliver(&post, &line.body).await?;
            }
        }
        told(index + 1, recording.count());
    }
    live.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(live)
}

impl Live {
    async fn deliver(&mut self, post: &Post, body: &str) -> Result<(), Stop> {
        let until = Instant::now() + AGAIN_MAX;
        self.deliveries += 1;
        loop {
            let answer = post.once(body).await;
            let is_over = Instant::now() >= until;
            match answer {
                Ok(StatusCode::OK) => {
                    self.taken += 1;
                    return Ok(());
                }
                Ok(StatusCode::SERVICE_UNAVAILABLE) if !is_over => {}
                Ok(status) => {
                    self.refused.push(status.as_u16());
                    return Ok(());
                }
                Err(fault) if self.deliveries == 1 || is_over => return Err(Stop::Unreachable(format!("{fault:#}"))),
                Err(_) => {}
            }
            self.again += 1;
            sleep(AGAIN).await;
        }
    }
}
