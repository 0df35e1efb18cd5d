//! The composer of one open page while the clock of node and stand-in is moved: through 24 hours and through seven days, and
//! through each of its states; what is sent twice by one click too many, and words that look like a page.
//!
//! Over `pagedesk sandbox`, whose node and stand-in share a clock that can be moved. Invariant: where a page is said to be
//! the same, it was never loaded again.

use std::time::Duration;

use it::browser::desk::{Composer, Desk};
use it::browser::driver::Driver;
use it::http::Caller;
use it::process::Daemon;
use it::wait::looked_at_every;
use model::Span;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{STARTS_MAX, severe};
use crate::crash::PROGRAMS;
use crate::turn;

/// The Page of the sandbox that is written to.
const BAKERY: &str = "104000000000017";
/// Who writes.
const PSID: &str = "7100000000000099";

/// A sandbox with an agent before its pages.
struct Sandbox {
    desk: Desk,
    driver: Driver,
    program: Daemon,
    facebook: String,
    site: String,
    caller: Caller,
    dir: TempDir,
}

impl Sandbox {
    async fn start() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let store = dir.path().join("store").display().to_string();
        let args = ["--log-level", "warn", "sandbox", "--json", "--dir", &store];
        let mut program = Daemon::talking(PROGRAMS.pagedesk, &args, &dir.path().join("sandbox.log"))?;
        let told: Value = serde_json::from_str(&program.line().await?)?;
        let text = |key: &str| told[key].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
        let driver = Driver::start(dir.path()).await?;
        let desk = Desk::new(driver.open("agent").await?, text("desk"));
        desk.open("/sign-in").await?;
        desk.sign_in(&text("login"), &text("password")).await?;
        desk.is_in("Ada Osei").await?;
        Ok(Self {
            desk,
            driver,
            program,
            facebook: text("facebook"),
            site: text("desk"),
            caller: Caller::default(),
            dir,
        })
    }

    /// An order to the stand-in.
    async fn order(&self, order: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/_control/{order}", self.facebook);
        let answer = self.caller.post_json(&url, body, None).await?;
        anyhow::ensure!(answer.status == 200, "{}: {body}", answer.text());
        Ok(answer.json())
    }

    /// Something happens to the customer of these tests.
    async fn happens(&self, what: Value) -> anyhow::Result<()> {
        let body = json!({ "page": BAKERY, "psid": PSID, "name": "Mara Lindqvist", "what": what });
        self.order("happen", &body).await?;
        Ok(())
    }

    async fn writes(&self, text: &str) -> anyhow::Result<()> {
        self.happens(json!({ "kind": "message", "text": text })).await
    }

    /// Node and stand-in are so much later.
    async fn passes(&self, span: Span) -> anyhow::Result<()> {
        self.order("clock", &json!({ "advance_ms": span })).await?;
        Ok(())
    }

    /// What the customer was sent: text and tag.
    async fn bubbles(&self) -> anyhow::Result<Vec<(String, Option<String>)>> {
        let state = self.caller.get(&format!("{}/_control/state", self.facebook)).await?.json();
        assert_eq!(state["violations"], json!([]), "nothing was tried that Meta forbids");
        let text = |bubble: &Value, key: &str| bubble[key].as_str().map(str::to_owned);
        let all = state["bubbles"].as_array().into_iter().flatten().filter(|bubble| bubble["psid"] == PSID);
        Ok(all.map(|bubble| (text(bubble, "text").unwrap_or_default(), text(bubble, "tag"))).collect())
    }

    /// The conversation, open and marked.
    async fn opens(&self) -> anyhow::Result<()> {
        self.writes("Do you bake on Sundays?").await?;
        let url = format!("{}/api/v1/conversations/{BAKERY}/{PSID}", self.site);
        let is_there = async || {
            self.caller.get(&url).await.is_ok_and(|answer| answer.status == 200 && answer.json()["task"].is_string())
        };
        looked_at_every(Duration::from_millis(20), STARTS_MAX, is_there).await;
        self.desk.conversation(BAKERY, PSID).await?;
        self.desk.composes("open").await?;
        self.desk.mark().await
    }

    async fn end(mut self) -> anyhow::Result<()> {
        assert_eq!(severe(&self.desk).await?, [], "nothing went wrong in the browser");
        self.program.terminate()?;
        let status = self.program.end(STARTS_MAX).await?;
        assert_eq!(status.and_then(|status| status.code()), Some(0));
        drop((self.desk, self.driver, self.dir));
        Ok(())
    }
}

/// Whether one may write in this state, and what it says about it.
fn stands(composer: &Composer, enabled: bool, words: &str) {
    assert!(composer.enabled == enabled && composer.notice.contains(words), "{composer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_composer_crosses_a_day_and_a_week_while_the_clock_is_moved() {
    let _turn = turn().await;
    let sandbox = Sandbox::start().await.unwrap();
    let desk = &sandbox.desk;
    sandbox.opens().await.unwrap();
    sandbox.passes(Span::hours(23)).await.unwrap();
    desk.says("#state", "00:5").await.unwrap();
    assert_eq!(desk.composer().await.unwrap().state, "open");

    sandbox.passes(Span::hours(1)).await.unwrap();
    let person = desk.composes("human-agent").await.unwrap();
    assert!(person.enabled, "{person:?}");
    sandbox.passes(Span::days(5)).await.unwrap();
    desk.says("#state", "human agent 0 d 23 h").await.unwrap();
    assert!(desk.is_the_same().await.unwrap(), "a day and five more went by in one page");

    // A person's answer in that time goes out under the tag for persons.
    desk.answer("From eight to noon.").await.unwrap();
    desk.shows("us: From eight to noon. – delivered").await.unwrap();
    let tagged = [("From eight to noon.".to_owned(), Some("HUMAN_AGENT".to_owned()))];
    assert_eq!(sandbox.bubbles().await.unwrap(), tagged);

    desk.mark().await.unwrap();
    sandbox.passes(Span::hours(24)).await.unwrap();
    let closed = desk.composes("window-closed").await.unwrap();
    stands(&closed, false, "until the customer writes");
    desk.run("document.getElementById('text').value = 'And on'", &[]).await.unwrap();
    sandbox.writes("And on holidays?").await.unwrap();
    assert!(desk.composes("open").await.unwrap().enabled);
    assert!(desk.is_the_same().await.unwrap(), "it closed and opened in one page");
    desk.answer(" holidays too.").await.unwrap();
    desk.shows("us: And on holidays too. – delivered").await.unwrap();
    assert_eq!(sandbox.bubbles().await.unwrap(), [tagged[0].clone(), ("And on holidays too.".to_owned(), None)]);
    sandbox.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_composer_shows_whose_the_thread_is_and_how_the_page_stands() {
    let _turn = turn().await;
    let sandbox = Sandbox::start().await.unwrap();
    let desk = &sandbox.desk;
    sandbox.opens().await.unwrap();
    let passed = json!({ "kind": "pass_thread", "from": "990017", "to": "263902037430900" });
    sandbox.happens(passed).await.unwrap();
    stands(&desk.composes("standby").await.unwrap(), false, "Another app");
    let back = json!({ "kind": "pass_thread", "from": "263902037430900", "to": "990017" });
    sandbox.happens(back).await.unwrap();
    assert!(desk.composes("open").await.unwrap().enabled);

    let acts = |action: &str| json!({ "page": BAKERY, "what": { "kind": "policy_enforcement", "action": action } });
    sandbox.order("happen", &acts("block")).await.unwrap();
    stands(&desk.composes("page-restricted").await.unwrap(), true, "");
    sandbox.order("happen", &acts("unblock")).await.unwrap();
    assert!(desk.composes("open").await.unwrap().enabled);
    assert!(desk.is_the_same().await.unwrap(), "all of it in one page");

    // A token that Meta refuses is noticed by the answer that needs it; the answer waits.
    sandbox.order("faults", &json!({ "dead_tokens": [BAKERY] })).await.unwrap();
    desk.answer("On Sundays we rest.").await.unwrap();
    stands(&desk.composes("needs-reconnect").await.unwrap(), true, "");
    assert_eq!(sandbox.bubbles().await.unwrap(), []);
    let refused = severe(desk).await.unwrap();
    assert_eq!(refused, [], "a page that cannot send is no fault of the browser");
    sandbox.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_sends_once_and_hostile_words_stay_words() {
    let _turn = turn().await;
    let sandbox = Sandbox::start().await.unwrap();
    let desk = &sandbox.desk;
    sandbox.opens().await.unwrap();
    desk.write("#text", "At eight.").await.unwrap();
    let twice = "const button = document.querySelector('#composer button'); button.click(); button.click();";
    desk.run(twice, &[]).await.unwrap();
    desk.shows("us: At eight. – delivered").await.unwrap();
    assert_eq!(sandbox.bubbles().await.unwrap(), [("At eight.".to_owned(), None)]);

    let hostile =
        "\"><img src=x onerror=\"window.broken=1\"><script>window.broken=1</script>&lt;b&gt;{{7*7}}</textarea>";
    sandbox.writes(hostile).await.unwrap();
    desk.shows(&format!("customer: {hostile}")).await.unwrap();
    desk.answer(hostile).await.unwrap();
    desk.shows(&format!("us: {hostile} – delivered")).await.unwrap();
    let bubbles = sandbox.bubbles().await.unwrap();
    assert_eq!(bubbles.len(), 2, "one click more sent one more");
    assert_eq!(bubbles[1].0, hostile, "it left as it was typed");
    let broken =
        "return [window.broken ?? null, document.querySelectorAll('#talk img[src=x], #talk script, #talk b').length]";
    assert_eq!(desk.run(broken, &[]).await.unwrap(), json!([null, 0]));
    sandbox.end().await.unwrap();
}
