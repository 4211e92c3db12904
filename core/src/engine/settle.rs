//! An answer stands: what this means for everybody who gave it, and for who gave another one.

use super::blame;
use super::context::Context;
use super::payment;
use super::rows::Rows;
use crate::id::{HostId, UnitId};
use crate::replica::Replica;
use crate::time::Timestamp;
use crate::transition::Settlement;
use crate::work_unit::{Test, WorkUnit};

/// Does everything that follows from the end of a unit but for the count of its state.
pub(super) fn settle(rows: &mut Rows, id: UnitId, settlement: &Settlement, cx: &mut Context<'_>) {
    approve(rows, id, &settlement.valid, cx.now);
    vouch(rows, id, &settlement.valid);
    account(rows, id, Answer::Stands);
    for replica in replicas(rows, id, &settlement.invalid) {
        blame::blame(rows, id, &replica, cx);
    }
    let stands = rows.unit(id).and_then(WorkUnit::first_valid).and_then(Replica::class);
    blame::absolve(rows, id, stands, cx);
    payment::settle_with_caught(rows, id, stands, cx.now);
    release(rows, id, &settlement.aborted, cx);
}

/// Replicas said what stands: they are counted, and paid if they are not.
pub(super) fn approve(rows: &mut Rows, id: UnitId, valid: &[u16], now: Timestamp) {
    let is_vote = rows.unit(id).is_some_and(|unit| unit.test == Test::Vote);
    for replica in replicas(rows, id, valid) {
        rows.job_mut(id.job).tally.valid += 1;
        let host = rows.host_mut(replica.host);
        host.counters.valid += 1;
        if !replica.is_paid && (is_vote || !replica.is_voice) {
            host.standing.compared = host.standing.compared.saturating_add(1);
        }
        payment::pay(rows, id.replica(replica.number), now);
    }
}

/// Notes everybody who had a hand in a chain that agrees, so that the unit is found again if one of
/// them turns out to be a liar.
fn vouch(rows: &mut Rows, id: UnitId, valid: &[u16]) {
    let valid = replicas(rows, id, valid).into_iter().filter(|replica| replica.is_voice);
    let chains: Vec<u16> = valid.map(|replica| replica.chain).collect();
    let all = rows.unit(id).map(|unit| unit.replicas.as_slice()).unwrap_or_default();
    let hands = all.iter().filter(|replica| chains.contains(&replica.chain));
    let hosts: Vec<HostId> = hands.map(|replica| replica.host).collect();
    hosts.into_iter().for_each(|host| rows.vouch(host, id));
}

/// What happens to the answer of a unit.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// It stands from now on.
    Stands,
    /// It does not any more.
    Falls,
}

/// Counts a unit for the host on whose word it rests, or not any more.
pub(super) fn account(rows: &mut Rows, id: UnitId, answer: Answer) {
    if rows.job(id.job).policy.confidence.is_none() {
        return;
    }
    let Some(unit) = rows.unit(id) else { return };
    let (Some(host), test) = (unit.believed(), unit.test) else { return };
    let part = rows.part_mut(id.job, host);
    let had_any = part.believed > 0;
    *part = match answer {
        Answer::Stands => part.with(test),
        Answer::Falls => part.without(test),
    };
    if had_any == (part.believed > 0) {
        return;
    }
    let job = rows.job_mut(id.job);
    job.parts = match answer {
        Answer::Stands => job.parts.saturating_add(1),
        Answer::Falls => job.parts.saturating_sub(1),
    };
}

/// Takes back the leases of replicas that are not needed any more.
pub(super) fn release(rows: &mut Rows, id: UnitId, aborted: &[u16], cx: &mut Context<'_>) {
    for replica in replicas(rows, id, aborted) {
        let lost = id.replica(replica.number);
        rows.host_mut(replica.host).release(lost);
        cx.effects.abort(replica.host, lost);
    }
}

fn replicas(rows: &Rows, id: UnitId, numbers: &[u16]) -> Vec<Replica> {
    let unit = rows.unit(id);
    numbers.iter().filter_map(|number| unit?.replica(*number).cloned()).collect()
}
