//! When to save a step program, and when a saved state is worth the coordinator's while.

use crate::time::Span;

/// Saving never takes more than one part in so many of the run time.
const SAVING_SHARE: u64 = 20;

/// An upload must protect so many times the work that the transfer takes.
const UPLOAD_SHARE: u64 = 10;

/// The upload speed that is assumed, in bytes per millisecond: about one megabyte a second, which
/// most lines reach.
const BYTES_PER_MS: u64 = 1_000;

/// How often a step program is saved on the host's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    interval: Span,
    last_cost: Span,
}

impl Default for Cadence {
    /// Every 30 seconds.
    fn default() -> Self {
        Self::new(Span::seconds(30))
    }
}

impl Cadence {
    /// Every `interval`, unless saving takes too long for that.
    #[must_use]
    pub fn new(interval: Span) -> Self {
        Self { interval, last_cost: Span::ZERO }
    }

    /// Notes how long the last save took.
    pub fn saved(&mut self, cost: Span) {
        self.last_cost = cost;
    }

    /// Whether to save after this step, if the program has run for `since_last` since the last save
    /// or its start.
    #[must_use]
    pub fn is_due(&self, since_last: Span) -> bool {
        let affordable = self.last_cost.0.saturating_mul(SAVING_SHARE);
        since_last.0 >= self.interval.0.max(affordable)
    }
}

/// Whether to upload a checkpoint of `bytes` that protects `unprotected` of run time, so that
/// another host may go on if this one goes away. While it runs on, that is a bet; when the host is
/// about to stop (`is_leaving`), it is certain to be used, and worth as much time as it saves.
#[must_use]
pub fn is_worth_uploading(bytes: u64, unprotected: Span, is_leaving: bool) -> bool {
    let transfer_ms = bytes.div_ceil(BYTES_PER_MS);
    let share = if is_leaving { 1 } else { UPLOAD_SHARE };
    let least = if is_leaving { Span::seconds(5) } else { Span::minutes(5) };
    unprotected.0 >= transfer_ms.saturating_mul(share).max(least.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saves_come_at_the_interval_unless_they_are_dear() {
        let mut cadence = Cadence::default();
        assert!(!cadence.is_due(Span(29_999)));
        assert!(cadence.is_due(Span(30_000)));
        cadence.saved(Span::seconds(3));
        assert!(!cadence.is_due(Span(59_999)));
        assert!(cadence.is_due(Span(60_000)));
    }

    #[test]
    fn a_running_unit_is_uploaded_when_much_would_be_lost() {
        const MEGABYTE: u64 = 1_000_000;
        assert!(!is_worth_uploading(MEGABYTE, Span::minutes(4), false));
        assert!(is_worth_uploading(MEGABYTE, Span::minutes(5), false));
        assert!(!is_worth_uploading(64 * MEGABYTE, Span::minutes(10), false));
        assert!(is_worth_uploading(64 * MEGABYTE, Span::minutes(11), false));
    }

    #[test]
    fn a_leaving_host_uploads_what_saves_more_than_it_takes() {
        assert!(!is_worth_uploading(1_000, Span(4_999), true));
        assert!(is_worth_uploading(1_000, Span(5_000), true));
        assert!(!is_worth_uploading(64_000_000, Span::seconds(63), true));
        assert!(is_worth_uploading(64_000_000, Span::seconds(64), true));
    }
}
