//! How sure a measured share is.

use std::fmt;

/// A share that was counted, with the interval in which the true one lies, 19 times of 20.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// As counted.
    pub share: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Standard deviations that hold 95 % of a normal distribution.
const Z: f64 = 1.959_964;

impl Interval {
    /// Wilson's score interval for `hits` of `trials`: unlike the textbook one it is right for
    /// shares near 0, which is where errors are to be.
    #[must_use]
    pub fn wilson(hits: u64, trials: u64) -> Self {
        if trials == 0 {
            return Self { share: 0.0, low: 0.0, high: 1.0 };
        }
        let n = trials as f64;
        let share = hits as f64 / n;
        let spread = Z * Z / n;
        let centre = (share + spread / 2.0) / (1.0 + spread);
        let half = Z * (share * (1.0 - share) / n + spread / (4.0 * n)).sqrt() / (1.0 + spread);
        let (low, high) = ((centre - half).max(0.0), (centre + half).min(1.0));
        Self {
            share,
            low: if hits == 0 { 0.0 } else { low },
            high: if hits == trials { 1.0 } else { high },
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2e} ({:.1e} to {:.1e})", self.share, self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hits: u64, trials: u64, low: f64, high: f64) {
        let interval = Interval::wilson(hits, trials);
        let is_near = |a: f64, b: f64| (a - b).abs() < 5e-4;
        assert!(is_near(interval.low, low) && is_near(interval.high, high), "{interval:?}");
    }

    /// Against published tables.
    #[test]
    fn intervals_are_wilsons() {
        check(0, 10, 0.0, 0.2775);
        check(1, 10, 0.0179, 0.4042);
        check(5, 10, 0.2366, 0.7634);
        check(10, 10, 0.7225, 1.0);
        check(0, 0, 0.0, 1.0);
    }

    #[test]
    fn nothing_found_in_many_is_not_nothing() {
        let interval = Interval::wilson(0, 1_000_000);
        assert!(interval.high > 3e-6 && interval.high < 4e-6, "{interval}");
    }
}
