//! Fuzzes proofs that a host contradicted itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::evidence(bytes));
