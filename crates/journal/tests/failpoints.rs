//! A writer that panics around its commit: answered as unknown or unavailable, opened again, nothing acknowledged lost.
//!
//! A binary of its own, since fail points are global to the process; built with the feature `failpoints` alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::mpsc::channel;

use journal::{
    AppendFault, Appended, Batch, Drives, Entropy, InboxFault, Journal, Record, Sources, Store, StoreOptions,
};

struct Zeroes;

impl Entropy for Zeroes {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn append(store: &Store, expected: u64) -> Result<Appended, AppendFault> {
    let (told, answer) = channel();
    let batch = Batch {
        key: Arc::from(&b"a"[..]),
        expected,
        at: 0,
        records: vec![Record { kind: 1, version: 1, sealed: false, opens: false, body: vec![] }],
        closes: vec![],
        armed: None,
        baseline: false,
        snapshot: None,
    };
    store.journal.append(batch, Box::new(move |result| told.send(result).unwrap()));
    answer.recv().unwrap()
}

fn deliver(store: &Store) -> Result<u64, InboxFault> {
    let (told, answer) = channel();
    store.inbox.append(b"body".to_vec(), 0, Box::new(move |result| told.send(result).unwrap()));
    answer.recv().unwrap()
}

#[test]
fn a_panic_around_a_commit_is_answered_and_the_writer_goes_on() {
    let scenario = fail::FailScenario::setup();
    for drives in [Drives::INLINE, Drives::THREADS] {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open(Sources::in_dir(dir.path()), StoreOptions::default(), Box::new(Zeroes), drives).unwrap();
        append(&store, 0).unwrap();

        fail::cfg("journal-before-commit", "1*panic").unwrap();
        assert_eq!(append(&store, 1), Err(AppendFault::Unknown));
        append(&store, 1).unwrap();
        fail::cfg("journal-after-commit", "1*panic").unwrap();
        assert_eq!(append(&store, 2), Err(AppendFault::Unknown));
        assert_eq!(append(&store, 2), Err(AppendFault::Conflict { head: 3 }));
        assert_eq!(store.journal.read(b"a", true).unwrap().head, 3);
        append(&store, 3).unwrap();

        assert_eq!(deliver(&store), Ok(1));
        fail::cfg("inbox-before-commit", "1*panic").unwrap();
        assert_eq!(deliver(&store), Err(InboxFault::Unavailable));
        // Number 2 was given away and may lie in the log for all anybody knows.
        assert_eq!(deliver(&store), Ok(3));
        fail::cfg("inbox-after-commit", "1*panic").unwrap();
        assert_eq!(deliver(&store), Err(InboxFault::Unavailable));
        // Number 4 does lie there; its sender was told otherwise and sends it again.
        assert_eq!(deliver(&store), Ok(5));
        let waiting: Vec<u64> =
            store.inbox.unforgotten(0, usize::MAX).unwrap().iter().map(|delivery| delivery.seq).collect();
        assert_eq!(waiting, [1, 3, 5]);
        assert_eq!(store.journal.verify().unwrap().findings, []);
    }
    scenario.teardown();
}
