//! Seven loops of science, each a command of its own that does a fixed amount of work and prints a checksum.
//!
//! The worker's benchmark `kernels` builds them natively and runs the same sources as guests. So each keeps
//! two rules: the work is real (the checksum depends on all of it) and every build prints the same line.
//! The second forbids what IEEE 754 leaves open: no `sin`, `exp` or `powf` (libraries differ in the last
//! bit), only `+ − × ÷ √`, in one order. None uses intrinsics: what is vectorised is up to the compiler, and
//! it is the same for all builds.
//!
//! Each kernel is one file of `src/bin`; here is what they share.

/// Sebastiano Vigna's SplitMix64: a stream of pseudo-random words from one seed.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next word.
    pub const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// The next number in [0, 1), a multiple of 2⁻⁵³.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds")]
    pub const fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }
}

/// A bijection of words in which every bit of the result depends on every bit of `word`.
const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Folds words into one that depends on all of them and on their order.
#[must_use]
pub fn checksum(words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(0, |sum, word| mix(sum.rotate_left(5) ^ word))
}

/// The checksum of numbers, by their bits.
#[must_use]
pub fn checksum_of_numbers(numbers: &[f64]) -> u64 {
    checksum(numbers.iter().map(|number| number.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first words of seed 1234567, from the reference implementation.
    #[test]
    fn the_published_stream() {
        let mut random = SplitMix64::new(1_234_567);
        assert_eq!(random.word(), 6_457_827_717_110_365_317);
        assert_eq!(random.word(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_checksum_sees_every_word_and_the_order() {
        assert_ne!(checksum([1, 2]), checksum([2, 1]));
        assert_ne!(checksum([1, 2, 0]), checksum([1, 2]));
    }
}
