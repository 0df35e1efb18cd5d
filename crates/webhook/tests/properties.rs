//! What holds for every body: no panic, no lost item, no lost neighbour, and the same reading however a batch is cut.
//!
//! The counting of items here is naive on purpose and shares nothing with the parser. Bodies written by others are read
//! too, where the environment names a folder of them.

use std::collections::BTreeSet;
use std::path::Path;

use model::{Inbound, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use webhook::parse;

const RECEIVED_AT: Timestamp = Timestamp(1_780_272_099_000);

fn read(body: &Value) -> model::Delivery {
    parse(body.to_string().as_bytes(), RECEIVED_AT)
}

/// An item that must become an inbound; `n` makes it unlike all others.
fn good(n: usize, kind: u8, psid: u64) -> Value {
    let customer = json!({"id": psid.to_string()});
    let page = json!({"id": "1029"});
    let at = 1_780_272_000_000_u64 + u64::try_from(n).expect("small");
    let mid = format!("m_{n}");
    match kind {
        0 => json!({"sender": customer, "recipient": page, "timestamp": at, "message": {"mid": mid, "text": "hello"}}),
        1 => json!({"sender": page, "recipient": customer, "timestamp": at, "message": {"mid": mid, "is_echo": true}}),
        2 => json!({"sender": customer, "recipient": page, "timestamp": at, "postback": {"payload": "START"}}),
        3 => json!({"sender": customer, "recipient": page, "delivery": {"watermark": at}}),
        _ => json!({"sender": {"id": psid}, "recipient": page, "timestamp": at, "read": {"watermark": at}}),
    }
}

fn goods() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec((0_u8..5, 1_u64..=u64::MAX), 1..12).prop_map(|kinds| {
        kinds.into_iter().enumerate().map(|(n, (kind, psid))| good(n, kind, psid.max(2_000))).collect()
    })
}

/// Any JSON, with a liking for the words of the platform.
fn any_json() -> impl Strategy<Value = Value> {
    let words = proptest::sample::select(vec![
        "sender",
        "recipient",
        "timestamp",
        "message",
        "mid",
        "text",
        "is_echo",
        "attachments",
        "postback",
        "payload",
        "delivery",
        "read",
        "watermark",
        "id",
        "mids",
        "field",
        "value",
        "messages",
        "entry",
        "messaging",
        "object",
        "0",
        "",
        "é\u{1f600}",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((words.clone(), inner), 0..6)
                .prop_map(|members| Value::from_iter(members.into_iter().map(|(key, value)| (key.to_owned(), value)))),
        ]
    })
}

/// A batch of good items cut into entries, as Meta sends them.
fn batch(items: &[Value], entry_len: usize) -> Value {
    let entries: Vec<_> = items
        .chunks(entry_len.max(1))
        .map(|items| json!({"id": "1029", "time": 1_780_272_000_500_u64, "messaging": items}))
        .collect();
    json!({"object": "page", "entry": entries})
}

fn inbounds(body: &Value) -> Vec<Inbound> {
    let delivery = read(body);
    assert_eq!(delivery.anomalies, []);
    delivery.inbounds
}

/// Counts what stands in the lists of all entries, by the plainest reading of the envelope.
fn items_by_hand(body: &Value) -> usize {
    let spread = |value: &Value| match value {
        Value::Array(elements) => elements.clone(),
        Value::Object(members) if !members.is_empty() && members.keys().all(|key| key.parse::<u64>().is_ok()) => {
            members.values().cloned().collect()
        }
        Value::Object(_) => vec![value.clone()],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let envelopes = if let Value::Array(envelopes) = body { envelopes.clone() } else { vec![body.clone()] };
    let entries = envelopes.iter().flat_map(|envelope| spread(&envelope["entry"]));
    let lists = entries.flat_map(|entry| entry.as_object().cloned().unwrap_or_default());
    lists.filter(|(key, _)| key != "id" && key != "time").map(|(_, list)| spread(&list).len()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_make_it_panic_and_never_vanish(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let delivery = parse(&body, RECEIVED_AT);
        prop_assert!(!delivery.anomalies.is_empty());
    }

    #[test]
    fn a_changed_body_never_makes_it_panic_and_never_vanishes(
        items in goods(),
        entry_len in 1_usize..4,
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 1..6),
    ) {
        let mut body = batch(&items, entry_len).to_string().into_bytes();
        for (at, how, byte) in cuts {
            if body.is_empty() { break; }
            let at = at.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                2 => { body.remove(at); }
                _ => body.truncate(at),
            }
        }
        let delivery = parse(&body, RECEIVED_AT);
        prop_assert!(delivery.inbounds.len() + delivery.anomalies.len() > 0);
    }

    #[test]
    fn any_json_is_read_to_the_last_item(body in any_json(), as_entry in any::<bool>()) {
        let body = if as_entry { json!({"object": "page", "entry": [{"id": "1029", "messaging": body}]}) } else { body };
        let delivery = read(&body);
        let read = delivery.inbounds.len() + delivery.anomalies.len();
        prop_assert!(read >= items_by_hand(&body), "{} < {} in {}", read, items_by_hand(&body), body);
    }

    #[test]
    fn a_broken_item_never_costs_its_neighbours(
        items in goods(),
        broken in proptest::collection::vec((any_json(), any::<prop::sample::Index>()), 1..5),
        entry_len in 1_usize..5,
    ) {
        let expected = inbounds(&batch(&items, entry_len));
        let mut all = items.clone();
        for (item, at) in &broken {
            all.insert(at.index(all.len() + 1), item.clone());
        }
        let delivery = read(&batch(&all, entry_len));
        prop_assert_eq!(delivery.inbounds.len() + delivery.anomalies.len(), all.len());
        let known: BTreeSet<_> = expected.iter().map(|inbound| inbound.key).collect();
        let survivors: Vec<_> = delivery.inbounds.into_iter().filter(|inbound| known.contains(&inbound.key)).collect();
        prop_assert_eq!(survivors, expected);
    }

    #[test]
    fn a_batch_reads_the_same_however_it_is_cut(items in goods(), entry_len in 1_usize..6, delivery_len in 1_usize..6) {
        let whole = inbounds(&batch(&items, items.len()));
        let cut: Vec<_> = items.chunks(delivery_len).flat_map(|items| inbounds(&batch(items, entry_len))).collect();
        prop_assert_eq!(&whole, &cut);
        let keys: BTreeSet<_> = whole.iter().map(|inbound| inbound.key).collect();
        prop_assert_eq!(keys.len(), items.len());
    }
}

/// Every index of recorded bodies under a folder: `webhooks/*/index.jsonl`.
fn indices(corpus: &Path) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(corpus.join("webhooks")).expect("the corpus has a folder `webhooks`");
    let mut indices: Vec<_> = folders.map(|folder| folder.expect("readable").path().join("index.jsonl")).collect();
    indices.sort();
    indices
}

#[test]
fn bodies_written_by_others_are_read_without_loss() {
    let Some(corpus) = std::env::var_os("PAGEDESK_FOREIGN_CORPUS") else {
        eprintln!("NOT RUN: PAGEDESK_FOREIGN_CORPUS is not set");
        return;
    };
    let (mut bodies, mut understood, mut kept) = (0, 0, 0);
    for index in indices(Path::new(&corpus)) {
        let lines = std::fs::read_to_string(&index).expect("an index is readable");
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).expect("a line of an index is JSON");
            if record["level"] != "envelope" {
                continue;
            }
            let mut file = index.clone();
            file.set_file_name(record["file"].as_str().expect("a record names its file"));
            let body = std::fs::read(&file).expect("the file is there");
            let by_hand = items_by_hand(&serde_json::from_slice(&body).expect("a body of the corpus is JSON"));
            let delivery = parse(&body, RECEIVED_AT);
            assert_eq!(delivery.inbounds.len() + delivery.anomalies.len(), by_hand, "{}", file.display());
            bodies += 1;
            understood += delivery.inbounds.len();
            kept += delivery.anomalies.len();
        }
    }
    assert!(bodies > 0, "the corpus holds no body");
    eprintln!("{bodies} bodies: {understood} items understood, {kept} kept raw");
}
