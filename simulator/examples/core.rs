//! How fast the core depth is: the machine alone, and the node with parser, codec, journal and hash.
//!
//! ```console
//! $ cargo run --release -p simulator --example core
//! ```
//!
//! No assertion on time here: it is a measurement, quoted with the machine it was taken on.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the real clock")]

use std::sync::Arc;
use std::time::Instant;

use actors::Limits;
use machine::conversation::{Command, Conversation, Effect, Outcome, State};
use machine::{AccountFacts, Context, Machine as _, PageFacts};
use model::{AccountId, AppId, ContactId, Inbound, MachineId, PageId, Psid, Redacted, Span, TaskId, Timestamp};
use node::{NodeConfig, PageConfig};
use simulator::core::{Node, Setup};
use simulator::outside::{Facebook, Known, ModelDesk, Weather, World};

/// 2026-11-23T09:00:00Z.
const START: Timestamp = Timestamp(1_795_424_400_000);
const PAGE: &str = "104000000000017";
const CONVERSATIONS: usize = 10_000;
const MESSAGES: usize = 400_000;

fn main() {
    let bodies: Vec<(Timestamp, String)> = (0..MESSAGES).map(delivery).collect();
    let inbounds: Vec<(usize, Inbound)> = bodies
        .iter()
        .enumerate()
        .map(|(nth, (at, body))| {
            let mut delivery = webhook::parse(body.as_bytes(), *at);
            (nth % CONVERSATIONS, delivery.inbounds.pop().expect("one message each"))
        })
        .collect();
    machine_alone(inbounds);
    node(&bodies);
}

/// One message of one customer; the node hears one every 3 ms.
fn delivery(nth: usize) -> (Timestamp, String) {
    let at = START.0 + 3 * i64::try_from(nth).expect("small");
    let (psid, sent_at) = (7_100_000_000_000_000 + nth % CONVERSATIONS, at - 700);
    let body = format!(
        "{{\"object\":\"page\",\"entry\":[{{\"id\":\"{PAGE}\",\"time\":{at},\"messaging\":[{{\"sender\":{{\"id\":\"{psid}\"}},\
         \"recipient\":{{\"id\":\"{PAGE}\"}},\"timestamp\":{sent_at},\"message\":{{\"mid\":\"m_{nth:024x}\",\
         \"text\":\"Are the rye loaves of number {nth} still warm at nine?\"}}}}]}}]}}"
    );
    (Timestamp(at), body)
}

/// Decide and evolve, each tracker effect settled at once.
fn machine_alone(inbounds: Vec<(usize, Inbound)>) {
    let page = PageFacts { known: true, token: true, ..PageFacts::default() };
    let context =
        Context { account: AccountFacts { profiles: false, ..AccountFacts::default() }, page, ..Context::default() };
    let mut states: Vec<State> = (0..CONVERSATIONS)
        .map(|nth| {
            let psid = Psid::new((7_100_000_000_000_000 + nth).to_string());
            Conversation::fresh(&MachineId::Conversation(PageId::new(PAGE), psid))
        })
        .collect();
    let (count, began, mut events) = (inbounds.len(), Instant::now(), 0);
    for (whose, inbound) in inbounds {
        let (state, now) = (&mut states[whose], inbound.at);
        let mut next = Some(Command::Receive(inbound));
        while let Some(command) = next.take() {
            for event in Conversation::decide(state, command, &context, now) {
                Conversation::evolve(state, &event);
                events += 1;
                if let Some(outcome) = Conversation::effect(&event).and_then(outcome) {
                    next = Some(Command::Settle { effect: Conversation::seq(state), outcome });
                }
            }
        }
    }
    told("decide + evolve alone", count, events, began);
}

fn outcome(effect: Effect) -> Option<Outcome> {
    match effect {
        Effect::OpenTask { .. } => Some(Outcome::TaskOpened { task: TaskId::new("1"), contact: ContactId::new("1") }),
        Effect::AddComments { task, .. } => Some(Outcome::CommentsAdded { task }),
        Effect::AskProfile { .. } | Effect::NameContact { .. } | Effect::Send { .. } => None,
    }
}

/// Everything: inbox, parser, Page, machine, codec, journal, desk, hash.
fn node(bodies: &[(Timestamp, String)]) {
    let token = Some(Redacted::new("token".to_owned()));
    let page = PageConfig { name: "Quayside Bakery".to_owned(), token };
    let config = NodeConfig {
        account: AccountId::new("acme"),
        facts: AccountFacts::default(),
        pages: [(PageId::new(PAGE), page)].into_iter().collect(),
        limits: Limits::default(),
        drain: Span::seconds(1),
        cache_bytes: 0,
    };
    let facebook = Facebook::new(AppId::new("990017"), false, Arc::new(Known::default()));
    let mut node = Node::new(
        Setup::new(config, START),
        World { facebook, desk: ModelDesk::default(), weather: Weather::default() },
    );
    let began = Instant::now();
    for (at, body) in bodies {
        node.deliver(*at, body.as_bytes());
    }
    node.run_until(node.now() + Span::minutes(2));
    assert!(node.is_idle(), "everything settles");
    let events = node.journal().batches().iter().map(|batch| batch.records.len()).sum();
    told("with parser, codec, journal, desk and hash", bodies.len(), events, began);
    println!("trace_hash {}", node.trace_hash());
}

fn told(what: &str, inbounds: usize, events: usize, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    let per_second = |count: usize| count as f64 / seconds;
    let (inbound, event) = (per_second(inbounds), per_second(events));
    println!("{what}: {inbound:.0} inbounds/s, {event:.0} events/s ({inbounds} in {seconds:.2} s)");
}
