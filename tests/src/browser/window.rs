//! A browser's window, driven over WebDriver: the few commands that these tests need, each a call over HTTP.
//!
//! Written here because the crates for it cannot be taken: one has the features that `.deny.toml` forbids, the other a
//! licence that it does not allow. Source: W3C *WebDriver*, read 2026-11-23; the log and the device of Chromium:
//! ChromeDriver's own commands. What a person cannot do, as clicking through something that lies above, fails here too.

use core::fmt;
use std::time::Duration;

use anyhow::Context as _;
use http_body_util::Full;
use hyper::{Method, Request};
use serde_json::{Value, json};
use tokio::time::{Instant, interval};

use super::SHOWS_MAX;
use crate::http::Caller;

/// Longest time for one command; a page may load within it.
const COMMAND_MAX: Duration = Duration::from_secs(60);

/// How often a page is looked at.
const LOOK: Duration = Duration::from_millis(40);

/// Under which name WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What goes by, because pages change while they are used: the command is given again.
const PASSING: [&str; 7] = [
    "no such element",
    "stale element reference",
    "element click intercepted",
    "element not interactable",
    "invalid element state",
    "javascript error",
    "detached shadow root",
];

/// A command that the browser refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The code, as *no such element*.
    pub code: String,
    /// What the browser says about it.
    pub words: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.words.lines().next().unwrap_or_default())
    }
}

impl core::error::Error for Refused {}

/// An element of the page that is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Element(String);

/// A line of the browser's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logged {
    /// `network`, `security`, `javascript`, …
    pub source: String,
    /// `SEVERE`, `WARNING`, `INFO`.
    pub level: String,
    /// What it says.
    pub words: String,
}

/// One window.
pub struct Window {
    caller: Caller,
    session: String,
}

impl Window {
    /// Starts a browser with these capabilities.
    pub(super) async fn open(caller: Caller, driver: &str, wanted: &Value) -> anyhow::Result<Self> {
        let mut window = Self { caller, session: driver.to_owned() };
        let begun = window.tell("session", &json!({ "capabilities": { "alwaysMatch": wanted } })).await?;
        let id = begun["sessionId"].as_str().context("no session")?;
        window.session = format!("{driver}/session/{id}");
        Ok(window)
    }

    async fn command(&self, method: Method, command: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let url = if command.is_empty() { self.session.clone() } else { format!("{}/{command}", self.session) };
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder().method(method).uri(url).header("content-type", "application/json");
        let answer = self.caller.within(COMMAND_MAX, request.body(Full::new(body.into()))?).await?;
        let mut said = answer.json();
        let value = said.get_mut("value").map(Value::take).unwrap_or_default();
        if answer.status == 200 {
            return Ok(value);
        }
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Err(Refused { code: text("error"), words: text("message") }.into())
    }

    async fn tell(&self, command: &str, body: &Value) -> anyhow::Result<Value> {
        self.command(Method::POST, command, Some(body)).await
    }

    async fn ask(&self, command: &str) -> anyhow::Result<Value> {
        self.command(Method::GET, command, None).await
    }

    /// Opens an address and waits until it is loaded.
    ///
    /// # Errors
    /// Where it cannot be loaded.
    pub async fn go(&self, url: &str) -> anyhow::Result<()> {
        self.tell("url", &json!({ "url": url })).await.with_context(|| format!("going to {url}"))?;
        Ok(())
    }

    /// The address that is shown.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn url(&self) -> anyhow::Result<String> {
        Ok(self.ask("url").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Runs a script in the page; its `return` is the answer, `arguments` what is handed in.
    ///
    /// # Errors
    /// Where it throws.
    pub async fn run(&self, script: &str, args: &[Value]) -> anyhow::Result<Value> {
        self.tell("execute/sync", &json!({ "script": script, "args": args })).await
    }

    /// Runs a script that hands its answer to the last of its arguments.
    ///
    /// # Errors
    /// Where it throws.
    pub async fn run_on(&self, script: &str, args: &[Value]) -> anyhow::Result<Value> {
        self.tell("execute/async", &json!({ "script": script, "args": args })).await
    }

    /// Waits until a script answers with anything but `null`, `false`, 0 or nothing at all.
    ///
    /// # Errors
    /// Where it does not in time, with `what` and the page as it reads then.
    pub async fn until(&self, what: &str, script: &str, args: &[Value]) -> anyhow::Result<Value> {
        let deadline = Instant::now() + SHOWS_MAX;
        let mut looks = interval(LOOK);
        while Instant::now() < deadline {
            looks.tick().await;
            // A page that is being left has no answer.
            let found = self.run(script, args).await.unwrap_or_default();
            if !matches!(found, Value::Null | Value::Bool(false)) && found.as_u64() != Some(0) {
                return Ok(found);
            }
        }
        let text = self.run("return document.body.innerText", &[]).await.unwrap_or_default();
        let at = self.url().await.unwrap_or_default();
        anyhow::bail!("waited {SHOWS_MAX:?} in vain until {what}; {at} reads:\n{}", text.as_str().unwrap_or_default())
    }

    /// The first element of a selector.
    async fn find(&self, selector: &str) -> anyhow::Result<Element> {
        let found = self.tell("element", &json!({ "using": "css selector", "value": selector })).await?;
        element(&found)
    }

    /// The element that a script answers with.
    async fn find_by(&self, script: &str, args: &[Value]) -> anyhow::Result<Element> {
        element(&self.run(script, args).await?)
    }

    /// Clicks the first element of a selector, once it is there and can be clicked.
    ///
    /// # Errors
    /// Where it cannot in time.
    pub async fn click(&self, selector: &str) -> anyhow::Result<()> {
        self.again(&format!("clicking {selector}"), async || {
            let Element(id) = self.find(selector).await?;
            self.tell(&format!("element/{id}/click"), &json!({})).await
        })
        .await
    }

    /// Clicks what a script answers with.
    ///
    /// # Errors
    /// Where it cannot in time.
    pub async fn click_by(&self, what: &str, script: &str, args: &[Value]) -> anyhow::Result<()> {
        self.again(&format!("clicking {what}"), async || {
            let Element(id) = self.find_by(script, args).await?;
            self.tell(&format!("element/{id}/click"), &json!({})).await
        })
        .await
    }

    /// Types into a field, behind what stands there.
    ///
    /// # Errors
    /// Where it cannot in time.
    pub async fn write(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        self.again(&format!("writing into {selector}"), async || {
            let Element(id) = self.find(selector).await?;
            self.tell(&format!("element/{id}/value"), &json!({ "text": text })).await
        })
        .await
    }

    /// Empties a field.
    ///
    /// # Errors
    /// Where it cannot in time.
    pub async fn empty(&self, selector: &str) -> anyhow::Result<()> {
        self.again(&format!("emptying {selector}"), async || {
            let Element(id) = self.find(selector).await?;
            self.tell(&format!("element/{id}/clear"), &json!({})).await
        })
        .await
    }

    /// Presses a key on whatever has the focus: a letter, or the code of WebDriver's table of keys.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn press(&self, key: char) -> anyhow::Result<()> {
        let strokes = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.tell("actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] })).await?;
        Ok(())
    }

    /// Gives a command again while what stands in its way goes by.
    async fn again(&self, what: &str, mut command: impl AsyncFnMut() -> anyhow::Result<Value>) -> anyhow::Result<()> {
        let deadline = Instant::now() + SHOWS_MAX;
        let mut looks = interval(LOOK);
        loop {
            looks.tick().await;
            let Err(fault) = command().await else { return Ok(()) };
            let passes = fault.downcast_ref::<Refused>().is_some_and(|refused| PASSING.contains(&&*refused.code));
            if !passes || Instant::now() >= deadline {
                return Err(fault.context(what.to_owned()));
            }
        }
    }

    /// Shows pages as on a screen of this size, in pixels of style sheets.
    ///
    /// # Errors
    /// Where the browser cannot.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let device = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        let order = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": device });
        self.tell("goog/cdp/execute", &order).await?;
        Ok(())
    }

    /// What the browser logged since it was asked last.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn logged(&self) -> anyhow::Result<Vec<Logged>> {
        let entries = self.tell("se/log", &json!({ "type": "browser" })).await?;
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let entries = entries.as_array().cloned().unwrap_or_default();
        let logged = entries.iter().map(|entry| Logged {
            source: text(entry, "source"),
            level: text(entry, "level"),
            words: text(entry, "message"),
        });
        Ok(logged.collect())
    }

    /// Whether a dialog of the page stands open.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn has_dialog(&self) -> anyhow::Result<bool> {
        match self.ask("alert/text").await {
            Ok(_) => Ok(true),
            Err(fault) if fault.downcast_ref::<Refused>().is_some_and(|refused| refused.code == "no such alert") => {
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    /// The tabs that are open.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn tabs(&self) -> anyhow::Result<Vec<String>> {
        let tabs = self.ask("window/handles").await?;
        Ok(tabs.as_array().into_iter().flatten().filter_map(|tab| Some(tab.as_str()?.to_owned())).collect())
    }

    /// The tab that is driven.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn tab(&self) -> anyhow::Result<String> {
        Ok(self.ask("window").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Turns to another tab.
    ///
    /// # Errors
    /// Where there is no such tab.
    pub async fn turn_to(&self, tab: &str) -> anyhow::Result<()> {
        self.tell("window", &json!({ "handle": tab })).await?;
        Ok(())
    }

    /// Closes the tab that is driven; another one must be turned to.
    ///
    /// # Errors
    /// Where the browser cannot.
    pub async fn close_tab(&self) -> anyhow::Result<()> {
        self.command(Method::DELETE, "window", None).await?;
        Ok(())
    }

    /// What is seen, as a PNG in base64.
    ///
    /// # Errors
    /// Where the browser cannot.
    pub async fn picture(&self) -> anyhow::Result<String> {
        Ok(self.ask("screenshot").await?.as_str().unwrap_or_default().to_owned())
    }
}

fn element(value: &Value) -> anyhow::Result<Element> {
    let id = value.get(ELEMENT).and_then(Value::as_str);
    let missing = || Refused { code: "no such element".to_owned(), words: "nothing was found".to_owned() };
    Ok(Element(id.ok_or_else(missing)?.to_owned()))
}
