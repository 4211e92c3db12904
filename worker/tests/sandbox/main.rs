//! The sandbox on real programs and on hostile ones.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod checkpoints;
mod determinism;
mod hostile;
mod limits;
mod nan;
mod programs;
mod replay;
#[path = "../guests/smith.rs"]
mod smith;
mod workbench;
