//! Which job is served next, and where in a job to look for work.

use rand_core::Rng;

use crate::backoff::below;
use crate::id::JobId;
use crate::job::Job;

/// Open jobs in the order in which one request is to be served: higher priority first, and among
/// equals those after the one that was served last, around in a circle.
pub fn order(mut jobs: Vec<Job>, served_last: Option<JobId>) -> Vec<Job> {
    let had_its_turn = |job: &Job| served_last.is_some_and(|last| job.id <= last);
    jobs.sort_by_key(|job| (u8::MAX - job.policy.priority, had_its_turn(job), job.id));
    jobs
}

/// Where to look again when the first rows of a job were of no use: by chance somewhere between
/// `from` and `to`, so that rows that one volunteer cannot take do not hide the rest for good.
pub fn somewhere(from: u32, to: u32, rng: &mut impl Rng) -> u32 {
    let offset = below(u64::from(to.saturating_sub(from)), rng);
    from.saturating_add(u32::try_from(offset).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::policy::Policy;
    use crate::store::conformance::rows;

    /// Checks the order of four jobs, the third of which is urgent.
    fn check(served_last: Option<u64>, expected: [u64; 4]) {
        let policy = |id| Policy { priority: u8::from(id == 3), ..Policy::default() };
        let jobs = (1..5).map(|id| Job { policy: policy(id), ..rows::job(id) }).collect();
        let ordered = order(jobs, served_last.map(JobId));
        assert_eq!(ordered.iter().map(|job| job.id.0).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn urgent_jobs_come_first_and_the_others_take_turns() {
        check(None, [3, 1, 2, 4]);
        check(Some(1), [3, 2, 4, 1]);
        check(Some(2), [3, 4, 1, 2]);
        check(Some(4), [3, 1, 2, 4]);
    }

    #[test]
    fn somewhere_is_within_its_bounds() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        assert!((0..100).all(|_| (10..20).contains(&somewhere(10, 20, &mut rng))));
        assert_eq!(somewhere(10, 10, &mut rng), 10);
        assert_eq!(somewhere(10, 3, &mut rng), 10);
    }
}
