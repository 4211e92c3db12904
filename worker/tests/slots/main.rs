//! Slot processes: real ones, running, dying and coming back.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod dying;
mod running;
mod workbench;
