//! Fills a journal and an inbox in a directory and prints how fast: `cargo run --release -p journal --example fill DIR`.
//!
//! Measures; decides nothing. 10,000 machines, one sealed or plain record of 400 bytes a batch, groups as they form
//! themselves. The directory must exist, be empty, and lie on the disk that is to be measured.

#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
#![expect(clippy::print_stdout, reason = "a measurement prints")]

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use journal::{Batch, Drives, Entropy, Journal, Key, Record, Sources, Store, StoreOptions};

const MACHINES: u64 = 10_000;
const BATCHES: u64 = 600_000;
const BODY: usize = 400;

/// Counts instead of drawing: the cost of real entropy belongs to whoever brings it.
struct Counting(u64);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
        }
    }
}

fn main() {
    let dir = std::env::args().nth(1).expect("give a directory");
    let dir = Path::new(&dir);
    for (name, sealed, waiting_max) in
        [("plain", false, 128), ("plain", false, 1024), ("sealed", true, 128), ("sealed", true, 1024)]
    {
        let dir = dir.join(format!("{name}-{waiting_max}"));
        std::fs::create_dir_all(&dir).expect("the directory can be made");
        let store = open(&dir);
        let seconds = fill_journal(&store, sealed, waiting_max);
        report(&format!("journal {name}, {waiting_max} waiting"), BATCHES, seconds);
        let started = Instant::now();
        store.close();
        drop(store);
        let closed = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let store = open(&dir);
        let opened = started.elapsed().as_secs_f64();
        let started = Instant::now();
        for machine in 0..1000 {
            store.journal.read(&key(machine * 7 % MACHINES), true).expect("a machine can be read");
        }
        let read = started.elapsed().as_secs_f64() * 1000.0;
        println!("  close {closed:.3} s, open {opened:.3} s, read one machine of {} {read:.1} us", BATCHES / MACHINES);
        if !sealed {
            report(&format!("inbox, {waiting_max} waiting"), BATCHES, fill_inbox(&store, waiting_max));
        }
    }
}

fn report(what: &str, count: u64, seconds: f64) {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = count as f64 / seconds;
    println!("{what}: {rate:.0}/s");
}

fn open(dir: &Path) -> Store {
    Store::open(Sources::in_dir(dir), StoreOptions::default(), Box::new(Counting(1)), Drives::THREADS)
        .expect("the store opens")
}

fn key(machine: u64) -> Key {
    Arc::from(format!("page-{}/customer-{machine:08}", machine % 20).into_bytes())
}

/// Lets so many wait for their answer, then one more for each that came.
fn pace(number: u64, waiting_max: u64, answers: &Receiver<()>) {
    if number >= waiting_max {
        answers.recv().expect("the writer answers");
    }
}

fn fill_journal(store: &Store, sealed: bool, waiting_max: u64) -> f64 {
    let keys: Vec<Key> = (0..MACHINES).map(key).collect();
    let mut heads = vec![0; keys.len()];
    let (told, answers): (Sender<()>, _) = channel();
    let started = Instant::now();
    for number in 0..BATCHES {
        let machine = usize::try_from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20).expect("64 bits") % keys.len();
        let record = Record { kind: 1, version: 1, sealed, opens: false, body: vec![b'x'; BODY] };
        let batch = Batch {
            key: Arc::clone(&keys[machine]),
            expected: heads[machine],
            at: 0,
            records: vec![record],
            closes: vec![],
            armed: Some(1),
            baseline: false,
            snapshot: None,
        };
        heads[machine] += 1;
        pace(number, waiting_max, &answers);
        let told = told.clone();
        store.journal.append(
            batch,
            Box::new(move |answer| {
                answer.expect("the journal takes it");
                told.send(()).expect("the filler waits");
            }),
        );
    }
    for _ in 0..waiting_max {
        answers.recv().expect("the writer answers");
    }
    started.elapsed().as_secs_f64()
}

fn fill_inbox(store: &Store, waiting_max: u64) -> f64 {
    let (told, answers): (Sender<()>, _) = channel();
    let body = vec![b'x'; 500];
    let started = Instant::now();
    for number in 0..BATCHES {
        pace(number, waiting_max, &answers);
        let told = told.clone();
        store.inbox.append(
            body.clone(),
            0,
            Box::new(move |answer| {
                answer.expect("the inbox takes it");
                told.send(()).expect("the filler waits");
            }),
        );
        if number > waiting_max {
            store.inbox.forget(number - waiting_max);
        }
    }
    for _ in 0..waiting_max {
        answers.recv().expect("the writer answers");
    }
    started.elapsed().as_secs_f64()
}
