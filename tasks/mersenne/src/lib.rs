//! Is 2^p − 1 prime? The Lucas–Lehmer test as a step program: `mersenne P`.
//!
//! s(0) = 4, s(k+1) = s(k)² − 2; for a prime p > 2, M = 2^p − 1 is prime exactly when
//! s(p − 2) ≡ 0 (mod M). Nearly all of the time goes into squaring numbers of p bits modulo M:
//!
//! - `field` is arithmetic modulo the 64-bit prime 2^64 − 2^32 + 1;
//! - `transform` is a number-theoretic transform over that field;
//! - `residue` is a number modulo M, squared by a weighted transform;
//! - `lucas_lehmer` is the test, a bounded number of squarings at a time;
//! - `program` is the step program.
//!
//! Whole numbers only: there is no rounding that could differ or go wrong.

mod field;
mod lucas_lehmer;
mod program;
mod residue;
mod small;
mod transform;
mod verdict;

pub use lucas_lehmer::LucasLehmer;
pub use program::Mersenne;
pub use verdict::Verdict;

manyhands_task::step_program!(Mersenne);
