//! What holds for every body: no panic, no lost item, no lost neighbour, and the same reading however a batch is cut.
//!
//! That any JSON is read to its last item is shown where the fuzz target counts items, in `simulator/fuzz`.

use std::collections::BTreeSet;

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
    let item = |key: &str, value: Value| json!({"sender": customer, "recipient": page, "timestamp": at, key: value});
    match kind {
        0 => item("message", json!({"mid": mid, "text": "hello"})),
        1 => json!({"sender": page, "recipient": customer, "timestamp": at, "message": {"mid": mid, "is_echo": true}}),
        2 => item("postback", json!({"payload": "START", "referral": {"ref": "r"}})),
        3 => json!({"sender": customer, "recipient": page, "delivery": {"watermark": at}}),
        4 => json!({"sender": {"id": psid}, "recipient": page, "timestamp": at, "read": {"watermark": at}}),
        5 => item("reaction", json!({"mid": mid, "action": "react", "emoji": "\u{2764}"})),
        6 => item("message_edit", json!({"mid": mid, "text": "hallo", "num_edit": 1})),
        7 => item("message", json!({"mid": mid, "is_deleted": true})),
        8 => item("referral", json!({"ref": "r", "source": "SHORTLINK", "type": "OPEN_THREAD"})),
        9 => item("optin", json!({"ref": "r"})),
        10 => item("pass_thread_control", json!({"new_owner_app_id": 1_u64 << 60, "metadata": null})),
        11 => item("request_thread_control", json!({"requested_owner_app_id": "7"})),
        12 => item("account_linking", json!({"status": "unlinked"})),
        13 => item("response_feedback", json!({"feedback": "Good response", "mid": mid})),
        14 => item("message", json!({"admin_text": "handed back"})),
        15 => item("order", json!({"products": [{"id": 1, "name": "Bell"}]})),
        16 => item("message", json!({"mid": mid, "text": "Yes", "quick_reply": {"payload": "Y"}})),
        _ => item("game_play", json!({"game_id": "1"})),
    }
}

fn goods() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec((0_u8..18, 1_u64..=u64::MAX), 1..12).prop_map(|kinds| {
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
        "changes",
        "changed_fields",
        "feed",
        "item",
        "verb",
        "reaction",
        "message_edit",
        "optin",
        "user_ref",
        "referral",
        "pass_thread_control",
        "app_roles",
        "policy_enforcement",
        "messaging_feedback",
        "order",
        "page",
        "user",
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
        prop_assert_eq!(delivery.inbounds.len() + delivery.page_inbounds.len() + delivery.anomalies.len(), all.len());
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
