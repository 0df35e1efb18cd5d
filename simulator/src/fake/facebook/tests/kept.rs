//! What a stand-in knows of before its start: customers, threads and bubbles, after an orderly end and after none.

use std::path::Path;

use super::super::{Keeping, Line, State};
use super::*;

fn kept_in(dir: &Path) -> StandInOptions {
    let keeping = Keeping::at(dir.join("stand-in.json")).expect("it can be read");
    StandInOptions { keeping: Some(keeping), ..options() }
}

/// As after another start: other chance, and what counts from the start is not compared.
async fn again(dir: &Path, seed: u64) -> Scene {
    Scene::with(StandInOptions { seed, ..kept_in(dir) }).await
}

fn known(state: State) -> State {
    State { webhooks: Default::default(), ..state }
}

#[tokio::test]
async fn a_stand_in_that_ended_knows_everything_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = again(dir.path(), 1).await;
    first.stand_in.customer_writes(&page(), &psid(), "hello");
    first.send_text("good morning").await;
    let post = first.stand_in.state().posts[0].id.clone();
    let body = format!("page=17&psid=5001&post={post}&do=comment&text=How+much%3F");
    assert_eq!(first.form(body.leak()).await, 303);
    first
        .stand_in
        .order(super::super::FaultOrder { restricted: Some([PageId::new("18")].into()), ..Default::default() });
    first.stand_in.quiet().await;
    let before = first.stand_in.state();
    assert!(before.bubbles.len() == 1 && before.posts[0].comments.len() == 1, "{before:?}");
    let thread = first.text("/play/thread?page=17&psid=5001").await;
    first.stand_in.stop().await;

    let second = again(dir.path(), 2).await;
    assert_eq!(known(second.stand_in.state()), known(before));
    assert_eq!(second.text("/play/thread?page=17&psid=5001").await, thread);
    let wall = second.text("/wall?page=17").await;
    assert!(wall.contains("Good morning from Page 17"), "{wall}");
}

#[tokio::test]
async fn sends_to_old_customers_work_and_no_id_is_given_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut mids = Vec::new();
    for seed in 1..=3 {
        let scene = again(dir.path(), seed).await;
        if seed == 1 {
            scene.stand_in.customer_writes(&page(), &psid(), "hello");
        }
        scene.send_text(&format!("answer {seed}")).await;
        let state = scene.stand_in.state();
        assert_eq!((state.bubbles.len() as u64, state.violations.len()), (seed, 0), "{state:?}");
        mids = state.bubbles.into_iter().map(|bubble| bubble.mid).collect();
        scene.stand_in.stop().await;
    }
    mids.sort();
    mids.dedup();
    assert_eq!(mids.len(), 3, "{mids:?}");
}

#[tokio::test]
async fn what_was_quiet_is_kept_when_nobody_ends_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = again(dir.path(), 1).await;
    let texts = ["one", "two", "three"];
    for text in texts {
        first.stand_in.customer_writes(&page(), &psid(), text);
    }
    first.stand_in.quiet().await;
    drop(first);

    let second = again(dir.path(), 2).await;
    let state = second.stand_in.state();
    let wrote: Vec<_> = state.customers[0].wrote.iter().filter_map(|line: &Line| line.text.as_deref()).collect();
    assert_eq!(wrote, texts);
}

#[tokio::test]
async fn its_own_pictures_are_found_where_it_is_reached_now() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = again(dir.path(), 1).await;
    let old = first.stand_in.base_url();
    first.stand_in.customer_attaches(&page(), &psid(), "image", &format!("{old}/play/picture/bread.png"));
    first.stand_in.stop().await;

    let same = again(dir.path(), 2).await;
    assert_eq!(same.stand_in.base_url(), old, "it comes back where it was");
    same.stand_in.stop().await;
    let other = std::net::TcpListener::bind(old.trim_start_matches("http://")).expect("it is free");
    let moved = again(dir.path(), 3).await;
    assert_ne!(moved.stand_in.base_url(), old);
    let thread = moved.text("/play/thread?page=17&psid=5001").await;
    assert!(thread.contains("<img src=\"/play/picture/bread.png\""), "{thread}");
    drop(other);
}

#[tokio::test]
async fn a_stand_in_that_only_looked_writes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let scene = again(dir.path(), 1).await;
    scene.text("/").await;
    scene.stand_in.quiet().await;
    drop(scene);
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
}
