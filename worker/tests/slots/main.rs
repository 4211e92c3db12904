//! Slot processes: real ones, running, dying and coming back.

mod dying;
mod running;
mod workbench;
