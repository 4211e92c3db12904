//! What must hold of the disputes about one unit, and of them over time.

use std::collections::{BTreeMap, BTreeSet};

use super::{Violation, broken, ensure};
use crate::dispute::{Dispute, UnderWay};
use crate::host::Host;
use crate::id::HostId;
use crate::job::Job;
use crate::limits::{DISPUTES_MAX, JUDGES_MAX, QUESTION_TRIES_MAX, QUESTIONS_FROM};
use crate::replica::Replica;
use crate::requirement::Kind;
use crate::trust::bisect::Next;
use crate::work_unit::{UnitState, WorkUnit};

/// Rounds that halve any number of steps to one.
const ROUNDS_MAX: u16 = 64;

pub(super) fn check(
    dispute: &Dispute,
    unit: &WorkUnit,
    job: &Job,
    hosts: &BTreeMap<HostId, Host>,
) -> Result<(), Violation> {
    let id = unit.id;
    let may_have = job.requirement.kind == Kind::Step && job.policy.confidence.is_some();
    ensure(may_have, format_args!("unit {id}: a dispute where there are none"))?;
    let few = dispute.ended.len() <= DISPUTES_MAX && dispute.asked < QUESTIONS_FROM;
    ensure(few, format_args!("unit {id}: too many disputes"))?;
    let Some(under_way) = &dispute.under_way else { return Ok(()) };
    let is_open = unit.state == UnitState::Open;
    ensure(is_open, format_args!("unit {id} has ended and is disputed"))?;
    let is_called = unit.ready_at.is_some() || unit.turn.is_some();
    ensure(!is_called, format_args!("unit {id} is disputed and wants a copy"))?;
    ensure(under_way.rounds <= ROUNDS_MAX, format_args!("unit {id}: too many rounds"))?;
    let halves = under_way.bisection.agreed_at < under_way.bisection.differ_at;
    ensure(halves, format_args!("unit {id}: its dispute is about nothing"))?;
    check_parties(under_way, unit)?;
    check_questions(dispute, under_way, unit, hosts)
}

/// The parties are two voices with the two answers that are disputed.
fn check_parties(under_way: &UnderWay, unit: &WorkUnit) -> Result<(), Violation> {
    for (party, claim) in under_way.parties.iter().zip(&under_way.bisection.claims) {
        let replica = unit.replica(party.replica);
        let is_its_own = replica.is_some_and(|it| it.host == party.host && it.is_voice);
        let is_claimed = replica.and_then(Replica::class) == Some(claim.class);
        ensure(is_its_own && is_claimed, format_args!("unit {}: a party to a dispute", unit.id))?;
    }
    Ok(())
}

/// Both parties are asked, or judges of volunteers who never had the unit, each of another one; and somebody
/// is to say something, or to be drawn.
fn check_questions(
    dispute: &Dispute,
    under_way: &UnderWay,
    unit: &WorkUnit,
    hosts: &BTreeMap<HostId, Host>,
) -> Result<(), Violation> {
    let id = unit.id;
    let asked: Vec<HostId> = under_way.questions.iter().map(|question| question.host).collect();
    match under_way.bisection.next() {
        Next::Ask { .. } => {
            let parties = under_way.parties.map(|party| party.host);
            ensure(asked == parties, format_args!("unit {id}: others than the parties are asked"))?;
            ensure(under_way.is_awaited(), format_args!("unit {id}: nobody moves its dispute"))?;
        }
        Next::Judge { .. } => {
            ensure(asked.len() <= JUDGES_MAX, format_args!("unit {id}: too many judges"))?;
            let volunteers: BTreeSet<_> = under_way.questions.iter().map(|q| q.volunteer).collect();
            let are_many = volunteers.len() == asked.len();
            let are_others =
                !unit.replicas.iter().any(|replica| volunteers.contains(&replica.volunteer));
            ensure(are_many && are_others, format_args!("unit {id}: its judges"))?;
            let moves = under_way.is_awaited() || under_way.draw_at.is_some();
            ensure(moves, format_args!("unit {id}: nobody moves its dispute"))?;
        }
    }
    for question in &under_way.questions {
        let is_of_now = question.number >= QUESTIONS_FROM
            && question.number - QUESTIONS_FROM < dispute.asked
            && question.tries <= QUESTION_TRIES_MAX;
        let host = hosts.get(&question.host);
        let is_its_own = host.is_some_and(|host| host.volunteer == question.volunteer);
        ensure(is_of_now && is_its_own, format_args!("unit {id}: {question:?}"))?;
    }
    Ok(())
}

/// What was found stays found, and no question is asked twice.
pub(super) fn check_step(old: &Dispute, new: Option<&Dispute>) -> Result<(), Violation> {
    let id = old.unit;
    let new = new.ok_or_else(|| broken(format_args!("disputes about unit {id} have vanished")))?;
    ensure(new.ended.starts_with(&old.ended), format_args!("unit {id}: what was found changed"))?;
    ensure(new.asked >= old.asked, format_args!("unit {id}: a question's number comes again"))
}
