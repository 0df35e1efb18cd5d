//! Agent and customer before real pages, in real browsers, over a real node and the stand-in for Facebook.
//!
//! One scene for all: node and stand-in are processes, so that the node can be killed while both pages stand open. At the
//! end of every scene no browser has reported a broken security policy and none has logged an error.

mod acts;
mod clock;
mod course;
mod kinds;
mod looks;
mod report;
mod rules;
mod talk;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actors::Clock as _;
use anyhow::Context as _;
use it::browser::desk::Desk;
use it::browser::driver::Driver;
use it::browser::facebook::Messenger;
use it::browser::window::{Logged, Window};
use it::process::Daemon;
use it::real::{Setting, Stage};
use it::rig::PAGES;
use model::{PageId, Psid, Timestamp};
use node::SystemClock;
use serde_json::{Value, json};
use simulator::fake::facebook::{Happened, Happening, What};

use crate::crash::PROGRAMS;

/// The agent of these tests, who is invented like everybody else.
const AGENT: &str = "Ida Sund";
const LOGIN: &str = "ida";
const PASSWORD: &str = "herring in the harbour";
/// Opens the API.
const TOKEN: &str = "invented-token-of-the-api";
/// The Page.
const PAGE: &str = PAGES[0];

/// Longest wait for a start or an end.
const STARTS_MAX: Duration = Duration::from_secs(60);

/// Everybody at their place.
struct Scene {
    desk: Desk,
    messenger: Messenger,
    /// Ends before the directory goes in which its browsers write.
    driver: Driver,
    node: Daemon,
    stage: Stage,
    /// When the last thing was ordered, in ms.
    ordered_at: AtomicI64,
}

impl Scene {
    /// Starts node, stand-in and two browsers. Nobody is signed in.
    async fn set() -> anyhow::Result<Self> {
        let hash = web::hash_password(PASSWORD, *b"invented salt 16")?;
        let more = format!(
            "[desk]\napi_token = \"{TOKEN}\"\n[[agent]]\nname = \"{AGENT}\"\nlogin = \"{LOGIN}\"\npassword_hash = '{hash}'\n"
        );
        let stage = Stage::set_with(PROGRAMS, Setting { more, unhurried: true }).await?;
        let driver = Driver::start(stage.dir()).await?;
        let mut node = stage.node(None)?;
        let (desk, messenger) = futures_util::try_join!(driver.open("agent"), driver.open("customer"))?;
        anyhow::ensure!(stage.ready(&mut node, STARTS_MAX).await?, "{}", stage.last_words());
        let (desk, messenger) = (Desk::new(desk, stage.site()), Messenger::new(messenger, stage.stand_in_url.clone()));
        Ok(Self { desk, messenger, driver, node, stage, ordered_at: AtomicI64::new(0) })
    }

    /// The same, with the agent signed in and the list open.
    async fn set_with_agent() -> anyhow::Result<Self> {
        let scene = Self::set().await?;
        scene.desk.open("/sign-in").await?;
        scene.desk.sign_in(LOGIN, PASSWORD).await?;
        scene.desk.is_in(AGENT).await?;
        Ok(scene)
    }

    /// Something happens at the stand-in that its page has no button for.
    async fn happens(&self, order: &Happening) -> anyhow::Result<Happened> {
        let url = format!("{}/_control/happen", self.stage.stand_in_url);
        let answer = self.stage.caller.post_json(&url, order, None).await?;
        anyhow::ensure!(answer.status == 200, "{}: {order:?}", answer.text());
        serde_json::from_slice(&answer.body).context("what happened")
    }

    /// The same order, now, but no two of them in one millisecond: lines of one millisecond have no order of their own.
    fn later(&self, order: &Happening) -> Happening {
        let now = SystemClock.now().0;
        let at = now.max(self.ordered_at.load(Ordering::Relaxed) + 1);
        self.ordered_at.store(at, Ordering::Relaxed);
        let mut order = Happening { at: Some(Timestamp(at)), ..order.clone() };
        if let What::Raw { item, .. } = &mut order.what
            && item.get("sender").is_some()
        {
            item["timestamp"] = json!(at);
        }
        order
    }

    /// Somebody new, with a name, does something on the first Page.
    fn somebody(psid: &str, name: &str, what: What) -> Happening {
        let name = Some(name.to_owned());
        Happening { name, ..Happening::new(&PageId::new(PAGE), Some(&Psid::new(psid)), what) }
    }

    /// What the API answers to a program with the token.
    async fn api(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}/api/v1/{path}", self.stage.site());
        let request = hyper::Request::get(url).header("authorization", format!("Bearer {TOKEN}"));
        let answer = self.stage.caller.within(STARTS_MAX, request.body(Default::default())?).await?;
        anyhow::ensure!(answer.status == 200, "{}", answer.text());
        Ok(answer.json())
    }

    /// Ends the scene: nothing was reported and nothing logged that should not be, and the node ends in order.
    async fn end(self) -> anyhow::Result<()> {
        assert_eq!(self.desk.reports().await?, json!({ "reports": 0, "unreadable": 0, "kept": [] }));
        for window in [&*self.desk, &*self.messenger] {
            assert_eq!(severe(window).await?, [], "nothing went wrong in a browser");
        }
        self.close().await
    }

    async fn close(mut self) -> anyhow::Result<()> {
        self.node.terminate()?;
        let status = self.node.end(STARTS_MAX).await?.context("it ends when asked to")?;
        assert_eq!(status.code(), Some(0), "{}", self.stage.last_words());
        drop((self.desk, self.messenger, self.driver));
        self.stage.strike().await
    }
}

/// The errors that a browser logged since it was asked last.
async fn severe(window: &Window) -> anyhow::Result<Vec<Logged>> {
    let logged = window.logged().await?;
    Ok(logged.into_iter().filter(|line| line.level == "SEVERE").collect())
}
