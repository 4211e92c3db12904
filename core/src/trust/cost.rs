//! What a plan is expected to cost, so that a scientist sees it before they wait for it.

use super::Plan;

impl Plan {
    /// Copies per unit, in hundredths, of a job of so many units on so many hosts that nobody
    /// compared before and of which none lies. `TRUST.md` says what liars add; while hardly anybody
    /// has standing, units are voted on, which takes a few more.
    #[must_use]
    pub fn copies_per_hundred_units(&self, units: u32, hosts: u32) -> u64 {
        let (units, hosts) = (u64::from(units.max(1)), u64::from(hosts.max(1)));
        let samples = self.audits / Self::AUDITS_PER_SAMPLE;
        let checks = u64::from(self.audits.saturating_add(samples));
        let audits = checks.saturating_mul(hosts).min(units);
        // Newcomers get at most a tenth of all copies.
        let compared_max = (units + audits) / 9;
        let compared = u64::from(self.probation).saturating_mul(hosts).min(compared_max);
        (units + audits + compared) * 100 / units
    }
}

#[cfg(test)]
mod tests {
    use crate::trust::{Confidence, Plan};

    #[test]
    fn the_more_units_a_host_has_the_less_each_costs() {
        let confidence =
            Confidence { error_ppb: 1_000_000, hostile_ppm: 200_000, colluding_ppm: 200_000 };
        let plan = Plan::new(&confidence);
        // 1 + (94 + 23 + 43) / 1,000, as the page says.
        assert_eq!(plan.copies_per_hundred_units(16_000, 16), 116);
        // All are audited, and of that a ninth more for newcomers, who would take 43 / 100.
        assert_eq!(plan.copies_per_hundred_units(16_000, 160), 222);
        assert_eq!(plan.copies_per_hundred_units(1, 1_000_000), 200);
        assert_eq!(plan.copies_per_hundred_units(u32::MAX, 1), 100);
    }
}
