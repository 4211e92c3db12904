//! Fuzzes invites, addresses, rules and numbers that people type.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::texts(bytes));
