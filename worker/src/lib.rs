//! The volunteer's side of Manyhands.

mod cache;
mod clock;
pub mod config;
mod home;
mod probe;
mod spool;
mod link;
