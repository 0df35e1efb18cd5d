//! The files of recordings, traces and scenarios under a fuzzer: see `fuzz::corpus`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::corpus::check(bytes));
