//! A dispute ends: what was found of each party, and what follows.

use super::advance::advance;
use super::blame;
use super::context::Context;
use super::question;
use super::reopen::test_left;
use super::rows::Rows;
use crate::dispute::{Ended, UnderWay};
use crate::id::{HostId, UnitId};
use crate::replica::Replica;
use crate::trust::bisect::{Finding, Moment, Next};
use crate::trust::dispute::{Opinion, opinion};
use crate::validate::Rule;

/// That neither party was found wrong.
pub(super) const NOTHING: [Finding; 2] = [Finding::Stands; 2];

/// Does what follows from what was found about this call.
pub(super) fn rule(
    rows: &mut Rows,
    id: UnitId,
    findings: [Finding; 2],
    call: u64,
    cx: &mut Context<'_>,
) {
    let Rule::Trust(plan) = Rule::of(&rows.job(id.job).policy) else { return };
    let Some(under_way) = rows.dispute(id).and_then(|it| it.under_way.clone()) else { return };
    let (right, wrong) = judges(&under_way, plan.lead);
    end(rows, id, findings, &right, cx);
    if let Some(ended) = rows.dispute_mut(id).ended.last_mut() {
        ended.call = call;
    }
    for (party, finding) in under_way.parties.iter().zip(findings) {
        match finding {
            Finding::Stands => {}
            Finding::Silent => distrust(rows, id, party.replica),
            Finding::Contradicted | Finding::Refuted => {
                let replica = rows.unit(id).and_then(|unit| unit.replica(party.replica)).cloned();
                if let Some(replica) = replica {
                    blame::blame(rows, id, &replica, cx);
                }
            }
        }
    }
    for judge in wrong {
        blame::blame_judge(rows, id, judge, cx);
    }
    forget_test(rows, id);
    advance(rows, id.replica(under_way.parties[0].replica), cx);
}

/// Judges who said what was settled, and those who said something else.
fn judges(under_way: &UnderWay, lead: u8) -> (Vec<HostId>, Vec<HostId>) {
    match under_way.bisection.next() {
        Next::Ask { .. } => return Default::default(),
        Next::Judge { .. } => {}
    }
    let words = under_way.words();
    let Opinion::Settled(settled) = opinion(words.iter().flatten().copied(), lead) else {
        return Default::default();
    };
    let judges = under_way.questions.iter().zip(words);
    let said = judges.filter_map(|(question, word)| Some((question.host, word?)));
    let (right, wrong): (Vec<(HostId, Moment)>, Vec<_>) =
        said.partition(|(_, word)| *word == settled);
    let hosts = |of: Vec<(HostId, Moment)>| of.into_iter().map(|(host, _)| host).collect();
    (hosts(right), hosts(wrong))
}

/// A host did not repeat its answer. That is no proof of a lie, so what it answered elsewhere stands; here
/// it is compared from now on, as a newcomer's is, and a newcomer it is elsewhere.
fn distrust(rows: &mut Rows, id: UnitId, number: u16) {
    let Some(replica) = rows.unit_mut(id).replica_mut(number) else { return };
    replica.is_voice = false;
    let host = replica.host;
    rows.host_mut(host).standing.compared = 0;
}

/// A voice was lost.
fn forget_test(rows: &mut Rows, id: UnitId) {
    let spoilt = rows.spoilt_chains(id);
    let counts = |replica: &Replica| !spoilt.contains(&replica.chain);
    let unit = rows.unit_mut(id);
    unit.test = test_left(unit, counts);
}

/// Ends what is under way, and finds nothing: whole copies settle the unit.
pub(super) fn give_up(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    end(rows, id, NOTHING, &[], cx);
    advance(rows, id.replica(0), cx);
}

/// Ends what is under way with these findings.
pub(super) fn end(
    rows: &mut Rows,
    id: UnitId,
    findings: [Finding; 2],
    judges: &[HostId],
    cx: &mut Context<'_>,
) {
    if rows.dispute(id).is_none_or(|dispute| dispute.under_way.is_none()) {
        return;
    }
    question::take_back(rows, id, cx);
    let dispute = rows.dispute_mut(id);
    if let Some(UnderWay { parties, bisection, rounds, .. }) = dispute.under_way.take() {
        dispute.ended.push(Ended {
            hosts: parties.map(|party| party.host),
            findings,
            call: bisection.differ_at,
            rounds,
            judges: judges.to_vec(),
            ended_at: cx.now,
        });
    }
}
