//! What the move of one unit means for its hosts, its job and the ledger.

use super::context::Context;
use super::payment;
use super::rows::Rows;
use crate::backoff;
use crate::host::{Host, HostState};
use crate::id::{HostId, JobId, ReplicaId, UnitId};
use crate::job::JobState;
use crate::replica::{Replica, ReplicaState};
use crate::time::Timestamp;
use crate::transition::{self, Settlement, Transition};
use crate::work_unit::WorkUnit;

/// Moves a unit on after one of its replicas changed, with everything that hangs on it. The unit,
/// its job and the hosts of its replicas must be loaded.
pub(super) fn advance(rows: &mut Rows, changed: ReplicaId, cx: &mut Context<'_>) {
    let id = changed.unit;
    let spoilt = rows.spoilt_chains(id);
    let (unit, job) = rows.unit_in_job(id);
    let was_ready = unit.ready_at.is_some();
    let is_lease = unit.leased().any(|replica| replica.number == changed.number);
    let retry_at = retry_at(unit, changed.number, cx);
    let counts = |replica: &Replica| !spoilt.contains(&replica.chain);
    match transition::advance(unit, &job.policy, retry_at, counts) {
        Transition::Waits => {}
        Transition::Wants { from } if from > cx.now => cx.effects.due(from),
        // One call goes to all who wait, until somebody takes a replica and so calls for the next.
        Transition::Wants { .. } if was_ready && !is_lease => {}
        Transition::Wants { .. } => cx.effects.work_ready(id.job, 1),
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
    job.ended_at = Some(cx.now);
    job.state = match job.state {
        JobState::Open | JobState::Finished => JobState::Finished,
        JobState::Cancelling { .. } | JobState::Cancelled => JobState::Cancelled,
    };
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

fn settle(rows: &mut Rows, id: UnitId, settlement: &Settlement, cx: &mut Context<'_>) {
    for replica in replicas(rows, id, &settlement.valid) {
        rows.job_mut(id.job).tally.valid += 1;
        rows.host_mut(replica.host).counters.valid += 1;
        payment::pay(rows, id.replica(replica.number), cx.now);
    }
    vouch(rows, id, &settlement.valid);
    for replica in replicas(rows, id, &settlement.invalid) {
        rows.job_mut(id.job).tally.invalid += 1;
        payment::take_back(rows, id.replica(replica.number), cx.now);
        // Whoever goes on from a stranger's checkpoint cannot know whether it is honest.
        if replica.lineage.is_empty() {
            let host = rows.host_mut(replica.host);
            host.counters.invalid += 1;
            if host.counters.invalid >= cx.settings.invalid_max && host.is_active() {
                suspend(host, cx);
            }
        }
    }
    release(rows, id, &settlement.aborted, cx);
}

/// Notes everybody who had a hand in a chain that agrees, so that the unit is found again if one of
/// them turns out to be a liar.
fn vouch(rows: &mut Rows, id: UnitId, valid: &[u16]) {
    let chains: Vec<u16> = replicas(rows, id, valid).iter().map(|replica| replica.chain).collect();
    let all = rows.unit(id).map(|unit| unit.replicas.as_slice()).unwrap_or_default();
    let hands = all.iter().filter(|replica| chains.contains(&replica.chain));
    let hosts: Vec<HostId> = hands.map(|replica| replica.host).collect();
    hosts.into_iter().for_each(|host| rows.vouch(host, id));
}

/// A host that lied too often loses its leases: they are due at once, and `Expire` takes them back.
/// So it does with what the host vouched for.
fn suspend(host: &mut Host, cx: &mut Context<'_>) {
    let reopen_from = Some(JobId(0).unit(0));
    host.state = HostState::Suspended { suspended_at: cx.now, reopen_from };
    cx.effects.due(cx.now);
    for lease in &mut host.leases {
        lease.deadline_at = cx.now;
        cx.effects.abort(host.id, lease.replica);
    }
}

fn release(rows: &mut Rows, id: UnitId, aborted: &[u16], cx: &mut Context<'_>) {
    for replica in replicas(rows, id, aborted) {
        let lost = id.replica(replica.number);
        rows.host_mut(replica.host).release(lost);
        cx.effects.abort(replica.host, lost);
    }
}

fn replicas(rows: &Rows, id: UnitId, numbers: &[u16]) -> Vec<Replica> {
    let unit = rows.unit(id);
    numbers.iter().filter_map(|number| unit?.replica(*number).cloned()).collect()
}
