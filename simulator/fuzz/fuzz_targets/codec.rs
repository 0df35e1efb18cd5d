//! What lies on disks under a fuzzer: see `fuzz::codec`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::codec::check(bytes));
