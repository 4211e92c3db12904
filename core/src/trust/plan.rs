//! What a confidence means for every host: probation, audits, and the lead that ends a dispute.

use super::confidence::{Confidence, PPM};
use crate::part::Part;

/// A thousand million: the unit of errors.
const PPB: u128 = 1_000_000_000;

/// Euler's number in millionths, rounded down, so that what is divided by it is rounded up.
const E_PPM: u128 = 2_718_281;

/// One dispute in so many may be lost to liars.
const DISPUTES_PER_LOSS: u32 = 200;

/// Shortest probation: a machine that fails all the time is found without ever being trusted.
const PROBATION_MIN: u32 = 10;

/// How hosts are checked, so that a [`Confidence`] is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Answers of an identity that are compared but not believed, before it has standing.
    pub probation: u32,
    /// Answers of an identity that are audited when the job has all its answers, of all that it gave alone; all, if
    /// there are fewer.
    pub audits: u32,
    /// By how many more independent voices an answer must be ahead of each other one, where
    /// answers differ.
    pub lead: u8,
    /// The probability, in millionths, that an auditor tells the same lies as the audited host.
    accomplice_ppm: u32,
}

impl Plan {
    /// The most that hosts on probation may compute, in millionths of all copies, once others have
    /// standing: so a swarm of fresh identities costs a tenth of the work, however large it is.
    pub const NEWCOMERS_PPM: u32 = 100_000;

    /// One of so many audits goes to a host of another instruction set than the audited one's, if there
    /// is one. In the worst case the ring owns all of those.
    pub const CROSSED_PER: u32 = 64;

    /// For so many audits that are owed at the end, one answer is checked on the way. It costs little and finds
    /// early who lies much; what is expected of audits does not rest on it.
    pub const AUDITS_PER_SAMPLE: u32 = 4;

    /// What a confidence takes. `TRUST.md` derives it.
    #[must_use]
    pub fn new(confidence: &Confidence) -> Self {
        let Confidence { error_ppb, hostile_ppm, colluding_ppm } = *confidence;
        let accomplice_ppm = accomplice_ppm(colluding_ppm);
        let (hostile, accomplice) = (u128::from(hostile_ppm), u128::from(accomplice_ppm));
        let honest = u128::from(PPM).saturating_sub(accomplice);
        let error = u128::from(error_ppb.max(1));
        // h / (e (1 - v)(1 - q) error), where q is the share of disputes that are lost.
        let loss = u128::from(DISPUTES_PER_LOSS);
        let audits = (hostile * PPB * u128::from(PPM) * loss)
            .div_ceil(E_PPM * honest.max(1) * error * (loss - 1));
        // h v / error
        let probation =
            (hostile * accomplice * PPB).div_ceil(u128::from(PPM) * u128::from(PPM) * error);
        Self {
            probation: saturated(probation).max(PROBATION_MIN),
            audits: saturated(audits),
            lead: lead(colluding_ppm),
            accomplice_ppm,
        }
    }

    /// With which probability, in millionths, the next answer of an identity is checked as soon as it is there, if
    /// each identity is expected to give `units_per_host` of them.
    ///
    /// It is a part of the rate of audits; the whole of it for whoever has had the audits already that were owed; and
    /// all answers where all would be audited anyway, because then it is no secret.
    #[must_use]
    pub fn sample_ppm(&self, part: &Part, units_per_host: u64) -> u32 {
        let audits = u64::from(self.audits);
        let rate = |audits: u64, of: u64| audits.saturating_mul(PPM.into()) / of.max(1);
        let rate = if audits >= units_per_host {
            PPM.into()
        } else if part.audited >= self.audits {
            rate(audits, part.alone().into())
        } else {
            rate(audits, units_per_host) / u64::from(Self::AUDITS_PER_SAMPLE)
        };
        u32::try_from(rate).unwrap_or(PPM).min(PPM)
    }

    /// How many audits are still owed to an identity when its job has all answers.
    #[must_use]
    pub fn audits_owed(&self, part: &Part) -> u32 {
        self.audits.min(part.alone()).saturating_sub(part.audited)
    }

    /// How many hosts must have standing before any of them is believed alone: enough for a dispute
    /// that none of its parties decides.
    #[must_use]
    pub fn founders(&self) -> u32 {
        u32::from(self.lead) * 4
    }

    /// How many false answers, in millionths, an identity is expected to have left standing at
    /// most, if its answers were tested so and it was not caught.
    #[must_use]
    pub fn lies_left_ppm(&self, part: &Part) -> u64 {
        let alone = lies_left_ppm(self.accomplice_ppm, part.alone().into(), part.audited.into());
        // Where all were tested, a lie may stand that an accomplice confirmed.
        let tested = u64::from(self.accomplice_ppm).min(u64::from(part.believed) * u64::from(PPM));
        alone.max(tested)
    }
}

/// The most that `max over k of k (1 - a)^k` can be, in millionths, with `a` the probability that a
/// false answer is found: `1 / (e a)`, or, where every answer is audited, one that only colluding
/// auditors confirm. All of them, if none is audited.
#[must_use]
pub fn lies_left_ppm(accomplice_ppm: u32, answered: u64, audited: u64) -> u64 {
    let all = answered.saturating_mul(PPM.into());
    let audited = audited.min(answered);
    if audited == answered {
        return u64::from(accomplice_ppm).min(all);
    }
    let honest = u128::from(PPM.saturating_sub(accomplice_ppm)).max(1);
    let found = E_PPM * honest * u128::from(audited);
    let scale = u128::from(PPM) * u128::from(PPM) * u128::from(PPM);
    let left = (u128::from(answered) * scale).checked_div(found).unwrap_or(u128::MAX);
    u64::try_from(left).unwrap_or(u64::MAX).clamp(u64::from(accomplice_ppm).min(all), all)
}

/// With which probability, in millionths, an auditor is an accomplice, if the ring owns every instruction set but
/// the audited host's: `v = c + (1 - c) / 64`. Where nobody colludes there is nobody to draw.
fn accomplice_ppm(colluding_ppm: u32) -> u32 {
    if colluding_ppm == 0 {
        return 0;
    }
    let honest = PPM.saturating_sub(colluding_ppm);
    colluding_ppm.saturating_add(honest.div_ceil(Plan::CROSSED_PER))
}

/// The least lead with which liars win at most one dispute in [`DISPUTES_PER_LOSS`]: a dispute is a
/// random walk from a draw, and who is `n` ahead first is the ring with probability
/// `r^n / (1 + r^n)`, where `r = c / (1 - c)`.
fn lead(colluding_ppm: u32) -> u8 {
    let honest = PPM.saturating_sub(colluding_ppm);
    let (mut lead, mut odds_ppm) = (0_u8, u64::from(PPM));
    loop {
        lead = lead.saturating_add(1);
        odds_ppm = (odds_ppm * u64::from(colluding_ppm)).div_ceil(u64::from(honest.max(1)));
        let is_enough = odds_ppm * u64::from(DISPUTES_PER_LOSS - 1) <= u64::from(PPM);
        if (is_enough && lead >= LEAD_MIN) || lead == u8::MAX {
            return lead;
        }
    }
}

/// One voice more is not enough: nobody shall lose their standing on a single word.
const LEAD_MIN: u8 = 2;

fn saturated(of: u128) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{HostId, JobId};

    fn plan(error: f64, hostile: f64, colluding: f64) -> Plan {
        let parts = |share: f64, of: f64| format!("{:.0}", share * of).parse().unwrap();
        let confidence = Confidence {
            error_ppb: parts(error, 1e9),
            hostile_ppm: parts(hostile, 1e6),
            colluding_ppm: parts(colluding, 1e6),
        };
        confidence.check().unwrap();
        Plan::new(&confidence)
    }

    #[test]
    fn plans_are_what_the_page_says() {
        let check = |(error, hostile, colluding), expected| {
            let Plan { probation, audits, lead, .. } = plan(error, hostile, colluding);
            assert_eq!((probation, audits, lead), expected);
        };
        check((1e-6, 1e-3, 0.0), (10, 370, 2));
        check((1e-4, 0.2, 0.0), (10, 740, 2));
        check((1e-3, 0.2, 0.2), (43, 94, 4));
        check((1e-3, 0.35, 0.35), (127, 203, 9));
    }

    /// What the best strategy of an identity leaves standing, however long it lives: it lies `k`
    /// times, each lie is found with probability `(1 - v)` times the share of audited answers, where the
    /// ring owns every other instruction set.
    #[test]
    fn no_length_of_life_pays() {
        for (error, hostile, colluding) in
            [(1e-6, 1e-3, 0.0), (1e-4, 0.2, 0.0), (1e-3, 0.2, 0.2), (1e-3, 0.35, 0.35)]
        {
            let plan = plan(error, hostile, colluding);
            let crossed = if colluding > 0.0 { 1.0 / f64::from(Plan::CROSSED_PER) } else { 0.0 };
            let accomplice = colluding + (1.0 - colluding) * crossed;
            for believed in (1..400).chain((400..40_000).step_by(371)) {
                let rate = f64::from(plan.audits.min(believed)) / f64::from(believed);
                let kept = 1.0 - rate * (1.0 - accomplice);
                let best = (1..2_000).map(|k| f64::from(k) * kept.powi(k)).fold(0.0, f64::max);
                let error_there = hostile * best / f64::from(plan.probation + believed);
                assert!(error_there <= error, "{plan:?}: {error_there} of {believed} units");
            }
        }
    }

    /// The bound in whole numbers is never below what the best strategy gets.
    #[test]
    fn the_bound_of_what_is_left_holds() {
        for colluding in [0_u32, 100_000, 200_000, 350_000] {
            for (answered, audited) in [(10, 10), (50, 20), (1_000, 93), (1_000, 1), (7, 0)] {
                let rate = audited as f64 / answered as f64;
                let kept = 1.0 - rate * (1.0 - f64::from(colluding) / 1e6);
                let worst = (0..=answered).map(|k| f64::from(k) * kept.powi(k)).fold(0.0, f64::max);
                let (answered, audited) = (u64::from(answered.unsigned_abs()), audited);
                let bound = lies_left_ppm(colluding, answered, audited) as f64 / 1e6;
                assert!(bound >= worst - 1e-6, "{colluding} {answered} {audited}: {bound} {worst}");
            }
        }
    }

    fn part(believed: u32, sampled: u32, audited: u32) -> Part {
        Part { believed, sampled, audited, ..Part::new(JobId(1), HostId(1)) }
    }

    #[test]
    fn a_quarter_as_many_are_sampled_on_the_way_as_are_audited_at_the_end() {
        let plan = plan(1e-3, 0.2, 0.2);
        assert_eq!(plan.sample_ppm(&part(30, 2, 0), 1_000), 23_500);
        assert_eq!(plan.audits_owed(&part(1_000, 24, 0)), 94);
        assert_eq!(plan.audits_owed(&part(1_000, 24, 80)), 14);
        assert_eq!(plan.audits_owed(&part(1_000, 24, 200)), 0);
    }

    /// They are told from others by nothing, so there is nothing to wait for.
    #[test]
    fn where_all_are_to_be_audited_they_are_checked_at_once() {
        let plan = plan(1e-3, 0.2, 0.2);
        assert_eq!(plan.sample_ppm(&part(0, 0, 0), 94), 1_000_000);
        assert_eq!(plan.audits_owed(&part(50, 20, 0)), 30);
        assert_eq!(plan.audits_owed(&part(50, 50, 0)), 0);
    }

    /// The audits that were owed were drawn before this answer was given.
    #[test]
    fn whoever_was_audited_is_sampled_at_the_whole_rate() {
        let plan = plan(1e-3, 0.2, 0.2);
        assert_eq!(plan.sample_ppm(&part(1_040, 40, 94), 900), 94_000);
        assert_eq!(plan.sample_ppm(&part(1_040, 40, 93), 940), 25_000);
    }

    #[test]
    fn impossible_confidences_are_named() {
        let confidence =
            Confidence { error_ppb: 1_000, hostile_ppm: 200_000, colluding_ppm: 300_000 };
        let error = confidence.check().unwrap_err().to_string();
        assert_eq!(error, "confidence.colluding_ppm is 300000; it must be between 0 and 200000");
    }
}
