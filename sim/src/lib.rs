//! The core of Manyhands under virtual hosts, from one seed.
//!
//! The engine and the worker's pure half are the real ones, with the engine's memory store; what is
//! virtual is time, the network, the machines and the people. One thread takes one event after the
//! other, so a run is a function of its [`scenario`] and its seed, and a failure can be had again.
//!
//! ```text
//! scenario + seed ──► world ──► report
//!                       │ agenda: what happens when
//!                       ├ coordinator: the shell of core::engine
//!                       ├ host: the shell of core::agent, or a liar (ring: what liars know)
//!                       ├ network: late, lost, doubled
//!                       └ check: core::invariant all along, and that everything ends
//! ```
//!
//! The core knows nothing of this: it is driven here exactly as by the real shells.

pub mod agenda;
pub mod catalogue;
pub mod chance;
pub mod check;
pub mod clusters;
pub mod coordinator;
pub mod gossip;
pub mod guesser;
pub mod host;
pub mod interval;
pub mod message;
pub mod model;
pub mod network;
pub mod report;
pub mod ring;
pub mod scale;
pub mod scenario;
pub mod seldom;
pub mod storm;
pub mod swarm;
pub mod tally;
pub mod timeline;
pub mod workload;
pub mod world;
pub mod zoo;
