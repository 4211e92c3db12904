//! A host comes back that chose units itself while there was no coordinator, and asks for them by number.
//!
//! What it gets are leases like any others, so that reports, credit and blame are those of all work. What is
//! different is what its answer is worth: `audit.rs` has a second host asked about every one of them.
//! `agent/selfchosen/SELFCHOSEN.md` says why that is enough.

use std::collections::BTreeMap;

use super::check;
use super::context::{Context, Decision};
use super::draw::is_founding;
use super::request::{lease, name};
use super::rows::Rows;
use super::search::Role;
use crate::command::{Claim, Request};
use crate::digest::Digest;
use crate::host::Host;
use crate::id::{HostId, UnitId};
use crate::job::{Job, JobState};
use crate::lease::Lease;
use crate::limits::{BATCH_MAX, LEASES_PER_HOST_MAX};
use crate::outlook::Outlook;
use crate::refusal::Refusal;
use crate::reply::{Claimed, LeaseGrant, Leased, Reply};
use crate::store::{Store, StoreError};
use crate::trust::Plan;
use crate::work_unit::WorkUnit;

pub(super) struct Loaded {
    rows: Rows,
    has_job: bool,
    /// Whether hardly anybody has standing in the job.
    is_founding: bool,
}

pub(super) fn load(
    store: &dyn Store,
    claim: &Claim,
    cx: &Context<'_>,
) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded { rows: Rows::default(), has_job: false, is_founding: false };
    let Some(job) = store.job(claim.job)? else { return Ok(loaded) };
    loaded.has_job = true;
    loaded.is_founding = is_founding(store, &job, cx)?;
    loaded.rows.add_job(job);
    if loaded.rows.find_host(store, claim.host)? {
        for (index, _) in claim.units.iter().take(BATCH_MAX) {
            loaded.rows.find_unit_and_hosts(store, claim.job.unit(*index))?;
        }
    }
    Ok(loaded)
}

pub(super) fn decide(loaded: Loaded, claim: &Claim, cx: &mut Context<'_>) -> Decision {
    if let Err(refusal) = may_claim(&loaded, claim, cx) {
        return Decision::refuse(refusal);
    }
    let Loaded { mut rows, .. } = loaded;
    rows.host_mut(claim.host).block = claim.block;
    rows.host_mut(claim.host).seen_at = cx.now;
    // What it asks for it has computed already.
    let (host, block) = (claim.host, claim.block);
    let request = Request { host, count: 1, block, outlook: Outlook::ALWAYS };
    let (mut leased, mut taken) = (Leased::default(), Vec::new());
    for (index, sealed) in claim.units.iter().copied().collect::<BTreeMap<u32, Digest>>() {
        let unit = claim.job.unit(index);
        if let Some(grant) = granted(&rows, unit, claim.host, &sealed) {
            name(&mut leased, claim.job, &rows, [grant]);
            continue;
        }
        if !is_free(&rows, unit, rows.host(claim.host)) {
            taken.push(unit);
            continue;
        }
        let job = rows.job_mut(claim.job);
        job.counts.waiting -= 1;
        job.counts.open += 1;
        job.begun_ahead += 1;
        rows.new_unit(WorkUnit::new(unit));
        let grant = lease(&mut rows, unit, request, Role::Believed, cx);
        if let Some(replica) = rows.unit_mut(unit).replica_mut(grant.replica.number) {
            replica.sealed = Some(Box::new(sealed));
        }
        name(&mut leased, claim.job, &rows, [grant]);
    }
    let reply = Reply::Claimed(Claimed { leased, taken });
    Decision { reply, writes: rows.into_writes() }
}

/// The lease that the host holds for this very answer: it says again what it said, as our reply was lost.
fn granted(rows: &Rows, unit: UnitId, host: HostId, sealed: &Digest) -> Option<LeaseGrant> {
    let replica = rows
        .unit(unit)?
        .replicas
        .iter()
        .find(|replica| replica.host == host && replica.sealed.as_deref() == Some(sealed))?;
    let replica = unit.replica(replica.number);
    let Lease { deadline_at, hard_deadline_at, .. } = *rows.host(host).lease(replica)?;
    Some(LeaseGrant { replica, deadline_at, hard_deadline_at, resume_from: None, replay: None })
}

/// Whether the unit is one that nobody ever had, and the host may hold one more.
fn is_free(rows: &Rows, unit: UnitId, host: &Host) -> bool {
    let job = rows.job(unit.job);
    job.state == JobState::Open
        && unit.index < job.units_total
        && rows.unit(unit).is_none()
        && host.leases.len() < LEASES_PER_HOST_MAX
}

fn may_claim(loaded: &Loaded, claim: &Claim, cx: &Context<'_>) -> Result<(), Refusal> {
    let Loaded { rows, has_job, is_founding } = loaded;
    if !has_job {
        return Err(Refusal::UnknownJob(claim.job));
    }
    let host = rows.find(claim.host).ok_or(Refusal::UnknownHost(claim.host))?;
    check::active(host, cx.now)?;
    check::batch("units", claim.units.len())?;
    let job: &Job = rows.job(claim.job);
    let misfit = |misfit| Refusal::Misfit { job: job.id, misfit };
    job.requirement.fits(&host.capabilities).map_err(misfit)?;
    // Where equal voices of whoever asks make an answer, two who choose alike would make one.
    let plan = job.policy.confidence.as_ref().map(Plan::new);
    let plan = plan.ok_or(Refusal::NotSelfChosen(claim.job))?;
    if *is_founding || !host.has_standing(plan.probation) {
        return Err(Refusal::NoStanding { host: claim.host, job: claim.job });
    }
    Ok(())
}
