//! Hosts are asked how a run stands after some calls: parties of a dispute both at the same time, its
//! judges as they are drawn. Each question is a lease, and so is renewed, reported and lost like
//! any other.

use super::advance::advance;
use super::check;
use super::context::Context;
use super::dispute::goes_on;
use super::equivocation;
use super::report::check_outcome;
use super::rows::Rows;
use super::ruling;
use crate::command::{Outcome, ReplicaReport};
use crate::dispute::{Question, Stage, UnderWay};
use crate::id::{HostId, ReplicaId, UnitId};
use crate::lease::{Lease, Replay};
use crate::limits::{CHECKPOINT_BYTES_MAX, QUESTION_TRIES_MAX, QUESTIONS_FROM};
use crate::refusal::Refusal;
use crate::replica::{CheckpointRef, Replica};
use crate::reply::{LeaseGrant, Reported};
use crate::time::Timestamp;
use crate::trust::bisect::{Moment, Next};
use crate::validate::Rule;

/// Asks whatever is to be asked next: both parties, or judges that are to be drawn.
pub(super) fn ask(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    let Some(under_way) = rows.dispute(id).and_then(|it| it.under_way.as_ref()) else { return };
    let is_for_parties = match under_way.bisection.next() {
        Next::Ask { .. } => true,
        Next::Judge { .. } => false,
    };
    let hosts = under_way.parties.map(|party| party.host);
    let questions = match is_for_parties {
        true => hosts.into_iter().map(|host| call(rows, id, host, cx)).collect(),
        false => Vec::new(),
    };
    if let Some(under_way) = &mut rows.dispute_mut(id).under_way {
        under_way.questions = questions;
        under_way.draw_at = (!is_for_parties).then_some(cx.now);
    }
    note_due(rows, id, cx);
}

/// A question to a host, who is called to come for it.
pub(super) fn call(rows: &mut Rows, id: UnitId, host: HostId, cx: &mut Context<'_>) -> Question {
    cx.effects.turn(host);
    let until = cx.now.plus(rows.job(id.job).policy.lease_ms);
    let volunteer = rows.host(host).volunteer;
    let number = rows.dispute_mut(id).next_number();
    Question { number, host, volunteer, tries: 0, stage: Stage::Called { until } }
}

/// Leases the question for which this host was called.
pub(super) fn lease(
    rows: &mut Rows,
    id: UnitId,
    host: HostId,
    cx: &mut Context<'_>,
) -> Option<LeaseGrant> {
    let policy = rows.job(id.job).policy;
    let under_way = rows.dispute_mut(id).under_way.as_mut()?;
    let called = |question: &&mut Question| {
        question.host == host && matches!(question.stage, Stage::Called { .. })
    };
    let question = under_way.questions.iter_mut().find(called)?;
    question.stage = Stage::Leased;
    let replica = id.replica(question.number);
    let mut lease = Lease::new(replica, &policy, cx.now);
    lease.hard_deadline_at = lease.hard_deadline_at.min(under_way.until);
    lease.deadline_at = lease.deadline_at.min(lease.hard_deadline_at);
    let (until_step, keep_state) = match under_way.bisection.next() {
        Next::Ask { calls } => (calls, true),
        Next::Judge { calls, .. } => (calls, false),
    };
    let resume_from = state_for(under_way, host);
    cx.effects.due(lease.deadline_at);
    rows.host_mut(host).hold(lease);
    let Lease { deadline_at, hard_deadline_at, .. } = lease;
    let replay = Some(Replay { until_step, keep_state });
    Some(LeaseGrant { replica, deadline_at, hard_deadline_at, resume_from, replay })
}

/// The agreed state, of whoever handed it over; a party gets its own back if it can.
fn state_for(under_way: &UnderWay, host: HostId) -> Option<CheckpointRef> {
    let [first, second] = &under_way.parties;
    let (own, other) = if second.host == host { (second, first) } else { (first, second) };
    own.state.or(other.state)
}

/// Takes the report on a question.
pub(super) fn take(
    rows: &mut Rows,
    host: HostId,
    item: ReplicaReport,
    cx: &mut Context<'_>,
) -> Result<Reported, Refusal> {
    let ReplicaReport { replica: id, outcome, signed, .. } = item;
    let question = *find(rows, id)?;
    if question.host != host {
        return Err(Refusal::WrongHost { replica: id, host });
    }
    match question.stage {
        Stage::Leased => {}
        Stage::Answered { moment, .. } if word(&outcome) == Some(moment) => {
            return Ok(Reported::Duplicate);
        }
        Stage::Answered { .. } => return Err(Refusal::ReportedDifferently(id)),
        Stage::Called { .. } | Stage::Unanswered => return Err(Refusal::LeaseExpired(id)),
    }
    check_outcome(id, &outcome, &rows.job(id.unit.job).policy)?;
    let state = check_state(rows, id, &outcome)?;
    rows.host_mut(host).release(id);
    match word(&outcome) {
        Some(moment) => {
            if let Some(said) = party_replica(rows, id, host) {
                equivocation::keep(rows, said, id, &outcome, signed);
            }
            set(rows, id, Stage::Answered { moment, state });
        }
        None => give_back(rows, id, &outcome, cx),
    }
    proceed(rows, id.unit, cx);
    Ok(Reported::Accepted)
}

fn find(rows: &Rows, id: ReplicaId) -> Result<&Question, Refusal> {
    let dispute = rows.dispute(id.unit).ok_or(Refusal::UnknownLease(id))?;
    let is_new = id.number - QUESTIONS_FROM >= dispute.asked;
    let gone = if is_new { Refusal::UnknownLease(id) } else { Refusal::LeaseExpired(id) };
    dispute.questions().find(|question| question.number == id.number).ok_or(gone)
}

/// How the run stands by this outcome, if it says so.
fn word(outcome: &Outcome) -> Option<Moment> {
    match outcome {
        Outcome::Replayed { state_hash, .. } => Some(Moment::Running(*state_hash)),
        Outcome::Success { .. } | Outcome::AppError { .. } => outcome.class().map(Moment::Ended),
        Outcome::HostError { .. } | Outcome::Aborted => None,
    }
}

/// The state that was handed over, which must be the one that is told of.
fn check_state(
    rows: &Rows,
    id: ReplicaId,
    outcome: &Outcome,
) -> Result<Option<CheckpointRef>, Refusal> {
    let Outcome::Replayed { state_hash, state: Some(state) } = outcome else { return Ok(None) };
    check::within("replayed.state.bytes", state.bytes, 1, CHECKPOINT_BYTES_MAX)?;
    let under_way = rows.dispute(id.unit).and_then(|dispute| dispute.under_way.as_ref());
    let calls = under_way.map(|under_way| match under_way.bisection.next() {
        Next::Ask { calls } | Next::Judge { calls, .. } => calls,
    });
    if state.state_hash == *state_hash && Some(state.step) == calls {
        return Ok(Some(*state));
    }
    Err(Refusal::OtherState(id))
}

/// The replica of the party that is asked, if it is one.
fn party_replica(rows: &Rows, id: ReplicaId, host: HostId) -> Option<ReplicaId> {
    let under_way = rows.dispute(id.unit)?.under_way.as_ref()?;
    let party = under_way.parties.iter().find(|party| party.host == host)?;
    Some(id.unit.replica(party.replica))
}

fn set(rows: &mut Rows, id: ReplicaId, stage: Stage) {
    let under_way = rows.dispute_mut(id.unit).under_way.as_mut();
    if let Some(question) = under_way.and_then(|under_way| under_way.question_mut(id.number)) {
        question.stage = stage;
    }
}

/// A party is called again, some times: its machine was switched off, or never heard of the question.
/// Of judges, there are others.
fn give_back(rows: &mut Rows, id: ReplicaId, outcome: &Outcome, cx: &mut Context<'_>) {
    let Ok(old) = find(rows, id).copied() else { return };
    if matches!(outcome, Outcome::HostError { .. }) {
        let counters = &mut rows.host_mut(old.host).counters;
        counters.error = counters.error.saturating_add(1);
    }
    if party_replica(rows, id, old.host).is_none() || old.tries >= QUESTION_TRIES_MAX {
        return set(rows, id, Stage::Unanswered);
    }
    let again = Question { tries: old.tries + 1, ..call(rows, id.unit, old.host, cx) };
    let under_way = rows.dispute_mut(id.unit).under_way.as_mut();
    if let Some(question) = under_way.and_then(|under_way| under_way.question_mut(id.number)) {
        *question = again;
    }
    note_due(rows, id.unit, cx);
}

/// The lease on a question has ended without a word.
pub(super) fn lapse(rows: &mut Rows, id: ReplicaId, cx: &mut Context<'_>) {
    let Ok(question) = find(rows, id).copied() else { return };
    let host = rows.host_mut(question.host);
    // An earlier item of this batch may have ended the dispute, and with it the lease.
    if host.release(id).is_none() {
        return;
    }
    host.counters.expired = host.counters.expired.saturating_add(u32::from(host.is_active()));
    cx.effects.abort(question.host, id);
    set(rows, id, Stage::Unanswered);
    proceed(rows, id.unit, cx);
}

/// Those who were called and are `late` will not be waited for.
pub(super) fn lapse_calls(
    rows: &mut Rows,
    id: UnitId,
    late: impl Fn(&Question, Timestamp) -> bool,
    cx: &mut Context<'_>,
) {
    for question in rows.dispute_mut(id).under_way.iter_mut().flat_map(|it| &mut it.questions) {
        match question.stage {
            Stage::Called { until } if late(question, until) => question.stage = Stage::Unanswered,
            Stage::Called { .. } | Stage::Leased | Stage::Answered { .. } | Stage::Unanswered => {}
        }
    }
    proceed(rows, id, cx);
}

/// Goes on once everything is said that was asked.
pub(super) fn proceed(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    let spoilt = rows.spoilt_chains(id);
    let counts = |replica: &Replica| !spoilt.contains(&replica.chain);
    if !goes_on(rows, id, counts) {
        return advance(rows, id.replica(0), cx);
    }
    let Rule::Trust(plan) = Rule::of(&rows.job(id.job).policy) else { return };
    let Some(under_way) = &mut rows.dispute_mut(id).under_way else { return };
    let words = under_way.words();
    match (under_way.bisection.next(), words.as_slice()) {
        (Next::Ask { calls }, [first, second]) if !under_way.is_awaited() => {
            under_way.rounds = under_way.rounds.saturating_add(1);
            match under_way.bisection.told([*first, *second]) {
                Some(findings) => ruling::rule(rows, id, findings, calls, cx),
                None => {
                    keep_states(under_way, calls);
                    ask(rows, id, cx);
                }
            }
        }
        (Next::Ask { .. }, _) => {}
        (Next::Judge { calls, .. }, _) => {
            match under_way.bisection.judged(words.into_iter().flatten(), plan.lead) {
                Some(findings) => ruling::rule(rows, id, findings, calls, cx),
                None if !under_way.is_awaited() && under_way.draw_at.is_none() => {
                    under_way.draw_at = Some(cx.now);
                    note_due(rows, id, cx);
                }
                None => {}
            }
        }
    }
}

/// If both agreed, what they handed over is where the next ones begin.
fn keep_states(under_way: &mut UnderWay, calls: u64) {
    if under_way.bisection.agreed_at != calls {
        return;
    }
    for (party, question) in under_way.parties.iter_mut().zip(&under_way.questions) {
        party.state = match question.stage {
            Stage::Answered { state, .. } => state,
            Stage::Called { .. } | Stage::Leased | Stage::Unanswered => None,
        };
    }
}

/// Takes the leases back that hosts have for questions nobody needs answered any more.
pub(super) fn take_back(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    let leases: Vec<_> = rows.dispute(id).iter().flat_map(|dispute| dispute.leases()).collect();
    for (lease, host) in leases {
        rows.host_mut(host).release(lease);
        cx.effects.abort(host, lease);
    }
}

/// Has the engine called when something is to be done that no host does.
pub(super) fn note_due(rows: &Rows, id: UnitId, cx: &mut Context<'_>) {
    if let Some(at) = rows.dispute(id).and_then(crate::dispute::Dispute::due_at) {
        cx.effects.due(at);
    }
}
