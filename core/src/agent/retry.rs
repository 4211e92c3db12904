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
    spread: Span,
    failures: u32,
}

/// Hosts that may come back in a second, even to a coordinator that hears less from them otherwise.
const RETURNS_PER_S: u64 = 50;

/// In which time the hosts of a coordinator are to come back after it was away, if all were connected: as
/// many in a second as it hears renewals in a second when nothing happens, or some dozens if that is
/// more. A restart is then no more work than a minute of any day, and a small grid is back at once.
#[must_use]
pub fn return_within(hosts: u64, heartbeat: Span) -> Span {
    heartbeat.min(Span(hosts.saturating_mul(1_000) / RETURNS_PER_S))
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
        Self { base, cap, spread: Span::ZERO, failures: 0 }
    }

    /// The coordinator's hosts are so many that each is to take up to `within` for coming back: see
    /// [`return_within`]. The pause after the first failure is then that long, if it is not longer anyway.
    pub fn return_within(&mut self, within: Span) {
        self.spread = within;
    }

    /// Notes a failure; returns how long to wait.
    pub fn failed(&mut self, rng: &mut impl Rng) -> Span {
        let spread = self.spread.min(self.cap);
        let longest = self.base.max(spread).doubled(self.failures, self.cap);
        self.failures = self.failures.saturating_add(1);
        Span(below(longest.0.saturating_add(1), rng))
    }

    /// The coordinator is said to be where it was not looked for yet. How long to wait before dialling there: as after a first
    /// failure, because its other hosts may have heard of it at the same time.
    pub fn heard(&self, rng: &mut impl Rng) -> Span {
        let longest = self.base.max(self.spread.min(self.cap));
        Span(below(longest.0.saturating_add(1), rng))
    }

    /// How often it failed in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
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
    fn many_hosts_take_their_time_and_few_do_not() {
        let minute = Span::minutes(1);
        assert_eq!(return_within(10, minute), Span(200));
        assert_eq!(return_within(10_000, minute), minute);
        assert_eq!(return_within(u64::MAX, minute), minute);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut retry = Retry::default();
        retry.return_within(minute);
        let firsts: Vec<u64> = (0..100).map(|_| retry.clone().failed(&mut rng).0).collect();
        assert!(firsts.iter().any(|it| *it > 50_000) && firsts.iter().all(|it| *it <= 60_000));
        // A new place is no reason to come all at once, however often the old one was dialled.
        (0..9).for_each(|_| _ = retry.failed(&mut rng));
        let heard: Vec<u64> = (0..100).map(|_| retry.heard(&mut rng).0).collect();
        assert!(heard.iter().any(|it| *it > 50_000) && heard.iter().all(|it| *it <= 60_000));
        retry.worked();
        retry.return_within(Span(200));
        assert!((0..100).all(|_| retry.clone().failed(&mut rng) <= Span::seconds(1)));
        // However many there are, the cap stays.
        retry.return_within(Span::hours(9));
        assert!((0..100).all(|_| retry.clone().failed(&mut rng) <= Span::minutes(5)));
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
