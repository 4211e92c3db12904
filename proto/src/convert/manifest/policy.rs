//! The policy of a manifest.

use manyhands_core::policy::Policy;
use manyhands_core::time::Span;
use manyhands_core::trust::{Confidence, ConfidenceError};

use crate::convert::error::{Fault, WireError};
use crate::convert::field::{narrow, optional};
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
            confidence: policy.confidence.map(Into::into),
        }
    }
}

impl From<Confidence> for v1::Confidence {
    fn from(confidence: Confidence) -> Self {
        let Confidence { error_ppb, hostile_ppm, colluding_ppm } = confidence;
        Self { error_ppb, hostile_ppm, colluding_ppm }
    }
}

impl TryFrom<v1::Confidence> for Confidence {
    type Error = WireError;

    fn try_from(wire: v1::Confidence) -> Result<Self, WireError> {
        let v1::Confidence { error_ppb, hostile_ppm, colluding_ppm } = wire;
        let confidence = Self { error_ppb, hostile_ppm, colluding_ppm };
        confidence.check().map_err(|error| {
            let ConfidenceError { field, value, min, max } = error;
            let field = field.strip_prefix("confidence.").unwrap_or(field);
            WireError::new(
                field,
                Fault::Outside { min: min.into(), max: max.into(), actual: value.into() },
            )
        })?;
        Ok(confidence)
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
            confidence: optional("confidence", wire.confidence)?,
        })
    }
}
