//! Instants and spans as plain values. The core has no clock: `now` is always an argument.

use std::fmt;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Timestamp {
    /// The instant `span` later; the last instant there is, if that is past it.
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The instant `span` before; the first instant there is, if that is before it.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this is; zero if it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// As one says it: `5 h 12 min`, `3 h`, `40 min`, `12 s`; rounded down.
    #[must_use]
    pub fn in_words(self) -> String {
        let seconds = self.0 / 1_000;
        let (hours, minutes) = (seconds / 3_600, seconds % 3_600 / 60);
        match (hours, minutes) {
            (0, 0) => format!("{seconds} s"),
            (0, minutes) => format!("{minutes} min"),
            (hours, 0) => format!("{hours} h"),
            (hours, minutes) => format!("{hours} h {minutes} min"),
        }
    }

    /// So many seconds.
    #[must_use]
    pub const fn seconds(n: u32) -> Self {
        Self(n as u64 * 1_000)
    }

    /// So many minutes.
    #[must_use]
    pub const fn minutes(n: u32) -> Self {
        Self(n as u64 * 60_000)
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(n: u32) -> Self {
        Self(n as u64 * 3_600_000)
    }

    /// Both spans, one after the other; the longest there is, if that is longer.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it after `other`; nothing, if that is longer.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This span `n` times; `None` if that is longer than can be counted.
    #[must_use]
    pub fn checked_mul(self, n: u64) -> Option<Self> {
        self.0.checked_mul(n).map(Self)
    }

    /// This span doubled `n` times, but not longer than `cap`.
    #[must_use]
    pub fn doubled(self, n: u32, cap: Self) -> Self {
        let factor = 1_u64.checked_shl(n).unwrap_or(u64::MAX);
        Self(self.0.saturating_mul(factor)).min(cap)
    }
}

impl fmt::Display for Span {
    /// In the largest unit that still says something: `850 ms`, `42 s`, `7 min`, `30 h`, `9 d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SECOND: u64 = 1_000;
        const MINUTE: u64 = 60 * SECOND;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        match self.0 {
            ms if ms < SECOND => write!(f, "{ms} ms"),
            ms if ms < 2 * MINUTE => write!(f, "{} s", ms / SECOND),
            ms if ms < 2 * HOUR => write!(f, "{} min", ms / MINUTE),
            ms if ms < 2 * DAY => write!(f, "{} h", ms / HOUR),
            ms => write!(f, "{} d", ms / DAY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_its_bounds() {
        assert_eq!(Timestamp(u64::MAX).plus(Span(1)), Timestamp(u64::MAX));
        assert_eq!(Timestamp(1).since(Timestamp(2)), Span::ZERO);
        assert_eq!(Span(u64::MAX).checked_mul(2), None);
        assert_eq!(Span(u64::MAX).plus(Span(1)), Span(u64::MAX));
        assert_eq!(Span(1).minus(Span(2)), Span::ZERO);
        assert_eq!(Span::seconds(1).doubled(3, Span::minutes(5)), Span::seconds(8));
        assert_eq!(Span::seconds(1).doubled(64, Span::minutes(5)), Span::minutes(5));
    }

    #[test]
    fn spans_are_shown_in_a_unit_that_a_person_would_choose() {
        let shown =
            [850, 42_000, 420_000, 7_200_000, 9 * 86_400_000].map(|ms| Span(ms).to_string());
        assert_eq!(shown, ["850 ms", "42 s", "7 min", "2 h", "9 d"]);
    }
}
