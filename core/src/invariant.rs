//! What must hold of a whole store after every command, checked apart from the code that makes it
//! hold.
//!
//! [`check`] looks at one moment; [`check_step`] compares two, for what must never be undone. Both
//! read everything: they are for tests and simulation.

mod dispute;
mod host;
mod ledger;
mod part;
mod unit;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::dispute::Dispute;
use crate::host::Host;
use crate::id::{HostId, JobId, ReplicaId, UnitId};
use crate::job::{Counts, Job, JobState, Tally};
use crate::limits::PAGE_MAX;
use crate::replica::ReplicaState;
use crate::store::{Store, StoreError};
use crate::work_unit::{UnitState, WorkUnit};

/// Something that must hold does not.
#[derive(Debug, thiserror::Error)]
pub enum Violation {
    /// What is wrong, and where.
    #[error("{0}")]
    Broken(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything in a store, read page by page.
#[derive(Debug, Default)]
struct Snapshot {
    jobs: BTreeMap<JobId, Job>,
    units: Vec<WorkUnit>,
    hosts: BTreeMap<HostId, Host>,
    disputes: BTreeMap<UnitId, Dispute>,
}

/// Checks everything that must hold at any moment between two commands.
///
/// # Errors
/// The first thing that does not hold.
pub fn check(store: &dyn Store) -> Result<(), Violation> {
    let snapshot = read(store)?;
    for unit in &snapshot.units {
        let job = snapshot.jobs.get(&unit.id.job);
        let job = job.ok_or_else(|| broken(format_args!("unit {} has no job", unit.id)))?;
        let dispute = snapshot.disputes.get(&unit.id);
        unit::check(unit, job, &snapshot.hosts, dispute)?;
        dispute.map_or(Ok(()), |dispute| dispute::check(dispute, unit, job, &snapshot.hosts))?;
    }
    for job in snapshot.jobs.values() {
        check_counts(job, snapshot.units.iter().filter(|unit| unit.id.job == job.id))?;
        check_end(job)?;
        check_ahead(job, snapshot.units.iter().filter(|unit| unit.id.job == job.id))?;
    }
    for unit in &snapshot.units {
        unit::check_vouchers(unit, &snapshot.jobs[&unit.id.job], &snapshot.hosts)?;
    }
    snapshot.hosts.values().try_for_each(host::check)?;
    part::check(store, &snapshot.units, &snapshot.jobs)?;
    check_leases(&snapshot)?;
    ledger::check(store, &snapshot)
}

/// Checks that what `before` held as final is still so in `after`.
///
/// # Errors
/// The first thing that was undone.
pub fn check_step(before: &dyn Store, after: &dyn Store) -> Result<(), Violation> {
    let (before, after) = (read(before)?, read(after)?);
    let units: BTreeMap<_, _> = after.units.iter().map(|unit| (unit.id, unit)).collect();
    for old in &before.units {
        let new = units.get(&old.id);
        let new = new.ok_or_else(|| broken(format_args!("unit {} has vanished", old.id)))?;
        unit::check_step(old, new, &after.hosts)?;
    }
    before.hosts.values().try_for_each(|old| host::check_step(old, &after.hosts))?;
    for (id, old) in &before.disputes {
        dispute::check_step(old, after.disputes.get(id))?;
    }
    for (id, old) in before.jobs.iter().filter(|(_, job)| job.is_ended()) {
        let new = after.jobs.get(id);
        let is_reopened = new.is_some_and(|new| new.tally.reopened > old.tally.reopened);
        let is_same = new.is_some_and(|new| is_as_before(old, new));
        ensure(is_same || is_reopened, format_args!("job {id} changed after its end"))?;
    }
    Ok(())
}

/// Whether an ended job is as it was, but for answers of newcomers that were compared later than its end.
fn is_as_before(old: &Job, new: &Job) -> bool {
    let Tally { valid, invalid, .. } = new.tally;
    let may_be_later = valid >= old.tally.valid && invalid >= old.tally.invalid;
    let tally = Tally { valid, invalid, ..old.tally };
    may_be_later && *new == Job { tally, ..old.clone() }
}

fn read(store: &dyn Store) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot::default();
    let mut before = None;
    while let Some(last) = {
        let page = store.jobs(None, before, PAGE_MAX)?;
        let last = page.last().map(|job| job.id);
        snapshot.jobs.extend(page.into_iter().map(|job| (job.id, job)));
        last
    } {
        before = Some(last);
    }
    let ids: Vec<JobId> = snapshot.jobs.keys().copied().collect();
    for job in ids {
        let mut from = Some(0);
        while let Some(index) = from {
            let page = store.units(job, index, PAGE_MAX)?;
            from = page.last().and_then(|unit| unit.id.index.checked_add(1));
            snapshot.units.extend(page);
        }
    }
    let mut after = None;
    while let Some(last) = {
        let page = store.hosts(after, PAGE_MAX)?;
        let last = page.last().map(|host| host.id);
        snapshot.hosts.extend(page.into_iter().map(|host| (host.id, host)));
        last
    } {
        after = Some(last);
    }
    let mut after = None;
    while let Some(last) = {
        let page = store.disputes(after, PAGE_MAX)?;
        let last = page.last().map(|dispute| dispute.unit);
        snapshot.disputes.extend(page.into_iter().map(|dispute| (dispute.unit, dispute)));
        last
    } {
        after = Some(last);
    }
    Ok(snapshot)
}

/// The counts of a job are those of its units, and each unit is counted once.
fn check_counts<'a>(job: &Job, units: impl Iterator<Item = &'a WorkUnit>) -> Result<(), Violation> {
    let mut rows = 0_u32;
    let mut found = Counts { waiting: job.counts.waiting, ..Counts::default() };
    for unit in units {
        rows += 1;
        match unit.state {
            UnitState::Open => found.open += 1,
            UnitState::Validated { .. } => found.validated += 1,
            UnitState::Done { .. } => found.done += 1,
            UnitState::Failed { .. } => found.failed += 1,
            UnitState::Cancelled => found.cancelled += 1,
        }
    }
    let never_begun = job.units_total - rows;
    match job.state {
        JobState::Open | JobState::Settling(_) | JobState::Finished => {
            ensure(job.counts.waiting == never_begun, format_args!("job {}: waiting", job.id))?;
        }
        JobState::Cancelling { .. } | JobState::Cancelled => found.cancelled += never_begun,
    }
    ensure(
        found == job.counts,
        format_args!("job {} counts {:?} and has {found:?}", job.id, job.counts),
    )?;
    ensure(found.total() == job.units_total, format_args!("job {}: the sum of units", job.id))
}

/// As many units as are counted were begun ahead of the order.
fn check_ahead<'a>(job: &Job, units: impl Iterator<Item = &'a WorkUnit>) -> Result<(), Violation> {
    if job.begun_ahead == 0 {
        // That each other one is in the order follows from the counts, and `begin` from its rows.
        return Ok(());
    }
    let begun = 0..job.order_at();
    let begun: BTreeSet<u32> = begun.map(|nth| job.order.index(nth, job.units_total)).collect();
    let ahead = units.filter(|unit| !begun.contains(&unit.id.index)).count();
    let is_counted = usize::try_from(job.begun_ahead) == Ok(ahead);
    ensure(is_counted || job.is_taken_back(), format_args!("job {}: {ahead} units ahead", job.id))
}

/// A job has ended exactly if all its units have, and no audits are owed.
fn check_end(job: &Job) -> Result<(), Violation> {
    let has_ended = job.counts.ended() == job.units_total;
    let is_settling = matches!(job.state, JobState::Settling(_));
    let has_ended = has_ended && !is_settling;
    ensure(job.is_ended() == has_ended, format_args!("job {}: its end", job.id))?;
    ensure(job.ended_at.is_some() == has_ended, format_args!("job {}: ended_at", job.id))
}

/// The leases in the hosts' rows are the leased replicas in the units' rows and the questions in those
/// of disputes.
fn check_leases(snapshot: &Snapshot) -> Result<(), Violation> {
    let mut leased: BTreeMap<ReplicaId, HostId> = BTreeMap::new();
    for unit in &snapshot.units {
        let replicas = unit.replicas.iter().filter(|r| r.state == ReplicaState::Leased);
        leased.extend(replicas.map(|r| (unit.replica_id(r.number), r.host)));
    }
    leased.extend(snapshot.disputes.values().flat_map(Dispute::leases));
    let mut held: BTreeMap<ReplicaId, HostId> = BTreeMap::new();
    for host in snapshot.hosts.values() {
        let is_sorted = host.leases.is_sorted_by(|a, b| a.replica < b.replica);
        ensure(is_sorted, format_args!("host {}: the order of its leases", host.id))?;
        held.extend(host.leases.iter().map(|lease| (lease.replica, host.id)));
    }
    ensure(leased == held, format_args!("leased replicas {leased:?}, leases held {held:?}"))
}

fn ensure(holds: bool, what: fmt::Arguments<'_>) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(broken(what)) }
}

fn broken(what: fmt::Arguments<'_>) -> Violation {
    Violation::Broken(what.to_string())
}
