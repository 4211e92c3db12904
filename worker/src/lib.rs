//! The volunteer's side of Manyhands.

mod cache;
mod clock;
pub mod config;
mod home;
mod probe;
pub mod sandbox;
pub mod slots;
mod spool;
