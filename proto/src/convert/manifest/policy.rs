//! The policy of a manifest.

use manyhands_core::policy::Policy;
use manyhands_core::time::Span;

use crate::convert::error::WireError;
use crate::convert::field::narrow;
use crate::v1;

impl From<Policy> for v1::Policy {
    fn from(policy: Policy) -> Self {
        Self {
            quorum: policy.quorum.into(),
            replicas_max: policy.replicas_max.into(),
            deadline_ms: policy.deadline_ms.0,
            lease_ms: policy.lease_ms.0,
            cpu_ms_max: policy.cpu_ms_max.0,
            output_bytes_max: policy.output_bytes_max,
            log_bytes_max: policy.log_bytes_max,
            priority: policy.priority.into(),
        }
    }
}

impl TryFrom<v1::Policy> for Policy {
    type Error = WireError;

    fn try_from(wire: v1::Policy) -> Result<Self, WireError> {
        Ok(Self {
            quorum: narrow("quorum", wire.quorum)?,
            replicas_max: narrow("replicas_max", wire.replicas_max)?,
            deadline_ms: Span(wire.deadline_ms),
            lease_ms: Span(wire.lease_ms),
            cpu_ms_max: Span(wire.cpu_ms_max),
            output_bytes_max: wire.output_bytes_max,
            log_bytes_max: wire.log_bytes_max,
            priority: narrow("priority", wire.priority)?,
        })
    }
}
