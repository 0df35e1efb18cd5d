//! What a stand-in is told at its start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{AppId, PageId, Redacted, Timestamp};
use oracle::Dates;

use super::clock::{MovableClock, Source};
use super::keep::Keeping;

/// One Page of the stand-in.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its id.
    pub id: PageId,
    /// Its name, for people.
    pub name: String,
    /// The token under which it is called.
    pub token: Redacted<String>,
}

/// How a webhook is posted again until it is answered with 200.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Wait before the first repetition; doubles each time.
    pub first: Duration,
    /// Longest wait between two.
    pub longest: Duration,
    /// After this long it is dropped, as Meta unsubscribes after an hour.
    pub give_up: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Default for Retry {
    /// 50 ms doubling to 5 s, for an hour; 5 s to answer (*Meta Webhooks for Messenger Platform*, read 2026-11-23).
    fn default() -> Self {
        Self {
            first: Duration::from_millis(50),
            longest: Duration::from_secs(5),
            give_up: Duration::from_secs(3600),
            timeout: Duration::from_secs(5),
        }
    }
}

/// Everything a stand-in is told at its start.
#[derive(Clone)]
pub struct StandInOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The app whose echoes it marks.
    pub app_id: AppId,
    /// Signs webhooks and checks `appsecret_proof`.
    pub app_secret: Redacted<String>,
    /// Whether calls without `appsecret_proof` are refused.
    pub require_proof: bool,
    /// Its Pages.
    pub pages: Vec<Page>,
    /// Meta's time, unless a clock that can be moved is given.
    pub clock: Source,
    /// Meta's time where it may be moved: by `/_control/clock` and by buttons on the page. `None`: neither exists.
    pub movable: Option<Arc<dyn MovableClock>>,
    /// Where webhooks go, a plain `http` address; without one they are dropped.
    pub webhook_url: Option<String>,
    /// Where the agents answer, for a link on its first page.
    pub agents_url: Option<String>,
    /// What it shows when it verifies that address.
    pub verify_token: Redacted<String>,
    /// Whether sends come back as echoes.
    pub echoes: bool,
    /// Whether sends are followed by delivery and read receipts.
    pub receipts: bool,
    /// Whether customers read at once what was sent; else they do when their page is opened.
    pub reads_at_once: bool,
    /// Whether the app was granted the Human Agent feature.
    pub human_agent: bool,
    /// Whether the Pages' features let the app take conversations over from other apps.
    pub gives_control: bool,
    /// When Meta's rules changed.
    pub dates: Dates,
    /// Longest delay of echoes and receipts; each one is drawn from the seed.
    pub delay_max: Duration,
    /// How webhooks are repeated.
    pub retry: Retry,
    /// Posts under way at once per Page; 1 keeps a Page's order.
    pub posts_at_once: usize,
    /// Items put into one POST where more are waiting.
    pub batch_max: usize,
    /// Whether `/_control` is served.
    pub control: bool,
    /// What every choice is drawn from.
    pub seed: u64,
    /// Where its world is kept and taken up again. `None`: it is forgotten at the end.
    pub keeping: Option<Keeping>,
}

impl StandInOptions {
    /// Loopback on a free port, everything on, delays up to 50 ms, order kept, no batches, a clock that stays.
    pub fn new(pages: Vec<Page>, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            app_id: AppId::new("990017"),
            app_secret: "stand-in-secret".into(),
            require_proof: true,
            pages,
            clock,
            movable: None,
            webhook_url: None,
            agents_url: None,
            verify_token: "stand-in-verify".into(),
            echoes: true,
            receipts: true,
            reads_at_once: true,
            human_agent: true,
            gives_control: false,
            dates: Dates::default(),
            delay_max: Duration::from_millis(50),
            retry: Retry::default(),
            posts_at_once: 1,
            batch_max: 1,
            control: true,
            seed: 1,
            keeping: None,
        }
    }
}
