//! Folds messages into a view and prints how fast: `cargo run --release -p view --example fold -- FILE [BATCHES] [ROUND]`.
//!
//! No assertion here: it is a measurement, quoted with the machine it was taken on.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the real clock")]

use std::time::Instant;

use journal::{
    AppendFault, Appended, Batch, Done, Due, History, Journal, OpenEffect, Position, ReadFault, Record, Source, Stored,
    StoredBatch,
};
use machine::Machine;
use machine::conversation::{Conversation, Event};
use model::{Channel, Inbound, ItemKey, Kind, Message, Mid, PageId, Psid, Timestamp, address};
use view::{View, ViewOptions};

/// Conversations that the messages are spread over.
const CONVERSATIONS: u64 = 10_000;

/// A journal of one message a batch, made while it is read.
struct Messages(u64);

impl Journal for Messages {
    fn append(&self, _batch: Batch, done: Done<Appended, AppendFault>) {
        done(Err(AppendFault::Unavailable));
    }

    fn read(&self, _key: &[u8], _use_snapshot: bool) -> Result<History, ReadFault> {
        Ok(History::default())
    }

    fn tail(&self, after: Position, limit: usize) -> Result<Vec<StoredBatch>, ReadFault> {
        Ok((after.0 + 1..=self.0).take(limit).map(batch).collect())
    }

    fn batch(&self, _position: Position) -> Result<Option<StoredBatch>, ReadFault> {
        Ok(None)
    }

    fn open_effects(&self, _after: Option<OpenEffect>, _limit: usize) -> Result<Vec<OpenEffect>, ReadFault> {
        Ok(Vec::new())
    }

    fn due(&self, _until: i64, _after: Option<&Due>, _limit: usize) -> Result<Vec<Due>, ReadFault> {
        Ok(Vec::new())
    }

    fn next_due(&self) -> Result<Option<i64>, ReadFault> {
        Ok(None)
    }

    fn last(&self) -> Position {
        Position(self.0)
    }
}

fn batch(position: u64) -> StoredBatch {
    let nth = position.wrapping_mul(7_919) % CONVERSATIONS;
    let text = Some("Is the rye bread gluten free? I would like to order two loaves for Saturday.".into());
    let mut key = [0; 16];
    key[..8].copy_from_slice(&position.to_be_bytes());
    let inbound = Inbound {
        page: PageId::new(format!("10290000{:02}", nth % 20)),
        psid: Psid::new(format!("5{:015}", nth * 7_919)),
        at: Timestamp(1_795_392_000_000 + i64::try_from(position).unwrap_or(0)),
        channel: Channel::Messaging,
        key: ItemKey(key),
        kind: Kind::Message(Message { text, ..Message::new(Mid::new(format!("m_{position}"))) }),
    };
    let machine = address(&inbound).to_string();
    let encoded = Conversation::encode(&Event::Received { inbound });
    let record = Record {
        kind: encoded.kind,
        version: encoded.version,
        sealed: encoded.sealed,
        opens: false,
        body: encoded.body,
    };
    StoredBatch {
        position: Position(position),
        key: machine.into_bytes().into(),
        at: 0,
        armed: None,
        baseline: false,
        records: vec![Stored { seq: position, index: 0, record }],
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |nth: usize, otherwise: u64| arguments.get(nth).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let path = arguments.first().cloned().unwrap_or_else(|| "view.redb".to_owned());
    let (batches, round) = (number(1, 200_000), number(2, 512));
    let round = usize::try_from(round).unwrap_or(512);
    let view = View::open(Source::Path(path.into()), ViewOptions::default()).expect("the file can be made");
    let journal = Messages(batches);

    let start = Instant::now();
    for position in 1..=batches {
        std::hint::black_box(batch(position));
    }
    let making = start.elapsed().as_secs_f64();
    let start = Instant::now();
    while view.catch_up(&journal, round).expect("it folds") < journal.last() {}
    let seconds = start.elapsed().as_secs_f64() - making;
    let rate = f64::from(u32::try_from(batches).unwrap_or(u32::MAX)) / seconds;
    println!("{batches} batches in rounds of {round}: {seconds:.2} s = {rate:.0}/s, making them left out");
    println!("{:?}", view.totals());
}
