//! One sentence on why something does not move.

use super::disputed;
use super::words::{counted, hosts, units};
use super::{Disputes, Found, Subject};
use crate::host::{Host, Pardoned};
use crate::id::{JobId, UnitId};
use crate::job::{Job, JobState};
use crate::limits::{JOBS_OPEN_MAX, LEASES_PER_HOST_MAX, PAGE_MAX};
use crate::order::Order;
use crate::refusal::Refusal;
use crate::replica::{Replica, ReplicaState};
use crate::reply::Idle;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::work_unit::{UnitState, WorkUnit};

/// Ready units that are looked at, to find one for a host: of one job, and of all together.
const LOOKED_AT_MAX: usize = 256;
const LOOKED_AT_SUM_MAX: usize = 4_096;

pub(super) fn explain(store: &dyn Store, subject: Subject, now: Timestamp) -> Found<String> {
    match subject {
        Subject::Job(id) => match store.job(id)? {
            Some(job) => Ok(Ok(explain_job(&job) + &disputes(store, id)?)),
            None => Ok(Err(Refusal::UnknownJob(id))),
        },
        Subject::Unit(id) => explain_unit(store, id, now),
        Subject::Host(id) => match store.host(id)? {
            Some(host) => {
                let found = disputed::of_host(store, &host)?;
                Ok(Ok(explain_host(store, &host, now)? + &found))
            }
            None => Ok(Err(Refusal::UnknownHost(id))),
        },
    }
}

/// What disputes came to, if there were any.
fn disputes(store: &dyn Store, job: JobId) -> Result<String, StoreError> {
    let disputes = Disputes::of(store, job)?;
    Ok(if disputes.settled > 0 { format!("; {disputes}") } else { String::new() })
}

fn explain_job(job: &Job) -> String {
    let Job { id, counts, .. } = job;
    let (done, failed) = (units(counts.done), counts.failed);
    match job.state {
        JobState::Finished => format!("job {id} has finished: {done} done, {failed} failed"),
        JobState::Cancelled => format!("job {id} was cancelled with {done} done"),
        JobState::Cancelling { .. } => {
            format!("job {id} is being cancelled: {} are to be taken back", units(counts.open))
        }
        JobState::Settling(_) => {
            format!("job {id} has all its answers; which of them are audited is being drawn")
        }
        JobState::Open => {
            let begun = counts.open + counts.validated;
            let (waiting, ended) = (counts.waiting, counts.ended());
            format!(
                "job {id} goes on: of {}, {waiting} wait for a host, {begun} are being computed \
                 or checked, {ended} have ended",
                units(job.units_total),
            )
        }
    }
}

fn explain_unit(store: &dyn Store, id: UnitId, now: Timestamp) -> Found<String> {
    let Some(job) = store.job(id.job)? else {
        return Ok(Err(Refusal::UnknownJob(id.job)));
    };
    let units_total = job.units_total;
    if id.index >= units_total {
        return Ok(Err(Refusal::UnknownUnit { unit: id, units_total }));
    }
    Ok(Ok(match store.unit(id)? {
        None => explain_fresh(store, &job, id)?,
        Some(unit) => {
            let dispute = store.dispute(id)?;
            let found = dispute.as_ref().map(disputed::found).unwrap_or_default();
            match dispute.and_then(|dispute| dispute.under_way) {
                Some(under_way) => disputed::under_way(id, &under_way) + &found,
                None => explain_begun(store, &job, &unit, now)? + &chosen(&unit) + &found,
            }
        }
    }))
}

fn explain_fresh(store: &dyn Store, job: &Job, id: UnitId) -> Result<String, StoreError> {
    let Some(next) = job.fresh_next() else {
        return Ok(format!("unit {id} was cancelled before any host had it"));
    };
    let hosts = Candidates::count(store, job, None)?;
    // Where the order is secret, how many come before is secret, too.
    // Where units go to hosts for their files, none is behind another.
    let place = match (job.order, job.file_axis) {
        (Order(None), None) => format!(", behind {}", units(id.index.saturating_sub(next))),
        (Order(_), _) => String::new(),
    };
    Ok(format!("unit {id} waits for its first host{place}; {hosts}"))
}

fn explain_begun(
    store: &dyn Store,
    job: &Job,
    unit: &WorkUnit,
    now: Timestamp,
) -> Result<String, StoreError> {
    let id = unit.id;
    Ok(match &unit.state {
        UnitState::Open => explain_open(store, job, unit, now)?,
        UnitState::Validated { canonical } | UnitState::Done { canonical } => {
            let canonical = unit.replica_id(*canonical);
            match job.policy.confidence {
                None => {
                    format!("unit {id} needs no host: a quorum agrees with replica {canonical}")
                }
                Some(_) => format!("unit {id} needs no host: replica {canonical} is believed"),
            }
        }
        UnitState::Failed { reason } => format!("unit {id} gets no more hosts: {reason}"),
        UnitState::Cancelled => format!("unit {id} was cancelled with its job"),
    })
}

fn explain_open(
    store: &dyn Store,
    job: &Job,
    unit: &WorkUnit,
    now: Timestamp,
) -> Result<String, StoreError> {
    let id = unit.id;
    let leased: Vec<String> = unit.leased().map(|replica| replica.host.to_string()).collect();
    let computed_by = leased.join(" and ");
    if job.state != JobState::Open {
        return Ok(format!("unit {id} is being taken back: its job was cancelled"));
    }
    if let Some(turn) = unit.turn {
        return Ok(match turn.host {
            Some(host) => {
                let rest = turn.draw_at.since(now);
                format!(
                    "unit {id} waits for host {host}, which was drawn to check it, for {rest} more"
                )
            }
            None => format!("unit {id} waits until a host is drawn to check it"),
        });
    }
    Ok(match unit.ready_at {
        None => format!("unit {id} has its hosts: {computed_by} compute it"),
        Some(at) if at > now => {
            let after = unit.replicas.iter().rev().find_map(loss).unwrap_or("a loss");
            format!("unit {id} pauses for {} after {after}", at.since(now))
        }
        Some(_) => {
            let hosts = Candidates::count(store, job, Some(unit))?;
            format!("unit {id} wants another volunteer's replica; {hosts}")
        }
    })
}

/// Whose own choice it was, if it was somebody's.
fn chosen(unit: &WorkUnit) -> String {
    let chosen = unit.replicas.iter().find(|replica| replica.sealed.is_some());
    let said = |replica: &Replica| {
        format!("; host {} chose it itself, while the coordinator was away", replica.host)
    };
    chosen.map(said).unwrap_or_default()
}

fn loss(replica: &Replica) -> Option<&str> {
    match &replica.state {
        ReplicaState::HostError { message } => Some(message),
        ReplicaState::Expired => Some("a host that did not report in time"),
        ReplicaState::Aborted => Some("a replica that was given up"),
        ReplicaState::Leased | ReplicaState::Success { .. } | ReplicaState::AppError { .. } => None,
    }
}

/// Hosts by whether they may have a unit; of a large grid, only those that enrolled first.
#[derive(Default)]
struct Candidates {
    willing: usize,
    unfit: usize,
    involved: usize,
    /// Of other volunteers, but in the address block of a host that had the unit.
    next_door: usize,
    suspended: usize,
    forgotten: usize,
}

impl Candidates {
    fn count(store: &dyn Store, job: &Job, unit: Option<&WorkUnit>) -> Result<Self, StoreError> {
        let mut all = Self::default();
        for host in store.hosts(None, PAGE_MAX)? {
            let is_known = unit.is_some_and(|unit| unit.knows(host.party()));
            let is_next_door = is_known && unit.is_some_and(|unit| !has_volunteer(unit, &host));
            let group = match job.requirement.fits(&host.capabilities) {
                _ if host.is_forgotten() => &mut all.forgotten,
                _ if host.is_suspended() => &mut all.suspended,
                Err(_) => &mut all.unfit,
                Ok(()) if is_next_door => &mut all.next_door,
                Ok(()) if is_known => &mut all.involved,
                Ok(()) => &mut all.willing,
            };
            *group += 1;
        }
        Ok(all)
    }
}

/// Whether the host's volunteer had the unit, from wherever.
fn has_volunteer(unit: &WorkUnit, host: &Host) -> bool {
    unit.replicas.iter().any(|replica| replica.volunteer == host.volunteer)
}

impl std::fmt::Display for Candidates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { willing, unfit, involved, next_door, suspended, forgotten } = self;
        if *willing > 0 {
            let hosts = hosts(*willing);
            return write!(f, "{hosts} may have it, and will when asking next");
        }
        let groups = [
            (unfit, "cannot run it"),
            (involved, "of volunteers who had it"),
            (next_door, "in the public address block of one who had it (see `own_networks`)"),
            (suspended, "suspended"),
            (forgotten, "forgotten"),
        ];
        let groups = groups.iter().filter(|(count, _)| **count > 0);
        let groups: Vec<String> = groups.map(|(count, what)| format!("{count} {what}")).collect();
        match groups.as_slice() {
            [] => write!(f, "no host has joined"),
            groups => write!(f, "no host may have it: {}", groups.join(", ")),
        }
    }
}

fn explain_host(store: &dyn Store, host: &Host, now: Timestamp) -> Result<String, StoreError> {
    let Host { id, counters, leases, .. } = host;
    if host.is_forgotten() {
        return Ok(format!("host {id} gets no work: it is forgotten, as its owner asked"));
    }
    if host.is_suspended() {
        let invalid = counters.invalid;
        return Ok(format!(
            "host {id} gets no work: {invalid} of its answers differed from a quorum's"
        ));
    }
    if leases.len() >= LEASES_PER_HOST_MAX {
        let idle = Idle::LeasesFull { held: leases.len() };
        return Ok(format!("host {id} gets no more work: {idle}"));
    }
    if !leases.is_empty() {
        return Ok(format!("host {id} has work: it holds {}", counted(leases.len(), "lease")));
    }
    let seen = now.since(host.seen_at);
    let pardoned = host.pardoned.as_deref().map_or_else(String::new, |pardoned| {
        let Pardoned { at, reason } = pardoned;
        format!("; it was pardoned {} ago: {reason}", now.since(*at))
    });
    Ok(match idle(store, host, now)? {
        Some(idle) => format!("host {id} gets no work: {idle}{pardoned}"),
        None => {
            format!("host {id} would get work if it asked; it was last seen {seen} ago{pardoned}")
        }
    })
}

/// Why the host would get nothing if it asked now; `None` if it would get something.
fn idle(store: &dyn Store, host: &Host, now: Timestamp) -> Result<Option<Idle>, StoreError> {
    let mut idle = Idle::NoJobs;
    let jobs = store.jobs_open(JOBS_OPEN_MAX)?;
    let limit = (LOOKED_AT_SUM_MAX / jobs.len().max(1)).clamp(1, LOOKED_AT_MAX);
    for job in jobs {
        match job.requirement.fits(&host.capabilities) {
            Err(misfit) if idle == Idle::NoJobs => idle = Idle::NothingFits(misfit),
            Err(_) => {}
            Ok(()) => {
                let ready = store.units_ready(job.id, now, 0, limit)?;
                if job.counts.waiting > 0 || ready.iter().any(|unit| !unit.knows(host.party())) {
                    return Ok(None);
                }
                idle = Idle::NothingLeft;
            }
        }
    }
    Ok(Some(idle))
}
