//! The agents' pages as an agent uses them: signing in, the list, a conversation, its composer, a task.

use std::ops::Deref;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::window::Window;

/// A conversation's lines as they read, without times: who, what, what is attached, what stands on it, how far it got.
const LINES: &str = r##"
const text = (one) => one.textContent.replace(/\s+/g, " ").trim();
return [...document.querySelectorAll("#said > li:not(.day)")].map((li) => {
  const line = li.cloneNode(true);
  for (const gone of line.querySelectorAll("time, .hidden, form, .edited")) gone.remove();
  const parts = (selector) => [...line.querySelectorAll(selector)].map(text).filter((words) => words);
  const who = ["customer", "us", "outside", "notice"].find((name) => li.classList.contains(name));
  const said = who === "notice" ? [text(line).replace(/ ·$/, "")] : parts(".bubble");
  const cards = [...line.querySelectorAll(".attached")].map((card) =>
    "[" + [...card.querySelectorAll(".title, .soft")].map(text).filter((words) => words).join(" | ") + "]");
  const signs = parts(".reactions span:not(.hidden)").map((sign) => "(" + sign + ")");
  const edited = li.querySelector(".edited") ? ["(edited)"] : [];
  const state = li.querySelector(".under strong");
  const far = state ? ["– " + text(state)] : [];
  const why = parts(".reason");
  return who + ": " + [...said, ...cards, ...signs, ...edited, ...far, ...why].join(" ");
});"##;

/// A row of the list of conversations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The customer.
    pub name: String,
    /// What they wrote last.
    pub last: String,
    /// Whether they wait for an answer.
    pub waits: bool,
}

/// The composer of a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Composer {
    /// Which of its states it is in.
    pub state: String,
    /// Whether one may write.
    pub enabled: bool,
    /// What it says about that.
    pub notice: String,
}

/// An agent before the pages of a node.
pub struct Desk {
    window: Window,
    site: String,
}

impl Deref for Desk {
    type Target = Window;

    fn deref(&self) -> &Window {
        &self.window
    }
}

impl Desk {
    /// The pages at this address.
    pub fn new(window: Window, site: String) -> Self {
        Self { window, site }
    }

    /// Opens a page by its path.
    ///
    /// # Errors
    /// Where it cannot be loaded.
    pub async fn open(&self, path: &str) -> anyhow::Result<()> {
        self.go(&format!("{}{path}", self.site)).await
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// Where it cannot be loaded.
    pub async fn conversation(&self, page: &str, psid: &str) -> anyhow::Result<()> {
        self.open(&format!("/conversations/{page}/{psid}")).await?;
        self.until("the conversation is shown", "return document.getElementById('talk') !== null", &[]).await?;
        Ok(())
    }

    /// Fills in the page for signing in and sends it.
    ///
    /// # Errors
    /// Where there is no such page.
    pub async fn sign_in(&self, login: &str, password: &str) -> anyhow::Result<()> {
        self.empty("#login").await?;
        self.write("#login", login).await?;
        self.write("#password", password).await?;
        self.click("main form button").await
    }

    /// Waits until somebody of this name is in.
    ///
    /// # Errors
    /// Where nobody is in time.
    pub async fn is_in(&self, name: &str) -> anyhow::Result<()> {
        let script = "return document.querySelector('.person .name')?.textContent.trim() === arguments[0]";
        self.until(&format!("{name} is signed in"), script, &[json!(name)]).await?;
        Ok(())
    }

    /// Waits until an element is shown that reads so.
    ///
    /// # Errors
    /// Where none does in time.
    pub async fn says(&self, selector: &str, words: &str) -> anyhow::Result<()> {
        let script = "return [...document.querySelectorAll(arguments[0])].some((one) => \
                      one.checkVisibility() && one.textContent.includes(arguments[1]))";
        self.until(&format!("{selector} says “{words}”"), script, &[json!(selector), json!(words)]).await?;
        Ok(())
    }

    /// The rows of the list.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let script = "return [...document.querySelectorAll('#rows > li')].map((row) => ({ \
                      name: row.querySelector('a').textContent, last: row.querySelector('.last').textContent, \
                      waits: row.classList.contains('unread') }))";
        let rows = self.run(script, &[]).await?;
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let row = |row: &Value| Row { name: text(row, "name"), last: text(row, "last"), waits: row["waits"] == true };
        Ok(rows.as_array().into_iter().flatten().map(row).collect())
    }

    /// Waits until the list has such a row.
    ///
    /// # Errors
    /// Where it has not in time.
    pub async fn lists(&self, row: &Row) -> anyhow::Result<()> {
        let script = "return [...document.querySelectorAll('#rows > li')].some((row) => \
                      row.querySelector('a').textContent === arguments[0] && \
                      row.querySelector('.last').textContent === arguments[1] && \
                      row.classList.contains('unread') === arguments[2])";
        let args = [json!(row.name), json!(row.last), json!(row.waits)];
        self.until(&format!("the list has {row:?}"), script, &args).await?;
        Ok(())
    }

    /// The lines of the conversation that is shown.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn lines(&self) -> anyhow::Result<Vec<String>> {
        let lines = self.run(LINES, &[]).await?;
        Ok(lines.as_array().into_iter().flatten().filter_map(|line| Some(line.as_str()?.to_owned())).collect())
    }

    /// Waits until a line of the conversation reads so.
    ///
    /// # Errors
    /// Where none does in time, with all lines.
    pub async fn shows(&self, line: &str) -> anyhow::Result<()> {
        let script = format!("return (() => {{ {LINES} }})().includes(arguments[0])");
        let shown = self.until(&format!("the conversation has the line “{line}”"), &script, &[json!(line)]).await;
        if let Err(fault) = shown {
            let lines = self.lines().await?.join("\n");
            return Err(fault).context(format!("the lines are\n{lines}"));
        }
        Ok(())
    }

    /// How the composer stands.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn composer(&self) -> anyhow::Result<Composer> {
        let script = "const one = document.getElementById('composer'); return { state: one.dataset.state, \
                      enabled: !one.querySelector('textarea').disabled, notice: one.querySelector('#notice').textContent }";
        let found = self.run(script, &[]).await?;
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        Ok(Composer { state: text("state"), enabled: found["enabled"] == true, notice: text("notice") })
    }

    /// Waits until the composer is in this state.
    ///
    /// # Errors
    /// Where it is not in time.
    pub async fn composes(&self, state: &str) -> anyhow::Result<Composer> {
        let script = "return document.getElementById('composer')?.dataset.state === arguments[0]";
        self.until(&format!("the composer is in the state {state}"), script, &[json!(state)]).await?;
        self.composer().await
    }

    /// Writes an answer and sends it.
    ///
    /// # Errors
    /// Where there is no composer to write into.
    pub async fn answer(&self, text: &str) -> anyhow::Result<()> {
        self.write("#text", text).await?;
        self.click("#composer button").await
    }

    /// Marks the page that is shown, so that [`Desk::is_the_same`] knows it again.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn mark(&self) -> anyhow::Result<()> {
        self.run("window.seenBefore = true", &[]).await?;
        Ok(())
    }

    /// Whether the marked page was never loaded again.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn is_the_same(&self) -> anyhow::Result<bool> {
        Ok(self.run("return window.seenBefore === true", &[]).await? == true)
    }

    /// What browsers reported of broken security policies since the node's start.
    ///
    /// # Errors
    /// Where the node does not answer.
    pub async fn reports(&self) -> anyhow::Result<Value> {
        let script =
            "fetch('/csp-report').then((answer) => answer.json()).then(arguments[0], () => arguments[0](null))";
        self.run_on(script, &[]).await
    }
}
