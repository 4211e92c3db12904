//! Runs all contests under all seeds, several at a time. What comes of a run follows from its contest
//! and its seed alone, so the order in which they end makes no difference.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::outcome::Outcome;
use super::{Contest, Progress, Row, Size, ZooError};

/// Runs all contests under the seeds from 1 on.
pub(super) fn all(
    contests: Vec<Contest>,
    size: Size,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<Row>, ZooError> {
    let seeds = usize::try_from(size.seeds.max(1)).unwrap_or(usize::MAX);
    let total = contests.len().saturating_mul(seeds);
    let next = AtomicUsize::new(0);
    let some = || {
        let mut ended = Vec::new();
        loop {
            let begun = next.fetch_add(1, Ordering::Relaxed);
            let Some(contest) = contests.get(begun / seeds) else { return Ok(ended) };
            let (rule, attack) = (contest.rule, contest.strategy);
            progress(Progress { begun: begun + 1, total, rule, attack });
            match contest.run((begun % seeds) as u64 + 1) {
                Ok(outcome) => ended.push((begun, outcome)),
                Err(error) => {
                    next.store(total, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    };
    let mut ended = side_by_side(size.threads, some)?;
    ended.sort_by_key(|(begun, _)| *begun);
    let mut outcomes = ended.into_iter().map(|(_, outcome)| outcome);
    let row = |contest| Row { contest, outcomes: outcomes.by_ref().take(seeds).collect() };
    Ok(contests.into_iter().map(row).collect())
}

/// Runs that have ended, by their place.
type Ended = Vec<(usize, Outcome)>;

fn side_by_side(
    threads: usize,
    some: impl Fn() -> Result<Ended, ZooError> + Sync,
) -> Result<Ended, ZooError> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(&some)).collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(all)
    })
}
