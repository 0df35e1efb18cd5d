//! ChromeDriver as a process of a test, and the browsers that it starts: all of them end with the test.
//!
//! A browser starts on an empty profile and asks nobody on the network. Where there is no browser the test fails with
//! what to install; it is never left out. Browsers are children of ChromeDriver and stay behind when that is killed
//! alone, so all of them are one process group, which is killed as a whole.

use std::env;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;

use super::window::Window;
use crate::http::Caller;
use crate::wait::looked_at_every;

/// How long ChromeDriver may take to say its port.
const STARTS_MAX: Duration = Duration::from_secs(30);

/// What ChromeDriver says before its port.
const SAYS: &str = "ChromeDriver was started successfully on port ";

/// A program, the variable that names it, and the words under which it is known.
const DRIVER: (&str, &[&str]) = ("PAGEDESK_CHROMEDRIVER", &["chromedriver"]);
const CHROMIUM: (&str, &[&str]) = ("PAGEDESK_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"]);

/// ChromeDriver and its browsers.
pub struct Driver {
    child: Child,
    url: String,
    dir: PathBuf,
    chromium: PathBuf,
    caller: Caller,
}

impl Driver {
    /// Starts ChromeDriver on a free port; profiles and its log go to this directory.
    ///
    /// # Errors
    /// Where a program is missing, with what to install, or does not start.
    pub async fn start(dir: &Path) -> anyhow::Result<Self> {
        let (driver, chromium) = (find(DRIVER)?, find(CHROMIUM)?);
        let dir = dir.join("browsers");
        fs::create_dir_all(&dir)?;
        let said = dir.join("chromedriver.log");
        let log = File::create(&said)?;
        let mut command = Command::new(&driver);
        command.arg("--port=0").env("HOME", &dir).env("XDG_CONFIG_HOME", &dir).env("XDG_CACHE_HOME", &dir);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let child = command.spawn().with_context(|| format!("starting {}", driver.display()))?;
        let mut started = Self { child, url: String::new(), dir, chromium, caller: Caller::default() };
        let port =
            || fs::read_to_string(&said).ok()?.split_once(SAYS)?.1.split_once('.').map(|(port, _)| port.to_owned());
        looked_at_every(Duration::from_millis(20), STARTS_MAX, || core::future::ready(port().is_some())).await;
        let port = port().with_context(|| format!("{} says no port", driver.display()))?;
        started.url = format!("http://127.0.0.1:{port}");
        Ok(started)
    }

    /// Opens a window in a browser of its own, under a name for its profile.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn open(&self, name: &str) -> anyhow::Result<Window> {
        let profile = format!("--user-data-dir={}", self.dir.join(name).display());
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=en-US",
            "--window-size=1280,800",
            &profile,
        ];
        let wanted = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "binary": self.chromium, "args": args },
            "timeouts": { "pageLoad": 30_000, "script": 30_000 },
            "unhandledPromptBehavior": "ignore",
        });
        Window::open(self.caller.clone(), &self.url, &wanted).await.with_context(|| format!("the browser of {name}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Where it has ended already there is nobody to kill.
            let _nobody = kill_process_group(group, Signal::KILL);
        }
        drop(self.child.wait());
    }
}

/// A program that a variable names, or that lies on the path.
fn find((variable, names): (&str, &[&str])) -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os(variable) {
        let named = PathBuf::from(named);
        return named
            .is_file()
            .then_some(named.clone())
            .ok_or_else(|| anyhow!("{variable} names no file: {}", named.display()));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).flat_map(|dir| names.iter().map(move |name| dir.join(name)));
    found.into_iter().find(|program| program.is_file()).ok_or_else(|| {
        anyhow!(
            "the browser tests need {}, which is not on this machine: install Debian's packages chromium and \
             chromium-driver (apt-get install chromium chromium-driver), or name the program in {variable}",
            names[0]
        )
    })
}
