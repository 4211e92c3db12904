//! The pure half of a worker: how much to fetch, when to try again, when to save.

pub mod checkpoint;
pub mod fetch;
pub mod retry;
