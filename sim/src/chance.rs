//! Chance from a seed: small, quick, and each host has its own.
//!
//! SplitMix64 has eight bytes of state, so a hundred thousand hosts can have a stream of their own
//! each. Then what one host draws does not depend on what others do, and two policies can be
//! compared under the same luck.

use std::convert::Infallible;

use manyhands_core::backoff;
use manyhands_core::time::Span;
use rand_core::{Rng as _, TryRng};

/// A stream of numbers that follows from its seed.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// Another stream, as good as independent of this one and of those with other labels. Drawing
    /// from this one does not change it.
    #[must_use]
    pub fn stream(&self, label: u64) -> Self {
        Self(mix(self.0 ^ mix(label)))
    }

    /// A number from 0 to `bound - 1`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        backoff::below(bound, self)
    }

    /// A position in a list of `len` things, 0 if it is empty.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// A number from 0 up to but not including 1.
    pub fn fraction(&mut self) -> f64 {
        as_fraction(self.next_u64())
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.fraction() < probability
    }

    /// How long until something happens that happens every `mean`, without memory.
    pub fn wait(&mut self, mean: Span) -> Span {
        let fraction = 1.0 - self.fraction();
        scaled(mean, -fraction.ln())
    }

    /// Any span up to `longest`.
    pub fn up_to(&mut self, longest: Span) -> Span {
        Span(self.below(longest.0.saturating_add(1)))
    }
}

impl TryRng for Chance {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let [high, ..] = split(self.next_u64());
        Ok(high)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Ok(mix(self.0))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

/// A number that follows from several others, as good as random: for what must be the same
/// whenever it is looked at, such as which units of a job fail.
#[must_use]
pub fn hash(of: &[u64]) -> u64 {
    of.iter().fold(0, |hash, part| mix(hash ^ mix(*part)))
}

/// A number that follows from several others, from 0 up to but not including 1.
#[must_use]
pub fn hashed_fraction(of: &[u64]) -> f64 {
    as_fraction(hash(of))
}

/// A span times a factor; negative factors count as 0.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted of a span"
)]
pub fn scaled(span: Span, factor: f64) -> Span {
    Span((span.0 as f64 * factor).round() as u64)
}

fn as_fraction(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn split(bits: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = bits.to_be_bytes();
    [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]
}

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_and_repeat() {
        let parent = Chance::new(1);
        let draw = |label| parent.stream(label).next_u64();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(Chance::new(1).next_u64(), Chance::new(2).next_u64());
    }

    #[test]
    fn what_is_drawn_has_the_mean_that_was_asked_for() {
        let mut chance = Chance::new(5);
        let drawn = 20_000;
        let sum: u64 = (0..drawn).map(|_| chance.wait(Span(1_000)).0).sum();
        assert!((950..1_050).contains(&(sum / drawn)), "{}", sum / drawn);
        let hits = (0..drawn).filter(|_| chance.happens(0.2)).count();
        assert!((3_800..4_200).contains(&hits), "{hits}");
        assert!(!chance.happens(0.0));
    }
}
