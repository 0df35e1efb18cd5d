//! Inputs for the checks: seeds of the targets with some changes, and JSON with a liking for the words of the platform.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

static SEEDS: LazyLock<BTreeMap<&'static str, Vec<Vec<u8>>>> = LazyLock::new(|| {
    let of = |target| fuzz::seed::of(target, &fuzz::seed::corpus()).expect("the corpus can be read");
    fuzz::seed::TARGETS.into_iter().map(|target| (target, of(target))).collect()
});

/// What a target begins with.
pub(crate) fn seeds(target: &str) -> &'static [Vec<u8>] {
    &SEEDS[target]
}

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Put(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    CutOff(Index),
    /// A piece of another seed.
    Splice(Index, Index, Index, u8),
    /// A word that means something to a reader.
    Word(Index, &'static str),
    /// A line once more, elsewhere.
    Line(Index, Index),
}

const WORDS: [&str; 26] = [
    "null",
    "[]",
    "{}",
    "\"0\":",
    "[[",
    "}}",
    "1e999",
    "-1",
    "\"standby\":",
    "\"page\"",
    "\\u0000",
    "\"changes\":",
    "9223372036854775807",
    "18446744073709551615",
    "-9223372036854775808",
    "\u{200b}",
    "\u{301}",
    "\u{7f}",
    "\u{feff}",
    "\\ud800",
    "\"\"\"",
    "# ",
    " = ",
    "\n",
    "\"",
    "=\"",
];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Put(at, byte)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        1 => any::<Index>().prop_map(Change::Remove),
        1 => any::<Index>().prop_map(Change::CutOff),
        1 => (any::<Index>(), any::<Index>(), any::<Index>(), any::<u8>())
            .prop_map(|(at, of, from, len)| Change::Splice(at, of, from, len)),
        3 => (any::<Index>(), select(&WORDS[..])).prop_map(|(at, word)| Change::Word(at, word)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(at, of)| Change::Line(at, of)),
    ]
}

/// Some changes.
#[derive(Clone, Debug)]
pub(crate) struct Changes(Vec<Change>);

/// Up to seven of them.
pub(crate) fn changes() -> impl Strategy<Value = Changes> {
    proptest::collection::vec(change(), 0..8).prop_map(Changes)
}

impl Changes {
    /// A seed of a target with all of them.
    pub(crate) fn made(&self, target: &str, which: Index) -> Vec<u8> {
        let seeds = seeds(target);
        self.0.iter().fold(which.get(seeds).clone(), |bytes, change| change.made(bytes, seeds))
    }
}

impl Change {
    fn made(&self, mut bytes: Vec<u8>, seeds: &[Vec<u8>]) -> Vec<u8> {
        let length = bytes.len();
        let place = |at: &Index| at.index(length + 1);
        match self {
            Self::Put(at, byte) => {
                if let Some(slot) = bytes.get_mut(place(at)) {
                    *slot = *byte;
                }
            }
            Self::Insert(at, byte) => bytes.insert(place(at), *byte),
            Self::Remove(at) => {
                let at = place(at);
                if at < bytes.len() {
                    bytes.remove(at);
                }
            }
            Self::CutOff(at) => bytes.truncate(place(at)),
            Self::Splice(at, of, from, len) => {
                let other = of.get(seeds);
                let from = from.index(other.len() + 1);
                let to = (from + usize::from(*len)).min(other.len());
                let at = place(at);
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            Self::Word(at, word) => {
                let at = place(at);
                bytes.splice(at..at, word.bytes());
            }
            Self::Line(at, of) => {
                let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                if !lines.is_empty() {
                    let line = lines[of.index(lines.len())];
                    lines.insert(at.index(lines.len()), line);
                }
                bytes = lines.concat();
            }
        }
        bytes
    }
}

/// Any JSON, with a liking for the words of the platform.
pub(crate) fn json() -> impl Strategy<Value = Value> {
    let words = select(vec![
        "sender",
        "recipient",
        "timestamp",
        "message",
        "mid",
        "text",
        "is_echo",
        "postback",
        "delivery",
        "watermark",
        "id",
        "field",
        "value",
        "entry",
        "messaging",
        "object",
        "changes",
        "0",
        "1",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9_ ]{0,8}".prop_map(Value::from),
        words.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        let key = prop_oneof![3 => words.clone().prop_map(str::to_owned), 1 => "[a-z_]{1,6}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..6).prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}
