//! The quorum: which of the answers to one unit stands. `engine/QUORUM.md` says why this is safe.

use std::collections::{BTreeMap, BTreeSet};

use crate::replica::{Class, Replica, ReplicaState};
use crate::work_unit::WorkUnit;

/// How far the answers to a unit agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// A quorum agrees on this.
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

/// Counts the votes of a unit's replicas.
///
/// A *chain* has one vote, however many replicas continued it: they share their checkpoints. Only
/// replicas that `counts` accepts vote. If two classes reach the quorum together, which a quorum of
/// less than half of the votes allows, the one that was leased first stands.
pub fn agreement(unit: &WorkUnit, quorum: u8, counts: impl Fn(&Replica) -> bool) -> Agreement {
    let mut votes: BTreeMap<Class, BTreeSet<u16>> = BTreeMap::new();
    for replica in unit.replicas.iter().filter(|replica| counts(replica)) {
        if let Some(class) = replica.class() {
            votes.entry(class).or_default().insert(replica.chain);
        }
    }
    let quorum = usize::from(quorum);
    let reached = votes.iter().filter(|(_, chains)| chains.len() >= quorum);
    if let Some((class, _)) = reached.min_by_key(|(_, chains)| chains.first().copied()) {
        return Agreement::Reached(*class);
    }
    let largest = votes.values().map(BTreeSet::len).max().unwrap_or(0);
    let leased = unit.replicas.iter().filter(|r| r.state == ReplicaState::Leased).count();
    Agreement::Missing { replicas: quorum.saturating_sub(largest + leased), answers: votes.len() }
}
