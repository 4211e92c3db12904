//! A host ends leases: outcomes are noted, and units that have a quorum now are validated.

use super::advance::advance;
use super::check;
use super::compare::compare;
use super::context::{Context, Decision};
use super::equivocation;
use super::question;
use super::rows::Rows;
use crate::agent::selfchosen::{Commitment, Salt};
use crate::command::{Outcome, ReplicaReport, Report};
use crate::dispute::is_question;
use crate::id::{HostId, ReplicaId};
use crate::limits::{BATCH_MAX, INLINE_BYTES_SUM_MAX, MESSAGE_BYTES_MAX, OUTPUTS_MAX, STEPS_MAX};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::replica::{Output, Replica, ReplicaState, Usage, Verdict, answer};
use crate::reply::{Reply, Reported};
use crate::store::{Store, StoreError};
use crate::time::Span;
use crate::work_unit::{UnitState, WorkUnit};

pub(super) fn load(store: &dyn Store, report: &Report) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    if rows.find_host(store, report.host)? {
        for item in report.reports.iter().take(BATCH_MAX) {
            rows.find_unit_and_hosts(store, item.replica.unit)?;
        }
    }
    Ok(rows)
}

pub(super) fn decide(mut rows: Rows, report: Report, cx: &mut Context<'_>) -> Decision {
    let refusal = match rows.find(report.host) {
        None => Err(Refusal::UnknownHost(report.host)),
        Some(host) => {
            check::remembered(host).and_then(|()| check::batch("reports", report.reports.len()))
        }
    };
    if let Err(refusal) = refusal {
        return Decision::refuse(refusal);
    }
    rows.host_mut(report.host).seen_at = cx.now;
    let reports = report.reports.into_iter();
    let reported =
        reports.map(|item| one(&mut rows, report.host, item, cx).unwrap_or_else(Reported::Refused));
    let reply = Reply::Reported(reported.collect());
    Decision { reply, writes: rows.into_writes() }
}

fn one(
    rows: &mut Rows,
    host: HostId,
    item: ReplicaReport,
    cx: &mut Context<'_>,
) -> Result<Reported, Refusal> {
    let id = item.replica;
    check::active(rows.host(host), cx.now)?;
    let unit = rows.unit(id.unit).ok_or(Refusal::UnknownLease(id))?;
    equivocation::check_manifest(rows, id, item.signed.as_deref())?;
    if is_question(id) {
        return question::take(rows, host, item, cx);
    }
    let ReplicaReport { outcome, signed, salt, .. } = item;
    let replica = unit.replica(id.number).ok_or(Refusal::UnknownLease(id))?;
    if replica.host != host {
        return Err(Refusal::WrongHost { replica: id, host });
    }
    if !is_awaited(unit, replica) {
        let told = already(id, replica, &outcome);
        equivocation::keep(rows, id, id, &outcome, signed);
        return told;
    }
    let policy = rows.job(id.unit.job).policy;
    check_outcome(id, &outcome, &policy)?;
    check_sealed(rows, id, replica, &outcome, salt.as_deref())?;
    // What went on from a checkpoint tells of a part only.
    if let (Outcome::Success { usage, .. }, None) = (&outcome, &replica.resumed_from) {
        cx.estimates.note(id.unit.job, Span(usage.cpu_ms).min(policy.cpu_ms_max));
    }
    let is_host_error = matches!(outcome, Outcome::HostError { .. });
    if let Some(replica) = rows.unit_mut(id.unit).replica_mut(id.number) {
        replica.state = ended(outcome);
        replica.signed = signed.map(|signed| Box::new(signed.proof));
    }
    let host = rows.host_mut(host);
    host.release(id);
    if is_host_error {
        host.counters.error = host.counters.error.saturating_add(1);
    }
    if rows.unit(id.unit).and_then(|unit| unit.replica(id.number)).is_some_and(|r| r.is_voice) {
        advance(rows, id, cx);
    } else {
        compare(rows, id, cx);
    }
    Ok(Reported::Accepted)
}

/// Whether a report of this replica still counts: it is leased, or it is late, but the unit is
/// still open and nobody went on from its checkpoint.
fn is_awaited(unit: &WorkUnit, replica: &Replica) -> bool {
    match &replica.state {
        ReplicaState::Leased => true,
        ReplicaState::Expired => {
            let is_open = unit.state == UnitState::Open && replica.is_voice;
            is_open && unit.continuation(replica.number).is_none()
        }
        ReplicaState::Success { .. }
        | ReplicaState::AppError { .. }
        | ReplicaState::HostError { .. }
        | ReplicaState::Aborted => false,
    }
}

/// The same report again is fine, since the first reply may have been lost.
fn already(id: ReplicaId, replica: &Replica, outcome: &Outcome) -> Result<Reported, Refusal> {
    let (is_same, refusal) = match &replica.state {
        ReplicaState::Success { answer: known, usage: Usage { work, .. }, .. } => (
            matches!(outcome, Outcome::Success { outputs, usage }
                if *known == answer(outputs) && *work == usage.work),
            Refusal::ReportedDifferently(id),
        ),
        ReplicaState::AppError { error: known, usage: Usage { work, .. }, .. } => (
            matches!(outcome, Outcome::AppError { error, usage, .. }
                if known == error && *work == usage.work),
            Refusal::ReportedDifferently(id),
        ),
        ReplicaState::HostError { message: known } => (
            matches!(outcome, Outcome::HostError { message } if known == message),
            Refusal::ReportedDifferently(id),
        ),
        ReplicaState::Aborted => (matches!(outcome, Outcome::Aborted), Refusal::LeaseExpired(id)),
        ReplicaState::Leased | ReplicaState::Expired => (false, Refusal::LeaseExpired(id)),
    };
    if is_same { Ok(Reported::Duplicate) } else { Err(refusal) }
}

fn ended(outcome: Outcome) -> ReplicaState {
    let verdict = Verdict::Inconclusive;
    match outcome {
        Outcome::Success { mut outputs, usage } => {
            outputs.sort_by(|a, b| a.name.cmp(&b.name));
            let answer = answer(&outputs);
            ReplicaState::Success { outputs, answer, usage, verdict }
        }
        Outcome::AppError { error, message, usage } => {
            ReplicaState::AppError { error, message, usage, verdict }
        }
        Outcome::HostError { message } => ReplicaState::HostError { message },
        // Refused before, where it was not asked for.
        Outcome::Aborted | Outcome::Replayed { .. } => ReplicaState::Aborted,
    }
}

/// Whether an answer to a unit that its host chose itself is the one that it had before it came back.
fn check_sealed(
    rows: &Rows,
    id: ReplicaId,
    replica: &Replica,
    outcome: &Outcome,
    salt: Option<&Salt>,
) -> Result<(), Refusal> {
    let (Some(sealed), Some(class)) = (replica.sealed.as_deref(), outcome.class()) else {
        return Ok(());
    };
    let (manifest, host) = (rows.job(id.unit.job).manifest, rows.host(replica.host).key);
    let made = Commitment { manifest, unit: id.unit.index, host, sealed: *sealed };
    let is_opened = salt.is_some_and(|salt| made.opens_to(class, salt));
    if is_opened { Ok(()) } else { Err(Refusal::NotAsSealed(id)) }
}

/// Whether an outcome may be taken of this lease.
pub(super) fn check_outcome(
    id: ReplicaId,
    outcome: &Outcome,
    policy: &Policy,
) -> Result<(), Refusal> {
    match outcome {
        Outcome::Success { outputs, usage } => {
            check_steps(*usage)?;
            check_outputs(id, outputs, policy)
        }
        Outcome::AppError { message, usage, .. } => {
            check_steps(*usage)?;
            check_message(message)
        }
        Outcome::HostError { message } => check_message(message),
        Outcome::Aborted => Ok(()),
        Outcome::Replayed { .. } if is_question(id) => Ok(()),
        Outcome::Replayed { .. } => Err(Refusal::NoReplay(id)),
    }
}

fn check_steps(usage: Usage) -> Result<(), Refusal> {
    check::within("usage.steps", usage.steps, 0, STEPS_MAX)
}

fn check_message(message: &str) -> Result<(), Refusal> {
    check::within("message.bytes", message.len() as u64, 0, MESSAGE_BYTES_MAX as u64)
}

fn check_outputs(id: ReplicaId, outputs: &[Output], policy: &Policy) -> Result<(), Refusal> {
    check::within("outputs", outputs.len() as u64, 0, OUTPUTS_MAX as u64)?;
    let bytes = outputs.iter().fold(0_u64, |sum, output| sum.saturating_add(output.bytes));
    check::within("outputs.bytes", bytes, 0, policy.output_bytes_max)?;
    let inline = outputs.iter().filter_map(|output| output.inline.as_ref()).map(Vec::len);
    let inline_bytes = inline.fold(0, usize::saturating_add) as u64;
    check::within("outputs.inline_bytes", inline_bytes, 0, INLINE_BYTES_SUM_MAX as u64)?;
    for (at, output) in outputs.iter().enumerate() {
        let name = || output.name.clone();
        output.check().map_err(|error| Refusal::Output { replica: id, name: name(), error })?;
        if outputs[..at].iter().any(|other| other.name == output.name) {
            return Err(Refusal::OutputTwice { replica: id, name: name() });
        }
    }
    Ok(())
}
