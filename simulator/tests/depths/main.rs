//! The two depths against each other: what the core depth comes to is what the real actors come to.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod fickle;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::Limits;
use journal::{Position, StoredBatch};
use machine::AccountFacts;
use model::{AccountId, AppId, ItemKey, MachineId, PageId, Psid, Redacted, Span, Timestamp};
use node::{NodeConfig, PageConfig};
use simulator::outside::{Facebook, Known, ModelDesk, Weather, World};
use simulator::play::recording::Recording;
use simulator::{core, tree};

use self::fickle::Fickle;
use self::script::{APP, Dice, Menu, START, Step, script};

/// How long an agent waits for a task.
const PATIENCE: Span = Span::seconds(20);

fn recordings() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-corpus/recordings");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

#[test]
fn every_recording_comes_to_the_same_trace_and_the_same_hash_at_both_depths() {
    for folder in recordings() {
        let recording = Recording::read(&folder).unwrap();
        let tree = simulator::replay::replay(&recording, &mut |_, _| {}).unwrap();
        let core = core::replay(&recording, &mut |_, _| {}).unwrap();
        let different = core.trace.lines().zip(tree.trace.lines()).enumerate().find(|(_, (core, tree))| core != tree);
        assert_eq!(different, None, "{}", folder.display());
        assert_eq!(core, tree, "{}", folder.display());
    }
}

/// A node's settings by seed.
fn config(seed: u64, life: u64) -> NodeConfig {
    let mut dice = Dice::new(seed ^ 0xc0f1);
    let limits = Limits {
        conversation_credit: dice.of(&[1, 2, 8, 8]),
        resident_max: dice.of(&[2, 3, 512, 512]),
        residents_max: dice.of(&[3, 12_288, 12_288]),
        idle: dice.of(&[Span::seconds(30), Span::minutes(5), Span::minutes(5)]),
        sends_max: dice.of(&[1, 32, 32]),
        tracker_calls_max: dice.of(&[1, 2, 256, 256]),
        sends_per_second: dice.of(&[1, 3, 20, 20]),
        ..Limits::default()
    };
    let mut facts = AccountFacts {
        human_agent: dice.below(2) == 0,
        profiles: dice.below(4) > 0,
        new_task_if_none_active: dice.below(3) > 0,
        app: (dice.below(8) > 0).then(|| AppId::new(APP.to_string())),
        ..AccountFacts::default()
    };
    // A node that starts again may have been told something else.
    let mut later = Dice::new(seed ^ life.wrapping_mul(0x51f1));
    if life > 0 && later.below(2) == 0 {
        facts.human_agent = !facts.human_agent;
    }
    let token = |later: &mut Dice| match later.below(8) {
        0 => None,
        1..5 => Some(Redacted::new("one".to_owned())),
        _ => Some(Redacted::new(format!("token {life}"))),
    };
    let pages = [("104", "Quayside Bakery"), ("205", "Harbour Bicycles")];
    let pages =
        pages.map(|(id, name)| (PageId::new(id), PageConfig { name: name.to_owned(), token: token(&mut later) }));
    NodeConfig {
        account: AccountId::new("acme"),
        facts,
        pages: pages.into_iter().collect(),
        limits,
        drain: Span::seconds(1),
        cache_bytes: 16 << 20,
    }
}

fn world(seed: u64) -> Fickle {
    let app = AppId::new(APP.to_string());
    let mut facebook = Facebook::new(app, true, Arc::new(Known::default()));
    for (page, psid, name) in [("104", "71", "Mara Lindqvist"), ("104", "72", "Jonas"), ("205", "71", "Priya Nair")] {
        facebook.call(PageId::new(page), Psid::new(psid), name.to_owned());
    }
    Fickle::new(World { facebook, desk: ModelDesk::default(), weather: Weather::default() }, seed)
}

/// What Meta learns of a delivery.
fn hear(world: &mut Fickle, known: &mut BTreeSet<ItemKey>, at: Timestamp, body: &str) {
    for inbound in webhook::parse(body.as_bytes(), at).inbounds {
        if known.insert(inbound.key) {
            world.world.facebook.hear(&inbound);
        }
    }
}

/// An event as it is stored: number, kind, version, time, body.
type Stored = (u64, u16, u8, i64, String);

/// What was decided, by machine.
type Decided = BTreeMap<String, Vec<Stored>>;

fn decided<'a>(batches: impl IntoIterator<Item = &'a StoredBatch>) -> Decided {
    let mut decided = Decided::new();
    for batch in batches {
        let machine = String::from_utf8_lossy(&batch.key).into_owned();
        for stored in &batch.records {
            let body = String::from_utf8_lossy(&stored.record.body).into_owned();
            let event = (stored.seq, stored.record.kind, stored.record.version, batch.at, body);
            decided.entry(machine.clone()).or_default().push(event);
        }
    }
    decided
}

/// What a script came to.
#[derive(PartialEq, Eq, Debug)]
struct Came {
    decided: Decided,
    order: Vec<(i64, Vec<u8>, u64)>,
    trace_hash: String,
}

/// Which machine came when, and with which number.
fn order<'a>(batches: impl IntoIterator<Item = &'a StoredBatch>) -> Vec<(i64, Vec<u8>, u64)> {
    let number = |batch: &StoredBatch| batch.records.first().map_or(0, |stored| stored.seq);
    batches.into_iter().map(|batch| (batch.at, batch.key.to_vec(), number(batch))).collect()
}

/// How long everything may take to come to rest after the last step.
const REST: Span = Span::minutes(12);

fn at_core(seed: u64, steps: &[(Timestamp, Step)]) -> Came {
    let mut node = core::Node::new(core::Setup::new(config(seed, 0), START), world(seed));
    let (mut known, mut life) = (BTreeSet::new(), 0);
    for (at, step) in steps {
        node.run_until(*at);
        match step {
            Step::Deliver(body) => {
                hear(node.outside_mut(), &mut known, *at, body);
                node.deliver(*at, body.as_bytes());
            }
            Step::Comment(comment) => node.comment(*at, comment.clone(), PATIENCE),
            Step::Act(machine, deed) => drop(node.outside_mut().world.desk.act(machine, *deed)),
            Step::Crash => {
                life += 1;
                node.crash();
                node.restart(&config(seed, life));
            }
        }
    }
    node.run_until(node.now() + REST);
    assert_eq!(node.astray(), [] as [MachineId; 0], "seed {seed}");
    Came {
        decided: decided(node.journal().batches()),
        order: order(node.journal().batches()),
        trace_hash: node.trace_hash(),
    }
}

fn at_tree(seed: u64, steps: &[(Timestamp, Step)], tasks: tree::Tasks) -> Came {
    let setup = tree::Setup { tasks, ..tree::Setup::new(config(seed, 0), START) };
    let mut node = tree::Node::new(setup, world(seed)).unwrap();
    let (mut known, mut life) = (BTreeSet::new(), 0);
    for (at, step) in steps {
        node.run_until(*at);
        match step {
            Step::Deliver(body) => {
                hear(&mut node.outside(), &mut known, *at, body);
                assert!(node.deliver(*at, body.as_bytes()));
            }
            Step::Comment(comment) => node.comment(*at, comment.clone(), PATIENCE),
            Step::Act(machine, deed) => match tasks {
                tree::Tasks::Desk => drop(node.act(*at, machine, *deed)),
                tree::Tasks::Outside => drop(node.outside().world.desk.act(machine, *deed)),
            },
            Step::Crash => {
                life += 1;
                node.crash();
                node.restart(config(seed, life)).unwrap();
            }
        }
    }
    node.run_until(node.now() + REST);
    let batches = node.batches(Position::default(), usize::MAX).unwrap();
    Came { decided: decided(&batches), order: order(&batches), trace_hash: node.trace_hash().unwrap() }
}

/// Where two rows of events part, with what came before.
fn apart(core: &[Stored], tree: &[Stored]) -> String {
    let same = core.iter().zip(tree).take_while(|(core, tree)| core == tree).count();
    let line = |who: &str, (seq, kind, _, at, body): &Stored| {
        let body: String = body.chars().take(160).collect();
        format!("{who} {} {seq} kind {kind} {body}\n", at - START.0)
    };
    let before = core[same.saturating_sub(6)..same].iter().map(|event| line("both ", event));
    let cores = core[same..].iter().take(4).map(|event| line("core ", event));
    let trees = tree[same..].iter().take(4).map(|event| line("actors", event));
    before.chain(cores).chain(trees).collect()
}

/// Plays seeds at both depths and asks for the same events of every conversation.
fn agree(seeds: std::ops::Range<u64>, tasks: tree::Tasks, menu: Menu) {
    let (mut events, mut sends) = (0, 0);
    for seed in seeds {
        // The embedded desk has no moods.
        let seed = if tasks == tree::Tasks::Desk { seed * 2 } else { seed * 2 + 1 };
        let steps = script(seed, menu);
        let (core, tree) = (at_core(seed, &steps), at_tree(seed, &steps, tasks));
        let machines: BTreeSet<&String> = core.decided.keys().chain(tree.decided.keys()).collect();
        for machine in machines {
            let of = |came: &Came| came.decided.get(machine).cloned().unwrap_or_default();
            let (core, tree) = (of(&core), of(&tree));
            if core != tree {
                panic!("seed {seed}, {machine}:\n{}", apart(&core, &tree));
            }
            events += core.len();
            sends += core.iter().filter(|(_, kind, ..)| *kind == 42).count();
        }
        assert!(core.order == tree.order, "seed {seed}: the same events of each machine, but in another order");
        // A node that starts again is watched only once it runs: what it asks during its start stands elsewhere.
        if !steps.iter().any(|(_, step)| matches!(step, Step::Crash)) {
            assert_eq!(core.trace_hash, tree.trace_hash, "seed {seed}: the same batches, but not the same calls");
        }
    }
    assert!(events > 500 && sends > 5, "{events} events and {sends} sends show little");
}

/// Scripts of each kind; a soak plays more.
fn scripts(usual: u64) -> std::ops::Range<u64> {
    let count = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    0..count.unwrap_or(usual)
}

#[test]
fn a_busy_hour_comes_to_the_same_events_at_both_depths() {
    let menu = Menu { steps: 25, deeds: true, ..Menu::default() };
    agree(scripts(70), tree::Tasks::Desk, menu);
}

#[test]
fn a_world_with_moods_comes_to_the_same_events_at_both_depths() {
    let menu = Menu { steps: 25, deeds: true, ..Menu::default() };
    agree(scripts(70), tree::Tasks::Outside, menu);
}

#[test]
fn days_over_the_edges_of_windows_come_to_the_same_events_at_both_depths() {
    let menu = Menu { steps: 12, far: true, ..Menu::default() };
    agree(scripts(8), tree::Tasks::Desk, menu);
}

#[test]
fn crashes_and_changed_settings_come_to_the_same_events_at_both_depths() {
    let menu = Menu { steps: 25, crashes: true, ..Menu::default() };
    agree(scripts(50), tree::Tasks::Outside, menu);
}

#[test]
fn a_flood_comes_to_the_same_events_at_both_depths() {
    let menu = Menu { steps: 6, flood: true, ..Menu::default() };
    agree(scripts(2), tree::Tasks::Outside, menu);
}
