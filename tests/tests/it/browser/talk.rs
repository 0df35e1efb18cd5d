//! Agent and customer talk both ways, with every kind once and a kill -9 in the middle: everything shows once, live.

use std::collections::BTreeSet;

use it::browser::desk::Row;
use it::facts::Facts;
use serde_json::json;

use super::acts::Course;
use super::course::Act;
use super::kinds::{all_kinds, journaled};
use super::{AGENT, LOGIN, PAGE, PASSWORD, STARTS_MAX, Scene, severe};
use crate::turn;

/// How the customer is called.
const CUSTOMER: &str = "Mara Lindqvist";
/// What she writes first.
const FIRST: &str = "Do you repair tandems?";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agent_and_customer_talk_with_every_kind_once_while_the_node_is_killed_between() {
    let _turn = turn().await;
    let mut scene = Scene::set().await.unwrap();
    signs_in(&scene).await.unwrap();
    let psid = meets(&scene).await.unwrap();
    let course = Course::of(PAGE, &psid);
    for act in &course.before {
        act.plays(&scene).await.unwrap();
    }
    outlives(&mut scene, &course.meanwhile).await.unwrap();
    for act in &course.after {
        act.plays(&scene).await.unwrap();
    }
    closes(&scene, &course, &psid).await.unwrap();
    scene.end().await.unwrap();
}

/// The agent signs in, at the second attempt.
async fn signs_in(scene: &Scene) -> anyhow::Result<()> {
    let desk = &scene.desk;
    desk.open("/").await?;
    desk.sign_in(LOGIN, "herring in the sea").await?;
    desk.says("#why", "This login and password do not belong together.").await?;
    let [refused] = &severe(desk).await?[..] else { anyhow::bail!("one refusal is logged") };
    assert!(refused.source == "network" && refused.words.contains("403"), "{refused:?}");
    desk.sign_in(LOGIN, PASSWORD).await?;
    desk.is_in(AGENT).await?;
    desk.says("#none", "No customer has written yet.").await
}

/// The customer writes, the agent answers; each sees it come in. Who the customer is.
async fn meets(scene: &Scene) -> anyhow::Result<String> {
    let (desk, messenger) = (&scene.desk, &scene.messenger);
    desk.mark().await?;
    let psid = messenger.begin(PAGE, CUSTOMER, FIRST).await?;
    desk.lists(&Row { name: CUSTOMER.to_owned(), last: FIRST.to_owned(), waits: true }).await?;
    assert!(desk.is_the_same().await?, "the row came into the open list");
    desk.click("#rows a").await?;
    desk.shows(&format!("customer: {FIRST}")).await?;
    desk.composes("open").await?;

    // The customer looks elsewhere: what is sent to her arrives, and is not read.
    messenger.open("/").await?;
    desk.answer("We do. Which one is it?").await?;
    desk.shows("us: We do. Which one is it? – delivered").await?;
    desk.mark().await?;
    messenger.thread(PAGE, &psid).await?;
    messenger.shows("theirs: We do. Which one is it? Read – the Page knows").await?;
    desk.shows("us: We do. Which one is it? – read").await?;
    assert!(desk.is_the_same().await?, "that it was read came into the open page");

    messenger.run("window.seenBefore = true", &[]).await?;
    desk.answer("Bring it in on Friday.").await?;
    messenger.shows("theirs: Bring it in on Friday.").await?;
    assert_eq!(messenger.run("return window.seenBefore === true", &[]).await?, true, "it came into the open thread");
    Ok(psid)
}

/// The node is killed with both pages open; what happens meanwhile shows in the same page when it is back.
async fn outlives(scene: &mut Scene, meanwhile: &Act) -> anyhow::Result<()> {
    for window in [&*scene.desk, &*scene.messenger] {
        assert_eq!(severe(window).await?, [], "all is well before the node is killed");
    }
    let reported = scene.desk.reports().await?;
    assert_eq!(reported["reports"], 0, "{reported}");
    scene.desk.mark().await?;
    let lines = scene.desk.lines().await?;
    scene.desk.write("#text", "As I said").await?;
    scene.node.kill().await?;
    meanwhile.happens(scene).await?;
    scene.desk.says("#pulse", "The node does not answer.").await?;
    assert_eq!(scene.desk.lines().await?, lines, "what was there stays there");

    scene.node = scene.stage.node(None)?;
    anyhow::ensure!(scene.stage.ready(&mut scene.node, STARTS_MAX).await?, "{}", scene.stage.last_words());
    let desk = &scene.desk;
    desk.says("#pulse", "You are signed out. This page shows no news.").await?;
    let conversation = desk.tab().await?;
    desk.click("#pulse a").await?;
    let other = desk.tabs().await?.into_iter().find(|tab| *tab != conversation);
    desk.turn_to(&other.expect("signing in opens a tab of its own")).await?;
    desk.sign_in(LOGIN, PASSWORD).await?;
    desk.is_in(AGENT).await?;
    desk.close_tab().await?;
    desk.turn_to(&conversation).await?;
    meanwhile.shows(scene).await?;
    assert!(desk.is_the_same().await?, "it is the page of before");
    let now = desk.lines().await?;
    assert!(lines.iter().all(|line| now.iter().filter(|other| *other == line).count() == 1), "{lines:#?} {now:#?}");

    // The same page sends too, with what was typed before.
    desk.answer(", bring it in on Friday.").await?;
    scene.messenger.shows("theirs: As I said, bring it in on Friday.").await?;
    desk.shows("us: As I said, bring it in on Friday. – read").await?;
    for window in [&*scene.desk, &*scene.messenger] {
        let other: Vec<_> = severe(window).await?.into_iter().filter(|line| line.source != "network").collect();
        assert_eq!(other, [], "while the node is away pages fail to reach it, and nothing else goes wrong");
    }
    Ok(())
}

/// At the end everything is there once, on the page, at the customer's and in the counts.
async fn closes(scene: &Scene, course: &Course, psid: &str) -> anyhow::Result<()> {
    let (desk, messenger) = (&scene.desk, &scene.messenger);
    desk.answer("Until Friday!").await?;
    messenger.shows("theirs: Until Friday!").await?;
    desk.shows("us: Until Friday! – read").await?;
    let lines = desk.lines().await?.join("\n");
    insta::assert_snapshot!("what_the_agent_reads", lines);
    insta::assert_snapshot!("what_the_customer_reads", messenger.lines().await?.join("\n"));
    desk.conversation(PAGE, psid).await?;
    assert_eq!(desk.lines().await?.join("\n"), lines, "a page loaded afresh reads the same");

    let played: BTreeSet<String> = course.kinds().collect();
    let missing: Vec<_> = all_kinds().into_iter().filter(|kind| !played.contains(kind)).collect();
    assert_eq!(missing, [""; 0], "the stand-in knows kinds that are not in the course");

    scene.stage.quiet(STARTS_MAX).await?;
    let mut facts = Facts::default();
    scene.stage.follow(&mut facts)?;
    let found = journaled(&facts);
    assert_eq!(found.missing, [""; 0], "the node knows kinds that the course does not bring");
    insta::assert_snapshot!("what_happened_on_the_page", without_numbers(&found.happened.join("\n")));
    let totals = scene.api("totals").await?;
    assert_eq!(totals["node"]["inbounds"], json!(found.received), "{totals}");
    assert_eq!((&totals["node"]["anomalies"], &totals["node"]["unreadable"]), (&json!(1), &json!(0)), "{totals}");
    Ok(())
}

/// A text without the numbers that the stand-in draws.
fn without_numbers(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let is_drawn = word.trim_end().len() > 12 && word.trim_end().bytes().all(|byte| byte.is_ascii_digit());
        if is_drawn { word.replace(word.trim_end(), "…") } else { word.to_owned() }
    });
    words.collect()
}
