//! The coordinator as workers and scientists meet it: over real sockets, with TLS and SQLite.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod abuse;
mod choosing;
mod discovery;
mod forgetting;
mod grid;
mod life;
mod private;
mod restart;
mod sharing;
mod worker;
