//! The whole grid, end to end: real processes, TLS sockets, SQLite, the sandbox.
//!
//! Tests wait for events (a line, a state, the end of a process), each with a generous bound, and
//! never for a time to pass.

#![expect(clippy::unwrap_used, reason = "all of this is a test, its helpers included")]

mod away;
mod bad_input;
mod browser;
mod colluders;
mod consent;
mod coordinator_crash;
mod coordinator_moves;
mod demo;
mod disputes;
mod doctor;
mod examples;
mod failing_programs;
mod forgetting;
mod grid;
#[cfg(target_os = "linux")]
mod group;
mod http;
mod killed;
mod owner;
mod page;
mod pictures;
mod pilots;
mod poison;
mod private;
mod process;
mod projects;
mod proofs;
mod resumption;
mod service;
mod sharing;
mod standing;
mod volunteers;
