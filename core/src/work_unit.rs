//! A work unit with its replicas: the smallest piece that is replicated and validated.

use std::collections::BTreeSet;

use crate::id::{HostId, ReplicaId, UnitId, VolunteerId};
use crate::policy::Policy;
use crate::replica::{CheckpointRef, Replica, ReplicaState};
use crate::time::Timestamp;

/// One unit and all its replicas, read and written as one row.
///
/// The row exists from the unit's first lease on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkUnit {
    /// Its job and its position there.
    pub id: UnitId,
    /// Where it is in its life.
    pub state: UnitState,
    /// From when on it wants at least one more replica; `None` if it wants none now.
    pub ready_at: Option<Timestamp>,
    /// All replicas ever leased, in that order; a replica's number is its position.
    pub replicas: Vec<Replica>,
    /// How often its answer was taken back, because it had rested on the word of a host that was
    /// suspended.
    pub reopened: u16,
}

/// Where a work unit is in its life. Ends are left only if the unit is opened again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitState {
    /// No quorum yet.
    Open,
    /// A quorum agrees; the outputs are not yet handed to the job.
    Validated {
        /// The replica that stands for the unit.
        canonical: u16,
    },
    /// The job has the outputs.
    Done {
        /// The replica that stands for the unit.
        canonical: u16,
    },
    /// There will be no outputs.
    Failed {
        /// Why.
        reason: FailReason,
    },
    /// The job was cancelled before there was a quorum.
    Cancelled,
}

/// Why a unit has no outputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailReason {
    /// A quorum agrees that the program itself fails on this unit.
    #[error("the program failed: {message}")]
    App {
        /// What the program said.
        message: String,
    },
    /// All tries were used up, and too few came back with an answer.
    #[error("no quorum after {replicas} replicas; the last host error: {message}")]
    TooManyTries {
        /// How many replicas were started.
        replicas: u16,
        /// What the last host that failed said, or that none did.
        message: String,
    },
    /// All tries were used up, and the answers differ.
    #[error("{replicas} replicas gave {answers} different answers and no quorum for any")]
    NoAgreement {
        /// How many replicas were started.
        replicas: u16,
        /// How many different answers there were.
        answers: u16,
    },
}

impl WorkUnit {
    /// A unit that is about to get its first replica.
    #[must_use]
    pub fn new(id: UnitId) -> Self {
        Self { id, state: UnitState::Open, ready_at: None, replicas: Vec::new(), reopened: 0 }
    }

    /// How many replicas may be started for it: each time it is opened again, as many as at first.
    #[must_use]
    pub fn replicas_max(&self, policy: &Policy) -> usize {
        usize::from(policy.replicas_max) * (usize::from(self.reopened) + 1)
    }

    /// The id of replica `number`.
    #[must_use]
    pub fn replica_id(&self, number: u16) -> ReplicaId {
        self.id.replica(number)
    }

    /// The id that the next replica will have.
    #[must_use]
    pub fn next_replica_id(&self) -> ReplicaId {
        self.replica_id(u16::try_from(self.replicas.len()).unwrap_or(u16::MAX))
    }

    /// The replica `number`, if there is one.
    #[must_use]
    pub fn replica(&self, number: u16) -> Option<&Replica> {
        self.replicas.get(usize::from(number))
    }

    /// The replica `number`, to be changed.
    pub(crate) fn replica_mut(&mut self, number: u16) -> Option<&mut Replica> {
        self.replicas.get_mut(usize::from(number))
    }

    /// The replica that stands for the unit, if one does.
    #[must_use]
    pub fn canonical(&self) -> Option<&Replica> {
        match self.state {
            UnitState::Validated { canonical } | UnitState::Done { canonical } => {
                self.replica(canonical)
            }
            UnitState::Open | UnitState::Failed { .. } | UnitState::Cancelled => None,
        }
    }

    /// Whether `volunteer` ever held or contributed to a replica of this unit.
    #[must_use]
    pub fn knows(&self, volunteer: VolunteerId) -> bool {
        self.replicas.iter().any(|r| r.volunteer == volunteer || r.lineage.contains(&volunteer))
    }

    /// The replicas that hosts are computing now.
    pub fn leased(&self) -> impl Iterator<Item = &Replica> {
        self.replicas.iter().filter(|replica| replica.state == ReplicaState::Leased)
    }

    /// The replica that continued the work of `number`, if one did.
    #[must_use]
    pub fn continuation(&self, number: u16) -> Option<&Replica> {
        let chain = self.replica(number)?.chain;
        self.replicas.iter().find(|r| r.chain == chain && r.number > number)
    }

    /// The replica whose checkpoint the next one should go on from: among the chains whose last
    /// replica was lost and which are not `spoilt`, the one that is furthest.
    #[must_use]
    pub fn resumable(&self, spoilt: &BTreeSet<u16>) -> Option<(&Replica, CheckpointRef)> {
        let chains = self.replicas.iter().filter(|replica| match replica.state {
            ReplicaState::Expired | ReplicaState::Aborted => {
                self.continuation(replica.number).is_none()
            }
            ReplicaState::Leased
            | ReplicaState::Success { .. }
            | ReplicaState::AppError { .. }
            | ReplicaState::HostError { .. } => false,
        });
        let chains = chains.filter(|replica| !spoilt.contains(&replica.chain));
        let chains = chains.filter_map(|replica| Some((replica, replica.checkpoint?)));
        chains.max_by_key(|(_, checkpoint)| checkpoint.step)
    }

    /// The hosts of all replicas, in the order of leasing.
    pub fn hosts(&self) -> impl Iterator<Item = HostId> {
        self.replicas.iter().map(|replica| replica.host)
    }

    /// Gives the canonical replica the bytes of small outputs back that were forgotten when another
    /// one that said the same was canonical.
    pub(crate) fn keep_inline_outputs(&mut self, canonical: u16) {
        let Some(class) = self.replica(canonical).and_then(Replica::class) else { return };
        let equal = self.replicas.iter().filter(|replica| replica.class() == Some(class));
        let inline = |replica: &&Replica| {
            replica.outputs().iter().filter(|output| output.inline.is_some()).count()
        };
        let kept = equal.max_by_key(inline).map(|replica| replica.outputs().to_vec());
        if let Some(kept) = kept
            && let Some(replica) = self.replica_mut(canonical)
            && let ReplicaState::Success { outputs, .. } = &mut replica.state
        {
            *outputs = kept;
        }
    }

    /// Forgets the bytes of small outputs, except the canonical ones. Their digests stay.
    pub(crate) fn drop_inline_outputs(&mut self) {
        let canonical = self.canonical().map(|replica| replica.number);
        for replica in self.replicas.iter_mut().filter(|r| Some(r.number) != canonical) {
            if let ReplicaState::Success { outputs, .. } = &mut replica.state {
                outputs.iter_mut().for_each(|output| output.inline = None);
            }
        }
    }
}
