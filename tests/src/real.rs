//! A real pagedesk process on a store directory, and the two processes that survive it: stand-in and load generator.
//!
//! The node's ports stay the same over its lives, so that whoever talks to it only has to try again.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use tracker::desk::CommentView;
use tracker::{Desk, DeskOptions};

use crate::facts::Facts;
use crate::http::Caller;
use crate::load::Plan;
use crate::process::{Daemon, free_ports};
use crate::promise::Acknowledged;
use crate::rig::{APP, APP_SECRET, PAGES, VERIFY_TOKEN, comments, token};
use crate::wait::eventually;

/// The programs, as cargo built them for the tests.
#[derive(Clone, Copy, Debug)]
pub struct Programs {
    /// pagedesk with its fail points.
    pub pagedesk: &'static str,
    /// The stand-in for Facebook.
    pub stand_in: &'static str,
    /// The load generator.
    pub generate: &'static str,
}

/// What differs between stages.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// More of the node's configuration, TOML.
    pub more: String,
    /// Whether customers read when their page is opened, instead of at once.
    pub unhurried: bool,
}

/// Everything around a node that is started again and again.
pub struct Stage {
    programs: Programs,
    setting: Setting,
    dir: TempDir,
    webhook: u16,
    site: u16,
    stand_in: Daemon,
    /// Where the stand-in's control API is.
    pub stand_in_url: String,
    /// Calls from the test.
    pub caller: Caller,
}

impl Stage {
    /// Starts the stand-in and writes the node's configuration.
    ///
    /// # Errors
    /// Where something does not start.
    pub async fn set(programs: Programs) -> anyhow::Result<Self> {
        Self::set_with(programs, Setting::default()).await
    }

    /// The same, with a setting of its own.
    ///
    /// # Errors
    /// Where something does not start.
    pub async fn set_with(programs: Programs, setting: Setting) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let [webhook, site] = free_ports().await?;
        let mut args = vec![format!("http://127.0.0.1:{webhook}/webhook")];
        args.extend(setting.unhurried.then(|| "unhurried".to_owned()));
        let mut stand_in = Daemon::talking(programs.stand_in, &args, &dir.path().join("stand-in.log"))?;
        let stand_in_url = stand_in.line().await?;
        let stage = Self { programs, setting, dir, webhook, site, stand_in, stand_in_url, caller: Caller::default() };
        std::fs::write(stage.config(), stage.configuration())?;
        Ok(stage)
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("pagedesk.toml")
    }

    /// Where pages and API begin.
    pub fn site(&self) -> String {
        format!("http://127.0.0.1:{}", self.site)
    }

    /// A directory for what else the test writes.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// The store's directory.
    pub fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    fn configuration(&self) -> String {
        let pages = PAGES
            .map(|page| format!("[[page]]\nid = \"{page}\"\nname = \"Page {page}\"\ntoken = \"{}\"\n", token(page)));
        format!(
            "[store]\ndir = \"{}\"\ncache_mib = 16\n\
             [listen]\nwebhook = \"127.0.0.1:{}\"\ndesk = \"127.0.0.1:{}\"\n\
             [meta]\napp_id = \"{APP}\"\napp_secrets = [\"{APP_SECRET}\"]\nverify_tokens = [\"{VERIFY_TOKEN}\"]\n\
             graph_url = \"{}\"\n\
             [account]\nid = \"acme\"\ngather = \"2s\"\ndoubt = \"2s\"\n\
             [limits]\nsends_per_second = 40\n\
             {}{}",
            self.store().display(),
            self.webhook,
            self.site,
            self.stand_in_url,
            pages.concat(),
            self.setting.more,
        )
    }

    /// Starts the node; it kills itself at a point, `NAME:COUNT`, where one is given.
    ///
    /// # Errors
    /// Where the program does not start.
    pub fn node(&self, kill_at: Option<&str>) -> anyhow::Result<Daemon> {
        let config = self.config();
        let args = [OsStr::new("serve"), OsStr::new("--config"), config.as_os_str()];
        let envs: Vec<_> = kill_at.map(|order| ("PAGEDESK_KILL_AT", order.to_owned())).into_iter().collect();
        Daemon::quiet(self.programs.pagedesk, &args, &envs, &self.log())
    }

    /// Starts another node on the same store, with doors of its own.
    ///
    /// # Errors
    /// Where the program does not start.
    pub fn second(&self) -> anyhow::Result<Daemon> {
        let config = self.config();
        let doors = ["--set", "listen.webhook=127.0.0.1:0", "--set", "listen.desk=127.0.0.1:0"].map(OsStr::new);
        let args: Vec<&OsStr> =
            ["serve", "--config"].map(OsStr::new).into_iter().chain([config.as_os_str()]).chain(doors).collect();
        Daemon::quiet(self.programs.pagedesk, &args, &[], &self.log())
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("pagedesk.log")
    }

    /// The last lines that the node wrote.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Starts the load generator.
    ///
    /// # Errors
    /// Where the program does not start.
    pub fn generator(&self, plan: Plan) -> anyhow::Result<Daemon> {
        let args = [
            format!("http://127.0.0.1:{}/webhook", self.webhook),
            format!("http://127.0.0.1:{}", self.site),
            self.stand_in_url.clone(),
            serde_json::to_string(&plan)?,
        ];
        Daemon::talking(self.programs.generate, &args, &self.dir.path().join("generate.log"))
    }

    /// Ends the generator and takes over what it remembers.
    ///
    /// # Errors
    /// Where it does not end in order.
    pub async fn recollect(mut generator: Daemon) -> anyhow::Result<Acknowledged> {
        generator.tell("enough").await?;
        let said = generator.line().await?;
        generator.close().await?;
        Ok(serde_json::from_str(&said)?)
    }

    /// Waits until the node says that it is ready; `false` where it ended before, or takes too long.
    ///
    /// # Errors
    /// Where the process cannot be asked.
    pub async fn ready(&self, node: &mut Daemon, at_most: Duration) -> anyhow::Result<bool> {
        let url = format!("http://127.0.0.1:{}/ready", self.webhook);
        let over = eventually(at_most, || {
            let ended = node.has_ended().unwrap_or(true);
            let asked = self.caller.get(&url);
            async move { ended || asked.await.is_ok_and(|answer| answer.status == 200) }
        })
        .await;
        Ok(over && !node.has_ended()?)
    }

    /// Waits until the stand-in has delivered everything.
    ///
    /// # Errors
    /// Where it cannot in time.
    pub async fn quiet(&self, at_most: Duration) -> anyhow::Result<()> {
        let url = format!("{}/_control/quiet", self.stand_in_url);
        let quiet = eventually(at_most, || async {
            self.caller.post(&url, &[], "").await.is_ok_and(|answer| answer.status == 200)
        });
        ensure!(quiet.await, "the stand-in cannot deliver");
        Ok(())
    }

    /// Everything that the stand-in knows.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn world(&self) -> anyhow::Result<simulator::fake::facebook::State> {
        let answer = self.caller.get(&format!("{}/_control/state", self.stand_in_url)).await?;
        serde_json::from_slice(&answer.body).context("the stand-in's state")
    }

    /// Reads the journal beside a running node, or after its end.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn follow(&self, facts: &mut Facts) -> anyhow::Result<()> {
        facts.follow_dir(&self.store())
    }

    /// Every comment of the desk. Only after the node's end.
    ///
    /// # Errors
    /// Where the desk cannot be opened.
    pub fn comments(&self) -> anyhow::Result<Vec<CommentView>> {
        let desk = Desk::open(journal::Source::Path(self.store().join("desk.redb")), DeskOptions::default())?;
        comments(&desk)
    }

    /// Ends the stand-in.
    ///
    /// # Errors
    /// Where it does not end in order.
    pub async fn strike(self) -> anyhow::Result<()> {
        self.stand_in.close().await
    }
}
