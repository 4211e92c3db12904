//! What the move of one unit means for its hosts, its job and the ledger.

use super::audit;
use super::context::Context;
use super::dispute;
use super::rows::Rows;
use super::settle::{release, settle};
use crate::backoff;
use crate::id::{JobId, ReplicaId, UnitId};
use crate::job::{JobState, Settling};
use crate::replica::{Replica, ReplicaState};
use crate::time::Timestamp;
use crate::transition::{self, Transition};
use crate::work_unit::WorkUnit;

/// Moves a unit on after one of its replicas changed, with everything that hangs on it. The unit,
/// its job and the hosts of its replicas must be loaded.
pub(super) fn advance(rows: &mut Rows, changed: ReplicaId, cx: &mut Context<'_>) {
    let id = changed.unit;
    let spoilt = rows.spoilt_chains(id);
    let counts = |replica: &Replica| !spoilt.contains(&replica.chain);
    audit::draw(rows, id, counts, cx);
    if dispute::holds(rows, id, counts, cx) {
        return;
    }
    let (unit, job) = rows.unit_in_job(id);
    let was_ready = unit.ready_at.is_some();
    let is_lease = unit.leased().any(|replica| replica.number == changed.number);
    let retry_at = retry_at(unit, changed.number, cx);
    match transition::advance(unit, &job.policy, retry_at, counts) {
        Transition::Waits => {}
        Transition::Wants { from } if from > cx.now => cx.effects.due(from),
        // One call goes to all who wait, until somebody takes a replica and so calls for the next.
        Transition::Wants { .. } if was_ready && !is_lease => {}
        Transition::Wants { .. } => cx.effects.work_ready(id.job, 1),
        Transition::WantsByTurn { draw_at } => cx.effects.due(draw_at),
        Transition::Validated(settlement) => {
            settle(rows, id, &settlement, cx);
            let counts = &mut rows.job_mut(id.job).counts;
            counts.open -= 1;
            counts.validated += 1;
            cx.effects.assimilate(id);
        }
        Transition::Failed(settlement) => {
            settle(rows, id, &settlement, cx);
            let counts = &mut rows.job_mut(id.job).counts;
            counts.open -= 1;
            counts.failed += 1;
            end_job_if_last(rows, id.job, cx);
        }
    }
}

/// Takes an open unit of a cancelled job back.
pub(super) fn cancel(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    dispute::cancel(rows, id, cx);
    let aborted = transition::cancel(rows.unit_mut(id));
    release(rows, id, &aborted, cx);
    let counts = &mut rows.job_mut(id.job).counts;
    counts.open -= 1;
    counts.cancelled += 1;
}

/// Ends the job if all its units have ended.
pub(super) fn end_job_if_last(rows: &mut Rows, id: JobId, cx: &mut Context<'_>) {
    cx.effects.changed(id);
    let job = rows.job(id);
    if job.is_ended() || job.counts.ended() < job.units_total {
        return;
    }
    let job = rows.job_mut(id);
    job.state = match job.state {
        // First the audits that are owed.
        JobState::Open if job.policy.confidence.is_some() => {
            cx.effects.due(cx.now);
            job.state = JobState::Settling(Settling::default());
            return;
        }
        JobState::Settling(_) => return,
        JobState::Open | JobState::Finished => JobState::Finished,
        JobState::Cancelling { .. } | JobState::Cancelled => JobState::Cancelled,
    };
    job.ended_at = Some(cx.now);
    cx.effects.ended(id);
}

/// At once after an answer, and after the first replica that was given up in good order; after
/// other losses with a pause, since what broke one machine may break the next.
fn retry_at(unit: &WorkUnit, changed: u16, cx: &mut Context<'_>) -> Timestamp {
    let losses = unit.replicas.iter().filter(|replica| replica.is_lost()).count();
    let has_pause = match unit.replica(changed).map(|replica| &replica.state) {
        Some(ReplicaState::HostError { .. } | ReplicaState::Expired) => true,
        Some(ReplicaState::Aborted) => losses > 1,
        Some(
            ReplicaState::Leased | ReplicaState::Success { .. } | ReplicaState::AppError { .. },
        )
        | None => false,
    };
    if !has_pause {
        return cx.now;
    }
    let failures = u32::try_from(losses).unwrap_or(u32::MAX);
    let (base, max) = (cx.settings.backoff_base, cx.settings.backoff_max);
    cx.now.plus(backoff::pause(base, max, failures, cx.rng))
}
