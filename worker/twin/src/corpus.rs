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

/// The guests whose names begin with `prefix`, with these seeds of `smith`. All names begin with
/// nothing.
pub fn named(prefix: &str, seeds: Range<u64>) -> impl Iterator<Item = Case> + Send {
    let begins = move |name: &str| name.starts_with(prefix);
    let programs = programs().into_iter().filter(move |case| begins(&case.name));
    let made = seeds.filter(move |&seed| begins(&smith::name(seed))).map(smith);
    programs.chain(floats(prefix)).chain(made)
}
