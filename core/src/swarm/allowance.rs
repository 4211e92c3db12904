//! How much a neighbour may say that helps nobody.

use crate::time::Timestamp;

/// So much at once.
const BURST: u64 = 64;
/// And so much more each second.
const PER_SECOND: u64 = 4;

/// Honest neighbours cross each other's messages now and then; whoever does it all the time wants to
/// keep us busy. A bucket of tokens, one for each useless message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// In thousandths, so that milliseconds count.
    tokens: u64,
    at: Timestamp,
}

impl Allowance {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { tokens: BURST * 1_000, at: now }
    }

    /// Takes one; false if there is none.
    pub(super) fn spend(&mut self, now: Timestamp) -> bool {
        let earned = now.since(self.at).0.saturating_mul(PER_SECOND);
        self.tokens = self.tokens.saturating_add(earned).min(BURST * 1_000);
        self.at = now;
        let has_one = self.tokens >= 1_000;
        if has_one {
            self.tokens -= 1_000;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_runs_dry_and_a_trickle_does_not() {
        let mut allowance = Allowance::new(Timestamp(0));
        assert_eq!((0..1_000).filter(|_| allowance.spend(Timestamp(0))).count(), 64);
        assert!(!allowance.spend(Timestamp(249)));
        assert!((1..100).all(|n| allowance.spend(Timestamp(n * 250))));
        assert!(allowance.spend(Timestamp(u64::MAX)));
    }
}
