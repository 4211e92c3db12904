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
