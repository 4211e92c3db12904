//! A host was suspended: the units that rest on its word are opened again, also those that are done.
//! So is a unit whose answer is to be tested after all.
//!
//! When a host is pardoned, the same units are gone through once more: what others confirm is paid again.
//!
//! A host keeps the place up to which its units were looked at, and `Expire` takes a bounded
//! number at a time.

use super::advance::advance;
use super::context::Context;
use super::payment;
use super::rows::Rows;
use super::settle::{Answer, account};
use crate::host::Host;
use crate::id::{HostId, UnitId};
use crate::job::{Counts, JobState};
use crate::limits::REOPEN_BATCH;
use crate::replica::{Replica, Verdict};
use crate::store::{Store, StoreError};
use crate::transition;
use crate::work_unit::{FailReason, Test, UnitState, WorkUnit};

/// Some units that a host vouched for that was suspended.
#[derive(Debug)]
pub(super) struct Reopening {
    host: HostId,
    units: Vec<UnitId>,
    /// Where to go on.
    next: Option<UnitId>,
}

/// Reads the next units of a host, if it has any to be looked at.
pub(super) fn load(
    store: &dyn Store,
    rows: &mut Rows,
    host: &Host,
) -> Result<Option<Reopening>, StoreError> {
    let Some(from) = host.reopening.as_ref().map(|reopening| reopening.from) else {
        return Ok(None);
    };
    let units = store.units_vouched(host.id, from, REOPEN_BATCH)?;
    units.iter().try_for_each(|unit| rows.find_unit_and_hosts(store, *unit))?;
    let last = units.last().filter(|_| units.len() == REOPEN_BATCH);
    let next = last.map(|unit| unit.after());
    Ok(Some(Reopening { host: host.id, units, next }))
}

/// Opens those again that no longer have their quorum.
pub(super) fn reopen(rows: &mut Rows, reopening: &Reopening, cx: &mut Context<'_>) {
    for unit in &reopening.units {
        one(rows, *unit, cx);
    }
    let host = rows.host_mut(reopening.host);
    match (&mut host.reopening, reopening.next) {
        (Some(ongoing), Some(next)) => ongoing.from = next,
        (ongoing, _) => *ongoing = None,
    }
}

fn one(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    let spoilt = rows.spoilt_chains(id);
    let Some(unit) = rows.unit(id) else { return };
    let job = rows.job(id.job);
    let is_taken_back = job.is_taken_back();
    let counts = |replica: &Replica| !spoilt.contains(&replica.chain);
    let has_answer = has_answer(unit);
    if has_answer && transition::stands(unit, &job.policy, counts) {
        let stands = unit.first_valid().and_then(Replica::class);
        return payment::settle_with_caught(rows, id, stands, cx.now);
    }
    let test = test_left(unit, counts);
    payment::settle_with_caught(rows, id, None, cx.now);
    if is_taken_back || !has_answer {
        return;
    }
    let job = rows.job_mut(id.job);
    job.tally.reopened = job.tally.reopened.saturating_add(1);
    let unit = rows.unit_mut(id);
    unit.reopened = unit.reopened.saturating_add(1);
    open_again(rows, id, test, cx);
}

/// How a unit that has lost a voice is tested from now on. A test was of an answer: if nobody is left who gave one,
/// whoever does next is tested by a lot of their own.
pub(super) fn test_left(unit: &WorkUnit, counts: impl Fn(&Replica) -> bool) -> Test {
    let has_answer = unit.voices().any(|replica| counts(replica) && replica.class().is_some());
    if has_answer { unit.test.inherited() } else { Test::None }
}

/// Takes back that a unit has an answer, and from now on tests it so.
pub(super) fn open_again(rows: &mut Rows, id: UnitId, test: Test, cx: &mut Context<'_>) {
    let job = rows.job_mut(id.job);
    if job.state == JobState::Finished {
        job.state = JobState::Open;
        job.ended_at = None;
    }
    leave(rows, id);
    account(rows, id, Answer::Falls);
    let unit = rows.unit_mut(id);
    let taken_back = transition::reopen(unit);
    unit.test = test;
    for (number, verdict) in &taken_back {
        take_back(rows, id, *number, *verdict);
    }
    cx.effects.changed(id.job);
    // As after an answer: nothing broke that would want a pause.
    let answered = taken_back.first().map_or(0, |(number, _)| *number);
    advance(rows, id.replica(answered), cx);
}

/// Whether the unit has ended because a quorum said so.
pub(super) fn has_answer(unit: &WorkUnit) -> bool {
    match &unit.state {
        UnitState::Validated { .. } | UnitState::Done { .. } => true,
        UnitState::Failed { reason: FailReason::App { .. } } => true,
        UnitState::Failed { .. } | UnitState::Open | UnitState::Cancelled => false,
    }
}

fn leave(rows: &mut Rows, id: UnitId) {
    let state = rows.unit(id).map(|unit| unit.state.clone());
    let counts: &mut Counts = &mut rows.job_mut(id.job).counts;
    counts.open += 1;
    match state {
        Some(UnitState::Validated { .. }) => counts.validated -= 1,
        Some(UnitState::Done { .. }) => counts.done -= 1,
        Some(UnitState::Failed { .. }) => counts.failed -= 1,
        Some(UnitState::Open | UnitState::Cancelled) | None => counts.open -= 1,
    }
}

/// What a verdict had counted is counted again with the next one. Credit is a matter of its own: see
/// [`payment`].
fn take_back(rows: &mut Rows, id: UnitId, number: u16, verdict: Verdict) {
    let Some(replica) = rows.unit(id).and_then(|unit| unit.replica(number)) else { return };
    let (host, began_it) = (replica.host, replica.lineage.is_empty());
    let tally = &mut rows.job_mut(id.job).tally;
    match verdict {
        Verdict::Inconclusive => {}
        Verdict::Valid => {
            tally.valid = tally.valid.saturating_sub(1);
            let counters = &mut rows.host_mut(host).counters;
            counters.valid = counters.valid.saturating_sub(1);
        }
        Verdict::Invalid => {
            tally.invalid = tally.invalid.saturating_sub(1);
            if began_it {
                let host = rows.host_mut(host);
                host.counters.invalid = host.counters.invalid.saturating_sub(1);
                host.standing.strikes = host.standing.strikes.saturating_sub(1);
            }
        }
    }
}
