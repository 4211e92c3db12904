//! What a change of its replicas means for a unit.

use crate::policy::Policy;
use crate::replica::{Class, Replica, ReplicaState, Verdict};
use crate::time::Timestamp;
use crate::validate::{Agreement, agreement};
use crate::work_unit::{FailReason, UnitState, WorkUnit};

/// Where a unit went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It goes on waiting for the replicas that are leased, or had ended before.
    Waits,
    /// It wants at least one more replica.
    Wants {
        /// From then on: its `ready_at`.
        from: Timestamp,
    },
    /// A quorum agrees on its outputs.
    Validated(Settlement),
    /// It has no outputs and gets no more tries.
    Failed(Settlement),
}

/// What the end of a unit means for its replicas, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Those that agree with the quorum.
    pub valid: Vec<u16>,
    /// Those that differ from it.
    pub invalid: Vec<u16>,
    /// Those that were leased still, and are not needed any more.
    pub aborted: Vec<u16>,
}

/// Moves an open unit on after its replicas changed. If it wants another replica and did not
/// before, it does so from `retry_at` on. Only replicas that `counts` accepts vote.
pub fn advance(
    unit: &mut WorkUnit,
    policy: &Policy,
    retry_at: Timestamp,
    counts: impl Fn(&Replica) -> bool,
) -> Transition {
    if unit.state != UnitState::Open {
        return Transition::Waits;
    }
    let (missing, answers) = match agreement(unit, policy.quorum, &counts) {
        Agreement::Reached(class) => return settle(unit, class, counts),
        Agreement::Missing { replicas, answers } => (replicas, answers),
    };
    if missing == 0 {
        unit.ready_at = None;
        return Transition::Waits;
    }
    if unit.replicas.len() < unit.replicas_max(policy) {
        let from = *unit.ready_at.get_or_insert(retry_at);
        return Transition::Wants { from };
    }
    unit.ready_at = None;
    if unit.leased().next().is_some() {
        return Transition::Waits;
    }
    let reason = give_up_reason(unit, answers);
    end(unit, UnitState::Failed { reason });
    unit.drop_inline_outputs();
    Transition::Failed(Settlement::default())
}

/// Whether what stands for a unit still has its quorum. Only replicas that `counts` accepts vote.
pub fn stands(unit: &WorkUnit, policy: &Policy, counts: impl Fn(&Replica) -> bool) -> bool {
    let valid = unit.replicas.iter().find(|replica| replica.verdict() == Some(Verdict::Valid));
    let reached = agreement(unit, policy.quorum, counts);
    valid.and_then(Replica::class).is_some_and(|class| reached == Agreement::Reached(class))
}

/// Opens a unit again that had an answer; returns the verdicts that are taken back, by number.
pub fn reopen(unit: &mut WorkUnit) -> Vec<(u16, Verdict)> {
    unit.state = UnitState::Open;
    unit.ready_at = None;
    unit.reopened = unit.reopened.saturating_add(1);
    let mut taken_back = Vec::new();
    for replica in &mut unit.replicas {
        taken_back.extend(replica.verdict().map(|verdict| (replica.number, verdict)));
        replica.set_verdict(Verdict::Inconclusive);
    }
    taken_back
}

/// Takes an open unit back; returns the numbers of the replicas that were leased.
pub fn cancel(unit: &mut WorkUnit) -> Vec<u16> {
    let aborted = end(unit, UnitState::Cancelled);
    unit.drop_inline_outputs();
    aborted
}

fn settle(unit: &mut WorkUnit, class: Class, counts: impl Fn(&Replica) -> bool) -> Transition {
    let mut settlement = Settlement::default();
    for replica in unit.replicas.iter_mut().filter(|replica| counts(replica)) {
        let Some(own) = replica.class() else { continue };
        if own == class {
            replica.set_verdict(Verdict::Valid);
            settlement.valid.push(replica.number);
        } else {
            replica.set_verdict(Verdict::Invalid);
            settlement.invalid.push(replica.number);
        }
    }
    let canonical = settlement.valid.first().copied().unwrap_or_default();
    unit.keep_inline_outputs(canonical);
    let message = unit.replica(canonical).and_then(Replica::app_error).map(str::to_owned);
    if let Some(message) = message {
        settlement.aborted = end(unit, UnitState::Failed { reason: FailReason::App { message } });
        unit.drop_inline_outputs();
        return Transition::Failed(settlement);
    }
    settlement.aborted = end(unit, UnitState::Validated { canonical });
    Transition::Validated(settlement)
}

fn end(unit: &mut WorkUnit, state: UnitState) -> Vec<u16> {
    unit.state = state;
    unit.ready_at = None;
    let leased = unit.replicas.iter_mut().filter(|r| r.state == ReplicaState::Leased);
    leased
        .map(|replica| {
            replica.state = ReplicaState::Aborted;
            replica.number
        })
        .collect()
}

fn give_up_reason(unit: &WorkUnit, answers: usize) -> FailReason {
    let replicas = u16::try_from(unit.replicas.len()).unwrap_or(u16::MAX);
    if answers > 1 {
        let answers = u16::try_from(answers).unwrap_or(u16::MAX);
        return FailReason::NoAgreement { replicas, answers };
    }
    let message = unit.replicas.iter().rev().find_map(Replica::host_error).unwrap_or("none");
    FailReason::TooManyTries { replicas, message: message.to_owned() }
}
