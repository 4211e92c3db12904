//! Fuzzes messages between neighbours of a swarm.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manyhands_fuzz::peer_message(bytes));
