//! The coordinator: gRPC services over the core engine, SQLite and a blob store.

pub mod blobs;
mod clock;
pub mod config;
pub mod store;

pub use config::{Config, ConfigError};
