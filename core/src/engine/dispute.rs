//! Two hosts gave different answers to a unit of a step program: before whole copies settle that, both are
//! asked how their runs went. `trust/BISECTION.md` says what this proves, and when it is worth it.
//!
//! `question.rs` asks, `judge.rs` has judges drawn, `ruling.rs` does what follows.

use super::context::Context;
use super::draw;
use super::question::ask;
use super::rows::Rows;
use super::ruling::{NOTHING, end};
use crate::dispute::{Ended, Party, UnderWay};
use crate::host::Host;
use crate::id::UnitId;
use crate::job::{Job, JobState};
use crate::limits::{DISPUTES_MAX, LEASES_PER_HOST_MAX};
use crate::replica::{Replica, ReplicaState};
use crate::requirement::Kind;
use crate::time::Timestamp;
use crate::transition;
use crate::trust::bisect::{Bisection, Claim};
use crate::work_unit::{Test, UnitState, WorkUnit};

/// Whether a job may have disputes: its program has steps, and an answer that is denied must lead.
/// Where a quorum counts, an answer that differs costs one copy, and a dispute more than that.
pub(super) fn may_have(job: &Job) -> bool {
    let has_steps = match job.requirement.kind {
        Kind::Step => true,
        Kind::Command => false,
    };
    has_steps && job.policy.confidence.is_some()
}

/// Whether a dispute keeps the unit from wanting whole copies: because one is under way, or begins
/// now. One that has become idle ends.
pub(super) fn holds(
    rows: &mut Rows,
    id: UnitId,
    counts: impl Fn(&Replica) -> bool + Copy,
    cx: &mut Context<'_>,
) -> bool {
    if goes_on(rows, id, counts) {
        return true;
    }
    end(rows, id, NOTHING, &[], cx);
    open(rows, id, counts, cx)
}

/// Whether one is under way and may still find something.
pub(super) fn goes_on(rows: &Rows, id: UnitId, counts: impl Fn(&Replica) -> bool + Copy) -> bool {
    let under_way = rows.dispute(id).and_then(|dispute| dispute.under_way.as_ref());
    let (Some(under_way), Some(unit)) = (under_way, rows.unit(id)) else { return false };
    let is_voice = |party: &Party| {
        unit.replica(party.replica).is_some_and(|replica| replica.is_voice && counts(replica))
    };
    is_open(unit, rows.job(id.job), counts) && under_way.parties.iter().all(is_voice)
}

/// Whether the question which answer is right is open, and a lead would have to settle it.
fn is_open(unit: &WorkUnit, job: &Job, counts: impl Fn(&Replica) -> bool) -> bool {
    let has_lead = match unit.test {
        Test::Second | Test::Sample | Test::Audit => true,
        // Where all are voted on, one dissenter costs one copy.
        Test::None | Test::Vote => false,
    };
    let is_served = match job.state {
        JobState::Open | JobState::Settling(_) => true,
        JobState::Cancelling { .. } | JobState::Cancelled | JobState::Finished => false,
    };
    has_lead
        && is_served
        && unit.state == UnitState::Open
        && transition::standing(unit, &job.policy, counts).is_none()
}

/// Opens one, if two hosts can be asked who gave different answers; whether it did.
fn open(
    rows: &mut Rows,
    id: UnitId,
    counts: impl Fn(&Replica) -> bool + Copy,
    cx: &mut Context<'_>,
) -> bool {
    let Some(under_way) = begun(rows, id, counts, cx.now) else { return false };
    rows.dispute_mut(id).under_way = Some(under_way);
    let unit = rows.unit_mut(id);
    (unit.ready_at, unit.turn) = (None, None);
    ask(rows, id, cx);
    true
}

/// A dispute between the first two who differ and can be asked.
fn begun(
    rows: &Rows,
    id: UnitId,
    counts: impl Fn(&Replica) -> bool + Copy,
    now: Timestamp,
) -> Option<UnderWay> {
    let (unit, job) = (rows.unit(id)?, rows.job(id.job));
    if !may_have(job) || !is_open(unit, job, counts) || !may_be_another(rows, id) {
        return None;
    }
    let voices = unit.voices().filter(|replica| counts(replica) && replica.class().is_some());
    let mut able = voices.filter(|replica| may_be_asked(rows.host(replica.host), job, now));
    let first = able.next()?;
    let second = able.find(|replica| replica.class() != first.class())?;
    let party = |of: &Replica| Party { replica: of.number, host: of.host, state: None };
    Some(UnderWay {
        parties: [party(first), party(second)],
        bisection: Bisection::open([claim(first)?, claim(second)?])?,
        rounds: 0,
        until: now.plus(job.policy.deadline_ms),
        draw_at: None,
        draws: 0,
        questions: Vec::new(),
    })
}

/// After one that found nothing, and after many, whole copies settle the unit.
fn may_be_another(rows: &Rows, id: UnitId) -> bool {
    let ended = rows.dispute(id).map_or(&[][..], |dispute| &dispute.ended);
    ended.len() < DISPUTES_MAX && !ended.iter().any(Ended::found_nothing)
}

/// Whether a party is likely to answer. Whoever is not here is not asked, so that nobody loses their
/// standing for having been switched off; whole copies find out whether they lied.
fn may_be_asked(host: &Host, job: &Job, now: Timestamp) -> bool {
    host.is_active()
        && draw::was_seen_lately(host, job, now)
        && host.leases.len() < LEASES_PER_HOST_MAX
        && job.requirement.fits(&host.capabilities).is_ok()
}

/// What a replica's host stands for. A call that fails does not come back, and so is not among the steps.
fn claim(replica: &Replica) -> Option<Claim> {
    let ended_by = match &replica.state {
        ReplicaState::Success { usage, .. } => usage.steps.max(1),
        ReplicaState::AppError { usage, .. } => usage.steps.saturating_add(1),
        ReplicaState::Leased
        | ReplicaState::HostError { .. }
        | ReplicaState::Aborted
        | ReplicaState::Expired => return None,
    };
    let told =
        replica.checkpoint.as_ref().map(|checkpoint| (checkpoint.step, checkpoint.state_hash));
    Some(Claim { class: replica.class()?, ended_by, told })
}

/// Gives up what is under way, because the unit is taken back.
pub(super) fn cancel(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    end(rows, id, NOTHING, &[], cx);
}
