//! Fills a desk and prints how fast: `cargo run --release -p tracker --example fill -- FILE [CONVERSATIONS] [COMMENTS] [WAITING]`.
//!
//! No assertion here: it is a measurement, quoted with the machine it was taken on.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the real clock")]

use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use journal::Source;
use model::{EffectId, Incarnation, MachineId, PageId, Psid, Redacted, TaskId, Timestamp};
use tracker::{Comment, CommentOrigin, Contact, Desk, DeskOptions, OpenTask, Tracker};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |nth: usize, otherwise: u64| arguments.get(nth).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let path = arguments.first().cloned().unwrap_or_else(|| "desk.redb".to_owned());
    let (conversations, comments, waiting) = (number(1, 10_000), number(2, 100_000), number(3, 400));
    let waiting = usize::try_from(waiting).unwrap_or(400);
    let desk = Desk::open(Source::Path(path.into()), DeskOptions::default()).expect("the file can be made");

    let start = Instant::now();
    let tasks: Vec<TaskId> = stream::iter(0..conversations)
        .map(|nth| {
            let desk = &desk;
            async move { desk.open_task(effect(nth, 1), request(nth)).await.expect("it opens").task }
        })
        .buffered(waiting)
        .collect()
        .await;
    report("open_task", conversations, start);

    let start = Instant::now();
    stream::iter(0..comments)
        .map(|nth| {
            // Steps through the conversations in a scattered order.
            let conversation = nth.wrapping_mul(7_919) % conversations;
            let task = tasks[usize::try_from(conversation).expect("an index")].clone();
            let line = line("Is the rye bread gluten free? I would like to order two loaves for Saturday.");
            let desk = &desk;
            async move { desk.add_comments(effect(conversation, 2 + nth), task, vec![line], true).await.expect("it adds") }
        })
        .buffer_unordered(waiting)
        .for_each(|_| std::future::ready(()))
        .await;
    report("add_comments", comments, start);
    println!("{:?}", desk.stats());
}

fn report(what: &str, count: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds;
    println!("{what}: {count} in {seconds:.2} s = {rate:.0}/s");
}

fn customer(nth: u64) -> MachineId {
    MachineId::Conversation(PageId::new(format!("10290000{:02}", nth % 20)), Psid::new(format!("5{:015}", nth * 7_919)))
}

fn effect(nth: u64, seq: u64) -> EffectId {
    EffectId { incarnation: Incarnation(1), machine: customer(nth), seq }
}

fn request(nth: u64) -> OpenTask {
    OpenTask {
        binding: customer(nth),
        name: Redacted::new(format!("Customer {nth} (FB, Bakery)")),
        contact: Contact { key: customer(nth), name: Some(Redacted::new(format!("Customer {nth}"))) },
        lines: vec![line("Good morning! Are you open on Sunday?")],
        previous: None,
        at: Timestamp(1_795_392_000_000),
    }
}

fn line(text: &str) -> Comment {
    Comment {
        origin: CommentOrigin::Customer,
        text: text.into(),
        attachments: Vec::new(),
        at: Timestamp(1_795_392_000_000),
    }
}
