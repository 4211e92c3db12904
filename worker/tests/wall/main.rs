//! The wall around a slot: what an escaped guest tries from behind it fails, and slots are behind it.
//!
//! What is tried by `manyhands-escapee` is tried without a wall first: an attempt that cannot succeed shows nothing.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod attempts;
mod escapee;
mod slot;
