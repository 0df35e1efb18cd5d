//! What pages say about the messaging window while it closes, and what becomes of a page that breaks its own policy.

use actors::Clock as _;
use it::browser::desk::Row;
use model::{Span, Timestamp};
use node::SystemClock;
use serde_json::json;
use simulator::fake::facebook::{Happening, Referral, Said, What};

use super::{PAGE, Scene, severe};
use crate::turn;

/// The window of an answer.
const WINDOW: Span = Span::hours(24);
/// The node's safety distance before its end, as shipped.
const GUARD: Span = Span::seconds(60);

fn said(text: &str) -> What {
    What::Message(Said { text: Some(text.to_owned()), ..Said::default() })
}

fn at(order: Happening, at: Timestamp) -> Happening {
    Happening { at: Some(at), ..order }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_ends_closes_the_composer_of_an_open_page() {
    let _turn = turn().await;
    let scene = Scene::set_with_agent().await.unwrap();
    let desk = &scene.desk;
    let day_ago = SystemClock.now() - WINDOW;

    // Who came in by an ad and wrote nothing may not be written to.
    let by_ad = What::Referral(Referral { source: "ADS".to_owned(), ..Referral::default() });
    scene.happens(&at(Scene::somebody("5001", "Jonas Feld", by_ad), day_ago)).await.unwrap();
    let last = "The customer came through an ad".to_owned();
    let row = Row { name: "Messenger customer 5001".to_owned(), last, waits: false };
    desk.lists(&row).await.unwrap();
    desk.conversation(PAGE, "5001").await.unwrap();
    desk.shows("notice: The customer came through an ad").await.unwrap();
    assert!(!desk.composer().await.unwrap().enabled);

    // A message of nearly a day ago opens the window for some seconds more, where no ad came before it.
    let early = at(Scene::somebody("5002", "Mira Holm", said("Hello there")), day_ago - Span::hours(1));
    scene.happens(&early).await.unwrap();
    let row = Row { name: "Mira Holm".to_owned(), last: "Hello there".to_owned(), waits: true };
    desk.lists(&row).await.unwrap();
    desk.conversation(PAGE, "5002").await.unwrap();
    desk.composes("human-agent-not-granted").await.unwrap();
    let watch = "window.states = []; const note = () => { const now = document.getElementById('composer').dataset.state; \
                 if (states.at(-1) !== now) states.push(now); }; note(); \
                 new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });";
    desk.run(watch, &[]).await.unwrap();
    let message = at(
        Scene::somebody("5002", "Mira Holm", said("Still there?")),
        SystemClock.now() - WINDOW + GUARD + Span::seconds(9),
    );
    scene.happens(&message).await.unwrap();
    desk.shows("customer: Still there?").await.unwrap();
    let closed = desk.composes("human-agent-not-granted").await.unwrap();
    assert!(!closed.enabled && closed.notice.contains("until the customer writes"), "{closed:?}");
    let states = desk.run("return window.states", &[]).await.unwrap();
    assert!(states.as_array().is_some_and(|states| states.contains(&json!("open"))), "it was open before: {states}");

    // And the next message opens it again, in the same page, around what was typed there before.
    desk.run("document.getElementById('text').value = 'Half an answer'", &[]).await.unwrap();
    scene.happens(&Scene::somebody("5002", "Mira Holm", said("Hello?"))).await.unwrap();
    desk.shows("customer: Hello?").await.unwrap();
    assert!(desk.composes("open").await.unwrap().enabled);
    let field = "const text = document.getElementById('text'); const typed = text.value; text.value = ''; \
                 return [typed, text.form.querySelector('button').disabled]";
    assert_eq!(desk.run(field, &[]).await.unwrap(), json!(["Half an answer", false]));
    desk.answer("Here we are.").await.unwrap();
    desk.shows("us: Here we are. – delivered").await.unwrap();
    scene.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_page_may_not_load_is_not_loaded_reported_and_counted() {
    let _turn = turn().await;
    let scene = Scene::set_with_agent().await.unwrap();
    let desk = &scene.desk;
    assert_eq!(desk.reports().await.unwrap(), json!({ "reports": 0, "unreadable": 0, "kept": [] }));
    let foreign = format!("{}/play/picture/bread.png", scene.stage.stand_in_url);
    let load = "const one = new Image(); one.id = 'foreign'; one.src = arguments[0]; document.body.append(one);";
    desk.run(load, &[json!(foreign)]).await.unwrap();
    let script = "const done = arguments[0]; const look = () => fetch('/csp-report').then((answer) => answer.json())\
                  .then((told) => told.reports ? done(told) : setTimeout(look, 50)); look();";
    let told = desk.run_on(script, &[]).await.unwrap();
    assert_eq!((&told["reports"], &told["unreadable"]), (&json!(1), &json!(0)), "{told}");
    assert_eq!(
        (&told["kept"][0]["directive"], &told["kept"][0]["blocked"]),
        (&json!("img-src"), &json!(foreign)),
        "{told}"
    );
    assert_eq!(desk.run("return document.getElementById('foreign').naturalWidth", &[]).await.unwrap(), 0);
    let logged = severe(desk).await.unwrap();
    assert!(logged.iter().any(|line| line.words.contains("Content Security Policy")), "{logged:?}");
    scene.close().await.unwrap();
}
