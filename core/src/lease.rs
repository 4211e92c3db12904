//! A host's right to compute a replica until a deadline.

use crate::id::ReplicaId;
use crate::policy::Policy;
use crate::time::Timestamp;

/// One lease. It is kept in the row of the host that holds it, so that a heartbeat for a hundred
/// replicas writes one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What the host computes.
    pub replica: ReplicaId,
    /// When it ends unless it is renewed.
    pub deadline_at: Timestamp,
    /// When it ends however often it is renewed.
    pub hard_deadline_at: Timestamp,
    /// How far the host says it is, in millionths.
    pub progress_ppm: u32,
}

impl Lease {
    /// A lease given at `now`.
    #[must_use]
    pub fn new(replica: ReplicaId, policy: &Policy, now: Timestamp) -> Self {
        let hard_deadline_at = now.plus(policy.deadline_ms);
        let deadline_at = now.plus(policy.lease_ms).min(hard_deadline_at);
        Self { replica, deadline_at, hard_deadline_at, progress_ppm: 0 }
    }

    /// Moves the deadline, but never past the hard one.
    pub fn renew(&mut self, policy: &Policy, now: Timestamp) {
        self.deadline_at = now.plus(policy.lease_ms).min(self.hard_deadline_at);
    }

    /// Whether the deadline has passed.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.deadline_at <= now
    }
}

/// A lease that asks only how a step program's run stands: run until there and stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// After how many steps.
    pub until_step: u64,
    /// Whether the state there is wanted, too, as a checkpoint.
    pub keep_state: bool,
}
