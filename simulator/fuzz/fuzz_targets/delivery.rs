//! The webhook's door under a fuzzer: see `fuzz::delivery`.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| fuzz::delivery::check(body));
