//! Fuzzes what worker and coordinator say on their stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::work(bytes));
