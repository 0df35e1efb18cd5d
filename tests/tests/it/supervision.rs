//! Actors that panic in the middle of their work are rebuilt from the journal; nothing is lost or doubled, and what
//! brings an actor down every time is set aside with its cause.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actors::Clock as _;
use fail::FailScenario;
use it::facts::Facts;
use it::load::{Pace, Plan, direct, run, until_accepted};
use it::promise::{Acknowledged, Lane};
use it::rig::{Options, PAGES, World};
use it::wait::until;
use it::wire;
use machine::conversation::Event;
use machine::page;
use model::{Kind, Span, Timestamp};
use tokio::sync::watch;

use crate::turn;

const AT_MOST: Duration = Duration::from_secs(30);

/// Panics at counted hits: after 40, then after 47 more, and so on.
fn panics(times: usize, first: usize, step: usize) -> String {
    let terms = (0..times).map(|n| format!("{}*off->1*panic", first + n * step));
    terms.collect::<Vec<_>>().join("->")
}

async fn under_load(world: &World) -> Acknowledged {
    let (_never, stop) = watch::channel(false);
    let plan = Plan { customers: 3, direct: 3, count: 25, pause_ms: 2 };
    run(&world.doors(), &PAGES, plan, stop).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_panics_under_load_is_rebuilt_and_nothing_is_lost_or_doubled() {
    let _turn = turn().await;
    let scenario = FailScenario::setup();
    let world = World::start(Options::default()).await.unwrap();
    fail::cfg("conversation-handler", &panics(12, 40, 7)).unwrap();
    let acknowledged = under_load(&world).await;
    let (counts, _) = world.keeps(&acknowledged).await;
    let failures = world.rig().node().counters().failures.load(Ordering::Relaxed);
    println!("{failures} conversations panicked; {counts:?}");
    assert!(failures >= 12, "{failures}");
    assert_eq!(world.rig().node().totals().quarantined, 0);
    world.stop().await;
    scenario.teardown();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_panics_under_load_is_rebuilt_and_nothing_is_lost_or_doubled() {
    let _turn = turn().await;
    let scenario = FailScenario::setup();
    let world = World::start(Options::default()).await.unwrap();
    let (hits, panicked) = (AtomicU64::new(0), Arc::new(AtomicU64::new(0)));
    let seen = Arc::clone(&panicked);
    let strike = move || {
        if hits.fetch_add(1, Ordering::Relaxed) % 250 == 249 && seen.fetch_add(1, Ordering::Relaxed) < 5 {
            panic!("a Page is brought down");
        }
    };
    fail::cfg_callback("page-handler", strike).unwrap();
    let acknowledged = under_load(&world).await;
    let (counts, _) = world.keeps(&acknowledged).await;
    println!("{counts:?}");
    assert!(panicked.load(Ordering::Relaxed) >= 5, "the Pages were brought down five times");
    assert_eq!(world.rig().node().totals().quarantined, 0);
    world.stop().await;
    scenario.teardown();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_that_panics_its_actor_five_times_is_quarantined_and_its_neighbours_go_on() {
    let _turn = turn().await;
    let mut world = World::start(Options::default()).await.unwrap();
    let doors = world.doors();
    let (page, psid, poisoned) = (PAGES[0], "424242", 3);
    let mut lane = Lane { page: page.to_owned(), psid: psid.to_owned(), messages: Vec::new() };
    for number in 0..8 {
        let poison = if number == poisoned { " failpoint:poison" } else { "" };
        let (mid, text) = (format!("m_poison_{number}"), format!("number {number}{poison}"));
        until_accepted(&doors.poster, &wire::text(page, psid, &mid, &text, doors.clock.now().0)).await;
        if number != poisoned {
            lane.messages.push((mid, text));
        }
    }
    let other = direct(&doors, page, "434343".to_owned(), Pace::count(30)).await;
    let acknowledged = Acknowledged { lanes: vec![lane, other], answers: Vec::new() };

    let quarantined = |world: &World| {
        let mut facts = Facts::default();
        facts.follow(world.rig().journal()).expect("the journal reads");
        let aside = facts.page(page).iter().filter_map(|event| match event {
            page::Event::ItemQuarantined { delivery, key, cause, .. } => Some((*delivery, *key, cause.clone())),
            page::Event::Configured { .. }
            | page::Event::Received { .. }
            | page::Event::AnomalyKept { .. }
            | page::Event::TokenRefused { .. }
            | page::Event::Restricted
            | page::Event::RestrictionLifted
            | page::Event::SendsPaused { .. }
            | page::Event::SendsResumed => None,
        });
        aside.collect::<Vec<_>>()
    };
    until("the item is quarantined", AT_MOST, || quarantined(&world).len() == 1).await;
    let key =
        webhook::parse(&wire::text(page, psid, &format!("m_poison_{poisoned}"), "", 1), Timestamp(1)).inbounds[0].key;
    assert_eq!(quarantined(&world), [(4, Some(key), "brings-its-conversation-down".to_owned())]);
    let (_, facts) = world.keeps(&acknowledged).await;
    let talk = facts.talk(page, psid).unwrap();
    assert!(!talk.state.has_seen(key), "the poisoned item was not applied");
    // A first failure with several pieces of work in hand blames none of them.
    let failures = world.rig().node().counters().failures.load(Ordering::Relaxed);
    assert!((5..=6).contains(&failures), "{failures}");

    world.stop_node().await;
    world.start_node().await.unwrap();
    world.keeps(&acknowledged).await;
    assert_eq!(quarantined(&world).len(), 1, "a restart does not try it again");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_closes_while_the_process_is_down_is_noted_exactly_once() {
    let _turn = turn().await;
    let mut world = World::start(Options::default()).await.unwrap();
    let page = PAGES[0];
    let written = direct(&world.doors(), page, "515151".to_owned(), Pace::count(2)).await;
    let acknowledged = Acknowledged { lanes: vec![written], answers: Vec::new() };
    world.keeps(&acknowledged).await;
    assert_eq!(closings(&world, page, "515151"), []);

    world.stop_node().await;
    world.clock.advance_to(world.clock.now() + Span::hours(25));
    world.start_node().await.unwrap();
    until("the window is noted as closed", AT_MOST, || closings(&world, page, "515151").len() == 1).await;
    world.stop_node().await;
    world.clock.advance_to(world.clock.now() + Span::hours(25));
    world.start_node().await.unwrap();
    let (_, facts) = world.keeps(&acknowledged).await;

    let talk = facts.talk(page, "515151").unwrap();
    let received = talk
        .events
        .iter()
        .filter_map(|event| if let Event::Received { inbound } = event { Some(inbound) } else { None });
    let written = received.filter(|inbound| matches!(inbound.kind, Kind::Message(_))).map(|inbound| inbound.at);
    let written_at = written.max().unwrap();
    assert_eq!(closings(&world, page, "515151"), [written_at + Span::hours(24)]);
    world.stop().await;
}

/// When the window closed, as often as the journal says so.
fn closings(world: &World, page: &str, psid: &str) -> Vec<Timestamp> {
    let mut facts = Facts::default();
    facts.follow(world.rig().journal()).expect("the journal reads");
    let events = facts.talk(page, psid).map_or(&[][..], |talk| &talk.events);
    let closed =
        events.iter().filter_map(|event| if let Event::WindowClosed { at } = event { Some(*at) } else { None });
    closed.collect()
}
