//! The core depth by itself: crashes between any two steps, commits that are lost or unclear, and one world, one hash.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

use std::collections::BTreeMap;
use std::sync::Arc;

use actors::Limits;
use journal::Batch;
use machine::AccountFacts;
use machine::Machine as _;
use machine::conversation::{Conversation, Event};
use model::{AccountId, AppId, ItemKey, MachineId, PageId, Psid, Redacted, Span, Timestamp};
use node::{NodeConfig, PageConfig};
use simulator::core::{Fate, Node, Setup, Sound, Storage};
use simulator::outside::{CommentOnTask, Facebook, Known, ModelDesk, Weather, World};
use simulator::witness::Witness;
use tracker::Audience;

/// 2026-11-23T09:00:00Z.
const START: Timestamp = Timestamp(1_795_424_400_000);
const APP: &str = "990017";
const CUSTOMERS: [&str; 3] = ["71", "72", "73"];

fn config() -> NodeConfig {
    let token = Some(Redacted::new("token".to_owned()));
    NodeConfig {
        account: AccountId::new("acme"),
        facts: AccountFacts { app: Some(AppId::new(APP)), ..AccountFacts::default() },
        pages: [(PageId::new("104"), PageConfig { name: "Quayside Bakery".to_owned(), token })].into_iter().collect(),
        limits: Limits::default(),
        drain: Span::seconds(1),
        cache_bytes: 0,
    }
}

fn node(setup: Setup) -> Node<World> {
    let facebook = Facebook::new(AppId::new(APP), false, Arc::new(Known::default()));
    Node::new(setup, World { facebook, desk: ModelDesk::default(), weather: Weather::default() })
}

fn at(ms: i64) -> Timestamp {
    START + Span(ms)
}

fn message(node: &mut Node<World>, ms: i64, psid: &str, mid: &str) {
    let time = at(ms).0;
    let body = format!(
        "{{\"object\":\"page\",\"entry\":[{{\"id\":\"104\",\"time\":{time},\"messaging\":[{{\"sender\":{{\"id\":\"{psid}\"}},\
         \"recipient\":{{\"id\":\"104\"}},\"timestamp\":{time},\"message\":{{\"mid\":\"{mid}\",\"text\":\"Hello\"}}}}]}}]}}"
    );
    for inbound in webhook::parse(body.as_bytes(), at(ms)).inbounds {
        node.outside_mut().facebook.hear(&inbound);
    }
    node.deliver(at(ms), body.as_bytes()).unwrap();
}

fn comment(node: &mut Node<World>, ms: i64, psid: &str) {
    let (page, psid) = (PageId::new("104"), Psid::new(psid));
    let (by, text, audience) = ("Ada".to_owned(), "Until noon.".to_owned(), Audience::Customer);
    node.comment(at(ms), CommentOnTask { page, psid, by, text, audience }, Span::minutes(10));
}

/// Three customers write twice, each is answered once; something that nobody understands comes for the Page.
fn morning(node: &mut Node<World>) {
    let odd = "{\"object\":\"page\",\"entry\":[{\"id\":\"104\",\"time\":1795424400000,\"messaging\":[{\"sender\":{\"id\":\"71\"},\
               \"recipient\":{\"id\":\"104\"},\"timestamp\":1795424400000,\"brand_new\":{}}]}]}";
    node.deliver(at(0), odd.as_bytes()).unwrap();
    for (nth, psid) in (0..).zip(CUSTOMERS) {
        message(node, nth * 500, psid, &format!("m_{psid}_1"));
        comment(node, 20_000 + nth, psid);
        // Twice, as Meta does.
        message(node, 20_100 + nth, psid, &format!("m_{psid}_2"));
        message(node, 20_100 + nth, psid, &format!("m_{psid}_2"));
    }
}

/// Lets everything settle and checks what must hold whatever happened.
fn settles(node: &mut Node<World>, what: &str) {
    node.run_until(node.now() + Span::hours(1));
    assert!(node.is_idle() && node.on_the_way() == 0, "{what}: something is under way");
    assert_eq!(node.astray(), [] as [MachineId; 0], "{what}");
    let mut received: BTreeMap<ItemKey, u64> = BTreeMap::new();
    let mut written = 0;
    let batches = node.journal().batches().iter().filter(|batch| batch.key.starts_with(b"c/"));
    for stored in batches.flat_map(|batch| &batch.records) {
        let event = Conversation::decode(stored.record.kind, stored.record.version, &stored.record.body).unwrap();
        if let Event::Received { inbound } = event {
            written += u64::from(matches!(inbound.kind, model::Kind::Message(_)));
            *received.entry(inbound.key).or_default() += 1;
        }
    }
    let kept = node.journal().of(&MachineId::Page(PageId::new("104"))).flat_map(|batch| &batch.records);
    assert_eq!(kept.filter(|stored| stored.record.kind == 3).count(), 1, "{what}: the odd item is kept once");
    assert_eq!(written, 6, "{what}: an item is missing");
    assert!(received.values().all(|count| *count == 1), "{what}: an item was received twice");
    assert_eq!(node.outside().facebook.counts().doubled(), 0, "{what}: a customer got something twice");
    assert_eq!(node.outside().desk.tasks(), 3, "{what}");
}

#[test]
fn a_crash_between_any_two_steps_loses_nothing_and_sends_nothing_twice() {
    let mut crashes = 0;
    for steps in (0..).step_by(3) {
        let mut node = node(Setup::new(config(), START));
        morning(&mut node);
        let mut left = steps;
        while left > 0 && node.now() < at(30_000) {
            left -= 1;
            if !node.step() {
                let next = node.next_at().unwrap_or_else(|| at(30_000));
                node.run_until(next);
            }
        }
        if left > 0 {
            break;
        }
        node.crash();
        assert!(!node.step() && node.deliver(node.now(), b"{}").is_none(), "a dead node does nothing");
        node.run_until(node.now() + Span(1_500));
        node.restart(&config());
        settles(&mut node, &format!("after {steps} steps"));
        crashes += 1;
    }
    assert!(crashes > 30, "{crashes} crashes show little");
}

/// Commits that are lost or unclear, by the number of the commit.
struct Unsteady {
    seed: u64,
    count: u64,
    /// Sound from this commit on.
    until: u64,
}

impl Storage for Unsteady {
    fn commit(&mut self, _batch: &Batch) -> Fate {
        self.count += 1;
        let word = (self.seed ^ self.count).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        match word % 8 {
            _ if self.count > self.until => Fate::Kept,
            0 => Fate::Lost,
            1 => Fate::Unknown { stored: false },
            2 => Fate::Unknown { stored: true },
            _ => Fate::Kept,
        }
    }
}

#[test]
fn lost_and_unclear_commits_lose_nothing_and_send_nothing_twice() {
    for seed in 0..60 {
        let mut node = node(Setup::new(config(), START));
        node.set_storage(Box::new(Unsteady { seed, count: 0, until: 60 }));
        morning(&mut node);
        settles(&mut node, &format!("seed {seed}"));
        let more = node.journal().batches().len();
        assert!(more > 20, "seed {seed}: {more} batches");
    }
}

#[test]
fn one_world_is_one_hash_and_another_word_is_another() {
    let run = |mid: &str, told: bool| {
        let setup = Setup::new(config(), START);
        let witness = if told { Witness::with_trace(START) } else { Witness::default() };
        let mut node = node(Setup { witness, storage: Box::new(Sound), ..setup });
        message(&mut node, 0, "71", mid);
        node.run_until(at(60_000));
        (node.trace_hash(), node.witness().lines().len())
    };
    let (silent, none) = run("m_1", false);
    let (told, lines) = run("m_1", true);
    assert_eq!((silent.as_str(), none), (told.as_str(), 0), "telling changes nothing");
    assert!(lines > 8, "{lines} lines");
    assert_ne!(run("m_2", false).0, silent);
    assert_eq!(run("m_1", false).0, silent);
}

/// Instants at which the customers got something, in order.
fn sends(node: &Node<World>) -> Vec<Timestamp> {
    let batches = node.journal().batches().iter().filter(|batch| batch.key.starts_with(b"c/"));
    let started = batches.filter(|batch| batch.records.iter().any(|stored| stored.record.kind == 42));
    started.map(|batch| Timestamp(batch.at)).collect()
}

#[test]
fn conversations_that_were_let_go_while_they_waited_for_their_turn_waste_none() {
    let limits = Limits { resident_max: 2, sends_per_second: 1, ..Limits::default() };
    let mut node = node(Setup::new(NodeConfig { limits, ..config() }, START));
    let customers: Vec<String> = (0..30).map(|nth| format!("8{nth:02}")).collect();
    for (nth, psid) in (0..).zip(&customers) {
        message(&mut node, nth, psid, &format!("m_{psid}"));
        comment(&mut node, 20_000 + nth * 10, psid);
    }
    node.run_until(at(55_000));
    let first = sends(&node);
    assert_eq!(first.len(), customers.len(), "{first:?}");
    assert!(first.windows(2).all(|pair| pair[1] - pair[0] <= Span(1_000)), "one a second, without gaps: {first:?}");
    comment(&mut node, 55_000, &customers[0]);
    node.run_until(at(57_000));
    assert_eq!(sends(&node).len(), customers.len() + 1, "the next one does not wait for turns that nobody needs");
}
