//! Full and failing disks: 503 to all who wait, nothing acknowledged is lost, and the node recovers by itself when the
//! disk does.

use std::time::Duration;

use it::disks::Simulated;
use it::load::{Pace, Plan, comment, direct, run, task, until_accepted};
use it::promise::{Acknowledged, Answered, Lane};
use it::rig::{Options, PAGES, World};
use it::wait::{eventually, until};
use it::wire;
use tokio::sync::watch;

use crate::turn;

const AT_MOST: Duration = Duration::from_secs(60);
/// Messages after which a limit or a full disk must have shown.
const MANY: usize = 20_000;

/// Posts messages of one customer until one is refused; all before were acknowledged.
async fn until_refused(world: &World, psid: &str) -> Lane {
    let (doors, page) = (world.doors(), PAGES[0]);
    let mut lane = Lane { page: page.to_owned(), psid: psid.to_owned(), messages: Vec::new() };
    for number in 0..MANY {
        let (mid, text) = (format!("m_{psid}_{number}"), format!("{psid} writes number {number}"));
        let body = wire::text(page, psid, &mid, &text, doors.clock.now().0);
        let answer = doors.poster.post(body).await.expect("an answer");
        if answer.status == 503 {
            return lane;
        }
        assert_eq!(answer.status, 200);
        lane.messages.push((mid, text));
    }
    panic!("{MANY} messages were taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_over_its_limit_refuses_until_the_journal_goes_on() {
    let _turn = turn().await;
    let disks = Simulated::new(1);
    let mut options = Options::default();
    options.store.inbox.bytes_max = 100_000;
    let world = World::start_on(disks.clone(), options).await.unwrap();
    let before = direct(&world.doors(), PAGES[0], "710000".to_owned(), Pace::count(10)).await;
    world.keeps(&Acknowledged { lanes: vec![before.clone()], answers: Vec::new() }).await;

    disks.journal.fail_after(0);
    let during = until_refused(&world, "710001").await;
    assert!(during.messages.len() > 50, "{}", during.messages.len());
    println!("{} messages were taken without a journal, then 503", during.messages.len());
    disks.journal.mend();
    let after = direct(&world.doors(), PAGES[0], "710002".to_owned(), Pace::count(10)).await;
    world.keeps(&Acknowledged { lanes: vec![before, during, after], answers: Vec::new() }).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_answers_503_to_all_who_wait_and_the_inbox_recovers() {
    let _turn = turn().await;
    let disks = Simulated::new(2);
    let world = World::start_on(disks.clone(), Options::default()).await.unwrap();
    let doors = world.doors();
    let bodies: Vec<_> = (0..64)
        .map(|n| {
            wire::text(
                PAGES[0],
                &format!("72{n:04}"),
                &format!("m_wait_{n}"),
                &format!("waits {n}"),
                doors.clock.now().0,
            )
        })
        .collect();
    disks.wal.fail_after(0);
    let answers = futures_util::future::join_all(bodies.iter().map(|body| doors.poster.post(body.clone()))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status == 503)), "everybody is told");
    disks.wal.mend();
    futures_util::future::join_all(bodies.iter().map(|body| until_accepted(&doors.poster, body))).await;
    let lane = |n: usize| Lane {
        page: PAGES[0].to_owned(),
        psid: format!("72{n:04}"),
        messages: vec![(format!("m_wait_{n}"), format!("waits {n}"))],
    };
    world.keeps(&Acknowledged { lanes: (0..64).map(lane).collect(), answers: Vec::new() }).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_answers_503_and_the_node_recovers_when_space_returns() {
    let _turn = turn().await;
    let disks = Simulated::new(3);
    let world = World::start_on(disks.clone(), Options::default()).await.unwrap();
    let (_never, stop) = watch::channel(false);
    let plan = Plan { customers: 2, direct: 2, count: 10, pause_ms: 1 };
    let mut acknowledged = run(&world.doors(), &PAGES, plan, stop).await;
    world.keeps(&acknowledged).await;

    disks.all().iter().for_each(|disk| disk.fill_up());
    acknowledged.lanes.push(until_refused(&world, "730001").await);
    let live = world.rig().webhook().replace("/webhook", "/live");
    assert_eq!(world.doors().caller.get(&live).await.unwrap().status, 200);
    disks.all().iter().for_each(|disk| disk.mend());
    let ready = eventually(AT_MOST, || async { world.rig().ready().await == 200 }).await;
    assert!(ready, "the node is ready again");
    acknowledged.lanes.push(direct(&world.doors(), PAGES[0], "730002".to_owned(), Pace::count(10)).await);
    world.keeps(&acknowledged).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_asked_for_while_the_journal_fails_is_sent_when_it_works_again() {
    let _turn = turn().await;
    let disks = Simulated::new(4);
    let world = World::start_on(disks.clone(), Options::default()).await.unwrap();
    let (doors, page) = (world.doors(), PAGES[0]);
    let lane = it::load::customer(&doors, page, "740001".to_owned(), Pace::count(1)).await;
    let task = task(&doors, page, "740001", &Pace::count(1)).await.unwrap();
    let mut acknowledged = Acknowledged { lanes: vec![lane], answers: Vec::new() };
    world.keeps(&acknowledged).await;

    disks.journal.fail_after(0);
    for number in 0..3 {
        let text = format!("answer {number} without a journal");
        let comment = comment(&doors, &task, &text, &text).await;
        let (page, psid) = (page.to_owned(), "740001".to_owned());
        acknowledged.answers.push(Answered { page, psid, comment, text });
    }
    let failures = disks.journal.counts().failures;
    until("the journal was tried a few times", AT_MOST, || disks.journal.counts().failures > failures + 5).await;
    assert_eq!(world.stand_in.state().bubbles, [], "nothing leaves before it is journaled");
    disks.journal.mend();
    let (counts, _) = world.keeps(&acknowledged).await;
    assert_eq!(counts.sent, 3, "{counts:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_fails_at_any_moment_of_an_answer_never_ends_the_node() {
    let _turn = turn().await;
    let disks = Simulated::new(5);
    let world = World::start_on(disks.clone(), Options::default()).await.unwrap();
    let (doors, page) = (world.doors(), PAGES[0]);
    let lane = it::load::customer(&doors, page, "750001".to_owned(), Pace::count(1)).await;
    let task = task(&doors, page, "750001", &Pace::count(1)).await.unwrap();
    let mut acknowledged = Acknowledged { lanes: vec![lane], answers: Vec::new() };
    let mut failed = 0;
    for fuse in (0..60).step_by(5) {
        world.keeps(&acknowledged).await;
        let failures = disks.journal.counts().failures;
        disks.journal.fail_after(fuse);
        let text = format!("answer with {fuse} operations left");
        let comment = comment(&doors, &task, &text, &text).await;
        let (page, psid) = (page.to_owned(), "750001".to_owned());
        acknowledged.answers.push(Answered { page, psid, comment, text });
        let hit =
            eventually(Duration::from_secs(1), || core::future::ready(disks.journal.counts().failures > failures));
        failed += u32::from(hit.await);
        disks.journal.mend();
        let ready = eventually(AT_MOST, || async { world.rig().ready().await == 200 }).await;
        assert!(ready, "fuse {fuse}: the node is ready again");
    }
    println!("the journal failed {failed} times");
    assert!(failed >= 6, "{failed}");
    world.keeps(&acknowledged).await;
    world.stop().await;
}
