//! The webhook's door: signature and parser over any bytes.
//!
//! Holds for every body: both end, no item vanishes, a body that is cut off or mixed up never costs a neighbour in another
//! entry, what is kept of it is bounded, and only the secret's own signature is taken.

use model::{Delivery, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;
use webhook::{Secret, limits, parse, sign, verify};

const RECEIVED_AT: Timestamp = Timestamp(1_780_272_099_000);

/// An entry that is always understood, whatever stands beside it.
const NEIGHBOUR: &str = r#"{"id":"1029","time":1780272000500,"messaging":[{"sender":{"id":"5550001"},"recipient":{"id":"1029"},"timestamp":1780272000000,"message":{"mid":"m_neighbour","text":"still here"}}]}"#;

/// Checks one body.
///
/// # Panics
/// Where something does not hold.
pub fn check(body: &[u8]) {
    signature(body);
    let delivery = parse(body, RECEIVED_AT);
    assert_eq!(delivery, parse(body, RECEIVED_AT), "two readings of one body differ");
    bounded(&delivery);
    let text = String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    if serde_json::from_str::<&RawValue>(&text).is_err() {
        assert!(!delivery.anomalies.is_empty(), "a body that is no JSON left nothing");
        return;
    }
    // Half a surrogate pair is JSON to a scanner and no text to a reader: the plain reading ends here.
    let Ok(value) = serde_json::from_str::<Value>(&text) else { return };
    let (read, there) = (items(&delivery), items_by_hand(&value));
    assert!(read >= there.min(limits::ITEMS_MAX), "{there} items, {read} read");
    neighbour(value, &delivery);
}

/// Only what the secret signed is taken, and the body as a header of signature takes nobody down.
fn signature(body: &[u8]) {
    let (ours, other) = (Secret::new(b"one secret"), Secret::new(b"another"));
    let signed = sign(&ours, body);
    assert!(verify(std::slice::from_ref(&ours), Some(signed.as_bytes()), body).is_ok());
    assert!(verify(std::slice::from_ref(&other), Some(signed.as_bytes()), body).is_err());
    assert!(verify(&[ours], Some(body), body).is_err(), "a body cannot be its own signature");
}

/// What is kept of a delivery stays within the limits of the parser.
fn bounded(delivery: &Delivery) {
    // One more: what lies beyond the limit is told in one anomaly.
    assert!(items(delivery) <= limits::ITEMS_MAX + 1, "{} items were read", items(delivery));
    for anomaly in &delivery.anomalies {
        let raw = anomaly.raw.reveal().len();
        assert!(raw <= limits::RAW_BYTES_MAX, "an anomaly keeps {raw} bytes");
    }
}

/// The same entries with one more are read the same, and that one too.
fn neighbour(mut value: Value, alone: &Delivery) {
    let Some(entries) = value.get_mut("entry").and_then(Value::as_array_mut) else { return };
    if items(alone) >= limits::ITEMS_MAX {
        return;
    }
    entries.push(serde_json::from_str(NEIGHBOUR).expect("it is JSON"));
    // Written anew, since the fuzzer's bytes may name a member twice: so the reading alone is made anew as well.
    let with = parse(value.to_string().as_bytes(), RECEIVED_AT);
    value["entry"].as_array_mut().expect("it was one").pop();
    let without = parse(value.to_string().as_bytes(), RECEIVED_AT);
    if value["object"] != "page" {
        return;
    }
    assert_eq!(with.inbounds.len(), without.inbounds.len() + 1, "a neighbour was lost");
    assert_eq!(with.page_inbounds, without.page_inbounds);
    assert_eq!(with.anomalies.len(), without.anomalies.len());
}

fn items(delivery: &Delivery) -> usize {
    delivery.inbounds.len() + delivery.page_inbounds.len() + delivery.anomalies.len()
}

/// Counts what stands in the lists of all entries, by the plainest reading of the envelope. Shares nothing with the parser.
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
    lists
        .filter(|(key, _)| !["id", "time", "hop_context"].contains(&key.as_str()))
        .map(|(_, list)| spread(&list).len())
        .sum()
}
