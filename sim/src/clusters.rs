//! How much less is known when lies come together: a liar who is not found leaves several at once.
//!
//! What chance decides is whether an identity is found, not whether a unit is wrong. So the units of a run
//! are no independent trials; the identities are. The *design effect* (Kish, *Survey Sampling*, 1965) is how
//! many times larger that makes the variance of a count, and the [`Interval`](crate::interval::Interval)
//! of a share is Wilson's for so many times fewer trials, the effective sample size (Korn and Graubard,
//! *Confidence intervals for proportions with small expected number of positive counts estimated from
//! survey data*, Survey Methodology 24, 1998; Franco, Little, Louis and Slud compare it with others in
//! *Comparative study of confidence intervals for proportions in complex sample surveys*, 2019).

use std::iter::Sum;

/// Identities of attackers, or faulty hosts, and the lies of each that stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clusters {
    /// How many.
    pub identities: u64,
    /// Lies that they told.
    pub told: u64,
    /// Lies that stand.
    pub stand: u64,
    /// The sum, over identities, of the square of how many of their lies stand.
    pub squares: u64,
}

impl Clusters {
    /// One identity that told so many lies, of which so many stand.
    #[must_use]
    pub fn identity(told: u64, stand: u64) -> Self {
        Self { identities: 1, told, stand, squares: stand.saturating_mul(stand) }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            identities: self.identities + other.identities,
            told: self.told + other.told,
            stand: self.stand + other.stand,
            squares: self.squares + other.squares,
        }
    }

    /// How many times larger the variance of the lies that stand is than if each were a matter of its own:
    /// that between identities against that of a count. At least 1. Where none stands, one that was not
    /// found is taken to leave as many as an identity told on average.
    #[must_use]
    pub fn design_effect(&self) -> f64 {
        let Self { identities, told, stand, squares } = *self;
        let n = identities as f64;
        if stand == 0 {
            return (told as f64 / n.max(1.0)).max(1.0);
        }
        if identities < 2 {
            return (squares as f64 / stand as f64).max(1.0);
        }
        let around_mean = squares as f64 - (stand as f64).powi(2) / n;
        (around_mean * n / (n - 1.0) / stand as f64).max(1.0)
    }
}

impl Sum for Clusters {
    fn sum<I: Iterator<Item = Self>>(clusters: I) -> Self {
        clusters.fold(Self::default(), Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(of: &[(u64, u64)]) -> f64 {
        of.iter()
            .map(|(told, stand)| Clusters::identity(*told, *stand))
            .sum::<Clusters>()
            .design_effect()
    }

    fn is_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }

    /// Two of 40 identities left 15 lies each: as much is known as from 30 lies fourteen times fewer.
    #[test]
    fn lies_that_come_together_count_as_few() {
        let mut of = vec![(1, 0); 38];
        of.extend([(15, 15), (15, 15)]);
        is_near(effect(&of), (450.0 - 900.0 / 40.0) * 40.0 / 39.0 / 30.0);
    }

    #[test]
    fn lies_that_come_alone_count_whole() {
        let mut of = vec![(1, 0); 990];
        of.extend([(1, 1); 10]);
        is_near(effect(&of), 1.0);
    }

    /// Where every liar leaves about as many, the share of them says it all.
    #[test]
    fn identities_that_are_alike_are_no_clusters() {
        is_near(effect(&[(200, 10), (200, 10), (200, 10)]), 1.0);
    }

    #[test]
    fn where_none_stands_an_unfound_liar_leaves_what_others_told() {
        is_near(effect(&[(12, 0), (8, 0)]), 10.0);
        is_near(effect(&[]), 1.0);
        is_near(effect(&[(7, 7)]), 7.0);
    }
}
