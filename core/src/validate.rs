//! Which of the answers to one unit stands. `engine/QUORUM.md` and `trust/TRUST.md` say why this is
//! safe.

use std::collections::BTreeMap;

use crate::policy::Policy;
use crate::replica::{Class, Replica, ReplicaState};
use crate::trust::Plan;
use crate::trust::dispute::{Opinion, opinion};
use crate::work_unit::{Test, WorkUnit};

/// By which rule an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// So many voices must be equal.
    Quorum(u8),
    /// As many must be as the [test](Test) of the unit says, and if voices differ, one answer must
    /// lead.
    Trust(Plan),
}

/// How far the answers to a unit agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// This one stands.
    Reached(Class),
    /// None does yet.
    Missing {
        /// How many more replicas must be started, if all that are leased now agree with the
        /// largest class.
        replicas: usize,
        /// How many different answers there are.
        answers: usize,
    },
}

impl Rule {
    /// The rule of a job.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        policy
            .confidence
            .as_ref()
            .map_or(Self::Quorum(policy.quorum), |confidence| Self::Trust(Plan::new(confidence)))
    }

    /// The least number of equal voices with which an answer to this unit stands.
    #[must_use]
    pub fn voices_min(&self, unit: &WorkUnit) -> usize {
        match self {
            Self::Quorum(quorum) => usize::from(*quorum),
            Self::Trust(plan) => match unit.test {
                Test::None => 1,
                Test::Second | Test::Sample | Test::Audit => 2,
                Test::Vote => usize::from(plan.lead),
            },
        }
    }
}

/// Counts the voices of a unit's replicas, if `counts` accepts them.
///
/// A *chain* has one vote, however many replicas continued it: they share their checkpoints. If two
/// classes reach the quorum together, which a quorum of less than half of the votes allows, the one
/// that was leased first stands.
pub fn agreement(unit: &WorkUnit, rule: Rule, counts: impl Fn(&Replica) -> bool) -> Agreement {
    let mut votes: BTreeMap<u16, Class> = BTreeMap::new();
    for replica in unit.voices().filter(|replica| counts(replica)) {
        // Only the last replica of a chain has an answer.
        votes.extend(replica.class().map(|class| (replica.chain, class)));
    }
    let voices_min = rule.voices_min(unit);
    let (reached, missing) = match rule {
        Rule::Quorum(_) => quorum(&votes, voices_min),
        Rule::Trust(plan) => match opinion(votes.values().copied(), plan.lead) {
            Opinion::Silent => (None, voices_min),
            Opinion::Agreed(class) if votes.len() >= voices_min => (Some(class), 0),
            Opinion::Agreed(_) => (None, voices_min - votes.len()),
            Opinion::Split { missing } => (None, missing),
            Opinion::Settled(class) => (Some(class), 0),
        },
    };
    if let Some(class) = reached {
        return Agreement::Reached(class);
    }
    let leased = unit.voices().filter(|r| r.state == ReplicaState::Leased).count();
    let mut answers: Vec<Class> = votes.into_values().collect();
    answers.sort_unstable();
    answers.dedup();
    Agreement::Missing { replicas: missing.saturating_sub(leased), answers: answers.len() }
}

/// The class that has the quorum, or how many voices the largest one lacks.
fn quorum(votes: &BTreeMap<u16, Class>, quorum: usize) -> (Option<Class>, usize) {
    let mut sizes: BTreeMap<Class, (usize, u16)> = BTreeMap::new();
    for (chain, class) in votes {
        sizes.entry(*class).or_insert((0, *chain)).0 += 1;
    }
    let reached = sizes.iter().filter(|(_, (size, _))| *size >= quorum);
    let first = reached.min_by_key(|(_, (_, first))| *first).map(|(class, _)| *class);
    let largest = sizes.values().map(|(size, _)| *size).max().unwrap_or(0);
    (first, quorum.saturating_sub(largest))
}
