//! Fuzzes manifests.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::manifest(bytes));
