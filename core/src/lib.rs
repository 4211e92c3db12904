//! What Manyhands decides, and nothing else.
//!
//! A volunteer grid is run by a handful of decisions: who computes what, which of several equal
//! answers stands, what to do when a machine goes away, what a host has earned. They all live
//! here, as plain functions over plain values:
//!
//! ```text
//! Command ──► Engine::handle(store, command, now) ──► Reply    to the one who asked
//!                                                └──► Effect   to the world, after the commit
//! Query   ──► query::ask(store, query, now)       ──► Answer
//! ```
//!
//! - [`engine`] is the only writer. Each [`Command`](command::Command) is one file there.
//! - [`store`] is the port to what is remembered, with a memory implementation.
//! - [`query`] reads; [`agent`] is the pure half of a worker; [`invariant`] checks a whole store.
//! - [`peer`] is what a host knows of other hosts, and how news passes between them; [`swarm`] is how they pass blobs on.
//! - The rest are the nouns ([`job`], [`work_unit`], [`replica`], [`host`], …) and the rules about
//!   them ([`validate`], [`trust`], [`statement`], [`transition`], [`schedule`], [`credit`], [`ledger`],
//!   [`backoff`]).
//!
//! ```
//! use manyhands_core::command::{Command, Request};
//! use manyhands_core::engine::Engine;
//! use manyhands_core::id::HostId;
//! use manyhands_core::outlook::Outlook;
//! use manyhands_core::refusal::Refusal;
//! use manyhands_core::reply::Reply;
//! use manyhands_core::settings::Settings;
//! use manyhands_core::store::memory::MemoryStore;
//! use manyhands_core::time::Timestamp;
//!
//! let mut store = MemoryStore::new();
//! let mut engine = Engine::new(Settings::default(), [0; 32]);
//! let outlook = Outlook::ALWAYS;
//! let request = Command::Request(Request { host: HostId(1), count: 4, block: None, outlook });
//!
//! let (reply, effects) = engine.handle(&mut store, request, Timestamp(0))?;
//! assert_eq!(reply, Reply::Refused(Refusal::UnknownHost(HostId(1))));
//! assert_eq!(effects, []);
//! # Ok::<(), manyhands_core::store::StoreError>(())
//! ```
//!
//! # What must be absent
//!
//! - **I/O**: no clock, thread, file, socket or environment is touched. The time is an argument.
//! - **Chance**: the same seed, store, commands and times give the same replies, effects and rows.
//!   Only ordered maps are used; nothing that is stored is a float.
//! - **The wire**: a value that exists here is already valid, and knows no encoding of itself.
//! - **Exceptions as answers**: a refused command is a value of its reply. An error means that the
//!   store failed, and then nothing was decided.
#![forbid(unsafe_code)]
#![deny(clippy::wildcard_enum_match_arm)]

pub mod account;
pub mod agent;
pub mod backoff;
pub mod block;
pub mod command;
pub mod credit;
pub mod digest;
pub mod dispute;
pub mod effect;
pub mod engine;
pub mod estimate;
pub mod file_axis;
mod hex;
pub mod host;
pub mod id;
pub mod invariant;
pub mod invite;
pub mod job;
pub mod key;
pub mod lease;
pub mod ledger;
pub mod limits;
pub mod locality;

pub mod manifest;
pub mod order;
pub mod outlook;
pub mod part;
pub mod party;
pub mod path;
pub mod peer;
pub mod policy;
pub mod private;
pub mod query;
pub mod refusal;
pub mod replica;
pub mod reply;
pub mod requirement;
pub mod results;
pub mod schedule;
pub mod settings;
pub mod statement;
pub mod store;
pub mod swarm;
pub mod time;
pub mod transition;
pub mod trust;
pub mod unseen;
pub mod validate;
pub mod volunteer;
pub mod work_unit;
