//! Runs all contests under all seeds, several at a time. What comes of a run follows from its contest
//! and its seed alone, so the order in which they end makes no difference.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
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
    let ended = Mutex::new(vec![BySeed::new(); contests.len()]);
    let some = || {
        loop {
            let begun = next.fetch_add(1, Ordering::Relaxed);
            let (place, seed) = (begun / seeds, (begun % seeds) as u64 + 1);
            let Some(contest) = contests.get(place) else { return Ok(()) };
            let (rule, attack) = (contest.rule, contest.strategy);
            progress(Progress::Begun { begun: begun + 1, total, rule, attack });
            let outcome =
                contest.run(seed).inspect_err(|_| next.store(total, Ordering::Relaxed))?;
            let whole = {
                let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
                note(&mut ended, place, (seed, outcome), seeds)
            };
            if let Some(outcomes) = whole {
                let row = Row { contest: contest.clone(), outcomes };
                progress(Progress::Ended { row: &row.line() });
            }
        }
    };
    side_by_side(size.threads, some)?;
    let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    let row = |(contest, outcomes)| Row { contest, outcomes: in_order(outcomes) };
    Ok(contests.into_iter().zip(ended).map(row).collect())
}

/// What came of the runs of one contest, in the order in which they ended.
type BySeed = Vec<(u64, Outcome)>;

/// Adds what came of a run. If it was the last one of its contest, gives what came of all, in the order of the seeds.
fn note(
    ended: &mut [BySeed],
    place: usize,
    run: (u64, Outcome),
    seeds: usize,
) -> Option<Vec<Outcome>> {
    let outcomes = ended.get_mut(place)?;
    outcomes.push(run);
    (outcomes.len() == seeds).then(|| in_order(outcomes.clone()))
}

fn in_order(mut outcomes: BySeed) -> Vec<Outcome> {
    outcomes.sort_by_key(|(seed, _)| *seed);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn side_by_side(
    threads: usize,
    some: impl Fn() -> Result<(), ZooError> + Sync,
) -> Result<(), ZooError> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(&some)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
