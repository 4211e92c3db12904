//! The work that a prepared module counts is what a counter of single instructions counts.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod chance;
mod ends;
mod loops;
mod made;
mod naive;
mod random;
#[path = "../guests/smith.rs"]
mod smith;
mod twins;
