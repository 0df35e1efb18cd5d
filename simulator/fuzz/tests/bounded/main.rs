//! The checks of the fuzz targets over bytes that are bounded in number and length, on a stable compiler; that of `policy`
//! has a file of its own.
//!
//! Each is run over any bytes and over seeds that were changed, and once over every seed as it is: a check that its own
//! seeds do not reach holds nothing.

mod change;

use change::{changes, json, seeds};
use proptest::prelude::*;
use proptest::sample::Index;

type Check = fn(&[u8]);

/// The targets whose seeds are changed here.
const CHECKS: [(&str, Check); 4] = [
    ("codec", fuzz::codec::check),
    ("configuration", fuzz::configuration::check),
    ("corpus", fuzz::corpus::check),
    ("delivery", fuzz::delivery::check),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_pass_every_door(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), first in 0_u8..3) {
        for (_, check) in CHECKS {
            check(&bytes);
        }
        // A row and a half are known by their first byte.
        fuzz::codec::check(&[&[first][..], &bytes].concat());
    }

    #[test]
    fn recorded_bodies_that_were_changed_pass_the_webhooks_door(which in any::<Index>(), changes in changes()) {
        fuzz::delivery::check(&changes.made("delivery", which));
    }

    #[test]
    fn any_json_passes_the_webhooks_door(body in json(), as_entry in any::<bool>()) {
        let text = body.to_string();
        let entry = format!(r#"{{"object":"page","entry":[{{"id":"1029","messaging":{text}}}]}}"#);
        fuzz::delivery::check(if as_entry { &entry } else { &text }.as_bytes());
    }

    #[test]
    fn stored_bytes_that_were_changed_are_an_error_or_a_value(which in any::<Index>(), changes in changes()) {
        fuzz::codec::check(&changes.made("codec", which));
    }

    #[test]
    fn files_of_the_corpus_that_were_changed_are_an_error_or_a_value(which in any::<Index>(), changes in changes()) {
        fuzz::corpus::check(&changes.made("corpus", which));
    }

    #[test]
    fn configurations_that_were_changed_are_faults_or_a_configuration(which in any::<Index>(), changes in changes()) {
        fuzz::configuration::check(&changes.made("configuration", which));
    }
}

#[test]
fn every_target_has_seeds_that_pass_and_no_other_has_any() {
    for (target, check) in CHECKS {
        seeds(target).iter().for_each(|seed| check(seed));
    }
    for target in fuzz::seed::TARGETS {
        assert!(seeds(target).len() > 5, "{target}");
        let file = format!("{}/fuzz_targets/{target}.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|fault| panic!("{file}: {fault}"));
        assert!(text.contains(&format!("fuzz::{target}::check(")), "{file}");
    }
    assert!(fuzz::seed::of("colour", &fuzz::seed::corpus()).is_err());
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
