//! A machine that a volunteer lends.

use std::sync::Arc;

use crate::block::Block;
use crate::credit::MicroCredits;
use crate::id::{HostId, JobId, ReplicaId, UnitId, VolunteerId};
use crate::key::Key;
use crate::lease::Lease;
use crate::requirement::Capabilities;
use crate::time::Timestamp;

/// What is shown in the place of a name that is forgotten.
pub const FORGOTTEN: &str = "forgotten";

/// A machine that a volunteer lends, with the leases that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its number.
    pub id: HostId,
    /// Its identity.
    pub key: Key,
    /// Who lends it.
    pub volunteer: VolunteerId,
    /// From which public block it was last heard; none on the operator's own networks.
    pub block: Option<Block>,
    /// What it calls itself; the only thing about it that others see.
    pub nickname: String,
    /// What it has to offer. Thousands of machines have the same: a store may share it among them.
    pub capabilities: Arc<Capabilities>,
    /// Whether it gets work.
    pub state: HostState,
    /// What its word is worth.
    pub standing: Standing,
    /// Where those units are that rested on the word of its earlier lives, and that are still to be
    /// looked at again.
    pub reopening: Option<Box<Reopening>>,
    /// What became of its replicas.
    pub counters: Counters,
    /// Sum of all its grants that were not taken back.
    pub credit: MicroCredits,
    /// That the operator pardoned it, the last time.
    pub pardoned: Option<Box<Pardoned>>,
    /// What it computes now, at most [`LEASES_PER_HOST_MAX`](crate::limits::LEASES_PER_HOST_MAX),
    /// sorted by replica.
    pub leases: Vec<Lease>,
    /// When it enrolled.
    pub enrolled_at: Timestamp,
    /// When it last asked for work, renewed or reported.
    pub seen_at: Timestamp,
    /// Since when it is forgotten, as its owner asked: it gets no more work, and nothing is left here that describes
    /// it. `engine/FORGET.md` says what stays.
    pub forgotten_at: Option<Timestamp>,
}

/// Whether a host gets work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    /// It gets work.
    Active,
    /// It gets none, because of what it answered.
    Suspended {
        /// Since when.
        suspended_at: Timestamp,
        /// Until when: it seems to be faulty, and may try again then. `None` is for good: it agreed
        /// with another one on a wrong answer, as faults do not.
        until: Option<Timestamp>,
        /// The unit to which it gave the last wrong answer. Should that answer turn out to be right,
        /// it gets work again.
        unit: Option<UnitId>,
    },
}

/// What the word of a host is worth. `trust/TRUST.md` says why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How often it was caught. An answer counts only in the life in which it was leased.
    pub life: u32,
    /// Answers of this life that were compared with what was sure, and agreed: what probation
    /// counts.
    pub compared: u32,
    /// Answers of this life that differed from a quorum.
    pub strikes: u32,
    /// Lives before this one were pardoned: what they answered has no voice, but is paid where others
    /// say the same, and is not held against the host any more.
    pub pardoned: u32,
}

/// The operator let a host on again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pardoned {
    /// When.
    pub at: Timestamp,
    /// Why, in the operator's words.
    pub reason: String,
}

/// A host was caught, and the units that it vouched for are looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reopening {
    /// Since when.
    pub since: Timestamp,
    /// The first unit that was not looked at yet.
    pub from: UnitId,
}

/// What became of a host's replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Agreed with a quorum. What is taken back when a unit is opened again is not counted.
    pub valid: u32,
    /// Differed from a quorum.
    pub invalid: u32,
    /// Ended in a host error.
    pub error: u32,
    /// Not reported in time.
    pub expired: u32,
}

impl Host {
    /// All units that it vouched for are to be looked at again, from the first one on.
    pub(crate) fn look_again(&mut self, now: Timestamp) {
        self.reopening = Some(Box::new(Reopening { since: now, from: JobId(0).unit(0) }));
    }

    /// Whether it may get work: it is neither suspended nor forgotten.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.is_suspended() && !self.is_forgotten()
    }

    /// Whether it was caught, so that nothing rests on its word.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        match self.state {
            HostState::Active => false,
            HostState::Suspended { .. } => true,
        }
    }

    /// Whether it is forgotten. What it answered before counts as it did.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.forgotten_at.is_some()
    }

    /// What others see in the place of its name.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        if self.is_forgotten() { FORGOTTEN } else { &self.nickname }
    }

    /// Takes everything away that describes the machine and its owner. What its answers were computed with stays, since
    /// receipts tell it; and its leases are due, so that `Expire` takes them back.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        let Capabilities { isa, version, .. } = &*self.capabilities;
        self.capabilities = Arc::new(Capabilities::forgotten(isa.clone(), version.clone()));
        self.nickname = String::new();
        (self.block, self.pardoned) = (None, None);
        (self.enrolled_at, self.seen_at) = (Timestamp(0), Timestamp(0));
        self.forgotten_at = Some(now);
        for lease in &mut self.leases {
            lease.deadline_at = lease.deadline_at.min(now);
        }
    }

    /// The lease on `replica`, if it holds it.
    #[must_use]
    pub fn lease(&self, replica: ReplicaId) -> Option<&Lease> {
        self.position(replica).ok().map(|at| &self.leases[at])
    }

    /// The lease on `replica`, to be renewed.
    pub fn lease_mut(&mut self, replica: ReplicaId) -> Option<&mut Lease> {
        self.position(replica).ok().map(|at| &mut self.leases[at])
    }

    /// Adds a lease, or replaces the one on the same replica.
    pub fn hold(&mut self, lease: Lease) {
        match self.position(lease.replica) {
            Ok(at) => self.leases[at] = lease,
            Err(at) => self.leases.insert(at, lease),
        }
    }

    /// Takes the lease on `replica` out, if it is there.
    pub fn release(&mut self, replica: ReplicaId) -> Option<Lease> {
        self.position(replica).ok().map(|at| self.leases.remove(at))
    }

    /// When `Expire` has something to do about it: the first of its leases ends, units that it
    /// vouched for are to be opened again, or it may work again.
    #[must_use]
    pub fn next_deadline_at(&self) -> Option<Timestamp> {
        let leases = self.leases.iter().map(|lease| lease.deadline_at);
        let reopening = self.reopening.as_ref().map(|reopening| reopening.since);
        let until = match self.state {
            HostState::Suspended { until, .. } => until,
            HostState::Active => None,
        };
        leases.chain(reopening).chain(until).min()
    }

    /// Whether what it answered in this life was compared so often that it is believed.
    #[must_use]
    pub fn has_standing(&self, probation: u32) -> bool {
        self.standing.compared >= probation
    }

    fn position(&self, replica: ReplicaId) -> Result<usize, usize> {
        self.leases.binary_search_by_key(&replica, |lease| lease.replica)
    }
}
