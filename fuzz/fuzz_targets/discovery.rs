//! Fuzzes records of peers and coordinators.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::discovery(bytes));
