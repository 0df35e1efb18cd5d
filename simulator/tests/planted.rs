//! Names, numbers, addresses and tokens planted wherever a string or a number stands in bodies of every kind: none is left
//! after redaction, and the linter finds each before and none after. What the parser makes of the bodies stays the same.

#![expect(clippy::unwrap_used, reason = "what tests share is a test too")]

mod redacting;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use model::{AppId, Delivery, PageId, Psid, Timestamp};
use redacting::{leftovers, redact, redaction_of};
use serde_json::Value;
use simulator::play::recording::{FactLine, Recording, Step};
use simulator::redact::lint::Leftover;
use simulator::replay::replay;

const RECEIVED_AT: Timestamp = Timestamp(1_780_272_099_000);

/// What is planted, and what the linter takes it for; names it only knows if they are denied.
const PLANTS: [(&str, Leftover); 13] = [
    ("Mara Lindqvist", Leftover::Denied),
    ("Ørsted-Brøndum", Leftover::Denied),
    ("Софья Ковалёва", Leftover::Denied),
    ("王小明同学", Leftover::Denied),
    ("mara.lindqvist@quayside-bakery.se", Leftover::Mail),
    ("+46 70 174 06 05", Leftover::Phone),
    ("0171/2345678", Leftover::Phone),
    ("https://quayside-bakery.se/mara?id=1", Leftover::Link),
    ("https://lindqvist:s3cret@quayside-bakery.se", Leftover::Link),
    ("EAAGm0PX4ZCpsBAKZCmZBqQZDZD", Leftover::Token),
    ("104000000000017", Leftover::Id),
    ("m_Zm9vYmFyYmF6cXV1eGZvb2JhcmJheg", Leftover::Id),
    ("pd.1.22.c/104000000000017/7100000000000001", Leftover::Id),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// One body of every kind that the parser's tests and the stand-in know, with its name.
fn bodies() -> Vec<(String, String)> {
    let tests = ["kinds.json", "batch.json"].map(|name| root().join("crates/webhook/tests").join(name));
    let snapshots = std::fs::read_dir(root().join("simulator/src/fake/facebook/tests/snapshots")).unwrap();
    let snapshots =
        snapshots.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().contains("__kinds__"));
    let mut files: Vec<PathBuf> = tests.into_iter().chain(snapshots).collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let body = text.splitn(3, "---\n").last().unwrap().to_owned();
        serde_json::from_str::<Value>(&body).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), body)
    };
    files.into_iter().map(read).collect()
}

/// The value with something else in place of every string, and as a key more in every object.
fn planted(value: &Value, plant: &dyn Fn(&str) -> String, planted_number: Option<u64>) -> Value {
    match value {
        Value::String(text) => Value::String(plant(text)),
        Value::Number(_) => planted_number.map_or_else(|| value.clone(), Value::from),
        Value::Array(elements) => elements.iter().map(|element| planted(element, plant, planted_number)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), planted(value, plant, planted_number)))
            .chain([(plant(""), Value::Bool(true))])
            .collect(),
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// The parts of a plant that must not be left: longer than what chance may write.
fn parts(plant: &str) -> Vec<String> {
    let words = plant.split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| word.chars().count() >= 5 && !["https", "pd"].contains(word));
    words.chain([plant]).map(str::to_lowercase).collect()
}

/// JSON with every character beyond ASCII escaped, as Meta writes it.
fn escaped(body: &str) -> String {
    body.chars()
        .map(|letter| match letter {
            '\0'..='\x7f' => letter.to_string(),
            _ => letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        })
        .collect()
}

/// All strings and numbers of JSON, as they read.
fn readable(body: &str) -> String {
    fn gather(value: &Value, all: &mut String) {
        match value {
            Value::String(text) => all.push_str(text),
            Value::Array(elements) => elements.iter().for_each(|element| gather(element, all)),
            Value::Object(members) => members.iter().for_each(|(key, value)| {
                all.push_str(key);
                all.push('\n');
                gather(value, all);
            }),
            Value::Number(number) => all.push_str(&number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
        all.push('\n');
    }
    let mut all = String::new();
    gather(&serde_json::from_str(body).unwrap(), &mut all);
    all.to_lowercase()
}

#[test]
fn nothing_planted_is_left_anywhere_and_the_linter_finds_it_before_and_not_after() {
    let deny = PLANTS.map(|(plant, _)| plant).join("\n");
    for (plant, kind) in PLANTS {
        // As Meta writes them, and as anybody else does.
        for (wrap, write) in [("{}", &escaped as &dyn Fn(&str) -> String), ("Hello {},\n({})", &str::to_owned)] {
            let text = wrap.replace("{}", plant);
            let plants = bodies().into_iter().map(|(name, body)| {
                let body = serde_json::from_str(&body).unwrap();
                (name, planted(&body, &|_| text.clone(), Some(104_000_000_000_017)).to_string())
            });
            let plain: Vec<(String, String)> = plants.collect();
            for (name, body) in &plain {
                let found = leftovers(body, &deny);
                assert!(found.iter().any(|(found, _)| *found == kind), "{name}: {plant}: {found:?}");
            }
            let written: Vec<String> = plain.iter().map(|(_, body)| write(body)).collect();
            let all: Vec<&str> = written.iter().map(String::as_str).collect();
            for redacted in redact(&all) {
                let left = readable(&redacted);
                for part in parts(plant).iter().map(String::as_str).chain(["104000000000017"]) {
                    assert!(!left.contains(part), "{part} is left in {redacted}");
                }
                assert_eq!(leftovers(&redacted, &deny), [], "{redacted}");
            }
        }
    }
}

#[test]
fn every_position_is_found_by_the_linter() {
    // One at a time: a linter that looks at the first string alone would pass the test above.
    let count = |value: &Value| {
        let seen = std::cell::Cell::new(0);
        planted(
            value,
            &|_| {
                seen.set(seen.get() + 1);
                String::new()
            },
            None,
        );
        seen.get()
    };
    for (name, body) in bodies().into_iter().filter(|(name, _)| name != "kinds") {
        let value: Value = serde_json::from_str(&body).unwrap();
        for wanted in 0..count(&value) {
            let seen = std::cell::Cell::new(0);
            let plant = |text: &str| {
                let is_here = seen.replace(seen.get() + 1) == wanted;
                if is_here { "ann@quayside-bakery.se".to_owned() } else { text.to_owned() }
            };
            let body = planted(&value, &plant, None).to_string();
            let found: Vec<_> = leftovers(&body, "").into_iter().filter(|(kind, _)| *kind == Leftover::Mail).collect();
            assert_eq!(found.len(), 1, "{name}: {wanted}: {body}");
        }
    }
}

#[test]
fn bodies_that_are_no_json_give_nothing_away_either() {
    for (plant, _) in PLANTS {
        for body in [
            format!("{{\"text\":\"{plant}"),
            format!("{plant}={plant}&x"),
            format!("\u{feff}{plant}"),
            escaped(&format!("[{plant}")),
        ] {
            let redacted = redact(&[&body]).remove(0);
            assert_eq!(leftovers(&redacted, plant), [], "{redacted}");
            assert_eq!(body.chars().count(), redacted.chars().count());
            let redacted = redacted.to_lowercase();
            assert!(parts(plant).iter().all(|part| !redacted.contains(part)), "{body}: {redacted}");
            assert!(parts(&escaped(plant)).iter().all(|part| !redacted.contains(part)), "{body}: {redacted}");
        }
    }
}

/// Numbers for things by their first appearance: two lists of things are alike if their numbers are.
fn numbered<T: Ord + Clone>(things: impl IntoIterator<Item = T>) -> Vec<usize> {
    let mut known = BTreeMap::new();
    things
        .into_iter()
        .map(|thing| {
            let next = known.len();
            *known.entry(thing).or_insert(next)
        })
        .collect()
}

/// Attachments that Meta documents.
const ATTACHMENTS: [&str; 13] = [
    "image",
    "audio",
    "video",
    "file",
    "sticker",
    "fallback",
    "reel",
    "ig_reel",
    "post",
    "ig_post",
    "location",
    "template",
    "appointment_booking",
];

/// What must be the same of two readings.
fn essence(deliveries: &[Delivery]) -> impl PartialEq + Debug {
    let talks = || deliveries.iter().flat_map(|delivery| &delivery.inbounds);
    let pages = || deliveries.iter().flat_map(|delivery| &delivery.page_inbounds);
    let anomalies = || deliveries.iter().flat_map(|delivery| &delivery.anomalies);
    // What an unknown kind of attachment is called is no word of Meta's, and redacted.
    let word = |word: String| match word.strip_prefix("attach.") {
        Some(kind) if !ATTACHMENTS.contains(&kind) => "attach.unknown".to_owned(),
        Some(_) | None => word,
    };
    let words = |words: Vec<String>| words.into_iter().map(word).collect::<Vec<_>>();
    (
        talks().map(|inbound| words(webhook::kinds::words(inbound))).collect::<Vec<_>>(),
        pages().map(webhook::kinds::page_word).collect::<Vec<_>>(),
        talks().map(|inbound| (inbound.at, inbound.channel)).collect::<Vec<_>>(),
        pages().map(|inbound| inbound.at).collect::<Vec<_>>(),
        anomalies().map(|anomaly| (anomaly.reason.clone(), anomaly.place.clone())).collect::<Vec<_>>(),
        numbered(talks().map(|inbound| inbound.key).chain(pages().map(|inbound| inbound.key))),
        numbered(talks().map(|inbound| inbound.psid.as_str().to_owned())),
        numbered(
            talks()
                .map(|inbound| inbound.page.clone())
                .chain(pages().map(|inbound| inbound.page.clone()))
                .chain(anomalies().filter_map(|anomaly| anomaly.page.clone())),
        ),
    )
}

#[test]
fn the_parser_reads_the_same_kinds_times_and_repetitions() {
    let mut originals: Vec<String> = bodies().into_iter().map(|(_, body)| body).collect();
    for name in ["first-steps", "first-day"] {
        let recording = Recording::read(&root().join("replay-corpus/recordings").join(name)).unwrap();
        originals.extend(recording.steps.into_iter().filter_map(|step| match step {
            Step::Delivery(line) => Some(line.body),
            Step::Fact(_) => None,
        }));
    }
    // Every body twice, so that there is something to repeat; and some that are broken.
    let broken =
        ["", "{", "[]", "7", "\u{feff}{\"object\":\"page\",\"entry\":[]}", "{\"object\":\"x\",\"entry\":[{}]}"]
            .map(str::to_owned);
    let all: Vec<&str> = originals.iter().chain(&broken).chain(&originals).map(String::as_str).collect();
    let redacted = redact(&all);
    let read = |bodies: Vec<&str>| {
        bodies.into_iter().map(|body| webhook::parse(body.as_bytes(), RECEIVED_AT)).collect::<Vec<_>>()
    };
    let (before, after) = (read(all), read(redacted.iter().map(String::as_str).collect()));
    for body in &redacted {
        assert_eq!(leftovers(body, "Lindqvist"), [], "{body}");
    }
    let items = before.iter().map(|delivery| delivery.inbounds.len() + delivery.page_inbounds.len()).sum::<usize>();
    assert!(items > 200, "{items}");
    assert_eq!(essence(&before), essence(&after));
}

#[test]
fn a_redacted_recording_comes_to_the_same_decisions() {
    let original = Recording::read(&root().join("replay-corpus/recordings/first-steps")).unwrap();
    let mut redaction = redaction_of(|gathering| {
        gathering.id(original.manifest.app_id.as_str()).unwrap();
        original.steps.iter().for_each(|step| match step {
            Step::Delivery(line) => gathering.delivery(line.body.as_bytes()).unwrap(),
            Step::Fact(line) => gathering.fact(line).unwrap(),
        });
    });
    let mut redacted = original.clone();
    let manifest = &mut redacted.manifest;
    manifest.app_id = AppId::new(redaction.id(manifest.app_id.as_str()).unwrap());
    for page in &mut manifest.pages {
        page.id = PageId::new(redaction.id(page.id.as_str()).unwrap());
        page.name = redaction.text(&page.name).unwrap();
    }
    for customer in &mut manifest.customers {
        customer.page = PageId::new(redaction.id(customer.page.as_str()).unwrap());
        customer.psid = Psid::new(redaction.id(customer.psid.as_str()).unwrap());
        customer.name = redaction.text(&customer.name).unwrap();
    }
    for step in &mut redacted.steps {
        match step {
            Step::Delivery(line) => {
                line.body = String::from_utf8(redaction.delivery(line.body.as_bytes()).unwrap()).unwrap();
            }
            Step::Fact(line) => *line = redaction.fact(line).unwrap(),
        }
    }
    let facts = |recording: &Recording| {
        let facts = recording.steps.iter().filter_map(|step| match step {
            Step::Fact(line) => Some(line.clone()),
            Step::Delivery(_) => None,
        });
        facts.collect::<Vec<FactLine>>()
    };
    for (before, after) in facts(&original).iter().zip(&facts(&redacted)) {
        assert_eq!(
            (before.at, before.audience, before.text.chars().count()),
            (after.at, after.audience, after.text.chars().count())
        );
        assert!(
            before.by != after.by
                && before.text != after.text
                && before.psid != after.psid
                && before.page != after.page
        );
    }
    let (before, after) = (replay(&original, &mut |_, _| {}).unwrap(), replay(&redacted, &mut |_, _| {}).unwrap());
    assert_eq!(after.findings, [""; 0]);
    assert_eq!(before.counts, after.counts);
    assert_eq!(decisions(&before.trace), decisions(&after.trace));
    for word in ["Lindqvist", "Quayside", "Ebner", "sourdough", "104000000000017", "7100000000000001", "first-steps"] {
        assert!(before.trace.contains(word) && !after.trace.contains(word), "{word}");
    }
}

/// Of every conversation what was decided, in order: kind, and why something was sent or refused. And how often each kind
/// of event came: answers and echoes of sends overtake each other, since their delays are drawn from the ids.
fn decisions(trace: &str) -> impl PartialEq + Debug {
    let mut decided = BTreeMap::<String, Vec<String>>::new();
    let mut counts = BTreeMap::<(String, String), usize>::new();
    let reasons = ["messaging_type=", "rule=", "reason=", "edition=", "author="];
    let heard = ["received-", "settled-", "part-sent", "comments-adding", "woke"];
    for line in trace.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let (Some(who), Some(number), Some(kind)) = (columns.next(), columns.next(), columns.next()) else { continue };
        if number.parse::<u64>().is_err() {
            continue;
        }
        *counts.entry((who.to_owned(), kind.to_owned())).or_default() += 1;
        if !heard.iter().any(|heard| kind.starts_with(heard)) {
            let why: BTreeSet<&str> =
                columns.filter(|word| reasons.iter().any(|known| word.starts_with(known))).collect();
            decided.entry(who.to_owned()).or_default().push(format!("{kind} {why:?}"));
        }
    }
    (decided, counts)
}
