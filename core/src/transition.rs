//! What a change of its replicas means for a unit.

use crate::policy::Policy;
use crate::replica::{Class, Replica, ReplicaState, Verdict};
use crate::time::Timestamp;
use crate::validate::{Agreement, Rule, agreement};
use crate::work_unit::{FailReason, Test, Turn, UnitState, WorkUnit};

/// Where a unit went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It goes on waiting for the replicas that are leased, or had ended before.
    Waits,
    /// It wants at least one more replica, of whoever asks first.
    Wants {
        /// From then on: its `ready_at`.
        from: Timestamp,
    },
    /// It wants at least one more replica, of a host that is drawn by lot.
    WantsByTurn {
        /// When it is drawn.
        draw_at: Timestamp,
    },
    /// Its outputs stand.
    Validated(Settlement),
    /// It has no outputs and gets no more tries.
    Failed(Settlement),
}

/// What the end of a unit means for its replicas, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Those that agree with what stands.
    pub valid: Vec<u16>,
    /// Those that differ from it.
    pub invalid: Vec<u16>,
    /// Those that were leased still, and are not needed any more.
    pub aborted: Vec<u16>,
}

/// Moves an open unit on after its replicas changed. If it wants another replica and did not
/// before, it does so from `retry_at` on. Only replicas that `counts` accepts have a voice.
pub fn advance(
    unit: &mut WorkUnit,
    policy: &Policy,
    retry_at: Timestamp,
    counts: impl Fn(&Replica) -> bool,
) -> Transition {
    if unit.state != UnitState::Open {
        return Transition::Waits;
    }
    let rule = Rule::of(policy);
    let (missing, answers) = match agreement(unit, rule, &counts) {
        Agreement::Reached(class) => return settle(unit, class, counts),
        Agreement::Missing { replicas, answers } => (replicas, answers),
    };
    if missing > 0 && unit.may_have_more(policy) {
        return want(unit, rule, answers, retry_at);
    }
    (unit.ready_at, unit.turn) = (None, None);
    if missing == 0 || unit.leased().next().is_some() {
        return Transition::Waits;
    }
    let reason = give_up_reason(unit, answers);
    end(unit, UnitState::Failed { reason });
    unit.drop_inline_outputs();
    Transition::Failed(Settlement::default())
}

/// Whoever checks an answer is drawn by lot; who gives the first one, or has one voice of many, may
/// be whoever asks.
fn want(unit: &mut WorkUnit, rule: Rule, answers: usize, retry_at: Timestamp) -> Transition {
    let is_check = answers > 0 || unit.reopened > 0;
    let is_by_turn = match rule {
        Rule::Quorum(_) => false,
        Rule::Trust(_) => is_check && unit.test != Test::Vote,
    };
    if is_by_turn {
        unit.ready_at = None;
        let turn = Turn { host: None, draw_at: retry_at, draws: 0 };
        return Transition::WantsByTurn { draw_at: unit.turn.get_or_insert(turn).draw_at };
    }
    unit.turn = None;
    Transition::Wants { from: *unit.ready_at.get_or_insert(retry_at) }
}

/// The answer that would stand now, if one would. Only replicas that `counts` accepts have a voice.
pub fn standing(
    unit: &WorkUnit,
    policy: &Policy,
    counts: impl Fn(&Replica) -> bool,
) -> Option<Class> {
    match agreement(unit, Rule::of(policy), counts) {
        Agreement::Reached(class) => Some(class),
        Agreement::Missing { .. } => None,
    }
}

/// Whether what stands for a unit still does so rightly. Only replicas that `counts` accepts have a
/// voice.
pub fn stands(unit: &WorkUnit, policy: &Policy, counts: impl Fn(&Replica) -> bool) -> bool {
    let class = unit.first_valid().and_then(Replica::class);
    class.is_some() && standing(unit, policy, counts) == class
}

/// Opens a unit again that had an answer; returns the verdicts that are taken back, by number.
pub fn reopen(unit: &mut WorkUnit) -> Vec<(u16, Verdict)> {
    unit.state = UnitState::Open;
    (unit.ready_at, unit.turn) = (None, None);
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
    // Answers that are only compared get their verdicts with the voices.
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
    let canonical = unit.first_valid().map_or(0, |replica| replica.number);
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
    (unit.ready_at, unit.turn) = (None, None);
    let voices = unit.replicas.iter_mut().filter(|replica| replica.is_voice);
    let leased = voices.filter(|replica| replica.state == ReplicaState::Leased);
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
