//! The stand-in's pages as a customer uses them: a conversation with its menus, the wall, the ad and the lead form.

use std::ops::Deref;

use anyhow::Context as _;
use serde_json::json;

use super::window::Window;

/// A thread's lines as they read, without times.
const LINES: &str = r##"
const text = (one) => one.textContent.replace(/\s+/g, " ").trim();
return [...document.querySelectorAll("#thread ol.lines > li:not(.day)")].map((li) => {
  if (li.classList.contains("note")) return "note: " + text(li);
  const parts = (selector) => [...li.querySelectorAll(selector)].map(text).filter((words) => words);
  const pictures = [...li.querySelectorAll(".bubble img")].map((one) => "[" + one.className + "]");
  const changed = li.querySelector(".at")?.textContent.includes("changed") ? ["(changed)"] : [];
  const said = [...parts(".bubble > p"), ...pictures, ...parts(".signs .unseen:not(:first-child)"), ...changed, ...parts(".mark")];
  return (li.classList.contains("mine") ? "mine: " : "theirs: ") + said.join(" ");
});"##;

/// The line of a thread whose text is the first argument.
const LINE: &str = r##"const line = [...document.querySelectorAll("#thread li.line")]
  .find((li) => [...li.querySelectorAll(".bubble > p")].some((one) => one.textContent === arguments[0]));"##;

/// A customer before the pages of the stand-in.
pub struct Messenger {
    window: Window,
    url: String,
}

impl Deref for Messenger {
    type Target = Window;

    fn deref(&self) -> &Window {
        &self.window
    }
}

impl Messenger {
    /// The pages at this address.
    pub fn new(window: Window, url: String) -> Self {
        Self { window, url }
    }

    /// Opens a page by its path.
    ///
    /// # Errors
    /// Where it cannot be loaded.
    pub async fn open(&self, path: &str) -> anyhow::Result<()> {
        self.go(&format!("{}{path}", self.url)).await
    }

    /// Opens a thread.
    ///
    /// # Errors
    /// Where it cannot be loaded.
    pub async fn thread(&self, page: &str, psid: &str) -> anyhow::Result<()> {
        self.open(&format!("/?page={page}&psid={psid}")).await?;
        self.is_in_thread().await
    }

    /// Goes from room to room as the same customer: `/`, `/wall`, `/ad`, `/lead`.
    ///
    /// # Errors
    /// Where the page that is shown does not lead there.
    pub async fn walks_to(&self, room: &str) -> anyhow::Result<()> {
        let url = self.url().await?;
        let query = url.split_once('?').context("no customer was chosen")?.1;
        let query: Vec<&str> =
            query.split(['&', '#']).filter(|part| part.starts_with("page=") || part.starts_with("psid=")).collect();
        self.open(&format!("{room}?{}", query.join("&"))).await
    }

    async fn is_in_thread(&self) -> anyhow::Result<()> {
        self.until("the thread is shown", "return document.getElementById('thread') !== null", &[]).await?;
        Ok(())
    }

    /// Somebody new writes to a Page; who they are now.
    ///
    /// # Errors
    /// Where the page does not let them.
    pub async fn begin(&self, page: &str, name: &str, text: &str) -> anyhow::Result<String> {
        self.open(&format!("/?page={page}")).await?;
        self.write("form.card input[name=name]", name).await?;
        self.write("form.card textarea", text).await?;
        self.click("form.card button").await?;
        self.is_in_thread().await?;
        let url = self.url().await?;
        let psid = url.split(['?', '&']).find_map(|part| part.strip_prefix("psid=")).context("no customer")?;
        Ok(psid.to_owned())
    }

    /// Writes a message and sends it.
    ///
    /// # Errors
    /// Where there is no field for it.
    pub async fn says(&self, text: &str) -> anyhow::Result<()> {
        self.write("#text", text).await?;
        self.click("#write button.send").await?;
        self.is_sent().await
    }

    /// Waits until the field to write in is empty again and no menu stands open.
    async fn is_sent(&self) -> anyhow::Result<()> {
        let script = "return document.querySelector('#text').value === '' && \
                      document.querySelector('details.menu[open]') === null";
        self.until("the message is sent", script, &[]).await?;
        Ok(())
    }

    /// Presses a button of the menu for pictures and files.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn attaches(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.click("#pictures summary").await?;
        self.click(&format!("#pictures button[name={name}][value={value}]")).await?;
        self.is_sent().await
    }

    /// Sends a file of their own.
    ///
    /// # Errors
    /// Where there is no field for it.
    pub async fn sends_file(&self, path: &str) -> anyhow::Result<()> {
        self.click("#pictures summary").await?;
        self.write("#pictures input[type=file]", path).await?;
        self.click("#pictures button[value=write]").await?;
        self.is_sent().await
    }

    /// Presses a button in the menu of the line that reads so.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn does_with(&self, line: &str, name: &str, value: &str) -> anyhow::Result<()> {
        self.opens_menu_of(line).await?;
        let script = format!("{LINE} return line?.querySelector(arguments[1])");
        let button = format!("button[name={name}][value={value}]");
        self.click_by(&format!("{button} of “{line}”"), &script, &[json!(line), json!(button)]).await?;
        self.is_sent().await
    }

    /// Follows a link in the menu of the line that reads so: `Reply` or `Change`.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn follows(&self, line: &str, link: &str) -> anyhow::Result<()> {
        self.opens_menu_of(line).await?;
        let script = format!(
            "{LINE} return [...line?.querySelectorAll('.pop a') ?? []].find((one) => one.textContent === arguments[1])"
        );
        self.click_by(&format!("{link} of “{line}”"), &script, &[json!(line), json!(link)]).await?;
        self.until("the thread is shown", "return document.querySelector('#write .quote') !== null", &[]).await?;
        Ok(())
    }

    async fn opens_menu_of(&self, line: &str) -> anyhow::Result<()> {
        let script = format!("{LINE} return line?.querySelector('details.menu:not([open]) > summary')");
        self.click_by(&format!("the menu of “{line}”"), &script, &[json!(line)]).await?;
        let open = format!("{LINE} return line?.querySelector('details.menu[open]') != null");
        self.until("the menu is open", &open, &[json!(line)]).await?;
        Ok(())
    }

    /// Chooses what a message of the Page offers.
    ///
    /// # Errors
    /// Where it is not offered.
    pub async fn chooses(&self, title: &str) -> anyhow::Result<()> {
        let script = "return [...document.querySelectorAll('#thread button.choice')].find((one) => \
                      one.textContent.trim() === arguments[0])";
        self.click_by(title, script, &[json!(title)]).await
    }

    /// Presses a button of the menu with more to do.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn does(&self, value: &str) -> anyhow::Result<()> {
        self.click("#more summary").await?;
        self.run("window.leftBehind = true", &[]).await?;
        self.click(&format!("#more button[value={value}]")).await?;
        // This form is no part of the thread: its page is loaded anew.
        let script = "return window.leftBehind === undefined && document.getElementById('thread') !== null";
        self.until("the thread is shown again", script, &[]).await?;
        Ok(())
    }

    /// Fills in fields of a form and presses one of its buttons, by their selectors; the page is loaded anew.
    ///
    /// # Errors
    /// Where there is no such form.
    pub async fn sends(&self, form: &str, fields: &[(&str, &str)], button: &str) -> anyhow::Result<()> {
        let open = "window.leftBehind = true; \
                    for (let one = document.querySelector(arguments[0]); one; one = one.parentElement) \
                    if (one.tagName === 'DETAILS') one.open = true;";
        self.run(open, &[json!(form)]).await?;
        for (name, text) in fields {
            self.empty(&format!("{form} [name='{name}']")).await?;
            self.write(&format!("{form} [name='{name}']"), text).await?;
        }
        self.click(&format!("{form} {button}")).await?;
        self.until(
            "the page is loaded anew",
            "return window.leftBehind === undefined && document.readyState === 'complete'",
            &[],
        )
        .await?;
        Ok(())
    }

    /// The lines of the thread that is shown.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn lines(&self) -> anyhow::Result<Vec<String>> {
        let lines = self.run(LINES, &[]).await?;
        Ok(lines.as_array().into_iter().flatten().filter_map(|line| Some(line.as_str()?.to_owned())).collect())
    }

    /// Waits until a line of the thread reads so, or begins so.
    ///
    /// # Errors
    /// Where none does in time, with all lines.
    pub async fn shows(&self, line: &str) -> anyhow::Result<()> {
        let script = format!("return (() => {{ {LINES} }})().some((line) => line.startsWith(arguments[0]))");
        let shown = self.until(&format!("the thread has the line “{line}”"), &script, &[json!(line)]).await;
        if let Err(fault) = shown {
            let lines = self.lines().await?.join("\n");
            return Err(fault).context(format!("the lines are\n{lines}"));
        }
        Ok(())
    }

    /// What the page complains of; empty where all is well.
    ///
    /// # Errors
    /// Where the browser does not answer.
    pub async fn trouble(&self) -> anyhow::Result<String> {
        let script = "const one = document.getElementById('trouble'); return one && !one.hidden ? one.textContent : ''";
        Ok(self.run(script, &[]).await?.as_str().map(str::to_owned).unwrap_or_default())
    }
}
