//! When to dial again after the coordinator could not be reached.

use rand_core::Rng;

use crate::backoff::below;
use crate::time::Span;

/// Failures in a row, and how long to wait after each.
///
/// The pause is drawn from all of zero to its longest ("full jitter"): when a coordinator comes
/// back after an outage, its hosts come back spread out and not all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    base: Span,
    cap: Span,
    failures: u32,
}

impl Default for Retry {
    /// At most a second at first, at most five minutes later.
    fn default() -> Self {
        Self::new(Span::seconds(1), Span::minutes(5))
    }
}

impl Retry {
    /// Pauses of at most `base` after the first failure, doubled after each, never above `cap`.
    #[must_use]
    pub fn new(base: Span, cap: Span) -> Self {
        Self { base, cap, failures: 0 }
    }

    /// Notes a failure; returns how long to wait.
    pub fn failed(&mut self, rng: &mut impl Rng) -> Span {
        let longest = self.base.doubled(self.failures, self.cap);
        self.failures = self.failures.saturating_add(1);
        Span(below(longest.0.saturating_add(1), rng))
    }

    /// Notes that it worked: the next failure is a first one again.
    pub fn worked(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn pauses_grow_to_the_cap_and_begin_anew_after_success() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut retry = Retry::default();
        for failure in 0..70 {
            let longest = Span::seconds(1).doubled(failure, Span::minutes(5));
            assert!(retry.failed(&mut rng) <= longest);
        }
        retry.worked();
        assert!(retry.failed(&mut rng) <= Span::seconds(1));
    }

    #[test]
    fn hosts_that_failed_together_come_back_spread_out() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let retry = Retry { failures: 9, ..Retry::default() };
        let mut pauses: Vec<u64> = (0..100).map(|_| retry.clone().failed(&mut rng).0).collect();
        pauses.sort_unstable();
        assert!(pauses[10] < 60_000 && pauses[90] > 240_000, "{pauses:?}");
    }
}
