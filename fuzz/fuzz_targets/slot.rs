//! Fuzzes what a slot says that was taken over by its guest.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::slot(bytes));
