//! Does what is due: leases that ended, units of cancelled jobs and of suspended hosts, hosts that
//! were suspended for a while, audits at the end of a job, lots that fall, units whose pause is over.
//!
//! One `Expire` touches a bounded number of units; if more is due, the engine asks for another one
//! at once.

use super::advance::{advance, cancel, end_job_if_last};
use super::audit;
use super::context::{Context, Decision};
use super::draw::{self, Draws};
use super::judge;
use super::question;
use super::reopen::{self, Reopening};
use super::rows::Rows;
use crate::dispute::is_question;
use crate::host::{Host, HostState};
use crate::id::{HostId, JobId, ReplicaId, UnitId};
use crate::job::JobState;
use crate::limits::{EXPIRE_BATCH, EXPIRE_HOSTS, JOBS_OPEN_MAX};
use crate::replica::ReplicaState;
use crate::reply::Reply;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::work_unit::UnitState;

pub(super) struct Loaded {
    rows: Rows,
    /// Leases that have ended.
    due: Vec<ReplicaId>,
    /// Hosts that have something due.
    hosts: Vec<HostId>,
    /// Units of a suspended host.
    reopening: Option<Reopening>,
    /// The units of a cancelled job that are looked at this time, and where to go on.
    sweep: Option<Sweep>,
    /// Answers among which audits are to be drawn.
    audits: Option<audit::Page>,
    draws: Draws,
    disputes: judge::Due,
    /// Units whose pause is over, by job.
    waking: Vec<(JobId, u32)>,
}

struct Sweep {
    job: JobId,
    units: Vec<UnitId>,
    next: u32,
}

pub(super) fn load(store: &dyn Store, cx: &mut Context<'_>) -> Result<Loaded, StoreError> {
    let mut rows = Rows::default();
    let mut due: Vec<ReplicaId> = Vec::new();
    let mut reopening = None;
    let mut hosts = Vec::new();
    for host in store.hosts_due(cx.now, EXPIRE_HOSTS)? {
        if reopening.is_none() {
            reopening = reopen::load(store, &mut rows, &host)?;
        }
        due.extend(host.leases.iter().filter(|lease| lease.is_due(cx.now)).map(|l| l.replica));
        hosts.push(host.id);
        rows.add_host(host);
        if due.len() >= EXPIRE_BATCH {
            break;
        }
    }
    due.truncate(EXPIRE_BATCH);
    for replica in &due {
        rows.find_unit_and_hosts(store, replica.unit)?;
    }
    let sweep = load_sweep(store, &mut rows)?;
    let audits = audit::load(store, &mut rows)?;
    let draws = draw::load(store, &mut rows, &hosts, cx)?;
    let disputes = judge::load(store, &mut rows, &hosts, cx)?;
    let waking = store.units_waking(*cx.announced_until, cx.now)?;
    Ok(Loaded { rows, due, hosts, reopening, sweep, audits, draws, disputes, waking })
}

pub(super) fn decide(loaded: Loaded, cx: &mut Context<'_>) -> Decision {
    let Loaded { mut rows, due, hosts, reopening, sweep, audits, draws, disputes, waking } = loaded;
    hosts.into_iter().for_each(|host| let_on(&mut rows, host, cx.now));
    for replica in &due {
        expire(&mut rows, *replica, cx);
    }
    if let Some(reopening) = reopening {
        reopen::reopen(&mut rows, &reopening, cx);
    }
    if let Some(sweep) = sweep {
        take_back(&mut rows, sweep, cx);
    }
    if let Some(audits) = audits {
        audit::settle(&mut rows, audits, cx);
    }
    draw::draw(&mut rows, draws, cx);
    judge::move_on(&mut rows, &disputes, cx);
    for (job, count) in waking {
        cx.effects.work_ready(job, count);
    }
    // Also back, if the machine's clock was set back: what is announced twice does no harm.
    *cx.announced_until = cx.now;
    Decision { reply: Reply::Expired { leases: due.len() }, writes: rows.into_writes() }
}

/// When there is something to expire next; now, if this time there was too much for one go.
pub(super) fn next_at(store: &dyn Store, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let cancelling = store.jobs_cancelling(JOBS_OPEN_MAX)?;
    if cancelling.iter().any(|job| job.sweep_next().is_some()) {
        return Ok(Some(now));
    }
    if !store.jobs_settling(1)?.is_empty() {
        return Ok(Some(now));
    }
    let times = [store.next_deadline_at()?, store.next_draw_at()?, store.next_ready_at(now)?];
    let times = times.into_iter().chain([store.next_dispute_at()?]);
    Ok(times.flatten().min().map(|at| at.max(now)))
}

/// A host that was suspended for a while may try again.
fn let_on(rows: &mut Rows, host: HostId, now: Timestamp) {
    match rows.host(host).state {
        HostState::Suspended { until: Some(until), .. } if until <= now => {
            rows.host_mut(host).state = HostState::Active;
        }
        HostState::Suspended { .. } | HostState::Active => {}
    }
}

fn expire(rows: &mut Rows, id: ReplicaId, cx: &mut Context<'_>) {
    if is_question(id) {
        return question::lapse(rows, id, cx);
    }
    let Some(replica) = rows.unit(id.unit).and_then(|unit| unit.replica(id.number)) else {
        return;
    };
    let (number, host) = (id.number, replica.host);
    let host = rows.host_mut(host);
    // An earlier item of this batch may have ended the unit, and with it the lease.
    if host.release(id).is_none() {
        return;
    }
    let state = lost(host);
    cx.effects.abort(host.id, id);
    if let Some(replica) = rows.unit_mut(id.unit).replica_mut(number) {
        replica.state = state;
        if !replica.is_voice {
            return;
        }
    }
    advance(rows, id, cx);
}

/// A host that was suspended or forgotten did not miss its deadline: its leases were taken back.
fn lost(host: &mut Host) -> ReplicaState {
    if !host.is_active() {
        return ReplicaState::Aborted;
    }
    host.counters.expired = host.counters.expired.saturating_add(1);
    ReplicaState::Expired
}

fn load_sweep(store: &dyn Store, rows: &mut Rows) -> Result<Option<Sweep>, StoreError> {
    for job in store.jobs_cancelling(JOBS_OPEN_MAX)? {
        let Some(from) = job.sweep_next() else { continue };
        let page = store.units(job.id, from, EXPIRE_BATCH)?;
        let is_last = page.len() < EXPIRE_BATCH;
        let after = page.last().map_or(from, |unit| unit.id.index.saturating_add(1));
        let next = if is_last { job.units_total } else { after };
        let units: Vec<UnitId> = page.iter().map(|unit| unit.id).collect();
        let id = job.id;
        rows.add_job(job);
        for unit in page {
            for host in unit.leased().map(|replica| replica.host) {
                rows.load_host(store, host)?;
            }
            let id = unit.id;
            rows.add_unit(unit);
            rows.find_dispute(store, id)?;
        }
        return Ok(Some(Sweep { job: id, units, next }));
    }
    Ok(None)
}

fn take_back(rows: &mut Rows, sweep: Sweep, cx: &mut Context<'_>) {
    for unit in sweep.units {
        if rows.unit(unit).is_some_and(|unit| unit.state == UnitState::Open) {
            cancel(rows, unit, cx);
        }
    }
    rows.job_mut(sweep.job).state = JobState::Cancelling { next: sweep.next };
    end_job_if_last(rows, sweep.job, cx);
}
