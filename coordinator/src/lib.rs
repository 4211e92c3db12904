//! The coordinator: gRPC services over the core engine, SQLite and a blob store.
//!
//! Decisions are made in `manyhands-core`; here is only what it takes to have them made durably
//! and to tell the outside. A call is decoded in [`rpc`](self), asked of the desk, and encoded.

pub mod blobs;
mod clock;
pub mod config;
mod desk;
mod folder;
mod hub;
mod layer;
mod rpc;
mod serve;
pub mod store;
mod sweeper;
mod ticker;

pub use config::{Config, ConfigError};
pub use serve::{Coordinator, RunError, run};
