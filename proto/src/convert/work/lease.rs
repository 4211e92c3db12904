//! Leases, and what became of renewing them.

use manyhands_core::command::Renewal;
use manyhands_core::id::ReplicaId;
use manyhands_core::lease::Replay;
use manyhands_core::limits::INPUTS_MAX;
use manyhands_core::private::InputKey;
use manyhands_core::reply::{LeaseGrant, Renewed};
use manyhands_core::time::Timestamp;

use crate::convert::error::WireError;
use crate::convert::field::{array, at_most, nested, optional};
use crate::v1;

impl From<LeaseGrant> for v1::Lease {
    fn from(lease: LeaseGrant) -> Self {
        Self {
            replica: Some(lease.replica.into()),
            deadline_at_ms: lease.deadline_at.0,
            resume: lease.resume_from.map(Into::into),
            hard_deadline_at_ms: lease.hard_deadline_at.0,
            replay: lease.replay.map(Into::into),
            input_keys: Vec::new(),
        }
    }
}

impl TryFrom<v1::Lease> for LeaseGrant {
    type Error = WireError;

    fn try_from(wire: v1::Lease) -> Result<Self, WireError> {
        Ok(Self {
            replica: nested("replica", wire.replica)?,
            deadline_at: Timestamp(wire.deadline_at_ms),
            hard_deadline_at: Timestamp(wire.hard_deadline_at_ms),
            resume_from: optional("resume", wire.resume)?,
            replay: wire.replay.map(Into::into),
        })
    }
}

/// The keys of private inputs that came with a lease.
///
/// # Errors
/// When they are more than a unit has inputs, or not of 32 bytes each.
pub fn input_keys(lease: &v1::Lease) -> Result<Vec<InputKey>, WireError> {
    at_most("input_keys", INPUTS_MAX + 1, lease.input_keys.len())?;
    lease.input_keys.iter().map(|key| array("input_keys", key).map(InputKey)).collect()
}

impl From<Replay> for v1::Replay {
    fn from(replay: Replay) -> Self {
        let Replay { until_step, keep_state } = replay;
        Self { until_step, keep_state }
    }
}

impl From<v1::Replay> for Replay {
    fn from(wire: v1::Replay) -> Self {
        let v1::Replay { until_step, keep_state } = wire;
        Self { until_step, keep_state }
    }
}

/// The answers to renewals, in the same order, as the two messages that tell a host of them:
/// leases that go on with their new deadlines, and replicas to drop.
#[must_use]
pub fn renewed(asked: &[Renewal], answers: Vec<Renewed>) -> (v1::Renewed, v1::Abort) {
    let mut leases = Vec::new();
    let mut replicas = Vec::new();
    for (renewal, answer) in asked.iter().zip(answers) {
        match answer {
            Renewed::Until(deadline_at) => leases.push(extended(renewal.replica, deadline_at)),
            Renewed::Lost(_) => replicas.push(renewal.replica.into()),
        }
    }
    (v1::Renewed { leases }, v1::Abort { replicas })
}

fn extended(replica: ReplicaId, deadline_at: Timestamp) -> v1::Lease {
    // What does not change by a renewal is not said again.
    v1::Lease {
        replica: Some(replica.into()),
        deadline_at_ms: deadline_at.0,
        resume: None,
        hard_deadline_at_ms: 0,
        replay: None,
        input_keys: Vec::new(),
    }
}
