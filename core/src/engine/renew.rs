//! A host is still computing: its leases go on. A hundred of them cost one row, unless they bring
//! checkpoints.
//!
//! A lease that expired meanwhile is given again, as long as nobody else took the unit up: when a
//! network or the coordinator was away for an hour, hours of work are not thrown after it.

use super::advance::advance;
use super::check;
use super::context::{Context, Decision};
use super::rows::Rows;
use crate::command::{Renew, Renewal};
use crate::host::Host;
use crate::id::{HostId, ReplicaId};
use crate::job::JobState;
use crate::lease::Lease;
use crate::limits::{BATCH_MAX, CHECKPOINT_BYTES_MAX, LEASES_PER_HOST_MAX};
use crate::refusal::Refusal;
use crate::replica::{CheckpointRef, ReplicaState};
use crate::reply::{Renewed, Reply};
use crate::requirement::Kind;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;

/// All of it.
const PROGRESS_PPM_MAX: u64 = 1_000_000;

pub(super) fn load(store: &dyn Store, renew: &Renew) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    if !rows.find_host(store, renew.host)? {
        return Ok(rows);
    }
    for renewal in renew.renewals.iter().take(BATCH_MAX) {
        let is_held = rows.host(renew.host).lease(renewal.replica).is_some();
        if is_held {
            rows.load_job(store, renewal.replica.unit.job)?;
        }
        if !is_held {
            rows.find_unit_and_hosts(store, renewal.replica.unit)?;
        } else if renewal.checkpoint.is_some() {
            rows.find_unit(store, renewal.replica.unit)?;
        }
    }
    Ok(rows)
}

pub(super) fn decide(mut rows: Rows, renew: &Renew, cx: &mut Context<'_>) -> Decision {
    let refusal = match rows.find(renew.host) {
        None => Err(Refusal::UnknownHost(renew.host)),
        Some(host) => {
            check::remembered(host).and_then(|()| check::batch("renewals", renew.renewals.len()))
        }
    };
    if let Err(refusal) = refusal {
        return Decision::refuse(refusal);
    }
    rows.host_mut(renew.host).seen_at = cx.now;
    let renewals = renew.renewals.iter();
    let renewed = renewals.map(|renewal| match one(&mut rows, renew.host, renewal, cx) {
        Ok(deadline_at) => Renewed::Until(deadline_at),
        Err(refusal) => Renewed::Lost(refusal),
    });
    let reply = Reply::Renewed(renewed.collect());
    Decision { reply, writes: rows.into_writes() }
}

fn one(
    rows: &mut Rows,
    id: HostId,
    renewal: &Renewal,
    cx: &mut Context<'_>,
) -> Result<Timestamp, Refusal> {
    let Renewal { replica, progress_ppm, checkpoint } = *renewal;
    let host = rows.host(id);
    check::active(host, cx.now)?;
    let held = host.lease(replica).map(|lease| lease.hard_deadline_at);
    let hard_deadline_at = held.map_or_else(|| revivable(rows, host, replica), Ok)?;
    if hard_deadline_at <= cx.now {
        return Err(Refusal::LeaseExpired(replica));
    }
    check::within("progress_ppm", progress_ppm.into(), 0, PROGRESS_PPM_MAX)?;
    if let Some(checkpoint) = checkpoint {
        keep(rows, renewal, checkpoint)?;
    }
    let mut lease = Lease { replica, deadline_at: cx.now, hard_deadline_at, progress_ppm };
    lease.renew(&rows.job(replica.unit.job).policy, cx.now);
    rows.host_mut(id).hold(lease);
    if held.is_none() {
        revive(rows, lease, cx);
    }
    Ok(lease.deadline_at)
}

/// The hard deadline of a lease that expired and may be given again: the unit wants a replica, and
/// nobody went on from this one's checkpoint.
fn revivable(rows: &Rows, host: &Host, id: ReplicaId) -> Result<Timestamp, Refusal> {
    let unit = rows.unit(id.unit).ok_or(Refusal::UnknownLease(id))?;
    let replica = unit.replica(id.number).ok_or(Refusal::UnknownLease(id))?;
    if replica.host != host.id {
        return Err(Refusal::WrongHost { replica: id, host: host.id });
    }
    let job = rows.job(id.unit.job);
    let is_wanted = unit.ready_at.is_some() && replica.is_voice && job.state == JobState::Open;
    let is_its_life = replica.life == host.standing.life;
    let is_last = unit.continuation(id.number).is_none();
    let has_room = host.leases.len() < LEASES_PER_HOST_MAX;
    if replica.state == ReplicaState::Expired && is_wanted && is_its_life && is_last && has_room {
        return Ok(replica.leased_at.plus(job.policy.deadline_ms));
    }
    Err(Refusal::LeaseExpired(id))
}

fn revive(rows: &mut Rows, lease: Lease, cx: &mut Context<'_>) {
    let id = lease.replica;
    if let Some(replica) = rows.unit_mut(id.unit).replica_mut(id.number) {
        replica.state = ReplicaState::Leased;
    }
    cx.effects.due(lease.deadline_at);
    advance(rows, id, cx);
}

/// Remembers a checkpoint that is further than the last one; an older one came late.
fn keep(rows: &mut Rows, renewal: &Renewal, new: CheckpointRef) -> Result<(), Refusal> {
    let replica = renewal.replica;
    let kind = rows.job(replica.unit.job).requirement.kind;
    match kind {
        Kind::Step => {}
        Kind::Command => return Err(Refusal::NoCheckpoints { replica, kind }),
    }
    check::within("checkpoint.bytes", new.bytes, 1, CHECKPOINT_BYTES_MAX)?;
    let row = rows.unit(replica.unit).and_then(|unit| unit.replica(replica.number));
    if row.and_then(|row| row.checkpoint.as_deref()).is_some_and(|known| known.step >= new.step) {
        return Ok(());
    }
    if let Some(row) = rows.unit_mut(replica.unit).replica_mut(replica.number) {
        row.checkpoint = Some(Box::new(new));
    }
    Ok(())
}
