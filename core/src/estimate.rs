//! How long a unit of a job takes, learned from what hosts report: a running median.
//!
//! Each report moves the estimate by a sixteenth towards itself, however far away it is, as in *Frugal streaming for
//! estimating quantiles* (Ma, Muthukrishnan and Sandler, 2013), with steps in proportion. So it is of one number for
//! each job, follows what changes, and few liars do not move it far.
//!
//! It only helps to choose who gets a lease. So it is kept in memory, and a restart begins anew: before the first report of a
//! job everybody gets its units.

use std::collections::BTreeMap;

use crate::id::JobId;
use crate::limits::JOBS_OPEN_MAX;
use crate::time::Span;

/// A step is this part of the estimate.
const STEP: u64 = 16;

/// What is known of each job, the newest [`JOBS_OPEN_MAX`] of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimates {
    jobs: BTreeMap<JobId, Span>,
}

impl Estimates {
    /// Takes up that a unit took so much CPU time.
    pub fn note(&mut self, job: JobId, run: Span) {
        let estimate = self.jobs.entry(job).or_insert(run);
        let step = (estimate.0 / STEP).max(1);
        estimate.0 = match run.0.cmp(&estimate.0) {
            std::cmp::Ordering::Less => (estimate.0 - step.min(estimate.0)).max(run.0),
            std::cmp::Ordering::Equal => estimate.0,
            std::cmp::Ordering::Greater => estimate.0.saturating_add(step).min(run.0),
        };
        if self.jobs.len() > JOBS_OPEN_MAX {
            self.jobs.pop_first();
        }
    }

    /// CPU time of a unit; none if none was reported.
    #[must_use]
    pub fn of(&self, job: JobId) -> Option<Span> {
        self.jobs.get(&job).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JOB: JobId = JobId(1);

    fn learned(runs: impl IntoIterator<Item = u64>) -> u64 {
        let mut estimates = Estimates::default();
        runs.into_iter().for_each(|run| estimates.note(JOB, Span(run)));
        estimates.of(JOB).unwrap().0
    }

    #[test]
    fn it_comes_near_the_median_and_follows_it() {
        let early = (0..200).map(|n| 1_000 + n * 37 % 200);
        let late = (0..200).map(|n| 9_000 + n * 37 % 200);
        let estimate = learned(early.clone());
        assert!((1_000..1_200).contains(&estimate), "{estimate}");
        let estimate = learned(early.chain(late));
        assert!((9_000..9_200).contains(&estimate), "{estimate}");
    }

    #[test]
    fn one_in_four_who_says_anything_does_not_move_it_far() {
        let estimate = learned((0..1_000).map(|n| if n % 4 == 3 { u64::MAX } else { 1_000 }));
        assert!((1_000..1_100).contains(&estimate), "{estimate}");
        let estimate = learned((0..1_000).map(|n| if n % 4 == 3 { 0 } else { 1_000 }));
        assert!((900..=1_000).contains(&estimate), "{estimate}");
    }

    #[test]
    fn as_many_jobs_are_known_as_may_be_open() {
        let mut estimates = Estimates::default();
        for job in 0..=JOBS_OPEN_MAX as u64 {
            estimates.note(JobId(job), Span(1));
        }
        assert_eq!((estimates.of(JobId(0)), estimates.of(JobId(1))), (None, Some(Span(1))));
    }

    proptest! {
        #[test]
        fn it_stays_within_what_was_said(runs in prop::collection::vec(any::<u64>(), 1..100)) {
            let (least, most) = (runs.iter().min().unwrap(), runs.iter().max().unwrap());
            let estimate = learned(runs.iter().copied());
            prop_assert!((*least..=*most).contains(&estimate));
        }
    }
}
