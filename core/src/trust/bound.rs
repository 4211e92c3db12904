//! What a job with a confidence reached, from what was audited of each host's answers.

use std::fmt;

use super::{Confidence, Plan, scientific};
use crate::part::Part;

/// What a job with a confidence reached. Made of its parts one by one, in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// What was asked for.
    pub confidence: Confidence,
    /// Answers that rest on the word of one host first of all.
    pub believed: u64,
    /// Of those, how many were audited, sampled or voted on.
    pub audited: u64,
    /// The share of wrong answers that is left at most, in thousand-millionths, under what
    /// [`Confidence`] assumes and `trust/TRUST.md` lists.
    pub error_ppb: u64,
}

/// All answers, in thousand-millionths.
const PPB: u64 = 1_000_000_000;

impl Reached {
    /// Of a job without answers yet.
    #[must_use]
    pub fn nothing(confidence: Confidence) -> Self {
        Self { confidence, believed: 0, audited: 0, error_ppb: 0 }
    }

    /// Takes in the answers of one more host. The hostile share of all work may be spread over the
    /// hosts that were audited least, so the worst part counts for all of it.
    #[must_use]
    pub fn and(self, part: &Part) -> Self {
        let believed = u64::from(part.believed);
        if believed == 0 {
            return self;
        }
        let audited = u64::from(part.sampled.saturating_add(part.audited));
        let plan = Plan::new(&self.confidence);
        let lies_ppm = plan.lies_left_ppm(part);
        let hostile = u128::from(self.confidence.hostile_ppm) * u128::from(lies_ppm);
        let answers = u128::from(plan.probation) + u128::from(believed);
        let error_ppb = u64::try_from(hostile.div_ceil(1_000 * answers)).unwrap_or(PPB).min(PPB);
        Self {
            confidence: self.confidence,
            believed: self.believed.saturating_add(believed),
            audited: self.audited.saturating_add(audited),
            error_ppb: self.error_ppb.max(error_ppb),
        }
    }
}

impl fmt::Display for Reached {
    /// In half a line, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { confidence, believed, audited, error_ppb } = self;
        write!(f, "asked for {confidence}; {audited} of {believed} answers audited")?;
        let error = scientific(*error_ppb);
        write!(f, "; at most {error} of the answers are wrong, if no more of the work is hostile")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{HostId, JobId};

    const ASKED: Confidence =
        Confidence { error_ppb: 1_000_000, hostile_ppm: 200_000, colluding_ppm: 200_000 };

    fn reached(parts: &[(u32, u32)]) -> Reached {
        let part =
            |(believed, audited)| Part { believed, audited, ..Part::new(JobId(1), HostId(1)) };
        parts.iter().fold(Reached::nothing(ASKED), |all, at| all.and(&part(*at)))
    }

    #[test]
    fn audits_as_planned_reach_what_was_asked_for() {
        for believed in [1, 40, 93, 94, 95, 1_000, 100_000] {
            let audited = Plan::new(&ASKED).audits.min(believed);
            let error_ppb = reached(&[(believed, audited)]).error_ppb;
            assert!(error_ppb <= ASKED.error_ppb.into(), "{believed}: {error_ppb}");
        }
    }

    /// What was checked on the way says nothing about the rest of an identity that came back until nothing was found.
    #[test]
    fn samples_are_no_audits() {
        let part = |sampled, audited| Part {
            believed: 1_000,
            sampled,
            audited,
            ..Part::new(JobId(1), HostId(1))
        };
        let bound = |part: Part| Reached::nothing(ASKED).and(&part).error_ppb;
        assert!(bound(part(900, 0)).abs_diff(bound(part(0, 0)) / 10) <= 1);
        assert!(bound(part(0, 94)) <= ASKED.error_ppb.into());
        assert!(bound(part(50, 94)) < bound(part(0, 94)));
        assert_eq!(Reached::nothing(ASKED).and(&part(50, 94)).audited, 144);
    }

    #[test]
    fn fewer_audits_reach_less_and_none_reach_nothing() {
        let bounds: Vec<u64> =
            [93, 50, 10, 1, 0].map(|audited| reached(&[(1_000, audited)]).error_ppb).to_vec();
        assert!(bounds.is_sorted_by(|a, b| a < b), "{bounds:?}");
        // A fifth of all answers, but for those of probation.
        assert_eq!(bounds[4], 191_754_555);
    }

    #[test]
    fn the_worst_part_counts_for_all() {
        let (good, bad) = ((1_000, 93), (1_000, 9));
        let both = reached(&[good, bad, (0, 0)]);
        assert_eq!(both.error_ppb, reached(&[bad]).error_ppb);
        assert_eq!((both.believed, both.audited), (2_000, 102));
        assert_eq!(reached(&[]), Reached::nothing(ASKED));
    }

    #[test]
    fn it_reads_as_half_a_line() {
        let said = Reached { error_ppb: 912_345, ..reached(&[(1_000, 93)]) }.to_string();
        assert_eq!(
            said,
            "asked for 1e-3 against 20 % colluding; 93 of 1000 answers audited; at most 9.13e-4 of \
             the answers are wrong, if no more of the work is hostile"
        );
    }
}
