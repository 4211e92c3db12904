//! The coordinator: gRPC services over the core engine, SQLite and a blob store.
//!
//! Decisions are made in `manyhands-core`; here is only what it takes to have them made durably
//! and to tell the outside.
//!
//! ```text
//! socket ─► layer ─► rpc ─► desk ─► engine + store ─► commit ─► answer
//!                     ▲                                  └────► effects ─► hub
//!                     └────────── offers, aborts, changes ◄──────────────────┘
//! ```
//!
//! - `serve` goes from a configuration to a running server and back to rest.
//! - `layer` bounds calls, `rpc` decodes and encodes them, `desk` has them decided in groups.
//! - `hub` brings effects to those who wait for them; `ticker` says when something is due.
//! - `peers` dials back to hosts that say where they take calls, and signs what it saw.
//! - `origin` deals large blobs out in pieces, which workers pass on.
//! - `project` keeps the project's word on where its coordinators are.
//! - `secrets` keeps what the keys of private inputs follow from.
//! - [`store`] keeps rows, [`blobs`] keeps bytes, `sweeper` forgets bytes.

pub mod blobs;
mod clock;
pub mod config;
mod desk;
mod folder;
mod hub;
mod layer;
mod origin;
mod peers;
mod project;
mod rpc;
mod secrets;
mod serve;
pub mod store;
mod sweeper;
mod ticker;

pub use config::{Config, ConfigError, Network, NetworkError};
pub use desk::OpenDeskError;
pub use folder::FolderError;
pub use project::ProjectError;
pub use serve::{Coordinator, RunError, run};
