//! A host is still computing: its leases go on. A hundred of them cost one row, unless they bring
//! checkpoints.

use super::check;
use super::context::{Context, Decision};
use super::rows::Rows;
use crate::command::{Renew, Renewal};
use crate::id::HostId;
use crate::limits::{BATCH_MAX, CHECKPOINT_BYTES_MAX};
use crate::refusal::Refusal;
use crate::replica::CheckpointRef;
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
        if !is_held || renewal.checkpoint.is_some() {
            rows.find_unit(store, renewal.replica.unit)?;
        }
    }
    Ok(rows)
}

pub(super) fn decide(mut rows: Rows, renew: &Renew, cx: &Context<'_>) -> Decision {
    let refusal = match rows.find(renew.host) {
        None => Err(Refusal::UnknownHost(renew.host)),
        Some(_) => check::batch("renewals", renew.renewals.len()),
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
    cx: &Context<'_>,
) -> Result<Timestamp, Refusal> {
    let replica = renewal.replica;
    let host = rows.host(id);
    if !host.is_active() {
        let invalid = host.counters.invalid;
        return Err(Refusal::HostSuspended { host: id, invalid });
    }
    let hard_deadline_at = match host.lease(replica) {
        None => return Err(why_lost(rows, id, renewal)),
        Some(lease) => lease.hard_deadline_at,
    };
    if hard_deadline_at <= cx.now {
        return Err(Refusal::LeaseExpired(replica));
    }
    check::within("progress_ppm", renewal.progress_ppm.into(), 0, PROGRESS_PPM_MAX)?;
    if let Some(checkpoint) = renewal.checkpoint {
        keep(rows, renewal, checkpoint)?;
    }
    let policy = rows.job(replica.unit.job).policy;
    let lease = rows.host_mut(id).lease_mut(replica).ok_or(Refusal::LeaseExpired(replica))?;
    lease.progress_ppm = renewal.progress_ppm;
    lease.renew(&policy, cx.now);
    Ok(lease.deadline_at)
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
    if row.and_then(|row| row.checkpoint).is_some_and(|known| known.step >= new.step) {
        return Ok(());
    }
    if let Some(row) = rows.unit_mut(replica.unit).replica_mut(replica.number) {
        row.checkpoint = Some(new);
    }
    Ok(())
}

fn why_lost(rows: &Rows, host: HostId, renewal: &Renewal) -> Refusal {
    let replica = renewal.replica;
    match rows.unit(replica.unit).and_then(|unit| unit.replica(replica.number)) {
        None => Refusal::UnknownLease(replica),
        Some(row) if row.host != host => Refusal::WrongHost { replica, host },
        Some(_) => Refusal::LeaseExpired(replica),
    }
}
