//! Payloads collected by others, named by `PAGEDESK_FOREIGN_CORPUS`: all are read, no known kind stays raw, and the counts
//! agree with the collection's own index but for the differences listed here.
//!
//! Not a word of those payloads stands in this repository. Without the variable nothing is checked, and it says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::Timestamp;
use serde_json::Value;
use webhook::Tally;

const RECEIVED_AT: Timestamp = Timestamp(1_780_272_099_000);

/// Words of the index and ours for the same thing; an empty word: it counts for nothing here, for the reason given.
const WORDS: &[(&str, &str, &str)] = &[
    ("other.game_play", "legacy.game_play", "another word"),
    ("payment.payment", "legacy.payment", "another word"),
    ("payment.checkout_update", "legacy.checkout_update", "another word"),
    ("other.response_feedback", "response_feedback", "another word"),
    ("feed.comment.None", "feed.comment.add", "no verb is an add"),
    ("attach.None", "attach.unknown", "another word"),
    ("text.nlp", "", "what Meta's language service guesses is not read"),
    ("other.prior_message", "", "says after which plugin a message came; it is no item of its own"),
    ("odd.hop_context", "", "says how items came; it is no item of its own"),
    ("odd.entry_empty", "", "a delivery without entries holds nothing"),
    ("odd.entry_without_events", "", "an entry without items holds nothing"),
    ("odd.messaging_empty", "", "an empty list holds nothing"),
    ("odd.event_without_content", "anomaly.no-kind", "an item that says nothing"),
    ("standby.odd.event_without_content", "anomaly.no-kind", "an item that says nothing"),
    ("odd.unknown_event:foo", "anomaly.unknown-kind:foo", "another word"),
    (
        "odd.unknown_event:EVENT_TYPE_THAT_IS_UNSUPPORTED",
        "anomaly.unknown-kind:EVENT_TYPE_THAT_IS_UNSUPPORTED",
        "another word",
    ),
    ("odd.changed_fields", "", "each name in it counts as an item"),
    ("odd.message_not_object", "group_feed.comment.add", "a comment of a group stands flat in the list"),
    ("change.photos", "object.user.photos", "the delivery is not about a Page"),
    (
        "change.messaging_postbacks",
        "stranger.postback",
        "the form of the dashboard's tests, from somebody without an id",
    ),
];

/// A payload, what differs, and why.
type Explained = (&'static str, &'static [(&'static str, i64)], &'static str);

/// Payloads whose counts differ, each with what is missing in the index (+) or here (-), and why.
const FILES: &[Explained] = &[
    (
        "Yoctol__bottender/006.json",
        &[("anomaly.no-kind", 1), ("events", 1)],
        "items under a key that nobody knows are looked at too",
    ),
    ("botman__driver-facebook/013.json", &[("optin", -1), ("stranger.optin", 1)], "by somebody without an id"),
    ("messenger4j__messenger4j/006.json", &[("optin", -1), ("stranger.optin", 1)], "by somebody without an id"),
    ("nermalcat69__meta-business-api/002.json", &[("leadgen", 2), ("events", 2)], "the index misses lists as objects"),
    ("nermalcat69__meta-business-api/004.json", &[("anomaly.unknown-kind:to", 1), ("events", 1)], CALLS),
    ("nermalcat69__meta-business-api/005.json", &[("anomaly.unknown-kind:event", 1), ("events", 1)], CALLS),
    ("nermalcat69__meta-business-api/006.json", &[("anomaly.unknown-kind:event", 1), ("events", 1)], CALLS),
    ("nermalcat69__meta-business-api/007.json", &[("anomaly.unknown-kind:event", 1), ("events", 1)], CALLS),
    (
        "nermalcat69__meta-business-api/023.json",
        &[("attach.image", -1), ("attach.sticker", -1)],
        "a sticker counts once: neither for its type and its id, nor as the image that stands for it",
    ),
    (
        "nermalcat69__meta-business-api/035.json",
        &[("attach.sticker", -1)],
        "a sticker counts once, not for type and id",
    ),
    (
        "spring-projects__spring-social-facebook/001.json",
        &[("object.user.feed", 1), ("object.user.friends", 2), ("events", 3)],
        "each changed field counts as an item",
    ),
];

const CALLS: &str = "calls are no part of this product; they stay raw, item by item";

struct Record {
    name: String,
    body: Vec<u8>,
    events: u64,
    kinds: BTreeMap<String, i64>,
}

fn records(corpus: &Path) -> Vec<Record> {
    let folders = std::fs::read_dir(corpus.join("webhooks")).expect("the corpus has a folder `webhooks`");
    let mut folders: Vec<PathBuf> = folders.map(|folder| folder.expect("readable").path()).collect();
    folders.sort();
    let mut records = Vec::new();
    for folder in folders {
        let index = std::fs::read_to_string(folder.join("index.jsonl")).expect("every folder has an index");
        for line in index.lines() {
            let line: Value = serde_json::from_str(line).expect("a line of an index is JSON");
            let file = line["file"].as_str().expect("a record names its file");
            let mut kinds: BTreeMap<String, i64> = BTreeMap::new();
            for kind in line["kinds"].as_array().expect("a record lists kinds") {
                let kind = kind.as_str().expect("a kind is a word");
                let word = WORDS.iter().find(|(theirs, ..)| *theirs == kind).map_or(kind, |(_, ours, _)| ours);
                if !word.is_empty() {
                    *kinds.entry(word.to_owned()).or_default() += 1;
                }
            }
            let folder_name = folder.file_name().expect("a folder has a name").to_string_lossy();
            records.push(Record {
                name: format!("{folder_name}/{file}"),
                body: std::fs::read(folder.join(file)).expect("the file is there"),
                events: line["events"].as_u64().expect("a record counts events"),
                kinds,
            });
        }
    }
    records
}

/// Whether nobody could know what an item kept raw is.
fn is_unknown(kind: &str) -> bool {
    kind == "anomaly.no-kind" || kind.starts_with("anomaly.unknown-kind:")
}

#[expect(clippy::print_stderr, reason = "a test that checks nothing must say so")]
fn corpus() -> Option<PathBuf> {
    let corpus = std::env::var_os("PAGEDESK_FOREIGN_CORPUS");
    if corpus.is_none() {
        eprintln!("NOT RUN: PAGEDESK_FOREIGN_CORPUS is not set, so no payload of others was read");
    }
    corpus.map(PathBuf::from)
}

#[test]
fn payloads_written_by_others_are_counted_as_their_index_says() {
    let Some(corpus) = corpus() else { return };
    let mut whole = Tally::default();
    let mut differences = Vec::new();
    for record in records(&corpus) {
        let mut tally = Tally::default();
        tally.add(&record.name, &record.body, RECEIVED_AT);
        whole.add(&record.name, &record.body, RECEIVED_AT);
        let mut found: BTreeMap<String, i64> = BTreeMap::new();
        for (kind, count) in tally.kinds {
            *found.entry(kind).or_default() += i64::try_from(count).expect("few");
        }
        for (kind, count) in record.kinds {
            *found.entry(kind).or_default() -= count;
        }
        let number = |count: u64| i64::try_from(count).expect("few");
        found.insert("events".to_owned(), number(tally.inbounds + tally.anomalies) - number(record.events));
        found.retain(|_, count| *count != 0);
        let explained = FILES.iter().find(|(name, ..)| *name == record.name).map_or(&[][..], |(_, counts, _)| counts);
        let explained: BTreeMap<String, i64> =
            explained.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        if found != explained {
            differences.push(format!("{}: {found:?}", record.name));
        }
    }
    let raw: Vec<&String> =
        whole.kinds.keys().filter(|kind| kind.starts_with("anomaly.") && !is_unknown(kind)).collect();
    assert!(raw.is_empty(), "no known kind stays raw: {raw:?}");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(whole.unreadable.is_empty(), "{:?}", whole.unreadable);
    assert!(whole.files > 200, "the whole collection was read");
    println!("{whole:?}");
}
