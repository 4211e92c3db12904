//! The pure half of a worker: when to compute, for whom, how much work to fetch, when to try again, when to
//! save.
//!
//! Like the engine it has no clock and no chance of its own; the worker's shell brings both.

pub mod availability;
pub mod checkpoint;
pub mod energy;
pub mod fetch;
pub mod governor;
pub mod looking;
pub mod pilot;
pub mod retry;
pub mod selfchosen;
pub mod share;
