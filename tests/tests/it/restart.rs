//! An orderly end, and a store that has one owner.

use std::time::Duration;

use it::facts::Facts;
use it::load::Plan;
use it::real::Stage;
use it::wait::pass;

use crate::crash::{PROGRAMS, last_life};
use crate::turn;

const AT_MOST: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_under_load_it_ends_with_0_and_nothing_is_lost() {
    let _turn = turn().await;
    let stage = Stage::set(PROGRAMS).await.unwrap();
    let plan = Plan { customers: 5, direct: 5, count: usize::MAX, pause_ms: 10 };
    let generator = stage.generator(plan).unwrap();
    for _ in 0..3 {
        let mut node = stage.node(None).unwrap();
        assert!(stage.ready(&mut node, AT_MOST).await.unwrap(), "{}", stage.last_words());
        pass(Duration::from_millis(500)).await;
        node.terminate().unwrap();
        let status = node.end(AT_MOST).await.unwrap().expect("it ends when asked to");
        assert_eq!(status.code(), Some(0), "{}", stage.last_words());
        let mut facts = Facts::default();
        stage.follow(&mut facts).unwrap();
        assert!(facts.batches > 0);
    }
    let (acknowledged, counts) = last_life(&stage, generator).await;
    println!("{counts:?}");
    assert!(acknowledged.messages() > 50 && counts.sent > 10, "{counts:?}");
    assert_eq!(counts.doubtful, 0, "an orderly end leaves nobody in doubt");
    stage.strike().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_store_is_refused_and_the_first_goes_on() {
    let _turn = turn().await;
    let stage = Stage::set(PROGRAMS).await.unwrap();
    let mut first = stage.node(None).unwrap();
    assert!(stage.ready(&mut first, AT_MOST).await.unwrap(), "{}", stage.last_words());
    let mut second = stage.second().unwrap();
    let status = second.end(AT_MOST).await.unwrap().expect("it ends by itself");
    assert_eq!(status.code(), Some(3), "{}", stage.last_words());
    assert!(stage.last_words().contains("another process has the store"), "{}", stage.last_words());
    assert!(stage.ready(&mut first, AT_MOST).await.unwrap(), "the first goes on");
    first.terminate().unwrap();
    let status = first.end(AT_MOST).await.unwrap().expect("it ends when asked to");
    assert_eq!(status.code(), Some(0), "{}", stage.last_words());
    stage.strike().await.unwrap();
}
