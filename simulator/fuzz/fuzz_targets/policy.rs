//! The messaging policy under a fuzzer, against the oracle: see `simulator::agreement`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::policy::check(bytes));
