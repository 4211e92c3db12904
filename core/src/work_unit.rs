//! A work unit with its replicas: the smallest piece that is replicated and validated.

use std::collections::BTreeSet;

use crate::id::{HostId, ReplicaId, UnitId};
use crate::limits::{QUESTIONS_FROM, REPLICAS_MAX};
use crate::party::Party;
use crate::policy::Policy;
use crate::replica::{CheckpointRef, Replica, ReplicaState, Verdict};
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
    /// Whose turn it is, if the next replica is not for whoever asks first.
    pub turn: Option<Turn>,
    /// How its answer is tested, in a job with a [confidence](Policy::confidence).
    pub test: Test,
    /// All replicas ever leased, in that order; a replica's number is its position.
    pub replicas: Vec<Replica>,
    /// How often its answer was taken back, because it had rested on the word of a host that was
    /// suspended.
    pub reopened: u16,
}

/// The next replica of a unit is for a host that was drawn by lot, so that nobody can choose whom
/// they audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose turn it is; `None` until one is drawn.
    pub host: Option<HostId>,
    /// When a host is to be drawn, anew if one was that did not come.
    pub draw_at: Timestamp,
    /// How many draws were in vain.
    pub draws: u32,
}

/// How the answer to a unit is tested. It is the coordinator's secret until the answer is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Test {
    /// One host of standing is believed.
    #[default]
    None,
    /// A newcomer denied the answer, a voice for it was lost, or the host had chosen the unit itself: a second
    /// host is asked. It is no
    /// audit, or accomplices could use up each other's audits on true answers.
    Second,
    /// Chance has chosen it as soon as it was there: a second host is asked. It is found early who lies
    /// much, but whoever is caught at once may begin anew at little cost, so it is no audit either.
    Sample,
    /// It is one of those that the host owed when all units had an answer: a second host is asked.
    Audit,
    /// Nobody had standing yet: an answer must lead each other one.
    Vote,
}

impl Test {
    /// Whether it was decided on as soon as the answer was there, or before. Of such answers no audits are drawn.
    #[must_use]
    pub fn is_at_once(self) -> bool {
        match self {
            Self::None | Self::Second | Self::Audit => false,
            Self::Sample | Self::Vote => true,
        }
    }

    /// Whether chance has chosen the answer.
    #[must_use]
    pub fn is_by_chance(self) -> bool {
        match self {
            Self::Sample | Self::Audit => true,
            Self::None | Self::Second | Self::Vote => false,
        }
    }

    /// Whether the answer is among those of which audits are still to be drawn.
    #[must_use]
    pub fn may_be_audited(self) -> bool {
        match self {
            Self::None | Self::Second => true,
            Self::Sample | Self::Audit | Self::Vote => false,
        }
    }

    /// What is left of it for whoever is believed next, because the first word for the answer was lost. An audit was
    /// not drawn among *their* answers.
    #[must_use]
    pub fn inherited(self) -> Self {
        match self {
            Self::Audit => Self::Sample,
            Self::None | Self::Second | Self::Sample | Self::Vote => self,
        }
    }
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
        Self {
            id,
            state: UnitState::Open,
            ready_at: None,
            turn: None,
            test: Test::None,
            replicas: Vec::new(),
            reopened: 0,
        }
    }

    /// Whether another replica may be started for it: each time it is opened again, it has as many
    /// tries as at first. With a confidence only losses use up tries, and a dispute may go on.
    #[must_use]
    pub fn may_have_more(&self, policy: &Policy) -> bool {
        if self.replicas.len() >= usize::from(QUESTIONS_FROM) {
            return false;
        }
        let times = usize::from(self.reopened) + 1;
        let tries_max = usize::from(policy.replicas_max) * times;
        if policy.confidence.is_none() {
            return self.replicas.len() < tries_max;
        }
        let lost = self.voices().filter(|replica| replica.is_lost()).count();
        lost < tries_max && self.voices().count() - lost < usize::from(REPLICAS_MAX) * times
    }

    /// The replicas whose answers count, or would.
    pub fn voices(&self) -> impl Iterator<Item = &Replica> {
        self.replicas.iter().filter(|replica| replica.is_voice)
    }

    /// The host on whose word the answer rests first of all, if there is an answer.
    #[must_use]
    pub fn believed(&self) -> Option<HostId> {
        self.first_valid().map(|replica| replica.host)
    }

    /// The first voice for the answer that stands, if there is an answer.
    #[must_use]
    pub fn first_valid(&self) -> Option<&Replica> {
        self.voices().find(|replica| replica.verdict() == Some(Verdict::Valid))
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

    /// Whether this party ever held a replica of the unit, or contributed to one: then it gets no
    /// other. Everyone in a [lineage](Replica::lineage) held one.
    #[must_use]
    pub fn knows(&self, party: Party) -> bool {
        self.replicas.iter().any(|replica| replica.party().is_one_with(party))
    }

    /// The voices that hosts are computing now.
    pub fn leased(&self) -> impl Iterator<Item = &Replica> {
        self.voices().filter(|replica| replica.state == ReplicaState::Leased)
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
        let chains = chains.filter_map(|replica| Some((replica, *replica.checkpoint.as_deref()?)));
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
