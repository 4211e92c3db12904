//! The Lucas–Lehmer test, a bounded number of squarings at a time.

use crate::residue::Residue;
use crate::verdict::Verdict;

/// Butterflies of the transform in one slice: about 20 ms at 5 to 8 ns each.
const BUTTERFLIES_PER_SLICE: usize = 3_000_000;

/// A test of 2^p − 1 under way: s(done) of the sequence that ends with s(p − 2).
#[derive(Debug, Clone)]
pub struct LucasLehmer {
    residue: Residue,
    done: u32,
    total: u32,
    squarings_per_slice: u32,
}

impl LucasLehmer {
    /// Before the first squaring; p is a prime above 63.
    #[must_use]
    pub fn new(p: u32) -> Self {
        let residue = Residue::new(p, 4);
        let digits = residue.len();
        // Two transforms, each of log n stages of n/2 butterflies.
        let butterflies = digits * digits.ilog2() as usize;
        let squarings = (BUTTERFLIES_PER_SLICE / butterflies).max(1);
        Self {
            residue,
            done: 0,
            total: p - 2,
            squarings_per_slice: u32::try_from(squarings).unwrap_or(u32::MAX),
        }
    }

    /// Does one slice; gives the verdict if it was the last.
    pub fn advance(&mut self) -> Option<Verdict> {
        let end = self.total.min(self.done.saturating_add(self.squarings_per_slice));
        for _ in self.done..end {
            self.residue.square();
            self.residue.subtract_two();
        }
        self.done = end;
        (self.done == self.total)
            .then(|| Verdict::from_residue(self.residue.is_zero(), self.residue.low_64_bits()))
    }

    /// Squarings done.
    #[must_use]
    pub fn done(&self) -> u32 {
        self.done
    }

    /// Squarings that the test takes, p − 2.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.total
    }
}
