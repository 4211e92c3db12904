//! The volunteer's side of Manyhands.

pub mod sandbox;
pub mod slots;
