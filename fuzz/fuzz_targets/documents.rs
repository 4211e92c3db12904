//! Fuzzes receipts and lines of ledgers.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::documents(bytes));
