//! Hostile words stay words on every page, and no page is wider than the screen that shows it, whatever stands on it.

use anyhow::Context as _;
use it::browser::desk::Desk;
use it::browser::facebook::Messenger;
use it::browser::window::Window;
use serde_json::{Value, json};
use simulator::fake::facebook::{Attachment, Feed, FeedItem, Said, Verb, What};

use super::{PAGE, Scene, severe};
use crate::turn;

/// A telephone, and a small desk.
pub(super) const SCREENS: [(u32, u32); 2] = [(390, 844), (1280, 800)];

/// What somebody may be called and write.
pub(super) const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "'; alert(3); //</textarea></title></style><svg onload=alert(4)>",
    "\u{202e}gnp.eraw\u{2066}lam",
    "{{7*7}} ${7*7} &lt;b&gt; %3Cb%3E",
    "\u{1f9ff}a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301} ﷽﷽﷽﷽﷽﷽﷽﷽﷽﷽",
];

/// What became an element or a dialog although it was text, what sticks out of the screen, and what a finger cannot hit.
const FAULTS: &str = r##"
const faults = [];
const name = (one) => one.tagName.toLowerCase() + (one.id ? "#" + one.id : "") + (one.className ? "." + one.className : "");
if (document.scripts.length !== arguments[1]) faults.push(document.scripts.length + " scripts");
for (const one of document.querySelectorAll("*"))
  for (const { name: key, value } of one.attributes) {
    if (key.startsWith("on")) faults.push(name(one) + " has " + key);
    if (["href", "src", "action"].includes(key) && one.rel !== "icon" && /^\s*(javascript|data):/i.test(value)) faults.push(name(one) + " leads to " + value);
  }
const screen = arguments[0];
const wide = Math.max(document.documentElement.scrollWidth, innerWidth) - screen;
if (wide > 0) faults.push("the page is " + wide + " px too wide");
const cut = (one) => one && (getComputedStyle(one).overflowX !== "visible" || cut(one.parentElement));
for (const one of document.body.querySelectorAll("*")) {
  if (!one.checkVisibility({ visibilityProperty: true }) || cut(one.parentElement)) continue;
  const { left, right, width, height } = one.getBoundingClientRect();
  // What lies left of the screen altogether is shown when it has the focus.
  const out = right > screen + 1 || (left < -1 && right > 0);
  if (out && width > 1 && height > 1) faults.push(name(one) + " from " + Math.round(left) + " to " + Math.round(right));
}
// A finger needs 44 px; a row of a list is touched anywhere, and a link in a sentence is as high as its line.
for (const one of document.querySelectorAll("a[href], button, summary, select")) {
  if (screen > 640 || !one.checkVisibility({ visibilityProperty: true }) || one.matches(".row-top a, p a, .steps a, .skip")) continue;
  const { right, height } = one.getBoundingClientRect();
  if (right > 0 && height > 1 && height < 43.5) faults.push(name(one) + " is " + Math.round(height) + " px high");
}
// The stand-in scrolls inside its frame, never as a whole.
const grown = document.documentElement.scrollHeight - innerHeight;
if (document.querySelector(".shell") && grown > 1) faults.push("a second scroll bar, for " + grown + " px");
return faults;"##;

/// Whether a text stands somewhere as it is, in one element.
const STANDS: &str =
    "return [...document.querySelectorAll(arguments[0])].some((one) => one.textContent.trim() === arguments[1].trim())";

/// A word without an end.
fn word() -> String {
    "endless".chars().cycle().take(2_000).collect()
}

/// What is wrong with the page that is shown on a screen of this width.
async fn faults(window: &Window, width: u32, page: &str) -> anyhow::Result<Vec<String>> {
    faults_with(window, width, page, 1).await
}

/// The same of a page with so many scripts.
pub(super) async fn faults_with(window: &Window, width: u32, page: &str, scripts: u32) -> anyhow::Result<Vec<String>> {
    anyhow::ensure!(!window.has_dialog().await?, "{page} opens a dialog");
    let faults = window.run(FAULTS, &[json!(width), json!(scripts)]).await?;
    let faults = faults.as_array().context("a list")?.iter().take(4);
    Ok(faults.map(|fault| format!("{page}, {width} px: {fault}")).collect())
}

async fn stands(window: &Window, selector: &str, text: &str) -> anyhow::Result<()> {
    let stands = window.run(STANDS, &[json!(selector), json!(text)]).await?;
    anyhow::ensure!(stands == true, "{text:?} stands in no {selector}");
    Ok(())
}

/// Customers whose names and words are hostile, each with a task and an answer.
async fn people(scene: &Scene) -> anyhow::Result<Vec<(String, String)>> {
    let long = word();
    let words = HOSTILE.into_iter().chain([&*long]);
    let mut people = Vec::new();
    for (nth, text) in words.enumerate() {
        let (psid, name) = (format!("60{nth:02}"), text.chars().take(90).collect::<String>());
        let attachments = vec![
            Attachment::Fallback {
                url: Some("javascript:alert(5)".to_owned()),
                title: Some(text.chars().take(400).collect()),
            },
            Attachment::Other { name: name.clone(), payload: Value::Null },
        ];
        let said = Said { text: Some(text.to_owned()), attachments, ..Said::default() };
        scene.happens(&Scene::somebody(&psid, &name, What::Message(said))).await?;
        let comment = Feed { message: Some(text.to_owned()), ..Feed::new(FeedItem::Comment, Verb::Add) };
        scene.happens(&Scene::somebody(&psid, &name, What::Feed(comment))).await?;
        people.push((psid, text.to_owned()));
    }
    Ok(people)
}

async fn agent_sees(desk: &Desk, width: u32, people: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for path in ["/", "/?show=unanswered", "/happenings", "/tasks", "/nowhere"] {
        desk.open(path).await?;
        found.extend(faults(desk, width, path).await?);
    }
    assert_eq!(severe(desk).await?.len(), 1, "a browser logs the page that is not there, and nothing else");
    for (psid, text) in people {
        desk.conversation(PAGE, psid).await?;
        stands(desk, "#said .customer .bubble", text).await?;
        found.extend(faults(desk, width, &format!("the conversation of {psid}")).await?);
        let task = desk.run("return document.querySelector('#state a.task').getAttribute('href')", &[]).await?;
        desk.open(task.as_str().context("the conversation has a task")?).await?;
        stands(desk, "#comments .answer .words", text).await?;
        found.extend(faults(desk, width, &format!("the task of {psid}")).await?);
    }
    Ok(found)
}

async fn customer_sees(one: &Messenger, width: u32, people: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let me = format!("page={PAGE}&psid={}", people[0].0);
    let rooms =
        ["/".to_owned(), format!("/?page={PAGE}"), format!("/wall?{me}"), format!("/ad?{me}"), format!("/lead?{me}")];
    for room in rooms {
        one.open(&room).await?;
        found.extend(faults(one, width, &format!("the stand-in’s {room}")).await?);
    }
    for (psid, text) in people {
        one.thread(PAGE, psid).await?;
        stands(one, "#thread .mine .bubble > p", text).await?;
        stands(one, "#thread .theirs .bubble > p", text).await?;
        found.extend(faults(one, width, &format!("the thread of {psid}")).await?);
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_words_stay_words_and_no_page_is_wider_than_its_screen() {
    let _turn = turn().await;
    let scene = Scene::set().await.unwrap();
    let (desk, messenger) = (&scene.desk, &scene.messenger);
    for (width, height) in SCREENS {
        desk.resize(width, height).await.unwrap();
        desk.open("/sign-in").await.unwrap();
        assert_eq!(faults(desk, width, "the page to sign in").await.unwrap(), [""; 0]);
    }
    desk.sign_in(super::LOGIN, super::PASSWORD).await.unwrap();
    desk.is_in(super::AGENT).await.unwrap();

    let people = people(&scene).await.unwrap();
    scene.stage.quiet(super::STARTS_MAX).await.unwrap();
    desk.open("/").await.unwrap();
    let all = format!("return document.querySelectorAll('#rows > li').length === {}", people.len());
    desk.until("all customers are listed", &all, &[]).await.unwrap();
    for (psid, text) in &people {
        desk.conversation(PAGE, psid).await.unwrap();
        desk.composes("open").await.unwrap();
        // What an agent writes is no safer than what a customer does.
        desk.run("document.getElementById('text').value = arguments[0]", &[json!(text)]).await.unwrap();
        desk.click("#composer button").await.unwrap();
        desk.until(
            "it is sent",
            "return document.querySelector('#said .us .under strong')?.textContent === 'delivered'",
            &[],
        )
        .await
        .unwrap();
        stands(desk, "#said .us .bubble", text).await.unwrap();
    }
    let mut found = Vec::new();
    for (width, height) in SCREENS {
        desk.resize(width, height).await.unwrap();
        messenger.resize(width, height).await.unwrap();
        let (agent, customer) = (agent_sees(desk, width, &people), customer_sees(messenger, width, &people));
        let (agent, customer) = futures_util::try_join!(agent, customer).unwrap();
        found.extend([agent, customer].concat());
    }
    assert_eq!(found, [""; 0], "{found:#?}");
    scene.end().await.unwrap();
}
