//! The configuration under a fuzzer: see `fuzz::configuration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::configuration::check(bytes));
