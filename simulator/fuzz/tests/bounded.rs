//! The checks of all fuzz targets over bytes that are bounded in number and length, on a stable compiler.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

static BODIES: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| fuzz::seed::bodies(&fuzz::seed::recordings()).expect("the recordings can be read"));

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    Put(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    CutOff(Index),
    /// A piece of another recorded body.
    Splice(Index, Index, Index, u8),
    /// A word that means something to the parser.
    Word(Index, &'static str),
}

const WORDS: [&str; 12] =
    ["null", "[]", "{}", "\"0\":", "[[", "}}", "1e999", "-1", "\"standby\":", "\"page\"", "\\u0000", "\"changes\":"];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Put(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        any::<Index>().prop_map(Change::CutOff),
        (any::<Index>(), any::<Index>(), any::<Index>(), any::<u8>())
            .prop_map(|(at, of, from, len)| Change::Splice(at, of, from, len)),
        (any::<Index>(), proptest::sample::select(&WORDS[..])).prop_map(|(at, word)| Change::Word(at, word)),
    ]
}

fn changed(mut body: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let place = |at: &Index| at.index(body.len() + 1);
        match change {
            Change::Put(at, byte) => {
                let at = place(at);
                if let Some(slot) = body.get_mut(at) {
                    *slot = *byte;
                }
            }
            Change::Insert(at, byte) => body.insert(place(at), *byte),
            Change::Remove(at) => {
                let at = place(at);
                if at < body.len() {
                    body.remove(at);
                }
            }
            Change::CutOff(at) => body.truncate(place(at)),
            Change::Splice(at, of, from, len) => {
                let other = &BODIES[of.index(BODIES.len())];
                let from = from.index(other.len() + 1);
                let to = (from + usize::from(*len)).min(other.len());
                let at = place(at);
                body.splice(at..at, other[from..to].iter().copied());
            }
            Change::Word(at, word) => {
                let at = place(at);
                body.splice(at..at, word.bytes());
            }
        }
    }
    body
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_pass_the_webhooks_door(body in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        fuzz::delivery::check(&body);
    }

    #[test]
    fn recorded_bodies_that_were_changed_pass_the_webhooks_door(
        which in any::<Index>(),
        changes in proptest::collection::vec(change(), 0..8),
    ) {
        let body = BODIES[which.index(BODIES.len())].clone();
        fuzz::delivery::check(&changed(body, &changes));
    }
}

#[test]
fn deep_and_wide_bodies_pass_the_webhooks_door() {
    let deep = |open: &str, close: &str, levels: usize| format!("{}{}", open.repeat(levels), close.repeat(levels));
    let items = |count: usize| vec!["{}"; count].join(",");
    for body in [
        deep("[", "]", 100_000),
        deep("{\"entry\":", "}", 50_000),
        format!(r#"{{"object":"page","entry":[{{"id":"1","messaging":[{}]}}]}}"#, items(20_000)),
        format!(r#"{{"object":"page","entry":[{}]}}"#, items(20_000)),
        format!(r#"{{"object":"page","entry":[{{"id":"1","messaging":[{{"message":"{}"}}]}}]}}"#, "x".repeat(1 << 20)),
    ] {
        fuzz::delivery::check(body.as_bytes());
    }
}
