//! How sure a measured share or mean is.

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
        Self::clustered(hits, trials, 1.0)
    }

    /// The same, if hits come together: as for `design_effect` times fewer trials. See
    /// [`clusters`](crate::clusters).
    #[must_use]
    pub fn clustered(hits: u64, trials: u64, design_effect: f64) -> Self {
        if trials == 0 {
            return Self { share: 0.0, low: 0.0, high: 1.0 };
        }
        let share = hits as f64 / trials as f64;
        let n = trials as f64 / design_effect;
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

/// A mean over runs of different seeds, with the interval in which the true one lies, 19 times of 20.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// As measured.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Student's t that holds 95 %, for 1 degree of freedom and so on.
const T: [f64; 20] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
];

impl Mean {
    /// Student's interval, which asks of the runs that they are independent, and not of the units in
    /// a run. One run says nothing of how far the next one may be off.
    #[must_use]
    pub fn of(runs: &[f64]) -> Self {
        let n = runs.len() as f64;
        let mean = runs.iter().sum::<f64>() / n.max(1.0);
        let Some(last) = runs.len().checked_sub(2) else {
            return Self { mean, low: f64::NEG_INFINITY, high: f64::INFINITY };
        };
        let squares: f64 = runs.iter().map(|run| (run - mean).powi(2)).sum();
        // For more runs than the table has, its last line is a little too wide.
        let t = T[last.min(T.len() - 1)];
        let half = t * (squares / (n - 1.0) / n).sqrt();
        Self { mean, low: mean - half, high: mean + half }
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({:.3} to {:.3})", self.mean, self.low, self.high)
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

    /// 2, 4, 4, 4, 5, 5, 7, 9 have the standard deviation 2.138, and t is 2.365.
    #[test]
    fn means_have_students_interval() {
        let mean = Mean::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(mean.to_string(), "5.000 (3.212 to 6.788)");
        assert!(Mean::of(&[1.0]).high.is_infinite());
        assert_eq!(Mean::of(&[1.0; 30]).to_string(), "1.000 (1.000 to 1.000)");
    }

    /// Four times fewer trials: an interval as of a quarter, around the same share.
    #[test]
    fn hits_that_come_together_say_less() {
        let together = Interval::clustered(40, 4_000_000, 4.0);
        assert_eq!(together, Interval::wilson(10, 1_000_000));
    }

    #[test]
    fn nothing_found_in_many_is_not_nothing() {
        let interval = Interval::wilson(0, 1_000_000);
        assert!(interval.high > 3e-6 && interval.high < 4e-6, "{interval}");
    }
}
