//! What the work of a replica is worth.

use std::fmt;

/// Work that makes one micro-credit; one credit is 10^12 of work. Measured on seven kernels, a core of an
/// ordinary machine does 4 to 11 times this in a millisecond, so one credit is a few minutes of it.
pub const WORK_PER_MICRO_CREDIT: u64 = 1_000_000;

/// Micro-credits that no core earns more of in a millisecond. It bounds what a unit without a quorum can
/// claim by the CPU time that its job allows.
pub const MICRO_CREDITS_PER_MS_MAX: u64 = 50;

/// Credit in millionths. It is granted for work that was counted and agreed upon, whatever time the host
/// took for it: see [`WORK_PER_MICRO_CREDIT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroCredits(pub u64);

/// What a replica claims that counted `work` and was allowed `cpu_ms_max` of CPU time. A part of a
/// micro-credit is rounded up, so that no work is for nothing. Replicas that agree counted the same
/// work, so their claims are one, and each is granted it.
#[must_use]
pub fn claim(work: u64, cpu_ms_max: u64) -> MicroCredits {
    let credit_max = cpu_ms_max.saturating_mul(MICRO_CREDITS_PER_MS_MAX);
    MicroCredits(work.div_ceil(WORK_PER_MICRO_CREDIT).min(credit_max))
}

impl MicroCredits {
    /// The sum; the largest amount there is, if that is past it.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; nothing, if `other` is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for MicroCredits {
    /// In credits with six decimals: `0.004200`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_claimed_in_whole_micro_credits() {
        let claims = [0, 1, 1_000_000, 1_000_001, u64::MAX].map(|work| claim(work, 1_000).0);
        assert_eq!(claims, [0, 1, 1, 2, 50_000]);
        assert_eq!(claim(u64::MAX, u64::MAX), MicroCredits(18_446_744_073_710));
    }

    #[test]
    fn amounts_are_shown_in_credits() {
        assert_eq!(MicroCredits(12_004_200).to_string(), "12.004200");
    }
}
