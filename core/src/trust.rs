//! How much checking a wished confidence takes: pure arithmetic, in whole numbers.
//!
//! A [`Confidence`] is what a scientist asks for; a [`Plan`] is what follows from it for every host;
//! a [`dispute`] is how answers that differ are settled. `trust/TRUST.md` derives all three, and
//! says what is assumed. [`bisect`] finds who is wrong about a step program for the price of one step.

pub mod bisect;
mod bound;
mod confidence;
mod cost;
pub mod dispute;
mod plan;
mod words;

pub use self::bound::Reached;
pub use self::confidence::{Confidence, ConfidenceError};
pub use self::plan::{Plan, lies_left_ppm};
pub use self::words::scientific;
