//! The report of a replay in a browser, as somebody opens it who got the file with a ticket: from a disk, without a node.
//!
//! Nothing is asked of anybody; whatever people wrote stays words; every place can be linked to and reached by keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use it::browser::driver::Driver;
use it::browser::window::Window;
use serde_json::{Value, json};

use super::looks::{HOSTILE, SCREENS, faults_with};
use super::severe;
use crate::crash::PROGRAMS;
use crate::turn;

/// Source of the codes: W3C *WebDriver*, "Keyboard actions", read 2026-11-23.
const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';
const DOWN: char = '\u{e015}';

/// The card that has the focus.
const FOCUSED: &str = "return document.activeElement.id";
/// Whether the record of this place is shown.
const SHOWN: &str = "const one = document.getElementById('record'); return !one.hidden && \
                     one.querySelector('.anchor a').textContent === '#' + arguments[0]";

/// A browser, and a directory for the files that it opens.
struct Reader {
    window: Window,
    _driver: Driver,
    dir: tempfile::TempDir,
}

impl Reader {
    async fn sits_down() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let driver = Driver::start(dir.path()).await?;
        let window = driver.open("reader").await?;
        Ok(Self { window, _driver: driver, dir })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Opens the report at a place.
    async fn opens(&self, place: &str) -> anyhow::Result<()> {
        // Another place of the same file would not load it anew.
        self.window.go("about:blank").await?;
        self.window.go(&format!("file://{}{place}", self.path("report.html").display())).await?;
        self.window
            .until("the report is drawn", "return document.documentElement.dataset.ready === 'true'", &[])
            .await?;
        Ok(())
    }

    /// Leaves with nothing loaded, nothing reported and nothing logged.
    async fn leaves(self) -> anyhow::Result<()> {
        let loaded = "return performance.getEntriesByType('resource').map((one) => one.name)";
        assert_eq!(self.window.run(loaded, &[]).await?, json!([]), "everything is in the file");
        assert_eq!(severe(&self.window).await?, []);
        Ok(())
    }
}

/// Runs the program; it ends with this code.
fn pagedesk(arguments: &[&str], code: i32) -> anyhow::Result<()> {
    let ran = Command::new(PROGRAMS.pagedesk).args(["--log-level", "error"]).args(arguments).output()?;
    let said = |of: &[u8]| String::from_utf8_lossy(of).into_owned();
    anyhow::ensure!(ran.status.code() == Some(code), "{}\n{}\n{}", ran.status, said(&ran.stdout), said(&ran.stderr));
    Ok(())
}

/// Draws the first steps, of which somebody had approved something else: the last refusal was only held.
fn drawn(reader: &Reader) -> anyhow::Result<()> {
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings/first-steps");
    let copy = reader.path("first-steps");
    fs::create_dir(&copy)?;
    for file in fs::read_dir(&recording)? {
        let file = file?;
        fs::copy(file.path(), copy.join(file.file_name()))?;
    }
    let trace = fs::read_to_string(copy.join("approved.trace"))?;
    let other = trace.replace("part-refused part=1 reason=window-closed", "part-held part=1 reason=window-closed");
    anyhow::ensure!(trace != other, "the recording has a refusal");
    fs::write(copy.join("approved.trace"), other)?;
    let (copy, report) = (copy.display().to_string(), reader.path("report.html").display().to_string());
    pagedesk(&["replay", &copy, "--html", &report], 1)
}

async fn is_shown(window: &Window, place: &str) -> anyhow::Result<()> {
    window.until(&format!("the record of {place} is shown"), SHOWN, &[json!(place)]).await?;
    Ok(())
}

async fn text(window: &Window, selector: &str) -> anyhow::Result<String> {
    let found = window.run("return document.querySelector(arguments[0])?.textContent", &[json!(selector)]).await?;
    found.as_str().map(str::to_owned).with_context(|| format!("there is no {selector}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_opens_from_the_disk_at_any_place_and_asks_nobody() {
    let _turn = turn().await;
    let reader = Reader::sits_down().await.unwrap();
    drawn(&reader).unwrap();
    let window = &reader.window;
    reader.opens("").await.unwrap();
    assert_eq!(text(window, ".verdict strong").await.unwrap(), "1 difference");
    let lanes = "return [...document.querySelectorAll('.lane-of')].map((lane) => lane.textContent)";
    assert_eq!(window.run(lanes, &[]).await.unwrap(), json!(["Webhook", "Conversation", "Tracker", "Send API"]));

    // What was approved stands beside what came now, and leads to it.
    let sides = "const [a, b] = document.querySelectorAll('.difference .side'); const [l, r] = \
                 [a.getBoundingClientRect(), b.getBoundingClientRect()]; \
                 return [l.top === r.top, l.right <= r.left + 1, a.innerText.includes('held'), b.innerText.includes('refused')]";
    assert_eq!(window.run(sides, &[]).await.unwrap(), json!([true, true, true, true]));
    window.click(".difference header a").await.unwrap();
    let refused = "e-A-c4-19";
    is_shown(window, refused).await.unwrap();
    assert_eq!(window.run(FOCUSED, &[]).await.unwrap(), json!(refused));
    let fields = "return [...document.querySelectorAll('#record dt')].map((name) => [name.textContent, name.nextSibling.textContent])";
    let fields = window.run(fields, &[]).await.unwrap();
    let field = |name: &str| {
        let found = fields.as_array().unwrap().iter().find(|field| field[0] == name);
        found.map(|field| field[1].as_str().unwrap().to_owned())
    };
    assert_eq!(field("reason").as_deref(), Some("window-closed"), "{fields}");
    assert_eq!(field("lane").as_deref(), Some("Conversation, an event"), "{fields}");
    assert!(field("7 d window").is_some_and(|words| words.starts_with("closed")), "{fields}");

    // The same place, by its address, and that of a delivery, which has no number.
    let delivery = window.run("return document.querySelector('.card.webhook').id", &[]).await.unwrap();
    for place in [refused, delivery.as_str().unwrap()] {
        reader.opens(&format!("#{place}")).await.unwrap();
        is_shown(window, place).await.unwrap();
        let seen = "const { top, bottom } = document.getElementById(arguments[0]).getBoundingClientRect(); \
                    return top > 0 && bottom < innerHeight";
        window.until("it is on the screen", seen, &[json!(place)]).await.unwrap();
    }
    reader.opens("#c-A-c1").await.unwrap();
    assert_eq!(text(window, "#whose h3").await.unwrap(), "Mara Lindqvist");
    let cards =
        "return [...document.querySelectorAll('.card.conversation')].every((card) => card.id.startsWith('e-A-c1-'))";
    assert_eq!(window.run(cards, &[]).await.unwrap(), json!(true));
    let bars = "return ['standard', 'human_agent'].map((of) => document.querySelectorAll(`#whose .bar-${of}`).length > 0 && \
                document.querySelectorAll(`#lines .closing.${of}`).length > 0)";
    assert_eq!(window.run(bars, &[]).await.unwrap(), json!([true, true]), "both windows are drawn and close");
    assert_eq!(severe(window).await.unwrap(), []);

    // The policy stands: what the page itself never asks for is refused.
    let asks = "const done = arguments[0]; addEventListener('securitypolicyviolation', (told) => done(told.effectiveDirective)); \
                document.body.append(Object.assign(document.createElement('img'), { src: 'https://127.0.0.1:9/x.png' }))";
    assert_eq!(window.run_on(asks, &[]).await.unwrap(), json!("img-src"));
    assert_eq!(severe(window).await.unwrap().len(), 1, "that, and nothing else");
    reader.opens("").await.unwrap();
    reader.leaves().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_filters_lead_through_a_report() {
    let _turn = turn().await;
    let reader = Reader::sits_down().await.unwrap();
    drawn(&reader).unwrap();
    let window = &reader.window;
    reader.opens("#c-A-c1").await.unwrap();
    window.run("document.querySelector('#lines .card').focus()", &[]).await.unwrap();
    let first = window.run(FOCUSED, &[]).await.unwrap();
    window.press(DOWN).await.unwrap();
    let second = window.run(FOCUSED, &[]).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(window.run("return document.getElementById('record').hidden", &[]).await.unwrap(), json!(true));
    window.press(ENTER).await.unwrap();
    is_shown(window, second.as_str().unwrap()).await.unwrap();
    assert!(window.url().await.unwrap().ends_with(&format!("#{}", second.as_str().unwrap())), "the address names it");
    window.press('k').await.unwrap();
    is_shown(window, first.as_str().unwrap()).await.unwrap();
    window.press(ESCAPE).await.unwrap();
    assert_eq!(window.run("return document.getElementById('record').hidden", &[]).await.unwrap(), json!(true));
    assert_eq!(window.run(FOCUSED, &[]).await.unwrap(), first, "the focus is where it was");

    // By keys to what is marked, wherever it is.
    reader.opens("").await.unwrap();
    window.press('n').await.unwrap();
    let marked = "const of = document.activeElement.classList; return ['refusal', 'held', 'doubt', 'fault', 'differs'].some((mark) => of.contains(mark))";
    assert_eq!(window.run(marked, &[]).await.unwrap(), json!(true));

    let chosen = "const [id, value] = arguments; const one = document.getElementById(id); one.value = value; \
                  one.dispatchEvent(new Event('change')); return [...document.querySelectorAll('.card .kind')].map((kind) => kind.textContent)";
    let refused = window.run(chosen, &[json!("f-mark"), json!("refusal")]).await.unwrap();
    assert_eq!(refused, json!(["part-refused"]));
    window.run(chosen, &[json!("f-mark"), json!("")]).await.unwrap();
    let kinds = window.run(chosen, &[json!("f-kind"), json!("task-opening")]).await.unwrap();
    assert!(
        kinds.as_array().is_some_and(|kinds| kinds.len() > 1 && kinds.iter().all(|kind| kind == "task-opening")),
        "{kinds}"
    );
    let of_one = window.run(chosen, &[json!("f-who"), json!("A/c1")]).await.unwrap();
    assert_eq!(of_one, json!(["task-opening"]));
    window.press('/').await.unwrap();
    assert_eq!(window.run(FOCUSED, &[]).await.unwrap(), json!("f-words"));
    window.write("#f-words", "no such words").await.unwrap();
    window.until("nothing is left", "return document.getElementById('nothing').checkVisibility()", &[]).await.unwrap();
    reader.leaves().await.unwrap();
}

/// A trace in which everybody is called and writes what is hostile.
fn hostile(sign: &str) -> String {
    let mut head = "# trace 1: <img src=x onerror=alert(6)>\n# begins 2026-06-01T08:00:00.000Z\n# A 104 \"><script>alert(7)</script>\n".to_owned();
    let mut lines = String::new();
    for (nth, text) in HOSTILE.iter().enumerate() {
        head.push_str(&format!("# A/c{nth} 71{nth} {text}\n"));
        let text = text.replace('"', "\\\"");
        lines.push_str(&format!(
            "000:00:0{nth}.000 A/c{nth}       1  received-message mid=m_{nth} {sign}=\"{text}\" \"{text}{sign}\"\n"
        ));
    }
    format!("{head}\n{lines}\nsummary\n  deliveries  {}\n", HOSTILE.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_words_stay_words_in_a_report_and_it_fits_its_screen() {
    let _turn = turn().await;
    let reader = Reader::sits_down().await.unwrap();
    let [before, now, report] = ["before.trace", "now.trace", "report.html"].map(|name| reader.path(name));
    fs::write(&before, hostile("x")).unwrap();
    fs::write(&now, hostile("y")).unwrap();
    let [before, now, report] = [before, now, report].map(|path| path.display().to_string());
    pagedesk(&["replay", "diff", &before, &now, "--html", &report], 1).unwrap();
    let window = &reader.window;
    let mut found = Vec::new();
    for (width, height) in SCREENS {
        window.resize(width, height).await.unwrap();
        reader.opens("").await.unwrap();
        found.extend(faults_with(window, width, "the report", 2).await.unwrap());
        for (nth, text) in HOSTILE.iter().enumerate() {
            let place = format!("e-A-c{nth}-1");
            reader.opens(&format!("#{place}")).await.unwrap();
            is_shown(window, &place).await.unwrap();
            found.extend(faults_with(window, width, &place, 2).await.unwrap());
            let stands = "return [document.querySelector('#whose h3').textContent, document.querySelector('#record code').textContent]";
            let stands = window.run(stands, &[]).await.unwrap();
            assert_eq!(stands[0], Value::from(text.split_whitespace().collect::<Vec<_>>().join(" ")));
            assert!(stands[1].as_str().is_some_and(|line| line.contains(&text.replace('"', "\\\""))), "{stands}");
        }
    }
    assert_eq!(found, [""; 0], "{found:#?}");
    reader.leaves().await.unwrap();
}
