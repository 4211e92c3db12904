//! Fuzzes what scientists and operators ask.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::jobs(bytes));
