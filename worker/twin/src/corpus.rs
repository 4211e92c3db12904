//! Guests to compare machines with.
//!
//! Map: `programs` are real ones; `floats` tries every float instruction on every kind of value along
//! every way by which a float's bits can be seen; `smith` makes guests that nobody would write, one
//! from each seed.

mod floats;
mod programs;
mod smith;

use std::ops::Range;

pub use self::floats::floats;
pub use self::programs::programs;
pub use self::smith::smith;
use crate::case::Case;

/// The whole corpus, with these seeds of `smith`.
pub fn all(seeds: Range<u64>) -> impl Iterator<Item = Case> + Send {
    programs().into_iter().chain(floats()).chain(seeds.map(smith))
}
