//! A machine that a volunteer lends.

use crate::credit::MicroCredits;
use crate::id::{HostId, ReplicaId, UnitId, VolunteerId};
use crate::key::Key;
use crate::lease::Lease;
use crate::requirement::Capabilities;
use crate::time::Timestamp;

/// A machine that a volunteer lends, with the leases that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its number.
    pub id: HostId,
    /// Its identity.
    pub key: Key,
    /// Who lends it.
    pub volunteer: VolunteerId,
    /// What it calls itself; the only thing about it that others see.
    pub nickname: String,
    /// What it has to offer.
    pub capabilities: Capabilities,
    /// Whether it gets work.
    pub state: HostState,
    /// What became of its replicas.
    pub counters: Counters,
    /// Sum of all its grants that were not taken back.
    pub credit: MicroCredits,
    /// What it computes now, at most [`LEASES_PER_HOST_MAX`](crate::limits::LEASES_PER_HOST_MAX),
    /// sorted by replica.
    pub leases: Vec<Lease>,
    /// When it enrolled.
    pub enrolled_at: Timestamp,
    /// When it last asked for work, renewed or reported.
    pub seen_at: Timestamp,
}

/// Whether a host gets work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    /// It gets work.
    Active,
    /// It gets none: too many of its answers were found invalid.
    Suspended {
        /// Since when.
        suspended_at: Timestamp,
        /// The first unit it vouched for that was not looked at again yet; `None` when all were.
        reopen_from: Option<UnitId>,
    },
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
    /// Whether it may get work and its answers count.
    #[must_use]
    pub fn is_active(&self) -> bool {
        match self.state {
            HostState::Active => true,
            HostState::Suspended { .. } => false,
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

    /// When `Expire` has something to do about it: the first of its leases ends, or units that it
    /// vouched for are to be opened again.
    #[must_use]
    pub fn next_deadline_at(&self) -> Option<Timestamp> {
        let leases = self.leases.iter().map(|lease| lease.deadline_at);
        let reopening = match self.state {
            HostState::Suspended { suspended_at, reopen_from: Some(_) } => Some(suspended_at),
            HostState::Suspended { reopen_from: None, .. } | HostState::Active => None,
        };
        leases.chain(reopening).min()
    }

    /// The first unit it vouched for that is to be looked at again, if any is.
    #[must_use]
    pub fn reopen_from(&self) -> Option<UnitId> {
        match self.state {
            HostState::Suspended { reopen_from, .. } => reopen_from,
            HostState::Active => None,
        }
    }

    fn position(&self, replica: ReplicaId) -> Result<usize, usize> {
        self.leases.binary_search_by_key(&replica, |lease| lease.replica)
    }
}
