//! kill -9 under load, again and again, at every stage of a message's way; then everything acknowledged was applied
//! exactly once and every confirmed send happened once. Stand-in and generator are processes that survive.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use it::facts::Facts;
use it::load::Plan;
use it::promise::{Acknowledged, Counts, judge, unsettled};
use it::real::{Programs, Stage};
use it::wait::{eventually, pass};
use journal::ReadOnlyJournal;

use crate::turn;

/// The programs of these tests.
pub(crate) const PROGRAMS: Programs = Programs {
    pagedesk: env!("CARGO_BIN_EXE_pagedesk-failpoints"),
    stand_in: env!("CARGO_BIN_EXE_stand-in"),
    generate: env!("CARGO_BIN_EXE_generate"),
};

/// Where a message stands when the process dies, and the last hit that is chosen.
const STAGES: [(&str, u64); 10] = [
    ("inbox-before-commit", 60),
    ("inbox-after-commit", 60),
    ("journal-before-commit", 90),
    ("journal-after-commit", 90),
    ("send-before", 12),
    ("send-after", 12),
    ("settle-before-commit", 40),
    ("settle-after-commit", 40),
    ("desk-before-commit", 40),
    ("desk-after-commit", 40),
];

/// SIGKILL
const KILL: i32 = 9;
/// A node that does not die at its point within this time is killed from outside.
const DIES_MAX: Duration = Duration::from_secs(20);
/// Longest wait for a start, and for the end of everything that is under way.
const SETTLED_MAX: Duration = Duration::from_secs(90);

/// A number of a round's own.
fn draw(seed: u64, round: u64) -> u64 {
    let mixed = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round.wrapping_add(1)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 20
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_under_load_nothing_is_lost_and_nothing_doubled() {
    let _turn = turn().await;
    let soak = std::env::var_os("PAGEDESK_SOAK").is_some();
    let (at_stages, at_random) = if soak { (200, 50) } else { (20, 4) };
    let stage = Stage::set(PROGRAMS).await.unwrap();
    let plan = Plan { customers: 5, direct: 5, count: usize::MAX, pause_ms: if soak { 120 } else { 30 } };
    let generator = stage.generator(plan).unwrap();

    let mut hits = BTreeMap::<&str, u64>::new();
    for round in 0..at_stages {
        let (point, last) = STAGES[usize::try_from(round).unwrap() % STAGES.len()];
        let order = format!("{point}:{}", 1 + draw(1, round) % last);
        let mut node = stage.node(Some(&order)).unwrap();
        match node.end(DIES_MAX).await.unwrap() {
            Some(status) if status.signal() == Some(KILL) => *hits.entry(point).or_default() += 1,
            Some(status) => panic!("round {round}, {order}: it ended with {status}\n{}", stage.last_words()),
            None => {
                println!("round {round}: {order} was not reached in {DIES_MAX:?}");
                node.kill().await.unwrap();
            }
        }
    }
    for round in 0..at_random {
        let mut node = stage.node(None).unwrap();
        pass(Duration::from_millis(50 + draw(2, round) % 900)).await;
        assert!(!node.has_ended().unwrap(), "random round {round}: it ended by itself\n{}", stage.last_words());
        node.kill().await.unwrap();
        *hits.entry("at any moment").or_default() += 1;
    }
    println!("kills: {hits:#?}");

    let (acknowledged, counts) = last_life(&stage, generator).await;
    println!("{counts:?}");
    assert!(
        STAGES.iter().all(|(point, _)| hits.get(point).is_some_and(|hit| *hit >= 2)),
        "every stage was hit: {hits:?}"
    );
    assert!(acknowledged.messages() > 200 && counts.sent > 50, "{counts:?}");
    stage.strike().await.unwrap();
}

/// A life without a kill: everything comes to its end, the node ends in order, and the promise is judged.
pub(crate) async fn last_life(stage: &Stage, generator: it::process::Daemon) -> (Acknowledged, Counts) {
    let mut node = stage.node(None).expect("the program starts");
    assert!(
        stage.ready(&mut node, SETTLED_MAX).await.expect("it can be asked"),
        "it does not start\n{}",
        stage.last_words()
    );
    let acknowledged = Stage::recollect(generator).await.expect("the generator remembers");
    let facts = settled(stage, &acknowledged).await;
    node.terminate().expect("it runs");
    let status = node.end(SETTLED_MAX).await.expect("it can be waited for").expect("it ends when asked to");
    assert!(status.success(), "{status}\n{}", stage.last_words());
    let counts = judged(stage, &acknowledged, facts).await;
    (acknowledged, counts)
}

/// Waits until everything came to its end, the echoes of the last sends included.
async fn settled(stage: &Stage, acknowledged: &Acknowledged) -> Facts {
    let mut facts = Facts::default();
    let mut open = Vec::new();
    for _ in 0..2 {
        stage.quiet(SETTLED_MAX).await.expect("the stand-in delivers");
        let settled = eventually(SETTLED_MAX, || {
            stage.follow(&mut facts).expect("the journal reads beside a running node");
            open = unsettled(acknowledged, &facts);
            core::future::ready(open.is_empty())
        });
        assert!(
            settled.await,
            "{} things are open: {:#?}\n{}",
            open.len(),
            &open[..open.len().min(20)],
            stage.last_words()
        );
    }
    facts
}

/// Holds a store whose node has ended to the promise.
pub(crate) async fn judged(stage: &Stage, acknowledged: &Acknowledged, mut facts: Facts) -> Counts {
    stage.follow(&mut facts).expect("the journal reads");
    let world = stage.world().await.expect("the stand-in answers");
    let (counts, findings) = judge(acknowledged, &facts, &stage.comments().expect("the desk reads"), &world.bubbles);
    assert!(findings.is_empty(), "{counts:?}, {} findings: {findings:#?}", findings.len());
    assert_eq!(world.violations, [], "no rule of Meta was broken");
    let journal = ReadOnlyJournal::open(&stage.store()).expect("the store opens");
    let report = journal.verify().expect("the journal reads");
    assert_eq!(report.journal.findings, [], "the journal is sound");
    assert_eq!(report.inbox.findings, [], "the inbox is sound");
    assert_eq!(journal.inbox_stats().expect("the inbox reads").unforgotten, 0, "every delivery is done");
    counts
}
